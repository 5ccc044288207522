"""`workbook use azure`: where on Azure, asked for on a terminal, with what is kept as the offer."""

import sys
from typing import Any

import typer

from workbook.errors import WorkbookError
from workbook.learner.choices import Choices

QUESTIONS = {
    "subscription": "Subscription (its id, from `az account list --output table`)",
    "region": "Region",
    "prefix": "Prefix of all names (your own: `down` deletes whatever carries it in this "
    "subscription)",
}
NEEDED = {  # what nothing can be made up for: what stands for it, and what it is
    "subscription": (
        "ID",
        "a subscription, by its id, as `az account list --output table` shows it under "
        "SubscriptionId",
    ),
    "prefix": (
        "PREFIX",
        "a prefix of all names, which is your own: `down` deletes whatever carries it in this "
        "subscription",
    ),
}


def choose(kept: Choices, given: dict[str, Any]) -> dict[str, str]:
    """The options; or, where none was given, what is answered on a terminal.

    Args:
        kept: the choices until now.
        given: the command's options.

    Raises:
        WorkbookError: no subscription or no prefix is chosen, and there is nobody to ask.
    """
    if sys.stdin.isatty() and not given:
        given = {
            name: str(typer.prompt(question, default=getattr(kept, name) or None)).strip()
            for name, question in QUESTIONS.items()
        }
    missing = [name for name in NEEDED if not given.get(name, getattr(kept, name))]
    if missing:
        words = [NEEDED[name][1] for name in missing]
        example = {**given, **{name: NEEDED[name][0] for name in missing}}  # nothing is kept yet
        options = [f"--{name.replace('_', '-')} {value}" for name, value in example.items()]
        raise WorkbookError(
            f"Not chosen yet: {'; and '.join(words)}.", f"./workbook use azure {' '.join(options)}"
        )
    return given


def say_what_was_chosen(before: Choices, now: Choices) -> None:
    """Print where on Azure, what comes next, and what is out of sight from now on."""
    print(f"Azure: subscription {now.subscription}, region {now.region}, prefix {now.prefix}.")
    print('Then, in each terminal: eval "$(./workbook env)"; once: az login')
    print(f"And: az account set --subscription {now.subscription}; ./workbook doctor 1")
    moved = (before.subscription, before.prefix) != (now.subscription, now.prefix)
    if moved and before.subscription:
        print(
            f"What carries the tag workbook={before.prefix} in {before.subscription} is not looked "
            f"for any more. To remove it: ./workbook use azure --subscription "
            f"{before.subscription} --prefix {before.prefix}, then ./workbook down"
        )
