"""What a phase says of itself, in its phase.toml: the machinery knows no phase by its number.

Needs the standard library only, as the checks do.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from workbook.errors import WorkbookError

FEATURES = ("cluster", "database", "terraform", "gateway")
TARGETS = ("local", "azure")


@dataclass(frozen=True)
class Manifest:
    """What a phase adds to the one before it."""

    adds: tuple[str, ...]  # some of FEATURES
    namespaces: dict[str, tuple[str, ...]]  # of the cluster, that its lesson makes, by target


def read_manifest(file: Path) -> Manifest:
    """The manifest in a phase.toml.

    Raises:
        WorkbookError: the file is missing or is not TOML, or holds what no manifest has.
    """
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
        namespaces = {target: tuple(content["namespaces"][target]) for target in TARGETS}
        manifest = Manifest(adds=tuple(content["adds"]), namespaces=namespaces)
    except FileNotFoundError:
        raise _bad(file, "it is missing") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _bad(file, str(error)) from None
    except (KeyError, TypeError) as error:
        raise _bad(file, f"it has no {error}") from None
    if unknown := set(manifest.adds) - {*FEATURES}:
        raise _bad(file, f"it adds {', '.join(sorted(unknown))}; known is {', '.join(FEATURES)}")
    return manifest


def _bad(file: Path, problem: str) -> WorkbookError:
    return WorkbookError(f"{file} cannot be used: {problem}.", f"git checkout {file}")
