"""What the learner has chosen (`workbook use`): target, ports of this machine, where on Azure."""

from dataclasses import asdict, dataclass
from pathlib import Path

from workbook.azure.names import refuse_bad
from workbook.errors import WorkbookError
from workbook.phase import read_json, write_json

TARGETS = ("local", "azure")
PORTS = {
    "port": 8000,
    "cluster_port": 8080,
    "registry_port": 5001,
    "database_port": 15432,
    "gateway_port": 8443,
    "gateway_http_port": 8081,
}
CLUSTER_PORTS = tuple(name for name in PORTS if name != "port")  # all but the API of phase 0


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
        ports = [getattr(self, name) for name in PORTS]
        for name, port in zip(PORTS, ports, strict=True):
            if not 1024 <= port <= 65535 or ports.count(port) > 1:
                problem = "chosen twice" if ports.count(port) > 1 else "not from 1024 to 65535"
                option = f"--{name.replace('_', '-')}"
                raise WorkbookError(
                    f"{port} is {problem}: choose another one for {option}.",
                    f"./workbook use {self.target} {option} {PORTS[name]}",
                )
        refuse_bad(self.subscription, self.region, self.prefix)


def load_choices(home: Path) -> Choices:
    """The kept choices, or the defaults where none are kept or the file is damaged."""
    kept = read_json(home / ".workbook" / "choices.json") or {}
    try:
        return Choices(**kept)
    except TypeError:
        return Choices()


def save_choices(home: Path, choices: Choices) -> None:
    write_json(home / ".workbook" / "choices.json", asdict(choices))
