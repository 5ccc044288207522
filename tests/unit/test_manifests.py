"""Images and Kubernetes objects, of every phase and of k8s/, as tools that know the rules see them.

No cluster and no container engine: Dockerfiles are linted, overlays are rendered, and what comes
out is held against the schemas of our Kubernetes, and against what the lessons promise.
"""

import json
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml
from environments import environment_of

from workbook.course.phase import phases
from workbook.learner.choices import TARGETS, Choices
from workbook.lessons.going_back import LABEL
from workbook.targets.environment import lesson_environment
from workbook.targets.local.tools import fetch_gateway_crds, tool
from workbook.targets.local.versions import versions

ROOT = Path(__file__).parents[2]
TOOLS = Path(sys.executable).parent
CHECKOV_LOCK = ROOT / "tests" / "support" / "checkov.lock"
KUBERNETES = versions().kubernetes.rpartition(".")[0]
PHASES = [phase.directory for phase in phases(ROOT, "local") if phase.overlay.is_dir()]
OVERLAYS = [phase / "k8s" / target for phase in PHASES for target in ("local", "azure")]
RELIED_ON = sorted(file.parent for file in (ROOT / "k8s").glob("*/kustomization.yaml"))
GATEWAY = ROOT / "k8s" / "gateway"
GATEWAY_API = "gateway.networking.k8s.io"
GATEWAY_NAMESPACES = {"local": "ml-demo", "azure": "ml-gateway"}  # of phase 4's Gateway
VALUES = {  # what a lesson writes into values.env
    "IMAGE": "registry.example/ml-api@sha256:" + 64 * "0",
    "DATABASE_HOST": "database.example",
    "GATEWAY_PORT": "9443",
}

# Rules of checkov that are not kept, and why.
EXCEPTIONS = {
    "CKV_DOCKER_7": "it does not see through ARG; that BASE has tag and digest is tested here",
}
EXCEPTIONS_BEFORE_PHASE_5 = {
    "CKV2_K8S_6": "network policies are what phase 5 is about",
}
NO_POLICY_YET = {"CKV2_K8S_6": "what may reach it is what phase 5 is about"}
ASKS_THE_API = {"CKV_K8S_38": "it watches objects of the cluster: that is what it is for"}
EXCEPTIONS_IN_K8S = {
    "gateway": {**NO_POLICY_YET, **ASKS_THE_API},
    "metrics-server": {**NO_POLICY_YET, **ASKS_THE_API},
    "postgres": {
        **NO_POLICY_YET,
        "CKV_K8S_8": "ending a slow database does not fix it",
        "CKV_K8S_40": "the user is the one of the public image",
    },
}

Object = dict[str, Any]
STARTS_PODS = ("CronJob", "Deployment", "Job", "StatefulSet")


def name_of(folder: Path) -> str:
    """phase1-local for phases/phase1/k8s/local, k8s-postgres for k8s/postgres."""
    parts = folder.relative_to(ROOT).parts
    return f"{parts[1]}-{parts[3]}" if parts[0] == "phases" else "-".join(parts)


every_phase = pytest.mark.parametrize("phase", PHASES, ids=lambda phase: phase.name)
every_overlay = pytest.mark.parametrize("overlay", OVERLAYS, ids=name_of)
every_folder = pytest.mark.parametrize("folder", [*OVERLAYS, *RELIED_ON], ids=name_of)
every_folder_relied_on = pytest.mark.parametrize("folder", RELIED_ON, ids=name_of)


def each_with(*kinds: str, among: Iterable[Path] = (*OVERLAYS, *RELIED_ON)) -> pytest.MarkDecorator:
    """The folders with an object of these kinds, as a parameter: no test passes on nothing."""
    wanted = re.compile(rf"^kind: ({'|'.join(kinds)})$", re.MULTILINE)
    found = []
    for folder in among:
        files = [*folder.rglob("*.yaml"), *(folder.parent / "base").glob("*.yaml")]
        if any(wanted.search(file.read_text(encoding="utf-8")) for file in files):
            found.append(folder)
    assert found, kinds
    return pytest.mark.parametrize("folder", found, ids=name_of)


@cache
def rendered(folder: Path) -> str:
    """What kustomize makes of a folder with the values above."""
    with TemporaryDirectory() as copy:
        shutil.copytree(folder.parent, copy, dirs_exist_ok=True)
        return kustomize(Path(copy, folder.name), VALUES)


def kustomize(folder: Path, values: dict[str, str]) -> str:
    if (folder / "values").exists():
        lines = [f"{name}={value}\n" for name, value in values.items()]
        (folder / "values" / "values.env").write_text("".join(lines), encoding="utf-8")
    kubectl = shutil.which("kubectl") or tool("kubectl")
    done = subprocess.run([kubectl, "kustomize", folder], capture_output=True, text=True)
    if done.returncode != 0:
        raise ValueError(done.stderr)
    return done.stdout


def objects(folder: Path, *kinds: str) -> list[Object]:
    found = list(yaml.safe_load_all(rendered(folder)))
    return [one for one in found if not kinds or one["kind"] in kinds]


def some(folder: Path, *kinds: str) -> list[Object]:
    """The objects of these kinds, of which there is one at least."""
    found = objects(folder, *kinds)
    assert found
    return found


def pods(folder: Path) -> list[Object]:
    """The pod templates of everything that starts pods."""
    specs = [one["spec"] for one in objects(folder) if "spec" in one]
    specs = [spec.get("jobTemplate", {}).get("spec", spec) for spec in specs]
    return [spec["template"] for spec in specs if "template" in spec]


def containers(folder: Path) -> list[Object]:
    """Also those that run before the others."""
    specs = [pod["spec"] for pod in pods(folder)]
    return [one for spec in specs for one in spec.get("initContainers", []) + spec["containers"]]


def api(overlay: Path) -> tuple[Object, Object]:
    """The pod template of the API, and its container."""
    [(pod, container)] = [
        (pod, container)
        for pod in pods(overlay)
        for container in pod["spec"]["containers"]
        if container["name"] == "ml-api"
    ]
    return pod, container


def phase_of(overlay: Path) -> Path:
    return overlay.parents[1]


def instructions(phase: Path, name: str) -> list[str]:
    """What follows an instruction of the Dockerfile, wherever it occurs."""
    text = (phase / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", "")
    return re.findall(rf"^{name}\s+(.*)$", text, re.MULTILINE)


# The objects


def identity(one: Object) -> tuple[str, str]:
    """An object's kind and name, without the hash of a name that is generated."""
    name: str = one["metadata"]["name"]
    generated = one["kind"] == "ConfigMap" and re.fullmatch(r"(.+)-[a-z0-9]{10}", name)
    return one["kind"], generated[1] if generated else name


def phase_that_adds(one: Object, folder: Path) -> str:
    """The first phase whose manifests, or the folders that it applies beside them, have it."""
    target = folder.name if folder in OVERLAYS else "local"
    for phase in phases(ROOT, target):
        beside = [ROOT / name for name in phase.manifest.on(target).folders]
        places = [place for place in (phase.overlay, *beside) if place.exists()]
        if identity(one) in {identity(other) for place in places for other in objects(place)}:
            return str(phase.number)
    raise AssertionError(f"no phase applies {folder}")


@pytest.mark.parametrize(
    "folder", [*OVERLAYS, ROOT / "k8s/postgres", ROOT / "k8s/gateway"], ids=name_of
)
def test_every_object_names_the_phase_that_adds_it(folder: Path) -> None:
    """And its pods do not: a ReplicaSet and its pods go with the Deployment."""
    for one in objects(folder):
        assert one["metadata"]["labels"][LABEL] == phase_that_adds(one, folder), identity(one)
    assert not any(LABEL in pod["metadata"]["labels"] for pod in pods(folder))


@cache
def schemas() -> dict[tuple[str, str], Object]:
    """What the Gateway API's definitions say of each kind, by its version and name."""
    found = {}
    for file in fetch_gateway_crds().glob("*.yaml"):
        for one in yaml.safe_load_all(file.read_text(encoding="utf-8")):
            if one is None or one["kind"] != "CustomResourceDefinition":
                continue
            for version in one["spec"]["versions"]:
                schema = strict(version["schema"]["openAPIV3Schema"])
                schema["properties"]["metadata"] = {"type": "object"}
                found[f"{GATEWAY_API}/{version['name']}", one["spec"]["names"]["kind"]] = schema
    return found


def strict(schema: Any) -> Any:
    """A schema by which a field that it does not name is wrong: a cluster drops such a field."""
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: strict(one) for name, one in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        made.setdefault("additionalProperties", False)
    return made


def validate(one: Object) -> None:
    if one["apiVersion"].startswith(f"{GATEWAY_API}/"):
        jsonschema.validate(one, schemas()[one["apiVersion"], one["kind"]])
    else:
        assert kubernetes_validate.validate(one, KUBERNETES, strict=True) == KUBERNETES


@every_folder
def test_every_object_is_one_that_kubernetes_knows(folder: Path) -> None:
    for one in objects(folder):
        validate(one)


@every_folder
def test_a_field_that_kubernetes_does_not_know_would_be_found(folder: Path) -> None:
    [workload, *_] = objects(folder, "Deployment", "StatefulSet")
    workload["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError, match="readynessProbe"):
        validate(workload)


def test_a_field_that_the_gateway_api_does_not_know_would_be_found() -> None:
    listener = {"name": "http", "port": 80, "protocol": "HTTP"}
    gateway = {
        "apiVersion": f"{GATEWAY_API}/v1",
        "kind": "Gateway",
        "metadata": {"name": "ml-api"},
        "spec": {"gatewayClassName": "traefik", "listeners": [listener]},
    }
    validate(gateway)
    listener["hostnames"] = ["localhost"]
    with pytest.raises(jsonschema.ValidationError, match="hostnames"):
        validate(gateway)


with_values = pytest.mark.parametrize(
    "folder", [one for one in [*OVERLAYS, *RELIED_ON] if (one / "values").exists()], ids=name_of
)


def wanted_by(folder: Path) -> set[str]:
    """The values that its component puts into the objects."""
    component = (folder / "values" / "kustomization.yaml").read_text(encoding="utf-8")
    return set(re.findall(r"fieldPath: data\.(\w+)", component))


@with_values
def test_every_value_reaches_the_objects(folder: Path) -> None:
    """The image reaches every container, and no word that a value replaces is left."""
    assert {one["image"] for one in containers(folder)} == {VALUES["IMAGE"]}
    reached = {name for name, value in VALUES.items() if value in rendered(folder)}
    assert reached == wanted_by(folder)
    assert "database-host" not in rendered(folder)


@with_values
def test_values_themselves_are_not_sent_to_the_cluster(folder: Path) -> None:
    names = [one["metadata"]["name"] for one in objects(folder, "ConfigMap")]
    assert [name for name in names if name.startswith("values")] == []


@with_values
def test_nothing_is_rendered_without_its_values(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder.parent, tmp_path / "k8s")
    missing = {name: value for name, value in VALUES.items() if name != "IMAGE"}
    with pytest.raises(ValueError, match=r"`data.IMAGE` is missing"):
        kustomize(tmp_path / "k8s" / folder.name, missing)


@every_overlay
def test_the_lesson_writes_every_value(overlay: Path) -> None:
    lesson = (phase_of(overlay) / "README.md").read_text(encoding="utf-8")
    assert [name for name in wanted_by(overlay) if f"{name}=${{{name}:" not in lesson] == []


def test_metrics_server_has_one_place_to_put_the_image() -> None:
    assert rendered(ROOT / "k8s" / "metrics-server").count("image: metrics-server\n") == 1


@every_folder
def test_no_secret_is_in_an_object_or_in_the_environment(folder: Path) -> None:
    assert objects(folder, "Secret") == []
    for container in containers(folder):
        assert all("secretRef" not in source for source in container.get("envFrom", []))
        assert all("valueFrom" not in variable for variable in container.get("env", []))
        names = [variable["name"] for variable in container.get("env", [])]
        assert [name for name in names if re.search("PASSWORD$|KEY$|TOKEN$", name)] == []


@every_overlay
def test_every_other_image_has_a_version(overlay: Path) -> None:
    images = [one["image"] for one in containers(overlay) if one["image"] != VALUES["IMAGE"]]
    assert [image for image in images if not re.search(r":(?!latest)[^/]+$", image)] == []


@each_with("Namespace")
def test_a_namespace_refuses_what_is_not_restricted(folder: Path) -> None:
    """But for the pods that Azure's add-on makes of a Gateway: those set no seccompProfile."""
    of_add_on = GATEWAY_NAMESPACES["azure"] if folder in OVERLAYS else None
    for namespace in some(folder, "Namespace"):
        labels = namespace["metadata"]["labels"]
        level = "baseline" if namespace["metadata"]["name"] == of_add_on else "restricted"
        for mode in ("enforce", "warn", "audit"):
            assert labels[f"pod-security.kubernetes.io/{mode}"] == level
            assert labels[f"pod-security.kubernetes.io/{mode}-version"] == f"v{KUBERNETES}"


@every_overlay
def test_everything_of_a_phase_is_in_its_namespace(overlay: Path) -> None:
    """But for the Gateway on Azure, whose pods the quota and the LimitRange are not for."""
    of_gateways = GATEWAY_NAMESPACES[overlay.name]
    named = [one for one in objects(overlay) if one["kind"] != "Namespace"]
    assert named
    for one in named:
        expected = of_gateways if one["kind"] == "Gateway" else "ml-demo"
        assert one["metadata"]["namespace"] == expected, one["metadata"]["name"]
    namespaces = {one["metadata"]["name"] for one in objects(overlay, "Namespace")}
    assert namespaces == {one["metadata"]["namespace"] for one in named}


@each_with("HTTPRoute")
def test_a_route_names_a_listener_that_admits_it(folder: Path) -> None:
    gateways = {
        (one["metadata"]["namespace"], one["metadata"]["name"]): one
        for one in objects(folder, "Gateway")
    }
    for route in some(folder, "HTTPRoute"):
        where = route["metadata"]["namespace"]
        for parent in route["spec"]["parentRefs"]:
            of_gateway = parent.get("namespace", where)
            gateway = gateways[of_gateway, parent["name"]]
            listeners = {one["name"]: one for one in gateway["spec"]["listeners"]}
            rules = listeners[parent["sectionName"]].get("allowedRoutes", {})
            admitted = rules.get("namespaces", {"from": "Same"})
            if admitted["from"] == "Same":
                assert where == of_gateway
            else:
                label = {"kubernetes.io/metadata.name": where}  # which the cluster sets itself
                assert admitted == {"from": "Selector", "selector": {"matchLabels": label}}


@pytest.mark.parametrize("target", TARGETS)
def test_a_lesson_looks_for_the_gateway_and_its_certificate_where_they_are(
    target: str, tmp_path: Path
) -> None:
    environment = lesson_environment(tmp_path, Choices(target=target))
    assert environment["GATEWAY_NAMESPACE"] == GATEWAY_NAMESPACES[target]
    for phase in PHASES:
        for gateway in objects(phase / "k8s" / target, "Gateway"):
            for listener in gateway["spec"]["listeners"]:
                for reference in listener.get("tls", {}).get("certificateRefs", []):
                    assert set(reference) == {"name"}  # without a namespace: in the Gateway's
            lesson = (phase / "README.md").read_text(encoding="utf-8")
            uses = re.findall(r"--namespace (\S+) (?:\w+ gateway\b|create secret tls)", lesson)
            assert set(uses) == {'"$GATEWAY_NAMESPACE"'}


@each_with(*STARTS_PODS)
def test_no_pod_may_do_more_than_it_must(folder: Path) -> None:
    with_rights = {
        subject["name"]
        for binding in objects(folder, "RoleBinding", "ClusterRoleBinding")
        for subject in binding["subjects"]
    }
    for pod in pods(folder):
        asks = pod["spec"].get("serviceAccountName", "default") in with_rights
        assert pod["spec"]["automountServiceAccountToken"] is asks
        assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
        assert pod["spec"]["securityContext"]["runAsUser"] > 0
        assert pod["spec"]["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in containers(folder):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


@each_with("ServiceAccount")
def test_pods_run_as_accounts_that_give_nobody_a_token_unasked(folder: Path) -> None:
    accounts = {one["metadata"]["name"]: one for one in some(folder, "ServiceAccount")}
    named = {pod["spec"].get("serviceAccountName") for pod in pods(folder)}
    assert named - {None} == set(accounts)
    for account in accounts.values():
        assert account["automountServiceAccountToken"] is False


@every_overlay
def test_the_api_runs_as_the_account_that_azure_trusts(overlay: Path) -> None:
    """From phase 1 on: another name later would need another trust, and new pods."""
    pod, _ = api(overlay)
    [account] = objects(overlay, "ServiceAccount")
    names = {name: account["metadata"][name] for name in ("namespace", "name")}
    assert names == {"namespace": "ml-demo", "name": pod["spec"]["serviceAccountName"]}
    root = phase_of(overlay) / "terraform" / "azure" / "main.tf"
    if root.exists():
        trusted = 'service_account = { namespace = "%(namespace)s", name = "%(name)s" }'
        assert trusted % names in root.read_text(encoding="utf-8")


@each_with(*STARTS_PODS)
def test_every_container_says_what_it_needs_and_at_most_takes(folder: Path) -> None:
    for container in containers(folder):
        requests, limits = (container["resources"][name] for name in ("requests", "limits"))
        needed = {"cpu", "memory"}
        if (folder / "kustomization.yaml").is_file() and "phases" in folder.parts:
            needed.add("ephemeral-storage")  # the learner's own, which run on Azure, too
        assert set(requests) == set(limits) == needed
        assert requests["memory"] == limits["memory"]


@each_with("Service")
def test_every_service_finds_pods_and_their_port(folder: Path) -> None:
    for service in some(folder, "Service"):
        wanted = service["spec"]["selector"].items()
        chosen = [pod for pod in pods(folder) if wanted <= pod["metadata"]["labels"].items()]
        names = {
            port["name"]
            for pod in chosen
            for container in pod["spec"]["containers"]
            for port in container["ports"]
        }
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= names


@every_phase
def test_the_targets_differ_in_how_the_api_is_reached(phase: Path) -> None:
    [local], [azure] = (objects(phase / "k8s" / each, "Service") for each in ("local", "azure"))
    gateways = [objects(phase / "k8s" / each, "Gateway") for each in ("local", "azure")]
    assert local["spec"]["selector"] == azure["spec"]["selector"]
    if any(gateways):  # then nothing else is reached from outside
        classes = [gateway["spec"]["gatewayClassName"] for [gateway] in gateways]
        assert classes == ["traefik", "approuting-istio"]
        assert local == azure
        assert local["spec"].get("type", "ClusterIP") == "ClusterIP"
        return
    assert local["spec"]["type"] == "NodePort"
    assert [port["nodePort"] for port in local["spec"]["ports"]] == [30080]
    assert azure["spec"]["type"] == "LoadBalancer"


@each_with("Deployment")
def test_an_update_keeps_the_old_pod_until_the_new_one_is_ready(folder: Path) -> None:
    for deployment in some(folder, "Deployment"):
        rolling = {"maxUnavailable": 0, "maxSurge": 1}
        assert deployment["spec"]["strategy"] == {"type": "RollingUpdate", "rollingUpdate": rolling}


@each_with("Role", "ClusterRole", among=RELIED_ON)
def test_a_role_names_what_it_allows_and_none_changes_objects(folder: Path) -> None:
    for role in some(folder, "Role", "ClusterRole"):
        for rule in role["rules"]:
            assert "*" not in {*rule["apiGroups"], *rule["resources"], *rule["verbs"]}
            changes = set(rule["verbs"]) - {"get", "list", "watch"}
            assert changes <= {"update"}
            assert not changes or all(name.endswith("/status") for name in rule["resources"])
            assert "secrets" not in rule["resources"] or role["kind"] == "Role"


@each_with("RoleBinding", "ClusterRoleBinding", among=RELIED_ON)
def test_every_account_that_is_given_a_role_is_there(folder: Path) -> None:
    accounts = {
        (one["metadata"]["name"], one["metadata"]["namespace"])
        for one in objects(folder, "ServiceAccount")
    }
    for binding in some(folder, "RoleBinding", "ClusterRoleBinding"):
        for subject in binding["subjects"]:
            assert (subject["name"], subject["namespace"]) in accounts


# The gateway of the local target


def test_an_entry_point_of_the_gateway_is_a_port_of_the_pod_and_of_the_service() -> None:
    configuration = yaml.safe_load((GATEWAY / "traefik.yaml").read_text(encoding="utf-8"))
    points = {
        name: int(point["address"].removeprefix(":"))
        for name, point in configuration["entryPoints"].items()
    }
    assert points == {"web": 80, "websecure": 443, "traefik": 8080}
    [container] = containers(GATEWAY)
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"web": 80, "websecure": 443, "ping": points["traefik"]}
    [service] = objects(GATEWAY, "Service")
    published = {port["name"]: port["port"] for port in service["spec"]["ports"]}
    assert published == {"web": 80, "websecure": 443}


def test_the_gateway_and_the_api_of_an_earlier_phase_can_be_there_together() -> None:
    folders = [GATEWAY, *(phase / "k8s" / "local" for phase in PHASES if phase.name < "phase4")]
    ports = [
        {port["nodePort"] for service in objects(folder, "Service") for port in ports_of(service)}
        for folder in folders
    ]
    assert ports[0] == {30081, 30443}
    assert all(ports[0].isdisjoint(others) for others in ports[1:])


def ports_of(service: Object) -> list[Object]:
    return [port for port in service["spec"]["ports"] if "nodePort" in port]


def test_the_gateway_reads_secrets_only_where_the_application_is() -> None:
    configuration = yaml.safe_load((GATEWAY / "traefik.yaml").read_text(encoding="utf-8"))
    watched = configuration["providers"]["kubernetesGateway"]["namespaces"]
    roles = {one["metadata"]["namespace"] for one in objects(GATEWAY, "Role", "RoleBinding")}
    assert set(watched) == roles == {"ml-demo"}


def test_the_gateway_may_say_of_its_class_that_it_serves_it() -> None:
    """kustomize changes names that look to it like those of an object with a hash."""
    [one] = objects(GATEWAY, "GatewayClass")
    [role] = objects(GATEWAY, "ClusterRole")
    [rule] = [rule for rule in role["rules"] if "gatewayclasses/status" in rule["resources"]]
    assert rule["resourceNames"] == [one["metadata"]["name"]] == ["traefik"]


def test_the_gateway_has_time_for_its_last_requests() -> None:
    configuration = yaml.safe_load((GATEWAY / "traefik.yaml").read_text(encoding="utf-8"))
    [pod] = pods(GATEWAY)
    for point in configuration["entryPoints"].values():
        times = point["transport"]["lifeCycle"].values()
        seconds = sum(int(time.removesuffix("s")) for time in times)
        assert seconds < pod["spec"]["terminationGracePeriodSeconds"]


# The objects, the image and the code agree


@every_overlay
def test_probes_ask_for_what_the_api_answers(overlay: Path) -> None:
    _, container = api(overlay)
    code = (phase_of(overlay) / "sentiment" / "api.py").read_text(encoding="utf-8")
    paths = {
        kind: container[f"{kind}Probe"]["httpGet"]["path"]
        for kind in ("startup", "readiness", "liveness")
    }
    assert paths == {"startup": "/health", "readiness": "/ready", "liveness": "/health"}
    assert [path for path in paths.values() if f'@app.get("{path}"' not in code] == []


@every_overlay
def test_user_and_port_are_those_of_the_image(overlay: Path) -> None:
    pod, container = api(overlay)
    context = pod["spec"]["securityContext"]
    phase = phase_of(overlay)
    assert instructions(phase, "USER") == [f"{context['runAsUser']}:{context['runAsGroup']}"]
    assert instructions(phase, "EXPOSE") == [
        str(port["containerPort"]) for port in container["ports"]
    ]


@every_overlay
def test_the_pod_has_time_for_its_last_requests_and_rows(overlay: Path) -> None:
    pod, container = api(overlay)
    phase = phase_of(overlay)
    command = json.loads(instructions(phase, "CMD")[-1])
    server = int(command[command.index("--timeout-graceful-shutdown") + 1])
    before = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    settings = (phase / "sentiment" / "settings.py").read_text(encoding="utf-8")
    flush = re.search(r"last_flush_seconds: float = Field\(\s*default=(\d+)", settings)
    rows = int(flush[1]) if flush else 0  # the phases that record predictions write the last ones
    assert before + server + rows < pod["spec"]["terminationGracePeriodSeconds"]


def test_picture_of_the_rolling_update_has_the_pause_of_the_manifest() -> None:
    _, container = api(ROOT / "phases/phase1/k8s/local")
    pause = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    picture = (ROOT / "docs/pictures/rolling-update.d2").read_text(encoding="utf-8")
    assert f"{pause} s later:\\nSIGTERM" in picture


def test_server_behind_the_gateway_closes_connections_last() -> None:
    command = json.loads(instructions(ROOT / "phases/phase4", "CMD")[-1])
    kept = int(command[command.index("--timeout-keep-alive") + 1])
    hour = 3600  # what Envoy keeps an idle connection for, by default; Traefik: 90 s
    assert kept > hour


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
    """The rules that each phase or folder breaks, as checkov sees it; starting it takes seconds."""
    looked_at = tmp_path_factory.mktemp("checkov")
    for phase in PHASES:
        (looked_at / phase.name).mkdir()
        shutil.copy(phase / "Dockerfile", looked_at / phase.name)
    for folder in [*OVERLAYS, *RELIED_ON]:
        name, _, target = name_of(folder).partition("-")
        name = name if name != "k8s" else name_of(folder)
        (looked_at / name).mkdir(exist_ok=True)
        text = rendered(folder).replace("image: metrics-server\n", f"image: {VALUES['IMAGE']}\n")
        (looked_at / name / f"{target}.yaml").write_text(text, encoding="utf-8")
    command = [checkov(), "--directory", looked_at, "--framework", "kubernetes", "dockerfile"]
    command += ["--output", "json", "--quiet", "--skip-download", "--soft-fail"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    reports = json.loads(done.stdout)
    assert sum(report["summary"]["passed"] for report in reports) > 100 * len(PHASES)
    broken = defaultdict(set)
    for report in reports:
        assert report["summary"]["parsing_errors"] == 0
        for failed in report["results"]["failed_checks"]:
            name = Path(failed["file_path"]).parts[1]
            broken[name].add(f"{failed['check_id']} {failed['check_name']}")
    return broken


def checkov() -> Path:
    """checkov, in an environment of its own: its pins would hold back ours."""
    return environment_of(CHECKOV_LOCK) / "checkov"


@every_phase
def test_checkov_finds_nothing_but_what_is_explained(
    phase: Path, findings: dict[str, set[str]]
) -> None:
    early = phase.name < "phase5"
    explained = {**EXCEPTIONS, **(EXCEPTIONS_BEFORE_PHASE_5 if early else {})}
    only_explained(findings[phase.name], explained)


@every_folder_relied_on
def test_checkov_finds_nothing_more_in_what_the_phases_rely_on(
    folder: Path, findings: dict[str, set[str]]
) -> None:
    only_explained(findings[name_of(folder)], EXCEPTIONS_IN_K8S[folder.name])


def only_explained(findings: set[str], explained: dict[str, str]) -> None:
    broken = {finding.partition(" ")[0]: finding for finding in findings}
    assert [broken[rule] for rule in broken if rule not in explained] == []
    assert [rule for rule in explained if rule not in broken] == [], "explained for nothing"
