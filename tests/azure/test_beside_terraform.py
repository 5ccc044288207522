"""What the lessons change with `az` on a cluster of Terraform's is no drift to Terraform."""

import pytest
from az.finders import READ_AS, changed_beside_terraform, drift
from copies import ROOT

CLUSTER = ROOT / "terraform" / "modules" / "cluster" / "main.tf"


def test_terraform_ignores_what_a_lesson_changes_on_its_cluster() -> None:
    lessons = sorted(ROOT.glob("phases/phase[3-9]/README.md"))
    changed = changed_beside_terraform(
        {file.parent.name: file.read_text(encoding="utf-8") for file in lessons}
    )
    assert "--enable-app-routing-istio" in changed
    assert drift(CLUSTER.read_text(encoding="utf-8"), changed) == []
    assert drift("ignore_changes = [web_app_routing, tags]", changed) == [
        "tags is ignored for nothing"
    ]


def test_an_option_that_terraform_may_read_is_found() -> None:
    lesson = "```bash\naz aks update --resource-group shop --name shop --enable-vpa\n```\n"
    [option] = changed_beside_terraform({"lesson": lesson})
    with pytest.raises(KeyError, match="--enable-vpa"):
        READ_AS[option]
