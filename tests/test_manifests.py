"""Every phase's image and Kubernetes objects, as tools that know the rules see them.

No cluster and no container engine: Dockerfiles are linted, overlays are rendered, and what comes
out is held against the schemas of our Kubernetes, and against what the lessons promise.
"""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from platformdirs import user_cache_path

from workbook.local.tools import tool
from workbook.local.versions import versions
from workbook.phase import phases

ROOT = Path(__file__).parents[1]
TOOLS = Path(sys.executable).parent
CHECKOV_LOCK = ROOT / "tests" / "checkov.lock"
KUBERNETES = versions().kubernetes.rpartition(".")[0]
PHASES = [phase.directory for phase in phases(ROOT, "local") if phase.number > 0]
DIGEST = "sha256:" + 64 * "0"

# Rules of checkov that are not kept, and why.
EXCEPTIONS = {
    "CKV_DOCKER_7": "it does not see through ARG; that BASE has tag and digest is tested here",
}
EXCEPTIONS_BEFORE_PHASE_5 = {
    "CKV2_K8S_6": "network policies are what phase 5 is about",
}

Object = dict[str, Any]
every_phase = pytest.mark.parametrize("phase", PHASES, ids=lambda phase: phase.name)
every_target = pytest.mark.parametrize("target", ["local", "azure"])


@cache
def rendered(phase: Path, target: str) -> str:
    """What kustomize makes of an overlay."""
    kubectl = shutil.which("kubectl") or tool("kubectl")
    done = subprocess.run(
        [kubectl, "kustomize", phase / "k8s" / target], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def objects(phase: Path, target: str, kind: str | None = None) -> list[Object]:
    found = list(yaml.safe_load_all(rendered(phase, target)))
    return [one for one in found if kind in (None, one["kind"])]


def pods(phase: Path, target: str) -> list[Object]:
    """The pod templates of everything that starts pods."""
    specs = [one["spec"] for one in objects(phase, target) if "spec" in one]
    specs = [spec.get("jobTemplate", {}).get("spec", spec) for spec in specs]
    return [spec["template"] for spec in specs if "template" in spec]


def containers(phase: Path, target: str) -> list[Object]:
    return [container for pod in pods(phase, target) for container in pod["spec"]["containers"]]


def api(phase: Path, target: str) -> tuple[Object, Object]:
    """The pod template of the API, and its container."""
    [(pod, container)] = [
        (pod, container)
        for pod in pods(phase, target)
        for container in pod["spec"]["containers"]
        if container["name"] == "ml-api"
    ]
    return pod, container


def instructions(phase: Path, name: str) -> list[str]:
    """What follows an instruction of the Dockerfile, wherever it occurs."""
    text = (phase / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", "")
    return re.findall(rf"^{name}\s+(.*)$", text, re.MULTILINE)


# The objects


@every_target
@every_phase
def test_every_object_is_one_that_kubernetes_knows(phase: Path, target: str) -> None:
    for one in objects(phase, target):
        assert kubernetes_validate.validate(one, KUBERNETES, strict=True) == KUBERNETES


@every_target
@every_phase
def test_a_field_that_kubernetes_does_not_know_would_be_found(phase: Path, target: str) -> None:
    [deployment, *_] = objects(phase, target, "Deployment")
    deployment["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError, match="readynessProbe"):
        kubernetes_validate.validate(deployment, KUBERNETES, strict=True)


@every_target
@every_phase
def test_the_lesson_finds_every_place_to_put_the_image(phase: Path, target: str) -> None:
    """The lesson replaces these words wherever they are, so they are nowhere else."""
    ours = [one for one in containers(phase, target) if one["image"] == "ml-api"]
    text = rendered(phase, target)
    assert ours
    assert len(re.findall("image: ml-api", text)) == len(ours)
    assert len(re.findall(r"image: ml-api$", text, re.MULTILINE)) == len(ours)


@every_target
@every_phase
def test_no_secret_is_in_an_object_or_in_the_environment(phase: Path, target: str) -> None:
    assert objects(phase, target, "Secret") == []
    for container in containers(phase, target):
        assert all("secretRef" not in source for source in container.get("envFrom", []))
        assert all("valueFrom" not in variable for variable in container.get("env", []))
        names = [variable["name"] for variable in container.get("env", [])]
        assert [name for name in names if re.search("PASSWORD$|KEY$|TOKEN$", name)] == []


@every_target
@every_phase
def test_every_other_image_has_a_version(phase: Path, target: str) -> None:
    images = [one["image"] for one in containers(phase, target) if one["image"] != "ml-api"]
    assert [image for image in images if not re.search(r":(?!latest)[^/]+$", image)] == []


@every_target
@every_phase
def test_everything_is_in_the_namespace_that_refuses_what_is_not_restricted(
    phase: Path, target: str
) -> None:
    [namespace] = objects(phase, target, "Namespace")
    labels = namespace["metadata"]["labels"]
    for mode in ("enforce", "warn", "audit"):
        assert labels[f"pod-security.kubernetes.io/{mode}"] == "restricted"
        assert labels[f"pod-security.kubernetes.io/{mode}-version"] == f"v{KUBERNETES}"
    named = [one for one in objects(phase, target) if one["kind"] != "Namespace"]
    assert {one["metadata"]["namespace"] for one in named} == {"ml-demo"}


@every_target
@every_phase
def test_no_pod_may_do_more_than_it_must(phase: Path, target: str) -> None:
    for pod in pods(phase, target):
        assert pod["spec"]["automountServiceAccountToken"] is False
        assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
        assert pod["spec"]["securityContext"]["runAsUser"] > 0
        assert pod["spec"]["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in containers(phase, target):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


@every_target
@every_phase
def test_every_container_says_what_it_needs_and_at_most_takes(phase: Path, target: str) -> None:
    for container in containers(phase, target):
        requests, limits = (container["resources"][name] for name in ("requests", "limits"))
        assert set(requests) == set(limits) == {"cpu", "memory"}
        assert requests["memory"] == limits["memory"]


@every_target
@every_phase
def test_every_service_finds_pods_and_their_port(phase: Path, target: str) -> None:
    for service in objects(phase, target, "Service"):
        wanted = service["spec"]["selector"].items()
        chosen = [pod for pod in pods(phase, target) if wanted <= pod["metadata"]["labels"].items()]
        names = {
            port["name"]
            for pod in chosen
            for container in pod["spec"]["containers"]
            for port in container["ports"]
        }
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= names


@every_phase
def test_the_targets_differ_in_how_the_api_is_reached(phase: Path) -> None:
    [local], [azure] = (objects(phase, target, "Service") for target in ("local", "azure"))
    assert local["spec"]["type"] == "NodePort"
    assert [port["nodePort"] for port in local["spec"]["ports"]] == [30080]
    assert azure["spec"]["type"] == "LoadBalancer"
    assert local["spec"]["selector"] == azure["spec"]["selector"]


@every_target
@every_phase
def test_an_update_keeps_the_old_pod_until_the_new_one_is_ready(phase: Path, target: str) -> None:
    for deployment in objects(phase, target, "Deployment"):
        rolling = {"maxUnavailable": 0, "maxSurge": 1}
        assert deployment["spec"]["strategy"] == {"type": "RollingUpdate", "rollingUpdate": rolling}


# The objects, the image and the code agree


@every_target
@every_phase
def test_probes_ask_for_what_the_api_answers(phase: Path, target: str) -> None:
    _, container = api(phase, target)
    code = (phase / "sentiment" / "api.py").read_text(encoding="utf-8")
    paths = {
        kind: container[f"{kind}Probe"]["httpGet"]["path"]
        for kind in ("startup", "readiness", "liveness")
    }
    assert paths == {"startup": "/health", "readiness": "/ready", "liveness": "/health"}
    assert [path for path in paths.values() if f'@app.get("{path}"' not in code] == []


@every_target
@every_phase
def test_user_and_port_are_those_of_the_image(phase: Path, target: str) -> None:
    pod, container = api(phase, target)
    context = pod["spec"]["securityContext"]
    assert instructions(phase, "USER") == [f"{context['runAsUser']}:{context['runAsGroup']}"]
    assert instructions(phase, "EXPOSE") == [
        str(port["containerPort"]) for port in container["ports"]
    ]


@every_target
@every_phase
def test_the_pod_has_time_for_its_last_requests_and_rows(phase: Path, target: str) -> None:
    pod, container = api(phase, target)
    command = json.loads(instructions(phase, "CMD")[-1])
    server = int(command[command.index("--timeout-graceful-shutdown") + 1])
    before = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    settings = (phase / "sentiment" / "settings.py").read_text(encoding="utf-8")
    flush = re.search(r"last_flush_seconds: float = Field\(\s*default=(\d+)", settings)
    rows = int(flush[1]) if flush else 0  # the phases that record predictions write the last ones
    assert before + server + rows < pod["spec"]["terminationGracePeriodSeconds"]


# The image


@every_phase
def test_hadolint_finds_nothing_in_the_dockerfile(phase: Path) -> None:
    done = subprocess.run(
        [TOOLS / "hadolint", "--no-color", phase / "Dockerfile"], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


@every_phase
def test_the_dockerfile_needs_no_buildkit(phase: Path) -> None:
    text = (phase / "Dockerfile").read_text(encoding="utf-8")
    assert re.findall(r"--mount|--chmod|--link|<<|^# *syntax", text, re.MULTILINE) == []


@every_phase
def test_the_base_image_has_tag_and_digest_and_is_that_of_both_stages(phase: Path) -> None:
    [base] = [value for value in instructions(phase, "ARG") if value.startswith("BASE=")]
    assert base == f"BASE={versions().images['python']}"
    assert re.fullmatch(r"BASE=python:[\d.]+-slim-\w+@sha256:[0-9a-f]{64}", base)
    assert instructions(phase, "FROM") == ["${BASE} AS build", "${BASE}"]


@every_phase
def test_what_goes_into_the_build_is_listed(phase: Path) -> None:
    lines = (phase / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if not line.startswith("#")]
    assert rules[0] == "*"
    assert {"!requirements.lock", "!sentiment", "!model"} == {r for r in rules if r[0] == "!"}


def pins(path: Path) -> dict[str, set[str]]:
    """The versions that a lock names; more than one where platforms or Pythons differ."""
    found = defaultdict(set)
    for name, version in re.findall(
        r"^([\w.-]+)(?:\[\w+\])?==([\w.]+)", path.read_text(encoding="utf-8"), re.MULTILINE
    ):
        found[name].add(version)
    return found


@every_phase
def test_the_image_has_what_the_requirements_name_in_the_workbooks_versions(phase: Path) -> None:
    locked, root = pins(phase / "requirements.lock"), pins(ROOT / "requirements.lock")
    assert {name: root[name] for name in locked} == locked
    # setuptools is for reading the rated texts, which the image does not do
    assert set(pins(phase / "requirements.txt")) - set(locked) == {"setuptools"}


@every_phase
def test_the_lock_of_the_image_has_hashes_and_no_addresses(phase: Path) -> None:
    text = (phase / "requirements.lock").read_text(encoding="utf-8")
    assert text.count("\\\n    --hash=sha256:") >= len(
        re.findall(r"^[\w.-]+==", text, re.MULTILINE)
    )
    assert "://" not in text


# What checkov knows


@pytest.fixture(scope="session")
def findings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The rules that each phase breaks, as checkov sees it; starting it takes seconds."""
    folder = tmp_path_factory.mktemp("checkov")
    for phase in PHASES:
        (folder / phase.name).mkdir()
        shutil.copy(phase / "Dockerfile", folder / phase.name)
        for target in ("local", "azure"):
            text = rendered(phase, target).replace(
                "image: ml-api", f"image: registry/ml-api@{DIGEST}"
            )
            (folder / phase.name / f"{target}.yaml").write_text(text, encoding="utf-8")
    command = [checkov(), "--directory", folder, "--framework", "kubernetes", "dockerfile"]
    command += ["--output", "json", "--quiet", "--skip-download", "--soft-fail"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    reports = json.loads(done.stdout)
    assert sum(report["summary"]["passed"] for report in reports) > 100 * len(PHASES)
    broken = defaultdict(set)
    for report in reports:
        assert report["summary"]["parsing_errors"] == 0
        for failed in report["results"]["failed_checks"]:
            phase_name = Path(failed["file_path"]).parts[1]
            broken[phase_name].add(f"{failed['check_id']} {failed['check_name']}")
    return broken


def checkov() -> Path:
    """checkov, in an environment of its own: its pins would hold back ours."""
    lock = CHECKOV_LOCK.read_bytes()
    home = user_cache_path("workbook") / f"checkov-{hashlib.sha256(lock).hexdigest()[:12]}"
    complete = home / "complete"
    if not complete.exists():
        uv = TOOLS / "uv"
        subprocess.run([uv, "venv", "--quiet", "--clear", home], check=True)
        command = [uv, "pip", "install", "--quiet", "--python", home, "--require-hashes"]
        subprocess.run([*command, "--requirement", CHECKOV_LOCK], check=True)
        complete.touch()
    return home / "bin" / "checkov"


@every_phase
def test_checkov_finds_nothing_but_what_is_explained(
    phase: Path, findings: dict[str, set[str]]
) -> None:
    early = phase.name < "phase5"
    explained = {**EXCEPTIONS, **(EXCEPTIONS_BEFORE_PHASE_5 if early else {})}
    broken = {finding.partition(" ")[0]: finding for finding in findings[phase.name]}
    assert [broken[rule] for rule in broken if rule not in explained] == []
    assert [rule for rule in explained if rule not in broken] == [], "explained for nothing"
