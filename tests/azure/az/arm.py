"""A stand-in for Azure: enough of its answers for azure-cli's commands to go through.

It keeps what a command creates, so that the next command meets it. What no command has created is
there too. But a command that creates something meets only what was created, and what has a name
that only a run could tell. What Azure adds to a resource is here as far as azure-cli looks at it;
the shapes are those of learn.microsoft.com/rest/api.
"""

import base64
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from az.offline import NOT_KNOWN, SUBSCRIPTION

IDENTITY = "10000000-0000-0000-0000-000000000000"
REGISTRIES = "Microsoft.ContainerRegistry/registries"
BLOB = f"https://{NOT_KNOWN}.blob.core.windows.net/{NOT_KNOWN}/{NOT_KNOWN}"

PRINCIPAL = {  # of Microsoft Graph
    "@odata.type": "#microsoft.graph.servicePrincipal",
    "id": IDENTITY,
    "displayName": NOT_KNOWN,
    "servicePrincipalNames": [IDENTITY],
}
LATER = "/Microsoft.DBforPostgreSQL/"  # accepts first, and works then

# What Azure adds to a resource, by type
ADDED: dict[str, dict[str, Any]] = {
    REGISTRIES: {
        "sku": {"name": "Basic"},
        "properties": {
            "adminUserEnabled": False,
            "roleAssignmentMode": "LegacyRegistryPermissions",
        },
    },
    "Microsoft.ContainerService/managedClusters": {
        "identity": {"type": "SystemAssigned", "principalId": IDENTITY},
        "properties": {
            "powerState": {"code": "Running"},
            "agentPoolProfiles": [{"name": "nodepool1", "mode": "System", "count": 1}],
            "identityProfile": {"kubeletidentity": {"objectId": IDENTITY}},
            "networkProfile": {
                "networkPlugin": "azure",
                "loadBalancerProfile": {"effectiveOutboundIPs": [{"id": NOT_KNOWN}]},
            },
        },
    },
    "Microsoft.DBforPostgreSQL/flexibleServers": {
        "sku": {"name": "Standard_B1ms", "tier": "Burstable"},
        "properties": {
            "fullyQualifiedDomainName": f"{NOT_KNOWN}.postgres.database.azure.com",
            "administratorLogin": NOT_KNOWN,
            "version": "17",
            "state": "Ready",
            "availabilityZone": "1",
            "storage": {"storageSizeGB": 32, "autoGrow": "Disabled", "type": ""},
            "backup": {"backupRetentionDays": 7, "geoRedundantBackup": "Disabled"},
            "network": {"publicNetworkAccess": "Enabled"},
            "highAvailability": {"mode": "Disabled"},
            "authConfig": {"activeDirectoryAuth": "Disabled", "passwordAuth": "Enabled"},
            "maintenanceWindow": {"customWindow": "Disabled"},
        },
    },
    "Microsoft.App/containerApps": {
        "identity": {"type": "SystemAssigned", "principalId": IDENTITY},
        "properties": {
            "configuration": {"ingress": {"fqdn": f"{NOT_KNOWN}.azurecontainerapps.io"}},
            "template": {"containers": [{"name": NOT_KNOWN, "image": NOT_KNOWN}]},
            "latestRevisionName": NOT_KNOWN,
        },
    },
    "Microsoft.App/containerApps/revisions": {"properties": {"active": True, "replicas": 1}},
    "Microsoft.ManagedIdentity/userAssignedIdentities": {
        "properties": {"principalId": IDENTITY, "clientId": IDENTITY},
    },
    "Microsoft.Network/publicIPAddresses": {"properties": {"ipAddress": "192.0.2.1"}},
    "Microsoft.App/managedEnvironments": {},
    "Microsoft.Authorization/roleAssignments": {
        "properties": {
            "principalId": IDENTITY,
            "roleDefinitionId": f"/subscriptions/{SUBSCRIPTION}/{NOT_KNOWN}",
            "scope": f"/subscriptions/{SUBSCRIPTION}",
        },
    },
}
# What a region offers: learn.microsoft.com/rest/api/postgresql/capabilities-by-location
POSTGRES = {
    "name": "FlexibleServerCapabilities",
    "supportedServerVersions": [{"name": version} for version in ("16", "17", "18")],
    "supportedFeatures": [{"name": "OfferRestricted", "status": "Disabled"}],
    "supportedServerEditions": [
        {
            "name": tier,
            "defaultSkuName": sizes[0],
            "supportedServerSkus": [{"name": size, "supportedZones": ["1"]} for size in sizes],
            "supportedStorageEditions": [
                {
                    "name": "ManagedDisk",
                    "supportedStorageMb": [
                        {"storageSizeMb": gigabytes * 1024, "supportedIopsTiers": []}
                        for gigabytes in (32, 64, 128, 256)
                    ],
                }
            ],
        }
        for tier, sizes in {
            "Burstable": ("Standard_B1ms", "Standard_B2s"),
            "GeneralPurpose": ("Standard_D2ds_v5", "Standard_D4ds_v5"),
        }.items()
    ],
}
# Lists of what is not a resource, by their name
LISTS: dict[str, list[Any]] = {"capabilities": [POSTGRES], "skus": [], "usages": []}
# What an action answers, by its name; any other is accepted without a word
KUBECONFIG = base64.b64encode(
    b"{apiVersion: v1, kind: Config, current-context: c, clusters: [], users: [], contexts: ["
    b"{name: c, context: {cluster: c, user: c}}]}"
).decode()
ACTIONS: dict[str, Any] = {
    "checkNameAvailability": {"nameAvailable": True},
    "listClusterUserCredential": {"kubeconfigs": [{"name": "clusterUser", "value": KUBECONFIG}]},
    "listBuildSourceUploadUrl": {"relativePath": NOT_KNOWN, "uploadUrl": BLOB},
    "scheduleRun": {"properties": {"runId": NOT_KNOWN}},
    "listLogSasUrl": {"logLink": BLOB},
}


@dataclass(frozen=True)
class Answer:
    """An answer of Azure's."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Azure:
    """A subscription with a registry, and the services around it."""

    group: str  # the name of the registry's group
    registry: str  # its name
    creating: str | None = None  # the name of what a command is creating
    resources: dict[str, dict[str, Any]] = field(default_factory=dict)  # by path, in lower case

    def answer(self, method: str, url: str, body: Any) -> Answer:
        """What Azure answers to a request."""
        parts = urlsplit(url)
        if parts.netloc == "management.azure.com":
            return self._manager(method, parts.path, body, parse_qs(parts.query))
        if parts.netloc.endswith(".azurecr.io"):
            return registry(parts.netloc, parts.path)
        if parts.netloc == "graph.microsoft.com":
            return Answer(200, {"value": [PRINCIPAL]})
        if parts.netloc.endswith(".blob.core.windows.net"):
            return blob(method)
        raise NotImplementedError(f"the stand-in for Azure has no answer to {method} {url}")

    def _manager(self, method: str, path: str, body: Any, query: dict[str, list[str]]) -> Answer:
        """What the Resource Manager answers: learn.microsoft.com/rest/api/resources."""
        key = path.lower()
        *_, last = segments = path.strip("/").split("/")
        if method == "POST":
            said = ACTIONS.get(last)
            return Answer(202) if said is None else Answer(200, said)
        if method == "PUT":
            self.resources[key] = without_nulls(body or {})
            return Answer(202 if LATER in path else 200, self._resource(path))
        if method == "PATCH":
            self.resources[key] = merged(self.resources.get(key, {}), without_nulls(body))
            return Answer(202 if LATER in path else 200, self._resource(path))
        if method == "DELETE":
            self.resources.pop(key, None)
            return Answer(200)
        if method == "HEAD":
            return Answer(204)
        if last in LISTS:
            return Answer(200, {"value": LISTS[last]})
        if len(segments) % 2:
            wanted = re.findall(r"resourceType eq '(.+)'", query.get("$filter", [""])[0])
            path = f"{id_of(self.group)}/providers/{wanted[0]}" if wanted else path
            name = self.registry if path.endswith(f"/{REGISTRIES}") else NOT_KNOWN
            return Answer(200, {"value": [self._resource(f"{path}/{name}")]})
        if last.startswith("Microsoft."):
            return Answer(200, provider(last))
        if "/providers/" in path and key not in self.resources and self._is_missing(last):
            return Answer(404, {"error": {"code": "ResourceNotFound", "message": path}})
        return Answer(200, self._resource(path))

    def _is_missing(self, name: str) -> bool:
        """Whether a resource that no command has created is not there either."""
        return self.creating is not None and (name == self.creating or NOT_KNOWN not in name)

    def _resource(self, path: str) -> dict[str, Any]:
        """A resource: what was asked for, and what Azure adds."""
        before, _, names = path.rpartition("/providers/")
        kind = "/".join(names.split("/")[:1] + names.split("/")[1::2])
        common: dict[str, Any] = {
            "id": path,
            "name": path.rpartition("/")[2],
            "type": kind if before else "Microsoft.Resources/resourceGroups",
            "location": "westeurope",
            "properties": {"provisioningState": "Succeeded"},
        }
        if kind == REGISTRIES:
            common["properties"]["loginServer"] = f"{common['name']}.azurecr.io"
        asked = self.resources.get(path.lower(), {})
        return merged(merged(common, ADDED.get(kind, {})), asked)


def id_of(group: str) -> str:
    return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}"


def provider(namespace: str) -> dict[str, Any]:
    """A provider, with the kinds of resource that are known here."""
    kinds = [kind.partition("/")[2] for kind in ADDED if kind.startswith(f"{namespace}/")]
    each = {"locations": ["West Europe"], "apiVersions": ["2026-01-01"]}
    return {
        "namespace": namespace,
        "registrationState": "Registered",
        "resourceTypes": [{"resourceType": kind, **each} for kind in kinds],
    }


def registry(server: str, path: str) -> Answer:
    """What a registry answers: learn.microsoft.com/rest/api/containerregistry."""
    if path == "/v2/":
        challenge = f'Bearer realm="https://{server}/oauth2/token",service="{server}"'
        return Answer(401, {}, {"WWW-Authenticate": challenge})
    if path.startswith("/oauth2/"):
        return Answer(200, {"refresh_token": NOT_KNOWN, "access_token": NOT_KNOWN})
    return Answer(200, {kind: {"digest": NOT_KNOWN} for kind in ("tag", "manifest")})


def blob(method: str) -> Answer:
    """What a blob answers to a file, and the log of a build that has ended."""
    if method == "PUT":
        return Answer(201)
    ended = {
        "x-ms-meta-Complete": "successful",
        "Content-Length": "0",
        "x-ms-blob-type": "AppendBlob",
    }
    return Answer(200, None, ended)


def without_nulls(sent: Any) -> Any:
    """What Azure keeps of what it was sent."""
    if isinstance(sent, list):
        return [without_nulls(each) for each in sent]
    if isinstance(sent, dict):
        return {name: without_nulls(each) for name, each in sent.items() if each is not None}
    return sent


def merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Both, the second before the first wherever they differ."""
    both = {**below, **above}
    for name in below.keys() & above.keys():
        if isinstance(below[name], dict) and isinstance(above[name], dict):
            both[name] = merged(below[name], above[name])
    return both
