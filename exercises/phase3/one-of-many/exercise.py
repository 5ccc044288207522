"""One resource becomes one of several, and is not destroyed."""

from workbook.exercises.exercise import Attempt, Exercise
from workbook.exercises.terraform import planned

OLD = "terraform_data.rule"
NEW = 'terraform_data.rule["api"]'
SECOND = 'terraform_data.rule["migration"]'


def judge(attempt: Attempt) -> str:
    changes = {one["address"]: one for one in planned(attempt, {"rule": "api"})}
    does = {address: one["change"]["actions"] for address, one in changes.items()}
    destroyed = [address for address, actions in does.items() if "delete" in actions]
    if destroyed:
        raise attempt.wrong(
            expected="a plan that destroys nothing",
            found=f"it would destroy {', '.join(destroyed)}",
            why="Terraform knows a resource by its address. With `for_each`, the address has a key "
            "in brackets, so the old address is one that the code no longer has",
        )
    if changes.get(NEW, {}).get("previous_address") != OLD or does[NEW] != ["no-op"]:
        raise attempt.wrong(
            expected=f"{OLD} has moved to {NEW}, and is not changed",
            found="; ".join(_words(one) for one in changes.values()) or "an empty plan",
            why="the rule that exists is the API's",
        )
    if does.get(SECOND) != ["create"] or len(does) != 2:
        raise attempt.wrong(
            expected=f"{SECOND} is created, and nothing else",
            found="; ".join(_words(one) for one in changes.values()),
            why="the code must have a rule for `api` and one for `migration`",
        )
    if (second := changes[SECOND]["change"]["after"]["input"]) != "migration":
        raise attempt.wrong(
            expected=f'{SECOND} with input = "migration"',
            found=f"input = {second!r}",
            why="each rule is for its own key: `each.key` is the key of the rule",
        )
    return "1 moved, 1 to add, 0 to destroy"


def _words(change: dict[str, object]) -> str:
    actions = change["change"]["actions"]  # type: ignore[index]
    moved = f", moved from {change['previous_address']}" if "previous_address" in change else ""
    return f"{change['address']}: {' and '.join(actions)}{moved}"


EXERCISE = Exercise(
    title="One of many",
    goal=(
        "The code had one rule, `terraform_data.rule`, and it is applied. Now `for_each` makes a "
        "rule for `api` and one for `migration`. As it stands, the plan is to destroy the rule "
        "that exists and to create two. Add the block which says that the existing rule is now "
        "the one for `api`. (`terraform_data` is a resource that needs no provider, so the judge "
        "can plan it anywhere.)"
    ),
    file="main.tf",
    minutes=5,
    hints=(
        "Lesson 3, “Give it another name”: which block said that a resource is the same one?",
        "`terraform plan` shows the address of each resource. What does it look like with "
        "`for_each`?",
        "The key stands in brackets and quotes behind the name, as in "
        'terraform_data.rule["migration"]',
    ),
    judge=judge,
    wrong={
        "to-the-migration": "the rule that exists is the API's",
        "the-wrong-way-round": "is still declared",
        "without-for-each": "for `migration`",
        "no-key": "expected",
        "both-for-the-api": "each rule is for its own key",
    },
)
