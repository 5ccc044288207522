"""The word that decides an answer."""

from collections.abc import Callable


def deciding_word(probability: Callable[[str], float], text: str) -> str:
    """The word of a text without which the probability of "positive" changes most.

    Args:
        probability: tells how probable "positive" is for any text, from 0 to 1.
        text: two words or more, with a space between.
    """
    words = text.split()
    before = probability(text)

    def change(position: int) -> float:
        rest = text.split()
        rest.remove(words[position])
        return abs(probability(" ".join(rest)) - before)

    return words[max(range(len(words)), key=change)]


# Your own model: cd phases/phase0, then PYTHONPATH=. python THIS_FILE
if __name__ == "__main__":
    from sentiment import model
    from sentiment.settings import get_settings

    positive = model.load(get_settings().model_dir).pipeline.predict_proba
    print(deciding_word(lambda text: positive([text])[0, 1], "The food was not good"))
