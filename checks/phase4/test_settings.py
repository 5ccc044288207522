"""What phase 4 sets: settings that roll out, a quota that refuses, predictions in batches."""

import json
from collections.abc import Iterable
from pathlib import Path

from checks.phase4 import test_replicas
from workbook.checks.check import check
from workbook.checks.deployment import Deployment, is_ready
from workbook.checks.inside import ask_each, ask_pod
from workbook.checks.probe import restricted_pod
from workbook.outcome import NotStarted, Wrong
from workbook.targets.kubernetes import Kubernetes, name_of

HERE = Path(__file__).parent
LESSON = "phases/phase4/README.md"
SETTINGS = "settings-"  # and a hash of what is in it
PREFIX = "SENTIMENT_"  # of the environment variables that set the API
GREEDY = 8  # containers, each of which may have this much, and all together may not
GREEDY_ONE = {"cpu": "1", "memory": "500Mi"}
BOUNDED = ("requests.cpu", "requests.memory", "limits.memory")
COUNTS = {"pods", "count/pods"}


@check(read=f"{LESSON}#a-setting-without-a-new-image", after=test_replicas.test_replicas_run)
def test_settings_roll_out(cluster: Kubernetes, deployment: Deployment) -> str:
    """Settings come from a ConfigMap that rolls out when it changes"""
    container = deployment.object["spec"]["template"]["spec"]["containers"][0]
    names = [each.get("configMapRef", {}).get("name", "") for each in container.get("envFrom", [])]
    name = next((each for each in names if each.startswith(SETTINGS)), None)
    found = cluster.get_one("configmaps", name) if name else None
    if name is None or found is None:
        raise Wrong(
            expected=f"the Deployment to name a ConfigMap {SETTINGS}HASH",
            found=", ".join(filter(None, names)) or "it names no such ConfigMap",
            why="without the hash in its name, a changed setting reaches no pod until the pods "
            "restart for another reason",
            run_next="deploy again, as lesson 4 does under “Deploy it”",
        )
    said, elsewhere = _said(cluster, deployment)
    ready = map(name_of, filter(is_ready, deployment.pods()))
    for pod, ours in ask_each(cluster, ready, HERE / "settings.py").items():
        for setting in sorted((ours.keys() | said.keys()) - elsewhere):
            if ours.get(setting) != said.get(setting):
                raise Wrong(
                    expected=f"{pod} to run with what {name} and the Deployment say now: "
                    f"{setting} is {said.get(setting, 'not set')}",
                    found=f"{setting} is {ours.get(setting, 'not set')}",
                    why="the ConfigMap was changed in place. The process read it when it "
                    "started, and the next pod will be set otherwise than this one",
                    run_next="change k8s/base/settings.env instead, and deploy again",
                )
    return name


def _said(cluster: Kubernetes, deployment: Deployment) -> tuple[dict[str, str], set[str]]:
    """The settings of the API that a new pod would get, and those whose value is elsewhere."""
    container = deployment.object["spec"]["template"]["spec"]["containers"][0]
    said: dict[str, str] = {}
    for source in container.get("envFrom") or []:
        named = (source.get("configMapRef") or {}).get("name", "")
        said |= {f"{source.get('prefix', '')}{key}": value for key, value in _data(cluster, named)}
    own = container.get("env") or []
    said |= {each.get("name", ""): each.get("value", "") for each in own}
    elsewhere = {each.get("name", "") for each in own if "valueFrom" in each}
    return {key: value for key, value in said.items() if key.startswith(PREFIX)}, elsewhere


def _data(cluster: Kubernetes, config_map: str) -> Iterable[tuple[str, str]]:
    found = cluster.get_one("configmaps", config_map) or {}
    data: dict[str, str] = found.get("data") or {}
    return data.items()


@check(
    read=f"{LESSON}#limits-for-all-together",
    after=test_replicas.test_replicas_run,
)
def test_quota_refuses(cluster: Kubernetes, deployment: Deployment) -> str:
    """Namespace has a quota, which refuses what exceeds it"""
    if cluster.get_one("resourcequotas", cluster.namespace) is None:
        raise NotStarted("make the ResourceQuota: lesson 4, “Deploy it”")
    pod = restricted_pod(
        "check-of-the-quota",
        deployment.image,
        containers=[f"greedy-{number}" for number in range(GREEDY)],
        requests=GREEDY_ONE,
        limits=GREEDY_ONE,
    )
    # asked, and not made
    words = ("create", "--dry-run=server", "--filename=-")
    done = cluster.run(*words, stdin=json.dumps(pod))
    if done.returncode == 0:
        raise Wrong(
            expected=f"the API server to refuse a pod of {GREEDY} containers, each with "
            f"{GREEDY_ONE['cpu']} CPU and {GREEDY_ONE['memory']} of memory",
            found="it would take it",
            why="one wrong number could then take the whole cluster from all other users",
            run_next="kubectl --namespace ml-demo describe resourcequotas,limitranges",
        )
    if "exceeded quota" not in done.stderr:
        raise Wrong(
            expected="the quota to refuse it",
            found=done.stderr.strip(),
            why="another rule refuses the pod before the quota is asked",
            run_next="kubectl --namespace ml-demo describe resourcequotas,limitranges",
        )
    quotas = cluster.get("resourcequotas")
    bounded = {key for each in quotas for key in (each.get("spec") or {}).get("hard") or {}}
    wanted = done.stderr.partition("requested: ")[2].partition("used: ")[0]
    missing = [what for what in BOUNDED if f"{what}=" not in wanted]
    missing += [] if bounded & COUNTS else ["pods"]
    if missing:
        raise Wrong(
            expected=f"the quota to bound {', '.join([*BOUNDED, 'pods'])}",
            found=f"it does not bound {', '.join(missing)}: {done.stderr.strip()}",
            why="what is not bounded can be taken whole: without the memory, one leak ends other "
            "pods on the node",
            run_next="kubectl --namespace ml-demo describe resourcequotas,limitranges",
        )
    return done.stderr.strip().rpartition("exceeded quota: ")[2]


@check(
    read=f"{LESSON}#use-the-one-that-you-have",
    after=test_replicas.test_replicas_run,
)
def test_requests_are_batched(cluster: Kubernetes) -> str:
    """Requests that wait together are scored together"""
    answer = ask_pod(cluster, HERE / "from_the_pod.py")
    if answer["texts"] is None:
        raise NotStarted("deploy the code of phase 4: lesson 4, “Deploy it”")
    if not answer["right"] or answer["calls"] * 4 > answer["texts"]:
        raise Wrong(
            expected="32 texts that wait together to be judged in a few calls of the model, each "
            "as it would be by itself",
            found=f"{answer['calls']} calls for {answer['texts']} texts"
            + ("" if answer["right"] else ", and other answers"),
            why="batches are turned off (SENTIMENT_BATCH_TEXTS is 1), or the code does not use "
            "them: each text then costs as much as many",
            run_next="kubectl --namespace ml-demo get configmaps --output yaml | grep BATCH",
        )
    return f"{answer['texts']} texts in {answer['calls']} calls of the model"
