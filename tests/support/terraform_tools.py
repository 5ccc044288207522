"""Terraform, tflint and checkov, and what each says of a copy of the Terraform code."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from environments import environment_of

from workbook.targets.local.tools import tool

HOME = Path(__file__).parents[2]
INSTALL = HOME / "offline" / "terraform" / "install.py"
TERRAFORM = shutil.which("terraform")
PASSWORD = "Only-for-this-test-1"
PREFIX = "ml-demo"
OF_TERRAFORM = shutil.ignore_patterns(".terraform*", "*.tfstate*")
OF_A_STATE = re.compile(r"(^|/)\.terraform|\.tfstate")  # the same, in a path
SKIP = re.compile(r"#checkov:skip=(\w+):(.+)")

Json = dict[str, Any]


def name_of(folder: Path) -> str:
    return str(folder.relative_to(HOME))


def distinct(roots: Iterable[Path]) -> list[Path]:
    """The roots but those that hold, byte by byte, what an earlier one holds.

    A phase is a whole copy, and each phase's root uses the same modules: what Terraform and the
    linters say of one such root, they say of the other.
    """
    first: dict[tuple[tuple[str, bytes], ...], Path] = {}
    for root in roots:
        files = {str(file.relative_to(root)): file for file in root.rglob("*") if file.is_file()}
        names = sorted(name for name in files if not OF_A_STATE.search(name))
        first.setdefault(tuple((name, files[name].read_bytes()) for name in names), root)
    return [*first.values()]


class Terraform:
    """Terraform, with the schema-only providers and without the user's own settings."""

    def __init__(self, configuration: Path) -> None:
        self.configuration = configuration
        settings = ("ARM_", "TF_")
        others = {name: each for name, each in os.environ.items() if not name.startswith(settings)}
        self.environment = {
            **others,
            "ARM_SUBSCRIPTION_ID": "00000000-0000-0000-0000-000000000000",
            "CHECKPOINT_DISABLE": "1",
            "TF_CLI_CONFIG_FILE": str(configuration),
            "TF_DISABLE_PLUGIN_TLS": "1",
            "TF_IN_AUTOMATION": "1",
            "TF_VAR_administrator_password": PASSWORD,
            "TF_VAR_budget_email": "learner@example.com",
            "TF_VAR_prefix": PREFIX,
        }

    def __call__(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        # Terraform only warns, and then looks for the provider elsewhere
        if not self.configuration.is_file():
            raise FileNotFoundError(f"TF_CLI_CONFIG_FILE names {self.configuration}: no such file")
        command = [str(TERRAFORM), *arguments]
        return subprocess.run(
            command, cwd=folder, env=self.environment, capture_output=True, text=True
        )


def installed(folder: Path) -> Terraform:
    """Terraform, with the schema-only providers laid out in a folder."""
    done = subprocess.run([sys.executable, INSTALL, folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return Terraform(folder / "terraform.rc")


def problems(terraform: Terraform, folder: Path) -> list[str]:
    """What `terraform validate` finds, warnings as well."""
    done = terraform(folder, "validate", "-json")
    found = json.loads(done.stdout)["diagnostics"]
    return [" ".join(f"{one['summary']} {one['detail']}".split()) for one in found]


def runs_of(file: Path) -> dict[str, str]:
    """The runs of a test file, by their names."""
    found = re.finditer(
        r'^run "(\w+)" {.*?^}\n', file.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    return {one[1]: one[0] for one in found}


def made_before(terraform: Terraform, root: Path, address: str) -> set[str]:
    """What Terraform makes before a resource, by its order of work."""
    shown = terraform(root, "graph").stdout
    edges = re.findall(r'"([^"]+)" -> "([^"]+)"', shown)
    before: set[str] = set()
    found = {address}
    while found:
        found = {second for first, second in edges if first in found} - before
        before |= found
    return before


@dataclass(frozen=True)
class Plan:
    """What Terraform would make of a root; nothing, if it is refused."""

    root: Path
    wrong: list[str]
    resources: Json
    shown: str


def plan(terraform: Terraform, root: Path) -> Plan:
    """Plan a root, with its state in a file: a plan wants its backend to be there."""
    override = 'terraform {\n  backend "local" {}\n}\n'
    (root / "backend_override.tf").write_text(override, encoding="utf-8")
    done = terraform(root, "init", "-input=false", "-no-color")
    assert done.returncode == 0, done.stderr
    done = terraform(root, "plan", "-input=false", "-no-color", "-out=plan")
    if done.returncode != 0:
        return Plan(root, [done.stderr], {}, done.stdout)
    shown = terraform(root, "show", "-json", "plan").stdout
    changes = json.loads(shown)["resource_changes"]
    resources = {one["address"]: one["change"]["after"] for one in changes}
    untagged = [
        f"{address}: no tag workbook"
        for address, after in resources.items()
        if "tags" in after and (after["tags"] or {}).get("workbook") != PREFIX
    ]
    return Plan(root, untagged, resources, done.stdout + shown)


def linted(code: Path, terraform: Terraform) -> str:
    """What tflint finds."""
    settings = code / "terraform" / ".tflint.hcl"
    command = [str(tool("tflint")), "--recursive", f"--config={settings}", "--format=compact"]
    done = subprocess.run(
        command, cwd=code, env=terraform.environment, capture_output=True, text=True
    )
    assert done.returncode in (0, 2), done.stderr
    return done.stdout


def broken_rules(code: Path) -> set[tuple[str, str]]:
    """The rules of checkov that are broken, each with its file; exceptions are not looked at."""
    looked_at = code.parent / f"{code.name}-for-checkov"
    shutil.copytree(code, looked_at, ignore=OF_TERRAFORM)
    for file in looked_at.rglob("*.tf"):
        file.write_text(file.read_text(encoding="utf-8").replace("#checkov:skip=", "# "))
    checkov = environment_of(HOME / "tests" / "support" / "checkov.lock") / "checkov"
    command = [str(checkov), "--directory", str(looked_at), "--framework", "terraform"]
    command += ["--output", "json", "--quiet", "--skip-download", "--soft-fail"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["resource_count"] > 20
    return {
        (one["file_path"].lstrip("/"), f"{one['check_id']} {one['check_name']}")
        for one in report["results"]["failed_checks"]
    }


def exceptions(code: Path) -> set[tuple[str, str]]:
    """The rules that are not kept, each with its file, as the code says it."""
    return {
        (str(file.relative_to(code)), rule)
        for file in code.rglob("*.tf")
        for rule, reason in SKIP.findall(file.read_text(encoding="utf-8"))
        if len(reason.split()) > 2
    }
