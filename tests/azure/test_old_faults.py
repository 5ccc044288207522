"""Each fault that an audit found on paper in dbb7071 is found by a program now.

az/old.md keeps the old texts, with who finds each. DOCTOR has what Azure would answer where doctor
did not ask; CODE has what the program itself did. The names that are missing here are in
tests/support/terraform_mistakes.py, and tests/terraform tries these.

A program finds the cause of each. Without Azure, none can find whether the fix is enough:
whether the public mirror has the base image's digest (A3), whether 120 s are enough for a new role
(A7, B12), what a region's prices are (B6), and what `terraform destroy` says of a stopped database
(B2). docs/limits.md says so to the learner.
"""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from az import finders
from az.record import NAMES, build, lines
from az.review import LESSONS, findings, text_of
from copies import ROOT, copy_manifests
from recorded_az import SUBSCRIPTION, RecordedAz, recorded
from terraform_mistakes import MISTAKES
from test_azure_environment import OUTPUTS
from test_azure_target import CHALLENGE, MFA

from workbook.checks.deployment import STUCK
from workbook.course.cost import TABLE, load_prices
from workbook.course.phase import Phase
from workbook.learner.choices import Choices
from workbook.learner.store import write_json
from workbook.site.az_lines import commands_of
from workbook.targets.azure import client
from workbook.targets.azure.doctor import examine_azure
from workbook.targets.azure.names import OUTPUT_OF, names, names_in_use, outputs_of_terraform
from workbook.targets.azure.refusals import known
from workbook.targets.environment import of_one_target_only

NUMBERS = {f"A{n}" for n in range(1, 14)} | {f"B{n}" for n in range(1, 13)}
SECTION = re.compile(r"^## (.+)\n\n((?:- \w+: .+\n)+)\n([\s\S]+?)(?=^## |\Z)", re.MULTILINE)
PLACE = re.compile(r"^# \S+\.md:\d+$")
OLD = {
    title: (dict(re.findall(r"^- (\w+): (.+)$", found, re.M)), text)
    for title, found, text in SECTION.findall(text_of(ROOT / "tests/azure/az/old.md"))
}
CHOICES = Choices(target="azure", subscription=SUBSCRIPTION, prefix="ml-demo")
ROOTS = ROOT / "phases/phase4/terraform/azure", ROOT / "terraform/bootstrap"
LATER_LESSONS = [file for file in LESSONS if "phase" in file.parent.name]


def kinds_of(root: Path) -> set[str]:
    """The kinds of resource in a root and in its modules."""
    files = [*root.glob("*.tf")]
    if root == ROOTS[0]:
        files += ROOT.glob("terraform/modules/*/*.tf")
    return {
        kind
        for file in files
        for kind in re.findall(r'^resource "azurerm_(\w+)"', text_of(file), re.MULTILINE)
    }


CHANGED = finders.changed_beside_terraform({file.parent.name: text_of(file) for file in LESSONS})
FINDERS: dict[str, Callable[[str], list[str]]] = {
    "waits": finders.waits,
    "stops": finders.stops,
    "choices": finders.choices,
    "ports": finders.ports,
    "guard": finders.guard,
    "drift": partial(finders.drift, changed=CHANGED),
    "services": partial(finders.services, kinds=kinds_of(ROOTS[0])),
}
CASES = [(title, finder) for title, (found, _) in OLD.items() for finder in found]


@pytest.fixture(scope="module")
def said() -> dict[str, dict[str, str]]:
    """What azure-cli, and the rules about its lines, say of the old texts."""
    of_az = {title: text for title, (found, text) in OLD.items() if {"az", "build"} & {*found}}
    commands = [*lines(), *commands_of(of_az, NAMES)]
    reviewed = [found for found in findings(commands) if found.command.file in of_az]
    built = [one for one in build(commands) if one.command.file in of_az]
    return {
        "az": {
            title: "\n".join(each.what for each in reviewed if each.command.file == title)
            for title in of_az
        },
        "build": {
            title: "\n".join(one.problem or "" for one in built if one.command.file == title)
            for title in of_az
        },
    }


@pytest.mark.parametrize(("title", "finder"), CASES, ids=lambda value: value)
def test_what_the_lessons_said_before_is_found(
    title: str, finder: str, said: dict[str, dict[str, str]]
) -> None:
    found, text = OLD[title]
    if finder in said:
        assert found[finder] in said[finder][title]
        return
    says = FINDERS[finder](text)
    assert [each for each in says if found[finder] in each], says
    rows = text.splitlines()
    places = [row + 2 for row, line in enumerate(rows) if PLACE.match(line)]
    if finder == "waits":
        assert {int(each.split(":")[1]) for each in says} == {*places}


def test_every_place_of_the_unbounded_waits_is_kept() -> None:
    places = [
        line
        for title, (_, text) in OLD.items()
        if title.startswith(("A2", "A11"))
        for line in text.splitlines()
        if PLACE.match(line)
    ]
    loops = {2: (207, 329, 345, 357, 469), 3: (257, 300, 301, 325, 376, 388, 461)}  # the twelve
    wanted = {f"# phases/phase{n}/README.md:{line}" for n, at in loops.items() for line in at}
    assert wanted | {"# phases/phase4/README.md:139"} <= {*places}


@pytest.mark.parametrize("finder", ["waits", "stops", "choices", "ports", "guard"])
def test_nothing_of_it_is_in_the_lessons_now(finder: str) -> None:
    found = {str(file): FINDERS[finder](text_of(file)) for file in LATER_LESSONS}
    assert {file: says for file, says in found.items() if says} == {}


@pytest.mark.parametrize("root", ROOTS, ids=lambda root: root.parent.name)
def test_terraform_registers_what_its_resources_need(root: Path) -> None:
    assert finders.services(text_of(root / "versions.tf"), kinds_of(root)) == []


# What doctor did not ask


def full(usage: list[dict[str, Any]]) -> None:
    """The quotas of the region, and of the family of sizes, where 8 of 10 are in use."""
    for quota in usage[:3]:
        quota["currentValue"] = "8"


def on_free_credit(answer: dict[str, Any]) -> None:
    answer["subscriptionPolicies"]["quotaId"] = "FreeTrial_2014-09-01"


def closed(answer: list[dict[str, Any]]) -> None:
    answer[0]["supportedFeatures"][0]["status"] = "Enabled"


def no_quota_of_the_family(usage: list[dict[str, Any]]) -> None:
    usage[2]["limit"] = "0"


DOCTOR: dict[str, tuple[int, str, Callable[[Any], object], str]] = {
    "A4: image builds are refused": (1, "rest", on_free_credit, "Azure refuses az acr build"),
    "A5: the database is closed to the subscription": (
        1,
        "postgres flexible-server list-skus",
        closed,
        "this subscription may not create servers in this region",
    ),
    "A8: the subscription is too new for a budget": (
        3,
        "monitor activity-log list",
        list.clear,
        "Azure refuses a budget",
    ),
    "A10: another size of node has quota": (
        1,
        "vm list-usage",
        no_quota_of_the_family,
        "./workbook use azure --node-size Standard_D4s_v5",
    ),
    "B1: the cluster is stopped": (
        3,
        "aks list",
        lambda listed: listed[0].update(powerState={"code": "Stopped"}),
        "az aks start",
    ),
    "B2: the database is stopped": (
        3,
        "postgres flexible-server list",
        lambda listed: listed[0].update(state="Stopped"),
        "az postgres flexible-server start",
    ),
    "B3: no quota for a second cluster": (
        3,
        "vm list-usage",
        full,
        "delete what phases 1 and 2 made: az group delete --name ml-demo-rg",
    ),
}


@pytest.mark.parametrize("name", DOCTOR)
def test_doctor_asks_for_it_now(name: str, az: RecordedAz, tmp_path: Path) -> None:
    copy_manifests(tmp_path)
    number, command, change, says = DOCTOR[name]
    az.answer("resource list", recorded("resource list") if name.startswith("B") else [])

    def seen() -> str:
        found = examine_azure(Phase(number, tmp_path, "azure"), CHOICES)
        return "\n".join(f"{each.found} {each.fix}" for each in found)

    assert says not in seen()
    az.change(command, change)
    assert says in seen()


# What the program itself did: what is found in its old answer, and in that of today


def kept_variables(_: Path) -> tuple[list[str], list[str]]:
    """Variables of the local target that `env` leaves on Azure; before, it dropped none."""
    of_local = {"DATABASE_ADDRESS", "TF_CLI_CONFIG_FILE", "DOCKER_HOST"}
    return sorted(of_local), sorted(of_local - of_one_target_only())


def names_of_what_is_gone(home: Path) -> tuple[list[str], list[str]]:
    """Names that `env` prints and that are not those of Terraform's system."""
    write_json(outputs_of_terraform(home), OUTPUTS)

    def gone(printed: dict[str, str]) -> list[str]:
        return [name for name, of in OUTPUT_OF.items() if printed[name] != OUTPUTS[of]["value"]]

    return gone(names(CHOICES)), gone(names_in_use(home, CHOICES))


def regions_without_prices(home: Path) -> tuple[list[str], list[str]]:
    """The default region, if the table of prices does not know it."""
    table = text_of(ROOT / TABLE)
    (home / TABLE).parent.mkdir(parents=True)
    (home / TABLE).write_text(re.sub(r"^\[regions\]\n(\w.*\n)+", "", table, flags=re.MULTILINE))
    region = Choices().region
    priced = [load_prices(each).at(region).region for each in (home, ROOT)]
    before, now = [[each] if "has other prices" in each else [] for each in priced]
    return before, now


def challenges_lost(home: Path) -> tuple[list[str], list[str]]:
    """The login that az asks for, if the program tells the learner another one."""
    reason = client.Azure(SUBSCRIPTION, home)._reason(MFA, ("group", "list"))
    before, now = [
        [CHALLENGE] if CHALLENGE not in each else [] for each in (client.LOG_IN, reason.run_next)
    ]
    return before, now


def reasons_without_a_link(_: Path) -> tuple[list[str], list[str]]:
    """Reasons why a pod waits that the page of refusals explains, and the check does not say so."""

    def silent(said: dict[str, str]) -> list[str]:
        entries = {reason: known(reason) for reason in said}
        return [reason for reason, e in entries.items() if e and e.link not in said[reason]]

    before = {reason: why.partition(" On Azure")[0] for reason, why in STUCK.items()}
    return silent(before), silent(STUCK)


CODE = {
    "B4: variables of the other target stay": kept_variables,
    "B5: names of a deleted group come back": names_of_what_is_gone,
    "B6: prices of another region": regions_without_prices,
    "B8: a plain login in the place of the challenge": challenges_lost,
    "B12: a new role takes ten minutes": reasons_without_a_link,
}


@pytest.mark.parametrize("name", CODE)
def test_what_the_program_did_before_is_found(name: str, az: RecordedAz, tmp_path: Path) -> None:
    before, now = CODE[name](tmp_path)
    assert before
    assert now == []


def test_every_fault_of_the_audit_has_a_finder() -> None:
    titles = [*OLD, *DOCTOR, *CODE, *(each.name for each in MISTAKES)]
    found = [number for each in titles for number in re.findall(r"\b[AB]\d+\b", each.split(":")[0])]
    assert {*found} == NUMBERS
