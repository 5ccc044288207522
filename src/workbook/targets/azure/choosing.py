"""`workbook use azure`: ask for the place on Azure on a terminal; the kept choices are defaults."""

import sys
from pathlib import Path
from typing import Any

import typer

from workbook.errors import WorkbookError
from workbook.learner.choices import Choices
from workbook.targets.azure.client import Azure, az_folder, subscriptions

QUESTIONS = {
    "region": "Region near you (all of them: az account list-locations --output table)",
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


def choose(home: Path, kept: Choices, given: dict[str, Any]) -> dict[str, str]:
    """The options; if no option was given, the answers on a terminal.

    Args:
        home: the workbook's folder.
        kept: the choices until now.
        given: the command's options.

    Raises:
        WorkbookError: no subscription or no prefix is chosen, and there is no terminal; or az has
            no login to list subscriptions with.
    """
    if sys.stdin.isatty() and not given:
        given = {"subscription": _pick(home, kept)}
        given |= {
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


def _pick(home: Path, kept: Choices) -> str:
    """The id of the subscription that the learner picks, in which az works from now on."""
    seen = subscriptions(home)
    print("Your login sees these subscriptions:")
    for number, each in enumerate(seen, 1):
        tenant = each.get("tenantDisplayName") or each["tenantId"]
        print(f"  {number}  {each['name']} ({each['id']}), tenant {tenant}")
    numbers = {str(number): str(each["id"]) for number, each in enumerate(seen, 1)}
    default = next((n for n, name in numbers.items() if name == kept.subscription), "1")
    answer = str(typer.prompt("Subscription, its number", default=default)).strip()
    picked = numbers.get(answer, answer)
    if picked not in numbers.values():
        raise WorkbookError(
            f"{answer!r} is not the number or the id of a subscription in this list.",
            "./workbook use azure",
        )
    Azure(picked, az_folder(home)).ask("account", "set")
    return picked


def say_what_was_chosen(before: Choices, now: Choices) -> None:
    """Print the place on Azure, the next commands, and what `down` no longer finds."""
    print(
        f"Azure: subscription {now.subscription}, region {now.region}, prefix {now.prefix}, "
        f"size of the nodes {now.node_size}."
    )
    print('Run in each terminal: eval "$(./workbook env)"')
    print(f"Run once, if you have not: az login; az account set --subscription {now.subscription}")
    print("Then: ./workbook doctor 1")
    moved = (before.subscription, before.prefix) != (now.subscription, now.prefix)
    if moved and before.subscription:
        print(
            f"`down` no longer finds resources with the tag workbook={before.prefix} in "
            f"{before.subscription}. To remove them: ./workbook use azure --subscription "
            f"{before.subscription} --prefix {before.prefix}, then ./workbook down"
        )
