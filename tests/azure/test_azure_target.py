"""The target azure: what is chosen, how things are called, and how Azure is asked."""

import io
import json
import os
import pty
import re
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from copies import ROOT, clean_environment, cli_of, copy_manifests
from fake_cluster import say, write_kubectl
from recorded_az import ANSWERS, SUBSCRIPTION, RecordedAz

from checks.phase1 import test_registry
from checks.phase4 import test_gateway
from workbook.checks.deployment import Deployment
from workbook.course.phase import Phase
from workbook.errors import WorkbookError
from workbook.learner.choices import Choices, load_choices
from workbook.lessons.reset import reset_phase, what_goes
from workbook.outcome import Unknown, Wrong
from workbook.targets.azure import client
from workbook.targets.azure.choosing import choose
from workbook.targets.azure.names import names
from workbook.targets.kubernetes import Kubernetes

OTHER = "5e6f7a8b-0000-0000-0000-000000000000"  # the second that account-list.json has
CHOSEN = ("use", "azure", "--subscription", SUBSCRIPTION, "--prefix", "ml-demo")


def azure(folder: Path) -> client.Azure:
    return client.Azure(SUBSCRIPTION, folder)


def test_choices_of_both_targets_are_kept(fresh: Path) -> None:
    cli = cli_of(fresh)
    for _ in range(2):
        done = cli(*CHOSEN, "--region", "northeurope", "--prefix", "mine")
        assert done.returncode == 0, done.stderr
        assert f"az account set --subscription {SUBSCRIPTION}" in done.stdout
    assert "export PREFIX=" not in cli("use", "local").stdout + cli("env").stdout
    assert cli("use", "azure").returncode == 0
    lines = cli("env").stdout
    for line in (
        "NODE_SIZE=Standard_D4as_v5",
        "PREFIX=mine",
        "LOCATION=northeurope",
        "RG=mine-rg",
        "ACR=mine1a2b3c4d",
    ):
        assert f"export {line}\n" in lines
    assert f"export AZURE_CONFIG_DIR={fresh}/.workbook/azure/az\n" in lines


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({}, "--subscription ID --prefix PREFIX"),
        ({"subscription": SUBSCRIPTION}, f"--subscription {SUBSCRIPTION} --prefix PREFIX"),
        (
            {"prefix": "", "subscription": SUBSCRIPTION},
            f"--prefix PREFIX --subscription {SUBSCRIPTION}",
        ),
        ({"prefix": "mine"}, "--prefix mine --subscription ID"),
    ],
)
def test_use_azure_without_terminal_requires_subscription_and_prefix(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], missing: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(WorkbookError) as refused:
        choose(ROOT, Choices(), given)
    assert refused.value.run_next == f"./workbook use azure {missing}"
    kept = Choices(subscription=SUBSCRIPTION, prefix="mine")
    assert choose(ROOT, kept, {"region": "northeurope"}) == {"region": "northeurope"}


def test_use_azure_without_a_prefix_of_ones_own_keeps_nothing(fresh: Path) -> None:
    done = cli_of(fresh)("use", "azure", "--subscription", SUBSCRIPTION)
    assert done.returncode == 2
    assert f"use azure --subscription {SUBSCRIPTION} --prefix PREFIX" in done.stderr
    assert load_choices(fresh) == Choices()


def test_no_prefix_is_offered_on_a_terminal_the_first_time(az: RecordedAz, fresh: Path) -> None:
    asked = answer_questions(az, fresh, "1\n\n\nmine\n")
    assert asked.stdout.count(b"Prefix of all names") == 2
    assert load_choices(fresh).prefix == "mine"


def test_use_azure_lists_the_subscriptions_of_the_login_and_offers_what_is_kept(
    az: RecordedAz, fresh: Path
) -> None:
    asked = answer_questions(az, fresh, "2\n\nmine\n")
    assert f"1  learning ({SUBSCRIPTION}), tenant Example" in asked.stdout.decode()
    assert load_choices(fresh) == Choices(
        target="azure", subscription=OTHER, region="westeurope", prefix="mine"
    )
    assert az.calls()[-1][:4] == ["account", "set", "--subscription", OTHER]
    assert az.folders() == {str(fresh / ".workbook" / "azure" / "az")}
    assert answer_questions(az, fresh, "\nnortheurope\n\n").returncode == 0
    chosen = load_choices(fresh)
    assert (chosen.subscription, chosen.region, chosen.prefix) == (OTHER, "northeurope", "mine")


def test_use_azure_accepts_no_subscription_beside_those_of_the_login(
    az: RecordedAz, fresh: Path
) -> None:
    asked = answer_questions(az, fresh, "3\n\nmine\n")
    assert asked.returncode == 2
    assert b"'3' is not the number or the id of a subscription" in asked.stderr
    assert load_choices(fresh) == Choices()


def test_use_azure_without_a_login_says_how_to_log_in(az: RecordedAz, fresh: Path) -> None:
    # azure-cli 2.91.0, printed here with an empty folder: it succeeds, and warns
    az.say(
        "account list",
        stdout="[]",
        stderr='WARNING: Please run "az login" to access your accounts.',
    )
    asked = answer_questions(az, fresh, "1\n")
    assert asked.returncode == 2
    folder = fresh / ".workbook" / "azure" / "az"
    assert f"Run next: AZURE_CONFIG_DIR={folder} az login" in asked.stderr.decode()
    assert b"docs/azure-refusals.md#no-login" in asked.stderr


def answer_questions(
    az: RecordedAz, home: Path, answers: str
) -> "subprocess.CompletedProcess[bytes]":
    ours, theirs = pty.openpty()
    os.write(ours, answers.encode())
    try:
        command = ["./workbook", "use", "azure"]
        environment = {**clean_environment(), "PATH": az.path}
        return subprocess.run(
            command, cwd=home, env=environment, stdin=theirs, capture_output=True, timeout=60
        )
    finally:
        os.close(ours)
        os.close(theirs)


def test_new_prefix_reports_which_resources_down_no_longer_finds(fresh: Path) -> None:
    cli = cli_of(fresh)
    cli(*CHOSEN)
    assert (
        "--prefix ml-demo, then ./workbook down" in cli("use", "azure", "--prefix", "other").stdout
    )


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("subscription", "my subscription"),
        ("subscription", SUBSCRIPTION.upper()),
        ("region", "West Europe"),
        ("region", ""),
        ("node_size", "Standard_B2s"),
        ("node_size", "D4s_v5"),
        *[
            ("prefix", bad)
            for bad in ("ab", "A11", "1ab", "ab-", "a--b", "ml_demo", "a" * 13, "äbc")
        ],
    ],
)
def test_a_bad_choice_is_refused_with_the_rule(field: str, bad: str) -> None:
    with pytest.raises(WorkbookError) as refused:
        Choices(**{field: bad})
    assert re.search("lower-case|`Standard_`", str(refused.value))
    assert refused.value.run_next.startswith(f"./workbook use azure --{field.replace('_', '-')}")


LIMITS = {  # learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
    "RG": r"[-\w.()]{1,90}",
    "AKS": r"[A-Za-z0-9][-\w]{0,61}[A-Za-z0-9]",
    "ACR": r"[A-Za-z0-9]{5,50}",
    "DB": r"[a-z0-9][-a-z0-9]{1,61}[a-z0-9]",
    "STATE_RG": r"[-\w.()]{1,90}",
}


@pytest.mark.parametrize("prefix", ["abc", "a-b", "ml-demo", "abcdefghijkl", "a-b-c-d-e-fg"])
def test_every_name_is_one_that_azure_takes(prefix: str) -> None:
    made = names(Choices(subscription=SUBSCRIPTION, region="australiasoutheast", prefix=prefix))
    for variable, rule in LIMITS.items():
        assert re.fullmatch(rule, made[variable]), made[variable]
    nodes = f"MC_{made['RG']}_{made['AKS']}_{made['LOCATION']}"
    assert len(nodes) <= 80  # learn.microsoft.com/azure/aks/faq


AZ_CELLS = re.compile(r"^```bash\n# target: azure\n(.*?)^```", re.M | re.S)
LESSONS = sorted(ROOT.glob("phases/phase*/README.md"))


def test_the_lessons_name_nothing_on_azure_by_hand() -> None:
    """Names come from the environment, and what is made carries the tag."""
    cells = {path: "".join(AZ_CELLS.findall(path.read_text(encoding="utf-8"))) for path in LESSONS}
    for path, text in cells.items():
        assert not re.search(r"ml-demo-(rg|aks)|mldemo", path.read_text(encoding="utf-8")), path
        assert not re.search(r"^export .*(=ml-demo|westeurope)", text, re.M), path
        joined = text.replace("\\\n", " ")
        made = r"^az (?:group|acr|aks|postgres flexible-server) create .*$"
        for line in re.findall(made, joined, re.M):
            assert 'workbook="$PREFIX"' in line, line
    assert sum("az group create" in text for text in cells.values()) == 1


def test_every_recorded_answer_says_where_its_shape_is_from() -> None:
    for path in ANSWERS.glob("*.json"):
        record = json.loads(path.read_text(encoding="utf-8"))
        assert set(record) == {"command", "source", "answer"}
        assert path.stem == record["command"].replace(" ", "-")
        assert re.search(r"learn\.microsoft\.com/|azure-cli 2\.\d+", record["source"]), path


def test_an_answer_is_parsed_and_every_call_names_the_subscription(
    az: RecordedAz, tmp_path: Path
) -> None:
    (tmp_path / "az").mkdir(mode=0o755)  # as `az login` makes it
    assert azure(tmp_path / "az").ask("account", "show")["id"] == SUBSCRIPTION
    assert azure(tmp_path / "az").ask("group", "delete", "--name", "x", "--yes") is None
    for call in az.calls():
        assert call[call.index("--subscription") + 1] == SUBSCRIPTION
    assert az.folders() == {str(tmp_path / "az")}
    assert (tmp_path / "az").stat().st_mode & 0o077 == 0  # a login is in it


# printed by azure-cli 2.91.0 on a machine of ours, with an empty folder and with a made-up login;
# the third from learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-not-found
FAILURES = {
    client.NotLoggedIn: "ERROR: Please run 'az login' to setup account.",
    client.WrongSubscription: f"ERROR: Subscription '{SUBSCRIPTION}' not found. Check the spelling "
    "and casing and try again.",
    client.NotThere: "ERROR: (ResourceGroupNotFound) Resource group 'x' could not be found.",
    client.Refused: "ERROR: The command failed with an unexpected error. Here is the traceback:\n"
    "ERROR: HTTPSConnectionPool(host='login.microsoftonline.com', port=443): Max retries exceeded",
}


@pytest.mark.parametrize("kind", FAILURES)
def test_failure_is_reported_by_kind_with_its_fix(
    az: RecordedAz, tmp_path: Path, kind: type[client.AzureError]
) -> None:
    az.say("group list", stderr=FAILURES[kind], status=1)
    with pytest.raises(kind) as refused:
        azure(tmp_path / "az").ask("group", "list")
    assert FAILURES[kind].splitlines()[-1].removeprefix("ERROR: ") in str(refused.value)
    assert "az " in refused.value.run_next


# azure-cli 2.91.0, core/auth/util.py (aad_error_handler, _generate_login_command): a challenge is
# a warning. The error is from learn.microsoft.com/cli/azure/use-azure-cli-successfully-
# troubleshooting. What is in the challenge is made up.
CHALLENGE = " ".join(
    [
        'az login --tenant "00000000-0000-0000-0000-00000000000a"',
        '--scope "https://management.core.windows.net//.default"',
        '--claims-challenge "eyJhY2Nlc3NfdG9rZW4iOnt9fQ=="',
    ]
)
MFA = f"""\
WARNING: Run the command below to authenticate interactively; additional arguments may be added \
as needed:
az logout
{CHALLENGE}
ERROR: Resource was disallowed by policy. Reasons: MFA is required. See error details for policy \
resource IDs.
"""


def test_login_with_a_second_factor_is_shown_as_az_prints_it(
    az: RecordedAz, tmp_path: Path
) -> None:
    az.say("group list", stderr=MFA, status=1)
    with pytest.raises(client.NotLoggedIn, match="MFA is required") as refused:
        azure(tmp_path / "az").ask("group", "list")
    assert refused.value.run_next == f'eval "$(./workbook env)"; az logout; {CHALLENGE}'
    assert "docs/azure-refusals.md#multi-factor-authentication" in str(refused.value)
    assert "--only-show-errors" not in az.calls()[0]  # az would keep the command to itself


def test_missing_az_bad_json_and_no_answer_are_distinguished(
    az: RecordedAz, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    az.say("version", stdout="azure-cli 2.91.0")
    with pytest.raises(client.NotJson, match="answered no JSON"):
        azure(tmp_path / "az").ask("version")
    az.say("group list", seconds=30)
    with pytest.raises(client.TooSlow, match=r"within 0 s: az group list"):
        azure(tmp_path / "az").ask("group", "list", seconds=0.2)
    monkeypatch.setenv("PATH", str(ANSWERS))
    with pytest.raises(client.AzMissing) as refused:
        azure(tmp_path / "az").ask("group", "list")
    assert "install-azure-cli" in refused.value.run_next


def test_without_a_subscription_azure_is_not_asked(az: RecordedAz, tmp_path: Path) -> None:
    with pytest.raises(client.WrongSubscription):
        client.open_azure(tmp_path, Choices(target="azure"))
    with pytest.raises(client.AzureError, match="No prefix"):
        client.open_azure(tmp_path, Choices(target="azure", subscription=SUBSCRIPTION))
    assert az.calls() == []


def test_reset_names_the_passwords_that_it_would_remove(tmp_path: Path) -> None:
    copy_manifests(tmp_path)
    phase = Phase(3, tmp_path, "azure")
    (phase.state / "answers.json").touch()
    assert "password" not in "".join(what_goes(phase))
    (phase.state / "administrator").touch()
    assert "the only copy of its administrator's password" in "".join(what_goes(phase))


def test_reset_removes_the_gateway_too_whose_address_costs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kubectl = tmp_path / "kubectl"
    there_are = [{"metadata": {"name": name}} for name in ("ml-demo", "ml-gateway")]
    deletes = f'echo "$*" >> {tmp_path}/deleted'
    cases = {
        "*api-resources*": "echo services",
        '*" get namespaces "*': say(*there_are),
        '*" get "*': say(),
        "*": deletes,
    }
    write_kubectl(kubectl, cases)
    cluster = Kubernetes(kubectl, tmp_path / "kubeconfig")
    monkeypatch.setattr("workbook.lessons.reset.find_cluster", lambda home, target: cluster)
    copy_manifests(tmp_path)
    phase = Phase(4, tmp_path, "azure")
    phase.lesson.touch()
    said = "\n".join(what_goes(phase))
    reset_phase(phase, Choices(target="azure"))
    deleted = (tmp_path / "deleted").read_text()
    assert deleted.count("\n") == 1
    assert "everything in the namespace ml-gateway " in said
    assert "delete namespace ml-gateway " in deleted


def test_the_check_looks_at_the_gateway_where_azure_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(test_gateway, "SECONDS_TO_SETTLE", 0)
    kubectl = tmp_path / "kubectl"
    gateway = {
        "metadata": {"name": "ml-api", "generation": 1},
        "spec": {"gatewayClassName": "approuting-istio"},
        "status": {"addresses": [{"value": "192.0.2.1"}]},
    }
    programmed = {"type": "Programmed", "status": "True", "reason": "Programmed"}
    done = {**gateway, "status": {**gateway["status"], "conditions": [programmed]}}
    a_class = {"metadata": {"name": "approuting-istio"}}
    write_kubectl(
        kubectl,
        {
            "*gatewayclasses*": say(a_class),
            '*--namespace=ml-gateway*" get gateways."*': say(done),
            "*": say(),
        },
    )
    cluster = Kubernetes(kubectl, tmp_path / "kubeconfig")
    said = test_gateway.test_gateway_works(cluster.within("ml-gateway"), gateway)
    assert said == "class approuting-istio, address 192.0.2.1"
    with pytest.raises(Wrong) as wrong:  # where it is not
        test_gateway.test_gateway_works(cluster, gateway)
    assert wrong.value.rows["run next"] == "kubectl --namespace ml-demo describe gateway ml-api"


DIGEST = f"sha256:{'a' * 64}"


def registry_check(home: Path, monkeypatch: pytest.MonkeyPatch, image: str) -> str:
    """The check of lesson 1 on a Deployment that names an image, with no pod yet."""
    (home / "phases" / "phase0").mkdir(parents=True, exist_ok=True)
    monkeypatch.setenv("WORKBOOK_ROOT", str(home))
    containers = [{"name": "ml-api", "image": image}]
    found = {"spec": {"template": {"spec": {"containers": containers}}}, "metadata": {"uid": "1"}}
    nothing = cast(Kubernetes, SimpleNamespace(get=lambda *_: []))
    choices = Choices(target="azure", subscription=SUBSCRIPTION, prefix="ml-demo")
    return test_registry.test_image_is_in_registry(Deployment(nothing, found), choices)


def test_the_check_asks_azures_registry_for_the_very_image(
    az: RecordedAz, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = f"mldemo1a2b3c4d.azurecr.io/ml-api@{DIGEST}"
    assert registry_check(tmp_path, monkeypatch, image).startswith("ml-api@sha256:aaa")
    asked = f"acr repository show --name mldemo1a2b3c4d --image ml-api@{DIGEST}".split()
    assert az.calls()[0][: len(asked)] == asked
    # as azure-cli 2.91.0 says it (command_modules/acr/_docker_utils.py)
    az.say("acr repository show", stderr="ERROR: The requested data does not exist.", status=1)
    with pytest.raises(Wrong) as wrong:
        registry_check(tmp_path, monkeypatch, image)
    assert "az acr build" in wrong.value.rows["run next"]


@pytest.mark.parametrize(
    "said", ["Please run 'az login' to setup account.", "Max retries exceeded"]
)
def test_a_registry_that_cannot_be_asked_is_not_called_wrong(
    az: RecordedAz, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    az.say("acr repository show", stderr=f"ERROR: {said}", status=1)
    with pytest.raises(Unknown, match=said):
        registry_check(tmp_path, monkeypatch, f"mldemo1a2b3c4d.azurecr.io/ml-api@{DIGEST}")
