"""`workbook down` on Azure: delete what carries our tag, and look whether anything is left.

What must be known afterwards is written down before anything is deleted: an identity that is gone
no longer says that it was ours.
"""

from dataclasses import dataclass, field
from pathlib import Path

import typer

from workbook.azure import owned
from workbook.azure.client import Azure, open_azure
from workbook.azure.names import TAG, names
from workbook.azure.owned import Item
from workbook.choices import Choices
from workbook.errors import WorkbookError
from workbook.phase import read_json, write_json
from workbook.progress import Steps

SECONDS_TO_DELETE = 3600  # a cluster takes 5 to 10 minutes, a group with all of it longer


@dataclass
class Doomed:
    """What `down` deletes, and what it keeps."""

    groups: list[Item]
    contents: dict[str, list[Item]]  # what is in each group
    resources: list[Item]  # with our tag, in groups that stay
    vaults: list[Item]  # already deleted, not purged
    kept: list[Item] = field(default_factory=list)  # the groups of the state storage

    def lines(self, prefix: str) -> list[str]:
        """All of it, in words."""
        lines = []
        for group in self.groups:
            lines.append(f"resource group {group['name']} ({group['location']}), and in it:")
            for item in self.contents[group["name"]]:
                strange = "" if owned.is_ours(item, prefix) else f"  without the tag {TAG}={prefix}"
                lines.append(f"  {item['type']} {item['name']}{strange}")
        lines += [f"{item['type']} {item['name']}, of another group" for item in self.resources]
        return lines + [f"deleted key vault {vault['name']}: is purged" for vault in self.vaults]

    def untagged(self, prefix: str) -> list[Item]:
        """What goes along with its group and does not carry our tag."""
        items = [item for content in self.contents.values() for item in content]
        return [item for item in items if not owned.is_ours(item, prefix)]


@dataclass(frozen=True)
class Leftover:
    """One thing of ours that is still there."""

    what: str
    fix: str
    is_state: bool = False


def remove(home: Path, choices: Choices, steps: Steps, *, yes: bool, state_too: bool) -> None:
    """Say what would go, ask, and delete it.

    Raises:
        AzureError: Azure does not answer, or refuses.
        WorkbookError: nobody was asked, and something that would go does not carry our tag.
        typer.Exit: the learner says no.
    """
    azure = open_azure(home, choices)
    doomed = what_goes(azure, choices, state_too)
    for group in doomed.kept:
        print(f"kept: state storage, in the resource group {group['name']} (or: --state-too)")
    lines = doomed.lines(choices.prefix)
    if not lines:
        print(f"In {azure.subscription}, nothing else carries the tag {TAG}={choices.prefix}.")
        return
    print(f"In the subscription {azure.subscription}, with the tag {TAG}={choices.prefix}:")
    for line in lines:
        print(f"  {line}")
    if yes:
        _refuse_untagged(doomed, choices.prefix)
    elif not typer.confirm("Delete all of this, and all data in it?"):
        raise typer.Exit(1)
    down(azure, choices, doomed, home, steps)


def look_again(home: Path, choices: Choices, state_too: bool) -> list[str]:
    """Whatever is left, in words, with the way to be rid of it."""
    found = left_behind(open_azure(home, choices), choices, home)
    for each in found:
        if each.is_state and not state_too:
            print(f"kept, and billed: {each.what}. To remove it: {each.fix}")
    return [
        f"{each.what}. Run next: {each.fix}" for each in found if state_too or not each.is_state
    ]


def what_goes(azure: Azure, choices: Choices, state_too: bool) -> Doomed:
    """What carries our tag, without the state storage unless that is to go too."""
    state = names(choices)["STATE_RG"]
    found = owned.groups(azure, choices.prefix)
    kept = [group for group in found if group["name"] == state and not state_too]
    ours = {group["name"].lower() for group in found}
    # the nodes' group goes with its cluster, and only so
    goes = [g for g in found if g not in kept and _cluster_group(g) not in ours]
    contents = {
        g["name"]: azure.ask("resource", "list", "--resource-group", g["name"]) for g in goes
    }
    elsewhere = [
        item
        for item in owned.resources(azure, choices.prefix)
        if item["resourceGroup"].lower() not in ours
    ]
    return Doomed(goes, contents, elsewhere, owned.deleted_vaults(azure, choices.prefix), kept)


def down(azure: Azure, choices: Choices, doomed: Doomed, home: Path, steps: Steps) -> None:
    """Delete it, purge the key vaults that this leaves, and forget the cluster.

    Raises:
        AzureError: Azure refuses; the same command goes on from there.
    """
    _write_down(azure, choices, home)
    for item in doomed.resources:
        with steps(f"{item['type']} {item['name']}"):
            azure.ask("resource", "delete", "--ids", item["id"], seconds=SECONDS_TO_DELETE)
    for group in doomed.groups:
        with steps(f"Resource group {group['name']}"):
            words = ("group", "delete", "--name", group["name"], "--yes")
            azure.ask(*words, seconds=SECONDS_TO_DELETE)
    for vault in owned.deleted_vaults(azure, choices.prefix):
        if vault["properties"].get("purgeProtectionEnabled"):
            continue  # nobody can; `down --verify` says until when
        with steps(f"Deleted key vault {vault['name']}"):
            where = ("--name", vault["name"], "--location", vault["properties"]["location"])
            azure.ask("keyvault", "purge", *where, seconds=SECONDS_TO_DELETE)
    (home / ".workbook" / "azure" / "kubeconfig").unlink(missing_ok=True)


def left_behind(azure: Azure, choices: Choices, home: Path) -> list[Leftover]:
    """Whatever of ours is still on Azure, the state storage too; empty when nothing is."""
    prefix, name = choices.prefix, names(choices)
    written = _written(home)
    ours = {group.lower() for group in (*written["groups"], name["RG"])}
    again, option = "./workbook down", f"--subscription {azure.subscription}"
    found = []
    present = azure.ask("group", "list")
    for group in present:
        if _holds_our_nodes(group, ours, prefix):
            fix = f"az group delete --name {group['name']} --yes {option}"
            found.append(Leftover(f"resource group of nodes {group['name']}", fix))
        elif owned.is_ours(group, prefix) and group["name"] == name["STATE_RG"]:
            what = f"state storage, in the resource group {group['name']}"
            found.append(Leftover(what, f"{again} --state-too", is_state=True))
        elif owned.is_ours(group, prefix):
            found.append(Leftover(f"resource group {group['name']}", again))
    listed = {group["name"].lower() for group in present if owned.is_ours(group, prefix)}
    for item in owned.resources(azure, prefix):
        if item["resourceGroup"].lower() not in listed:
            found.append(Leftover(f"{item['type']} {item['name']}", again))
    for vault in owned.deleted_vaults(azure, prefix):
        until = vault["properties"]["scheduledPurgeDate"][:10]
        protected = vault["properties"].get("purgeProtectionEnabled")
        fix = f"wait until {until}: it is protected" if protected else again
        found.append(Leftover(f"deleted key vault {vault['name']}, kept until {until}", fix))
    for each in azure.ask("role", "assignment", "list", "--all"):
        was_ours = each["principalId"] in written["identities"]
        if (was_ours or f"/{name['STATE_RG']}/" in f"{each['scope']}/") and _is_gone(each):
            what = f"role assignment of an identity that is gone: {each['roleDefinitionName']}"
            fix = f"az role assignment delete --ids {each['id']} {option}"
            found.append(Leftover(f"{what} on {each['scope']}", fix))
    return found


def _refuse_untagged(doomed: Doomed, prefix: str) -> None:
    """Where nobody is asked, nothing goes that does not carry our tag.

    Raises:
        WorkbookError: a group of ours holds something that does not.
    """
    if strangers := doomed.untagged(prefix):
        each = ", ".join(f"{item['type']} {item['name']}" for item in strangers)
        tag = f"az tag update --operation merge --tags {TAG}={prefix} --resource-id"
        raise WorkbookError(
            f"Without the tag {TAG}={prefix}, and in a group that would go: {each}. "
            "So nothing was deleted.",
            f"./workbook down, which asks; or, if it is yours: {tag} {strangers[0]['id']}",
        )


def _cluster_group(group: Item) -> str:
    """The group of the cluster whose nodes a group holds, lower-case; "" where it holds none."""
    parts = (group.get("managedBy") or "").lower().split("/")
    return parts[4] if len(parts) > 4 and parts[3] == "resourcegroups" else ""


def _holds_our_nodes(group: Item, ours: set[str], prefix: str) -> bool:
    """Whether Azure has made a group for the nodes of a cluster of ours."""
    cluster = _cluster_group(group)
    named = any(group["name"].lower().startswith(f"mc_{each}_") for each in ours)
    return named or cluster in ours or (bool(cluster) and owned.is_ours(group, prefix))


def _is_gone(assignment: Item) -> bool:
    """Whether az has found no name for the identity that was given a role."""
    return not assignment.get("principalName")


def _file(home: Path) -> Path:
    return home / ".workbook" / "azure" / "ours.json"


def _written(home: Path) -> dict[str, list[str]]:
    kept = read_json(_file(home)) or {}
    return {key: kept.get(key) or [] for key in ("groups", "identities")}


def _write_down(azure: Azure, choices: Choices, home: Path) -> None:
    """Write down our groups and the identities in them, beside those of before."""
    before = _written(home)
    groups = [group["name"] for group in owned.groups(azure, choices.prefix)]
    inside = {name.lower() for name in groups}
    identities = [
        each["principalId"]
        for each in azure.ask("identity", "list")
        if each["resourceGroup"].lower() in inside
    ]
    identities += [
        each["identity"]["principalId"]
        for each in azure.ask("aks", "list")
        if each["resourceGroup"].lower() in inside
        and (each.get("identity") or {}).get("principalId")
    ]
    write_json(
        _file(home),
        {
            "groups": sorted({*before["groups"], *groups}),
            "identities": sorted({*before["identities"], *identities}),
        },
    )
