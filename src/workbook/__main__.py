"""The CLI as a program: what holds from its first moment on, before the long imports."""

import io
import logging
import os
import signal
import sys


class _Output(io.FileIO):
    """Standard output whose reader may leave, as `head` does: what follows is thrown away.

    The command goes on, because what it has begun must come to its end.
    """

    def write(self, data: object) -> int:
        try:
            return super().write(data)  # type: ignore[arg-type]
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            return len(memoryview(data))  # type: ignore[arg-type]


def let_readers_leave() -> None:
    """Make standard output endure that its reader leaves."""
    old = sys.stdout
    if old is None:  # closed from the start
        return
    old.flush()
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(_Output(old.fileno(), "w", closefd=False)),
        encoding=old.encoding,
        errors=old.errors,
        line_buffering=True,
    )


def say_interrupted(*_: object) -> None:
    """Handle Ctrl-C: one sentence, no traceback."""
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # a kernel's last words
    print("\nInterrupted. It is safe to run the same command again.", file=sys.stderr)
    sys.exit(130)


def main() -> None:
    """Run the CLI."""
    signal.signal(signal.SIGINT, say_interrupted)
    let_readers_leave()
    from workbook.cli import main as run

    run()


if __name__ == "__main__":
    main()
