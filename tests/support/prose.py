"""Pages, and the strings of code that people read, as text that Vale can judge."""

import ast
import inspect
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from workbook.targets.local.tools import tool

RULES = ".vale/styles"
EXCEPTIONS = ".vale/exceptions.toml"
PAGES = (
    "*.md",
    "docs/**/*.md",
    "offline/**/*.md",
    "phases/*/README.md",
    "notebooks/*/README.md",
)
CODE = ("src/**/*.py", "checks/**/*.py", "drills/**/*.py", "exercises/*/*/exercise.py")
A_VALUE = "X"  # stands for what an f-string fills in
PROGRAM = re.compile(r"import |#!|\{%|kubectl -|SELECT |CREATE |BEGIN; ")  # another program runs it
MESSAGE = re.compile(r"[^\W\d_]{2,}[,;:]? [^\W\d_]+ \S")  # three words; commands have them too


class Alert(NamedTuple):
    """A place that breaks a rule."""

    file: str
    line: int
    rule: str
    says: str


class Said(NamedTuple):
    """A string of code that a person reads."""

    line: int
    text: str
    is_docstring: bool


def alerts_in_pages(root: Path) -> list[Alert]:
    """What Vale finds in the Markdown pages."""
    pages = sorted({page for pattern in PAGES for page in root.glob(pattern)})
    return list(_vale(root, root, [str(page.relative_to(root)) for page in pages]))


def alerts_in_code(root: Path, scratch: Path) -> list[Alert]:
    """What Vale finds in docstrings, messages and help texts, which are written to `scratch`."""
    lines: dict[bool, list[str]] = {True: [], False: []}
    origins: dict[bool, list[tuple[str, int]]] = {True: [], False: []}
    for file in sorted({file for pattern in CODE for file in root.glob(pattern)}):
        for said in strings_of(file.read_text(encoding="utf-8")):
            block = [*said.text.splitlines(), ""]
            lines[said.is_docstring] += block
            origin = (str(file.relative_to(root)), said.line)
            origins[said.is_docstring] += [origin] * len(block)
    found = []
    for is_docstring, name in ((True, "docstrings.md"), (False, "messages.md")):
        (scratch / name).write_text("\n".join(lines[is_docstring]), encoding="utf-8")
        for alert in _vale(root, scratch, [name]):
            file, line = origins[is_docstring][alert.line - 1]
            found.append(alert._replace(file=file, line=line))
    return found


def alerts_in_sentences(
    root: Path, scratch: Path, page: str, sentences: list[str]
) -> list[set[str]]:
    """The rules that each sentence breaks, on a page whose path decides which rules apply."""
    (scratch / page).parent.mkdir(parents=True, exist_ok=True)
    (scratch / page).write_text("\n\n".join(sentences), encoding="utf-8")
    broken: list[set[str]] = [set() for _ in sentences]
    for alert in _vale(root, scratch, [page]):
        broken[alert.line // 2].add(alert.rule)
    return broken


def strings_of(source: str) -> Iterator[Said]:
    """The docstrings, and the other strings that hold at least three words."""
    tree = ast.parse(source)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value): node
        for node in ast.walk(tree)
        if isinstance(node, documented) and ast.get_docstring(node)
        if isinstance(node.body[0], ast.Expr)
    }
    inside = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in node.values
    }
    for node in ast.walk(tree):
        if id(node) in docstrings and isinstance(node, ast.Constant):
            yield Said(node.lineno, _paragraphs(inspect.cleandoc(str(node.value))), True)
        elif id(node) not in inside and _is_message(text := _text_of(node)):
            yield Said(node.lineno, inspect.cleandoc(text), False)


def _text_of(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else A_VALUE for part in node.values)
        return "".join(str(part) for part in parts)
    return ""


def _is_message(text: str) -> bool:
    return bool(MESSAGE.search(text)) and not PROGRAM.match(text.lstrip())


def _paragraphs(docstring: str) -> str:
    """Each argument or error of a docstring as a paragraph of its own."""
    return re.sub(r"^ +(?=\w+: )", "\n", docstring, flags=re.MULTILINE)


def _vale(root: Path, folder: Path, files: list[str]) -> Iterator[Alert]:
    command = [str(tool("vale")), f"--config={root / '.vale.ini'}", "--output=JSON", *files]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stdout + done.stderr  # 1: something was found
    for file, alerts in json.loads(done.stdout).items():
        for alert in alerts:
            yield Alert(file, alert["Line"], alert["Check"], alert["Message"])
