"""What was spent so far: what Azure says is there, since when, times the prices of the table."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from workbook.azure.client import NotJson, NotThere, open_azure
from workbook.azure.names import names
from workbook.choices import Choices
from workbook.cost import Prices, an_hour


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
        return "Spent by what is there now: 0. Your resource group is not there, or is empty."
    first = min(resource.created for resource in resources)
    return (
        f"Spent by what is there now: at most {spent(prices, resources, datetime.now(UTC)):.2f}. "
        f"The first of it was made on {first:%d %B %Y at %H:%M} UTC; this counts every hour since, "
        "also those in which it was stopped. What was deleted meanwhile is not in it."
    )


def spent(prices: Prices, resources: list[Resource], now: datetime) -> float:
    """What resources have cost in USD, if they were never stopped."""
    priced = [item for items in prices.phases.values() for item in items]
    total = 0.0
    for resource in resources:
        items = [item for item in priced if item.part_of.lower() == resource.type.lower()]
        total += an_hour(items) * (now - resource.created).total_seconds() / 3600
    return total


def _resources(home: Path, choices: Choices) -> list[Resource]:
    try:
        group = names(choices)["RG"]
        answer = open_azure(home, choices).ask("resource", "list", "--resource-group", group)
        return [
            Resource(each["type"], datetime.fromisoformat(each["createdTime"]).astimezone(UTC))
            for each in answer
        ]
    except NotThere:
        return []
    except (ValueError, KeyError, TypeError):
        raise NotJson("az answered with something that is no list of resources.") from None
