"""What the lessons change with `az` on a cluster of Terraform's is no drift to Terraform."""

import re

import pytest
from copies import ROOT

from workbook.site.az_lines import commands_of

CLUSTER = ROOT / "terraform" / "modules" / "cluster" / "main.tf"
# azurerm 5.2.0, internal/services/containers/kubernetes_cluster_resource.go: what Azure says of the
# application routing add-on is read into web_app_routing. It reads nothing of --enable-gateway-api.
READ_AS = {"--enable-app-routing-istio": "web_app_routing", "--enable-gateway-api": None}
CHOOSES_THE_CLUSTER = {"--resource-group", "--name", "--output"}


def changed_beside_terraform(texts: dict[str, str]) -> set[str]:
    """The options with which lessons change the cluster after Terraform has made it."""
    return {
        word
        for command in commands_of(texts)
        if command.words[:2] == ["aks", "update"]
        for word in command.words
        if word.startswith("--")
    } - CHOOSES_THE_CLUSTER


def test_terraform_ignores_what_a_lesson_changes_on_its_cluster() -> None:
    lessons = sorted(ROOT.glob("phases/phase[3-9]/README.md"))
    changed = changed_beside_terraform(
        {file.parent.name: file.read_text(encoding="utf-8") for file in lessons}
    )
    assert "--enable-app-routing-istio" in changed
    [ignored] = re.findall(r"ignore_changes = \[(.+)\]", CLUSTER.read_text(encoding="utf-8"))
    assert {READ_AS[option] for option in changed} - {None} == set(ignored.split(", "))


def test_an_option_that_terraform_may_read_is_found() -> None:
    lesson = "```bash\naz aks update --resource-group shop --name shop --enable-vpa\n```\n"
    [option] = changed_beside_terraform({"lesson": lesson})
    with pytest.raises(KeyError, match="--enable-vpa"):
        READ_AS[option]
