"""What is ours on Azure: what carries the tag `workbook=<prefix>`, and nothing else."""

from typing import Any

from workbook.targets.azure.client import Azure
from workbook.targets.azure.names import TAG

Item = dict[str, Any]  # a group, a resource or a vault, as az gives it


def groups(azure: Azure, prefix: str) -> list[Item]:
    """The resource groups with our tag: also those that Azure makes for a cluster's nodes."""
    return ours(azure.list("group", "list"), prefix)


def resources(azure: Azure, prefix: str) -> list[Item]:
    """The resources with our tag, in whichever group they are."""
    return ours(azure.list("resource", "list", "--tag", f"{TAG}={prefix}"), prefix)


def deleted_vaults(azure: Azure, prefix: str) -> list[Item]:
    """The vaults with our tag that are deleted and not purged: each keeps its name taken."""
    listed = azure.list("keyvault", "list-deleted", "--resource-type", "vault")
    return [vault for vault in listed if is_ours(vault["properties"], prefix)]


def purge_command(azure: Azure, vault: Item) -> str:
    """What the learner types to be rid of a deleted vault."""
    where = f"--location {vault['properties']['location']} --subscription {azure.subscription}"
    return f"az keyvault purge --name {vault['name']} {where}"


def is_ours(item: Item, prefix: str) -> bool:
    """Whether it carries our tag."""
    return (item.get("tags") or {}).get(TAG) == prefix


def ours(items: list[Item], prefix: str) -> list[Item]:
    """Looked at again: what is deleted must not depend on how a list was filtered."""
    return [item for item in items if is_ours(item, prefix)]
