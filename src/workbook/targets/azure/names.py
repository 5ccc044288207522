"""What things are called on Azure: all of it from one prefix and the subscription."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbook.learner.choices import Choices

TAG = "workbook"  # its value is the prefix


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
        "NODE_SIZE": choices.node_size,
        "TF_VAR_node_size": choices.node_size,
        "RG": f"{prefix}-rg",
        "AKS": f"{prefix}-aks",
        "ACR": registry,
        "REGISTRY": f"{registry}.azurecr.io",
        "DB": database,
        "DATABASE_HOST": f"{database}.postgres.database.azure.com",
        # Terraform's state has a group and a lifetime of its own: `down` keeps it
        "STATE_RG": f"{prefix}-state-rg",
    }
