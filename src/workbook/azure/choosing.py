"""`workbook use azure`: where on Azure, asked for on a terminal, with what is kept as the offer."""

import sys

import typer

from workbook.choices import Choices
from workbook.errors import WorkbookError

QUESTIONS = {
    "subscription": "Subscription (its id, from `az account list --output table`)",
    "region": "Region",
    "prefix": "Prefix of all names",
}


def choose(kept: Choices, any_given: bool, subscription: str) -> dict[str, str]:
    """What is answered on a terminal, where no option was given; nothing where all is known.

    Args:
        kept: the choices until now.
        any_given: whether the command has options.
        subscription: the one that it names, or "".

    Raises:
        WorkbookError: no subscription is chosen, and there is nobody to ask.
    """
    if sys.stdin.isatty() and not any_given:
        return {
            name: str(typer.prompt(question, default=getattr(kept, name) or None)).strip()
            for name, question in QUESTIONS.items()
        }
    if not subscription and not kept.subscription:
        raise WorkbookError(
            "No Azure subscription is chosen: give its id, as `az account list --output table` "
            "shows it under SubscriptionId.",
            "./workbook use azure --subscription ID",
        )
    return {}


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
