"""Answers that are right for somebody else's cluster."""

from checks.phase1.test_understanding import test_kubernetes_is_understood
from workbook.drills.drill import Drill, NothingToBreak, System
from workbook.learner.answers import answers_file, read_answers, write_answer

OTHERS = {
    "replaced-by": "ml-api-5d59d67564",
    "endpoint-before": "10.1.2.3:80",
    "endpoint-after": "10.1.2.4:80",
}


def break_it(system: System) -> None:
    if not read_answers(system.phase):
        raise NothingToBreak("You have answered no question yet.", "./workbook run 1")
    system.keep(answers_file(system.phase))
    for question, answer in OTHERS.items():
        write_answer(system.phase, question, answer)


def fix(system: System) -> None:
    system.put_back(answers_file(system.phase))


DRILL = Drill(
    title="Your notes and those of a colleague were mixed up.",
    turns_red=test_kubernetes_is_understood,
    hints=(
        "Which answer does the check object to, and what did your own terminal say of it?",
        "./workbook lab 1: read the output under “Delete a pod” again",
        "Names and addresses are given anew in every cluster. Look all three up in yours.",
    ),
    way_back=(
        "Your own answers are back. To give one anew:\n"
        "  ./workbook answer 1 replaced-by YOUR_ANSWER"
    ),
    break_it=break_it,
    fix=fix,
)
