"""What the checks of phase 3 ask Azure: who has the lock, what is in no state, what is refused."""

import base64
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

from workbook.course.phase import root
from workbook.learner.choices import Choices
from workbook.outcome import Unknown
from workbook.targets.azure import owned
from workbook.targets.azure.client import Azure, AzureError, open_azure
from workbook.targets.azure.names import names
from workbook.targets.azure.owned import Item
from workbook.targets.azure.providers import registered
from workbook.targets.terraform import last_words

APPLIED = "applied.txt"  # what the last apply was told
LOCK = "terraformlockid"  # in the metadata of the state's blob: JSON, as Base64
REFUSED = re.compile(r"not registered to use namespace '([\w.]+)'")


@contextmanager
def asking(choices: Choices) -> Iterator[Azure]:
    """The learner's Azure; what it does not answer, cannot be known."""
    try:
        yield open_azure(root(), choices)
    except AzureError as error:
        raise Unknown(f"{error} Run: {error.run_next}") from None


def lock_of(azure: Azure, backend: dict[str, str]) -> dict[str, str] | None:
    """Terraform's note about the lock; empty if Terraform did not take it, None if it is free.

    Args:
        azure: where to ask.
        backend: the settings of Terraform's backend.
    """
    where = ["--account-name", backend["storage_account_name"], "--name", backend["key"]]
    where += ["--container-name", backend["container_name"], "--auth-mode", "login"]
    blob = azure.ask("storage", "blob", "show", *where)
    if blob["properties"]["lease"]["status"] != "locked":
        return None
    noted: dict[str, str] = json.loads(
        base64.b64decode((blob["metadata"] or {}).get(LOCK, "")) or "{}"
    )
    return noted


def break_lease(azure: Azure, backend: dict[str, str]) -> str:
    """What ends a lease of which Terraform knows nothing."""
    where = f"--account-name {backend['storage_account_name']} --blob-name {backend['key']}"
    where += f" --container-name {backend['container_name']} --auth-mode login"
    return f"az storage blob lease break {where} --subscription {azure.subscription}"


def strangers(azure: Azure, choices: Choices, texts: list[str]) -> list[Item]:
    """What carries our tag, or is in a group of the state, and is in no state.

    A group that is in no state stands for all that is in it. Resources that Azure itself makes are
    no strangers. The parts of a cluster are in a group that names the cluster as its manager. Of
    others, such as the interface of a private endpoint, the state has the id.

    Args:
        azure: where to ask.
        choices: the learner's.
        texts: every text in the state.
    """
    known = {text.lower() for text in texts}  # Azure ignores upper and lower case
    listed = azure.list("group", "list")
    manager = {group["name"].lower(): str(group.get("managedBy")).lower() for group in listed}
    of_clusters = {name for name in manager if "/managedclusters/" in manager[name]}
    elsewhere = {names(choices)["STATE_RG"].lower(), *of_clusters}  # have a life of their own
    groups = [group for group in listed if group["name"].lower() not in elsewhere]
    ours = [group for group in groups if group["id"].lower() in known]
    others = [each for each in owned.ours(groups, choices.prefix) if each not in ours]
    elsewhere |= {group["name"].lower() for group in others}
    items = owned.resources(azure, choices.prefix)
    for group in ours:
        items += azure.list("resource", "list", "--resource-group", group["name"])
    beside = {
        item["id"].lower(): item
        for item in items
        if item["id"].lower() not in known and item["resourceGroup"].lower() not in elsewhere
    }
    return [*others, *beside.values()]


def look_at(stranger: Item) -> str:
    """What shows the learner what a stranger is."""
    subscription = stranger["id"].split("/")[2]
    if stranger["type"].lower() == "microsoft.resources/resourcegroups":
        look = f"az resource list --output table --resource-group {stranger['name']}"
    else:
        look = f"az resource show --ids {stranger['id']}"
    return f"{look} --subscription {subscription}"


def refused_services(said: str) -> set[str]:
    """The namespaces that an apply was refused because the subscription may not use them."""
    return {*REFUSED.findall(" ".join(last_words(said).split()))}  # Terraform breaks its lines


def still_refused(azure: Azure, said: str) -> list[str]:
    """Those that are not registered now, either."""
    refused = refused_services(said)
    return sorted(refused - registered(azure)) if refused else []
