"""What a check can come to. Needs the standard library only, as the checks do."""

from enum import StrEnum


class Outcome(StrEnum):
    """What a check can come to."""

    PASSED = "passed"
    WRONG = "wrong"
    NOT_STARTED = "not started"
    UNKNOWN = "cannot be known here"


# The exit status of a run of checks; of several outcomes, the first one here counts.
EXIT_STATUS = {Outcome.WRONG: 1, Outcome.NOT_STARTED: 10, Outcome.UNKNOWN: 11, Outcome.PASSED: 0}


class Finding(Exception):
    """A check's outcome when it is not "passed"."""

    outcome: Outcome
    rows: dict[str, str]  # what the learner reads, by label
    waits_for = ""  # the checklist line that has to pass first


class Wrong(Finding):
    """The learner's system is not as the checklist line says."""

    outcome = Outcome.WRONG

    def __init__(self, *, expected: str, found: str, why: str, run_next: str) -> None:
        super().__init__(f"expected {expected}, found {found}")
        self.rows = {"expected": expected, "found": found, "why": why, "run next": run_next}


class NotStarted(Finding):
    """Nothing of this step is there yet."""

    outcome = Outcome.NOT_STARTED

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.rows = {"not started": reason}


class Unknown(Finding):
    """It cannot be known here, for a reason that is not the learner's doing, or until another
    check passes."""

    outcome = Outcome.UNKNOWN

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.rows = {"cannot be known": reason}
