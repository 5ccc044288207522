"""What the phases cost: the table, its sums, the lessons that quote it, and what was spent."""

import json
import os
import re
import stat
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from copies import ROOT, cli_of
from recorded_az import SUBSCRIPTION

from workbook.cli.actions import run_and_show
from workbook.course.cost import (
    TABLE,
    PricesDamaged,
    an_hour,
    in_a_sentence,
    load_prices,
    where_from,
)
from workbook.course.phase import Phase, phases
from workbook.learner.choices import TARGETS, Choices
from workbook.targets.azure.spending import Resource, spent

USE_AZURE = ("use", "azure", "--subscription", SUBSCRIPTION, "--prefix", "ml-demo")
SMALL = """
region = "Here"
hours_a_month = 730

[items.node]
what = "a machine"
hour = 0.2
stop = "stop it"
part_of = "Some/clusters"
source = "https://example.org/"
date = 2026-11-23
confidence = "made up"

[items.disk]
what = "a disk"
month = 73
part_of = "Some/clusters"
source = "https://example.org/"
date = 2026-11-20
confidence = "made up"

[items.address]
what = "an address"
hour = 0.01
part_of = "Some/addresses"
source = "https://example.org/"
date = 2026-11-23
confidence = "made up"

[phases]
0 = []
1 = ["node", "disk"]
2 = ["address", "address"]
"""


def small(home: Path, old: str = "", new: str = "") -> Path:
    """A workbook's folder with the small table, one passage of it replaced."""
    assert old in SMALL
    (home / TABLE).parent.mkdir(parents=True, exist_ok=True)
    (home / TABLE).write_text(SMALL.replace(old, new, 1), encoding="utf-8")
    return home


def test_sums_are_those_that_a_hand_makes(tmp_path: Path) -> None:
    prices = load_prices(small(tmp_path))
    # phase 1: 0.2 + 73/730 = 0.3; phase 2 adds 2 x 0.01; stopped, the node is not charged
    assert an_hour(prices.adds(1)) == pytest.approx(0.3)
    assert an_hour(prices.adds(2)) == pytest.approx(0.02)
    assert an_hour(prices.in_use(2)) == pytest.approx(0.32)
    assert an_hour(prices.in_use(2), stopped=True) == pytest.approx(0.12)
    assert prices.month(an_hour(prices.in_use(2))) == pytest.approx(233.6)
    assert in_a_sentence(prices, 2) == (
        "On Azure, everything up to phase 2 costs about 0.32 USD an hour, 7.68 a day, 234 a month."
    )
    assert in_a_sentence(prices, 0) == "On Azure, this costs nothing."
    assert f"{prices.date}" == "2026-11-20"


def test_another_region_costs_a_multiple(tmp_path: Path) -> None:
    few = 'region = "Here"\n', 'region = "Here"\nregions = { dear = 1.5 }\n'
    prices = load_prices(small(tmp_path, *few))
    assert an_hour(prices.at("dear").adds(1)) == pytest.approx(0.45)
    assert an_hour(prices.at("dear").in_use(2), stopped=True) == pytest.approx(0.18)
    assert "Here, times 1.5 for dear" in where_from(prices.at("dear"))
    unknown = prices.at("elsewhere")
    assert an_hour(unknown.adds(1)) == pytest.approx(0.3)
    assert "Here (elsewhere has other prices)" in where_from(unknown)


def test_the_default_region_is_in_the_real_table() -> None:
    assert Choices().region in load_prices(ROOT).regions


def test_phase_1_of_the_real_table_by_hand() -> None:
    table = tomllib.loads((ROOT / TABLE).read_text(encoding="utf-8"))
    item = table["items"]
    month = table["hours_a_month"]
    by_hand = (
        item["control-plane"]["month"] / month
        + item["node"]["hour"]
        + item["node-disk"]["month"] / month
        + item["load-balancer"]["hour"]
        + 2 * item["address"]["hour"]
        + item["registry"]["month"] / month
    )
    assert an_hour(load_prices(ROOT).in_use(1)) == pytest.approx(by_hand)


def test_every_phase_is_in_the_table() -> None:
    assert sorted(load_prices(ROOT).phases) == list(range(8))


def it_costs(lesson: Path) -> str:
    """What a lesson says under "It costs"."""
    row = re.search(r"^\| \*\*It costs\*\* \| (.+) \|$", lesson.read_text(encoding="utf-8"), re.M)
    assert row is not None
    return row[1]


@pytest.mark.parametrize("phase", phases(ROOT, "local"), ids=lambda phase: phase.name)
def test_a_lesson_says_what_the_table_says(phase: Phase) -> None:
    """It names what the phase adds, or what everything costs that then runs."""
    prices = load_prices(ROOT)
    said = re.findall(r"([\d.]+) USD an hour", it_costs(phase.lesson))
    adds = f"{an_hour(prices.adds(phase.number)):.2f}"
    in_all = f"{an_hour(prices.in_use(phase.number)):.2f}"
    assert said in ([adds], [in_all]) or (said == [] and adds == "0.00")


def test_the_notebook_on_container_apps_says_what_the_table_says() -> None:
    said = it_costs(ROOT / "notebooks/container-apps-fast-track/README.md")
    assert f"about {load_prices(ROOT).items['container-app'].hour:.2f} USD an hour" in said


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('source = "https://example.org/"\n', "", "items.node.source: Field required"),
        (
            "date = 2026-11-23",
            'date = "yesterday"',
            "items.node.date: Input should be a valid date",
        ),
        ("hour = 0.2\n", "", "items.node: it needs one price, an hour or a month"),
        ("month = 73\n", "month = 73\nhour = 1\n", "items.disk: it needs one price"),
        (
            "hour = 0.2",
            "hour = -0.2",
            "items.node.hour: Input should be greater than or equal to 0",
        ),
        ("hour = 0.2", "hour = nan", "items.node.hour: Input should be a finite number"),
        ("hour = 0.2", 'hour = "0.2"', "items.node.hour: Input should be a valid number"),
        ("hour = 0.2", "hour = true", "items.node.hour: Input should be a valid number"),
        ("hour = 0.2", "our = 0.2", "items.node.our: Extra inputs are not permitted"),
        ('stop = "stop it"', "stop = true", "items.node.stop: Input should be a valid string"),
        ('["node", "disk"]', '["node", "disc"]', "phase 1 uses 'disc', which is no item: node,"),
        (
            '1 = ["node", "disk"]',
            'one = ["node"]',
            "phases.one.[key]: Input should be a valid integer",
        ),
        ('1 = ["node", "disk"]', '1 = "node"', "phases.1: Input should be a valid list"),
        ("[phases]", "[fases]", "phases: Field required"),
        (
            "hours_a_month = 730",
            "hours_a_month = 0",
            "hours_a_month: Input should be greater than 0",
        ),
        (
            "hours_a_month = 730",
            'hours_a_month = "730"',
            "hours_a_month: Input should be a valid int",
        ),
        ("[items.node]", "[items.node", "it cannot be read: "),
    ],
)
def test_a_damaged_table_says_where(tmp_path: Path, old: str, new: str, problem: str) -> None:
    with pytest.raises(PricesDamaged) as damaged:
        load_prices(small(tmp_path, old, new))
    assert problem in str(damaged.value)
    assert damaged.value.run_next == f"git diff {TABLE}"


def test_a_phase_that_the_table_leaves_out_is_named(tmp_path: Path) -> None:
    prices = load_prices(small(tmp_path))
    with pytest.raises(PricesDamaged, match="phase 3"):
        prices.in_use(3)


def test_the_verb_refuses_a_damaged_table_with_a_sentence(fresh: Path) -> None:
    table = fresh / TABLE
    table.write_text(table.read_text().replace("hour = 0.172", "hour = -1"))
    done = cli_of(fresh)("cost")
    assert done.returncode == 2
    assert "items.node.hour: Input should be greater than or equal to 0" in done.stderr
    assert f"Run next: git diff {TABLE}" in done.stderr


def test_on_the_target_local_nothing_was_spent(fresh: Path) -> None:
    out = cli_of(fresh)("cost").stdout
    assert re.findall(r"^ +([0-7]) ", out, re.M) == list("01234567")
    assert "Spent so far: 0." in out
    one = cli_of(fresh)("cost", "1").stdout
    assert "Standard_D4as_v5" in one
    assert "Stopped (az aks stop), it costs" in one


@pytest.mark.parametrize("target", TARGETS)
def test_before_a_phase_runs_on_azure_its_cost_is_said(
    fresh: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], target: str
) -> None:
    began = []
    monkeypatch.setattr(
        "workbook.lessons.notebook.run_lesson", lambda *_, **__: began.append(target)
    )
    run_and_show(Phase(1, fresh, target), Choices(target=target), answers=False)
    assert began
    said = in_a_sentence(load_prices(ROOT).at("westeurope"), 1) in capsys.readouterr().out
    assert said == (target == "azure")


def test_what_was_spent_is_hours_times_prices(tmp_path: Path) -> None:
    prices = load_prices(small(tmp_path))
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    resources = [
        Resource("some/CLUSTERS", now - timedelta(hours=10)),  # node and disk: 0.3
        Resource("Some/addresses", now - timedelta(hours=5)),  # two of 0.01
        Resource("Some/others", now - timedelta(hours=1000)),
    ]
    assert spent(prices, resources, now) == pytest.approx(10 * 0.3 + 5 * 0.02)


def fake_az(folder: Path, says: str, status: int = 0) -> str:
    """A PATH on which az says this, whatever it is asked."""
    folder.mkdir()
    (folder / "said").write_text(says)
    az = folder / "az"
    stream = 2 if status else 1
    az.write_text(
        f'#!/bin/sh\necho "$@" > "{folder}/asked"\ncat "{folder}/said" >&{stream}\nexit {status}\n'
    )
    az.chmod(az.stat().st_mode | stat.S_IXUSR)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def test_on_azure_az_is_asked_what_is_there(fresh: Path, tmp_path: Path) -> None:
    """createdTime as azure-cli 2.91 writes it: the model GenericResourceExpanded, made JSON."""
    created = datetime.now(UTC) - timedelta(hours=100)
    cluster = {
        "name": "ml-demo-aks",
        "type": "Microsoft.ContainerService/managedClusters",
        "createdTime": created.isoformat(),
        "provisioningState": "Succeeded",
        "resourceGroup": "ml-demo-rg",
        "tags": {"workbook": "ml-demo"},
    }
    of_terraform = {**cluster, "name": "ml-demo-abc12-aks", "resourceGroup": "ml-demo-abc12-rg"}
    of_somebody_else = {**cluster, "tags": None}
    listed = [cluster, of_terraform, of_somebody_else]
    path = fake_az(tmp_path / "bin", json.dumps(listed))
    cli = cli_of(fresh)
    cli(*USE_AZURE)
    done = cli("cost", PATH=path)
    assert done.returncode == 0, done.stderr
    prices = load_prices(fresh).at("westeurope")
    of_cluster = [item for item in prices.in_use(7) if "managedClusters" in item.part_of]
    said = re.search(r"at most ([\d.]+)\.", done.stdout)
    assert said is not None
    assert float(said[1]) == pytest.approx(2 * 100 * an_hour(of_cluster), abs=0.04)
    assert f"{created.day} {created:%B %Y}" in done.stdout
    asked = (tmp_path / "bin/asked").read_text()
    assert asked.startswith(f"resource list --tag workbook=ml-demo --subscription {SUBSCRIPTION} ")


@pytest.mark.parametrize(
    ("says", "status", "shown"),
    [
        ("[]", 0, "Spent by what is there now: 0. Nothing carries the tag workbook=ml-demo"),
        (
            "ERROR: Please run 'az login' to setup account.",
            1,
            "cannot be known here. The workbook's az has no valid login",
        ),
        (
            "ERROR: (SubscriptionNotFound) x",
            1,
            "cannot be known here. The login of the workbook's az does not see",
        ),
        ("no JSON", 0, "answered no JSON, but: no JSON"),
        ('{"error": 1}', 0, "answered no list, but: {'error': 1}"),
        ("", 0, "answered no list, but: None"),
        (
            '[{"type": "A/b", "tags": {"workbook": "ml-demo"}}]',
            0,
            "cannot be known here. az does not say of each resource",
        ),
    ],
)
def test_where_azure_does_not_say_the_rest_is_said(
    fresh: Path, tmp_path: Path, says: str, status: int, shown: str
) -> None:
    cli = cli_of(fresh)
    cli(*USE_AZURE)
    done = cli("cost", PATH=fake_az(tmp_path / "bin", says, status))
    assert done.returncode == 0, done.stderr
    assert shown in " ".join(done.stdout.split())
    assert "a month" in done.stdout
