"""What a phase says of itself, in its phase.toml: the machinery knows no phase by its number.

Needs the standard library only, as the checks do.
"""

import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_origin

from workbook.errors import WorkbookError

FEATURES = ("cluster", "database", "terraform", "gateway")
TARGETS = ("local", "azure")
Names = tuple[str, ...]


@dataclass(frozen=True)
class OnTarget:
    """What a phase does to the cluster of a target."""

    namespaces: Names = ()  # that its lesson creates
    keeps: Names = ()  # those of them that stay when the system goes back: they hold data
    folders: Names = ()  # of the workbook, with manifests that its lesson applies beside its own
    removes: Names = ()  # objects of earlier phases that its lesson deletes: NAMESPACE/KIND/NAME


@dataclass(frozen=True)
class Manifest:
    """What a phase adds to the one before it."""

    adds: Names  # some of FEATURES
    deploys: str = ""  # the section of its lesson that deploys the API
    programs: Names = ()  # of this machine, that its lesson runs
    memory: int = 0  # GB that must be free before there is a cluster
    nodes: int = 0  # of the cluster that it creates on Azure
    providers: Names = ()  # services of Azure that it is the first to use
    # checklist lines of earlier phases that hold no longer, and its own lines in their place
    replaces: dict[str, str] = field(default_factory=dict)
    local: OnTarget = field(default_factory=OnTarget)
    azure: OnTarget = field(default_factory=OnTarget)

    def on(self, target: str) -> OnTarget:
        """What the phase does to the cluster of a target."""
        return {"local": self.local, "azure": self.azure}[target]


def read_manifest(file: Path) -> Manifest:
    """The manifest in a phase.toml.

    Raises:
        WorkbookError: the file is missing or is not TOML, or holds what no manifest has.
    """
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
        local, azure = (OnTarget(**_checked(OnTarget, content.pop(t, {}))) for t in TARGETS)
        manifest = Manifest(**_checked(Manifest, content), local=local, azure=azure)
    except FileNotFoundError:
        raise _bad(file, "it is missing") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _bad(file, str(error)) from None
    except (TypeError, ValueError) as error:
        raise _bad(file, str(error)) from None
    if unknown := set(manifest.adds) - {*FEATURES}:
        raise _bad(file, f"it adds {', '.join(sorted(unknown))}; known is {', '.join(FEATURES)}")
    return manifest


def _checked(kind: type[Manifest | OnTarget], content: dict[str, Any]) -> dict[str, Any]:
    """The content of a table, with tuples for lists.

    Raises:
        ValueError: a key is unknown, or its value has another type.
    """
    types = {each.name: each.type for each in fields(kind)}
    checked = {key: tuple(v) if isinstance(v, list) else v for key, v in content.items()}
    for key, value in checked.items():
        if key not in types:
            raise ValueError(f"it has {key!r}, which no manifest has")
        wanted = get_origin(types[key]) or types[key]
        texts = [*value.items()] if isinstance(value, dict) else [value]
        are_names = all(isinstance(t, str) for each in texts if type(each) is tuple for t in each)
        if type(value) is not wanted or not are_names:
            raise ValueError(f"{key} = {value!r} is of another type")
    if kind is Manifest and "adds" not in content:
        raise ValueError("it has no 'adds'")
    return checked


def _bad(file: Path, problem: str) -> WorkbookError:
    return WorkbookError(f"{file} cannot be used: {problem}.", f"git checkout {file}")
