"""What the commands of a lesson rely on: where programs are, and names of the learner's system."""

import os
import sys
from pathlib import Path

from workbook.learner.choices import Choices
from workbook.learner.ports import CLUSTER_PORTS
from workbook.targets.address import service_address
from workbook.targets.azure.client import az_folder
from workbook.targets.azure.names import names, names_in_use
from workbook.targets.kubernetes import GATEWAY_NAMESPACES
from workbook.targets.local.cluster import Cluster
from workbook.targets.local.provider import configuration
from workbook.targets.local.tools import EVERYWHERE, folder_of, gateway_crds


def lesson_environment(home: Path, choices: Choices) -> dict[str, str]:
    """The variables that a lesson's commands need, beside those that are set already.

    KUBECONFIG is the workbook's own, also before there is a cluster: a lesson's kubectl must never
    reach another one. For the same reason, az keeps its login in a folder of the workbook's own.
    """
    folders = [Path(sys.executable).parent, *map(folder_of, EVERYWHERE)]
    environment = {
        "PATH": os.pathsep.join([*map(str, folders), os.environ.get("PATH", "")]),
        "WORKBOOK_ROOT": str(home),
        "WORKBOOK_TARGET": choices.target,
        "PORT": str(choices.port),
        "GATEWAY_NAMESPACE": GATEWAY_NAMESPACES[choices.target],
        "KUBECONFIG": str(home / ".workbook" / choices.target / "kubeconfig"),
        # kubectl's own, but with one line around a change, not three. One line shows the field that
        # a change is in. Three would show the whole object as one line of JSON, above `generation`
        "KUBECTL_EXTERNAL_DIFF": "diff -U1 -N",
    }
    # Terraform: the Kubernetes backend does not read KUBECONFIG; no look for newer versions
    environment |= {"KUBE_CONFIG_PATH": environment["KUBECONFIG"], "CHECKPOINT_DISABLE": "1"}
    if choices.target == "local":
        environment["TF_CLI_CONFIG_FILE"] = str(configuration())
    for name in ("NO_PROXY", "no_proxy"):  # what is on this machine is not behind a proxy
        environment[name] = ",".join(filter(None, [os.environ.get(name), "localhost,127.0.0.1"]))
    if choices.target == "local" and (record := Cluster(home).record()):
        environment |= {
            "ADDRESS": service_address(record),
            "BASE_IMAGE": record.base_image,
            "REGISTRY": f"localhost:{record.registry_port}",
            "TF_VAR_registry": f"localhost:{record.registry_port}",
            "GATEWAY_CRDS": str(gateway_crds()),
            **{p.variable: str(getattr(record, p.name)) for p in CLUSTER_PORTS if p.variable},
        }
        if record.docker_host:
            environment["DOCKER_HOST"] = record.docker_host
    if choices.target == "azure":
        environment["AZURE_CONFIG_DIR"] = str(az_folder(home))
        if choices.subscription:
            environment |= {
                "ARM_SUBSCRIPTION_ID": choices.subscription,
                **names_in_use(home, choices),
            }
    return environment


def of_one_target_only() -> set[str]:
    """The variables that must not outlive a change of the target: what lesson_environment sets for
    one of the two only, and what cells of the lessons export."""
    local = {"DOCKER_HOST", "GATEWAY_CRDS", "TF_CLI_CONFIG_FILE", "TF_VAR_registry"}
    azure = {"ARM_SUBSCRIPTION_ID", "AZURE_CONFIG_DIR", "BASE_IMAGE", *names(Choices())}
    cells = {"ADDRESS", "DATABASE_ADDRESS", "DATABASE_PORT", "IMAGE", "STATE"}
    return local | azure | cells | {port.variable for port in CLUSTER_PORTS if port.variable}
