"""What is known of a cluster before it is asked, and what is never asked at all."""

import base64
import hashlib
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import fake_cluster
import pytest
import yaml
from copies import ROOT, copy_manifests, free_port
from fake_cluster import say, use_cluster, write_kubectl
from recorded_az import SUBSCRIPTION

from workbook.course.phase import Phase
from workbook.drills.drill import Drill, System
from workbook.drills.of_phase import Drills
from workbook.errors import WorkbookError
from workbook.learner.choices import Choices
from workbook.learner.drills import UnderWay, read_under_way, write_under_way
from workbook.lessons.reset import reset_phase, what_goes
from workbook.measure.traffic import Traffic, read_traffic, under_traffic, write_traffic
from workbook.outcome import NotStarted, Unknown, Wrong
from workbook.programs import TookTooLong
from workbook.targets.doctor import examine
from workbook.targets.environment import lesson_environment
from workbook.targets.kubernetes import Endpoint, Facts, Kubernetes, endpoints, eventually
from workbook.targets.local import addons, database, down, kind, registry, up
from workbook.targets.local.cluster import NODE, Cluster
from workbook.targets.local.engine import Engine, EngineUnusable
from workbook.targets.local.versions import versions
from workbook.targets.opening import authority_of, open_cluster

CERTIFICATE = b"of our cluster"
RECORD = replace(
    fake_cluster.RECORD,
    docker_host="unix:///run/ours/docker.sock",
    authority=hashlib.sha256(CERTIFICATE).hexdigest(),
)


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """A cluster that is written down, with a kubectl that says what the test wants."""
    monkeypatch.delenv("KUBECONFIG", raising=False)
    kubectl = tmp_path / "kubectl"
    monkeypatch.setattr("workbook.targets.local.tools.tool", lambda name: kubectl)
    monkeypatch.setattr("workbook.targets.local.tools.is_built", lambda name: True)
    made = Cluster(tmp_path / "home")
    made.write(RECORD)
    made.kubeconfig.write_text("{}")
    copy_manifests(made.home)
    says(kubectl, CERTIFICATE)
    return made


def says(kubectl: Path, certificate: bytes, ready: bool = True, items: str = "") -> None:
    data = base64.b64encode(certificate).decode()
    config = json.dumps({"clusters": [{"cluster": {"certificate-authority-data": data}}]})
    write_kubectl(
        kubectl,
        {
            '*"config view"*': f"echo '{config}'",
            "*readyz*": "exit 0" if ready else "echo connection refused >&2; exit 1",
            "*": f"echo '{items}'" if items else "echo no route to host >&2; exit 1",
        },
    )


def test_our_cluster_is_asked_with_our_kubeconfig(cluster: Cluster) -> None:
    opened = open_cluster(cluster.home, "local")
    assert opened.kubeconfig == cluster.kubeconfig
    assert f"--kubeconfig={cluster.kubeconfig}" in opened.command("get", "pods")


def test_a_cluster_is_known_by_its_authority_also_when_it_does_not_answer(
    cluster: Cluster, tmp_path: Path
) -> None:
    says(tmp_path / "kubectl", CERTIFICATE, ready=False)
    assert authority_of(cluster.home, "local") == RECORD.authority
    cluster.kubeconfig.unlink()
    assert authority_of(cluster.home, "local") == ""


def test_no_cluster_is_not_started(tmp_path: Path) -> None:
    with pytest.raises(NotStarted, match="workbook up"):
        open_cluster(tmp_path, "local")


def test_a_half_made_cluster_is_not_started(cluster: Cluster) -> None:
    cluster.write(replace(RECORD, authority=""))
    with pytest.raises(NotStarted, match="workbook up"):
        open_cluster(cluster.home, "local")


def test_a_kubeconfig_of_the_learners_own_is_refused(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", "/somewhere/else")
    with pytest.raises(Unknown, match="/somewhere/else, which the workbook did not make"):
        open_cluster(cluster.home, "local")


def test_a_cluster_with_another_certificate_is_refused(cluster: Cluster, tmp_path: Path) -> None:
    says(tmp_path / "kubectl", b"of another cluster")
    with pytest.raises(Unknown, match="did not make"):
        open_cluster(cluster.home, "local")


def test_a_cluster_that_does_not_answer_is_wrong(cluster: Cluster, tmp_path: Path) -> None:
    says(tmp_path / "kubectl", CERTIFICATE, ready=False)
    with pytest.raises(Wrong) as raised:
        open_cluster(cluster.home, "local")
    assert raised.value.rows["found"] == "connection refused"
    assert raised.value.rows["run next"] == "./workbook up"


def test_a_cluster_that_falls_silent_is_wrong(tmp_path: Path) -> None:
    says(tmp_path / "kubectl", CERTIFICATE)
    with pytest.raises(Wrong) as raised:
        Kubernetes(tmp_path / "kubectl", tmp_path).get("pods")
    assert raised.value.rows["found"] == "no route to host"


def test_one_object_is_asked_for_by_its_name(tmp_path: Path) -> None:
    """To list a kind takes a right that a reader of one object need not have."""
    one = {"metadata": {"name": "mine"}}
    asked = tmp_path / "asked"
    write_kubectl(tmp_path / "kubectl", {"*": say(one)}, first=f'echo "$*" >> {asked}')
    cluster = Kubernetes(tmp_path / "kubectl", tmp_path / "kubeconfig")
    assert cluster.get_one("secrets", "mine") == one
    assert cluster.get_one("secrets", "other") is None
    assert all(" get secrets " in line for line in asked.read_text().splitlines())
    assert " get secrets --" not in asked.read_text()


def test_a_kubectl_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbook.targets.kubernetes.SECONDS_TO_END", 0.5)
    write_kubectl(tmp_path / "kubectl", {"*": "sleep 600"})
    with pytest.raises(TookTooLong, match="has not ended within 1 s"):
        Kubernetes(tmp_path / "kubectl", tmp_path / "kubeconfig").run("exec", "pod", seconds=0.5)


def test_events_tell_the_last_that_are_not_normal(tmp_path: Path) -> None:
    items = [
        {
            "involvedObject": {"kind": owner, "name": of},
            "metadata": {"creationTimestamp": "2026-01-01T00:00:00Z"},
            "lastTimestamp": seen and f"2026-01-01T00:00:0{seen}Z",
            "type": kind,
            "reason": reason,
            "message": "m",
        }
        for owner, of, kind, reason, seen in (
            ("Pod", "pod", "Warning", "BackOff", 9),  # an old event that came again
            ("Pod", "pod", "Warning", "Failed", 2),
            ("Pod", "pod", "Normal", "Pulled", 3),
            ("Pod", "other", "Warning", "Evicted", 4),
            ("StatefulSet", "pod", "Warning", "FailedCreate", 5),
            ("Pod", "pod", "Warning", "FailedScheduling", None),
        )
    ]
    says(tmp_path / "kubectl", b"", items=json.dumps({"items": items}))
    item = {"kind": "Pod", "metadata": {"name": "pod"}}
    told = Kubernetes(tmp_path / "kubectl", tmp_path).events(item)
    assert told == "FailedScheduling: m\nFailed: m\nBackOff: m"


def test_facts_are_the_pods_with_their_keepers_and_the_ready_endpoints(tmp_path: Path) -> None:
    items = [
        {"metadata": {"name": "kept", "ownerReferences": [{"name": "set", "uid": "1"}]}},
        {"metadata": {"name": "alone"}},
        {"metadata": {"name": "ending", "deletionTimestamp": "2026-01-01T00:00:00Z"}},
    ]
    says(tmp_path / "kubectl", b"", items=json.dumps({"items": items}))
    facts = Kubernetes(tmp_path / "kubectl", tmp_path).facts()
    assert facts == Facts(pods={"kept": "set", "alone": ""}, endpoints=[])


@pytest.mark.parametrize("conditions", [{"ready": True}, {"ready": None}, {}, None])
def test_endpoint_gets_requests_unless_it_is_not_ready(conditions: dict[str, bool] | None) -> None:
    one = {"addresses": ["10.0.0.1"], "conditions": conditions, "targetRef": {"name": "a"}}
    other = {"addresses": ["10.0.0.2"], "conditions": {"ready": False}}
    slices = [{"ports": [{"port": 80}], "endpoints": [one, other]}, {"endpoints": [one]}]
    assert endpoints(slices) == [Endpoint("10.0.0.1:80", "a")]


def test_eventually_looks_until_it_is_settled_or_the_time_is_up() -> None:
    seen = iter([1, 2, 3, 4])
    assert eventually(lambda: next(seen), lambda found: found == 3, seconds=60) == 3
    assert eventually(lambda: "same", lambda found: False, seconds=0) == "same"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"kubernetes": "1.36.2"}', '{"more": 1}'])
def test_a_damaged_record_is_none(cluster: Cluster, text: str) -> None:
    (cluster.state / "cluster.json").write_text(text)
    assert cluster.record() is None


def test_a_lesson_never_gets_the_learners_own_kubeconfig(
    tmp_path: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", "/somewhere/else")
    for target in ("local", "azure"):
        own = lesson_environment(tmp_path / "empty", Choices(target=target))["KUBECONFIG"]
        assert own == str(tmp_path / "empty" / ".workbook" / target / "kubeconfig")
    environment = lesson_environment(cluster.home, Choices())
    assert environment["DOCKER_HOST"] == RECORD.docker_host
    assert environment["REGISTRY"] == "localhost:5001"
    assert environment["ADDRESS"] == "http://127.0.0.1:8080"


def test_a_cluster_of_our_name_that_is_not_written_down_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(up, "is_built", lambda name: True)
    monkeypatch.setattr(kind, "_run", lambda engine, *words: asked.append(words) or "workbook\n")
    monkeypatch.setattr(up, "find_engine", lambda home: Engine(Path("docker")))
    with pytest.raises(WorkbookError, match="left alone"):
        up.up(Cluster(tmp_path), Choices(), Quiet())
    assert asked == [("get", "clusters")]


def test_a_taken_port_is_named_with_the_way_round(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(up, "is_built", lambda name: True)
    monkeypatch.setattr(kind, "_run", lambda engine, *words: "")
    monkeypatch.setattr(up, "find_engine", lambda home: Engine(Path("docker")))
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(WorkbookError, match=f"Port {port} is taken by") as raised:
            up.up(Cluster(tmp_path), Choices(registry_port=port, cluster_port=free_port()), Quiet())
    assert raised.value.run_next.startswith("./workbook use local --registry-port ")
    assert not (tmp_path / ".workbook/local/cluster.json").exists()


def test_missing_engine_without_root_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(home: Path) -> Engine:
        raise EngineUnusable("There is no Docker here.", "install Docker")

    monkeypatch.setattr(up, "find_engine", find)
    monkeypatch.setattr(up, "can_start_own", lambda: False)
    with pytest.raises(EngineUnusable, match="There is no Docker here"):
        up.up(Cluster(tmp_path), Choices(), Quiet())


def test_a_cluster_in_an_engine_that_is_stopped_is_not_forgotten(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(home: Path) -> Engine:
        raise EngineUnusable("Docker is installed, but does not run.", "start Docker")

    cluster.write(replace(RECORD, docker_host=""))
    monkeypatch.setattr(down, "find_engine", find)
    with pytest.raises(WorkbookError, match="cannot be removed"):
        down.down(cluster, Quiet())
    assert cluster.record() is not None


def test_doctor_looks_at_the_cluster_only_where_it_is_wanted(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(home: Path) -> Engine:
        raise EngineUnusable(
            "Docker is installed, but does not run.", "sudo systemctl start docker"
        )

    monkeypatch.setattr("workbook.targets.local.engine.find_engine", find)
    monkeypatch.setattr("workbook.targets.local.engine.can_start_own", lambda: False)
    for number in (0, 1):
        lesson = cluster.home / f"phases/phase{number}/README.md"
        lesson.write_text("# A lesson\n")
    found = {
        number: {f.what: f for f in examine(Phase(number, cluster.home, "local"), Choices())}
        for number in (0, 1)
    }
    assert "container engine" not in found[0]
    assert found[1]["container engine"].fix == "sudo systemctl start docker"
    assert "own cluster" in found[1]["ports 8080, 5001, 15432, 8443, 8081"].found
    assert found[0]["Python"].found.endswith(f"at {sys.prefix}")
    (cluster.home / ".venv").symlink_to(sys.prefix)  # now it is the workbook's own
    [python, *_] = examine(Phase(0, cluster.home, "local"), Choices())
    assert python.found.endswith("in .venv")


class Quiet:
    """Steps that nobody sees."""

    def __call__(self, name: str) -> "Quiet":
        return self

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...

    def say(self, detail: str) -> None: ...


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    """A service that fails every third request."""
    count = iter(range(10**6))

    class Service(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(500 if next(count) % 3 == 2 else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    made = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def test_traffic_records_the_outcome_of_each_request(
    server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("workbook.measure.traffic.SECONDS_AROUND", 0.3)
    address = f"http://127.0.0.1:{server.server_port}"
    traffic = under_traffic("t", address, ["sh", "-c", "exit 3"], Facts)
    assert traffic.status == 3
    assert len(traffic.failed) == len(traffic.samples) // 3
    assert set(traffic.failed) == {"status 500"}
    write_traffic(tmp_path, "trial", traffic)
    kept = read_traffic(tmp_path, "trial")
    assert kept is not None
    assert kept.summary() == traffic.summary()


def test_traffic_to_nobody_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbook.measure.traffic.SECONDS_AROUND", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    traffic = under_traffic("t", f"http://127.0.0.1:{port}", ["true"], Facts)
    assert set(traffic.failed) == {"ConnectError"}
    assert len(traffic.failed) == len(traffic.samples)


def test_a_recording_that_is_damaged_is_none(tmp_path: Path) -> None:
    assert read_traffic(tmp_path, "trial") is None
    (tmp_path / "traffic-trial.json").write_text('{"command": ["a"]')
    assert read_traffic(tmp_path, "trial") is None


def test_no_samples_is_no_success() -> None:
    assert (
        Traffic(["true"], "2026-01-01T00:00:00Z", "t-", Facts(), Facts())
        .summary()
        .startswith("0 requests")
    )


# what is beside the cluster, and what goes


class Recorder:
    """A container engine that notes what it is asked, and has what it is told to have."""

    own = False

    def __init__(self, images: tuple[str, ...] = ()) -> None:
        self.asked: list[tuple[str, ...]] = []
        self._images = images

    def run(
        self, *words: str, check: bool = True, **_: object
    ) -> "subprocess.CompletedProcess[str]":
        self.asked.append(words)
        if words[:2] == ("image", "inspect"):
            return subprocess.CompletedProcess(words, int(words[2] not in self._images), "", "")
        if words[:2] == ("image", "ls"):
            prefix = words[-1].rpartition("=")[2].removesuffix("*")
            found = [image for image in self._images if image.startswith(prefix)]
            return subprocess.CompletedProcess(words, 0, "\n".join(found), "")
        return subprocess.CompletedProcess(words, 0, "", "")


@pytest.mark.parametrize(("answers", "seconds"), [(True, 60), (False, 0)])
def test_a_registry_is_there_when_it_answers(
    answers: bool, seconds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Registry(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/v2/" else 404)
            self.end_headers()

        def log_message(self, *words: object) -> None: ...

    monkeypatch.setattr(registry, "SECONDS_TO_ANSWER", seconds)
    with ThreadingHTTPServer(("127.0.0.1", 0), Registry) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_port if answers else free_port()
        expected = nullcontext() if answers else pytest.raises(WorkbookError, match="not answer")
        with expected:
            registry.make(Recorder(), replace(RECORD, registry_port=port), "home")
        server.shutdown()


class Accepting:
    """A cluster that takes what is applied, and keeps it."""

    def __init__(self) -> None:
        self.applied: list[str] = []

    def within(self, namespace: str) -> "Accepting":
        return self

    def run(self, *words: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        if words[0] == "apply":
            self.applied.append(stdin)
        made = "kind: Deployment\nimage: metrics-server\n" if words[0] == "kustomize" else ""
        return subprocess.CompletedProcess(words, 0, made, "")


def test_what_the_phases_rely_on_is_provided_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addons.kit, "images", lambda engine, say, but: None)
    engine, accepting = Recorder(), Accepting()
    for _ in range(2):
        addons.provide(engine, RECORD, accepting, print)  # type: ignore[arg-type]
    pushed = [words[1] for words in engine.asked if words[0] == "push"]
    assert pushed == ["localhost:5001/postgres:17", "localhost:5001/traefik:3"] * 2
    assert (
        accepting.applied == [f"kind: Deployment\nimage: {addons.kit.METRICS_SERVER_IMAGE}\n"] * 2
    )


@pytest.mark.parametrize("there", [True, False])
def test_missing_public_image_is_pulled(there: bool) -> None:
    image = versions().images["postgres"]
    engine = Recorder((image,) if there else ())
    public = replace(RECORD, offline=False)
    addons.provide(engine, public, Accepting(), print)  # type: ignore[arg-type]
    assert (("pull", "--quiet", image) in engine.asked) is not there


def test_the_kubelet_leaves_the_folder_of_the_database_as_it_is_made() -> None:
    """With OnRootMismatch it does where the group is fsGroup and the group's bits are set."""
    engine = Recorder()
    database.make_folder(engine)
    [words] = engine.asked
    assert words[:3] == ("exec", NODE, "install")
    assert words[-1] == database.FOLDER
    options = dict(word.removeprefix("--").split("=") for word in words if "=" in word)
    manifest = (ROOT / "k8s/postgres/statefulset.yaml").read_text(encoding="utf-8")
    wanted = yaml.safe_load(manifest)["spec"]["template"]["spec"]["securityContext"]
    assert wanted["fsGroupChangePolicy"] == "OnRootMismatch"
    assert options["owner"] == str(wanted["runAsUser"])
    assert options["group"] == str(wanted["fsGroup"])
    assert int(options["mode"], 8) & 0o2077 == 0o2070


def test_down_looks_for_the_learners_images_too(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Recorder(("workbook/node:1", "localhost:5001/ml-api:1", "localhost:5001/x:<none>"))
    monkeypatch.setattr(down, "find_engine", lambda home: engine)
    monkeypatch.setattr(down, "left_over", lambda home: [])
    cluster.forget()
    assert down.left_behind(cluster, None) == ["image workbook/node:1"]
    assert down.left_behind(cluster, RECORD) == [
        "image workbook/node:1",
        "image localhost:5001/ml-api:1",
    ]


ADDED = [
    ("Service", "1", "ml-demo"),
    ("CronJob", "2", "ml-demo"),
    ("NetworkPolicy", "3", "ml-data"),
    ("ResourceQuota", "4", "ml-demo"),
]


@pytest.fixture
def deletions(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is deleted from a cluster that has everything of phases 1 to 4, in order."""
    log = tmp_path / "deletions"
    kubectl = tmp_path / "kubectl"
    names = ("ml-demo", "ml-data", "ml-gateway", "terraform-state", "postgres")
    items = [{"metadata": {"name": name}} for name in names]
    says(kubectl, CERTIFICATE, items=json.dumps({"items": items}))
    added = [
        {
            "kind": kind,
            "apiVersion": "v1",
            "metadata": {"name": "it", "namespace": where, "labels": {"workbook/phase": phase}},
        }
        for kind, phase, where in ADDED
    ]
    first = [
        '*" api-resources "*) echo services ;;',
        '*" get deployments ml-api "*) ;;',
        f"*--selector=workbook/phase*) echo '{json.dumps({'items': added})}' ;;",
        f'*" delete "*) echo "$5 $6" >> {log}; test ! -e {tmp_path / "stuck"} || exit 1 ;;',
    ]
    script = kubectl.read_text()
    kubectl.write_text(script.replace('case "$*" in\n', "\n".join(['case "$*" in', *first, ""])))
    monkeypatch.setattr("workbook.lessons.reset.find_engine", lambda home: Recording(log))
    for number in range(5):
        lesson = cluster.home / f"phases/phase{number}/README.md"
        lesson.parent.mkdir(parents=True, exist_ok=True)
        lesson.touch()
    return log


class Recording(Recorder):
    """An engine that notes it in a file."""

    def __init__(self, log: Path) -> None:
        super().__init__()
        self._log = log

    def run(self, *words: str, **_: object) -> "subprocess.CompletedProcess[str]":
        with self._log.open("a") as file:
            file.write(f"{words[2]} {words[-1]}\n")
        return super().run(*words)


OF_4 = ["resourcequota/it --ignore-not-found", "namespace ml-gateway"]
OF_3 = ["networkpolicy/it --ignore-not-found"]
STATE = "namespace terraform-state"
OF_2 = ["cronjob/it --ignore-not-found", "namespace ml-data"]
VOLUME = [f"rm {database.FOLDER}", f"install {database.FOLDER}", "persistentvolume postgres"]
OF_1 = ["service/it --ignore-not-found", "namespace ml-demo"]


@pytest.mark.parametrize(
    ("number", "gone"),
    [
        (4, OF_4),
        (3, [*OF_4, *OF_3, STATE]),
        (2, [*OF_4, *OF_3, STATE, *OF_2, *VOLUME]),
        (1, [*OF_4, *OF_3, OF_2[0], *OF_1]),
    ],
)
def test_reset_removes_what_the_phase_and_later_ones_added_and_keeps_the_rest(
    cluster: Cluster, deletions: Path, number: int, gone: list[str]
) -> None:
    phase = Phase(number, cluster.home, "local")
    authority = cluster.state / "authority" / "ca.key"
    for file in (authority, phase.state / "answers.json"):
        file.parent.mkdir(exist_ok=True)
        file.touch()
    said = "\n".join(what_goes(phase))
    assert "exercise records" in said
    assert ("ml-data" in said, "rows" in said, "authority" in said) == (number == 2,) * 3
    reset_phase(phase, Choices())
    assert deletions.read_text().splitlines() == gone
    assert authority.exists() is (number != 2)
    assert not phase.state.exists()


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the phases that a reset deploys."""
    names: list[str] = []
    monkeypatch.setattr("workbook.lessons.reset.deploy", lambda phase, *_: names.append(phase.name))
    return names


def write_values(phase: Phase) -> None:
    phase.values.parent.mkdir(parents=True)
    phase.values.touch()


@pytest.mark.parametrize("was_deployed", [True, False])
def test_reset_deploys_the_phase_before_again(
    cluster: Cluster, deletions: Path, deployed: list[str], was_deployed: bool
) -> None:
    if was_deployed:
        write_values(Phase(2, cluster.home, "local"))  # lesson 3 writes none here
    reset_phase(Phase(4, cluster.home, "local"), Choices())
    assert deployed == (["phase3"] if was_deployed else [])


@pytest.mark.parametrize("left", [[], ["terraform-state"]])
def test_reset_of_a_phase_that_the_system_is_not_in_deploys_nothing(
    cluster: Cluster,
    tmp_path: Path,
    deployed: list[str],
    monkeypatch: pytest.MonkeyPatch,
    left: list[str],
) -> None:
    """As after `goto 1`, which leaves the namespace with Terraform's state."""
    kubernetes = open_cluster(cluster.home, "local")
    monkeypatch.setattr("workbook.lessons.reset.find_cluster", lambda home, target: kubernetes)
    (cluster.home / "phases/phase3/README.md").touch()
    namespaces = [{"metadata": {"name": name}} for name in left]
    words = {'*" api-resources "*': "echo services", "*--selector=*": say(), "*": say(*namespaces)}
    write_kubectl(tmp_path / "kubectl", words)
    write_values(Phase(2, cluster.home, "local"))
    reset_phase(Phase(3, cluster.home, "local"), Choices())
    assert deployed == []


@pytest.mark.parametrize(
    ("name", "numbers", "before"),
    [
        ("ml-demo-abc12-aks", (2,), []),
        ("ml-demo-abc12-aks", (3, 2), []),  # the first reset removes what phase 3 wrote
        ("ml-demo-abc12-aks", (4,), ["phase3"]),
        ("ml-demo-aks", (2,), ["phase1"]),
    ],
)
def test_reset_on_azure_deploys_no_phase_on_the_cluster_of_a_later_one(
    cluster: Cluster,
    deletions: Path,
    deployed: list[str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    numbers: tuple[int, ...],
    before: list[str],
) -> None:
    kubernetes = open_cluster(cluster.home, "local")
    monkeypatch.setattr("workbook.lessons.reset.find_cluster", lambda home, target: kubernetes)
    use_cluster(cluster.home, name)
    for each in range(1, 4):
        write_values(Phase(each, cluster.home, "azure"))
    choices = Choices(target="azure", subscription=SUBSCRIPTION, prefix="ml-demo")
    for number in numbers:
        reset_phase(Phase(number, cluster.home, "azure"), choices)
    assert deployed == before


def test_reset_of_a_cluster_that_cannot_be_asked_removes_nothing(
    cluster: Cluster, deletions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", "/elsewhere")
    phase = Phase(2, cluster.home, "local")
    for verb in (lambda: what_goes(phase), lambda: reset_phase(phase, Choices())):
        with pytest.raises(WorkbookError, match="cannot be asked: KUBECONFIG names /elsewhere"):
            verb()
    assert not deletions.exists()
    assert phase.state.exists()


@pytest.mark.parametrize(
    ("number", "ended"), [(4, False), (3, True), (2, True), (0, False)], ids=str
)
def test_reset_ends_a_drill_of_the_phases_whose_objects_go(
    cluster: Cluster,
    deletions: Path,
    deployed: list[str],
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    ended: bool,
) -> None:
    """The drill is of phase 3; `reset 0` leaves the cluster alone."""
    in_drill, phase = (Phase(each, cluster.home, "local") for each in (3, number))
    drill = in_drill.drills / "a_drill.py"
    drill.parent.mkdir(parents=True)
    drill.touch()
    put_back: list[Path] = []

    def fix(system: System) -> None:
        put_back.append(system.kept / "a-copy")
        raise Wrong(expected="it", found="nothing", why="it is gone", run_next="run")

    check = reset_phase  # any function
    loaded = Drill("A title.", 1, check, (), "Way back.", lambda system: None, fix)
    monkeypatch.setattr(Drills, "load", lambda self, name: loaded)
    write_under_way(in_drill, UnderWay("a-drill"))
    assert ("ends the drill of phase 3" in what_goes(phase)) is ended
    reset_phase(phase, Choices())
    assert (read_under_way(in_drill) is None) is ended
    assert len(put_back) == ended
    assert (in_drill.state / "drill").exists() is False


def test_reset_that_cannot_delete_leaves_the_rest(
    cluster: Cluster, deletions: Path, tmp_path: Path
) -> None:
    phase = Phase(2, cluster.home, "local")
    (tmp_path / "stuck").touch()
    with pytest.raises(WorkbookError, match="resourcequota/it cannot be deleted"):
        reset_phase(phase, Choices())
    assert deletions.read_text().splitlines() == OF_4[:1]
    assert phase.state.exists()
