"""What the learner has chosen (`workbook use`): target, ports of this machine, where on Azure."""

import re
from dataclasses import asdict, dataclass
from pathlib import Path

from workbook.course.manifest import TARGETS
from workbook.errors import WorkbookError
from workbook.learner.ports import HIGHEST, LOWEST, another_port
from workbook.learner.store import kept, read_state, write_json

PORTS = {
    "port": 8000,
    "cluster_port": 8080,
    "registry_port": 5001,
    "database_port": 15432,
    "gateway_port": 8443,
    "gateway_http_port": 8081,
}
CLUSTER_PORTS = tuple(name for name in PORTS if name != "port")  # all but the API of phase 0


# Of Azure.
SUBSCRIPTION = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
LONGEST_PREFIX = 12  # as the variables of terraform/ have it


@kept
@dataclass(frozen=True)
class Choices:
    """The learner's choices, kept in .workbook/choices.json."""

    target: str = "local"
    port: int = PORTS["port"]  # of the API of phase 0
    cluster_port: int = PORTS["cluster_port"]  # where the local cluster answers
    registry_port: int = PORTS["registry_port"]  # of the registry beside it
    database_port: int = PORTS["database_port"]  # where its database answers, from phase 2 on
    gateway_port: int = PORTS["gateway_port"]  # where its gateway answers, from phase 4 on
    gateway_http_port: int = PORTS["gateway_http_port"]  # the same, without TLS
    subscription: str = ""  # of Azure, its id; "" until one is chosen
    region: str = "westeurope"
    prefix: str = ""  # of every name on Azure, and the value of the tag `workbook`; as above

    def __post_init__(self) -> None:
        if self.target not in TARGETS:
            raise WorkbookError(
                f"{self.target!r} is not a target: choose {' or '.join(TARGETS)}.",
                "./workbook use local",
            )
        seen: set[int] = set()
        for name in PORTS:
            port = getattr(self, name)
            if port in seen or not LOWEST <= port <= HIGHEST:
                problem = "chosen twice" if port in seen else f"not from {LOWEST} to {HIGHEST}"
                raise WorkbookError(
                    f"{port} is {problem}: choose another one for {option_of(name)}.",
                    self.use_another(name),
                )
            seen.add(port)
        refuse_bad(self.subscription, self.region, self.prefix)

    def use_another(self, *names: str) -> str:
        """The command that chooses other ports: free ones that differ from all chosen ones."""
        chosen = {getattr(self, name) for name in PORTS}
        words = []
        for name in names:
            port = getattr(self, name)
            near = port if LOWEST <= port <= HIGHEST else PORTS[name] - 1
            other = another_port(near, chosen)
            chosen.add(other)
            words += [option_of(name), str(other)]
        return " ".join(["./workbook use", self.target, *words])


def option_of(name: str) -> str:
    """The option of `workbook use` that sets a choice."""
    return f"--{name.replace('_', '-')}"


def load_choices(home: Path) -> Choices:
    """The kept choices, or the defaults where none are kept or the file is damaged."""
    return read_state(home / ".workbook" / "choices.json", Choices) or Choices()


def save_choices(home: Path, choices: Choices) -> None:
    write_json(home / ".workbook" / "choices.json", asdict(choices))


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
