"""`down` on Azure: by the tag and nothing else; and nothing that costs stays unseen."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from copies import cli_of
from recorded_az import SUBSCRIPTION, RecordedAz, recorded
from rich.console import Console

from workbook.errors import WorkbookError
from workbook.learner.choices import Choices
from workbook.progress import Steps
from workbook.targets.azure.client import NotJson, WrongSubscription, open_azure
from workbook.targets.azure.down import left_behind, look_again, remove

CHOICES = Choices(target="azure", subscription=SUBSCRIPTION, prefix="ml-demo")
NODES = "MC_ml-demo-rg_ml-demo-aks_westeurope"
GROUP, NODE_GROUP, STATE_GROUP, STRANGE_GROUP = recorded("group list")
[CLUSTER] = recorded("aks list")
[OWNER] = recorded("role assignment list")
PURGE = "keyvault purge --name ml-demo-1a2b3c4d --location westeurope"
TAG_IT = "az tag update --operation merge --tags workbook=ml-demo --resource-id"
STRANGER = {  # as Azure makes one by itself
    **recorded("resource list")[0],
    "type": "microsoft.insights/actiongroups",
    "name": "smart",
    "id": f"{GROUP['id']}/providers/microsoft.insights/actiongroups/smart",
    "tags": None,
}


def down(home: Path, state_too: bool = False) -> None:
    """As `./workbook down --yes` does it."""
    remove(home, CHOICES, Steps(Console()), yes=True, state_too=state_too)


def changes(az: RecordedAz) -> list[str]:
    """The calls that change something, without their options, which are always the same."""
    options = ["--subscription", SUBSCRIPTION, "--output", "json"]
    calls = az.calls()
    assert all(call[-4:] == options for call in calls)
    changing = {"delete", "purge", "create", "update", "set"}
    return [" ".join(call[:-4]) for call in calls if changing & set(call)]


def nothing_left(az: RecordedAz) -> None:
    """All is gone that was ours; what is somebody else's is still there."""
    az.answer("group list", [STRANGE_GROUP])
    az.answer("keyvault list-deleted", recorded("keyvault list-deleted")[1:])
    for command in ("resource list", "identity list", "aks list"):
        az.answer(command, [])


def test_down_deletes_tagged_resources_only(
    az: RecordedAz, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kubeconfig = tmp_path / ".workbook/azure/kubeconfig"
    kubeconfig.parent.mkdir(parents=True)
    kubeconfig.touch()
    down(tmp_path)
    # the group of the nodes goes with its cluster
    assert changes(az) == ["group delete --name ml-demo-rg --yes", PURGE]
    said = capsys.readouterr().out
    assert "Microsoft.DBforPostgreSQL/flexibleServers ml-demo-1a2b3c4d" in said
    assert "kept: state storage, in the resource group ml-demo-state-rg" in said
    assert not kubeconfig.exists()


def test_down_asks_and_where_nobody_says_yes_everything_stays(az: RecordedAz, fresh: Path) -> None:
    cli = cli_of(fresh)
    cli("use", "azure", "--subscription", SUBSCRIPTION, "--prefix", "ml-demo")
    done = cli("down", PATH=az.path)
    assert done.returncode == 1
    assert "resource group ml-demo-rg (westeurope), and in it:" in done.stdout
    assert "Delete all of this" in done.stdout
    assert changes(az) == []


def test_the_state_storage_goes_when_that_is_asked(az: RecordedAz, tmp_path: Path) -> None:
    down(tmp_path, state_too=True)
    gone = ("ml-demo-rg", "ml-demo-state-rg")
    assert changes(az) == [*[f"group delete --name {name} --yes" for name in gone], PURGE]


def test_yes_refuses_to_delete_resources_without_the_tag(
    az: RecordedAz, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    az.change("resource list", lambda items: items.append(STRANGER))
    with pytest.raises(WorkbookError) as refused:
        down(tmp_path)
    assert f"{TAG_IT} {STRANGER['id']}" in refused.value.run_next
    said = capsys.readouterr().out
    assert "microsoft.insights/actiongroups smart  without the tag workbook=ml-demo" in said
    assert changes(az) == []


def test_tags_are_checked_again_after_the_filter_of_azure(
    az: RecordedAz, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing_left(az)
    az.answer("group list", [STRANGE_GROUP, {**GROUP, "tags": {"workbook": "ml-demo2"}}])
    az.answer("resource list", [STRANGER])
    down(tmp_path)
    assert "nothing else carries the tag workbook=ml-demo" in capsys.readouterr().out
    assert changes(az) == []


def test_tagged_resource_in_a_foreign_group_is_deleted_alone(
    az: RecordedAz, tmp_path: Path
) -> None:
    nothing_left(az)
    elsewhere = {**recorded("resource list")[0], "resourceGroup": "another-user"}
    az.answer("resource list", [elsewhere])
    down(tmp_path)
    assert changes(az) == [f"resource delete --ids {elsewhere['id']}"]


def in_group(group: dict[str, Any]) -> dict[str, Any]:
    """Something with our tag, in a group."""
    name = group["name"]
    there = {"name": "inside", "id": f"{group['id']}/providers/A/b/inside", "resourceGroup": name}
    return {**recorded("resource list")[0], **there}


UNTAGGED_STATE = {**STATE_GROUP, "tags": None}


@pytest.mark.parametrize("groups", [[], [UNTAGGED_STATE]], ids=["not listed", "untagged"])
def test_the_state_stays_whether_or_not_its_group_is_seen_with_the_tag(
    az: RecordedAz,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    groups: list[dict[str, Any]],
) -> None:
    nothing_left(az)
    az.answer("group list", groups)
    az.answer("resource list", [in_group(STATE_GROUP)])
    down(tmp_path)
    assert changes(az) == []
    assert "kept: state storage, in the resource group ml-demo-state-rg" in capsys.readouterr().out
    assert look_again(tmp_path, CHOICES, state_too=False) == []
    assert "To remove it: ./workbook down --state-too" in capsys.readouterr().out
    down(tmp_path, state_too=True)  # what carries the tag, and not the group, which may not
    assert changes(az) == [f"resource delete --ids {in_group(STATE_GROUP)['id']}"]


def test_node_group_is_deleted_with_its_cluster_only(az: RecordedAz, tmp_path: Path) -> None:
    az.answer("group list", [GROUP, {**NODE_GROUP, "tags": None}])
    az.change("resource list", lambda items: items.append(in_group(NODE_GROUP)))
    down(tmp_path)
    assert changes(az) == ["group delete --name ml-demo-rg --yes", PURGE]
    found = left_behind(open_azure(tmp_path, CHOICES), CHOICES, tmp_path)
    assert "A/b" not in "".join(each.what for each in found)  # its group is named, and enough


@pytest.mark.parametrize("command", ["group list", "resource list", "keyvault list-deleted"])
def test_no_answer_in_place_of_a_list_is_no_empty_list(
    az: RecordedAz, tmp_path: Path, command: str
) -> None:
    az.say(command)
    with pytest.raises(NotJson, match=f"az {command}.* answered no list"):
        down(tmp_path)
    assert changes(az) == []


def test_a_login_that_sees_nothing_does_not_say_that_nothing_is_left(
    az: RecordedAz, tmp_path: Path
) -> None:
    nothing_left(az)
    az.answer("role assignment list", [])
    with pytest.raises(WrongSubscription, match="cannot know whether"):
        look_again(tmp_path, CHOICES, state_too=False)


def test_a_group_of_nodes_whose_cluster_is_gone_goes_by_itself(
    az: RecordedAz, tmp_path: Path
) -> None:
    nothing_left(az)
    az.answer("group list", [NODE_GROUP])
    down(tmp_path)
    assert changes(az) == [f"group delete --name {NODES} --yes"]


def test_a_protected_vault_is_left_until_its_day(az: RecordedAz, tmp_path: Path) -> None:
    def protect(vaults: list[dict[str, Any]]) -> None:
        vaults[0]["properties"]["purgeProtectionEnabled"] = True

    nothing_left(az)
    az.change("keyvault list-deleted", protect)
    down(tmp_path)
    assert changes(az) == []
    [left] = look_again(tmp_path, CHOICES, state_too=False)
    assert "wait until 2026-11-08" in left


def orphan(principal: str, scope: str) -> dict[str, Any]:
    """A role that somebody had who is gone: az has looked for a name, and found none."""
    return {
        **OWNER,
        "id": f"{scope}/providers/Microsoft.Authorization/roleAssignments/b2",
        "principalId": principal,
        "principalName": "",
        "principalType": "ServicePrincipal",
        "roleDefinitionName": "AcrPull",
        "scope": scope,
    }


SHARED = f"{STRANGE_GROUP['id']}/providers/Microsoft.ContainerRegistry/registries/shared"
ORPHAN = orphan(CLUSTER["identity"]["principalId"], SHARED)
ROLE = f"az role assignment delete --ids {ORPHAN['id']} --subscription {SUBSCRIPTION}"
LEFTOVERS = {  # of each kind one: the command that shows it, its answer, what is said, the fix
    "group": ("group list", [GROUP], "resource group ml-demo-rg", "./workbook down"),
    "nodes": (
        "group list",
        [{**NODE_GROUP, "tags": None}],
        f"resource group of nodes {NODES}",
        f"if it is yours: {TAG_IT} {NODE_GROUP['id']}, then ./workbook down",
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
        [OWNER, ORPHAN],
        f"role assignment of an identity that is gone: AcrPull on {SHARED}",
        ROLE,
    ),
    "state": (
        "group list",
        [STATE_GROUP],
        "state storage, in the resource group ml-demo-state-rg",
        "./workbook down --state-too",
    ),
}


@pytest.mark.parametrize("kind", LEFTOVERS)
def test_one_leftover_of_each_kind_is_found(az: RecordedAz, tmp_path: Path, kind: str) -> None:
    down(tmp_path)  # writes down whose identities were ours
    nothing_left(az)
    command, answer, what, fix = LEFTOVERS[kind]
    az.answer(command, answer)
    assert look_again(tmp_path, CHOICES, state_too=True) == [f"{what}. Run next: {fix}"]


def test_one_of_each_at_once_is_found_all_the_same(az: RecordedAz, tmp_path: Path) -> None:
    down(tmp_path)
    for command in ("identity list", "aks list"):
        az.answer(command, [])
    az.answer("role assignment list", [OWNER, ORPHAN])
    az.answer("resource list", [{**recorded("resource list")[0], "resourceGroup": "other"}])
    found = left_behind(open_azure(tmp_path, CHOICES), CHOICES, tmp_path)
    assert len(found) == len({each.what for each in found}) == len(LEFTOVERS)
    assert [each.is_state for each in found].count(True) == 1


def test_what_others_have_left_is_not_ours(az: RecordedAz, tmp_path: Path) -> None:
    nothing_left(az)
    managed = f"{STRANGE_GROUP['id']}/providers/Microsoft.ContainerService/managedClusters/x"
    nodes = {**NODE_GROUP, "name": "MC_another-user_x_y", "managedBy": managed, "tags": None}
    az.answer("group list", [STRANGE_GROUP, nodes])
    nameless = "00000000-0000-0000-0000-0000000000ff"  # a guest, whose name az does not find
    roles = [orphan(nameless, scope) for scope in (SHARED, STATE_GROUP["id"])]
    az.answer("role assignment list", roles)
    assert look_again(tmp_path, CHOICES, state_too=True) == []
    # a cluster in a group that is called as ours would be, and is not
    az.answer("group list", [{**GROUP, "tags": None}, {**NODE_GROUP, "tags": None}])
    assert look_again(tmp_path, CHOICES, state_too=True) == []


def test_record_belongs_to_one_subscription_and_prefix(az: RecordedAz, tmp_path: Path) -> None:
    down(tmp_path)
    nothing_left(az)
    az.answer("group list", [{**NODE_GROUP, "tags": None}])
    az.answer("role assignment list", [OWNER, ORPHAN])
    assert len(look_again(tmp_path, CHOICES, state_too=True)) == 2
    other = dataclasses.replace(CHOICES, prefix="other")
    assert look_again(tmp_path, other, state_too=True) == []


def test_verify_says_what_is_left_and_when_nothing_is(az: RecordedAz, fresh: Path) -> None:
    cli = cli_of(fresh)
    cli("use", "azure", "--subscription", SUBSCRIPTION, "--prefix", "ml-demo")
    nothing_left(az)
    outputs = fresh / ".workbook" / "azure" / "phase3" / "outputs.json"
    outputs.parent.mkdir(parents=True)
    outputs.touch()  # left by `terraform destroy`
    done = cli("down", "--verify", PATH=az.path)
    assert done.returncode == 0, done.stderr
    assert not outputs.exists()
    nothing = "No resource group, resource, deleted key vault or role assignment of it is left."
    assert nothing in done.stdout
    az.answer("group list", [STATE_GROUP])  # which is kept on purpose, and named
    done = cli("down", "--verify", PATH=az.path)
    assert done.returncode == 0
    assert "kept, and billed: state storage" in done.stdout
    az.answer("group list", [{**NODE_GROUP, "tags": None}])
    done = cli("down", "--verify", PATH=az.path)
    assert done.returncode == 1
    assert f"still there: resource group of nodes {NODES}. Run next: if it is yours" in done.stdout
    assert changes(az) == []


def test_down_without_a_subscription_says_what_is_missing(az: RecordedAz, tmp_path: Path) -> None:
    with pytest.raises(WorkbookError, match="No Azure subscription is chosen"):
        remove(tmp_path, Choices(target="azure"), Steps(Console()), yes=True, state_too=False)
    assert az.calls() == []
