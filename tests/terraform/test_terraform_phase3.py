"""What the lesson and the drills of phase 3 do on Azure, tried on Terraform itself.

The provider knows azurerm's schema and nothing else, and the state is in a file: so what is
refused, planned and locked is Terraform's own doing, and nobody is asked.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from recorded_az import SUBSCRIPTION
from terraform_tools import HOME, OF_TERRAFORM, PASSWORD, TERRAFORM, Terraform, installed, plan

from checks.phase3 import test_infrastructure, test_understanding
from checks.phase3.on_azure import APPLIED
from checks.phase3.test_state import REFUSED
from drills.phase3.service_not_registered import CODE
from workbook.course.phase import Phase
from workbook.drills.drill import System
from workbook.drills.of_phase import Drills
from workbook.learner.answers import write_answer
from workbook.learner.background import Background
from workbook.learner.choices import Choices
from workbook.lessons.shell import FUNCTIONS
from workbook.outcome import NotStarted, Wrong
from workbook.targets.terraform import root_of

CHOICES = Choices(target="azure", subscription=SUBSCRIPTION, prefix="ml-demo")
ROOT = "phases/phase3/terraform/azure"

pytestmark = pytest.mark.skipif(
    TERRAFORM is None,
    reason="no terraform on the PATH: nothing of phase 3 on Azure is tried on it",
)


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    return installed(tmp_path_factory.mktemp("providers"))


@pytest.fixture
def phase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, terraform: Terraform) -> Phase:
    """Phase 3 of a learner on Azure who has run `terraform init`."""
    home = tmp_path / "workbook"
    for folder in ("terraform", ROOT):
        shutil.copytree(HOME / folder, home / folder, ignore=OF_TERRAFORM)
    assert plan(terraform, home / ROOT).wrong == []
    for name in terraform.environment.keys() | os.environ.keys():
        if name.startswith(("ARM_", "TF_")):  # ours, and nothing of the user's own
            monkeypatch.delenv(name, raising=False)
            if name in terraform.environment:
                monkeypatch.setenv(name, terraform.environment[name])
    monkeypatch.setattr(Phase, "drills", HOME / "drills" / "phase3")
    phase = Phase(3, home, "azure")
    (phase.state / "administrator").write_text(PASSWORD, encoding="utf-8")
    (phase.state / "budget_email").write_text("learner@example.com", encoding="utf-8")
    return phase


def found(phase: Phase) -> str:
    """What the check finds a plan to say; there is always something, since nothing was made."""
    root = root_of(phase, CHOICES)
    with pytest.raises(Wrong) as wrong:
        test_infrastructure.test_plan_finds_no_difference(phase, root, {"resources": []}, CHOICES)
    return wrong.value.rows["found"]


def drills_of(phase: Phase) -> Drills:
    return Drills(System(phase, CHOICES, Background(phase.state)))


def test_terraform_refuses_overlapping_ranges_until_they_are_fixed(phase: Phase) -> None:
    plan_of_variables = phase.directory / "terraform/azure/variables.tf"
    before = plan_of_variables.read_text()
    drills = drills_of(phase)
    drills.begin("ranges-overlap")
    assert re.search(r"Invalid value for variable .*must not overlap", found(phase))
    drills.fix()
    assert plan_of_variables.read_text() == before
    assert "create module.network.azurerm_virtual_network.main" in found(phase)


def test_terraform_plans_what_it_has_no_registration_for(phase: Phase) -> None:
    drill = drills_of(phase).load("service-not-registered")
    settings = phase.directory / "terraform/azure/settings.tf"
    settings.write_text(CODE, encoding="utf-8")
    assert "create azurerm_app_configuration.main" in found(phase)
    drill.fix(System(phase, CHOICES, Background(phase.state)))
    assert not settings.exists()
    assert "No objects need to be destroyed" in (phase.state / APPLIED).read_text()
    assert "azurerm_app_configuration" not in found(phase)


def cell_of(lesson: str, heading: str) -> str:
    """The cell for Azure under a heading."""
    section = lesson.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    [cell] = re.findall(r"^```bash\n(# target: azure\n.*?)^```$", section, re.M | re.S)
    return str(cell)


def test_second_apply_reports_who_holds_the_lock(phase: Phase) -> None:
    lesson = (HOME / "phases/phase3/README.md").read_text(encoding="utf-8")
    cell = cell_of(lesson, "Two at the same time")
    state = {"version": 4, "serial": 1, "lineage": "of-this-test", "outputs": {}, "resources": []}
    (phase.directory / "terraform/azure/terraform.tfstate").write_text(json.dumps(state))
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"{FUNCTIONS.read_text(encoding='utf-8')}\n{cell}"],
        cwd=phase.directory / "terraform/azure",
        env={**os.environ, "STATE": str(phase.state)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    refused = (phase.state / REFUSED).read_text()
    assert "Error acquiring the state lock" in refused
    assert "OperationTypeApply" in refused
    assert "of-this-test" in refused
    assert "Apply cancelled" in (phase.state / "first.txt").read_text()
    assert "Plan:" in (phase.state / "waited.txt").read_text()
    assert not (phase.state / "answer").exists()
    # and the lesson's own way to the answer finds what the check takes for right
    solution = re.search(r"lock-holder \"\$\((sed .*)\)\"", lesson)
    assert solution is not None
    who = subprocess.check_output(
        ["bash", "-c", solution[1]], env={**os.environ, "STATE": str(phase.state)}, text=True
    )
    write_answer(phase, "lock-holder", who)
    with pytest.raises(NotStarted, match="lineage, rebuild-seconds"):
        test_understanding.test_terraform_is_understood(phase, {"lineage": "1"})
