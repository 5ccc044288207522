"""The learner's Terraform, as checks and drills call it: what they see, the learner can see too."""

import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from workbook.course.phase import Phase
from workbook.errors import WorkbookError
from workbook.learner.choices import Choices
from workbook.programs import run

OLDEST = (1, 11)  # write-only arguments: a password that gets into no state
HOW_TO_GET_IT = "install Terraform 1.11 or newer: https://developer.hashicorp.com/terraform/install"
NAMESPACE = "terraform-state"  # where the local root keeps its state: versions.tf names it
STATE = "tfstate-default-local"  # the Secret
SECONDS_TO_ANSWER = 120  # on Azure, the state is far away
SECONDS_TO_CHANGE = 1800  # plan, apply; a cluster on Azure takes a quarter of an hour
LEASE = "lock-tfstate-default-local"  # the lock


@dataclass(frozen=True)
class Root:
    """A folder that Terraform works in."""

    folder: Path
    environment: dict[str, str]

    def run(
        self, *words: str, stdin: str = "", seconds: float = SECONDS_TO_CHANGE
    ) -> "CompletedProcess[str]":
        """Run terraform in the folder; its status is the caller's to judge.

        Raises:
            WorkbookError: there is no Terraform on this machine.
            TookTooLong: it has not ended.
        """
        command = ["terraform", f"-chdir={self.folder}", *words]
        environment = {**os.environ, **self.environment}
        try:
            return run(command, seconds, stdin=stdin, environment=environment)
        except FileNotFoundError:
            raise WorkbookError("There is no Terraform on this machine.", HOW_TO_GET_IT) from None

    @property
    def is_initialised(self) -> bool:
        """Whether `terraform init` has been here, so that it knows where the state is."""
        return (self.folder / ".terraform" / "terraform.tfstate").exists()

    def state(self) -> dict[str, Any]:
        """The state, local or remote; empty if there is no state yet.

        Raises:
            WorkbookError: it cannot be read.
        """
        done = self.run("state", "pull", seconds=SECONDS_TO_ANSWER)
        if done.returncode != 0:
            raise WorkbookError(f"The state cannot be read: {last_words(done.stderr)}")
        pulled: dict[str, Any] = json.loads(done.stdout or "{}")
        return pulled


def root_of(phase: Phase, choices: Choices) -> Root:
    """The phase's own root for the target."""
    from workbook.targets.environment import lesson_environment  # needs more than a fresh clone has

    environment = lesson_environment(phase.root, choices)
    if choices.target == "azure":
        environment |= _variables(phase.state)
    return Root(phase.directory / "terraform" / choices.target, {**environment, "NO_COLOR": "1"})


def _variables(kept: Path) -> dict[str, str]:
    """What the lesson's cells tell the root of Azure, from the files that they keep it in."""
    variables = {}
    if (email := kept / "budget_email").exists():
        variables["TF_VAR_budget_email"] = email.read_text(encoding="utf-8").strip()
    if (password := kept / "administrator").exists():
        variables["TF_VAR_administrator_password"] = password.read_text(encoding="utf-8")
        version = str(int(password.stat().st_mtime))  # a new file is a new version
        variables["TF_VAR_administrator_password_version"] = version
    return variables


def version() -> tuple[int, ...] | None:
    """The version of the Terraform on this machine's PATH; None if Terraform is missing."""
    program = shutil.which("terraform")
    if program is None:
        return None
    done = run([program, "version", "-json"], SECONDS_TO_ANSWER)
    try:
        numbers: str = json.loads(done.stdout)["terraform_version"]
    except (ValueError, KeyError):
        return None
    return tuple(int(number) for number in re.findall(r"\d+", numbers)[:3])


def last_words(said: str) -> str:
    """What Terraform said, without the frame that it draws around it."""
    lines = (re.sub(r"^[│╷╵]\s?", "", line).rstrip() for line in said.strip().splitlines())
    return "\n".join(line for line in lines if line)
