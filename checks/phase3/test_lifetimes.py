"""What phase 3 destroys and rebuilds, and what it cannot destroy."""

from datetime import datetime
from typing import Any

from checks.phase3 import test_infrastructure, test_state
from checks.phase3.conftest import DATABASE, RECORDING, objects_of, terraform_here
from workbook.checks.check import check
from workbook.checks.deployment import Deployment
from workbook.checks.recordings import refuse_other_cluster, refuse_other_system
from workbook.checks.retention import refuse_outdated
from workbook.course.phase import Phase
from workbook.measure.traffic import read_traffic
from workbook.outcome import NotStarted, Wrong
from workbook.targets.kubernetes import Kubernetes, Object, name_of
from workbook.targets.terraform import Root

LESSON = "phases/phase3/README.md"
SECONDS_TO_REBUILD = {"local": 600, "azure": 3600}
NEVER = {"Namespace", "PersistentVolume", "PersistentVolumeClaim", "Secret"}  # in the local state
VOLUME = "postgres"
CLAIM = "data-postgres-0"
REBUILD = "lesson 3, “Destroy and rebuild”"


@check(
    read=f"{LESSON}#what-must-never-be-destroyed",
    after=test_state.test_state_is_remote_and_locked,
)
def test_what_must_outlive_the_server_does(
    phase: Phase, cluster: Kubernetes, state: dict[str, Any]
) -> str:
    """What must never be destroyed is out of Terraform's reach"""
    if phase.target != "local":
        kept = {r["type"] for r in state["resources"]} & {"azurerm_storage_account"}
        if kept:
            raise Wrong(
                expected="the storage of the state in a root and a group of its own",
                found=f"{', '.join(kept)} in the state that it keeps",
                why="a destroy would delete its own state while it runs",
                run_next=terraform_here(phase, "state list"),
            )
        return "the state's storage is in a root of its own"
    if reach := sorted({each["kind"] for each in objects_of(state)} & NEVER):
        raise Wrong(
            expected="no volume, claim, Secret or namespace in the state",
            found=", ".join(reach),
            why="`terraform destroy` deletes everything in the state, and the rows with it",
            run_next=terraform_here(phase, "state list"),
        )
    volume = cluster.get_one("persistentvolumes", VOLUME)
    claim = cluster.within(DATABASE).get_one("persistentvolumeclaims", CLAIM)
    if volume is None or claim is None:
        raise NotStarted("make the database: lesson 2, “Get a database”")
    bound = (claim.get("spec") or {}).get("volumeName")
    if bound != VOLUME:
        raise Wrong(
            expected=f"the claim {CLAIM} to be bound to the volume {VOLUME}",
            found=f"it is bound to {bound or 'no volume'}",
            why="the rows are on the volume that the claim is bound to, and another one may be "
            "deleted with its claim",
            run_next=f"kubectl --namespace {DATABASE} get persistentvolumeclaims --output wide",
        )
    policy = (volume.get("spec") or {}).get("persistentVolumeReclaimPolicy")
    if policy != "Retain":
        raise Wrong(
            expected="a volume whose data stay when its claim goes: Retain",
            found=policy or "no policy",
            why="the policy was changed. With the claim, or with its namespace, the data would "
            "be deleted at once",
            run_next=f"kubectl get persistentvolume {VOLUME} --output yaml",
        )
    return f"{policy}; the claim is of {claim['metadata']['creationTimestamp']}"


@check(
    read=f"{LESSON}#destroy-and-rebuild",
    after=test_infrastructure.test_private_path_works,
)
def test_rebuilt_in_minutes(
    phase: Phase,
    current: Phase,
    cluster: Kubernetes,
    deployment: Deployment,
    terraform: Root,
    state: dict[str, Any],
    retention: Object | None,
    inside: dict[str, Any],
) -> str:
    """You can destroy and rebuild in minutes, and lose no row"""
    recording = read_traffic(phase.state, RECORDING)
    if recording is None:
        raise NotStarted(f"destroy and rebuild it: {REBUILD}")
    if retention:
        refuse_outdated(recording, retention, REBUILD)
    if phase.target == "local":
        refuse_other_system(recording, phase, current, deployment, REBUILD)
    else:  # there, the cluster and its Deployment are newer than the recording
        refuse_other_cluster(recording, cluster, REBUILD)
    limit = SECONDS_TO_REBUILD[phase.target]
    refused = recording.failed if phase.target == "local" else []  # there, the API is rebuilt too
    if recording.status != 0 or refused or recording.seconds > limit:
        raise Wrong(
            expected=f"a rebuild within {limit // 60} minutes, and every prediction answered",
            found=f"{recording.seconds:.0f} s, status {recording.status}; {recording.summary()}",
            why="the API must not wait for its database, and a rebuild that takes hours is too "
            "slow in an emergency",
            run_next="./workbook lab 3, “Destroy and rebuild”",
        )
    if phase.target == "local":
        _are_newer(phase, cluster, state, recording.started)
    answered = len(recording.samples) - len(recording.failed)
    if inside["recorded"] != answered:
        raise Wrong(
            expected=f"{answered} rows for {answered} answers of the time of the rebuild",
            found=f"{inside['recorded']} rows",
            why="rows are missing: they were never written, or were deleted since",
            run_next="./workbook check 2",
        )
    before = datetime.fromisoformat(recording.started).timestamp()
    if inside["oldest"] is None or inside["oldest"] > before:
        raise Wrong(
            expected="rows from before the rebuild",
            found="none",
            why="the server came back with an empty volume, or with another one",
            run_next=f"kubectl get persistentvolume {VOLUME} --output yaml",
        )
    return f"{recording.seconds:.0f} s, {recording.summary()}; {answered} rows, and those before"


def _are_newer(phase: Phase, cluster: Kubernetes, state: dict[str, Any], started: str) -> None:
    """The objects that are there were made by the rebuild that was recorded, or later."""
    server = cluster.within(DATABASE)
    found: dict[tuple[str, str], Object] = {
        (each["kind"], name_of(each)): each for each in server.get(test_infrastructure.KINDS)
    }
    for wanted in objects_of(state):
        there = found.get((wanted["kind"], wanted["name"]))
        made = there["metadata"]["creationTimestamp"] if there else "no time: it is not there"
        if there is None or made < started:
            raise Wrong(
                expected=f"a {wanted['kind']} {wanted['name']} that the recorded rebuild has made",
                found=f"it was made at {made}. The recorded rebuild began at {started}",
                why="the recording is of another system, or of another day. Your present system "
                "was never rebuilt, so you do not know whether it can be",
                run_next="./workbook lab 3, “Destroy and rebuild”",
            )
