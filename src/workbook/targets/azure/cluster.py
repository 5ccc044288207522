"""The learner's cluster on Azure: the one that carries our tag, wherever a kubeconfig leads."""

import re
from pathlib import Path

from workbook.learner.choices import load_choices
from workbook.outcome import NotStarted, Unknown
from workbook.targets.azure.client import AzureError, open_azure
from workbook.targets.azure.names import TAG
from workbook.targets.azure.owned import ours


def refuse_another(home: Path, kubeconfig: Path, host: str) -> None:
    """Refuse a cluster that is not the learner's. Asks Azure again each time.

    Args:
        home: the workbook's folder.
        kubeconfig: the workbook's own file.
        host: where it leads.

    Raises:
        NotStarted: the learner has no cluster.
        Unknown: the host is not that of one, or Azure does not say.
    """
    choices = load_choices(home)
    try:
        azure = open_azure(home, choices)
        clusters = ours(azure.list("aks", "list"), choices.prefix)
    except AzureError as error:
        raise Unknown(
            f"whether {kubeconfig} leads to a cluster of yours: {error} Type: {error.run_next}"
        ) from None
    where = f"with the tag {TAG}={choices.prefix} in the subscription {choices.subscription}"
    if not clusters:
        raise NotStarted(f"there is no cluster {where}: make one, as lesson 1 does")
    if any(host in (each.get("fqdn"), each.get("privateFqdn")) for each in clusters):
        return
    commands = [
        f"az aks get-credentials --resource-group {each['resourceGroup']} --name {each['name']} "
        '--file "$KUBECONFIG" --overwrite-existing'
        for each in clusters
    ]
    raise Unknown(
        f"{kubeconfig} leads to {host or 'no host'}, which is no cluster {where}. "
        f"Type: {' or: '.join(commands)}"
    )


def cluster_in_use(home: Path) -> str:
    """The name of the cluster that the workbook's own kubeconfig leads to; "" without one.

    `az aks get-credentials` calls the context by the name of its cluster.
    """
    kubeconfig = home / ".workbook" / "azure" / "kubeconfig"
    if not kubeconfig.exists():
        return ""
    text = kubeconfig.read_text(encoding="utf-8")
    found = re.search(r"^current-context: [\"']?([\w.-]+)", text, re.MULTILINE)
    return found[1] if found else ""
