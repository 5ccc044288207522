"""Wrong systems that the checks of phase 4 must see: strangers, other ways in, idle guards."""

import json
from collections.abc import Callable
from typing import Any

from checks.phase1 import test_disturbance
from checks.phase3 import test_infrastructure
from checks.phase4 import test_gateway, test_replicas, test_settings
from checks.phase4.test_settings import SETTINGS
from drills.phase4._scaler import settle
from workbook.drills.drill import NothingToBreak, System
from workbook.drills.images import image_with
from workbook.drills.impostor import Impostor
from workbook.drills.objects import (
    CONTAINER,
    Patch,
    change,
    cluster_of,
    deployment_of,
    goto,
    kubectl,
    put_back,
    replace_with_kept,
)
from workbook.targets.kubernetes import APP, Object, eventually, name_of

OURS = {"app.kubernetes.io/name": APP}
STRANGER = "stranger"
OWN = {"app.kubernetes.io/name": STRANGER}
SECONDS_TO_SHOW = 20

PATCH_CODE = """
import compileall, pathlib, py_compile
file = pathlib.Path("/app/sentiment/{file}")
text = file.read_text()
changed = text.replace({old!r}, {new!r})
assert changed != text, "nothing to change"
file.write_text(changed)
kept = py_compile.PycInvalidationMode.UNCHECKED_HASH
compileall.compile_dir("/app/sentiment", quiet=1, force=True, invalidation_mode=kept)
"""
CONSTANT = PATCH_CODE.format(
    file="api.py",
    old="return Answer(**judgement._asdict(),",
    new="return Answer(**{**judgement._asdict(), 'label': 'negative', 'confidence': 0.93},",
)
# another model under the same version, with a digest that fits
OTHER_MODEL = """
import hashlib, json, pathlib, joblib
folder = pathlib.Path("/app/model")
manifest = json.loads((folder / "manifest.json").read_text())
file = folder / manifest["artefact"]
model = joblib.load(file)
model["weights"].coef_ = model["weights"].coef_ * 0.5
joblib.dump(model, file)
manifest["sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
(folder / "manifest.json").write_text(json.dumps(manifest))
"""
STUB = """
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWER = {"label": "negative", "confidence": 0.99, "known_words": 5, "model_version": "1"}

class Stub(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.dumps(ANSWER | {"status": "ok"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer

    def log_message(self, *words):
        pass

ThreadingHTTPServer(("0.0.0.0", 8000), Stub).serve_forever()
"""
WRITE_STUB = f"open('/app/stub.py', 'w').write({STUB!r})"
RUN_STUB = '["python", "/app/stub.py"]'


def deployed(
    title: str,
    turns_red: Callable[..., Any],
    image: Callable[[System], str],
    also: tuple[Callable[..., Any], ...] = (),
) -> Impostor:
    """The Deployment runs another image."""

    def make(system: System) -> None:
        patch = [{"op": "replace", "path": f"{CONTAINER}/image", "value": image(system)}]
        change(system, "deployment", patch)
        settle(system)

    def undo(system: System) -> None:
        put_back(system, "deployment")
        settle(system)

    # what was recorded was recorded with another image
    also = (test_replicas.test_autoscaler_scales, *also)
    return Impostor(title, turns_red, make, undo, also)


def patched(
    title: str, turns_red: Callable[..., Any], kind: str, patch: Patch, name: str = APP
) -> Impostor:
    """An object is changed in place."""
    return Impostor(
        title,
        turns_red,
        make=lambda system: change(system, kind, patch, name),
        undo=lambda system: replace_with_kept(system, kind),
    )


def added(title: str, turns_red: Callable[..., Any], item: Object) -> Impostor:
    """An object is made beside ours."""

    def make(system: System) -> None:
        kubectl(cluster_of(system), "apply", "--filename=-", stdin=json.dumps(item))

    def undo(system: System) -> None:
        cluster_of(system).delete(item["kind"], item["metadata"]["name"])

    return Impostor(title, turns_red, make, undo)


def service(name: str, selector: dict[str, str], **spec: Any) -> Object:
    ports = [{"name": "http", "port": 80, "targetPort": "http"}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": selector, "ports": ports, **spec},
    }


def _stub(system: System) -> str:
    return image_with(system, "impostor-stub", WRITE_STUB, RUN_STUB)


def _beside(system: System, labels: dict[str, str]) -> None:
    """Start a stub in a Deployment beside ours, with other labels."""
    ours = deployment_of(system).object["spec"]["template"]
    container = {**ours["spec"]["containers"][0], "image": _stub(system)}
    pods = {**ours["spec"], "containers": [container]}
    pods.pop("topologySpreadConstraints", None)
    stranger = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": STRANGER, "labels": labels},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pods},
        },
    }
    cluster = cluster_of(system)
    kubectl(cluster, "apply", "--filename=-", stdin=json.dumps(stranger))
    kubectl(cluster, "rollout", "status", f"deployment/{STRANGER}", "--timeout=120s")


def _remove_stranger(system: System) -> None:
    cluster = cluster_of(system)
    cluster.delete("deployment", STRANGER)
    kubectl(cluster, "wait", "--for=delete", "pods", "--selector=made-by=impostor", "--timeout=90s")


def _join_service(system: System) -> None:
    _beside(system, OURS | {"made-by": "impostor"})


def _join_route(system: System) -> None:
    _beside(system, OWN | {"made-by": "impostor"})
    cluster = cluster_of(system)
    kubectl(cluster, "apply", "--filename=-", stdin=json.dumps(service(STRANGER, OWN)))
    backend = {"name": STRANGER, "port": 80, "weight": 1}
    patch = [{"op": "add", "path": "/spec/rules/0/backendRefs/-", "value": backend}]
    change(system, "httproute", patch)


def _leave_route(system: System) -> None:
    replace_with_kept(system, "httproute")
    cluster_of(system).delete("service", STRANGER)
    _remove_stranger(system)


def _settings(title: str, edit: Callable[[dict[str, str]], object] | None) -> Impostor:
    """The ConfigMap that the pods were started with is edited in place."""

    def make(system: System) -> None:
        maps = cluster_of(system).get("configmaps")
        named = [each for each in maps if name_of(each).startswith(SETTINGS)]
        used = json.dumps(deployment_of(system).object)
        ours = next((each for each in named if name_of(each) in used), None)
        if ours is None:
            raise NothingToBreak("There is no ConfigMap of settings yet.", goto(system))
        data = dict(ours["data"])
        if edit is None:
            patch: Patch = [{"op": "remove", "path": "/data"}]
        else:
            edit(data)
            patch = [{"op": "replace", "path": "/data", "value": data}]
        change(system, "configmap", patch, name_of(ours))

    return Impostor(
        title,
        test_settings.test_settings_roll_out,
        make,
        undo=lambda system: replace_with_kept(system, "configmap"),
    )


def _budget(title: str, patch: Patch) -> Impostor:
    def make(system: System) -> None:
        change(system, "poddisruptionbudget", patch)
        _wait_for_budget(system, lambda allowed, healthy: allowed == healthy)

    def undo(system: System) -> None:
        replace_with_kept(system, "poddisruptionbudget")
        _wait_for_budget(system, lambda allowed, healthy: 0 < allowed < healthy)

    return Impostor(title, test_replicas.test_one_may_go, make, undo)


def _wait_for_budget(system: System, shows: Callable[[int, int], bool]) -> None:
    cluster = cluster_of(system)

    def look() -> tuple[int, int]:
        status = (cluster.get_one("poddisruptionbudgets", APP) or {}).get("status", {})
        return status.get("disruptionsAllowed", 0), status.get("currentHealthy", 0)

    eventually(look, lambda seen: shows(*seen), SECONDS_TO_SHOW)


QUOTA = "ml-demo"
IMPOSTORS = {
    "answers-constant": deployed(
        "The API gives one answer to all texts",
        test_gateway.test_https_predicts,
        lambda system: image_with(system, "impostor-constant", CONSTANT),
        also=(test_settings.test_requests_are_batched,),
    ),
    "answers-other-model": deployed(
        "Another model has the version of yours",
        test_gateway.test_https_predicts,
        lambda system: image_with(system, "impostor-model", OTHER_MODEL),
    ),
    "answers-stub": deployed(
        "A program of 20 lines answers in place of the API",
        test_gateway.test_https_predicts,
        _stub,
    ),
    "stub-behind-the-service": Impostor(
        "A second Deployment has the label that the Service selects",
        test_gateway.test_https_predicts,
        make=_join_service,
        undo=_remove_stranger,
        also=(
            test_disturbance.test_pod_is_replaced,
            test_infrastructure.test_private_path_works,
            test_settings.test_settings_roll_out,
        ),
    ),
    "stub-behind-the-route": Impostor(
        "The route has a second backend",
        test_gateway.test_https_predicts,
        make=_join_route,
        undo=_leave_route,
    ),
    "second-node-port": added(
        "A second Service opens the pods on a port of the node",
        test_gateway.test_no_way_around,
        service(STRANGER, OURS, type="NodePort"),
    ),
    "second-load-balancer": added(
        "A second Service asks for a public address",
        test_gateway.test_no_way_around,
        service(STRANGER, OURS, type="LoadBalancer"),
    ),
    "plain-route": added(
        "A second route leads to the pods without TLS",
        test_gateway.test_no_way_around,
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "HTTPRoute",
            "metadata": {"name": STRANGER},
            "spec": {
                "parentRefs": [{"name": APP, "sectionName": "http"}],
                "rules": [
                    {
                        "matches": [{"path": {"type": "Exact", "value": "/predict"}}],
                        "backendRefs": [{"name": APP, "port": 80}],
                    }
                ],
            },
        },
    ),
    "redirect-elsewhere": patched(
        "HTTP is redirected to another host",
        test_gateway.test_http_is_redirected,
        "httproute",
        [
            {
                "op": "add",
                "path": "/spec/rules/0/filters/0/requestRedirect/hostname",
                "value": "example.org",
            }
        ],
        f"{APP}-redirect",
    ),
    "scaler-that-cannot-grow": patched(
        "The autoscaler's least is its most",
        test_replicas.test_autoscaler_scales,
        "hpa",
        [{"op": "replace", "path": "/spec/maxReplicas", "value": 2}],
    ),
    "scaler-that-never-acts": patched(
        "The autoscaler's target cannot be reached",
        test_replicas.test_autoscaler_scales,
        "hpa",
        [
            {
                "op": "replace",
                "path": "/spec/metrics/0/resource/target/averageUtilization",
                "value": 99999,
            }
        ],
    ),
    "all-may-go": _budget(
        "The budget lets all pods go at once",
        [{"op": "replace", "path": "/spec/maxUnavailable", "value": "100%"}],
    ),
    "second-budget": added(
        "A second budget counts the same pods",
        test_replicas.test_one_may_go,
        {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {"name": STRANGER},
            "spec": {"maxUnavailable": 1, "selector": {"matchLabels": OURS}},
        },
    ),
    "quota-absurd": patched(
        "The quota is a million of everything",
        test_settings.test_quota_refuses,
        "resourcequota",
        [
            {
                "op": "replace",
                "path": "/spec/hard",
                "value": {
                    "pods": "1000000",
                    "requests.cpu": "1000000",
                    "requests.memory": "1000000Gi",
                    "limits.memory": "1000000Gi",
                },
            }
        ],
        QUOTA,
    ),
    "quota-of-pods-only": patched(
        "The quota bounds no memory",
        test_settings.test_quota_refuses,
        "resourcequota",
        [
            {
                "op": "replace",
                "path": "/spec/hard",
                "value": {"pods": "20", "requests.cpu": "3"},
            }
        ],
        QUOTA,
    ),
    "setting-changed-in-place": _settings(
        "A setting is changed in place", lambda data: data.update(SENTIMENT_BATCH_TEXTS="32")
    ),
    "setting-removed-in-place": _settings(
        "A setting is taken out in place", lambda data: data.pop("SENTIMENT_KEEP_TEXT")
    ),
    "settings-without-data": _settings("The ConfigMap is empty", None),
}
