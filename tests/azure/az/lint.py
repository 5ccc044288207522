"""Lines that azure-cli accepts and that are wrong all the same: the service refuses them, or they
do what nobody should want. Each rule has its reason, and the page that says so.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain

AKS = "learn.microsoft.com/azure/aks"
POSTGRES = "learn.microsoft.com/azure/postgresql"
FUNCTIONS = "learn.microsoft.com/azure/azure-functions"
CLI = "learn.microsoft.com/cli/azure"


@dataclass(frozen=True)
class Line:
    """A command line: the words of the command, and what its options are given."""

    command: str
    options: dict[str, list[str]]

    def __getitem__(self, names: str) -> str | None:
        """The first value of an option, "" if it has none, None if it is not there."""
        values = self.all(names)
        return None if values is None else next(iter(values), "")

    def all(self, names: str) -> list[str] | None:
        """The values of an option that has several spellings: "--name -n"."""
        found = [self.options[name] for name in names.split() if name in self.options]
        return found[-1] if found else None


@dataclass(frozen=True)
class Rule:
    """A mistake, why it is one, and where that can be read."""

    name: str
    commands: str  # a regular expression of the whole command
    is_broken_by: Callable[[Line], object]
    why: str
    source: str


def read(words: list[str]) -> Line:
    """Take a line apart: words up to the first option, then options and what follows on each."""
    command: list[str] = []
    options: dict[str, list[str]] = {}
    values = command
    for word in words:
        if re.match(r"--?[a-z]", word):
            name, equals, value = word.partition("=")
            values = options.setdefault(name, [])  # an option may be given more than once
            values += [value] if equals else []
        else:
            values.append(word)
    return Line(" ".join(command), options)


def mistakes(words: list[str]) -> list[Rule]:
    """The rules that a line breaks."""
    line = read(words)
    about = [rule for rule in RULES if re.fullmatch(rule.commands, line.command)]
    return [rule for rule in about if rule.is_broken_by(line)]


def _older(version: str | None, than: tuple[int, ...]) -> bool:
    """Whether 3.9 is older than (3, 10); what is no number cannot be told."""
    numbers = re.fullmatch(r"\d+(\.\d+)*", version or "")
    return numbers is not None and tuple(map(int, numbers[0].split("."))) < than


SIZE = "--node-vm-size -s"
SECRETS = "--admin-password --password --account-key --connection-string --sas-token"
SECRET_NAME = re.compile(r"(SECRET|PASSWORD|TOKEN|KEY|CONNECTION\w*)=(?!@Microsoft.KeyVault)", re.I)


def _is_typed(values: list[str] | None) -> bool:
    """Whether a secret is among the words: @ would read it from a file."""
    return any(not value.startswith("@") for value in values or [])


RULES = (
    Rule(
        "a system pool without nodes",
        r"aks (scale|create|update)",
        lambda line: line["--node-count -c"] == "0",
        "a system pool always has nodes, so the service refuses: `az aks stop` ends them all",
        f"{AKS}/scale-cluster",
    ),
    Rule(
        "a B-series system pool",
        r"aks create",
        lambda line: (line[SIZE] or "").startswith("Standard_B"),
        "B-series machines are not supported for system pools, which want 4 processors",
        f"{AKS}/use-system-pools",
    ),
    Rule(
        "a size left to chance",
        r"aks create",
        lambda line: line[SIZE] is None,
        "what the default size is, and costs, changes with the region and the day",
        f"{CLI}/aks",
    ),
    Rule(
        "no engine for network policies",
        r"aks create",
        lambda line: line["--network-policy"] in (None, "none", "azure"),
        "without an engine, policies are accepted and ignored; the one of Azure ends in 2028",
        f"{AKS}/use-network-policies",
    ),
    Rule(
        "addresses that overlap",
        r"aks create",
        lambda line: line["--service-cidr"] is None or line["--pod-cidr"] is None,
        "the default for services is 10.0.0.0/16, which many a virtual network has too",
        f"{AKS}/azure-cni-overlay",
    ),
    Rule(
        "memory for 250 pods",
        r"aks create",
        lambda line: line["--max-pods -m"] is None,
        "with Azure CNI Overlay a node may run 250 pods, and reserves 20 MB for each: 4 of 16 GB",
        f"{AKS}/node-resource-reservations",
    ),
    Rule(
        "a disk left to chance",
        r"aks create",
        lambda line: line["--node-osdisk-size"] is None or line["--node-osdisk-type"] is None,
        "a node with 4 vCPUs gets 128 GB by default, for twice the price of 64; and where its size "
        "has a local disk, the disk is ephemeral",
        f"{AKS}/concepts-storage",
    ),
    Rule(
        "an unpinned Kubernetes",
        r"aks create",
        lambda line: line["--kubernetes-version -k"] is None,
        "the default version changes under the lesson",
        f"{AKS}/supported-kubernetes-versions",
    ),
    Rule(
        "an old PostgreSQL",
        r"postgres flexible-server create",
        lambda line: line["--version"] is None or _older(line["--version"], (15,)),
        "14 has had no support since November 2026, and a retired version cannot be created",
        f"{POSTGRES}/configure-maintain/concepts-version-policy",
    ),
    Rule(
        "a database open to everybody",
        r"postgres flexible-server (create|update)",
        lambda line: (line["--public-access"] or "").startswith(("0.0.0.0", "All")),
        "0.0.0.0 admits the resources of every customer of Azure, and All the whole network",
        f"{POSTGRES}/network/concepts-networking-public",
    ),
    Rule(
        "a server without a firewall",
        r"postgres flexible-server (create|update)",
        lambda line: (line["--public-access"] or "").lower() in ("none", "disabled"),
        "both words close public access, and then every firewall rule is refused: Enabled with no "
        "rule admits no address",
        f"{POSTGRES}/network/concepts-networking-public",
    ),
    Rule(
        "a firewall open to everybody",
        r"postgres flexible-server firewall-rule (create|update)",
        lambda line: line["--start-ip-address"] == "0.0.0.0",
        "0.0.0.0 admits the resources of every customer of Azure",
        f"{POSTGRES}/network/concepts-networking-public",
    ),
    Rule(
        "storage by account key",
        r"storage (blob|container|fs|file|share|directory|queue|message|table|entity)( .+)?",
        lambda line: line["--auth-mode"] != "login",
        "without --auth-mode login, azure-cli fetches the key that opens the whole account",
        "learn.microsoft.com/azure/storage/blobs/authorize-data-operations-cli",
    ),
    Rule(
        "a key asked for",
        r"storage account (show-connection-string|keys list)|acr credential show",
        lambda line: True,
        "a key opens everything and never ends: an identity with a role needs none",
        "learn.microsoft.com/azure/storage/common/shared-key-authorization-prevent",
    ),
    Rule(
        "a secret on the command line",
        r".+",
        lambda line: _is_typed(line.all(SECRETS)),
        "the history of the shell and the list of processes show it: @FILE reads it from a file",
        f"{CLI}/use-azure-cli-successfully-tips",
    ),
    Rule(
        "a secret on the command line",
        r"keyvault secret set|postgres flexible-server execute|login",
        lambda line: _is_typed(line.all("--value -p")),
        "the history of the shell and the list of processes show it: --file reads it from a file",
        f"{CLI}/keyvault/secret",
    ),
    Rule(
        "a secret among the settings",
        r"(functionapp|webapp) config appsettings set",
        lambda line: any(map(SECRET_NAME.search, line.all("--settings") or [])),
        "whoever may read the app's settings reads it: an identity with a role needs none",
        f"{FUNCTIONS}/functions-identity-based-connections-tutorial",
    ),
    Rule(
        "Linux Consumption",
        r"functionapp create",
        lambda line: line["--consumption-plan-location -c"] is not None,
        "the plan gets no Python after 3.12 and ends in 2028: Flex Consumption follows it",
        f"{FUNCTIONS}/flex-consumption-plan",
    ),
    Rule(
        "an old Python",
        r"functionapp create",
        lambda line: (
            line["--runtime"] == "python"
            and (line["--runtime-version"] is None or _older(line["--runtime-version"], (3, 11)))
        ),
        "3.10 has had no support since October 2026",
        f"{FUNCTIONS}/supported-languages",
    ),
    Rule(
        "a name from the clock",
        r".+",
        lambda line: any("date +%s" in value for value in chain(*line.options.values())),
        "the next cell, and the next day, does not know it: make it from the subscription's id",
        "learn.microsoft.com/azure/key-vault/general/soft-delete-overview",
    ),
    Rule(
        "costs that the newer agreements do not list",
        r"consumption usage list",
        lambda line: True,
        "under the Microsoft Customer Agreement the list is empty: Cost Management has the costs",
        "learn.microsoft.com/azure/cost-management-billing/automate/"
        "migrate-consumption-usage-details-api",
    ),
    Rule(
        "days that have passed",
        r"consumption usage list|costmanagement query",
        lambda line: any(
            re.match(r"\d{4}-", line[name] or "") for name in ("--start-date", "--end-date")
        ),
        "whoever reads the lesson later asks for days on which they had nothing",
        f"{CLI}/consumption/usage",
    ),
    Rule(
        "a tag and a digest",
        r"acr import",
        lambda line: re.search(r":[^/@]+@sha256:", line["--source"] or ""),
        "the registry refuses a source with both",
        "github.com/Azure/azure-cli/issues/14337",
    ),
    Rule(
        "no right to pull",
        r"containerapp create",
        lambda line: (
            line["--registry-server"]
            and not (line["--registry-identity"] or line["--registry-username"])
        ),
        "with the registry's name alone, the app may not fetch its image",
        "learn.microsoft.com/azure/container-apps/managed-identity-image-pull",
    ),
    Rule(
        "an identity that is too new to pull",
        r"containerapp create",
        lambda line: line["--registry-identity"] == "system",
        "the identity gets its role after the app exists, and the image may be fetched before: an "
        "identity of its own gets the role first",
        "learn.microsoft.com/azure/container-apps/managed-identity-image-pull",
    ),
    Rule(
        "a base from Docker Hub",
        r"acr build",
        lambda line: not any(word.startswith("BASE=") for word in line.all("--build-arg") or []),
        "Docker Hub limits how often Azure's builders, which share addresses, may fetch: import "
        "the base image into your registry",
        "learn.microsoft.com/azure/container-registry/container-registry-import-images",
    ),
    Rule(
        "kubelogin where only root may write",
        r"aks install-cli",
        lambda line: line["--kubelogin-install-location"] is None,
        "it also installs kubelogin, by default to /usr/local/bin",
        f"{CLI}/aks",
    ),
    Rule(
        "the add-on's identity",
        r"aks show",
        lambda line: "azureKeyvaultSecretsProvider.identity" in (line["--query"] or ""),
        "every pod of the node has it: workload identity gives one to the app alone",
        f"{AKS}/csi-secrets-store-identity-access",
    ),
)
