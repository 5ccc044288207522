"""The `az` lines of the program itself, of its checks and of what it advises: az takes each."""

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from az.record import SUBSCRIPTION, Built, build
from az.review import findings
from copies import ROOT, copy_manifests
from recorded_az import SUBSCRIPTION as RECORDED
from recorded_az import RecordedAz, recorded
from rich.console import Console

from checks.phase3 import on_azure
from workbook.course.phase import Phase
from workbook.learner.choices import Choices
from workbook.progress import Steps
from workbook.site.az_lines import NOT_KNOWN, Command
from workbook.targets.azure.client import Azure, az_folder, open_azure, subscriptions
from workbook.targets.azure.doctor import examine_azure
from workbook.targets.azure.down import look_again, remove
from workbook.targets.azure.owned import purge_command

CHOICES = Choices(target="azure", subscription=RECORDED, prefix="ml-demo")
BACKEND = {"storage_account_name": "state", "key": "state", "container_name": "state"}
CALL = re.compile(r'\.(?:ask|list)\(\s*((?:"[a-z-]+"(?:,\s*)?)+)')  # .ask("vm", "list-skus", ...
# A command in a message, up to the punctuation after it; a sentence about az has no options
ADVICE = re.compile(r"(?:^|[;:`] ?)(az(?: [a-z-]+)+ --[^`;,)]+)")
SEVERAL = re.compile(rf" [^- ]\S* {NOT_KNOWN}")  # filled in with options too
APP = ("--resource-group", "ml-demo-rg", "--name", "ml-api")
IMAGE = ("--name", "mldemo1a2b3c4d", "--image", "ml-api:v1")


@pytest.fixture
def own(az: RecordedAz, tmp_path: Path) -> list[list[str]]:
    """What the program asks az for, each line once."""
    copy_manifests(tmp_path)
    azure = open_azure(tmp_path, CHOICES)
    subscriptions(tmp_path)
    Azure(RECORDED, az_folder(tmp_path)).ask("account", "set")
    kubectl = az.folder / "kubectl"  # doctor asks Azure only where kubectl fits
    kubectl.write_text("""#!/bin/sh\necho '{"clientVersion": {"gitVersion": "v1.36.4"}}'\n""")
    kubectl.chmod(0o755)
    az.answer("resource list", [])
    examine_azure(Phase(3, tmp_path, "azure"), CHOICES)
    az.answer("resource list", recorded("resource list"))
    remove(tmp_path, CHOICES, Steps(Console()), yes=True, state_too=True)
    elsewhere = {**recorded("resource list")[0], "resourceGroup": "another"}
    az.answer("resource list", [elsewhere])
    az.answer("group list", [])
    remove(tmp_path, CHOICES, Steps(Console()), yes=True, state_too=True)
    look_again(tmp_path, CHOICES, state_too=True)
    on_azure.lock_of(azure, BACKEND)
    az.answer("acr repository show", {})
    azure.ask("acr", "repository", "show", *IMAGE)  # as the check of phase 1 does
    for words in (("show",), ("revision", "list")):  # as the checks of the fast track do
        az.answer(f"containerapp {' '.join(words)}", {})
        azure.ask("containerapp", *words, *APP)
    unique = {tuple(call): call for call in az.calls()}
    return [[word.replace(RECORDED, SUBSCRIPTION) for word in call] for call in unique.values()]


@pytest.fixture
def built(own: list[list[str]]) -> list[Built]:
    return build(Command("src", 0, words, None, only_mentioned=False) for words in own)


def test_az_takes_every_line_of_the_program(own: list[list[str]], built: list[Built]) -> None:
    assert "\n".join(str(one) for one in built if one.problem) == ""
    asked = [" ".join(words) for words in own]
    for file in [*(ROOT / "src").rglob("*.py"), *(ROOT / "checks").rglob("*.py")]:
        for call in CALL.findall(file.read_text(encoding="utf-8")):
            line = " ".join(re.findall(r'"(.+?)"', call))
            assert any(each.startswith(line) for each in asked), f"{file}: no test asks az {line}"


def texts(node: ast.AST) -> Iterator[tuple[int, str]]:
    """The strings below a node, with their lines; what an f-string fills in is not known."""
    if isinstance(node, ast.JoinedStr):
        parts = [
            part.value if isinstance(part, ast.Constant) else NOT_KNOWN for part in node.values
        ]
        yield node.lineno, "".join(map(str, parts))
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.lineno, node.value
    else:
        for child in ast.iter_child_nodes(node):
            yield from texts(child)


def command(file: str, number: int, line: str) -> Command:
    return Command(file, number, shlex.split(line)[1:], None, only_mentioned=False)


def advised() -> list[Command]:
    """The `az` lines in the messages of the program, of its checks and of its drills."""
    files = [
        file for folder in ("src", "checks", "drills") for file in (ROOT / folder).rglob("*.py")
    ]
    found = [
        command(str(file.relative_to(ROOT)), number, line)
        for file in sorted(files)
        for number, text in texts(ast.parse(file.read_text(encoding="utf-8")))
        for line in ADVICE.findall(text)
        if not SEVERAL.search(line)  # below, as the program fills them in
    ]
    azure = Azure(RECORDED, ROOT)
    [vault, *_] = recorded("keyvault list-deleted")
    for line in (purge_command(azure, vault), on_azure.break_lease(azure, BACKEND)):
        found.append(command("filled in", 0, line))
    return found


def test_az_takes_every_line_that_the_program_advises() -> None:
    commands = advised()
    assert len(commands) > 20
    found = [each for each in findings(commands) if "it asks a question" not in each.what]
    assert "\n".join(map(str, found)) == ""
