"""What the phases cost on Azure: sums of one table that the learner may edit. All in USD."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from rich.table import Table

from workbook.errors import WorkbookError

TABLE = "notebooks/costs/prices.toml"
HOURS_A_DAY = 24
FIELDS = {"what": str, "part_of": str, "source": str, "date": date, "confidence": str}


class PricesDamaged(WorkbookError):
    """The table of prices cannot be used; the message says where it is wrong."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"{TABLE}: {problem}", f"git diff {TABLE}")


@dataclass(frozen=True)
class Item:
    """One thing that is charged as long as it is there."""

    name: str
    what: str
    hour: float  # USD
    stop: str  # the command that ends the charge; "" where only deleting does
    part_of: str  # the type of the Azure resource that it comes and goes with
    source: str
    date: date
    confidence: str


@dataclass(frozen=True)
class Prices:
    """The table: what each phase adds to those before it."""

    region: str
    hours_a_month: int
    items: dict[str, Item]  # also those that no phase uses
    phases: dict[int, list[Item]]

    @property
    def date(self) -> date:
        """Of the oldest price."""
        return min(item.date for item in self.items.values())

    def adds(self, number: int) -> list[Item]:
        """What a phase adds.

        Raises:
            PricesDamaged: the table does not say.
        """
        if number not in self.phases:
            raise PricesDamaged(f"[phases] does not say what phase {number} uses.")
        return self.phases[number]

    def in_use(self, number: int) -> list[Item]:
        """What runs in a phase: what it adds, and what those before it have."""
        return [item for each in range(number + 1) for item in self.adds(each)]

    def month(self, hourly: float) -> float:
        return hourly * self.hours_a_month


def an_hour(items: Iterable[Item], stopped: bool = False) -> float:
    """What items cost an hour; `stopped`: what is left when all that can be stopped is."""
    return sum(item.hour for item in items if not (stopped and item.stop))


def load_prices(home: Path) -> Prices:
    """Read the table.

    Raises:
        PricesDamaged: it is not there, or something in it is missing or cannot be.
    """
    try:
        table = tomllib.loads((home / TABLE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PricesDamaged("the file is not there.") from None
    except ValueError as error:  # neither TOML nor, perhaps, UTF-8
        raise PricesDamaged(f"it cannot be read: {error}.") from None
    for name, kind in (("region", str), ("hours_a_month", int), ("items", dict), ("phases", dict)):
        if not isinstance(table.get(name), kind):
            raise PricesDamaged(f"{name} is missing, or is no {kind.__name__}.")
    if table["hours_a_month"] <= 0:
        raise PricesDamaged("hours_a_month is not above 0.")
    if not table["items"]:
        raise PricesDamaged("there is no item in it.")
    items = {name: _item(name, row, table["hours_a_month"]) for name, row in table["items"].items()}
    phases = {}
    for number, names in table["phases"].items():
        if not number.isdecimal() or not isinstance(names, list):
            raise PricesDamaged(
                f"[phases] has {number} = {names!r}; it wants 1 = [names of items]."
            )
        for name in names:
            if name not in items:
                known = ", ".join(items)
                raise PricesDamaged(f"phase {number} uses {name!r}, which is no item: {known}.")
        phases[int(number)] = [items[name] for name in names]
    return Prices(table["region"], table["hours_a_month"], items, phases)


def _item(name: str, row: Any, hours_a_month: int) -> Item:
    if not isinstance(row, dict):
        raise PricesDamaged(f"items.{name} is no table.")
    for field, kind in FIELDS.items():
        if not isinstance(row.get(field), kind):
            raise PricesDamaged(
                f"the item {name} has no {field}, or one that is no {kind.__name__}."
            )
    if ("hour" in row) == ("month" in row):
        raise PricesDamaged(f"the item {name} needs one price, an hour or a month.")
    price = row.get("hour", row.get("month"))
    if isinstance(price, bool) or not isinstance(price, int | float) or not 0 <= price < 1e6:
        raise PricesDamaged(f"the item {name} costs {price!r}: a price is a number from 0 up.")
    hourly = price if "hour" in row else price / hours_a_month
    stop = row.get("stop", "")
    if not isinstance(stop, str):
        raise PricesDamaged(f"the item {name} has {stop!r} for a stop: it wants a command.")
    return Item(name=name, hour=hourly, stop=stop, **{field: row[field] for field in FIELDS})


def in_a_sentence(prices: Prices, number: int) -> str:
    """What everything costs that runs in a phase."""
    hourly = an_hour(prices.in_use(number))
    if not hourly:
        return "On Azure, this costs nothing."
    return (
        f"On Azure, everything up to phase {number} costs about {hourly:.2f} USD an hour, "
        f"{hourly * HOURS_A_DAY:.2f} a day, {prices.month(hourly):.0f} a month."
    )


def where_from(prices: Prices) -> str:
    """Where the prices come from, and what they are worth."""
    return (
        f"Prices in USD: list prices in {prices.region}, an order of magnitude, the oldest of "
        f"{prices.date.day} {prices.date:%B %Y}. Each, with its source: {TABLE}"
    )


def table_of_phases(prices: Prices) -> Table:
    """What every phase adds, and what all costs that runs in it."""
    table = _table("phase", "adds an hour", "all, an hour", "a day", "a month", "stopped, a day")
    for number in sorted(prices.phases):
        hourly = an_hour(prices.in_use(number))
        table.add_row(
            str(number),
            f"{an_hour(prices.adds(number)):.3f}",
            f"{hourly:.3f}",
            f"{hourly * HOURS_A_DAY:.2f}",
            f"{prices.month(hourly):.0f}",
            f"{an_hour(prices.in_use(number), stopped=True) * HOURS_A_DAY:.2f}",
        )
    return table


def table_of_items(prices: Prices, number: int) -> Table:
    """Everything that runs in a phase, one by one, with the command that ends the charge."""
    table = _table("in phase", "an hour", "a day", "a month")
    table.add_column("what", overflow="fold")
    table.add_column("is stopped by", overflow="fold")
    for each in range(number + 1):
        for item in prices.adds(each):
            table.add_row(
                str(each),
                f"{item.hour:.3f}",
                f"{item.hour * HOURS_A_DAY:.2f}",
                f"{prices.month(item.hour):.0f}",
                item.what,
                item.stop or "deleting it",
            )
    return table


def what_stopping_saves(prices: Prices, number: int) -> str:
    """What is left to pay when everything is stopped that can be."""
    items = prices.in_use(number)
    commands = dict.fromkeys(item.stop for item in items if item.stop)
    if not commands:
        return "There is nothing to stop."
    running, stopped = an_hour(items), an_hour(items, stopped=True)
    return (
        f"Stopped ({', '.join(commands)}), it costs {stopped * HOURS_A_DAY:.2f} a day instead of "
        f"{running * HOURS_A_DAY:.2f}: each hour saves {running - stopped:.2f}."
    )


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right")
    return table
