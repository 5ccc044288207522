"""Count what outages cost: predictions that failed, rows that were lost or written twice.

Needs phase 2 complete on the local cluster. See docs/outages.md, which this writes.
"""

import argparse
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import urlencode

import httpx
from machine import machine

from workbook.learner.choices import load_choices
from workbook.measure.traffic import Traffic, under_traffic
from workbook.outcome import Finding
from workbook.targets.environment import lesson_environment
from workbook.targets.kubernetes import Kubernetes
from workbook.targets.local.cluster import NODE
from workbook.targets.opening import open_cluster

ROOT = Path(__file__).resolve().parents[1]
RATE = 50  # predictions a second
SECONDS = 60  # of each outage with what follows it
SECONDS_TO_ANSWER = 30  # longer than any of the outages
SECONDS_TO_CATCH_UP = 60
POD = "app.kubernetes.io/name=ml-api"
SERVER = "kubectl --namespace ml-data"
API = "kubectl --namespace ml-demo"
# Signals come from the node: no process of a pod may send them.
POSTGRES = f"docker exec {NODE} pkill --signal {{signal}} --exact postgres"
UVICORN = f"docker exec {NODE} pkill --signal KILL --full 'uvicorn sentiment.api:app'"
OUTAGES = {
    "database pod deleted": f"{SERVER} delete pod postgres-0",
    "database stopped for 20 s": f"{SERVER} scale statefulset/postgres --replicas 0 && "
    f"{SERVER} wait --for=delete pod/postgres-0 --timeout 60s && sleep 20 && "
    f"{SERVER} scale statefulset/postgres --replicas 1",
    "database frozen for 10 s": f"{POSTGRES.format(signal='STOP')} && sleep 10 && "
    f"{POSTGRES.format(signal='CONT')}",
    "API pod deleted": f"{API} delete pod --selector {POD}",
    "rolling update": f"{API} rollout restart deployment/ml-api && "
    f"{API} rollout status deployment/ml-api --timeout 120s",
    "node paused for 10 s": f"docker pause {NODE} && sleep 10 && docker unpause {NODE}",
    "API process killed (-9)": UVICORN,
}


@dataclass
class Cost:
    """What one outage cost."""

    outage: str
    sent: int
    failed: int
    slowest: float  # milliseconds
    lost: int  # answers without a row
    doubled: int  # rows more than answers


def main() -> int:
    """Make each outage under traffic, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "outages.md")
    parser.add_argument("--only", help="outages whose name contains this; writes no page")
    options = parser.parse_args()
    os.environ.update(lesson_environment(ROOT, load_choices(ROOT)))
    try:
        cluster = open_cluster(ROOT, "local")
    except Finding as finding:
        print(f"{finding}\nRun next: ./workbook goto 2", file=sys.stderr)
        return 1
    chosen = [name for name in OUTAGES if (options.only or "") in name]
    costs = [measure(cluster, os.environ["ADDRESS"], outage) for outage in chosen]
    if not options.only:
        options.out.write_text(page(costs), encoding="utf-8")
        print(f"wrote {options.out}")
    return 0


def measure(cluster: Kubernetes, address: str, outage: str) -> Cost:
    """Send predictions while it happens and until the minute is over, then count the rows."""
    print(f"{outage} …", flush=True)
    subprocess.run(f"{API} rollout status deployment/ml-api".split(), check=True, stdout=2)
    subprocess.run(f"{SERVER} rollout status statefulset/postgres".split(), check=True, stdout=2)
    began = time.monotonic()
    script = (
        f"began=$(date +%s); {{ {OUTAGES[outage]}; }} >&2; "
        f"left=$(({SECONDS} - $(date +%s) + began)); [ $left -le 0 ] || sleep $left"
    )
    command = ["sh", "-c", script]
    traffic = under_traffic(
        "outage", address, command, cluster.facts, rate=RATE, seconds_to_answer=SECONDS_TO_ANSWER
    )
    wait_until_written(address)
    ids = request_ids(address, traffic)
    answered = len(traffic.samples) - len(traffic.failed)
    cost = Cost(
        outage,
        sent=len(traffic.samples),
        failed=len(traffic.failed),
        slowest=max(ms for _, ms, _ in traffic.samples),
        lost=answered - len(set(ids)),
        doubled=len(ids) - len(set(ids)),
    )
    print(f"  {cost} {set(traffic.failed)} after {time.monotonic() - began:.0f} s", flush=True)
    return cost


def wait_until_written(address: str) -> None:
    deadline = time.monotonic() + SECONDS_TO_CATCH_UP
    while httpx.get(f"{address}/health", trust_env=False).json()["log"]["rows_waiting"]:
        if time.monotonic() > deadline:
            raise TimeoutError("the rows that wait are not written")
        time.sleep(0.5)


def request_ids(address: str, traffic: Traffic) -> list[str]:
    """The request ids of the traffic that are in the history."""
    found: list[str] = []
    wanted = {"limit": 500, "since": traffic.started}
    while True:
        page = httpx.get(f"{address}/predictions?{urlencode(wanted)}", trust_env=False).json()
        found += [row["request_id"] for row in page["predictions"]]
        if not page["next"]:
            return [each for each in found if each.startswith(traffic.request_ids)]
        wanted["before"] = page["next"]


def page(costs: list[Cost]) -> str:
    """The page of the docs."""
    rows = [
        f"| {c.outage} | {c.sent:,} | {c.failed} | {c.lost} | {c.doubled} | {c.slowest:,.0f} |"
        for c in costs
    ]
    head = [
        "| outage | sent | failed | rows lost | rows doubled | slowest answer, ms |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    parts = [
        "# What outages cost",
        f"Measured on {date.today():%d %B %Y} on the local cluster of phase 2, with one replica of "
        "the API. `bench/outages.py` wrote this page.",
        f"Each outage begins under {RATE} predictions a second, each on a connection of its own, "
        f"which go on for {SECONDS} seconds in all. Then the rows are counted, by the ids of the "
        "requests.",
        "\n".join([*head, *rows]),
        f"- *failed*: no answer within {SECONDS_TO_ANSWER} s, or another one than 200.\n"
        "- *rows lost*: predictions that were answered and are not in the table.\n"
        "- When the node is paused, everything on it stands still, and so does every answer.\n"
        "- A process that is killed outright takes along the connections that it holds, and the "
        "rows that it has not written: at most a fifth of a second's while the database is well "
        "(`SENTIMENT_FLUSH_SECONDS`). With one replica nobody answers until it has started again; "
        "phase 4 adds replicas.",
        f"{machine()}.",
    ]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    sys.exit(main())
