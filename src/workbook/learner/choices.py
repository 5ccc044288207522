"""What the learner has chosen (`workbook use`): target, ports of this machine, where on Azure."""

import re
from dataclasses import asdict, dataclass
from pathlib import Path

from workbook.course.manifest import TARGETS
from workbook.errors import WorkbookError
from workbook.learner.ports import (
    CLUSTER_PORTS,
    HIGHEST,
    LOWEST,
    ClusterPorts,
    Port,
    another_port,
    port,
    ports_of,
)
from workbook.learner.store import kept, read_state, write_json

# Of Azure.
SUBSCRIPTION = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
LONGEST_PREFIX = 12  # as the variables of terraform/ have it
NODE_SIZE = r"Standard_(?!B)[A-Za-z]\w*"  # the same rule as terraform/modules/cluster


@kept
@dataclass(frozen=True, kw_only=True)
class Choices(ClusterPorts):
    """The learner's choices, kept in .workbook/choices.json."""

    target: str = "local"
    port: int = port(8000, "API of phase 0", variable="PORT")
    subscription: str = ""  # of Azure, its id; "" until one is chosen
    region: str = "westeurope"
    node_size: str = "Standard_D4as_v5"  # of the cluster's nodes on Azure
    prefix: str = ""  # of every name on Azure, and of the tag `workbook`; "" until `use` sets it

    def __post_init__(self) -> None:
        if self.target not in TARGETS:
            raise WorkbookError(
                f"{self.target!r} is not a target: choose {' or '.join(TARGETS)}.",
                "./workbook use local",
            )
        seen: set[int] = set()
        for each in PORTS:
            chosen = self.chosen(each)
            if chosen in seen or not LOWEST <= chosen <= HIGHEST:
                problem = "chosen twice" if chosen in seen else f"not from {LOWEST} to {HIGHEST}"
                raise WorkbookError(
                    f"{chosen} is {problem}: choose another one for {each.option}.",
                    self.use_another(each),
                )
            seen.add(chosen)
        refuse_bad(self.subscription, self.region, self.prefix, self.node_size)

    def chosen(self, each: Port) -> int:
        """The number that is chosen for a port."""
        number: int = getattr(self, each.name)
        return number

    def use_another(self, *ports: Port) -> str:
        """The command that chooses other ports: free ones that differ from all chosen ones."""
        chosen = {self.chosen(each) for each in PORTS}
        words = []
        for each in ports:
            number = self.chosen(each)
            near = number if LOWEST <= number <= HIGHEST else each.default - 1
            other = another_port(near, chosen)
            chosen.add(other)
            words += [each.option, str(other)]
        return " ".join(["./workbook use", self.target, *words])


API_PORT = next(each for each in ports_of(Choices) if each not in CLUSTER_PORTS)
PORTS = (API_PORT, *CLUSTER_PORTS)


def load_choices(home: Path) -> Choices:
    """The kept choices, or the defaults where none are kept or the file is damaged."""
    return read_state(home / ".workbook" / "choices.json", Choices) or Choices()


def save_choices(home: Path, choices: Choices) -> None:
    write_json(home / ".workbook" / "choices.json", asdict(choices))


def refuse_bad(subscription: str, region: str, prefix: str, node_size: str) -> None:
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
    if not re.fullmatch(NODE_SIZE, node_size):
        raise WorkbookError(
            f"{node_size!r} is not a size for the cluster's nodes. It begins with `Standard_`, as "
            "`az vm list-skus` shows it under Name. AKS does not support the B series for system "
            "pools.",
            "./workbook use azure --node-size Standard_D4as_v5",
        )
