"""The infrastructure of phase 3: code, state and cluster agree, and only the app has a way in."""

import ipaddress
import json
import socket
from collections.abc import Iterator
from typing import Any

from checks.phase1 import test_pod
from checks.phase3 import on_azure, test_state
from checks.phase3.conftest import DATABASE, objects_of, terraform_here
from workbook.checks.check import check
from workbook.checks.deployment import Deployment
from workbook.checks.probe import LET_IN, SECONDS_TO_KNOCK, Source, knock
from workbook.course.phase import Phase
from workbook.learner.choices import Choices
from workbook.outcome import Unknown, Wrong
from workbook.targets.azure.providers import register_command
from workbook.targets.azure.refusals import known
from workbook.targets.kubernetes import Kubernetes, name_of, owner_of
from workbook.targets.terraform import Root, last_words

LESSON = "phases/phase3/README.md"
DIFFERENCES = 2  # the status of plan -detailed-exitcode
PROBE = "check-private-path"  # the pod that knocks
# Of the local server's namespace: what runs, routes, admits or grants, beside what Terraform has.
KINDS = ",".join(
    (
        *("statefulsets", "deployments", "daemonsets", "replicasets", "jobs", "cronjobs", "pods"),
        *("services", "endpointslices", "ingresses.networking.k8s.io", "networkpolicies"),
        *("configmaps", "serviceaccounts", "roles", "rolebindings"),
    )
)
OF_THE_CLUSTER = {"kube-root-ca.crt", "default"}


@check(read=f"{LESSON}#plan-and-apply", after=test_state.test_state_holds_no_secret)
def test_plan_finds_no_difference(
    phase: Phase, terraform: Root, state: dict[str, Any], choices: Choices
) -> str:
    """Plan finds no difference: code, state and world agree"""
    # without the lock: it changes nothing, and shall not be in anybody's way
    done = terraform.run("plan", "-json", "-detailed-exitcode", "-lock=false", "-input=false")
    said = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode not in (0, DIFFERENCES):
        problems = [_problem(s["diagnostic"]) for s in said if s["@level"] == "error"]
        raise Wrong(
            expected="a plan",
            found="\n".join(problems) or last_words(done.stderr) or "no reason given",
            why="the code is broken, or Terraform cannot ask what is there",
            run_next=terraform_here(phase, "validate"),
        )
    if done.returncode == DIFFERENCES:
        changes = [*_changes(said)]
        if phase.target == "azure":
            _look_whether_it_is_refused(phase, choices, changes)
        raise Wrong(
            expected="nothing to change",
            found="; ".join(changes),
            why="the cluster was changed without the code, or the code was changed and not "
            "applied. Only you know which of the two is right",
            run_next=terraform_here(phase, "plan") + "; apply makes it as the code says",
        )
    return f"{len(state['resources'])} resources, as the code says"


def _problem(diagnostic: dict[str, Any]) -> str:
    """An error of Terraform's, in its own words."""
    where = diagnostic.get("range")
    place = f" ({where['filename']}, line {where['start']['line']})" if where else ""
    return " ".join([diagnostic["summary"] + place, *diagnostic["detail"].split()])


def _look_whether_it_is_refused(phase: Phase, choices: Choices, changes: list[str]) -> None:
    """Whether apply cannot make it so, for a reason of Azure's that we know.

    Raises:
        Wrong: the last apply of one of the changes was refused, and a missing registration is
            missing still.
    """
    try:
        said = (phase.state / on_azure.APPLIED).read_text(encoding="utf-8")
    except FileNotFoundError:
        return
    if not any(f"with {change.split(' ', 1)[1]}," in said for change in changes):
        return
    try:
        with on_azure.asking(choices) as azure:
            missing = on_azure.still_refused(azure, said)
            commands = [register_command(azure, namespace) for namespace in missing]
    except Unknown:
        return  # what the plan has found is known all the same
    if missing:
        raise Wrong(
            expected="nothing to change",
            found=f"{'; '.join(changes)}; and apply was refused: the subscription is not "
            f"registered for {', '.join(missing)}",
            why="a subscription may use few services at first, and azurerm registers those alone "
            "that versions.tf names. Plan does not ask for what is not there yet; apply does",
            run_next=f"{'; '.join(commands)}; then name it in versions.tf, under "
            "resource_providers_to_register, and apply",
        )
    refusal = known(last_words(said))
    if refusal and not on_azure.refused_services(said):
        raise Wrong(
            expected="nothing to change",
            found=f"{'; '.join(changes)}; and the last apply was refused",
            why="Azure has a reason that this page explains, with the fix",
            run_next=f"read {refusal.link}, then apply again",
        )


def _changes(said: list[dict[str, Any]]) -> Iterator[str]:
    """What a plan would do, from its own messages."""
    for message in said:
        if message["type"] == "planned_change":
            change = message["change"]
            yield f"{change['action']} {change['resource']['addr']}"
        elif message["type"] == "outputs":
            for name, output in message["outputs"].items():
                if output.get("action", "noop") != "noop":
                    yield f"{output['action']} output {name}"


@check(
    read=f"{LESSON}#who-may-come-in",
    after=(test_plan_finds_no_difference, test_pod.test_pod_is_ready),  # it asks from the pod
)
def test_private_path_works(
    phase: Phase,
    cluster: Kubernetes,
    deployment: Deployment,
    state: dict[str, Any],
    inside: dict[str, Any],
) -> str:
    """Private path works: the API gets in, and no other pod"""
    if inside["problem"]:
        raise Wrong(
            expected=f"the API's pod to reach {inside['host']}",
            found=inside["problem"],
            why="the rule admits pods in the namespace ml-demo by their labels: api, migration "
            "and retention. It refuses a pod with any other label",
            run_next="kubectl --namespace ml-demo get pods --show-labels; "
            f"kubectl --namespace {DATABASE} describe networkpolicies",
        )
    if phase.target == "local":
        _refuse_other_policies(cluster, state)
        target = f"{inside['host']}:{inside['port']}"
        said = knock(deployment.image, [Source(PROBE, cluster)], [target])[PROBE][target]
        who = "a pod beside the API"
        look = f"kubectl --namespace {DATABASE} get networkpolicies --output yaml"
    else:
        said = _from_here(inside)
        who = "your machine"
        look = terraform_here(phase, "plan")
    if said.startswith(LET_IN):
        raise Wrong(
            expected=f"{who} to be refused",
            found=said,
            why="rules that admit add up: one that is too wide opens what all others keep shut. "
            "And a plan does not see what is not in the state",
            run_next=look,
        )
    return f"the API by {inside['address']}; {who}: {said}"


def _refuse_other_policies(cluster: Kubernetes, state: dict[str, Any]) -> None:
    """Every policy that admits is one of the code: rules that admit add up.

    Raises:
        Wrong: another one admits, wherever a pod would have to be to profit from it.
    """
    ours = {each["name"] for each in objects_of(state) if each["kind"] == "NetworkPolicy"}
    for policy in cluster.within(DATABASE).get("networkpolicies"):
        name = name_of(policy)
        if name not in ours and (policy.get("spec") or {}).get("ingress"):
            raise Wrong(
                expected=f"no policy that admits, beside those of the code: {', '.join(ours)}",
                found=f"the NetworkPolicy {name}, with rules of its own",
                why="rules that admit add up: one that is too wide opens what all others keep "
                "shut. And a plan does not see what is not in the state",
                run_next=f"kubectl --namespace {DATABASE} get networkpolicy {name} --output yaml",
            )


def _from_here(inside: dict[str, Any]) -> str:
    """Whether the name is known and open outside of the network, where it must not be."""
    if not ipaddress.ip_address(inside["address"]).is_private:
        return f"{LET_IN} by a public address, {inside['address']}"
    try:
        where = (inside["host"], int(inside["port"]))
        socket.create_connection(where, timeout=SECONDS_TO_KNOCK).close()
    except OSError as error:
        return f"refused: {error}"
    return LET_IN


@check(read=f"{LESSON}#take-over-what-is-there", after=test_private_path_works)
def test_all_is_in_terraform(
    phase: Phase, cluster: Kubernetes, state: dict[str, Any], choices: Choices
) -> str:
    """All infrastructure is in Terraform, and nothing beside it"""
    if phase.target == "local":
        where = DATABASE
        strangers, look = _strangers_of(cluster, state)
    else:
        where = f"Azure with the tag workbook={choices.prefix}, or in a group of the state's,"
        strangers, look = _strangers_on_azure(choices, state)
    if strangers:
        raise Wrong(
            expected=f"everything of {where} to be in the code",
            found=", ".join(strangers),
            why="an object that was made by hand is lost at the next rebuild, and no file says "
            "what it is for. Plan does not show it, because plan looks only at the state",
            run_next=f"{look}; then write it into the code and import it, or delete it",
        )
    return f"nothing of {where} is beside the state"


def _strangers_of(cluster: Kubernetes, state: dict[str, Any]) -> tuple[list[str], str]:
    """What is in the local server's namespace and in no state, and what shows it."""
    known = {(each["kind"], each["name"]) for each in objects_of(state)}
    found = {
        (each["kind"], name_of(each))
        for each in cluster.within(DATABASE).get(KINDS)
        if name_of(each) not in OF_THE_CLUSTER and not owner_of(each)["name"]
    }
    strangers = sorted(found - known)
    look = " ".join(f"{kind}/{name}".lower() for kind, name in strangers)
    return (
        [f"{kind} {name}" for kind, name in strangers],
        f"kubectl --namespace {DATABASE} describe {look}",
    )


def _strangers_on_azure(choices: Choices, state: dict[str, Any]) -> tuple[list[str], str]:
    """What is on Azure and in no state, and what shows the first of it."""
    texts = [text for _, text in test_state.texts_of(state)]
    with on_azure.asking(choices) as azure:
        strangers = on_azure.strangers(azure, choices, texts)
    return (
        [f"{each['type']} {each['name']}" for each in strangers],
        on_azure.look_at(strangers[0]) if strangers else "",
    )
