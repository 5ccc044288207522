"""The CLI: each verb is a function of one of these modules; the work is in those that it calls."""

import sys
from collections.abc import Callable
from typing import Annotated

import typer

from workbook import __version__
from workbook.cli import answering, drilling, learn, measure, practising, status, system, watching
from workbook.errors import WorkbookError
from workbook.outcome import Finding

VERBS: dict[Callable[..., None], str] = {  # in the order of --help, each with an example
    learn.start: "./workbook start",
    learn.run: "./workbook run 0, or ./workbook run costs",
    learn.check: "./workbook check 0 --junit phase0.xml",
    watching.watch: "./workbook watch 0, in a second terminal",
    learn.goto: "./workbook goto 0",
    answering.answer: "./workbook answer 0, or ./workbook answer 0 swing-word good",
    system.doctor: "./workbook doctor 0",
    system.use: "./workbook use local --port 8001",
    status.status: "./workbook status",
    system.cost: "./workbook cost 2",
    practising.exercise: "./workbook exercise 0 deciding-word",
    drilling.drill: "./workbook drill 0, then ./workbook drill 0 1",
    learn.diff: "./workbook diff 0 1",
    learn.receipt: "./workbook receipt 0",
    learn.reset: "./workbook reset 0 --yes",
    system.up: "./workbook up",
    system.provider: "./workbook provider",
    system.stop: "./workbook stop",
    system.down: "./workbook down --verify",
    measure.traffic: "./workbook traffic 1 my-test -- kubectl rollout restart deployment/ml-api",
    measure.load: "./workbook load 4 my-test --callers 32 --seconds 60",
    system.env: 'eval "$(./workbook env)"',
    learn.lab: "./workbook lab 0, or ./workbook lab costs",
    system.test: "./workbook test",
}
app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for verb, example in VERBS.items():
    app.command(epilog=f"Example: {example}")(verb)


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


def main() -> None:
    """Run the CLI; what stands in the way is said in a sentence, with the next command."""
    try:
        app(prog_name="./workbook")
    except WorkbookError as error:
        print(error, file=sys.stderr)
        if error.run_next:
            print(f"Run next: {error.run_next}", file=sys.stderr)
        sys.exit(2)
    except Finding as finding:  # Kubernetes did not answer
        print(finding.rows.get("found", finding), file=sys.stderr)
        if run_next := finding.rows.get("run next"):
            print(f"Run next: {run_next}", file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        print(f"{error.strerror or error}: {error.filename or ''}", file=sys.stderr)
        sys.exit(2)
