"""What a phase needs of Azure, looked at before anything is made there and costs."""

import os
import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from workbook.course.phase import Phase
from workbook.learner.choices import Choices
from workbook.programs import TookTooLong, run
from workbook.targets.azure.client import Azure, AzureError, Refused, open_azure
from workbook.targets.azure.names import names
from workbook.targets.azure.nodes import look_at_size, others_that_fit
from workbook.targets.azure.owned import deleted_vaults, ours, purge_command, resources
from workbook.targets.azure.providers import register_command, registered
from workbook.targets.azure.refusals import PAGE
from workbook.targets.azure.services import (
    HOURS_WITHOUT_BUDGET,
    POSTGRES,
    SERVER,
    builds_images,
    is_older_than_a_budget_needs,
    offer_of,
    why_no_server,
)
from workbook.targets.local.versions import versions
from workbook.targets.observation import Observation

OLDEST_AZ = (2, 87)  # the first that understands the lessons' `az postgres flexible-server`
SECONDS_TO_START = 30
NODE_COUNT = "TF_VAR_node_count"  # with which a learner gives Terraform another number
CLUSTER = "Microsoft.ContainerService/managedClusters"
REGISTRY = "Microsoft.ContainerRegistry/registries"
DATABASE = "Microsoft.DBforPostgreSQL/flexibleServers"
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
        if any(each.fix for each in seen[1:]):
            return seen
        ours = resources(azure, choices.prefix)
    except AzureError as error:
        return [*seen, Observation("Azure", str(error), error.run_next)]
    mine = {(item["type"].lower(), item["name"]) for item in ours}
    looks: list[Callable[[], Observation]] = [
        lambda: _roles(azure, account),
        lambda: _providers(azure, phase),
        lambda: _nodes(azure, phase, choices, mine),
        lambda: _database(azure, phase, choices, mine),
        lambda: _power(azure, choices),
        lambda: _image_builds(azure),
        lambda: _registry(azure, choices, mine),
        lambda: _vaults(azure, choices),
    ]
    if phase.has("terraform"):
        looks.append(lambda: _budget(azure))
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
    """kubectl supports clusters one minor version older or newer than itself:
    kubernetes.io/releases/version-skew-policy/#kubectl.
    """
    wanted = versions().kubernetes
    # without its location, kubelogin would go to /usr/local/bin, which only root may write
    install = (
        f"az aks install-cli --client-version {wanted} --install-location ~/.local/bin/kubectl "
        "--kubelogin-install-location ~/.local/bin/kubelogin, and that folder first in PATH"
    )
    try:
        done = run(["kubectl", "version", "--client", "--output", "json"], SECONDS_TO_START)
    except FileNotFoundError:
        return Observation("kubectl", "missing", install)
    except TookTooLong:
        return Observation("kubectl", f"no answer within {SECONDS_TO_START} s", install)
    found = re.search(r'"gitVersion": *"v([\d.]+)', done.stdout)
    if found is None:
        return Observation("kubectl", "does not say its version", install)
    major, minor = _minor(found[1])
    fits = (major, minor - 1) <= _minor(wanted) <= (major, minor + 1)
    words = found[1] if fits else f"{found[1]}, too far from the cluster's {wanted}"
    return Observation("kubectl", words, "" if fits else install)


def _minor(version: str) -> tuple[int, int]:
    major, minor, *_ = map(int, version.split("."))
    return major, minor


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
    if missing:
        found += f". Without it: {PAGE}#authorizationfailed"
    fix = f"ask an Owner of the subscription to run: {'; '.join(commands)}" if missing else ""
    return Observation("roles", found, fix)


def _providers(azure: Azure, phase: Phase) -> Observation:
    needed = [name for each in phase.up_to for name in each.manifest.providers]
    known = registered(azure)
    missing = [name for name in needed if name not in known]
    commands = [register_command(azure, name) for name in missing]
    found = "registered"
    if missing:
        without = f"{PAGE}#missingsubscriptionregistration"
        found = f"not registered: {', '.join(missing)}. Without it: {without}"
    return Observation("resource providers", found, "; ".join(commands))


def _nodes(azure: Azure, phase: Phase, choices: Choices, mine: set[tuple[str, str]]) -> Observation:
    """Whether the region has the size, and lets this subscription have the phase's nodes of it."""
    what = f"{choices.node_size} in {choices.region}"
    clusters = _there(CLUSTER, phase, mine, by_hand=names(choices)["AKS"])
    if clusters:
        return Observation(what, "used by your own cluster")
    nodes = nodes_of(phase)
    size = look_at_size(azure, choices.region, choices.node_size, nodes)
    made_by_hand = _is_there(CLUSTER, mine)  # and it takes a part of the quota
    if not size.problem:  # too little for an upgrade stops no lesson
        found = f"offered, and {size.processors} vCPUs are free"
        if size.no_upgrade:
            found += f"; but {size.no_upgrade}"
            found += ", until you delete what phases 1 and 2 made" if made_by_hand else ""
        return Observation(what, found)
    others = others_that_fit(azure, choices.region, choices.node_size, nodes)
    fixes = [f"./workbook use azure --node-size {name}" for name in others]
    fixes.append(ANOTHER_REGION)
    link = f"{PAGE}#vm-size-not-allowed"
    if size.processors:  # offered, but there is no quota
        fixes.append("ask for more in the Azure portal under Quotas")
        link = f"{PAGE}#insufficientvcpuquota"
        if made_by_hand:
            fixes.append(
                f"delete what phases 1 and 2 made: az group delete --name {names(choices)['RG']}"
            )
    return Observation(what, size.problem, f"{', or '.join(fixes)}. Read {link}")


def nodes_of(phase: Phase) -> int:
    """How many nodes the phase's cluster has, where it is created."""
    nodes = next(each.manifest.nodes for each in reversed(phase.up_to) if each.manifest.nodes)
    chosen = os.environ.get(NODE_COUNT, "")
    return int(chosen) if phase.has("terraform") and chosen.isdecimal() else nodes


def _database(
    azure: Azure, phase: Phase, choices: Choices, mine: set[tuple[str, str]]
) -> Observation:
    """Asked before the cluster costs money, though phase 2 is the first with a database."""
    what = f"PostgreSQL {POSTGRES} in {choices.region}"
    if _there(DATABASE, phase, mine, by_hand=names(choices)["DB"]):
        return Observation(what, "used by your own database server")
    problem = why_no_server(azure, choices.region)
    if not problem:
        return Observation(what, f"offered, and {SERVER} too")
    return Observation(what, problem, f"{ANOTHER_REGION}. Read {PAGE}#locationisofferrestricted")


def _power(azure: Azure, choices: Choices) -> Observation:
    """Whether the learner has stopped a cluster or a database.

    Azure can only start or delete a stopped cluster. Terraform asks the database for its settings,
    and a stopped database does not answer.
    """
    listed = {
        "az aks start": azure.list("aks", "list"),
        "az postgres flexible-server start": azure.list("postgres", "flexible-server", "list"),
    }
    stopped = {
        each["name"]: f"{start} --resource-group {each['resourceGroup']} --name {each['name']} "
        f"--subscription {azure.subscription}"
        for start, found in listed.items()
        for each in ours(found, choices.prefix)
        if "Stopped" in ((each.get("powerState") or {}).get("code"), each.get("state"))
    }
    if not stopped:
        return Observation("power", "nothing of yours is stopped")
    found = f"stopped: {', '.join(stopped)}"
    return Observation(
        "power", found, f"{'; '.join(stopped.values())}. Read {PAGE}#stopped-cluster"
    )


def _there(kind: str, phase: Phase, mine: set[tuple[str, str]], by_hand: str) -> set[str]:
    """Resources of a kind that the phase uses as they are. The phase that brings Terraform creates
    everything again beside what was made by hand."""
    found = {name for of_kind, name in mine if of_kind == kind.lower()}
    return found - {by_hand} if "terraform" in phase.manifest.adds else found


def _is_there(kind: str, mine: set[tuple[str, str]]) -> bool:
    return any(of_kind == kind.lower() for of_kind, _ in mine)


def _image_builds(azure: Azure) -> Observation:
    """`az acr build`. A subscription on free credit builds with Docker on this machine instead."""
    offer = offer_of(azure)
    if builds_images(offer):
        return Observation("image builds", f"offer {offer}: az acr build should work")
    read = f"{PAGE}#tasksoperationsnotallowed"
    found = f"offer {offer}: Azure refuses az acr build. Build with Docker instead: {read}"
    install = f"install Docker: https://docs.docker.com/get-started/get-docker/. Read {read}"
    return Observation("image builds", found, "" if shutil.which("docker") else install)


def _budget(azure: Azure) -> Observation:
    if is_older_than_a_budget_needs(azure, datetime.now(UTC)):
        return Observation("budget", "the subscription is old enough for one")
    found = (
        f"nothing is on record from more than {HOURS_WITHOUT_BUDGET} hours ago. In so new a "
        f"subscription Azure refuses a budget: {PAGE}#budget-refused"
    )
    return Observation("budget", found)


def _registry(azure: Azure, choices: Choices, mine: set[tuple[str, str]]) -> Observation:
    name = names(choices)["ACR"]
    if (REGISTRY.lower(), name) in mine:
        return Observation(f"registry {name}", "yours")
    return _free(f"registry {name}", azure.ask("acr", "check-name", "--name", name))


def _free(what: str, answer: dict[str, Any]) -> Observation:
    if answer["nameAvailable"]:
        return Observation(what, "the name is free")
    reason = answer["message"] or answer["reason"]
    found = f"the name is not available: {reason} Read {PAGE}#name-already-used"
    return Observation(what, found, ANOTHER_PREFIX)


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
