"""What things are called on Azure: all of it from one prefix and the subscription."""

import re
from typing import TYPE_CHECKING

from workbook.errors import WorkbookError

if TYPE_CHECKING:
    from workbook.choices import Choices

SUBSCRIPTION = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
TAG = "workbook"  # its value is the prefix
LONGEST_PREFIX = 12  # as the variables of terraform/ have it


def refuse_bad(subscription: str, region: str, prefix: str) -> None:
    """Say the rule that a choice breaks; an empty subscription or prefix is not chosen yet.

    Raises:
        WorkbookError: it breaks one.
    """
    if subscription and not re.fullmatch(SUBSCRIPTION, subscription):
        raise WorkbookError(
            f"{subscription!r} is not the id of a subscription: 32 hexadecimal digits, lower-case, "
            "with hyphens, as `az account list --output table` shows it under SubscriptionId.",
            "./workbook use azure --subscription ID",
        )
    if not re.fullmatch(r"[a-z]+[a-z0-9]*", region):
        raise WorkbookError(
            f"{region!r} is not the name of a region: lower-case letters and digits without "
            "spaces, as `az account list-locations --output table` shows it under Name.",
            "./workbook use azure --region westeurope",
        )
    right = re.fullmatch(r"[a-z](-?[a-z0-9])+", prefix) and 3 <= len(prefix) <= LONGEST_PREFIX
    if prefix and not right:
        raise WorkbookError(
            f"{prefix!r} cannot be a prefix: 3 to {LONGEST_PREFIX} lower-case letters, digits and "
            "single hyphens, with a letter first and no hyphen last. (The strictest name made from "
            "it, that of a storage account, may have 24.)",
            "./workbook use azure --prefix PREFIX",
        )


def names(choices: "Choices") -> dict[str, str]:
    """The names by the variables of the lessons; nothing is asked, so they are the same each time.

    Some must be unique in all of Azure, so they end with the beginning of the subscription's id.
    """
    prefix, unique = choices.prefix, choices.subscription[:8]
    registry = f"{prefix.replace('-', '')}{unique}"  # has letters and digits only
    database = f"{prefix}-{unique}"
    return {
        "PREFIX": prefix,
        "LOCATION": choices.region,
        "TF_VAR_prefix": prefix,
        "TF_VAR_location": choices.region,
        "RG": f"{prefix}-rg",
        "AKS": f"{prefix}-aks",
        "ACR": registry,
        "REGISTRY": f"{registry}.azurecr.io",
        "DB": database,
        "DATABASE_HOST": f"{database}.postgres.database.azure.com",
        # Terraform's state has a group and a lifetime of its own: `down` keeps it
        "STATE_RG": f"{prefix}-state-rg",
    }
