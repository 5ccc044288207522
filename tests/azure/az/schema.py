"""Hold the body of a request against the model of it that azure-cli carries.

A model says which fields there are, which must be there, which only Azure sets, and which values a
field takes. Azure's own rules go further: this finds what breaks its interface.
"""

from collections.abc import Iterator, Mapping
from enum import Enum
from importlib import import_module
from types import NoneType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

MODELS = {  # by the method and the kind of resource
    "PATCH Microsoft.App/containerApps": "appcontainers.models.ContainerApp",
    "PATCH Microsoft.DBforPostgreSQL/flexibleServers": (
        "postgresqlflexibleservers.models.ServerForPatch"
    ),
    "POST Microsoft.ContainerRegistry/registries/importImage": (
        "containerregistry.models.ImportImageParameters"
    ),
    "POST Microsoft.ContainerRegistry/registries/scheduleRun": (
        "containerregistrytasks.models.DockerBuildRequest"
    ),
    "POST Microsoft.DBforPostgreSQL/locations/checkNameAvailability": (
        "postgresqlflexibleservers.models.CheckNameAvailabilityRequest"
    ),
    "PUT Microsoft.App/containerApps": "appcontainers.models.ContainerApp",
    "PUT Microsoft.App/managedEnvironments": "appcontainers.models.ManagedEnvironment",
    "PUT Microsoft.Authorization/roleAssignments": (
        "authorization.models.RoleAssignmentCreateParameters"
    ),
    "PUT Microsoft.ContainerRegistry/registries": "containerregistry.models.Registry",
    "PUT Microsoft.ContainerService/managedClusters": "containerservice.models.ManagedCluster",
    "PUT Microsoft.DBforPostgreSQL/flexibleServers": "postgresqlflexibleservers.models.Server",
    "PUT Microsoft.DBforPostgreSQL/flexibleServers/databases": (
        "postgresqlflexibleservers.models.Database"
    ),
    "PUT Microsoft.DBforPostgreSQL/flexibleServers/firewallRules": (
        "postgresqlflexibleservers.models.FirewallRule"
    ),
    "PUT Microsoft.ManagedIdentity/userAssignedIdentities": "msi.v2024_11_30.models.Identity",
    "PUT resourcegroups": "resource.resources.v2024_11_01.models.ResourceGroup",
}


def faults(request: str, body: dict[str, Any]) -> list[str]:
    """What is wrong with the body of a request, as `workbook.site.az_requests` calls it."""
    if request not in MODELS:
        return ["azure-cli has no model of it"]
    module, _, name = MODELS[request].rpartition(".")
    model = getattr(import_module(f"azure.mgmt.{module}"), name)
    if hasattr(model, "_attribute_map"):
        return sorted(set(_of_older(model, body)))
    return sorted(set(_of_fields(model, body, "")))


def _of_fields(model: Any, body: dict[str, Any], at: str) -> Iterator[str]:
    """The faults of a body, by a model whose fields have types."""
    models = import_module(model.__module__.rpartition(".")[0])
    types = get_type_hints(model, localns={"_models": models})
    model({})  # fills in the names of the fields
    fields = {
        field._rest_name: (types[name], field) for name, field in model._attr_to_rest_field.items()
    }
    for name, value in body.items():
        if name not in fields:
            yield f"{at}{name}: {model.__name__} has no such field"
            continue
        kind, field = fields[name]
        if field._visibility == ["read"]:
            yield f"{at}{name}: only Azure sets it"
        yield from _of_value(kind, value, f"{at}{name}")
    for name, (kind, field) in fields.items():
        may_be_missing = NoneType in get_args(kind) or field._visibility == ["read"]
        if name not in body and not may_be_missing:
            yield f"{at}{name}: missing"


def _of_value(kind: Any, value: Any, at: str) -> Iterator[str]:
    """The faults of a value, by the type of its field."""
    kinds = get_args(kind) if get_origin(kind) is Union else [kind]
    kinds = [each for each in kinds if each is not NoneType]
    enums = [each for each in kinds if isinstance(each, type) and issubclass(each, Enum)]
    if value is None:
        return
    if enums:
        allowed = [str(each.value) for enum in enums for each in enum]
        if str(value).lower() not in map(str.lower, allowed):
            yield f"{at}: {value} is none of {', '.join(allowed)}"
    elif len(kinds) == 1:
        [kind] = kinds
        inner = get_args(kind)
        if get_origin(kind) is list and isinstance(value, list):
            for each in value:
                yield from _of_value(inner[0], each, f"{at}[]")
        elif get_origin(kind) is dict and isinstance(value, dict):
            for name, each in value.items():
                yield from _of_value(inner[1], each, f"{at}.{name}")
        elif get_origin(kind) is Literal:
            if value not in [getattr(each, "value", each) for each in inner]:
                yield f"{at}: {value} is not {inner[0]}"
        elif issubclass(kind, Mapping) and isinstance(value, dict):  # a model
            yield from _of_fields(kind, value, f"{at}.")
        elif not isinstance(value, {float: (int, float)}.get(kind, kind)):
            yield f"{at}: {value!r} is not of type {kind}"


def _of_older(model: Any, body: dict[str, Any]) -> Iterator[str]:
    """The faults of a body, by a model of the older kind, which reads and writes bodies."""
    try:
        sent = model.deserialize(body).serialize()
    except Exception as problem:  # a value is of another type
        yield str(problem)
        return
    yield from _lost(body, sent, "")


def _lost(body: Any, sent: Any, at: str) -> Iterator[str]:
    """What of a body is not in what the model would send."""
    if isinstance(body, dict) and isinstance(sent, dict):
        there = {name.lower(): value for name, value in sent.items()}
        for name, value in body.items():
            if value is None:
                continue
            if name.lower() not in there:
                yield f"{at}{name}: there is no such field, or only Azure sets it"
            else:
                yield from _lost(value, there[name.lower()], f"{at}{name}.")
    elif isinstance(body, list) and isinstance(sent, list):
        for one, other in zip(body, sent, strict=True):
            yield from _lost(one, other, at)
