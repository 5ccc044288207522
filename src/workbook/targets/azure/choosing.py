"""`workbook use azure`: ask for the place on Azure on a terminal; the kept choices are defaults."""

import sys
from typing import Any

import typer

from workbook.errors import WorkbookError
from workbook.learner.choices import Choices

QUESTIONS = {
    "subscription": "Subscription (its id, from `az account list --output table`)",
    "region": "Region",
    "prefix": "Prefix of all names (yours alone: `down` deletes all resources that are tagged "
    "with it)",
}
NEEDED = {  # choices without a default: their placeholder, and what they are
    "subscription": (
        "ID",
        "a subscription (its id: `az account list --output table` shows it under SubscriptionId)",
    ),
    "prefix": (
        "PREFIX",
        "a prefix of all names (yours alone: `down` deletes all resources that are tagged with it)",
    ),
}


def choose(kept: Choices, given: dict[str, Any]) -> dict[str, str]:
    """The options; if no option was given, the answers on a terminal.

    Args:
        kept: the choices until now.
        given: the command's options.

    Raises:
        WorkbookError: no subscription or no prefix is chosen, and there is no terminal.
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
    """Print the place on Azure, the next commands, and what `down` no longer finds."""
    print(f"Azure: subscription {now.subscription}, region {now.region}, prefix {now.prefix}.")
    print('Run in each terminal: eval "$(./workbook env)"')
    print(f"Run once: az login; az account set --subscription {now.subscription}")
    print("Then: ./workbook doctor 1")
    moved = (before.subscription, before.prefix) != (now.subscription, now.prefix)
    if moved and before.subscription:
        print(
            f"`down` no longer finds resources with the tag workbook={before.prefix} in "
            f"{before.subscription}. To remove them: ./workbook use azure --subscription "
            f"{before.subscription} --prefix {before.prefix}, then ./workbook down"
        )
