"""What the API's own pod finds: a script that runs there, with its Python and its rights.

Like check.py, this needs the standard library only.
"""

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from workbook.checks.deployment import SELECTOR, is_ready
from workbook.outcome import NotStarted, Unknown, Wrong
from workbook.targets.kubernetes import APP, Kubernetes, is_ending, name_of

SECONDS_TO_RUN = 30
AT_ONCE = 8
PODS_TO_ASK = 3  # one after another, where a pod ends while it is asked
GONE = ("container not found", "not found in pod", "(NotFound)", "unable to upgrade connection")


def ask_pod(
    cluster: Kubernetes, script: Path, *arguments: str, seconds: float = SECONDS_TO_RUN
) -> dict[str, Any]:
    """Run a script in a pod of the API that is ready and stays; returns its last line, as JSON.

    Args:
        cluster: in the namespace of the API.
        script: Python, which prints a JSON object at its end.
        arguments: of the script.
        seconds: that it may take.

    Raises:
        NotStarted: no pod of the API is ready.
        Wrong: the script failed, or said something else.
    """
    for _ in range(PODS_TO_ASK):
        pods = [
            pod for pod in cluster.get("pods", SELECTOR) if is_ready(pod) and not is_ending(pod)
        ]
        if not pods:
            raise NotStarted(
                "no pod of the API is ready: ./workbook status says which phase is next"
            )
        answer = ask_this_pod(cluster, name_of(pods[-1]), script, *arguments, seconds=seconds)
        if answer is not None:
            return answer
    raise Unknown("pods came and went while they were asked: look again in a moment")


def ask_each(
    cluster: Kubernetes, pods: Iterable[str], script: Path, *arguments: str
) -> dict[str, dict[str, Any]]:
    """Run a script in each pod at the same time; returns the last lines, as JSON, by pod.

    A pod that has gone meanwhile is left out.

    Raises:
        Wrong: the script failed in one of them.
    """
    names = [*pods]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        said = pool.map(lambda pod: ask_this_pod(cluster, pod, script, *arguments), names)
        return {pod: answer for pod, answer in zip(names, said, strict=True) if answer is not None}


def ask_this_pod(
    cluster: Kubernetes, pod: str, script: Path, *arguments: str, seconds: float = SECONDS_TO_RUN
) -> dict[str, Any] | None:
    """Run a script in one pod; returns its last line, as JSON, or None where the pod has gone.

    Args:
        cluster: in the namespace of the pod.
        pod: its name.
        script: Python, which prints a JSON object at its end.
        arguments: of the script.
        seconds: that it may take.

    Raises:
        Wrong: the script failed, or said something else.
    """
    words = ["exec", "--stdin", pod, f"--container={APP}", "--", "python", "-", *arguments]
    done = cluster.run(*words, stdin=script.read_text(encoding="utf-8"), seconds=seconds)
    if done.returncode != 0 and any(words in done.stderr for words in GONE):
        return None
    try:
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        said = done.stderr.replace("command terminated with exit code 1", "").split("\n")
        raise Wrong(
            expected=f"a client in the pod {pod} to run",
            found=next((line for line in reversed(said) if line.strip()), "no reason given"),
            why="the check asks from where the API asks: in its pod, with its code and its rights",
            run_next=f"kubectl --namespace {cluster.namespace} logs {pod} --tail 20",
        ) from None
    return answer
