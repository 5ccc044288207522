"""Answers that are right for somebody else's system."""

from checks.phase3.test_understanding import test_terraform_is_understood
from workbook.drills.drill import Drill, NothingToBreak, System
from workbook.learner.answers import answers_file, read_answers, write_answer

OTHERS = {
    "lock-holder": "a-colleague@a-laptop",
    "lineage": "00000000-1111-2222-3333-444444444444",
    "rebuild-seconds": "3600",
}


def break_it(system: System) -> None:
    if not read_answers(system.phase):
        raise NothingToBreak("You have answered no question yet.", "./workbook run 3")
    system.keep(answers_file(system.phase))
    for question, answer in OTHERS.items():
        write_answer(system.phase, question, answer)


def fix(system: System) -> None:
    system.put_back(answers_file(system.phase))


DRILL = Drill(
    title="Your notes and those of a colleague were mixed up.",
    turns_red=test_terraform_is_understood,
    hints=(
        "Which answer does the check object to, and where did you see it?",
        "./workbook lab 3: each question says how its answer is found",
        "The lineage is the state's own name: terraform state pull shows it.",
    ),
    way_back=(
        "Your own answers are back. To give one anew:\n  ./workbook answer 3 lineage YOUR_ANSWER"
    ),
    break_it=break_it,
    fix=fix,
)
