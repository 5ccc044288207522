"""Find, in the text of lessons and of Terraform code, what a learner on Azure would run into.

Each finder takes a text and says what is wrong in it, in words.
"""

import re
import subprocess
from collections.abc import Iterator

from az.review import waits as waits_of
from workbook.site.az_lines import commands_of, pieces

# What an option of az changes on a cluster, as azurerm 5.2.0 reads it (internal/services/
# containers/kubernetes_cluster_resource.go). Nothing is read of --enable-gateway-api.
READ_AS = {"--enable-app-routing-istio": "web_app_routing", "--enable-gateway-api": None}
CHOOSES_THE_CLUSTER = {"--resource-group", "--name", "--output"}
# Where Istio's gateway says that it is ready: istio.io/latest/docs/ops/deployment/application-
# requirements, "Ports used by Istio"
OPENS = {"--enable-app-routing-istio": "15021"}
CHOSEN = re.compile(r"(--(?:location|node-vm-size|resource-group|subscription) [\w-]+)")
STOP = re.compile(r"az (aks|postgres flexible-server) stop\b")
CHANGE = re.compile(r"terraform\b.*\b(?:apply|destroy)\b|az aks update\b")
# A cluster whose creation failed late, in a plan
UNFINISHED = "# module.cluster.azurerm_kubernetes_cluster.main is tainted, so must be replaced"
# What each kind of resource needs of a subscription, beside what its own name says.
# learn.microsoft.com/azure/azure-resource-manager/management/azure-services-resource-providers
SERVICES = {
    "resource_group": set(),
    "consumption_budget": {"Consumption"},
    "container_registry": {"ContainerRegistry"},
    "kubernetes_cluster": {"ContainerService", "Compute", "Network", "ManagedIdentity"},
    "postgresql": {"DBforPostgreSQL"},
    "private_": {"Network"},
    "network_security_group": {"Network"},
    "subnet": {"Network"},
    "virtual_network": {"Network"},
    "user_assigned_identity": {"ManagedIdentity"},
    "federated_identity": {"ManagedIdentity"},
    "role_assignment": set(),
    "storage_": {"Storage"},
}


def waits(text: str) -> list[str]:
    """Waits that have no end, or fail at once."""
    return waits_of({"text": text})


def stops(text: str) -> list[str]:
    """Changes of what was stopped before and not started again; stops that nothing undoes."""
    stopped: dict[str, str] = {}
    found = []
    for line in _typed(text):
        if stop := STOP.search(line):
            stopped[stop[1]] = stop[0]
        stopped = {
            kind: by
            for kind, by in stopped.items()
            if not re.search(rf"az {kind} (start|delete)\b", line)
        }
        if stopped and CHANGE.search(line):
            found.append(f"{line}: after {', '.join(stopped.values())}")
    undone = "#stopped-cluster" in text  # the entry has the commands that start both
    return found + [f"nothing undoes {stop}" for stop in stopped.values() if not undone]


def _typed(text: str) -> Iterator[str]:
    """The lines that a learner types, in order: those of cells, and items of a list."""
    in_cell = False
    for line in text.splitlines():
        if line.startswith("```"):
            in_cell = line == "```bash"
        elif in_cell:
            yield line
        elif item := re.fullmatch(r"- `(.+)`", line):
            yield item[1]


def choices(text: str) -> list[str]:
    """Options whose value the learner has chosen with `use azure`, and that ignore the choice."""
    cells = [piece.text for piece in pieces(text) if not piece.only_mentioned]
    return [found for cell in cells for found in CHOSEN.findall(cell)]


def ports(text: str) -> list[str]:
    """Ports that a line opens to everyone, and that the lesson does not mention."""
    words = {word for command in commands_of({"text": text}) for word in command.words}
    return [
        f"{option} opens port {port}"
        for option, port in OPENS.items()
        if option in words and port not in text
    ]


def changed_beside_terraform(texts: dict[str, str]) -> set[str]:
    """The options with which lessons change the cluster after Terraform has made it."""
    return {
        word
        for command in commands_of(texts)
        if command.words[:2] == ["aks", "update"]
        for word in command.words
        if word.startswith("--")
    } - CHOOSES_THE_CLUSTER


def drift(code: str, changed: set[str]) -> list[str]:
    """What Terraform would change back of what lessons change, or ignores for nothing."""
    ignored = re.search(r"ignore_changes = \[(.+)\]", code)
    kept = {*ignored[1].split(", ")} if ignored else set()
    read = {name for option in changed if (name := READ_AS[option])}
    back = [f"{name} is not ignored" for name in sorted(read - kept)]
    return back + [f"{name} is ignored for nothing" for name in sorted(kept - read)]


def services(code: str, kinds: set[str]) -> list[str]:
    """Services that resources of these kinds need, and that the code does not register.

    Raises:
        KeyError: it is not known what a kind needs.
    """
    listed = re.search(r"resource_providers_to_register = \[(.*?)\]", code, re.DOTALL)
    registered = {*re.findall(r'"([\w.]+)"', listed[1])} if listed else set()
    needed = {f"Microsoft.{name}" for kind in kinds for name in _needs(kind)}
    return [f"{name} is not registered" for name in sorted(needed - registered)]


def _needs(kind: str) -> set[str]:
    for part, names in SERVICES.items():
        if part in kind:
            return names
    raise KeyError(kind)


def guard(text: str) -> list[str]:
    """Whether the look through a plan refuses to make a cluster again that was made in part."""
    return [
        f"{pattern} refuses the way out"
        for shell, pattern in _looks(text)
        if subprocess.run(
            ["bash", "-c", shell], input=UNFINISHED, capture_output=True, text=True
        ).stdout
    ]


def _looks(text: str) -> Iterator[tuple[str, str]]:
    """The `grep` of each plan, as a command of its own, and its pattern."""
    keeps = re.search(r"^KEEPS=.+$", text, re.MULTILINE)
    for pattern in re.findall(r"""! grep -E ("[^"]+"|'[^']+')""", text):
        yield f"{keeps[0] if keeps else ''}\ngrep -E {pattern}", pattern
