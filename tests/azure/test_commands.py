"""What a learner types: every shell cell is bash, and every `az` line is one that azure-cli takes.

Nothing is run and no server is asked. `tests/azure/az` has the parser and the rules.
"""

import re
import subprocess
import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from az.lint import RULES
from az.record import NAMES, texts
from az.review import LESSONS, Finding, findings, text_of
from copies import ROOT

from workbook.course.phase import Lesson, lessons
from workbook.site.az_lines import Command, commands_of
from workbook.site.az_requests import Line, in_short, lines_of
from workbook.site.azure_steps import (
    BUILT,
    NOT_RUN,
    PARSED,
    RUN,
    Step,
    built,
    in_numbers,
    page_of,
    steps,
)

WRONG = ROOT / "tests" / "azure" / "az" / "wrong.md"
VERDICT = re.compile(r"^\s*(?:#|<!--) (refused|wrong|right)(?:: (.+?))?(?: -->)?$")
CELL = re.compile(r"^```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)

Found = list[tuple[Command, list[Finding]]]


def review(commands: list[Command]) -> Found:
    """Each command with what is against it."""
    against = findings(commands)
    return [(one, [found for found in against if found.command is one]) for one in commands]


@pytest.fixture(scope="module")
def commands() -> list[Command]:
    """Every `az` command of lessons and documents, with the names that `./workbook env` exports."""
    return commands_of(texts(), NAMES)


def test_exported_variables_are_known() -> None:
    text = """\
```bash
RG="$(terraform output -raw resource_group)" OTHER="$(terraform output -raw other)"
az group show --name "$RG" --tag "$OTHER" --image "${IMAGE##*/}" --digest "${IMAGE:?}"
```
"""
    [command] = commands_of({"a.md": text}, {"RG": "shop", "IMAGE": "shop.azurecr.io/base/python"})
    assert command.words[2:] == [
        *("--name", "shop"),
        *("--tag", "placeholder"),
        *("--image", "python"),
        *("--digest", "shop.azurecr.io/base/python"),
    ]


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


@pytest.mark.parametrize("file", LESSONS, ids=lambda file: str(file.relative_to(ROOT)))
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
    assert marked == names


@pytest.mark.parametrize("lesson", lessons(ROOT, "local"), ids=lambda lesson: lesson.name)
def test_the_page_calls_built_what_is_built(lesson: Lesson) -> None:
    lines = lines_of(ROOT).get(str(lesson.lesson.relative_to(ROOT)), [])
    assert page_of(lesson).count(f"| **{BUILT}** |") == sum(
        one.requests is not None for one in lines
    )


def test_only_a_line_whose_requests_are_kept_is_built() -> None:
    found = [
        Step("## A", "az group create", PARSED),
        Step("## A", "echo", NOT_RUN),
        Step("## A", "az aks stop", PARSED),
    ]
    requests = ["PUT resourcegroups (2024-11-01)"]
    lines = [Line("az group create", requests), Line("az aks stop", None)]
    assert [(step.mark, step.requests) for step in built(found, lines)] == [
        (BUILT, requests),
        (NOT_RUN, []),
        (PARSED, []),
    ]
    for of_other_lines in (lines[::-1], lines[:1]):
        with pytest.raises(ValueError, match="Build them again"):
            list(built(found, of_other_lines))


def test_marks_are_counted() -> None:
    found = [Step("", "az group create", mark) for mark in (NOT_RUN, BUILT, NOT_RUN)]
    assert in_numbers(found) == "1 built here, 2 not run"


def test_requests_in_short_are_those_that_change_something() -> None:
    at = "/subscriptions/{subscription}"
    app = f"{at}/resourceGroups/shop/providers/Microsoft.App/containerApps/shop"
    role = f"{app}/providers/Microsoft.Authorization/roleAssignments/one?api-version=2"
    read = {"method": "GET", "url": f"{at}/resourcegroups/shop?$filter=a&api-version=1"}
    log = {"method": "GET", "url": "https://shop.azurecr.io/v2/"}
    changes = [
        {"method": "PUT", "url": f"{app}?api-version=1"},
        {"method": "POST", "url": f"{app}/revisions/one/stop"},
        {"method": "PUT", "url": role},
    ]
    assert in_short([read, *changes, log]) == [
        "PUT Microsoft.App/containerApps (1)",
        "POST Microsoft.App/containerApps/revisions/stop",
        "PUT Microsoft.Authorization/roleAssignments (2)",
    ]
    assert in_short([log, read]) == ["GET resourcegroups (1)"]
    assert in_short([read, log]) == ["GET shop.azurecr.io/v2/"]
    assert in_short([]) == []


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


def test_the_command_in_the_docs_reviews_a_text(tmp_path: Path) -> None:
    text = tmp_path / "text.md"
    text.write_text("- `az aks strat --name shop`\n")
    [command] = re.findall(r"`(PYTHON.+ az\.review) FILE`", text_of(ROOT / "docs/azure-steps.md"))
    command = command.replace(".venv/bin/python", sys.executable)
    done = subprocess.run(f"{command} {text}", shell=True, cwd=ROOT, capture_output=True, text=True)
    assert "az aks has no command strat" in done.stdout, done.stderr


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
