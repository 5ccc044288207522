"""What was spent so far: what Azure says is there, since when, times the prices of the table."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from workbook.course.cost import Prices, an_hour
from workbook.learner.choices import Choices
from workbook.targets.azure.client import NotJson, open_azure
from workbook.targets.azure.names import TAG
from workbook.targets.azure.owned import resources as tagged


@dataclass(frozen=True)
class Resource:
    """Something that Azure has, and since when."""

    type: str
    created: datetime


def spent_so_far(prices: Prices, home: Path, choices: Choices) -> str:
    """What was spent, in words.

    Raises:
        AzureError: Azure did not say what is there.
    """
    if choices.target == "local":
        return "Spent so far: 0. Your target is local, and nothing there is charged."
    resources = _resources(home, choices)
    if not resources:
        return (
            f"Spent by what is there now: 0. Nothing carries the tag {TAG}={choices.prefix} in the "
            f"subscription {choices.subscription}."
        )
    first = min(resource.created for resource in resources)
    return (
        f"Spent by what is there now: at most {spent(prices, resources, datetime.now(UTC)):.2f}. "
        f"The first of it was made on {first:%d %B %Y at %H:%M} UTC. This counts every hour since, "
        "also those in which it was stopped. It does not include deleted resources."
    )


def spent(prices: Prices, resources: list[Resource], now: datetime) -> float:
    """What resources have cost in USD, if they were never stopped."""
    priced = [item for number in prices.phases for item in prices.adds(number)]
    total = 0.0
    for resource in resources:
        items = [item for item in priced if item.part_of.lower() == resource.type.lower()]
        total += an_hour(items) * (now - resource.created).total_seconds() / 3600
    return total


def _resources(home: Path, choices: Choices) -> list[Resource]:
    """What carries our tag, in whichever group: Terraform's is another one than that of phase 1."""
    answer = tagged(open_azure(home, choices), choices.prefix)
    try:
        return [
            Resource(each["type"], datetime.fromisoformat(each["createdTime"]).astimezone(UTC))
            for each in answer
        ]
    except (ValueError, KeyError, TypeError):
        raise NotJson("az does not say of each resource what it is, and since when.") from None
