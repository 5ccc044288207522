"""Lesson 1 creates a cluster with `az`, lesson 3 with Terraform: the same, at the same price."""

import re

import pytest
from copies import ROOT

from workbook.course.cost import load_prices
from workbook.course.phase import Phase
from workbook.site.az_lines import commands_of
from workbook.targets.azure.doctor import nodes_of
from workbook.targets.azure.nodes import MAX_SURGE

LESSON = ROOT / "phases" / "phase1" / "README.md"
MODULE = ROOT / "terraform" / "modules" / "cluster" / "main.tf"
ARGUMENTS = {  # of `az aks create`, and what azurerm calls them
    "--tier": "sku_tier",
    "--os-sku": "os_sku",
    "--max-pods": "max_pods",
    "--node-osdisk-type": "os_disk_type",
    "--node-osdisk-size": "os_disk_size_gb",
    "--network-plugin": "network_plugin",
    "--network-plugin-mode": "network_plugin_mode",
    "--network-dataplane": "network_data_plane",
    "--network-policy": "network_policy",
}


def by_hand() -> dict[str, str]:
    [words] = [
        command.words
        for command in commands_of({"lesson": LESSON.read_text(encoding="utf-8")})
        if command.words[:2] == ["aks", "create"]
    ]
    return dict(zip(words, [*words[1:], ""], strict=True))


@pytest.mark.parametrize("option", ARGUMENTS)
def test_the_cluster_made_by_hand_is_that_of_terraform(option: str) -> None:
    found = re.search(
        rf'^ +{ARGUMENTS[option]} += "?(.+?)"?(?: +#.*)?$', MODULE.read_text("utf-8"), re.MULTILINE
    )
    assert found
    assert by_hand()[option].lower() == found[1].lower()


def test_the_table_of_prices_has_the_disk_that_is_created() -> None:
    assert f" {by_hand()['--node-osdisk-size']} GB " in load_prices(ROOT).items["node-disk"].what


def test_doctor_counts_the_nodes_that_are_created() -> None:
    assert nodes_of(Phase(1, ROOT, "azure")) == int(by_hand()["--node-count"])
    roots = sorted(ROOT.glob("phases/*/terraform/azure"))
    assert roots
    for root in roots:
        number = int(root.parents[1].name.removeprefix("phase"))
        variables = (root / "variables.tf").read_text(encoding="utf-8")
        [count] = re.findall(r'"node_count" {[^}]+default +=\s+(\d+)', variables)
        assert nodes_of(Phase(number, ROOT, "azure")) == int(count)
    [surge] = re.findall(r'max_surge = "(\d+)%"', MODULE.read_text(encoding="utf-8"))
    assert int(surge) / 100 == MAX_SURGE
