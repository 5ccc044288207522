"""What a phase needs of Azure, looked at before anything is made there and costs."""

import shutil
from collections.abc import Callable
from typing import Any

from workbook.course.phase import Phase
from workbook.learner.choices import Choices
from workbook.targets.azure.client import Azure, AzureError, Refused, open_azure
from workbook.targets.azure.names import names
from workbook.targets.azure.owned import deleted_vaults, purge_command, resources
from workbook.targets.azure.providers import register_command, registered
from workbook.targets.observation import Observation

OLDEST_AZ = (2, 87)  # the first that understands the lessons' `az postgres flexible-server`
NODE_SIZE = "Standard_D4as_v5"  # as in lesson 1
CLUSTER = "Microsoft.ContainerService/managedClusters"
REGISTRY = "Microsoft.ContainerRegistry/registries"
ANOTHER_REGION = "./workbook use azure --region REGION"
ANOTHER_PREFIX = "./workbook use azure --prefix PREFIX"


def examine_azure(phase: Phase, choices: Choices) -> list[Observation]:
    """Look at az, the login and the subscription; where those are well, at all the rest."""
    seen = [_kubectl()]
    try:
        azure = open_azure(phase.root, choices)
        seen.append(_az(azure))
        account = azure.ask("account", "show")
        seen.append(_login(azure, account))
        if any(each.fix for each in seen):
            return seen
        ours = resources(azure, choices.prefix)
    except AzureError as error:
        return [*seen, Observation("Azure", str(error), error.run_next)]
    mine = {(item["type"].lower(), item["name"]) for item in ours}
    looks: list[Callable[[], Observation]] = [
        lambda: _roles(azure, account),
        lambda: _providers(azure, phase),
        lambda: _nodes(azure, phase, choices, mine),
        lambda: _registry(azure, choices, mine),
        lambda: _vaults(azure, choices),
    ]
    return seen + [_look(look) for look in looks]


def _look(look: Callable[[], Observation]) -> Observation:
    try:
        return look()
    except AzureError as error:
        return Observation("Azure", str(error), error.run_next)


def _az(azure: Azure) -> Observation:
    found: str = azure.ask("version")["azure-cli"]
    old = tuple(int(part) for part in found.split(".")[:2]) < OLDEST_AZ
    wanted = ".".join(map(str, OLDEST_AZ))
    return Observation("az", found, f"az upgrade (this needs {wanted} or newer)" if old else "")


def _kubectl() -> Observation:
    found = shutil.which("kubectl")
    install = "az aks install-cli --install-location ~/.local/bin/kubectl, and that folder in PATH"
    return Observation("kubectl", found or "missing", "" if found else install)


def _login(azure: Azure, account: dict[str, Any]) -> Observation:
    found = f"{account['name']} ({account['id']}), as {account['user']['name']}"
    fix = ""
    if account["state"] != "Enabled":
        found += f", which is {account['state']}"
        fix = "enable it in the Azure portal under Subscriptions, or choose another one: "
        fix += "./workbook use azure --subscription ID"
    elif not account["isDefault"]:  # the lessons' own commands do not name it
        found += ", which is not the one that az works in"
        fix = f'eval "$(./workbook env)"; az account set --subscription {azure.subscription}'
    return Observation("subscription", found, fix)


def _roles(azure: Azure, account: dict[str, Any]) -> Observation:
    """To make things, and to give a cluster's identity the right to pull images."""
    user = account["user"]["name"]
    scope = f"/subscriptions/{azure.subscription}"
    words = ["--assignee", user, "--scope", scope, "--include-inherited", "--include-groups"]
    try:
        assignments = azure.ask("role", "assignment", "list", *words)
    except Refused as error:  # a guest's name, for example, cannot be looked up everywhere
        return Observation("roles", f"cannot be seen: {error}")
    roles = sorted({str(each["roleDefinitionName"]) for each in assignments})
    found = ", ".join(roles) or "none"
    missing = []
    if "Owner" not in roles:
        if "Contributor" not in roles:
            missing.append("Contributor")
        if not {"User Access Administrator", "Role Based Access Control Administrator"} & {*roles}:
            missing.append("Role Based Access Control Administrator")
    commands = [
        f'az role assignment create --assignee {user} --role "{role}" --scope {scope}'
        for role in missing
    ]
    fix = f"ask an Owner of the subscription to run: {'; '.join(commands)}" if missing else ""
    return Observation("roles", found, fix)


def _providers(azure: Azure, phase: Phase) -> Observation:
    needed = [name for each in phase.up_to for name in each.manifest.providers]
    known = registered(azure)
    missing = [name for name in needed if name not in known]
    commands = [register_command(azure, name) for name in missing]
    found = f"not registered: {', '.join(missing)}" if missing else "registered"
    return Observation("resource providers", found, "; ".join(commands))


def _nodes(azure: Azure, phase: Phase, choices: Choices, mine: set[tuple[str, str]]) -> Observation:
    """Whether the region has the size of the node, and lets this subscription have one of it."""
    what = f"{NODE_SIZE} in {choices.region}"
    clusters = {name for kind, name in mine if kind == CLUSTER.lower()}
    if "terraform" in phase.manifest.adds:  # which creates everything again, under other names
        clusters.discard(names(choices)["AKS"])  # made by hand, and still there beside the new one
    if clusters:
        return Observation(what, "used by your own cluster")
    here = ["--location", choices.region]
    kind = ["--resource-type", "virtualMachines", "--all"]
    listed = azure.ask("vm", "list-skus", *here, "--size", NODE_SIZE, *kind)
    size = next((each for each in listed if each["name"] == NODE_SIZE), None)
    if size is None:
        return Observation(what, "not offered in this region", ANOTHER_REGION)
    for restriction in size["restrictions"]:
        if restriction["type"] == "Location":  # one of a zone leaves the other zones
            return Observation(what, f"restricted: {restriction['reasonCode']}", ANOTHER_REGION)
    needed = int(next(c["value"] for c in size["capabilities"] if c["name"] == "vCPUs"))
    usage = azure.ask("vm", "list-usage", *here)
    quotas = {quota["name"]["value"].lower(): quota for quota in usage}
    for family in (size["family"], "cores"):  # the family's own quota, and that of the region
        quota = quotas.get(family.lower())
        free = int(quota["limit"]) - int(quota["currentValue"]) if quota else 0
        if free < needed:
            label = quota["localName"] if quota else f"{family} (which has no quota)"
            found = f"{free} of {needed} vCPUs free: {label}"
            fix = "ask for more in the Azure portal under Quotas, or choose another region that "
            fix += "has enough (`az vm list-usage --output table --location REGION`): "
            return Observation(what, found, fix + ANOTHER_REGION)
    return Observation(what, f"offered, and {needed} vCPUs are free")


def _registry(azure: Azure, choices: Choices, mine: set[tuple[str, str]]) -> Observation:
    name = names(choices)["ACR"]
    if (REGISTRY.lower(), name) in mine:
        return Observation(f"registry {name}", "yours")
    return _free(f"registry {name}", azure.ask("acr", "check-name", "--name", name))


def _free(what: str, answer: dict[str, Any]) -> Observation:
    if answer["nameAvailable"]:
        return Observation(what, "the name is free")
    reason = answer["message"] or answer["reason"]
    return Observation(what, f"the name is not available: {reason}", ANOTHER_PREFIX)


def _vaults(azure: Azure, choices: Choices) -> Observation:
    """A vault that was deleted keeps its name until it is purged."""
    deleted = deleted_vaults(azure, choices.prefix)
    for vault in deleted:
        if vault["properties"].get("purgeProtectionEnabled"):
            until = vault["properties"]["scheduledPurgeDate"][:10]
            found = f"{vault['name']} is deleted, protected, and keeps its name until {until}"
            return Observation("key vaults", found, ANOTHER_PREFIX)
    found = ", ".join(vault["name"] for vault in deleted)
    return Observation(
        "key vaults",
        f"deleted, but their names are still taken: {found}" if found else "no deleted one",
        "; ".join(purge_command(azure, vault) for vault in deleted),
    )
