"""Judges of Terraform code: Terraform itself reads it, in a folder that goes again, offline."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from workbook.exercises.exercise import Attempt
from workbook.targets.terraform import Root, last_words

SECONDS = 30
NOT_REFUSED = "Missing expected failure"  # of a test that expects a refusal
STATE = {
    "version": 4,
    "terraform_version": "1.11.0",
    "serial": 1,
    "lineage": "6a3f2f8e-5a4b-4d7c-9a55-000000000000",
    "outputs": {},
}
PROVIDER = 'provider["terraform.io/builtin/terraform"]'  # a part of Terraform: nothing to install


def refused_values(attempt: Attempt, variable: str, values: list[str]) -> list[str]:
    """The values, as HCL, that the learner's code refuses for a variable.

    Raises:
        Wrong: Terraform cannot read the code.
    """
    with _root(attempt) as root:
        for number, value in enumerate(values):  # a file each: one that fails stops no other
            (root.folder / f"{number}.tftest.hcl").write_text(
                f'run "refuses" {{\n  command = plan\n  variables {{\n    {variable} = {value}\n'
                f"  }}\n  expect_failures = [var.{variable}]\n}}\n",
                encoding="utf-8",
            )
        done = root.run("test", "-json", seconds=SECONDS)
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    for line in lines:
        problem = line.get("diagnostic", {"severity": "", "summary": NOT_REFUSED})
        if problem["severity"] == "error" and problem["summary"] != NOT_REFUSED:
            raise _unread(attempt, f"{problem['summary']}. {problem['detail']}")
    passed = {
        line["test_file"]["path"]
        for line in lines
        if line["type"] == "test_file" and line["test_file"].get("status") == "pass"
    }
    if not lines or lines[-1]["type"] != "test_summary":
        raise _unread(attempt, last_words(done.stderr) or "it ended and gave no reason")
    return [value for number, value in enumerate(values) if f"{number}.tftest.hcl" in passed]


def planned(attempt: Attempt, existing: dict[str, Any]) -> list[dict[str, Any]]:
    """What Terraform would do with what exists: the resource changes of its plan.

    Args:
        attempt: the learner's code.
        existing: the attribute `input` of each `terraform_data` that exists, by name.

    Raises:
        Wrong: Terraform cannot plan.
    """
    resources = [
        {
            "mode": "managed",
            "type": "terraform_data",
            "name": name,
            "provider": PROVIDER,
            "instances": [{"schema_version": 0, "attributes": _attributes(value)}],
        }
        for name, value in existing.items()
    ]
    with _root(attempt) as root:
        state = json.dumps({**STATE, "resources": resources})
        (root.folder / "terraform.tfstate").write_text(state, encoding="utf-8")
        done = root.run(
            "plan", "-no-color", "-input=false", "-lock=false", "-out=plan", seconds=SECONDS
        )
        if done.returncode != 0:
            raise _unread(attempt, last_words(done.stderr))
        shown = root.run("show", "-json", "plan", seconds=SECONDS)
        changes: list[dict[str, Any]] = json.loads(shown.stdout).get("resource_changes", [])
        return changes


def _attributes(value: str) -> dict[str, Any]:
    typed = {"value": value, "type": "string"}
    return {"id": value, "input": typed, "output": typed, "triggers_replace": None}


@contextmanager
def _root(attempt: Attempt) -> Iterator[Root]:
    with TemporaryDirectory() as folder:
        shutil.copyfile(attempt.file, Path(folder) / attempt.file.name)
        offline = {"TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1", "NO_COLOR": "1"}
        yield Root(Path(folder), offline)


def _unread(attempt: Attempt, found: str) -> Exception:
    return attempt.wrong(
        expected="code that Terraform accepts",
        found=found,
        why="Terraform read your file in an empty folder, without any provider",
    )
