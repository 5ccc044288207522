"""A drill that is begun too early changes nothing, and says what is missing."""

import json
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from fake_cluster import say, write_kubectl

from workbook.course.phase import Phase
from workbook.drills import objects
from workbook.drills.drill import NothingToBreak, System
from workbook.drills.of_phase import Drills
from workbook.errors import WorkbookError
from workbook.learner.background import Background
from workbook.learner.choices import Choices
from workbook.targets.kubernetes import Kubernetes

ROOT = Path(__file__).parents[2]
OF_PHASE_4 = (
    "batches-of-one",
    "certificate-of-another-authority",
    "nobody-measures",
    "setting-changed-in-place",
)


@pytest.fixture
def kubectl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is asked of a cluster in the state of phase 3."""
    asked = tmp_path / "asked"
    kubectl = tmp_path / "kubectl"
    deployment = {"metadata": {"name": "ml-api"}, "spec": {}}
    write_kubectl(
        kubectl,
        {
            '*"get hpa"*': say(),
            '*"get deployments"*': say(deployment),
            "*": 'echo "error: the server does not have a resource type" >&2; exit 1',
        },
        first=f'echo "$*" >> {asked}',
    )
    cluster = Kubernetes(kubectl, tmp_path / "kubeconfig")
    monkeypatch.syspath_prepend(str(ROOT))
    monkeypatch.setattr("workbook.drills.objects.open_cluster", lambda home, target: cluster)
    return asked


@pytest.mark.parametrize("name", [*OF_PHASE_4, "route-to-nowhere"])
def test_a_drill_of_phase_4_waits_for_phase_4(tmp_path: Path, kubectl: Path, name: str) -> None:
    phase = Phase(4, tmp_path, "local")
    drills = Drills(System(phase, Choices(), Background(phase.state)))
    drill = Drills(System(Phase(4, ROOT, "local"), Choices(), Background(phase.state))).load(name)
    drills.load = lambda wanted: drill  # type: ignore[method-assign]
    with pytest.raises(NothingToBreak) as raised:
        drills.begin(name)
    assert raised.value.run_next == "./workbook goto 4"
    assert drills.under_way() is None
    assert all(" get " in line for line in kubectl.read_text().splitlines())


@pytest.mark.parametrize(("target", "where"), [("local", "ml-demo"), ("azure", "ml-gateway")])
@pytest.mark.parametrize("name", ["missing-class", "listener-on-another-port"])
def test_a_drill_changes_the_gateway_where_it_is(
    tmp_path: Path, kubectl: Path, name: str, target: str, where: str
) -> None:
    gateway = {"kind": "Gateway", "metadata": {"name": "ml-api"}, "spec": {}}
    write_kubectl(
        tmp_path / "kubectl", {'*"get gateway"*': say(gateway)}, first=f'echo "$*" >> {kubectl}'
    )
    phase = Phase(4, tmp_path, target)
    system = System(phase, Choices(target=target), Background(phase.state))
    drill = Drills(System(Phase(4, ROOT, target), Choices(), Background(phase.state))).load(name)
    drill.break_it(system)
    drill.fix(system)
    *changes, rollout = kubectl.read_text().splitlines()
    assert all(f"--namespace={where} " in line for line in changes)
    assert [line.split()[3] for line in changes] == ["get", "patch", "replace"]
    assert "rollout status deployment/ml-api" in rollout
    assert "--namespace=ml-demo " in rollout


@pytest.mark.parametrize(
    "damage",
    [b"", b"[]", b'{"kind": "Depl', b"{}", b'{"metadata": 5}', b'{"metadata": {}}', b"\xff"],
)
def test_damaged_copy_is_an_error_with_the_next_command(
    tmp_path: Path, kubectl: Path, damage: bytes
) -> None:
    phase = Phase(4, tmp_path, "local")
    system = System(phase, Choices(), Background(phase.state))
    (system.kept / "deployment.json").write_bytes(damage)
    with pytest.raises(WorkbookError, match=r"phase4/drill/deployment\.json is damaged") as raised:
        objects.put_back(system, "deployment")
    assert raised.value.run_next == "./workbook run 4"
    assert not kubectl.exists()  # nothing was asked of the cluster


def test_object_that_cannot_be_put_back_is_made_by_its_lesson(
    tmp_path: Path, kubectl: Path
) -> None:
    """As on a cluster that was created again since."""
    phase = Phase(4, tmp_path, "local")
    system = System(phase, Choices(), Background(phase.state))
    copy = {"kind": "Deployment", "metadata": {"name": "ml-api", "namespace": "ml-demo"}}
    (system.kept / "deployment.json").write_text(json.dumps(copy))
    with pytest.raises(WorkbookError, match="kubectl replace failed") as raised:
        objects.put_back(system, "deployment")
    assert raised.value.run_next == "./workbook run 4"


def test_object_is_kept_whole_before_it_is_changed(
    tmp_path: Path, kubectl: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interruption while it is kept leaves no copy, and the object as it was."""
    phase = Phase(4, tmp_path, "local")
    system = System(phase, Choices(), Background(phase.state))
    deployment = {"kind": "Deployment", "metadata": {"name": "ml-api"}, "spec": {}}
    write_kubectl(tmp_path / "kubectl", {'*"get deployment"*': say(deployment)})

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("workbook.learner.store.os.replace", interrupt)
        with pytest.raises(KeyboardInterrupt):
            objects.change(system, "deployment", [])
    assert not list(system.kept.iterdir())
    objects.change(system, "deployment", [])
    [copy] = system.kept.iterdir()
    assert copy.stat().st_mode & 0o077 == 0  # it may be a Secret


def test_kubectl_has_time_for_a_rolling_update(tmp_path: Path) -> None:
    limits = []

    class Timed(Kubernetes):
        def run(self, *words: str, stdin: str = "", seconds: float = 10) -> CompletedProcess[str]:
            limits.append(seconds)
            return CompletedProcess([*words], 0, "", "")

    objects.wait_for_rollout(Timed(tmp_path, tmp_path))
    assert min(limits) > 120
