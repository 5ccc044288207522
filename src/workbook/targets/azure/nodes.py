"""Sizes of nodes: which of them a region offers to the subscription, with enough quota."""

import math
from dataclasses import dataclass
from typing import Any

from workbook.targets.azure.client import Azure

# 4 processors and 16 GB, x86-64, as the lessons need; the first is the default.
CANDIDATES = ("Standard_D4as_v5", "Standard_D4s_v5", "Standard_D4ads_v5", "Standard_D4as_v6")
COMMON = "Standard_D4"  # in all their names: az looks for --size in the name
# Azure upgrades the nodes by itself. Meanwhile there are 10 % more of them, at least one:
# learn.microsoft.com/azure/aks/upgrade-aks-cluster
MAX_SURGE = 0.1


@dataclass(frozen=True)
class Size:
    """A size in a region."""

    name: str
    problem: str  # why the nodes cannot be created; "" if they can
    processors: int = 0  # of all of them
    no_upgrade: str = ""  # why they can be created but not upgraded; "" if they can


def look_at_size(azure: Azure, region: str, name: str, nodes: int) -> Size:
    """One size, for a cluster of so many nodes.

    Raises:
        AzureError: Azure did not answer.
    """
    [size] = _look_at(azure, region, name, (name,), nodes)
    return size


def others_that_fit(azure: Azure, region: str, name: str, nodes: int) -> list[str]:
    """Sizes beside this one that the region offers, with enough quota.

    Raises:
        AzureError: Azure did not answer.
    """
    others = tuple(each for each in CANDIDATES if each != name)
    found = _look_at(azure, region, COMMON, others, nodes)
    return [size.name for size in found if not (size.problem or size.no_upgrade)]


def _look_at(
    azure: Azure, region: str, part: str, names: tuple[str, ...], nodes: int
) -> list[Size]:
    here = ["--location", region]
    kind = ["--resource-type", "virtualMachines", "--all"]
    offered = {
        each["name"]: each for each in azure.ask("vm", "list-skus", *here, "--size", part, *kind)
    }
    usage = azure.ask("vm", "list-usage", *here)
    quotas = {quota["name"]["value"].lower(): quota for quota in usage}
    return [_judge(name, offered.get(name), quotas, nodes) for name in names]


def _judge(
    name: str, offered: dict[str, Any] | None, quotas: dict[str, dict[str, Any]], nodes: int
) -> Size:
    if offered is None:
        return Size(name, "not offered in this region")
    for restriction in offered["restrictions"]:
        if restriction["type"] == "Location":  # one of a zone leaves the other zones
            return Size(name, f"restricted: {restriction['reasonCode']}")
    of_one = int(next(c["value"] for c in offered["capabilities"] if c["name"] == "vCPUs"))
    needed, in_upgrade = (of_one * n for n in (nodes, nodes + math.ceil(nodes * MAX_SURGE)))
    no_upgrade = ""
    for family in (offered["family"], "cores"):  # the family's own quota, and that of the region
        quota = quotas.get(family.lower())
        free = int(quota["limit"]) - int(quota["currentValue"]) if quota else 0
        label = quota["localName"] if quota else f"{family} (which has no quota)"
        if free < needed:
            return Size(name, f"{free} of {needed} vCPUs free: {label}", needed)
        if free < in_upgrade:
            no_upgrade = f"an upgrade needs {in_upgrade} vCPUs, and {free} are free: {label}"
    return Size(name, "", needed, no_upgrade)
