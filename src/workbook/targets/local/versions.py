"""The versions of the local target, from the one table that names them."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
TABLE = ROOT / "k8s" / "versions.toml"


@dataclass(frozen=True)
class Versions:
    """What `k8s/versions.toml` says."""

    kubernetes: str
    kind: str
    gateway_api: str
    images: dict[str, str]  # public ones, each by digest
    offline: dict[str, str]  # what the offline kit builds


@cache
def versions() -> Versions:
    """The table, read once."""
    return Versions(**tomllib.loads(TABLE.read_text(encoding="utf-8")))
