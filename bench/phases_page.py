"""The page that bench/phases.py leaves."""

import argparse
from collections.abc import Callable
from datetime import date
from statistics import median

from report import OUR_PACKAGES, wrk_version
from server import Load
from subjects import GUIDE, GUIDES

Cells = dict[tuple[str, int], list[Load]]  # by subject and connections, a load each round
BARE = {"one": "our model alone, one by one", "together": "our model alone, 64 at once"}


def page(cells: Cells, options: argparse.Namespace, machine: str) -> str:
    return ""
