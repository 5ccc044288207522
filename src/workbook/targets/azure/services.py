"""Services that Azure refuses some subscriptions: found out before anything costs money."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from workbook.targets.azure.client import Azure

POSTGRES = "17"
SERVER = "Standard_B1ms"  # as in lesson 2
# Free credit. learn.microsoft.com/azure/cost-management-billing/costs/understand-cost-mgt-data has
# the quota ids.
FREE_CREDIT = ("FreeTrial_", "AzureForStudents_", "DreamSpark_", "AzurePass_")
HOURS_WITHOUT_BUDGET = (
    48  # learn.microsoft.com/.../cost-management-billing/costs/tutorial-acm-create-budgets
)


def why_no_server(azure: Azure, region: str) -> str:
    """Why the subscription cannot have the lessons' PostgreSQL server in a region; "" if it can.

    As azure-cli 2.91.0 decides it (_postgres_parse_list_capability in command_modules/postgresql/
    utils/_flexible_server_location_capabilities_util.py): anything but `OfferRestricted` with the
    status Disabled is closed.

    Raises:
        AzureError: Azure did not answer.
    """
    listed = azure.list("postgres", "flexible-server", "list-skus", "--location", region)
    if not listed:
        return "not offered in this region"
    capability = listed[0]
    features = {each["name"]: each["status"] for each in capability.get("supportedFeatures") or []}
    if features.get("OfferRestricted") != "Disabled":
        return capability.get("reason") or "this subscription may not create servers in this region"
    if POSTGRES not in _names(capability, "supportedServerVersions"):
        return f"no version {POSTGRES} in this region"
    editions = capability.get("supportedServerEditions") or []
    if SERVER not in {name for each in editions for name in _names(each, "supportedServerSkus")}:
        return f"no {SERVER} in this region"
    return ""


def offer_of(azure: Azure) -> str:
    """The quota id of the subscription, which says what kind of offer it is.

    Raises:
        AzureError: Azure did not answer.
    """
    url = f"/subscriptions/{azure.subscription}?api-version=2022-12-01"
    answer = azure.ask("rest", "--method", "get", "--url", url)
    return str(answer["subscriptionPolicies"]["quotaId"])


def builds_images(offer: str) -> bool:
    """Whether ACR Tasks, and so `az acr build`, are there for an offer. Some new subscriptions
    that are paid for are refused too; only the build itself shows that."""
    return not offer.startswith(FREE_CREDIT)


def is_older_than_a_budget_needs(azure: Azure, now: datetime) -> bool:
    """Whether the subscription was used more than 48 hours ago. Azure does not say how old a
    subscription is; its log of activities goes back 90 days.

    Raises:
        AzureError: Azure did not answer.
    """
    until = now.astimezone(UTC) - timedelta(hours=HOURS_WITHOUT_BUDGET)
    when = ["--start-time", _at(until - timedelta(days=85)), "--end-time", _at(until)]
    query = ["--max-events", "1", "--query", "[].{when: eventTimestamp}"]
    return bool(azure.list("monitor", "activity-log", "list", *when, *query))


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _names(capability: dict[str, Any], key: str) -> set[str]:
    items: Iterable[dict[str, Any]] = capability.get(key) or []
    return {str(item["name"]) for item in items}
