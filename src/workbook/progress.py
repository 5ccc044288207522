"""Steps of long work: what is being done, and what each took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.status import Status


def print_done(console: Console, name: str, seconds: float) -> None:
    """Print that a step has ended, and what it took."""
    width = min(58, console.width - 12)  # of the name, so that the seconds fit beside it
    console.print(f" [green]✔[/green] {escape(name):{max(width, 1)}} {seconds:5.1f} s")


class Steps:
    """Shows each step while it runs, and its seconds when it has ended."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status: Status | None = None
        self._name = ""

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        self._name = name
        with self._console.status(escape(name)) as self._status:
            yield
        print_done(self._console, name, time.monotonic() - began)

    def say(self, detail: str) -> None:
        """What the step is at; printed where there is no terminal to show it in passing."""
        if self._status and self._console.is_terminal:
            self._status.update(escape(f"{self._name}: {detail}"))
        else:
            self._console.print(f"   {escape(detail)}")
