"""`goto` to an earlier phase: what later ones have added goes, and nothing by mistake."""

from pathlib import Path

import pytest
from copies import copy_manifests
from fake_cluster import write_kubectl

from workbook.course.phase import Phase
from workbook.errors import WorkbookError
from workbook.lessons import going_back
from workbook.lessons.going_back import remove_later_objects
from workbook.targets.kubernetes import Kubernetes

UNKNOWN_KIND = 'error: no matches for kind "Gateway" in version "gateway.networking.k8s.io/v1"'


@pytest.fixture
def wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Phase:
    """Phase 2, after which comes phase 4, on a cluster whose kubectl does what `say` writes."""
    copy_manifests(tmp_path)
    for number in (2, 4):
        folder = tmp_path / f"phases/phase{number}"
        (folder / "README.md").write_text(f"# {number}\n")
        values = Phase(number, tmp_path, "local").values
        values.parent.mkdir(parents=True)
        values.write_text("IMAGE=ml-api\n")
    cluster = Kubernetes(tmp_path / "kubectl", tmp_path / "kubeconfig")
    monkeypatch.setattr(going_back, "find_cluster", lambda home, target: cluster)
    monkeypatch.setattr(going_back, "_forget_infrastructure", lambda cluster: [])
    return Phase(2, tmp_path, "local")


def say(home: Path, *, kustomize: str = ":", get2: str = "", get4: str = "") -> None:
    """A kubectl that tells phase 2's manifests from phase 4's, and notes what it deletes.

    Like the real one, it takes no objects of another namespace than the one that it is told.
    """
    asked_for = f'if [ "$(cat)" = two ]; then :; {get2 or ":"}; else :; {get4 or ":"}; fi'
    write_kubectl(
        home / "kubectl",
        {
            "*kustomize*phase2*": f"{kustomize}; echo two",
            "*kustomize*phase4*": "echo four",
            '*--namespace=ml-demo*" get "*': "echo 'the namespace does not match' >&2; exit 1",
            '*" get "*': asked_for,
            '*" delete "*': f'echo "$*" >> {home}/deleted',
        },
    )


def test_going_back_removes_later_objects_but_keeps_the_namespace(wanted: Phase) -> None:
    say(
        wanted.root,
        get2="echo deployment.apps/ml-api",
        get4="echo namespace/ml-demo deployment.apps/ml-api hpa/ml-api",
    )
    assert remove_later_objects(wanted) == ["hpa/ml-api"]


def test_a_namespace_of_a_later_phase_goes_with_what_is_in_it(wanted: Phase) -> None:
    say(
        wanted.root,
        get2="echo namespace/ml-demo",
        get4="echo namespace/ml-demo namespace/ml-gateway gateway/ml-api",
    )
    assert remove_later_objects(wanted) == ["namespace/ml-gateway", "gateway/ml-api"]
    assert "delete namespace ml-gateway" in (wanted.root / "deleted").read_text()


def test_a_kind_that_the_cluster_does_not_know_has_no_objects(wanted: Phase) -> None:
    say(wanted.root, get4=f"echo hpa/ml-api; echo '{UNKNOWN_KIND}' >&2; exit 1")
    assert remove_later_objects(wanted) == ["hpa/ml-api"]


@pytest.mark.parametrize(
    "broken",
    [{"kustomize": "echo a tab >&2; exit 1"}, {"get2": "echo timeout >&2; exit 1"}],
    ids=["manifests", "answer"],
)
def test_nothing_is_deleted_when_the_objects_to_keep_are_unknown(
    wanted: Phase, broken: dict[str, str]
) -> None:
    say(wanted.root, get4="echo deployment.apps/ml-api", **broken)
    with pytest.raises(WorkbookError, match="phase2 cannot be"):
        remove_later_objects(wanted)
    assert not (wanted.root / "deleted").exists()
