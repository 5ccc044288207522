"""What the checks of every phase may look at: the learner's choices, the phase, the cluster.

A check of an earlier phase is asked in later ones, too. So what it looks at is the system of today:
the phase `current`, its API at its address. Its own is what its lesson has recorded: `phase`.

Like check.py, this needs pytest and the standard library only.
"""

from pathlib import Path

import pytest

from workbook.checks.api import Api
from workbook.checks.deployment import Deployment
from workbook.checks.history import History
from workbook.checks.plugin import CURRENT_PHASE
from workbook.checks.retention import CRONJOB
from workbook.course.phase import Phase, find_phase, phases, root
from workbook.learner.choices import Choices, load_choices
from workbook.outcome import NotStarted, Unknown
from workbook.targets.address import address_of, authority_of
from workbook.targets.kubernetes import APP, GATEWAY_NAMESPACES, Kubernetes, Object
from workbook.targets.opening import open_cluster

GATEWAY_KIND = "gateways.gateway.networking.k8s.io"


@pytest.fixture(scope="session")
def choices() -> Choices:
    """What the learner has chosen."""
    return load_choices(root())


@pytest.fixture(scope="module")
def phase(request: pytest.FixtureRequest, choices: Choices) -> Phase:
    """The phase whose folder the check is in."""
    number = int(request.path.parent.name.removeprefix("phase"))
    return find_phase(number, root(), choices.target)


@pytest.fixture(scope="session")
def current(request: pytest.FixtureRequest) -> Phase:
    """The phase whose state the learner's system is in: the latest that is asked."""
    return request.config.stash[CURRENT_PHASE]


@pytest.fixture(scope="session")
def trained(current: Phase) -> Phase:
    """The phase whose model answers: the latest that has trained one, or else the first."""
    there_are = phases(current.root, current.target)
    until_now = [phase for phase in there_are if phase.number <= current.number]
    with_model = [each for each in until_now if (each.directory / "model").exists()]
    return (with_model or until_now)[-1 if with_model else 0]


@pytest.fixture(scope="module")
def active(request: pytest.FixtureRequest, phase: Phase, current: Phase) -> bool:
    """Whether to repeat what the lesson of the current phase did to the learner's system."""
    return bool(request.config.getoption("--active")) and phase.number == current.number


@pytest.fixture(scope="session")
def cluster(choices: Choices) -> Kubernetes:
    """The workbook's own cluster, and no other."""
    return open_cluster(root(), choices.target)


@pytest.fixture
def deployment(phase: Phase, cluster: Kubernetes) -> Deployment:
    """The Deployment that the lesson makes."""
    found = cluster.get_one("deployments", APP)
    if found is None:
        raise NotStarted(f"deploy the API: {_section(phase)}")
    return Deployment(cluster, found)


@pytest.fixture
def service(phase: Phase, cluster: Kubernetes) -> Object:
    """The Service that the lesson makes."""
    found = cluster.get_one("services", APP)
    if found is None:
        raise NotStarted(f"make the Service: {_section(phase)}")
    return found


@pytest.fixture
def retention(cluster: Kubernetes) -> Object | None:
    """The CronJob that deletes predictions which are too old, from phase 2 on."""
    return cluster.get_one("cronjobs", CRONJOB)


@pytest.fixture
def around_gateway(cluster: Kubernetes, choices: Choices) -> Kubernetes:
    """The cluster, in the namespace that the Gateway is in."""
    return cluster.within(GATEWAY_NAMESPACES[choices.target])


@pytest.fixture
def gateway(around_gateway: Kubernetes) -> Object:
    """The Gateway that a lesson makes."""
    known = around_gateway.get_one("customresourcedefinitions", GATEWAY_KIND)
    found = around_gateway.get_one(GATEWAY_KIND, APP) if known else None
    if found is None:
        raise NotStarted("make the Gateway: lesson 4, “A gateway” and “Deploy it”")
    return found


@pytest.fixture
def authority(current: Phase) -> Path | None:
    """The certificate that vouches for the API: that of the learner's own authority, if any."""
    if not current.has("gateway"):
        return None
    found = authority_of(current)
    if not found.exists():
        raise NotStarted("make a certificate: lesson 4, “A certificate for the gateway”")
    return found


@pytest.fixture
def address(request: pytest.FixtureRequest, current: Phase, choices: Choices) -> str:
    """Where the API answers: on this machine, by its Service, or behind the gateway."""
    door: Object = {}
    if current.has("cluster"):
        door = request.getfixturevalue("gateway" if current.has("gateway") else "service")
    return address_behind(current, choices, door)


@pytest.fixture
def api(current: Phase, address: str, authority: Path | None) -> Api:
    """The API, as callers reach it."""
    vouches = str(authority) if authority else None
    return Api(address, start_command=f"./workbook goto {current.number}", authority=vouches)


def address_behind(phase: Phase, choices: Choices, door: Object) -> str:
    """The address of a phase's API, whose Gateway or Service is `door`.

    Raises:
        Unknown: Azure has not given it one yet.
    """
    if known := address_of(phase, choices):
        return known.url
    status = door.get("status", {})
    given = status.get("addresses") or status.get("loadBalancer", {}).get("ingress") or []
    if not given:
        raise Unknown("Azure has not given the API an address yet: it takes 2 to 3 minutes")
    scheme = "https" if phase.has("gateway") else "http"
    return f"{scheme}://{given[0].get('value') or given[0].get('ip')}"


@pytest.fixture
def history(cluster: Kubernetes) -> History:
    """The history of predictions, from phase 2 on."""
    return History(cluster)


def _section(phase: Phase) -> str:
    heading = phase.manifest.deploys
    return f"lesson {phase.number}" + (f", “{heading}”" if heading else "")
