"""Which word decides an answer?"""

from pathlib import Path

from workbook.exercises.exercise import Attempt, Exercise
from workbook.exercises.python import answers

CASES = {  # the word that decides each text; ask.py knows how probable "positive" is for each
    "a dull film": "dull",
    "never boring": "never",
    "no noise at all": "no",
    "good but not good enough": "not",
    "never dull and never boring": "never",
}
WHY = {
    "a dull film": "without the word “dull”, the probability changes most. Ask for the text "
    "without a word, and not for the word alone",
    "never boring": "without “never”, the probability falls; without “boring”, it rises by more "
    "than half of that only. A fall and a rise of the same size count the same",
    "no noise at all": "leave out the word “no”, and not the letters “no” within “noise”",
    "good but not good enough": "leave out one word at a time, and one place at a time: “good” "
    "stands there twice",
    "never dull and never boring": "the second “never” decides. Leave out the word at that "
    "position: `remove` takes out the first of two equal words",
}


def judge(attempt: Attempt) -> str:
    found = answers(attempt, Path(__file__).with_name("ask.py"))
    for text, word in CASES.items():
        if found[text] != word:
            raise attempt.wrong(
                expected=f"{word!r} for {text!r}", found=repr(found[text]), why=WHY[text]
            )
    return f"right for {len(CASES)} texts"


EXERCISE = Exercise(
    title="The word that decides",
    goal=(
        "Write the function `deciding_word`. It returns the word of a text without which the "
        "probability of “positive” changes most, up or down. Leave out one word at a time, and "
        "ask for the probability of what remains. Then try it on your own model: the end of the "
        "file says how."
    ),
    file="deciding_word.py",
    minutes=10,
    hints=(
        "`text.split()` gives a list of the words. How do you leave out the word at position 2?",
        'Without the word at position i: `" ".join(words[:i] + words[i + 1 :])`',
        "`max(positions, key=change)` returns the position whose change is largest. The change is "
        "`abs(probability(text) - probability(rest))`.",
    ),
    judge=judge,
    wrong={
        "falls-only": "A fall and a rise of the same size count the same",
        "replaces-letters": "not the letters “no” within “noise”",
        "word-alone": "not for the word alone",
        "every-place": "leave out one word at a time, and one place at a time",
        "first-of-equals": "`remove` takes out the first of two equal words",
        "fails": "line 13: ZeroDivisionError",
    },
)
