"""`down` on Azure: by the tag and nothing else; and nothing that costs stays unseen."""

from pathlib import Path
from typing import Any

import pytest
from copies import cli_of
from recorded_az import SUBSCRIPTION, RecordedAz, recorded

NODES = "MC_ml-demo-rg_ml-demo-aks_westeurope"
GROUP, NODE_GROUP, STATE_GROUP, STRANGE_GROUP = recorded("group list")
[CLUSTER] = recorded("aks list")
[OWNER] = recorded("role assignment list")
STRANGER = {  # as Azure makes it by itself, without a tag
    **recorded("resource list")[0],
    "type": "microsoft.insights/actiongroups",
    "name": "smart",
    "id": f"{GROUP['id']}/providers/microsoft.insights/actiongroups/smart",
    "tags": None,
}


@pytest.fixture
def home(fresh: Path) -> Path:
    """A copy whose target is azure."""
    assert cli_of(fresh)("use", "azure", "--subscription", SUBSCRIPTION).returncode == 0
    return fresh


def down(home: Path, az: RecordedAz, *options: str) -> tuple[int, str]:
    done = cli_of(home)("down", *options, PATH=az.path)
    return done.returncode, done.stdout + done.stderr


def changes(az: RecordedAz) -> list[str]:
    """The calls that change something, without their options."""
    verbs = {"delete", "purge", "create", "update", "set"}
    ending = ["--subscription", SUBSCRIPTION, "--output", "json", "--only-show-errors"]
    calls = az.calls()
    assert all(call[-5:] == ending for call in calls)
    return [" ".join(call[:-5]) for call in calls if verbs & set(call)]


def nothing_left(az: RecordedAz) -> None:
    for command in ("group list", "resource list", "keyvault list-deleted", "identity list"):
        az.answer(command, [])
    az.answer("aks list", [])


def test_down_deletes_what_carries_the_tag_and_nothing_else(az: RecordedAz, home: Path) -> None:
    kubeconfig = home / ".workbook/azure/kubeconfig"
    kubeconfig.parent.mkdir(parents=True, exist_ok=True)
    kubeconfig.touch()
    status, said = down(home, az, "--yes")
    assert status == 0, said
    assert changes(az) == [
        "group delete --name ml-demo-rg --yes",  # takes the group of the nodes along
        "keyvault purge --name ml-demo-1a2b3c4d --location westeurope",
    ]
    assert "Microsoft.DBforPostgreSQL/flexibleServers ml-demo-1a2b3c4d" in said
    assert "kept: state storage, in the resource group ml-demo-state-rg" in said
    assert not kubeconfig.exists()


def test_down_asks_and_a_no_leaves_everything(az: RecordedAz, home: Path) -> None:
    done = cli_of(home)("down", PATH=az.path)  # nobody is there to say yes
    assert done.returncode == 1
    assert "Delete all of this" in done.stdout
    assert changes(az) == []


def test_the_state_storage_goes_when_it_is_named(az: RecordedAz, home: Path) -> None:
    assert down(home, az, "--yes", "--state-too")[0] == 0
    assert "group delete --name ml-demo-state-rg --yes" in changes(az)


def test_without_being_asked_nothing_untagged_goes_along(az: RecordedAz, home: Path) -> None:
    az.change("resource list", lambda items: items.append(STRANGER))
    status, said = down(home, az, "--yes")
    assert status == 2
    assert "microsoft.insights/actiongroups smart  without the tag workbook=ml-demo" in said
    assert f"az tag update --operation merge --tags workbook=ml-demo --resource-id {STRANGER['id']}"
    assert changes(az) == []


def test_what_a_wrong_filter_lists_is_not_deleted(az: RecordedAz, home: Path) -> None:
    """The recorded list of groups holds one of somebody else, as if az had not filtered."""
    other: dict[str, Any] = {**GROUP, "name": "other", "tags": {"workbook": "ml-demo2"}}
    az.answer("group list", [STRANGE_GROUP, other])
    az.answer("resource list", [])
    az.answer("keyvault list-deleted", recorded("keyvault list-deleted")[1:])
    status, said = down(home, az, "--yes")
    assert status == 0
    assert "nothing else carries the tag workbook=ml-demo" in said
    assert changes(az) == []


def test_a_resource_in_a_group_of_somebody_else_goes_alone(az: RecordedAz, home: Path) -> None:
    az.answer("group list", [STRANGE_GROUP])
    elsewhere = {**recorded("resource list")[0], "resourceGroup": "somebody-else"}
    az.answer("resource list", [elsewhere])
    az.answer("keyvault list-deleted", [])
    assert down(home, az, "--yes")[0] == 0
    assert changes(az) == [f"resource delete --ids {elsewhere['id']}"]


def test_a_group_of_nodes_whose_cluster_is_gone_goes_by_itself(az: RecordedAz, home: Path) -> None:
    az.answer("group list", [NODE_GROUP])
    az.answer("resource list", [])
    az.answer("keyvault list-deleted", [])
    assert down(home, az, "--yes")[0] == 0
    assert changes(az) == [f"group delete --name {NODES} --yes"]


def test_verify_says_when_nothing_is_left(az: RecordedAz, home: Path) -> None:
    nothing_left(az)
    status, said = down(home, az, "--verify")
    assert status == 0, said
    assert "No resource group, resource, deleted key vault or role assignment of it is left" in said


def gone(principal: str, scope: str) -> dict[str, Any]:
    return {
        **OWNER,
        "id": f"{scope}/providers/Microsoft.Authorization/roleAssignments/b2",
        "principalId": principal,
        "principalName": "",  # az has looked, and there is none
        "principalType": "ServicePrincipal",
        "roleDefinitionName": "AcrPull",
        "scope": scope,
    }


SHARED = f"{STRANGE_GROUP['id']}/providers/Microsoft.ContainerRegistry/registries/shared"
LEFTOVERS = {  # of each kind one: command, answer, what is said, the fix
    "group": ("group list", [GROUP], "resource group ml-demo-rg", "./workbook down"),
    "nodes": (
        "group list",
        [{**NODE_GROUP, "tags": None}],
        f"resource group of nodes {NODES}",
        f"az group delete --name {NODES} --yes --subscription {SUBSCRIPTION}",
    ),
    "resource": (
        "resource list",
        recorded("resource list")[:1],
        "Microsoft.ContainerRegistry/registries mldemo1a2b3c4d",
        "./workbook down",
    ),
    "vault": (
        "keyvault list-deleted",
        recorded("keyvault list-deleted"),
        "deleted key vault ml-demo-1a2b3c4d, kept until 2026-11-08",
        "./workbook down",
    ),
    "role": (
        "role assignment list",
        [OWNER, gone(CLUSTER["identity"]["principalId"], SHARED)],
        f"role assignment of an identity that is gone: AcrPull on {SHARED}",
        f"az role assignment delete --ids {SHARED}/providers/Microsoft.Authorization/"
        f"roleAssignments/b2 --subscription {SUBSCRIPTION}",
    ),
    "state": (
        "group list",
        [STATE_GROUP],
        "state storage, in the resource group ml-demo-state-rg",
        "./workbook down --state-too",
    ),
}


@pytest.mark.parametrize("kind", LEFTOVERS)
def test_verify_finds_one_leftover_of_each_kind(az: RecordedAz, home: Path, kind: str) -> None:
    command, answer, what, fix = LEFTOVERS[kind]
    assert down(home, az, "--yes")[0] == 0  # which writes down whose identities were ours
    nothing_left(az)
    az.answer(command, answer)
    found = verify(home, az)
    assert f"{what}. Run next: {fix}" in found or f"{what}. To remove it: {fix}" in found
    assert found.count("still there") + found.count("kept, and billed") == 1


def verify(home: Path, az: RecordedAz) -> str:
    """What `down --verify` says to what `down` could not remove: it is not asked to here."""
    from workbook.azure.down import left_behind
    from workbook.azure.client import open_azure
    from workbook.choices import load_choices

    choices = load_choices(home)
    found = left_behind(open_azure(home, choices), choices, home)
    return "\n".join(f"still there: {each.what}. Run next: {each.fix}" for each in found)


def test_what_others_have_left_is_not_ours(az: RecordedAz, home: Path) -> None:
    nothing_left(az)
    az.answer("group list", [STRANGE_GROUP, {**NODE_GROUP, "name": "MC_x_y_z", "managedBy": None}])
    az.answer("role assignment list", [gone("00000000-0000-0000-0000-0000000000ff", SHARED)])
    assert "MC_x_y_z" in verify(home, az) or verify(home, az) == ""


def test_the_kept_state_storage_is_named_and_no_failure(az: RecordedAz, home: Path) -> None:
    nothing_left(az)
    az.answer("group list", [STATE_GROUP])
    status, said = down(home, az, "--verify")
    assert status == 0
    assert "kept, and billed: state storage, in the resource group ml-demo-state-rg" in said
