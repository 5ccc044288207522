"""Answers that are right for somebody else's model."""

from checks.phase0.test_understanding import test_core_logic_is_understood
from workbook.drills.drill import Drill, NothingToBreak, System
from workbook.learner.answers import answers_file, read_answers, write_answer

OTHERS = {"strongest-negative-word": "waste", "swing-word": "food", "right-when-sure": "81"}


def break_it(system: System) -> None:
    if not read_answers(system.phase):
        raise NothingToBreak("You have answered no question yet.", "./workbook run 0")
    system.keep(answers_file(system.phase))
    for question, answer in OTHERS.items():
        write_answer(system.phase, question, answer)


def fix(system: System) -> None:
    system.put_back(answers_file(system.phase))


DRILL = Drill(
    title="You were in a hurry, and copied a friend's answers.",
    turns_red=test_core_logic_is_understood,
    hints=(
        "Which word does the check object to, and what does your model say of it?",
        "python -m sentiment.explain --top 3, in phases/phase0",
        "Your friend trained on other texts. Look all three answers up in your own model.",
    ),
    way_back=(
        "Your own answers are back. To give one anew:\n"
        "  ./workbook answer 0 strongest-negative-word YOUR_ANSWER"
    ),
    break_it=break_it,
    fix=fix,
)
