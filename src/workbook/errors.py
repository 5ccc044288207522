"""What the workbook says when it cannot go on."""


class WorkbookError(Exception):
    """Something is in the way, with the command that mends it, if there is one."""

    def __init__(self, problem: str, run_next: str = "") -> None:
        super().__init__(problem)
        self.run_next = run_next
