"""The verbs of the learner's system: where it is, what it costs, how it comes and goes."""

import dataclasses
import inspect
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from workbook.cli.actions import console, examine_phase
from workbook.cli.arguments import chosen_phase
from workbook.course.manifest import TARGETS
from workbook.course.phase import lessons, root
from workbook.drills.drill import System
from workbook.drills.of_phase import Drills
from workbook.errors import WorkbookError
from workbook.learner.background import Background, Program
from workbook.learner.choices import PORTS, Choices, load_choices, save_choices
from workbook.learner.drills import drill_under_way
from workbook.learner.ports import CLUSTER_PORTS
from workbook.learner.store import exclusively
from workbook.progress import Steps
from workbook.targets.environment import lesson_environment, of_one_target_only
from workbook.targets.local.cluster import Cluster

LEAVES = {  # what `down --verify` looks for
    "local": "container, volume, image, process or file",
    "azure": "resource group, resource, deleted key vault or role assignment",
}


def doctor(
    number: Annotated[int, typer.Argument(metavar="[N]", help="The phase.")] = 0,
) -> None:
    """Look at what a phase needs of this machine, and say what to fix."""
    if not examine_phase(*chosen_phase(number), in_full=True):
        raise typer.Exit(1)


def with_ports(verb: Callable[..., None]) -> Callable[..., None]:
    """Give a verb an option for each port."""
    signature = inspect.signature(verb)
    named = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    options = [
        inspect.Parameter(
            each.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[int | None, typer.Option(help=f"Port of the {each.of}.")],
        )
        for each in PORTS
    ]
    verb.__signature__ = signature.replace(parameters=[*named, *options])  # type: ignore[attr-defined]
    verb.__annotations__ |= {option.name: option.annotation for option in options}
    return verb


@with_ports
def use(
    target: Annotated[str, typer.Argument(help="local or azure.")],
    subscription: Annotated[str | None, typer.Option(help="Id of the Azure subscription.")] = None,
    region: Annotated[str | None, typer.Option(help="Azure region.")] = None,
    prefix: Annotated[str | None, typer.Option(help="Prefix of all names on Azure.")] = None,
    node_size: Annotated[str | None, typer.Option(help="Size of the nodes on Azure.")] = None,
    **ports: int | None,
) -> None:
    """Choose where the lessons run, and which ports of this machine they use.

    On a terminal, `use azure` asks for the subscription, region and prefix.
    Both targets' choices are kept.
    """
    from workbook.targets.azure.choosing import choose, say_what_was_chosen

    home = root()
    before = load_choices(home)
    given: dict[str, Any] = {
        **ports,
        "subscription": subscription,
        "region": region,
        "prefix": prefix,
        "node_size": node_size,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    if target == "azure":
        changes = choose(home, before, changes)
    choices = dataclasses.replace(before, target=target, **changes)
    save_choices(home, choices)
    chosen = ", ".join(f"{each.of} {choices.chosen(each)}" for each in PORTS)
    print(f"target {target}; ports: {chosen}. Phase 0 runs on this machine, whatever the target.")
    if target == "azure":
        say_what_was_chosen(before, choices)
    record = Cluster(home).record()
    if record and any(getattr(record, p.name) != choices.chosen(p) for p in CLUSTER_PORTS):
        print("The cluster keeps its old ports until you create it again: ./workbook down, then up")


def cost(
    number: Annotated[int | None, typer.Argument(metavar="[N]", help="The phase.")] = None,
) -> None:
    """Show what the phases cost on Azure, what was spent so far, and what stopping saves."""
    from workbook.course import cost
    from workbook.targets.azure.client import AzureError
    from workbook.targets.azure.spending import spent_so_far

    home = root()
    prices = cost.load_prices(home).at(load_choices(home).region)
    if number is None:
        console.print(cost.table_of_phases(prices), soft_wrap=False)
    else:
        console.print(cost.table_of_items(prices, number), soft_wrap=False)
        console.print(cost.in_a_sentence(prices, number))
    console.print(
        cost.what_stopping_saves(prices, max(prices.phases) if number is None else number)
    )
    console.print(cost.where_from(prices))
    try:
        console.print(spent_so_far(prices, home, load_choices(home)))
    except AzureError as unknown:
        console.print(f"Spent so far: cannot be known here. {escape(str(unknown))}")


def up(
    offline: Annotated[
        bool, typer.Option("--offline", help="Build everything from package registries.")
    ] = False,
) -> None:
    """Create the local cluster (kind) and its registry."""
    from workbook.targets.local import up as local

    home = root()
    choices = load_choices(home)
    if choices.target != "local":
        raise WorkbookError(
            "`up` creates the local cluster, but your target is azure. There, lesson 1 creates the "
            "cluster.",
            "./workbook use local",
        )
    with exclusively(home):
        began = time.monotonic()
        record = local.up(Cluster(home), choices, Steps(console), offline)
    print(
        f"The cluster is up, after {time.monotonic() - began:.0f} s: Kubernetes "
        f"{record.kubernetes}, reached at http://127.0.0.1:{record.cluster_port}, "
        f"registry localhost:{record.registry_port}."
    )
    print('In your own terminal: eval "$(./workbook env)", then kubectl get nodes')


def provider() -> None:
    """Build the Terraform provider of phase 3 for the local target (once, some minutes)."""
    from workbook.targets.local.provider import SOURCE, provide, version

    steps = Steps(console)
    with steps("Terraform provider"):
        provide(steps.say)
    print(f"{SOURCE} {version()} is built. Terraform finds it by TF_CLI_CONFIG_FILE.")


def stop() -> None:
    """End the programs that lessons left running, such as the API. The cluster stays."""
    home = root()
    with exclusively(home):
        ended = _end_programs(home)
    if not ended:
        print("No lesson has left a program running.")


def _end_programs(home: Path) -> list[Program]:
    """End what lessons left running, on both targets, and print each."""
    programs = [Background(each.state) for target in TARGETS for each in lessons(home, target)]
    ended = [program for background in programs for program in background.end_all()]
    for program in ended:
        print(f"ended {program.title} (process {program.pid})")
    return ended


def down(
    verify: Annotated[
        bool, typer.Option("--verify", help="Then check that nothing is left.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    state_too: Annotated[
        bool, typer.Option("--state-too", help="On Azure: remove Terraform's state storage, too.")
    ] = False,
) -> None:
    """Remove the cluster and all data in it, and end the programs that lessons left running.

    On Azure, `down` deletes everything that carries the tag workbook=PREFIX. It asks first.
    """
    from workbook.targets.azure import down as azure
    from workbook.targets.local import down as local

    home = root()
    choices = load_choices(home)
    cluster = Cluster(home)
    record = cluster.record()  # which `down` forgets
    left: list[str] = []
    with exclusively(home):
        if choices.target == "local" and record and not yes:
            for line in local.what_goes(record):
                print(f"  {line}")
            if not typer.confirm("Remove all of this?"):
                raise typer.Exit(1)
        _end_programs(home)
        if choices.target == "azure":
            azure.remove(home, choices, Steps(console), yes=yes, state_too=state_too)
            left = azure.look_again(home, choices, state_too) if verify else []
        else:
            local.down(cluster, Steps(console))
            left = local.left_behind(cluster, record) if verify else []
        _abandon_drill(home, choices)
    for line in left:
        print(f"still there: {line}")
    if left:
        raise typer.Exit(1)
    looked = f" No {LEAVES[choices.target]} of it is left."
    print(f"Nothing of the workbook is running.{looked if verify else ''}")
    if choices.target == "azure" and record:
        print("The local cluster was not checked: ./workbook use local, then ./workbook down.")
    if choices.target == "local" and choices.subscription:
        print("Azure was not checked: ./workbook use azure, then ./workbook down.")


def _abandon_drill(home: Path, choices: Choices) -> None:
    """End a drill of the cluster that was removed: its --fix would find nothing to put back."""
    found = drill_under_way(home, choices.target)
    if found and found[0].has("cluster"):
        phase = found[0]
        Drills(System(phase, choices, Background(phase.state))).abandon()
        print(f"The drill of phase {phase.number} has ended with the cluster.")


def env() -> None:
    """Print the variables that a lesson's commands need in your own terminal."""
    import shlex

    from workbook.lessons.shell import FUNCTIONS

    home = root()
    choices = load_choices(home)
    others = " ".join(sorted(of_one_target_only()))
    print(f'[ "${{WORKBOOK_TARGET:-{choices.target}}}" = {choices.target} ] || unset {others}')
    for name, value in lesson_environment(home, choices).items():
        print(f"export {name}={shlex.quote(value)}")
    print(f". {shlex.quote(str(FUNCTIONS))}")


def test(
    live: Annotated[
        bool, typer.Option("--live", help="Run the tests that need a cluster instead.")
    ] = False,  # noqa: PT028 - a verb, and no test
    every_proof: Annotated[
        bool, typer.Option("--all", help="Run both, with every drill and impostor.")
    ] = False,  # noqa: PT028
) -> None:
    """Run the tests of the workbook itself that need no cluster."""
    from workbook.dev.suite import run_suite

    quick = every_proof or not live
    raise typer.Exit(run_suite(root(), quick, live or every_proof, every_proof))
