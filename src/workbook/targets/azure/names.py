"""What things are called on Azure: all of it from one prefix and the subscription."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from workbook.learner.store import read_json
from workbook.targets.local.versions import versions

if TYPE_CHECKING:
    from workbook.learner.choices import Choices

TAG = "workbook"  # its value is the prefix
# Once Terraform has made the system, its names are the outputs of phase 3's root.
OUTPUT_OF = {
    "RG": "resource_group",
    "AKS": "cluster",
    "ACR": "registry",
    "REGISTRY": "registry_login_server",
    "DB": "database",
    "DATABASE_HOST": "database_host",
}


def names_in_use(home: Path, choices: "Choices") -> dict[str, str]:
    """The names of what exists: those of Terraform's system, once there is one."""
    found = names(choices)
    outputs = read_json(outputs_of_terraform(home)) or {}
    made = {name: outputs.get(output, {}).get("value") for name, output in OUTPUT_OF.items()}
    if is_of_terraform(str(made["RG"]), choices):
        found |= {name: value for name, value in made.items() if value}
    return {**found, "BASE_IMAGE": f"{found['REGISTRY']}/base/{_base_image()}"}


def is_of_terraform(name: str, choices: "Choices") -> bool:
    """Whether phase 3's root made the group or cluster of this name, with the chosen prefix.

    The root adds five letters or digits to the prefix.
    """
    made = re.fullmatch(rf"{re.escape(choices.prefix)}-[a-z0-9]{{5}}-(rg|aks)", name)
    return bool(made) and name != names(choices)["STATE_RG"]


def outputs_of_terraform(home: Path) -> Path:
    """Where lesson 3 keeps what `terraform output -json` prints."""
    return home / ".workbook" / "azure" / "phase3" / "outputs.json"


def _base_image() -> str:
    """Of the Dockerfiles: in the learner's own registry it has its digest, and no tag."""
    name, _, digest = versions().images["python"].partition("@")
    return f"{name.partition(':')[0]}@{digest}"


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
