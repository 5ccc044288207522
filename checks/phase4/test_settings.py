"""What phase 4 sets: settings that roll out, a quota that refuses, predictions in batches."""

import json
from pathlib import Path

from checks.phase4 import test_replicas
from workbook.checks.check import check
from workbook.checks.deployment import Deployment, is_ready
from workbook.checks.inside import ask_pod
from workbook.checks.probe import restricted_pod
from workbook.outcome import NotStarted, Wrong
from workbook.targets.kubernetes import APP, Kubernetes, name_of

HERE = Path(__file__).parent
LESSON = "phases/phase4/README.md"
SETTINGS = "settings-"  # and a hash of what is in it
GREEDY_CPU = "1900m"  # of each of two containers: less than one may have, more than all may


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
            found=", ".join(filter(None, names)) or "it names none",
            why="without the hash in its name, a changed setting reaches nobody until pods start "
            "for another reason",
            run_next="deploy again, as lesson 4 does under “Deploy it”",
        )
    for pod in filter(is_ready, deployment.pods()):
        done = cluster.run("exec", name_of(pod), f"--container={APP}", "--", "env")
        if done.returncode != 0:
            raise Wrong(
                expected=f"{name_of(pod)} to say what it is set to",
                found=(done.stderr.strip().splitlines() or ["no reason given"])[-1],
                why="a command cannot be run in it: it may have ended just now, or you may not",
                run_next=f"kubectl --namespace ml-demo exec {name_of(pod)} -- env",
            )
        there = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
        for setting, value in found["data"].items():
            if there.get(setting) != value:
                raise Wrong(
                    expected=f"{name_of(pod)} to run with {setting}={value}, as {name} says",
                    found=f"{setting}={there.get(setting)}",
                    why="somebody changed the ConfigMap in place. The process read it when it "
                    "started, and the next pod will be set otherwise than this one",
                    run_next="change k8s/base/settings.env instead, and deploy again",
                )
    return name


@check(
    read=f"{LESSON}#limits-for-all-together",
    after=test_replicas.test_replicas_run,
)
def test_quota_refuses(cluster: Kubernetes, deployment: Deployment) -> str:
    """Namespace has a quota, which refuses what exceeds it"""
    if cluster.get_one("resourcequotas", cluster.namespace) is None:
        raise NotStarted("make the ResourceQuota: lesson 4, “Deploy it”")
    wanted = {"cpu": GREEDY_CPU, "memory": "64Mi"}
    pod = restricted_pod(
        "check-of-the-quota",
        deployment.image,
        containers=("one", "two"),
        requests=wanted,
        limits=wanted,
    )
    # asked, and not made
    words = ("create", "--dry-run=server", "--filename=-")
    done = cluster.run(*words, stdin=json.dumps(pod))
    if done.returncode == 0:
        raise Wrong(
            expected=f"the API server to refuse a pod that wants twice {GREEDY_CPU} of CPU",
            found="it would take it",
            why="one mistake in one number could then take the whole cluster from everybody else",
            run_next="kubectl --namespace ml-demo describe resourcequotas,limitranges",
        )
    if "exceeded quota" not in done.stderr:
        raise Wrong(
            expected="the quota to refuse it",
            found=done.stderr.strip(),
            why="another rule refuses the pod before the quota is asked",
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
