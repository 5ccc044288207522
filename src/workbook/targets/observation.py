"""What doctor sees: of this machine, of Azure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Observation:
    """One thing that was looked at."""

    what: str
    found: str
    fix: str = ""  # what to do; empty where all is well
