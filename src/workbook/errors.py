"""The error that the workbook reports when it cannot go on."""


class WorkbookError(Exception):
    """A problem, with the command that fixes it, if there is one."""

    def __init__(self, problem: str, run_next: str = "") -> None:
        super().__init__(problem)
        self.run_next = run_next
