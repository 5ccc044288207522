"""Answers that are right for somebody else's system."""

from checks.phase2.test_understanding import test_log_is_understood
from workbook.drills.drill import Drill, NothingToBreak, System
from workbook.learner.answers import answers_file, read_answers, write_answer

OTHERS = {"batch-gain": "7", "who-wrote": "ml-api-5d59d67564-x2v4q", "expires": "2025-12-24"}


def break_it(system: System) -> None:
    if not read_answers(system.phase):
        raise NothingToBreak("You have answered no question yet.", "./workbook run 2")
    system.keep(answers_file(system.phase))
    for question, answer in OTHERS.items():
        write_answer(system.phase, question, answer)


def fix(system: System) -> None:
    system.put_back(answers_file(system.phase))


DRILL = Drill(
    title="Your notes and those of a colleague were mixed up.",
    turns_red=test_log_is_understood,
    hints=(
        "Which answer does the check object to, and where did you see it?",
        "./workbook lab 2: each question says how its answer is found",
        "A measurement belongs to a machine, a pod to a cluster, a certificate to an authority. "
        "Look all three up in yours.",
    ),
    way_back=(
        "Your own answers are back. To give one anew:\n  ./workbook answer 2 who-wrote YOUR_ANSWER"
    ),
    break_it=break_it,
    fix=fix,
)
