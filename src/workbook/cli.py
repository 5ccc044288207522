"""The CLI: one verb a function; the work is in the modules that it calls."""

import dataclasses
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from workbook import __version__
from workbook.actions import check_lesson, console, examine_phase, run_and_show, write_receipt
from workbook.background import Background
from workbook.check import Finding, Outcome
from workbook.choices import CLUSTER_PORTS, TARGETS, Choices, load_choices, save_choices
from workbook.drill import Drills, System
from workbook.environment import lesson_environment
from workbook.errors import WorkbookError
from workbook.lesson import questions, title_of
from workbook.local.cluster import Cluster
from workbook.phase import (
    Lesson,
    Phase,
    exclusively,
    find_lesson,
    find_phase,
    lessons,
    phases,
    read_json,
    root,
)
from workbook.progress import Steps

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
AUTHORITY = "ADDRESS_CA"  # the certificate that vouches for ADDRESS, where it is not public
FIRST_WITH_GATEWAY = 4
LEAVES = {  # what `down --verify` looks for
    "local": "container, volume, image, process or file",
    "azure": "resource group, resource, deleted key vault or role assignment",
}
Number = Annotated[int, typer.Argument(metavar="N", help="The phase: 0 to 7.", min=0, max=7)]
NumberOrName = Annotated[
    str, typer.Argument(metavar="N|NAME", help="The phase, 0 to 7, or a notebook, such as costs.")
]


def _find_address(phase: Phase, choices: Choices) -> str:
    """Where the service answers; from here on, commands that are run know what a lesson's know."""
    environment = lesson_environment(phase.root, choices)
    address = os.environ.get("ADDRESS", environment.get("ADDRESS"))
    if choices.target == "local" and phase.number >= FIRST_WITH_GATEWAY and address:
        if address == environment.get("ADDRESS"):  # that of the phases before
            address = f"https://localhost:{environment['GATEWAY_PORT']}"
        if address.startswith("https://"):
            os.environ.setdefault(AUTHORITY, str(phase.state.parent / "authority" / "ca.crt"))
    if not address:
        if choices.target == "local":
            raise WorkbookError("There is no cluster yet, and so no service.", "./workbook up")
        raise WorkbookError(
            "Nothing says where the service answers: ADDRESS is not set.",
            "the cell of lesson 1 under “Give it an address”, which sets it",
        )
    authority = os.environ.get(AUTHORITY)
    if authority and not Path(authority).is_file():
        raise WorkbookError(
            f"There is no file {authority}, which is to vouch for {address}.",
            "lesson 4, “A certificate for the gateway”: make it anew",
        )
    os.environ.update(environment | {"ADDRESS": address})
    return address


def _phase(number: int) -> tuple[Phase, Choices]:
    home = root()
    choices = load_choices(home)
    return find_phase(number, home, choices.target), choices


def _lesson(argument: str) -> tuple[Lesson, Choices]:
    home = root()
    choices = load_choices(home)
    return find_lesson(argument, home, choices.target), choices


@app.callback(invoke_without_command=True)
def workbook(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Take an ML service from a laptop to production, one proven phase at a time.

    Begin with: ./workbook start
    """
    if version:
        print(__version__)
        raise typer.Exit


@app.command(epilog="Example: ./workbook start")
def start() -> None:
    """Run phase 0 and check it; then say what is next."""
    phase, choices = _phase(0)
    with exclusively(phase.root):
        if not examine_phase(phase, choices):
            raise typer.Exit(2)
        run_and_show(phase, choices)
        status = check_lesson(phase)
    if status == 0:
        write_receipt(phase)
        console.print("\n[bold]Next[/bold]")
        for command, purpose in (
            ("./workbook lab", "read the lesson in JupyterLab, cell by cell"),
            ("./workbook drill 0", "break something, and find it again"),
            ("./workbook reset 0", "begin phase 0 anew, and answer its questions yourself"),
            ("./workbook down", "end the API, which is still running"),
        ):
            console.print(f"  {command:22}{purpose}")
    raise typer.Exit(status)


@app.command(epilog="Example: ./workbook run 0, or ./workbook run costs")
def run(which: NumberOrName) -> None:
    """Run a phase's lesson, or a notebook, from top to bottom, with its answers."""
    lesson, choices = _lesson(which)
    with exclusively(lesson.root):
        if isinstance(lesson, Phase) and not examine_phase(lesson, choices):
            raise typer.Exit(2)
        run_and_show(lesson, choices)


@app.command(epilog="Example: ./workbook check 0 --junit phase0.xml")
def check(
    which: NumberOrName,
    junit: Annotated[str, typer.Option(metavar="FILE", help="Also write JUnit XML.")] = "",
    active: Annotated[
        bool, typer.Option("--active", help="Repeat what the lesson did to your system.")
    ] = False,
) -> None:
    """Check a phase, or what a notebook made, against the checklist of its lesson.

    Exit status: 0 all passed, 1 something is wrong, 3 a check itself failed, 10 something is not
    started, 11 something cannot be known here.
    """
    lesson, _ = _lesson(which)
    options = [f"--junitxml={junit}"] if junit else []
    raise typer.Exit(check_lesson(lesson, *options, *(["--active"] if active else [])))


def _go_back(wanted: Phase) -> list[str]:
    """Remove what later phases have added to the cluster, and say so; returns what it was."""
    from workbook.going_back import remove_later_objects

    removed = remove_later_objects(wanted)
    for name in removed:
        console.print(f"removed {name}, which is of a later phase")
    return removed


@app.command(epilog="Example: ./workbook goto 0")
def goto(number: Number) -> None:
    """Bring your system to the state in which a phase is complete, from before it or after it."""
    wanted, choices = _phase(number)
    with exclusively(wanted.root):
        removed = _go_back(wanted)
        if check_lesson(wanted) == 0 and not removed:
            return
        for phase in phases(wanted.root, wanted.target):
            if phase.number > number:
                break
            if check_lesson(phase) != 0 or (removed and phase.needs_cluster):
                if not examine_phase(phase, choices):
                    raise typer.Exit(2)
                _go_back(phase)  # its lesson begins where the one before it ends
                run_and_show(phase, choices)
                if status := check_lesson(phase):
                    raise typer.Exit(status)


@app.command(epilog="Example: ./workbook answer 0 strongest-negative-word dull")
def answer(
    number: Number,
    question: Annotated[str, typer.Argument(help="The question's name in the lesson.")],
    words: Annotated[str, typer.Argument(metavar="ANSWER", help="Your answer.")],
) -> None:
    """Record your answer to one of the lesson's questions; `check` judges it."""
    from workbook.learner import write_answer

    phase, _ = _phase(number)
    asked = questions(phase.lesson.read_text(encoding="utf-8"))
    if question not in asked:
        there_are = ", ".join(asked) or "none"
        raise WorkbookError(f"Lesson {number} asks no question {question!r}; it asks {there_are}.")
    given = words.strip().encode("utf-8", "replace").decode()
    write_answer(phase, question, given)
    print(f"{question}: {given} (recorded; ./workbook check {number} judges it)")


@app.command(epilog="Example: ./workbook doctor 0")
def doctor(
    number: Annotated[int, typer.Argument(metavar="[N]", help="The phase.", min=0, max=7)] = 0,
) -> None:
    """Look at what a phase needs of this machine, and say what to mend."""
    if not examine_phase(*_phase(number), in_full=True):
        raise typer.Exit(1)


@app.command(epilog="Example: ./workbook use local --port 8001")
def use(
    target: Annotated[str, typer.Argument(help="local or azure.")],
    port: Annotated[int | None, typer.Option(help="Of the API of phase 0.")] = None,
    cluster_port: Annotated[int | None, typer.Option(help="Of the local cluster.")] = None,
    registry_port: Annotated[int | None, typer.Option(help="Of the local registry.")] = None,
    database_port: Annotated[int | None, typer.Option(help="Of the database, phase 2.")] = None,
    gateway_port: Annotated[int | None, typer.Option(help="Of the gateway, phase 4.")] = None,
    gateway_http_port: Annotated[int | None, typer.Option(help="The same, without TLS.")] = None,
    subscription: Annotated[str | None, typer.Option(help="Of Azure: its id.")] = None,
    region: Annotated[str | None, typer.Option(help="Of Azure.")] = None,
    prefix: Annotated[str | None, typer.Option(help="Of all names on Azure.")] = None,
) -> None:
    """Choose where the lessons run, and which ports of this machine they use.

    On a terminal, `use azure` asks for subscription, region and prefix. Both targets' choices are
    kept.
    """
    from workbook.azure.choosing import choose, say_what_was_chosen

    home = root()
    before = load_choices(home)
    given: dict[str, Any] = {
        "port": port,
        "cluster_port": cluster_port,
        "registry_port": registry_port,
        "database_port": database_port,
        "gateway_port": gateway_port,
        "gateway_http_port": gateway_http_port,
        "subscription": subscription,
        "region": region,
        "prefix": prefix,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    if target == "azure":
        changes = choose(before, changes)
    choices = dataclasses.replace(before, target=target, **changes)
    save_choices(home, choices)
    print(
        f"target {target}; ports: API {choices.port}, cluster {choices.cluster_port}, "
        f"registry {choices.registry_port}, database {choices.database_port}, gateway "
        f"{choices.gateway_port} and {choices.gateway_http_port}. "
        "Phase 0 runs on this machine, whatever the target."
    )
    if target == "azure":
        say_what_was_chosen(before, choices)
    record = Cluster(home).record()
    if record and any(getattr(record, name) != getattr(choices, name) for name in CLUSTER_PORTS):
        print("The cluster keeps its ports until it is made anew: ./workbook down, then up.")


@app.command(epilog="Example: ./workbook status")
def status() -> None:
    """Say where you are: phases, checks, running programs, the drill under way."""
    home = root()
    choices = load_choices(home)
    console.print(f"target {choices.target}, port {choices.port}")
    if record := Cluster(home).record():
        ready = "made" if record.authority else "half-made: ./workbook up"
        console.print(f"local cluster: Kubernetes {record.kubernetes}, {ready}")
    for phase in phases(home, choices.target):
        title = title_of(phase.lesson.read_text(encoding="utf-8"))
        console.print(f"\n[bold]{escape(title)}[/bold]")
        kept = read_json(phase.state / "checks.json")
        if kept is None:
            console.print(f"  not checked yet: ./workbook check {phase.number}")
        else:
            outcomes = [result["outcome"] for result in kept["results"]]
            passed = outcomes.count(Outcome.PASSED)
            console.print(f"  {passed} of {len(outcomes)} checks passed at {kept['checked']}")
        for program in Background(phase.state).running():
            console.print(f"  running: {escape(program.title)} (process {program.pid})")
        drills = Drills(System(phase, choices, Background(phase.state)))
        if name := drills.under_way():
            console.print(f"  drill under way: {name} (./workbook drill {phase.number} --hint)")


@app.command(epilog="Example: ./workbook cost 2")
def cost(
    number: Annotated[
        int | None, typer.Argument(metavar="[N]", help="The phase.", min=0, max=7)
    ] = None,
) -> None:
    """Say what the phases cost on Azure, what was spent so far, and what stopping saves."""
    from workbook import cost
    from workbook.azure.client import AzureError
    from workbook.spending import spent_so_far

    home = root()
    prices = cost.load_prices(home)
    if number is None:
        console.print(cost.table_of_phases(prices))
    else:
        console.print(cost.table_of_items(prices, number))
        console.print(cost.in_a_sentence(prices, number))
    console.print(
        cost.what_stopping_saves(prices, max(prices.phases) if number is None else number)
    )
    console.print(cost.where_from(prices))
    try:
        console.print(spent_so_far(prices, home, load_choices(home)))
    except AzureError as unknown:
        console.print(f"Spent so far: cannot be known here. {escape(str(unknown))}")


@app.command(epilog="Example: ./workbook drill 0 stale-process")
def drill(
    number: Number,
    name: Annotated[str, typer.Argument(help="The drill; none lists them.")] = "",
    hint: Annotated[bool, typer.Option("--hint", help="Show the next hint.")] = False,
    fix: Annotated[bool, typer.Option("--fix", help="Show the way back, and go it.")] = False,
) -> None:
    """Break something on purpose, find it, mend it."""
    phase, choices = _phase(number)
    drills = Drills(System(phase, choices, Background(phase.state)))
    if hint:
        shown, of, text = drills.hint()
        print(f"Hint {shown} of {of}: {text}")
    elif fix:
        with exclusively(phase.root):
            mended = drills.fix()
        print(f"{mended.way_back}\n\nDone. See for yourself: ./workbook check {number}")
    elif name:
        with exclusively(phase.root):
            begun = drills.begin(name)
        print(f"{begun.title}\n")
        print(f"Something is wrong now. See what: ./workbook check {number}")
        print("Then find the cause, and mend it yourself. If you are stuck:")
        print(f"  ./workbook drill {number} --hint   one hint more at a time")
        print(f"  ./workbook drill {number} --fix    the way back")
    else:
        for each, one in drills.of_target().items():
            mark = "under way" if each == drills.under_way() else ""
            print(f"{each:28}{one.title}  {mark}".rstrip())
        print(f"\nBegin one: ./workbook drill {number} NAME")


@app.command(epilog="Example: ./workbook diff 0 1")
def diff(
    older: Annotated[int, typer.Argument(metavar="M", min=0, max=7)],
    newer: Annotated[int, typer.Argument(metavar="N", min=0, max=7)],
) -> None:
    """Show what a phase changes in the code of another."""
    from workbook.changes import comparisons

    home = root()
    phases_compared = [find_phase(number, home, "local") for number in (older, newer)]
    for _, command in comparisons(*phases_compared):
        subprocess.run(command, cwd=home)


@app.command(epilog="Example: ./workbook receipt 0")
def receipt(number: Number) -> None:
    """Write down what was run and checked, with dates and versions."""
    phase, _ = _phase(number)
    write_receipt(phase)


@app.command(epilog="Example: ./workbook reset 0 --yes")
def reset(
    number: Number,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Begin a phase anew: end its programs; remove its model, objects, answers and receipts."""
    from workbook.reset import reset_phase, what_goes

    phase, choices = _phase(number)
    doomed = what_goes(phase)
    if not doomed:
        print(f"Phase {number} has left nothing: it is as new.")
        return
    for line in doomed:
        print(f"  {line}")
    if not yes and not typer.confirm("Remove all of this? Your files in git stay."):
        raise typer.Exit(1)
    with exclusively(phase.root):
        reset_phase(phase, choices)
    print(f"Phase {number} is as new.")


@app.command(epilog="Example: ./workbook up")
def up(
    offline: Annotated[
        bool, typer.Option("--offline", help="Build everything from package registries.")
    ] = False,
) -> None:
    """Make the cluster of the target `local`: kind, and a registry beside it."""
    from workbook.local import up as local

    home = root()
    choices = load_choices(home)
    if choices.target != "local":
        raise WorkbookError(
            "`up` makes the local cluster, and your target is azure: there, the lesson of phase 1 "
            "makes the cluster.",
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
    print('In a terminal of your own: eval "$(./workbook env)", then kubectl get nodes')


@app.command(epilog="Example: ./workbook provider")
def provider() -> None:
    """Build the Terraform provider that phase 3 uses on the target `local`: once, some minutes."""
    from workbook.local.provider import SOURCE, provide, version

    steps = Steps(console)
    with steps("Terraform provider"):
        provide(steps.say)
    print(f"{SOURCE} {version()} is built; TF_CLI_CONFIG_FILE tells Terraform where it is.")


@app.command(epilog="Example: ./workbook down --verify")
def down(
    verify: Annotated[
        bool, typer.Option("--verify", help="Then look whether anything is left.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="On Azure: do not ask.")] = False,
    state_too: Annotated[
        bool, typer.Option("--state-too", help="On Azure: Terraform's state storage, too.")
    ] = False,
) -> None:
    """End every program that a lesson has left running, and remove the cluster.

    On the target azure, that is all that carries the tag workbook=PREFIX.
    """
    from workbook.azure import down as azure
    from workbook.local import down as local

    home = root()
    choices = load_choices(home)
    cluster = Cluster(home)
    record = cluster.record()  # which `down` forgets
    left: list[str] = []
    with exclusively(home):
        programs = [Background(p.state) for target in TARGETS for p in lessons(home, target)]
        for program in [program for background in programs for program in background.end_all()]:
            print(f"ended {program.title} (process {program.pid})")
        if choices.target == "azure":
            azure.remove(home, choices, Steps(console), yes=yes, state_too=state_too)
            left = azure.look_again(home, choices, state_too) if verify else []
        else:
            local.down(cluster, Steps(console))
            left = local.left_behind(cluster, record) if verify else []
    for line in left:
        print(f"still there: {line}")
    if left:
        raise typer.Exit(1)
    looked = f" No {LEAVES[choices.target]} of it is left."
    print(f"Nothing of the workbook is running.{looked if verify else ''}")
    if choices.target == "azure" and record:
        print("The local cluster was not looked at: ./workbook use local, then ./workbook down.")
    if choices.target == "local" and choices.subscription:
        print("Azure was not looked at: ./workbook use azure, then ./workbook down.")


@app.command(
    epilog="Example: ./workbook traffic 1 my-test -- kubectl rollout restart deployment/ml-api",
)
def traffic(
    number: Number,
    name: Annotated[str, typer.Argument(help="What to record it as.")],
    command: Annotated[list[str], typer.Argument(help="The command, after --.")],
) -> None:
    """Send predictions to the service while a command runs, and record what became of each."""
    from workbook.kubernetes import open_cluster
    from workbook.traffic import under_traffic, write_traffic

    phase, choices = _phase(number)
    address = _find_address(phase, choices)
    try:
        cluster = open_cluster(phase.root, choices.target)
        authority = os.environ.get(AUTHORITY)
        done = under_traffic(name, address, command, cluster.facts, authority=authority)
    except Finding as finding:
        raise WorkbookError(str(finding), f"./workbook check {number}") from None
    write_traffic(phase.state, name, done)
    print(done.summary())
    raise typer.Exit(done.status)


@app.command(epilog="Example: ./workbook load 4 my-test --callers 32 --seconds 60")
def load(
    number: Number,
    name: Annotated[str, typer.Argument(help="What to record it as.")],
    callers: Annotated[int, typer.Option(help="How many ask at once.", min=1, max=1000)] = 32,
    seconds: Annotated[int, typer.Option(help="Of load, at least.", min=1, max=3600)] = 60,
) -> None:
    """Load the service, watch its autoscaler until it is calm again, and record both."""
    from workbook.kubernetes import open_cluster
    from workbook.learner import Api
    from workbook.load import under_load, write_load

    phase, choices = _phase(number)
    address = _find_address(phase, choices)
    try:
        cluster = open_cluster(phase.root, choices.target)
        authority = os.environ.get(AUTHORITY)
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
    except Finding as finding:
        raise WorkbookError(str(finding), f"./workbook check {number}") from None
    write_load(phase.state, name, done)
    print(done.summary())


@app.command(epilog='Example: eval "$(./workbook env)"')
def env() -> None:
    """Print the lines that make your own terminal understand a lesson's commands."""
    import shlex

    home = root()
    for name, value in lesson_environment(home, load_choices(home)).items():
        print(f"export {name}={shlex.quote(value)}")


@app.command(epilog="Example: ./workbook lab 0, or ./workbook lab costs")
def lab(which: NumberOrName = "0") -> None:
    """Open a phase's lesson, or a notebook, in JupyterLab, in a copy that is yours."""
    import shutil

    lesson, choices = _lesson(which)
    mine = lesson.directory / f"my-{lesson.notebook.name}"
    if not mine.exists():
        shutil.copyfile(lesson.notebook, mine)
    print(f"{mine.relative_to(lesson.root)} is your copy: git leaves it alone.")
    os.environ.update(lesson_environment(lesson.root, choices))
    # without this, what a cell prints passes over local ports as it is
    encrypted = "--KernelManager.transport_encryption=required"
    command = [sys.executable, "-m", "jupyter", "lab", encrypted, f"--notebook-dir={lesson.root}"]
    if os.geteuid() == 0:  # as in many containers; Jupyter listens on this machine only
        command.append("--allow-root")
    # and not as an argument: the address that Jupyter prints then leads to the lesson too
    command.append(f"--LabApp.default_url=/lab/tree/{mine.relative_to(lesson.root).as_posix()}")
    os.execv(sys.executable, command)


@app.command(epilog="Example: ./workbook test")
def test(
    fast: Annotated[
        bool, typer.Option("--fast", help="Leave out the cluster and the lessons.")
    ] = False,  # noqa: PT028 - a verb, and no test
) -> None:
    """Set up what the tests need, and run all of them."""
    from workbook.suite import run_suite

    raise typer.Exit(run_suite(root(), fast))


def _say_interrupted(*_: object) -> None:
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # a kernel's last words
    print("\nInterrupted. It is safe to run the same command again.", file=sys.stderr)
    sys.exit(130)


def main() -> None:
    """Run the CLI; what stands in the way is said in a sentence, with the next command."""
    signal.signal(signal.SIGINT, _say_interrupted)
    try:
        app(prog_name="./workbook")
    except WorkbookError as error:
        print(error, file=sys.stderr)
        if error.run_next:
            print(f"Run next: {error.run_next}", file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        print(f"{error.strerror or error}: {error.filename or ''}", file=sys.stderr)
        sys.exit(2)
