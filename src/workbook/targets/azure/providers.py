"""Azure's services by their namespaces: a subscription may use one once it is registered."""

from workbook.targets.azure.client import Azure


def registered(azure: Azure) -> set[str]:
    """The namespaces that the subscription may use."""
    query = "[].{namespace:namespace, registrationState:registrationState}"
    listed = azure.list("provider", "list", "--query", query)
    return {each["namespace"] for each in listed if each["registrationState"] == "Registered"}


def register_command(azure: Azure, namespace: str) -> str:
    """What the learner types to register one; the same again does no harm."""
    register = f"az provider register --wait --namespace {namespace}"
    return f"{register} --subscription {azure.subscription}"
