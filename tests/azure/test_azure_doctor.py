"""`doctor` on Azure: what stands in the way is found before anything is made, with its fix."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from copies import ROOT, cli_of, copy_manifests
from recorded_az import SUBSCRIPTION, RecordedAz, recorded

from workbook.course.phase import Phase
from workbook.learner.choices import Choices
from workbook.targets.azure.doctor import examine_azure
from workbook.targets.local.versions import versions
from workbook.targets.observation import Observation

CHOICES = Choices(target="azure", subscription=SUBSCRIPTION, prefix="ml-demo")


@pytest.fixture
def ready(az: RecordedAz) -> RecordedAz:
    """A subscription in which nothing stands in the way, and nothing is made yet."""
    az.answer("resource list", [])
    az.answer("keyvault list-deleted", [])
    say_version(az, "1.36.4")
    return az


def say_version(az: RecordedAz, version: str) -> None:
    """A kubectl as `kubectl version --client --output json` of 1.36.4 prints it; shortened."""
    client = {"clientVersion": {"major": "1", "gitVersion": f"v{version}"}}
    kubectl = az.folder / "kubectl"
    kubectl.write_text(f"#!/bin/sh\necho '{json.dumps(client, indent=2)}'\n", encoding="utf-8")
    kubectl.chmod(0o755)


def examine(home: Path, number: int = 1) -> list[Observation]:
    copy_manifests(home)
    return examine_azure(Phase(number, home, "azure"), CHOICES)


def fixes(home: Path, number: int = 1) -> dict[str, str]:
    return {seen.what: seen.fix for seen in examine(home, number) if seen.fix}


def test_doctor_finds_no_problem_on_a_sound_subscription(ready: RecordedAz, tmp_path: Path) -> None:
    assert fixes(tmp_path, 3) == {}
    for call in ready.calls():
        assert call[call.index("--subscription") + 1] == SUBSCRIPTION
        assert not {"create", "delete", "purge", "register", "set"} & set(call)


def test_doctor_accepts_resources_that_the_learner_has(ready: RecordedAz, tmp_path: Path) -> None:
    ready.answer("resource list", recorded("resource list"))
    ready.answer("acr check-name", {"nameAvailable": False, "reason": "AlreadyExists"})
    ready.change("vm list-usage", lambda usage: usage[0].update(currentValue="8"))
    assert fixes(tmp_path, 2) == {}
    # but Terraform makes another cluster, while the one made by hand is still there
    assert set(fixes(tmp_path, 3)) == {NODES}


def test_an_old_az_and_a_login_that_is_missing_are_named_first(
    ready: RecordedAz, tmp_path: Path
) -> None:
    ready.change("version", lambda answer: answer.update({"azure-cli": "2.86.0"}))
    assert fixes(tmp_path)["az"].startswith("az upgrade")
    ready.answer("version", recorded("version"))
    ready.say("account show", stderr="ERROR: Please run 'az login' to setup account.", status=1)
    assert fixes(tmp_path) == {"Azure": 'eval "$(./workbook env)"; az login'}


def test_a_missing_kubectl_is_named(ready: RecordedAz, tmp_path: Path) -> None:
    (ready.folder / "kubectl").unlink()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(ready.folder))
        assert "az aks install-cli" in fixes(tmp_path)["kubectl"]


@pytest.mark.parametrize(
    ("version", "fits"),
    [("1.34.9", False), ("1.35.0", True), ("1.36.4", True), ("1.37.1", True), ("1.38.0", False)],
)
def test_kubectl_may_be_one_minor_version_away_from_the_cluster(
    ready: RecordedAz, tmp_path: Path, version: str, fits: bool
) -> None:
    say_version(ready, version)
    found = {each.what: each.fix for each in examine(tmp_path)}
    assert "PostgreSQL 17 in westeurope" in found  # the rest is looked at all the same
    fix = found["kubectl"]
    assert (fix == "") == fits
    # else azure-cli puts kubelogin where only root may write
    assert fits or "--kubelogin-install-location ~/" in fix


def test_lesson_1_creates_the_kubernetes_that_kubectl_is_installed_for() -> None:
    lesson = (ROOT / "phases" / "phase1" / "README.md").read_text(encoding="utf-8")
    [version] = re.findall(r"--kubernetes-version ([\d.]+)", lesson)
    assert versions().kubernetes.startswith(f"{version}.")


def restrict_offer(capabilities: list[dict[str, Any]]) -> None:
    capabilities[0]["supportedFeatures"][0]["status"] = "Enabled"


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (restrict_offer, "this subscription may not create servers in this region"),
        (lambda answer: answer[0].update(supportedFeatures=[]), "may not create servers"),
        (lambda answer: answer[0].update(supportedServerVersions=[{"name": "16"}]), "version 17"),
        (lambda answer: answer[0].update(supportedServerEditions=[]), "no Standard_B1ms"),
        (lambda answer: answer.clear(), "not offered in this region"),
    ],
)
def test_a_region_without_the_database_server_is_named_before_the_cluster_costs(
    ready: RecordedAz, tmp_path: Path, change: Callable[[Any], object], found: str
) -> None:
    ready.change("postgres flexible-server list-skus", change)
    [seen] = [seen for seen in examine(tmp_path, 1) if seen.fix]
    assert seen.what == "PostgreSQL 17 in westeurope"
    assert found in seen.found
    assert seen.fix.startswith("./workbook use azure --region REGION")


def test_a_database_server_of_the_learners_needs_no_offer(
    ready: RecordedAz, tmp_path: Path
) -> None:
    ready.answer("resource list", recorded("resource list"))
    ready.answer("postgres flexible-server list-skus", [])
    assert "PostgreSQL 17 in westeurope" not in fixes(tmp_path, 2)
    assert "PostgreSQL 17 in westeurope" in fixes(tmp_path, 3)  # Terraform creates another one


@pytest.mark.parametrize(
    ("offer", "is_refused"),
    [
        ("PayAsYouGo_2014-09-01", False),
        ("EnterpriseAgreement_2014-09-01", False),
        ("FreeTrial_2014-09-01", True),
        ("AzureForStudents_2018-01-01", True),
    ],
)
@pytest.mark.parametrize("docker", [True, False])
def test_free_credit_builds_images_with_docker(
    ready: RecordedAz, tmp_path: Path, offer: str, is_refused: bool, docker: bool
) -> None:
    ready.change("rest", lambda answer: answer["subscriptionPolicies"].update(quotaId=offer))
    if docker:
        (ready.folder / "docker").touch(mode=0o755)
    with pytest.MonkeyPatch.context() as patch:
        if not docker:
            patch.setenv("PATH", str(ready.folder))
        [seen] = [seen for seen in examine(tmp_path) if seen.what == "image builds"]
    assert ("#tasksoperationsnotallowed" in seen.found) == is_refused
    assert ("install Docker" in seen.fix) == (is_refused and not docker)


def test_a_subscription_without_a_past_is_warned_of_the_budget(
    ready: RecordedAz, tmp_path: Path
) -> None:
    ready.answer("monitor activity-log list", [])
    [seen] = [seen for seen in examine(tmp_path, 3) if seen.what == "budget"]
    assert "Azure refuses a budget" in seen.found
    assert seen.fix == ""  # perhaps it is old, and was not used
    assert "budget" not in {seen.what for seen in examine(tmp_path, 2)}


@pytest.mark.parametrize(
    ("change", "fix"),
    [
        ({"isDefault": False}, f"az account set --subscription {SUBSCRIPTION}"),
        ({"state": "Disabled"}, "./workbook use azure --subscription ID"),
    ],
)
def test_a_subscription_that_the_lessons_would_miss_is_named(
    ready: RecordedAz, tmp_path: Path, change: dict[str, Any], fix: str
) -> None:
    ready.change("account show", lambda account: account.update(change))
    assert fix in fixes(tmp_path)["subscription"]


@pytest.mark.parametrize(
    ("held", "missing"),
    [
        (["Owner"], []),
        (["Contributor", "User Access Administrator"], []),
        (["Contributor", "Role Based Access Control Administrator"], []),
        (["Contributor"], ["Role Based Access Control Administrator"]),
        (["Reader"], ["Contributor", "Role Based Access Control Administrator"]),
        ([], ["Contributor", "Role Based Access Control Administrator"]),
    ],
)
def test_missing_roles_are_named_with_the_command_that_gives_them(
    ready: RecordedAz, tmp_path: Path, held: list[str], missing: list[str]
) -> None:
    [owner] = recorded("role assignment list")
    ready.answer("role assignment list", [{**owner, "roleDefinitionName": role} for role in held])
    fix = fixes(tmp_path).get("roles", "")
    assert fix.count("az role assignment create") == len(missing)
    for role in missing:
        assert f'--role "{role}" --scope /subscriptions/{SUBSCRIPTION}' in fix


def test_a_provider_that_is_not_registered_is_named_from_the_phase_that_needs_it(
    ready: RecordedAz, tmp_path: Path
) -> None:
    postgres = "Microsoft.DBforPostgreSQL"

    def unregister(providers: list[dict[str, str]]) -> None:
        next(p for p in providers if p["namespace"] == postgres)["registrationState"] = (
            "Registering"
        )

    ready.change("provider list", unregister)
    assert "resource providers" not in fixes(tmp_path, 1)
    for number in (2, 4):
        register = f"az provider register --wait --namespace {postgres} --subscription"
        assert fixes(tmp_path, number)["resource providers"].startswith(register)


def restrict(kind: str) -> dict[str, Any]:
    """As learn.microsoft.com/rest/api/compute/resource-skus/list shows it."""
    where = {"locations": ["westeurope"], "zones": ["1"] if kind == "Zone" else []}
    reason = "NotAvailableForSubscription"
    values = ["westeurope"]
    return {"type": kind, "values": values, "restrictionInfo": where, "reasonCode": reason}


@pytest.mark.parametrize(("kind", "stands_in_the_way"), [("Location", True), ("Zone", False)])
def test_a_size_that_the_subscription_may_not_have_there_is_named(
    ready: RecordedAz, tmp_path: Path, kind: str, stands_in_the_way: bool
) -> None:
    ready.change("vm list-skus", lambda sizes: sizes[0]["restrictions"].append(restrict(kind)))
    found = fixes(tmp_path).get("Standard_D4as_v5 in westeurope")
    assert (found is not None) == stands_in_the_way
    other = "./workbook use azure --node-size Standard_D4s_v5, or ./workbook use azure --region"
    assert found is None or found.startswith(other)


def test_a_region_without_the_size_is_named(ready: RecordedAz, tmp_path: Path) -> None:
    ready.answer("vm list-skus", [])
    assert "--region" in fixes(tmp_path)["Standard_D4as_v5 in westeurope"]


@pytest.mark.parametrize(
    ("which", "label"), [(0, "Total Regional vCPUs"), (2, "Standard DASv5 Family vCPUs")]
)
def test_too_small_a_quota_is_named(
    ready: RecordedAz, tmp_path: Path, which: int, label: str
) -> None:
    ready.change("vm list-usage", lambda usage: usage[which].update(currentValue="7"))
    [seen] = [seen for seen in examine(tmp_path) if seen.fix]
    assert seen.found == f"3 of 4 vCPUs free: {label}"
    assert "Azure portal under Quotas" in seen.fix
    # another family has a quota of its own; the region's quota is for all
    assert ("--node-size Standard_D4s_v5" in seen.fix) == (which == 2)


def test_doctor_looks_at_the_chosen_size(ready: RecordedAz, tmp_path: Path) -> None:
    copy_manifests(tmp_path)
    chosen = replace(CHOICES, node_size="Standard_D4s_v5")
    seen = {each.what: each for each in examine_azure(Phase(1, tmp_path, "azure"), chosen)}
    assert seen["Standard_D4s_v5 in westeurope"].found == "offered, and 4 vCPUs are free"


@pytest.mark.parametrize(
    ("command", "name", "stopped"),
    [
        ("aks", "ml-demo-aks", {"powerState": {"code": "Stopped"}}),
        ("postgres flexible-server", "ml-demo-1a2b3c4d", {"state": "Stopped"}),
    ],
)
def test_what_is_stopped_is_named_with_the_command_that_starts_it(
    ready: RecordedAz, tmp_path: Path, command: str, name: str, stopped: dict[str, Any]
) -> None:
    ready.change(f"{command} list", lambda listed: listed[0].update(stopped))
    fix = fixes(tmp_path, 3)["power"]
    assert fix.startswith(f"az {command} start --resource-group ml-demo-rg --name {name} ")
    ready.change(f"{command} list", lambda listed: listed[0].update(stopped, tags=None))
    assert "power" not in fixes(tmp_path, 3)  # somebody else's


NODES = "Standard_D4as_v5 in westeurope"


@pytest.mark.parametrize(
    ("used", "found", "is_wrong"),
    [
        ("2", "offered, and 4 vCPUs are free", False),
        # a lesson needs no upgrade
        ("3", "offered, and 4 vCPUs are free; but an upgrade needs 8 vCPUs, and 7 are free", False),
        ("7", "3 of 4 vCPUs free", True),
    ],
)
def test_what_an_upgrade_needs_of_the_quota_is_said(
    ready: RecordedAz, tmp_path: Path, used: str, found: str, is_wrong: bool
) -> None:
    ready.change("vm list-usage", lambda usage: usage[0].update(currentValue=used))
    [seen] = [seen for seen in examine(tmp_path) if seen.what == NODES]
    assert seen.found.startswith(found)
    assert bool(seen.fix) == is_wrong


def test_the_cluster_of_phase_1_may_take_the_room_of_an_upgrade_for_a_while(
    ready: RecordedAz, tmp_path: Path
) -> None:
    ready.answer("resource list", recorded("resource list"))
    ready.change("vm list-usage", lambda usage: usage[0].update(currentValue="4"))
    [seen] = [seen for seen in examine(tmp_path, 3) if seen.what == NODES]
    assert seen.fix == ""
    assert seen.found.endswith("until you delete what phases 1 and 2 made")


@pytest.mark.parametrize(("number", "needed"), [(1, 4), (3, 12)])
def test_the_nodes_that_are_chosen_for_terraform_are_counted(
    ready: RecordedAz,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    needed: int,
) -> None:
    monkeypatch.setenv("TF_VAR_node_count", "3")
    ready.change("vm list-usage", lambda usage: [each.update(limit="16") for each in usage])
    [seen] = [seen for seen in examine(tmp_path, number) if seen.what == NODES]
    assert seen.found == f"offered, and {needed} vCPUs are free"


def test_a_name_that_somebody_else_has_is_named(ready: RecordedAz, tmp_path: Path) -> None:
    taken = {"nameAvailable": False, "reason": "AlreadyExists", "message": "It is in use."}
    ready.answer("acr check-name", taken)
    wanted = {"registry mldemo1a2b3c4d": "./workbook use azure --prefix PREFIX"}
    assert fixes(tmp_path) == wanted


def test_a_deleted_vault_of_ours_is_purged_and_another_one_left_alone(
    ready: RecordedAz, tmp_path: Path
) -> None:
    ready.answer("keyvault list-deleted", recorded("keyvault list-deleted"))
    purge = "az keyvault purge --name ml-demo-1a2b3c4d --location westeurope --subscription"
    assert fixes(tmp_path) == {"key vaults": f"{purge} {SUBSCRIPTION}"}
    ready.change(
        "keyvault list-deleted",
        lambda vaults: vaults[0]["properties"].update(purgeProtectionEnabled=True),
    )
    assert fixes(tmp_path) == {"key vaults": "./workbook use azure --prefix PREFIX"}


def test_one_question_that_azure_refuses_does_not_hide_the_others(
    ready: RecordedAz, tmp_path: Path
) -> None:
    ready.say("provider list", stderr="ERROR: AuthorizationFailed", status=1)
    ready.answer("vm list-skus", [])
    assert set(fixes(tmp_path)) == {"Azure", "Standard_D4as_v5 in westeurope"}


def test_doctor_prints_the_fix_and_phase_0_does_not_ask_azure(
    ready: RecordedAz, fresh: Path
) -> None:
    cli = cli_of(fresh)
    cli("use", "azure", "--subscription", SUBSCRIPTION, "--prefix", "ml-demo")
    ready.change("account show", lambda account: account.update(isDefault=False))
    cli("doctor", "0", PATH=ready.path)
    assert ready.calls() == []
    done = cli("doctor", "1", PATH=ready.path)
    assert done.returncode == 1
    assert f"az account set --subscription {SUBSCRIPTION}" in done.stdout
