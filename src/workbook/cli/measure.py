"""The verbs that send predictions to the service, and record what became of them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from workbook.cli.arguments import Number, chosen_phase
from workbook.course.phase import Phase
from workbook.errors import WorkbookError
from workbook.learner.choices import Choices
from workbook.outcome import Finding
from workbook.targets.address import address_of
from workbook.targets.environment import lesson_environment
from workbook.targets.kubernetes import Kubernetes
from workbook.targets.opening import open_cluster

# The authority of the certificate of ADDRESS, where it is not a public one.
AUTHORITY = "ADDRESS_CA"


def find_address(phase: Phase, choices: Choices) -> str:
    """The service's address; sets the variables of a lesson for the commands that follow.

    ADDRESS counts where the learner has set it. `workbook env` sets it too, and knows no phase.

    Raises:
        WorkbookError: the address is unknown, or its authority's file is missing.
    """
    environment = lesson_environment(phase.root, choices)
    known = address_of(phase, choices)
    address = os.environ.get("ADDRESS")
    if known and address in (None, environment.get("ADDRESS")):
        address = known.url
    if not address:
        if choices.target == "local":
            raise WorkbookError("There is no cluster yet, so there is no service.", "./workbook up")
        raise WorkbookError(
            "The service's address is unknown: ADDRESS is not set.",
            "the cell of lesson 1 under “Give it an address”, which sets it",
        )
    if known and known.authority and address.startswith("https://"):
        os.environ.setdefault(AUTHORITY, str(known.authority))
    authority = os.environ.get(AUTHORITY)
    if authority and not Path(authority).is_file():
        raise WorkbookError(
            f"{address} cannot be verified: its authority's file {authority} is missing.",
            "lesson 4, “A certificate for the gateway”: create it again",
        )
    os.environ.update(environment | {"ADDRESS": address})
    return address


@contextmanager
def service_of(phase: Phase, choices: Choices) -> Iterator[tuple[str, str | None, Kubernetes]]:
    """The service: its address, its authority's file if it needs one, and its cluster.

    Raises:
        WorkbookError: it cannot be asked, or not any more.
    """
    address = find_address(phase, choices)
    try:
        cluster = open_cluster(phase.root, choices.target)
        yield address, os.environ.get(AUTHORITY), cluster
    except Finding as finding:
        raise WorkbookError(str(finding), f"./workbook check {phase.number}") from None


def traffic(
    number: Number,
    name: Annotated[str, typer.Argument(help="The name of the recording.")],
    command: Annotated[list[str], typer.Argument(help="The command, after --.")],
) -> None:
    """Send predictions to the service while a command runs, and record what became of each."""
    from workbook.measure.system import system_of
    from workbook.measure.traffic import under_traffic, write_traffic

    phase, choices = chosen_phase(number)
    with service_of(phase, choices) as (address, authority, cluster):
        done = under_traffic(name, address, command, cluster.facts, authority=authority)
        done.system = system_of(cluster, address, authority)
    write_traffic(phase.state, name, done)
    print(done.summary())
    raise typer.Exit(done.status)


def load(
    number: Number,
    name: Annotated[str, typer.Argument(help="The name of the recording.")],
    callers: Annotated[
        int, typer.Option(help="The number of callers that ask at once.", min=1, max=1000)
    ] = 32,
    seconds: Annotated[
        int, typer.Option(help="The seconds of load, at least.", min=1, max=3600)
    ] = 60,
) -> None:
    """Load the service, watch its autoscaler until it is calm again, and record both."""
    from workbook.checks.api import Api
    from workbook.measure.load import under_load, write_load
    from workbook.measure.system import system_of

    phase, choices = chosen_phase(number)
    with service_of(phase, choices) as (address, authority, cluster):
        # before it takes minutes, and writes over what was recorded
        health = Api(address, f"./workbook goto {number}", authority=authority).health()
        if not health.is_success:
            raise WorkbookError(
                f"The service at {address} answers {health.status_code} to /health.",
                f"./workbook check {number}",
            )
        done = under_load(
            address,
            cluster,
            callers=callers,
            seconds=seconds,
            authority=authority,
            show=lambda m: print(
                f"{m.second:6.0f} s  {m.ready} of {m.replicas} replicas ready, CPU "
                f"{'unknown' if m.cpu is None else f'{m.cpu} %'}, {m.answers} answers a second",
                flush=True,
            ),
        )
        done.system = system_of(cluster, address, authority)
    write_load(phase.state, name, done)
    print(done.summary())
