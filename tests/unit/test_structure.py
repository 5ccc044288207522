"""The packages of the machinery stand in one order: each uses those before it, and no other."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from copies import ROOT

SOURCE = ROOT / "src" / "workbook"
ORDER = (
    "course",
    "learner",
    "targets",
    "measure",
    "checks",
    "drills",
    "exercises",
    "lessons",
    "site",
    "dev",
    "cli",
)


def modules_used_by(file: Path) -> set[str]:
    """The modules of the machinery that a module imports, at its top or inside a function."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return {name for name in names if name.startswith("workbook.")}


def packages_used_by(file: Path) -> set[str]:
    return {name.split(".")[1] for name in modules_used_by(file)} & set(ORDER)


def test_every_package_has_its_place() -> None:
    assert {folder.parent.name for folder in SOURCE.glob("*/__init__.py")} == set(ORDER)


@pytest.mark.parametrize("package", ORDER)
def test_a_package_uses_only_those_before_it(package: str) -> None:
    allowed = set(ORDER[: ORDER.index(package) + 1])
    files = list((SOURCE / package).rglob("*.py"))
    assert len(files) > 1
    wrong = {
        f"{file.relative_to(SOURCE)}: {used}"
        for file in files
        for used in packages_used_by(file) - allowed
    }
    assert not wrong


def test_no_two_modules_use_each_other() -> None:
    files = {module_of(file): file for file in SOURCE.rglob("*.py")}
    graph = {
        module: {found for name in modules_used_by(file) if (found := _in(files, name))} - {module}
        for module, file in files.items()
    }
    assert len(list(TopologicalSorter(graph).static_order())) == len(files)  # CycleError names both


def module_of(file: Path) -> str:
    parts = file.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def _in(modules: dict[str, Path], name: str) -> str:
    """The module that a name is, or is in."""
    return name if name in modules else name.rpartition(".")[0]


def test_an_import_inside_a_function_counts(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(
        "def verb():\n    from workbook.cli import learn\n    import workbook.dev.suite\n"
    )
    assert packages_used_by(module) == {"cli", "dev"}
