"""The drills of phase 3 that are of Azure alone, and a service that is not registered."""

import json
import subprocess
from pathlib import Path
from typing import Any, cast

import pytest
from recorded_az import SUBSCRIPTION, RecordedAz

from checks.phase3 import test_infrastructure
from checks.phase3.on_azure import APPLIED, refused_services
from workbook.course.phase import Phase
from workbook.drills.drill import NothingToBreak, System
from workbook.drills.of_phase import Drills
from workbook.errors import WorkbookError
from workbook.learner.background import Background
from workbook.learner.choices import Choices
from workbook.learner.drills import drill_names
from workbook.outcome import Wrong
from workbook.targets.terraform import Root

CHOICES = Choices(target="azure", subscription=SUBSCRIPTION, prefix="ml-demo")
NAME = "service-not-registered"

# learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-register-resource-provider
# has Azure's words; the words before them are azurerm's, and Terraform breaks the line anywhere.
NOT_REGISTERED = """\
╷
│ Error: creating Configuration Store: unexpected status 409 (409 Conflict) with error:
│ MissingSubscriptionRegistration: The subscription is not registered to use
│ namespace 'Microsoft.AppConfiguration'. See https://aka.ms/rps-not-found for how to
│ register subscriptions.
│
│   with azurerm_app_configuration.main,
│   on settings.tf line 1, in resource "azurerm_app_configuration" "main":
╵
"""

# A line of `terraform plan -json`, printed by Terraform 1.11.4 here; shortened.
PLANNED = {
    "@level": "info",
    "@message": "azurerm_app_configuration.main: Plan to create",
    "type": "planned_change",
    "change": {"resource": {"addr": "azurerm_app_configuration.main"}, "action": "create"},
}


@pytest.fixture
def phase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Phase:
    """Phase 3 of a learner on Azure, with the drills of the workbook."""
    home = tmp_path / "workbook"
    (home / "phases" / "phase0").mkdir(parents=True)
    (home / "phases" / "phase3" / "terraform" / "azure").mkdir(parents=True)
    monkeypatch.setenv("WORKBOOK_ROOT", str(home))
    monkeypatch.setattr(Phase, "drills", Path(__file__).parents[2] / "drills" / "phase3")
    return Phase(3, home, "azure")


class Terraform:
    """A root whose plans and applies end as they are told to; in order."""

    def __init__(self, *ends: tuple[int, str]) -> None:
        self.ends = [*ends]
        self.calls: list[tuple[str, ...]] = []
        self.is_initialised = True

    def run(self, *words: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        self.calls.append(words)
        status, said = self.ends.pop(0)
        is_plan = words[0] == "plan"
        return subprocess.CompletedProcess(
            words, status, said if is_plan else "", "" if is_plan else said
        )


def plan_check(phase: Phase, status: int, *said: dict[str, Any]) -> str:
    root = cast(Root, Terraform((status, "\n".join(map(json.dumps, said)))))
    state = {"resources": ["one"]}
    return test_infrastructure.test_plan_finds_no_difference(phase, root, state, CHOICES)


def test_a_service_that_is_not_registered_is_named_with_the_line_that_registers_it(
    az: RecordedAz, phase: Phase
) -> None:
    (phase.state / APPLIED).write_text(NOT_REGISTERED, encoding="utf-8")
    with pytest.raises(Wrong) as wrong:
        plan_check(phase, 2, PLANNED)
    rows = wrong.value.rows
    assert rows["found"].startswith("create azurerm_app_configuration.main; and apply was refused")
    register = "az provider register --wait --namespace Microsoft.AppConfiguration"
    assert rows["run next"].startswith(f"{register} --subscription {SUBSCRIPTION}; ")
    # once it is registered, there is the difference alone; and none, once it is applied
    now = {"namespace": "Microsoft.AppConfiguration", "registrationState": "Registered"}
    az.change("provider list", lambda answer: answer.append(now))
    with pytest.raises(Wrong) as wrong:
        plan_check(phase, 2, PLANNED)
    assert wrong.value.rows["found"] == "create azurerm_app_configuration.main"
    assert plan_check(phase, 0) == "1 resources, as the code says"


# github.com/hashicorp/terraform-provider-azurerm/issues/16334, with our resource.
BUDGET = """\
╷
│ Error: creating Budget: unexpected status 404 (404 Not Found) with error: NotFound: Cost
│ management data is not supported for subscription(s)
│ 1a2b3c4d-0000-0000-0000-000000000000, in the provided api-version. Please use api-version
│ 2019-10-01 or later.
│
│   with azurerm_consumption_budget_resource_group.main[0],
│   on main.tf line 65, in resource "azurerm_consumption_budget_resource_group" "main":
╵
"""


def test_a_budget_that_azure_refuses_is_named_with_the_page_that_explains_it(
    az: RecordedAz, phase: Phase
) -> None:
    (phase.state / APPLIED).write_text(BUDGET, encoding="utf-8")
    address = "azurerm_consumption_budget_resource_group.main[0]"
    change = {"resource": {"addr": address}, "action": "create"}
    with pytest.raises(Wrong) as wrong:
        plan_check(phase, 2, {**PLANNED, "change": change})
    assert wrong.value.rows["found"] == f"create {address}; and the last apply was refused"
    assert wrong.value.rows["run next"].startswith("read docs/azure-refusals.md#budget-refused")


def test_a_difference_is_one_though_azure_does_not_answer(az: RecordedAz, phase: Phase) -> None:
    (phase.state / APPLIED).write_text(NOT_REGISTERED, encoding="utf-8")
    az.say("provider list", stderr="ERROR: Max retries exceeded", status=1)
    with pytest.raises(Wrong) as wrong:
        plan_check(phase, 2, PLANNED)
    assert wrong.value.rows["found"] == "create azurerm_app_configuration.main"


def test_another_difference_is_not_put_down_to_it(az: RecordedAz, phase: Phase) -> None:
    (phase.state / APPLIED).write_text(NOT_REGISTERED, encoding="utf-8")
    other = {"resource": {"addr": "azurerm_resource_group.main"}, "action": "update"}
    with pytest.raises(Wrong) as wrong:
        plan_check(phase, 2, {**PLANNED, "change": other})
    assert wrong.value.rows["found"] == "update azurerm_resource_group.main"


def test_other_refusals_are_not_taken_for_it() -> None:
    assert refused_services("Error: SkuNotAvailable: not available in this region") == set()


def drills_of(
    phase: Phase, monkeypatch: pytest.MonkeyPatch, terraform: Terraform
) -> tuple[Drills, Path]:
    """The drills of phase 3 with a Terraform, and the folder of the learner's code."""
    monkeypatch.setattr("drills.phase3._infrastructure.root_of", lambda *_: terraform)
    system = System(phase, CHOICES, Background(phase.state))
    return Drills(system), phase.directory / "terraform" / "azure"


def test_the_drill_needs_what_is_not_registered_and_its_fix_takes_it_out_of_the_code(
    az: RecordedAz, phase: Phase, monkeypatch: pytest.MonkeyPatch
) -> None:
    terraform = Terraform((0, ""), (1, NOT_REGISTERED), (0, "Destroy complete!"))
    drills, code = drills_of(phase, monkeypatch, terraform)
    drill = drills.begin(NAME)
    assert "azurerm_app_configuration" in (code / "settings.tf").read_text()
    with pytest.raises(Wrong, match=r"not registered for Microsoft\.AppConfiguration"):
        plan_check(phase, 2, PLANNED)
    drills.fix()
    assert not (code / "settings.tf").exists()
    asked, *changed = terraform.calls
    assert (asked[0], [call[0] for call in changed]) == ("plan", ["apply", "destroy"])
    assert all("-target=azurerm_app_configuration.main" in call for call in changed)
    assert plan_check(phase, 0)
    assert drill.turns_red.__name__ == "test_plan_finds_no_difference"


def test_the_drill_changes_nothing_where_nothing_would_be_missing(
    az: RecordedAz, phase: Phase, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = {"namespace": "Microsoft.AppConfiguration", "registrationState": "Registered"}
    az.change("provider list", lambda answer: answer.append(now))
    terraform = Terraform()
    drills, code = drills_of(phase, monkeypatch, terraform)
    with pytest.raises(NothingToBreak) as refused:
        drills.begin(NAME)
    assert "az provider unregister" in refused.value.run_next
    assert (drills.under_way(), terraform.calls) == (None, [])
    assert not (code / "settings.tf").exists()


def test_the_drill_applies_nothing_where_a_plan_would_do_more(
    az: RecordedAz, phase: Phase, monkeypatch: pytest.MonkeyPatch
) -> None:
    terraform = Terraform((2, ""))
    drills, code = drills_of(phase, monkeypatch, terraform)
    with pytest.raises(NothingToBreak, match="do not agree to begin with"):
        drills.begin(NAME)
    assert len(terraform.calls) == 1
    assert not (code / "settings.tf").exists()


def test_other_failure_of_the_drills_apply_is_reported_and_undone(
    az: RecordedAz, phase: Phase, monkeypatch: pytest.MonkeyPatch
) -> None:
    terraform = Terraform((0, ""), (1, "Error: no login"), (1, "Error: no login"), (0, ""))
    drills, _ = drills_of(phase, monkeypatch, terraform)
    with pytest.raises(WorkbookError, match="no login") as refused:
        drills.begin(NAME)
    assert refused.value.run_next == "./workbook drill 3 --fix"
    with pytest.raises(WorkbookError, match="no login"):
        drills.fix()
    drills.fix()
    assert drills.under_way() is None


def test_a_drill_of_the_other_target_says_so(phase: Phase, monkeypatch: pytest.MonkeyPatch) -> None:
    drills, _ = drills_of(phase, monkeypatch, Terraform())
    with pytest.raises(WorkbookError, match="runs on local only; your target is azure"):
        drills.begin("lock-left-behind")
    assert drills.under_way() is None
    on_azure = {*drills.of_target()}
    assert {NAME, "ranges-overlap", "answers-of-another-system"} <= on_azure
    local = Drills(System(Phase(3, phase.root, "local"), Choices(), Background(phase.state)))
    assert "ranges-overlap" not in local.of_target()
    assert {*drill_names(phase)} == on_azure | {*local.of_target()}
