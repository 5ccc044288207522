"""Phase 3 on Azure: the lock of the state, and what is beside it, by recorded answers of az."""

import base64
import json
import re
import subprocess
from pathlib import Path
from typing import Any, cast

import pytest
from copies import ROOT
from recorded_az import SUBSCRIPTION, RecordedAz, recorded

from checks.phase3 import test_infrastructure, test_state, test_understanding
from workbook.course.phase import Phase
from workbook.learner.answers import write_answer
from workbook.learner.choices import Choices
from workbook.learner.store import write_json
from workbook.outcome import NotStarted, Unknown, Wrong
from workbook.targets.kubernetes import Kubernetes
from workbook.targets.terraform import Root

CHOICES = Choices(target="azure", subscription=SUBSCRIPTION, prefix="ml-demo")
CLUSTER = cast(Kubernetes, None)  # is not asked
IDENTITY = "e9eb9ed7-a3bc-ae67-640d-ad4cb06fae7a"
WHO = "learner@laptop"
STATE = {"serial": 7, "lineage": "4cc9ce03-b1e6-7f1f-9d2e-1f5d1cf3b1a2"}

# How Terraform 1.9.5 printed it: github.com/hashicorp/terraform/issues/25818, comment of 26 August
# 2024. The same words are in its sources: internal/backend/remote-state/azure/client.go,
# internal/states/statemgr/locker.go, internal/command/clistate/state.go.
REFUSED = f"""\
╷
│ Error: Error acquiring the state lock
│
│ Error message: state blob is already locked
│ Lock Info:
│   ID:        {IDENTITY}
│   Path:      state/workbook.tfstate
│   Operation: OperationTypeApply
│   Who:       {WHO}
│   Version:   1.11.4
│   Created:   2026-11-02 09:15:30.123456 +0000 UTC
│   Info:
│
│
│ Terraform acquires a state lock to protect the state from being written
│ by multiple users at the same time. Please resolve the issue above and try
│ again. For most commands, you can disable locking with the "-lock=false"
│ flag, but this is not recommended.
╵
  "lineage": "{STATE["lineage"]}",
"""


@pytest.fixture
def phase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Phase:
    """Phase 3 of a learner on Azure, whose Terraform knows where its state is."""
    home = tmp_path / "workbook"
    (home / "phases" / "phase0").mkdir(parents=True)
    monkeypatch.setenv("WORKBOOK_ROOT", str(home))
    phase = Phase(3, home, "azure")
    backend = {
        "storage_account_name": "mldemostateabc12",
        "container_name": "state",
        "key": "workbook.tfstate",
    }
    kept = {"version": 3, "backend": {"type": "azurerm", "config": backend}}
    write_json(phase.directory / "terraform/azure/.terraform/terraform.tfstate", kept)
    return phase


# The lock


def lock_check(phase: Phase, refused: str = REFUSED) -> str:
    (phase.state / test_state.REFUSED).write_text(refused, encoding="utf-8")
    root = Root(phase.directory / "terraform" / "azure", {})
    return test_state.test_state_is_remote_and_locked(phase, CLUSTER, root, STATE, CHOICES)


def leased(metadata: dict[str, str]) -> Any:
    """The answer about a state's blob that somebody has leased."""
    blob = recorded("storage blob show")
    blob["properties"]["lease"] = {"status": "locked", "state": "leased", "duration": "infinite"}
    return {**blob, "metadata": metadata}


def test_two_at_once_are_kept_apart_and_the_lock_is_free(az: RecordedAz, phase: Phase) -> None:
    assert lock_check(phase) == "azurerm, version 7; the lock is free"
    [asked] = az.calls()
    assert "storage blob show --account-name mldemostateabc12" in " ".join(asked)
    with pytest.raises(NotStarted, match="Two at the same time"):
        lock_check(phase, "Apply complete! Resources: 0 added, 0 changed, 0 destroyed.")
    with pytest.raises(Wrong, match="on this state"):
        lock_check(phase, REFUSED.replace(STATE["lineage"], "another"))


def test_lock_left_behind_is_named_with_the_command_that_removes_it(
    az: RecordedAz, phase: Phase
) -> None:
    noted = {"ID": IDENTITY, "Operation": "OperationTypeApply", "Who": WHO}  # as client.go does it
    metadata = {"terraformlockid": base64.b64encode(json.dumps(noted).encode()).decode()}
    az.answer("storage blob show", leased(metadata))
    with pytest.raises(Wrong) as wrong:
        lock_check(phase)
    assert wrong.value.rows["found"].startswith(f"{WHO} has held it")
    unlock = f"terraform -chdir=phases/phase3/terraform/azure force-unlock {IDENTITY}"
    assert wrong.value.rows["run next"].startswith(unlock)


def test_a_lease_that_is_not_terraforms_is_broken_by_az(az: RecordedAz, phase: Phase) -> None:
    az.answer("storage blob show", leased({}))
    with pytest.raises(Wrong) as wrong:
        lock_check(phase)
    assert wrong.value.rows["run next"].startswith("az storage blob lease break --account-name")


def test_a_state_that_cannot_be_asked_for_is_not_called_wrong(az: RecordedAz, phase: Phase) -> None:
    az.say("storage blob show", stderr="ERROR: Please run 'az login' to setup account.", status=1)
    with pytest.raises(Unknown, match="az login"):
        lock_check(phase)


def test_who_held_the_lock_is_read_from_the_refusal(phase: Phase) -> None:
    (phase.state / test_state.REFUSED).write_text(REFUSED, encoding="utf-8")
    write_answer(phase, "lock-holder", "a-colleague@laptop")
    with pytest.raises(Wrong, match="lock-holder"):
        test_understanding.test_terraform_is_understood(phase, {"lineage": "1"})
    write_answer(phase, "lock-holder", WHO)
    with pytest.raises(NotStarted, match="answer lineage, rebuild-seconds: "):
        test_understanding.test_terraform_is_understood(phase, {"lineage": "1"})


# Nothing beside the state


def state_of(*ids: str) -> dict[str, Any]:
    """A state with things of these ids."""
    resources = [
        {"type": "azurerm_x", "name": "main", "instances": [{"attributes": {"id": each}}]}
        for each in ids
    ]
    return {"resources": resources}


def beside_check(phase: Phase, state: dict[str, Any]) -> str:
    return test_infrastructure.test_all_is_in_terraform(phase, CLUSTER, state, CHOICES)


GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/ml-demo-rg"
IDS = [item["id"] for item in recorded("resource list")]


def item(name: str, group: str = "ml-demo-rg", **changed: Any) -> Any:
    """Something on Azure, in the shape of what is recorded."""
    [first, *_] = recorded("resource list")
    place = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}"
    return {
        **first,
        "id": f"{place}/providers/Microsoft.Network/networkInterfaces/{name}",
        "name": name,
        "type": "Microsoft.Network/networkInterfaces",
        "resourceGroup": group,
        **changed,
    }


def test_state_is_compared_ignoring_case(az: RecordedAz, phase: Phase) -> None:
    assert "is beside the state" in beside_check(phase, state_of(GROUP.upper(), *IDS))
    listed = [call[:4] for call in az.calls()]
    assert ["resource", "list", "--tag", "workbook=ml-demo"] in listed
    assert ["resource", "list", "--resource-group", "ml-demo-rg"] in listed


def test_what_azure_and_bootstrap_make_is_no_stranger(az: RecordedAz, phase: Phase) -> None:
    """A cluster's nodes, an endpoint's interface, the state's storage, somebody else's things."""
    interface = item("ml-demo-db.nic.1", tags=None)
    nodes = item("aks-agentpool-nsg", group="mc_ml-demo-rg_ml-demo-aks_westeurope")
    storage = item("mldemostateabc12", group="ml-demo-state-rg")
    az.answer("resource list --tag", [*recorded("resource list"), nodes, storage])
    az.answer("resource list --resource-group", [*recorded("resource list"), interface])
    state = state_of(GROUP, *IDS)
    endpoint = {"id": f"{GROUP}/endpoint", "network_interface": [{"id": interface["id"]}]}
    state["resources"][0]["instances"][0]["attributes"] |= {"endpoint": endpoint}
    assert "is beside the state" in beside_check(phase, state)


@pytest.mark.parametrize("tags", [{"workbook": "ml-demo"}, None])
def test_resources_made_by_hand_are_named_with_or_without_the_tag(
    az: RecordedAz, phase: Phase, tags: dict[str, str] | None
) -> None:
    az.answer("resource list --resource-group", [item("by-hand", tags=tags)])
    with pytest.raises(Wrong) as wrong:
        beside_check(phase, state_of(GROUP, *IDS))
    assert wrong.value.rows["found"] == "Microsoft.Network/networkInterfaces by-hand"
    show = f"az resource show --ids {item('by-hand')['id']} --subscription {SUBSCRIPTION}; "
    assert wrong.value.rows["run next"].startswith(show)


def test_the_group_of_phases_1_and_2_stands_for_what_is_in_it(az: RecordedAz, phase: Phase) -> None:
    with pytest.raises(Wrong) as wrong:
        beside_check(phase, state_of(f"{GROUP}-new"))
    assert wrong.value.rows["found"] == "Microsoft.Resources/resourceGroups ml-demo-rg"
    assert (
        "az resource list --output table --resource-group ml-demo-rg"
        in (wrong.value.rows["run next"])
    )


def test_an_azure_that_does_not_answer_is_not_called_wrong(az: RecordedAz, phase: Phase) -> None:
    az.say("group list", stderr="ERROR: Max retries exceeded", status=1)
    with pytest.raises(Unknown, match="Max retries"):
        beside_check(phase, state_of(GROUP))


REPLACED = "  # {} must be replaced"
UNFINISHED = "  # module.cluster.azurerm_kubernetes_cluster.main is tainted, so must be replaced"


@pytest.mark.parametrize(
    ("line", "is_applied"),
    [
        (UNFINISHED, True),  # of a cluster whose creation failed late
        ("  # azurerm_consumption_budget_resource_group.main[0] will be destroyed", True),
        ("  # module.database.azurerm_postgresql_flexible_server.main will be created", True),
        (REPLACED.format("module.database.azurerm_postgresql_flexible_server.main"), False),
        (REPLACED.format("module.registry.azurerm_container_registry.main"), False),
        (REPLACED.format("azurerm_resource_group.main"), False),
        ("  # module.network.azurerm_subnet.nodes will be destroyed", False),
    ],
)
def test_lesson_applies_a_plan_unless_it_destroys_what_holds_rows_or_images(
    line: str, is_applied: bool
) -> None:
    lesson = (ROOT / "phases" / "phase3" / "README.md").read_text(encoding="utf-8")
    keeps = re.search(r"^KEEPS='(.+)'$", lesson, re.MULTILINE)
    pattern = re.search(r'grep -E "\$KEEPS(.+?)"', lesson)
    assert keeps
    assert pattern
    found = subprocess.run(
        ["grep", "-E", keeps[1] + pattern[1]], input=line, capture_output=True, text=True
    )
    assert (found.returncode == 1) == is_applied
