"""What `env` prints on Azure: names of what exists, and nothing of the target before."""

import json
import re
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from copies import ROOT, cli_of
from recorded_az import SUBSCRIPTION

from workbook.learner.choices import Choices
from workbook.learner.ports import CLUSTER_PORTS
from workbook.learner.store import write_json
from workbook.targets import environment
from workbook.targets.azure.names import (
    OUTPUT_OF,
    is_of_terraform,
    names_in_use,
    outputs_of_terraform,
)

CHOICES = Choices(target="azure", subscription=SUBSCRIPTION, prefix="ml-demo")
# `terraform output -json` of Terraform 1.11.4
OUTPUTS = {
    output: {"sensitive": False, "type": "string", "value": f"ml-demo-abc12-{output}"}
    for output in OUTPUT_OF.values()
} | {"resource_group": {"sensitive": False, "type": "string", "value": "ml-demo-abc12-rg"}}


def test_names_are_those_of_terraform_once_it_has_made_the_system(tmp_path: Path) -> None:
    assert names_in_use(tmp_path, CHOICES)["RG"] == "ml-demo-rg"
    write_json(outputs_of_terraform(tmp_path), OUTPUTS)
    found = names_in_use(tmp_path, CHOICES)
    assert found["AKS"] == "ml-demo-abc12-cluster"
    assert found["DB"] == "ml-demo-abc12-database"
    assert found["BASE_IMAGE"].startswith("ml-demo-abc12-registry_login_server/base/python@sha256:")
    assert found["STATE_RG"] == "ml-demo-state-rg"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        json.dumps({**OUTPUTS, "resource_group": {"value": "other-abc12-rg"}}),
        json.dumps({**OUTPUTS, "resource_group": {"value": "ml-demo-two-abc12-rg"}}),
    ],
)
def test_outputs_that_are_damaged_or_of_another_prefix_name_nothing(
    tmp_path: Path, content: str
) -> None:
    kept = outputs_of_terraform(tmp_path)
    kept.parent.mkdir(parents=True)
    kept.write_text(content)
    assert names_in_use(tmp_path, CHOICES)["RG"] == "ml-demo-rg"


def test_lesson_3_keeps_the_outputs_that_env_reads() -> None:
    lesson = (ROOT / "phases" / "phase3" / "README.md").read_text(encoding="utf-8")
    assert f'terraform output -json > "$STATE/{outputs_of_terraform(ROOT).name}"' in lesson
    declared = (ROOT / "phases/phase3/terraform/azure/outputs.tf").read_text(encoding="utf-8")
    assert all(f'output "{name}"' in declared for name in OUTPUT_OF.values())


def test_names_of_terraform_are_told_from_those_made_by_hand() -> None:
    of_terraform = ("ml-demo-abc12-rg", "ml-demo-abc12-aks")
    others = ("", "ml-demo-rg", "ml-demo-aks", "ml-demo-state-rg", "ml-demo-two-abc12-aks")
    assert all(is_of_terraform(name, CHOICES) for name in of_terraform)
    assert not any(is_of_terraform(name, CHOICES) for name in others)
    root = (ROOT / "phases/phase3/terraform/azure/main.tf").read_text(encoding="utf-8")
    assert re.search(r'"random_string" "suffix" {\s+length +=\s+5\s', root)


def test_env_drops_what_the_target_before_has_set(fresh: Path) -> None:
    cli = cli_of(fresh)
    cli("use", "azure", "--subscription", SUBSCRIPTION, "--prefix", "ml-demo")
    azure = cli("env").stdout
    cli("use", "local")
    local = cli("env").stdout
    show = 'echo "$WORKBOOK_TARGET ${RG-gone} ${DATABASE_ADDRESS-gone} ${IMAGE-gone}"'
    exports = "export DATABASE_ADDRESS=127.0.0.1 IMAGE=one"
    for lines, said in (
        ([local, exports, azure], "azure ml-demo-rg gone gone"),
        ([azure, exports, local], "local gone gone gone"),
        ([azure, exports, azure], "azure ml-demo-rg 127.0.0.1 one"),  # the same target: kept
    ):
        script = "\n".join(["set -eu", *lines, show])
        done = subprocess.run(["bash"], input=script, capture_output=True, text=True)
        assert done.stdout.strip() == said, done.stderr


def test_every_variable_of_one_target_is_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports = {port.name: port.default for port in CLUSTER_PORTS}
    record = SimpleNamespace(base_image="base", docker_host="unix:///x", **ports)
    monkeypatch.setattr(environment, "Cluster", lambda home: SimpleNamespace(record=lambda: record))
    monkeypatch.setattr(environment, "service_address", lambda record: "http://localhost:8080")
    monkeypatch.setattr(environment, "gateway_crds", lambda: tmp_path)
    local = environment.lesson_environment(tmp_path, Choices())
    azure = environment.lesson_environment(tmp_path, CHOICES)
    assert {"DOCKER_HOST", "POSTGRES_PORT"} <= local.keys()
    assert local.keys() ^ azure.keys() <= environment.of_one_target_only()
    assert not {"PATH", "KUBECONFIG", "WORKBOOK_ROOT"} & environment.of_one_target_only()
