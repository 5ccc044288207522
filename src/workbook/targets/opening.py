"""Which cluster is the learner's: the workbook's own, and no other one is ever asked."""

import os
import shutil
from pathlib import Path

from workbook.errors import WorkbookError
from workbook.outcome import Finding, NotStarted, Unknown
from workbook.targets.azure.cluster import refuse_another
from workbook.targets.kubernetes import RESTARTS, Kubernetes, unreachable
from workbook.targets.local.cluster import Cluster


def open_cluster(home: Path, target: str) -> Kubernetes:
    """The workbook's own cluster on the target; no other one is ever asked.

    Raises:
        NotStarted: there is no cluster.
        Unknown: KUBECONFIG, or the workbook's own file, leads to a cluster that the workbook did
            not make. Or Azure does not say, or the API server does not answer in time.
        Wrong: the API server does not answer.
    """
    kubeconfig = home / ".workbook" / target / "kubeconfig"
    record = Cluster(home).record()
    if target == "local" and (record is None or not record.authority):
        raise NotStarted("there is no cluster: ./workbook up")
    if not kubeconfig.exists():
        raise NotStarted("there is no cluster: make one, as lesson 1 does")
    named = os.environ.get("KUBECONFIG")
    if named and Path(named) != kubeconfig:
        raise Unknown(
            f"KUBECONFIG names {named}, which the workbook did not make. Your kubectl would talk "
            'to that cluster. Type: eval "$(./workbook env)"'
        )
    kubernetes = Kubernetes(_kubectl(target), kubeconfig, restart=RESTARTS[target])
    if target == "azure":
        refuse_another(home, kubeconfig, kubernetes.host())
    elif record is None or kubernetes.authority() != record.authority:
        raise Unknown(
            f"{kubeconfig} leads to a cluster that the workbook did not make. "
            "Type: ./workbook down && ./workbook up"
        )
    answer = kubernetes.ask_ready()
    if answer.returncode != 0:
        raise unreachable(answer.stderr, kubernetes.restart)
    return kubernetes


def find_cluster(home: Path, target: str) -> Kubernetes | None:
    """The same cluster for callers that can do without one; None if there is no cluster.

    Raises:
        WorkbookError: there may be one, and it cannot be asked.
    """
    try:
        return open_cluster(home, target)
    except NotStarted:
        return None
    except Finding as finding:
        problem = finding.rows.get("found", str(finding))
        raise WorkbookError(
            f"Your cluster cannot be asked: {problem}", finding.rows.get("run next", "")
        ) from None


def authority_of(home: Path, target: str) -> str:
    """What the learner's cluster is known by, without asking it; "" without a cluster."""
    kubeconfig = home / ".workbook" / target / "kubeconfig"
    try:
        found = Kubernetes(_kubectl(target), kubeconfig) if kubeconfig.exists() else None
    except NotStarted:
        return ""
    return (found and found.authority()) or ""


def _kubectl(target: str) -> Path:
    """The workbook's own kubectl; on Azure, which needs no `workbook up`, the machine's will do."""
    from workbook.targets.local.tools import is_built, tool  # needs more than a fresh clone has

    if is_built("kubectl"):
        return tool("kubectl")
    if target == "local":
        raise NotStarted("the workbook's kubectl is not built: ./workbook up")
    found = shutil.which("kubectl")
    if found is None:
        raise NotStarted("there is no kubectl: ./workbook doctor 1")
    return Path(found)
