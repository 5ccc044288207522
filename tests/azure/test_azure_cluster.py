"""The learner's cluster on Azure: no other one is ever asked."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fake_cluster import write_kubectl
from recorded_az import SUBSCRIPTION, RecordedAz, recorded

from workbook.learner.choices import Choices, save_choices
from workbook.outcome import NotStarted, Unknown, Wrong
from workbook.targets.opening import open_cluster

HOST = recorded("aks list")[0]["fqdn"]


@pytest.fixture
def home(az: RecordedAz, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workbook on Azure whose kubeconfig leads to the recorded cluster, which is stopped."""
    monkeypatch.setattr("workbook.targets.local.tools.is_built", lambda name: False)
    monkeypatch.delenv("KUBECONFIG", raising=False)
    save_choices(tmp_path, Choices(target="azure", subscription=SUBSCRIPTION, prefix="ml-demo"))
    kubeconfig = tmp_path / ".workbook/azure/kubeconfig"
    kubeconfig.parent.mkdir(parents=True)
    kubeconfig.touch()
    leads_to(az, HOST)
    return tmp_path


def leads_to(az: RecordedAz, host: str) -> None:
    """A kubectl whose kubeconfig names that host, and which writes down what else it is asked."""
    config = json.dumps({"clusters": [{"cluster": {"server": f"https://{host}:443"}}]})
    write_kubectl(
        az.folder / "kubectl",
        {
            '*"config view"*': f"echo '{config}'",
            "*": f'echo "$*" >> "{az.folder}/asked"; exit 1',
        },
    )


def test_a_cluster_on_azure_is_asked_by_the_machines_own_kubectl(
    az: RecordedAz, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Wrong) as wrong:
        open_cluster(home, "azure")
    assert wrong.value.rows["run next"].startswith("az aks start")
    assert "readyz" in (az.folder / "asked").read_text()
    (az.folder / "kubectl").unlink()
    monkeypatch.setenv("PATH", str(az.folder))
    with pytest.raises(NotStarted, match="no kubectl"):
        open_cluster(home, "azure")


def test_a_private_cluster_is_known_by_its_private_name(az: RecordedAz, home: Path) -> None:
    name = "ml-demo-0f1e2d3c.privatelink.westeurope.azmk8s.io"
    az.change("aks list", lambda clusters: clusters[0].update(privateFqdn=name))
    leads_to(az, name)
    with pytest.raises(Wrong):  # it is asked, and is stopped
        open_cluster(home, "azure")


def without_tag(clusters: list[dict[str, Any]]) -> None:
    clusters[0]["tags"] = None


def of_another(clusters: list[dict[str, Any]]) -> None:
    clusters[0]["tags"]["workbook"] = "another"


@pytest.mark.parametrize("change", [list.clear, without_tag, of_another])
def test_a_cluster_without_our_tag_is_never_asked(
    az: RecordedAz, home: Path, change: Callable[[Any], object]
) -> None:
    az.change("aks list", change)
    with pytest.raises(NotStarted, match="no cluster with the tag workbook=ml-demo"):
        open_cluster(home, "azure")
    assert not (az.folder / "asked").exists()


@pytest.mark.parametrize("host", ["production.hcp.westeurope.azmk8s.io", "127.0.0.1", ""])
def test_kubeconfig_of_another_cluster_is_refused_with_the_fix(
    az: RecordedAz, home: Path, host: str
) -> None:
    leads_to(az, host)
    with pytest.raises(Unknown) as unknown:
        open_cluster(home, "azure")
    assert f"leads to {host or 'no host'}, which is no cluster" in str(unknown.value)
    words = "--resource-group ml-demo-rg --name ml-demo-aks --file"
    assert f"az aks get-credentials {words}" in str(unknown.value)
    assert not (az.folder / "asked").exists()


def test_where_azure_does_not_say_no_cluster_is_asked(az: RecordedAz, home: Path) -> None:
    az.say("aks list", stderr="ERROR: Please run 'az login' to setup account.", status=1)
    with pytest.raises(Unknown, match="az login"):
        open_cluster(home, "azure")
    save_choices(home, Choices(target="azure"))
    with pytest.raises(Unknown, match="use azure --subscription ID"):
        open_cluster(home, "azure")
    assert not (az.folder / "asked").exists()
