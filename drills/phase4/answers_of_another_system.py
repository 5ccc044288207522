"""Answers that are right for somebody else's system."""

from checks.phase4.test_understanding import test_scaling_is_understood
from workbook.drills.drill import Drill, NothingToBreak, System
from workbook.learner.answers import answers_file, read_answers, write_answer

OTHERS = {"together-gain": "2", "cluster-ip": "10.1.2.3", "most-pods": "17"}


def break_it(system: System) -> None:
    if not read_answers(system.phase):
        raise NothingToBreak("You have answered no question yet.", "./workbook run 4")
    system.keep(answers_file(system.phase))
    for question, answer in OTHERS.items():
        write_answer(system.phase, question, answer)


def fix(system: System) -> None:
    system.put_back(answers_file(system.phase))


DRILL = Drill(
    title="Your notes and those of a colleague were mixed up.",
    turns_red=test_scaling_is_understood,
    hints=(
        "Which answer does the check object to, and where did you see it?",
        "./workbook lab 4: each question says how its answer is found",
        "A measurement belongs to a machine, an address to a cluster. Look all three up in yours.",
    ),
    way_back=(
        "Your own answers are back. To give one anew:\n  ./workbook answer 4 cluster-ip YOUR_ANSWER"
    ),
    break_it=break_it,
    fix=fix,
)
