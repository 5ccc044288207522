"""What the phases cost on Azure: sums of one table that the learner may edit. All in USD."""

import tomllib
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    model_validator,
)
from rich.table import Table

from workbook.errors import WorkbookError

TABLE = "notebooks/costs/prices.toml"
HOURS_A_DAY = 24
Price = Annotated[float, Field(ge=0, lt=1e6, allow_inf_nan=False)]  # USD
Number = Annotated[int, Field(ge=0, strict=False)]  # of a phase; a key of TOML is a string


class PricesDamaged(WorkbookError):
    """The table of prices cannot be used; the message says where it is wrong."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"{TABLE}: {problem}", f"git diff {TABLE}")


class Item(BaseModel):
    """One thing that is charged as long as it is there."""

    model_config = ConfigDict(strict=True, extra="forbid")

    what: str
    hour: Price = 0  # also where the table has the price of a month
    month: Price = 0
    stop: str = ""  # the command that ends the charge; "" where only deleting does
    part_of: str  # the type of the Azure resource that it comes and goes with
    source: str
    date: date
    confidence: str

    @model_validator(mode="after")
    def _one_price(self) -> Self:
        if len({"hour", "month"} & self.model_fields_set) != 1:
            raise ValueError("it needs one price, an hour or a month")
        return self


class Prices(BaseModel):
    """The table: what each phase adds to those before it."""

    model_config = ConfigDict(strict=True, extra="forbid")

    region: str  # in words
    hours_a_month: PositiveInt
    regions: dict[str, PositiveFloat] = {}  # by Azure's names: multiples of the region's prices
    items: Annotated[dict[str, Item], Field(min_length=1)]  # also those that no phase uses
    phases: dict[Number, list[str]]  # names of items

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for number, names in self.phases.items():
            if unknown := [name for name in names if name not in self.items]:
                known = ", ".join(self.items)
                raise ValueError(f"phase {number} uses {unknown[0]!r}, which is no item: {known}")
        for item in self.items.values():
            item.hour += item.month / self.hours_a_month
        return self

    @property
    def date(self) -> date:
        """Of the oldest price."""
        return min(item.date for item in self.items.values())

    def at(self, region: str) -> "Prices":
        """The prices in a region, as far as the table knows it; the order of magnitude is its own.

        Args:
            region: by Azure's name, such as westeurope.
        """
        factor = self.regions.get(region)
        items = {
            name: item.model_copy(update={"hour": item.hour * (factor or 1)})
            for name, item in self.items.items()
        }
        where = f", times {factor:g} for {region}" if factor else f" ({region} has other prices)"
        return self.model_copy(update={"items": items, "region": f"{self.region}{where}"})

    def adds(self, number: int) -> list[Item]:
        """What a phase adds.

        Raises:
            PricesDamaged: the table does not say.
        """
        if number not in self.phases:
            raise PricesDamaged(f"[phases] does not say what phase {number} uses.")
        return [self.items[name] for name in self.phases[number]]

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
        return Prices.model_validate(tomllib.loads((home / TABLE).read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise PricesDamaged("the file is not there.") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        what = first["msg"].removeprefix("Value error, ")
        raise PricesDamaged(f"{where}: {what}." if where else f"{what}.") from None
    except ValueError as error:  # neither TOML nor, perhaps, UTF-8
        raise PricesDamaged(f"it cannot be read: {error}.") from None


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
        table.add_column(column, justify="right", overflow="fold")
    return table
