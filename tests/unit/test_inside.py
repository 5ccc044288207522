"""What pods find: a script in the API's own pod, and pods beside it that knock."""

import json
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from fake_cluster import say, write_kubectl

from workbook.checks.inside import ask_pod
from workbook.checks.probe import LET_IN, Source, knock
from workbook.outcome import NotStarted, Unknown, Wrong
from workbook.programs import TookTooLong
from workbook.targets.kubernetes import Kubernetes

GONE = 'error: unable to upgrade connection: container not found ("ml-api")'


def pod(name: str, *, ready: bool = True, ending: bool = False) -> dict[str, Any]:
    metadata = {"name": name} | ({"deletionTimestamp": "2026-01-01T00:00:00Z"} if ending else {})
    conditions = [{"type": "Ready", "status": str(ready)}]
    return {"metadata": metadata, "status": {"conditions": conditions, "phase": "Succeeded"}}


def cluster_of(tmp_path: Path, cases: dict[str, str]) -> Kubernetes:
    write_kubectl(tmp_path / "kubectl", cases, first=f'echo "$*" >> {tmp_path / "asked"}')
    return Kubernetes(tmp_path / "kubectl", tmp_path / "kubeconfig")


def ask(tmp_path: Path, cases: dict[str, str]) -> dict[str, Any]:
    script = tmp_path / "script.py"
    script.write_text("print('{}')")
    return ask_pod(cluster_of(tmp_path, cases), script, "one")


def test_pod_that_is_ready_and_stays_is_asked(tmp_path: Path) -> None:
    pods = say(pod("stays"), pod("ends", ending=True), pod("starts", ready=False))
    found = ask(tmp_path, {'*"get pods"*': pods, "*": """echo a log line; echo '{"x": 1}'"""})
    assert found == {"x": 1}
    [asked] = [line for line in (tmp_path / "asked").read_text().splitlines() if "exec" in line]
    assert "exec --stdin stays --container=ml-api -- python - one" in asked


def test_pod_that_went_meanwhile_is_not_called_wrong(tmp_path: Path) -> None:
    went = tmp_path / "went"
    shell = (
        f"""[ -f {went} ] && echo '{{"x": 2}}' || {{ touch {went}; echo '{GONE}' >&2; exit 1; }}"""
    )
    assert ask(tmp_path, {'*"get pods"*': say(pod("a")), "*": shell}) == {"x": 2}


def test_script_that_fails_is_wrong_with_its_last_words(tmp_path: Path) -> None:
    shell = "printf 'psycopg2: no\\n\\ncommand terminated with exit code 1\\n' >&2; exit 1"
    with pytest.raises(Wrong) as wrong:
        ask(tmp_path, {'*"get pods"*': say(pod("a")), "*": shell})
    assert wrong.value.rows["found"] == "psycopg2: no"


def test_without_a_ready_pod_nothing_has_started(tmp_path: Path) -> None:
    with pytest.raises(NotStarted):
        ask(tmp_path, {'*"get pods"*': say(pod("a", ready=False))})


TOLD = {"10.0.0.1:80": LET_IN, "10.0.0.2:80": "refused: timed out"}


def test_every_source_knocks_at_every_target_and_is_removed(tmp_path: Path) -> None:
    cases = {'*"get pods"*': say(pod("a"), pod("b")), '*"logs"*': f"echo '{json.dumps(TOLD)}'"}
    cluster = cluster_of(tmp_path, cases)
    sources = [Source("a", cluster), Source("b", cluster.within("other"), {"tier": "web"})]
    assert knock("image", sources, list(TOLD)) == {"a": TOLD, "b": TOLD}
    asked = (tmp_path / "asked").read_text().splitlines()
    assert sum("create" in line for line in asked) == len(sources)
    for name, namespace in (("a", "ml-demo"), ("b", "other")):
        [*_, last] = [line for line in asked if f"delete pod {name}" in line]
        assert f"--namespace={namespace}" in last
        assert asked.index(last) > max(i for i, line in enumerate(asked) if "logs" in line)


def test_pod_that_cannot_knock_proves_nothing(tmp_path: Path) -> None:
    failed = pod("a")
    failed["status"]["phase"] = "Failed"
    cases = {'*"get pods"*': say(failed), '*"logs"*': "echo 'gaierror: unknown name'"}
    with pytest.raises(Unknown, match="gaierror"):
        knock("image", [Source("a", cluster_of(tmp_path, cases))], ["nowhere:80"])
    assert "delete pod a" in (tmp_path / "asked").read_text().splitlines()[-1]


def test_every_pod_is_removed_where_removing_one_takes_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = {'*"get pods"*': say(pod("a"), pod("b")), '*"logs"*': f"echo '{json.dumps(TOLD)}'"}
    cluster = cluster_of(tmp_path, cases)
    removed: list[str] = []
    run = Kubernetes.run

    def hang(
        cluster: Kubernetes, *words: str, stdin: str = "", seconds: float = 10
    ) -> "CompletedProcess[str]":
        if "--wait=false" in words:
            removed.append(words[2])
            raise TookTooLong("kubectl delete", 1)
        return run(cluster, *words, stdin=stdin, seconds=seconds)

    monkeypatch.setattr(Kubernetes, "run", hang)
    with pytest.raises(TookTooLong):
        knock("image", [Source("a", cluster), Source("b", cluster)], list(TOLD))
    assert sorted(removed) == ["a", "b"]


@pytest.mark.parametrize("log", ['{"10.0.0.1:80": "let', ""])
def test_log_that_is_cut_proves_nothing(tmp_path: Path, log: str) -> None:
    cases = {'*"get pods"*': say(pod("a")), '*"logs"*': f"echo '{log}'"}
    with pytest.raises(Unknown, match="incomplete"):
        knock("image", [Source("a", cluster_of(tmp_path, cases))], list(TOLD))
