"""`workbook down` on Azure: delete what carries our tag, and look whether anything is left.

Identities are recorded before they are deleted: afterwards, Azure does not say that they were ours.
"""

from dataclasses import asdict, dataclass, field
from pathlib import Path

import typer

from workbook.errors import WorkbookError
from workbook.learner.choices import Choices
from workbook.learner.store import kept, read_state, write_json
from workbook.progress import Steps
from workbook.targets.azure import owned
from workbook.targets.azure.client import LOG_IN, Azure, WrongSubscription, open_azure
from workbook.targets.azure.names import TAG, names, outputs_of_terraform
from workbook.targets.azure.owned import Item

SECONDS_TO_DELETE = 3600  # a cluster takes 5 to 10 minutes, a group with all of it longer


@dataclass
class Doomed:
    """What `down` deletes, and what it keeps."""

    groups: list[Item]
    contents: dict[str, list[Item]]  # what is in each group
    resources: list[Item]  # with our tag, in groups that stay
    vaults: list[Item]  # already deleted, not purged
    keeps_state: bool = False

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
        WorkbookError: with `yes`, something that would go does not carry our tag.
        typer.Exit: the learner says no.
    """
    azure = open_azure(home, choices)
    doomed = what_goes(azure, choices, state_too)
    if doomed.keeps_state:
        group = names(choices)["STATE_RG"]
        print(f"kept: state storage, in the resource group {group} (or: --state-too)")
    lines = doomed.lines(choices.prefix)
    if not lines:
        print(f"In {azure.subscription}, nothing else carries the tag {TAG}={choices.prefix}.")
        _forget(home)
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
    present = azure.list("group", "list")
    found = owned.ours(present, choices.prefix)
    resources = owned.resources(azure, choices.prefix)
    # the state is kept by the group that it is in, whether or not that carries the tag
    kept = set() if state_too else {names(choices)["STATE_RG"].lower()}
    ours = {_name(group) for group in found}
    # the nodes' group goes with its cluster, and only so, whether or not it carries the tag
    nodes = {_name(group) for group in present if _cluster_group(group) in ours}
    goes = [group for group in found if _name(group) not in kept | nodes]
    contents = {
        g["name"]: azure.list("resource", "list", "--resource-group", g["name"]) for g in goes
    }
    places = {item["resourceGroup"].lower() for item in resources}
    elsewhere = [i for i in resources if i["resourceGroup"].lower() not in ours | kept | nodes]
    vaults = owned.deleted_vaults(azure, choices.prefix)
    return Doomed(goes, contents, elsewhere, vaults, keeps_state=bool(kept & (ours | places)))


def down(azure: Azure, choices: Choices, doomed: Doomed, home: Path, steps: Steps) -> None:
    """Delete it, purge the key vaults that this leaves, and forget the cluster.

    Raises:
        AzureError: Azure refuses; the same command goes on from there.
    """
    _record(azure, choices, home)
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
    _forget(home)


def _forget(home: Path) -> None:
    """Remove what names things that are gone: kubectl and `env` would go on using it."""
    (home / ".workbook" / "azure" / "kubeconfig").unlink(missing_ok=True)
    outputs_of_terraform(home).unlink(missing_ok=True)


def left_behind(azure: Azure, choices: Choices, home: Path) -> list[Leftover]:
    """Whatever of ours is still on Azure, the state storage too; empty when nothing is."""
    prefix, name = choices.prefix, names(choices)
    roles = azure.list("role", "assignment", "list", "--all")
    if not roles:  # who may see a subscription has a role in it
        raise WrongSubscription(
            f"The login of the workbook's az sees no role in the subscription "
            f"{azure.subscription}, not even its own. So it cannot know whether anything is left.",
            LOG_IN,
        )
    written = _written(_file(home, choices))
    state, again = name["STATE_RG"].lower(), "./workbook down"
    present = azure.list("group", "list")
    strange = {_name(group) for group in present if not owned.is_ours(group, prefix)}
    ours = {group.lower() for group in (*written.groups, name["RG"])} - strange
    found, said = [], set()
    for group in present:
        tagged, holds_nodes = owned.is_ours(group, prefix), _holds_nodes(group, ours)
        if not tagged and not holds_nodes:
            continue
        said.add(_name(group))
        if tagged and _name(group) == state:
            what = f"state storage, in the resource group {group['name']}"
            found.append(Leftover(what, f"{again} --state-too", is_state=True))
        else:
            what = f"resource group {'of nodes ' * holds_nodes}{group['name']}"
            found.append(Leftover(what, again if tagged else _if_yours(group, prefix)))
    for item in owned.resources(azure, prefix):
        place = item["resourceGroup"].lower()
        if place not in said:
            fix = f"{again} --state-too" if place == state else again
            found.append(Leftover(f"{item['type']} {item['name']}", fix, is_state=place == state))
    for vault in owned.deleted_vaults(azure, prefix):
        until = vault["properties"]["scheduledPurgeDate"][:10]
        protected = vault["properties"].get("purgeProtectionEnabled")
        fix = f"wait until {until}: it is protected" if protected else again
        found.append(Leftover(f"deleted key vault {vault['name']}, kept until {until}", fix))
    for each in roles:
        if each["principalId"] in written.identities and _is_gone(each):
            what = f"role assignment of an identity that is gone: {each['roleDefinitionName']}"
            delete = f"az role assignment delete --ids {each['id']}"
            fix = f"{delete} --subscription {azure.subscription}"
            found.append(Leftover(f"{what} on {each['scope']}", fix))
    return found


def _refuse_untagged(doomed: Doomed, prefix: str) -> None:
    """With --yes, refuse to delete what does not carry our tag.

    Raises:
        WorkbookError: a group of ours holds something that does not.
    """
    if strangers := doomed.untagged(prefix):
        each = ", ".join(f"{item['type']} {item['name']}" for item in strangers)
        raise WorkbookError(
            f"Nothing was deleted. A resource group of yours holds resources without the tag "
            f"{TAG}={prefix}: {each}.",
            f"./workbook down (without --yes, it asks); or {_if_yours(strangers[0], prefix)}",
        )


def _if_yours(item: Item, prefix: str) -> str:
    """What makes `down` delete something without our tag: only the learner knows whose it is."""
    tag = f"az tag update --operation merge --tags {TAG}={prefix} --resource-id {item['id']}"
    return f"if it is yours: {tag}, then ./workbook down"


def _name(group: Item) -> str:
    """The name for comparisons: Azure ignores upper and lower case."""
    return str(group["name"]).lower()


def _cluster_group(group: Item) -> str:
    """The group of the cluster whose nodes a group holds, lower-case; "" where it holds none."""
    parts = (group.get("managedBy") or "").lower().split("/")
    return parts[4] if len(parts) > 4 and parts[3] == "resourcegroups" else ""


def _holds_nodes(group: Item, ours: set[str]) -> bool:
    """Whether Azure has made a group for the nodes of a cluster in one of these groups."""
    cluster = _cluster_group(group)
    named = any(_name(group).startswith(f"mc_{each}_") for each in ours)
    return cluster in ours if cluster else named


def _is_gone(assignment: Item) -> bool:
    """Whether az has found no name for the identity that was given a role."""
    return not assignment.get("principalName")


def _file(home: Path, choices: Choices) -> Path:
    name = f"ours-{choices.subscription}-{choices.prefix}.json"
    return home / ".workbook" / "azure" / name


@kept
@dataclass(frozen=True)
class _Written:
    """What was recorded before anything was deleted."""

    groups: list[str] = field(default_factory=list)
    identities: list[str] = field(default_factory=list)


def _written(file: Path) -> _Written:
    return read_state(file, _Written) or _Written()


def _record(azure: Azure, choices: Choices, home: Path) -> None:
    """Record our groups and the identities in them, in addition to earlier ones."""
    file = _file(home, choices)
    before = _written(file)
    groups = [group["name"] for group in owned.groups(azure, choices.prefix)]
    inside = {name.lower() for name in groups}
    identities = [
        each["principalId"]
        for each in azure.list("identity", "list")
        if each["resourceGroup"].lower() in inside
    ]
    identities += [
        each["identity"]["principalId"]
        for each in azure.list("aks", "list")
        if each["resourceGroup"].lower() in inside
        and (each.get("identity") or {}).get("principalId")
    ]
    now = _Written(
        groups=sorted({*before.groups, *groups}),
        identities=sorted({*before.identities, *identities}),
    )
    write_json(file, asdict(now))
