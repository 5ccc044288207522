"""Ask the learner's function for the word that decides each text, with a model of a few lines."""

from workbook.exercises.beside import report, written

PROBABILITIES = {  # of "positive"; every other text has 0.5
    "a dull film": {"a dull film": 0.2, "a film": 0.6, "dull film": 0.25, "a dull": 0.3},
    "never boring": {"never boring": 0.5, "boring": 0.1, "never": 0.7},
    "no noise at all": {
        "no noise at all": 0.4,
        "noise at all": 0.8,
        "no at all": 0.2,
        "no noise all": 0.45,
        "no noise at": 0.35,
    },
    "good but not good enough": {
        "good but not good enough": 0.3,
        "but not good enough": 0.25,
        "good not good enough": 0.35,
        "good but good enough": 0.9,
        "good but not enough": 0.32,
        "good but not good": 0.28,
        "but not enough": 0.98,
    },
    "never dull and never boring": {
        "never dull and never boring": 0.8,
        "dull and never boring": 0.6,
        "never and never boring": 0.7,
        "never dull never boring": 0.75,
        "never dull and boring": 0.1,
    },
}

deciding_word = written("deciding_word")
found = {}
for text, known in PROBABILITIES.items():
    word = deciding_word(lambda part, known=known: known.get(" ".join(part.split()), 0.5), text)
    found[text] = word if isinstance(word, str) else repr(word)
report(found)
