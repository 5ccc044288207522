"""What a learner types: every shell cell is bash, and every `az` line is one that azure-cli takes.

Nothing is run and no server is asked. `tests/azure/az` has the parser and the rules.
"""

import re
import subprocess
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from az.lint import RULES
from az.review import Finding, findings
from copies import ROOT

from workbook.course.phase import Lesson, lessons
from workbook.site.az_lines import Command, commands_of
from workbook.site.azure_steps import NOT_RUN, PARSED, RUN, steps

TEXTS = sorted(
    file
    for pattern in ("*.md", "phases/*/README.md", "notebooks/*/README.md", "docs/**/*.md")
    for file in ROOT.glob(pattern)
)
WRONG = ROOT / "tests" / "azure" / "az" / "wrong.md"
VERDICT = re.compile(r"^\s*(?:#|<!--) (refused|wrong|right)(?:: (.+?))?(?: -->)?$")
CELL = re.compile(r"^```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)

Found = list[tuple[Command, list[Finding]]]


def text_of(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def review(commands: list[Command]) -> Found:
    """Each command with what is against it."""
    against = findings(commands)
    return [(one, [found for found in against if found.command is one]) for one in commands]


@pytest.fixture(scope="module")
def commands() -> list[Command]:
    """Every `az` command of lessons and documents."""
    return commands_of({str(file.relative_to(ROOT)): text_of(file) for file in TEXTS})


def misspelt(commands: list[Command]) -> list[Command]:
    """Each option of each command, one at a time; where there is none, its last word."""
    found = {}
    for command in commands:
        words = command.words
        options = [index for index, word in enumerate(words) if word.startswith("--")]
        for index in options or [len(words) - 1]:
            at = 3 if options else 1
            wrong = [*words]
            wrong[index] = f"{words[index][:at]}{words[index][at - 1 :]}"  # --nname, sstop
            found[command.name, wrong[index]] = replace(command, words=wrong)
    assert len(found) > len(commands)
    return [*found.values()]


@pytest.fixture(scope="module")
def reviewed(commands: list[Command]) -> dict[str, Found]:
    """What is found in right lines, in misspelt ones and in wrong ones; azure-cli starts once."""
    kinds = {
        "right": commands,
        "misspelt": misspelt(commands),
        "wrong": commands_of({WRONG.name: text_of(WRONG)}),
    }
    found = iter(review([command for kind in kinds.values() for command in kind]))
    return {kind: [*islice(found, len(lines))] for kind, lines in kinds.items()}


@pytest.fixture
def wrong(reviewed: dict[str, Found]) -> Found:
    """What is found in a text of lines that are wrong on purpose."""
    return reviewed["wrong"]


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_shell_cell_is_bash(file: Path) -> None:
    for cell in CELL.findall(text_of(file)):
        done = subprocess.run(["bash", "-n"], input=cell, capture_output=True, text=True)
        assert done.returncode == 0, f"{cell}\n{done.stderr}"


def test_every_az_line_is_one_that_azure_cli_takes(reviewed: dict[str, Found]) -> None:
    assert len(reviewed["right"]) > 20
    assert "\n".join(str(each) for _, found in reviewed["right"] for each in found) == ""


def test_a_misspelt_option_or_command_is_refused(reviewed: dict[str, Found]) -> None:
    found = reviewed["misspelt"]
    accepted = [one for one, against in found if not any(f.is_refusal for f in against)]
    assert "\n".join(map(str, accepted)) == ""


@pytest.mark.parametrize("lesson", lessons(ROOT, "local"), ids=lambda lesson: lesson.name)
def test_the_page_calls_parsed_what_is_parsed(lesson: Lesson, commands: list[Command]) -> None:
    source = str(lesson.lesson.relative_to(ROOT))
    names = [one.name for one in commands if one.file == source and not one.only_mentioned]
    marked = [step.text for step in steps(text_of(lesson.lesson)) if step.mark == PARSED]
    assert sorted(marked) == sorted(names)


def test_each_step_has_its_mark() -> None:
    lesson = """\
## A cluster

```bash
kubectl get nodes
```

```bash
# target: local
workbook up
```

```bash
# target: azure
# time limit: 60 s
export ID="$(az account show --query id)" GROUP="$(az group list | head -n 1)"
az group create --name shop \\
  --location westeurope
python - <<'END'
print("az group list")
END
echo done
```

```python
print("on both")
```

## The end

- `az group delete --name shop --yes`
"""
    assert [(step.heading, step.text, step.mark) for step in steps(lesson)] == [
        ("## A cluster", "kubectl get nodes\n", RUN),
        ("## A cluster", "az account show", PARSED),
        ("## A cluster", "az group list", PARSED),
        ("## A cluster", "az group create", PARSED),
        ("## A cluster", "python - <<'END'", NOT_RUN),
        ("## A cluster", "echo done", NOT_RUN),
        ("## A cluster", 'print("on both")\n', RUN),
        ("## The end", "az group delete", PARSED),
    ]


def test_each_wrong_az_line_is_reported_with_its_mistake(wrong: Found) -> None:
    verdicts = {
        line: (match[1], match[2] or "")
        for line, text in enumerate(text_of(WRONG).splitlines(), start=1)
        if (match := VERDICT.search(text))
    }
    for command, found in wrong:
        verdict, expected = verdicts[max(line for line in verdicts if line < command.line)]
        refusals = [finding.what for finding in found if finding.is_refusal]
        rules = [finding.what.partition(":")[0] for finding in found if not finding.is_refusal]
        if verdict == "refused":
            assert [what for what in refusals if expected in what], f"{command}\n{refusals}"
        else:
            assert refusals == [], command
            assert rules == (expected.split(", ") if expected else []), command
    assert len(verdicts) == len({command.line for command, _ in wrong})


def test_every_rule_has_a_line_that_breaks_it(wrong: Found) -> None:
    said = [finding.what for _, found in wrong for finding in found]
    assert [rule.name for rule in RULES if not any(rule.why in what for what in said)] == []
