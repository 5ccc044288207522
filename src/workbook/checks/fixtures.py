"""What the checks of every phase may look at: the learner's choices, the phase, the cluster.

A phase whose API is somewhere else has a fixture of the same name in its own conftest.py. Like
check.py, this needs pytest and the standard library only.
"""

import pytest

from workbook.checks.api import Api
from workbook.checks.deployment import Deployment
from workbook.checks.history import History
from workbook.checks.retention import CRONJOB
from workbook.course.phase import Phase, find_phase, root
from workbook.learner.choices import Choices, load_choices
from workbook.outcome import NotStarted, Unknown
from workbook.targets.address import address_of
from workbook.targets.kubernetes import APP, Kubernetes, Object
from workbook.targets.opening import open_cluster


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
def active(request: pytest.FixtureRequest) -> bool:
    """Whether to repeat what the lesson did to the learner's system."""
    return bool(request.config.getoption("--active"))


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
def address(phase: Phase, choices: Choices, service: Object) -> str:
    """Where the Service answers from outside the cluster."""
    if known := address_of(phase, choices):
        return known.url
    addresses = service["status"].get("loadBalancer", {}).get("ingress", [])
    if not addresses:
        raise Unknown("Azure has not given the Service an address yet: it takes 2 to 3 minutes")
    return f"http://{addresses[0]['ip']}"


@pytest.fixture
def api(phase: Phase, address: str) -> Api:
    """The API behind the Service."""
    return Api(address, start_command=f"./workbook goto {phase.number}")


@pytest.fixture
def history(cluster: Kubernetes) -> History:
    """The history of predictions, from phase 2 on."""
    return History(cluster)


def _section(phase: Phase) -> str:
    heading = phase.manifest.deploys
    return f"lesson {phase.number}" + (f", “{heading}”" if heading else "")
