"""A server that also talks to those who do not encrypt."""

import re
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from checks.phase2.conftest import DATABASE
from checks.phase2.test_security import test_insecure_connection_is_refused
from drills.phase2._database import SERVER, wait_for_log
from workbook.drills.drill import Drill, System
from workbook.drills.objects import cluster_of, kubectl
from workbook.errors import WorkbookError
from workbook.targets.kubernetes import Kubernetes


def break_it(system: System) -> None:
    _deploy(system, hostssl="host")


def fix(system: System) -> None:
    server = cluster_of(system).within(DATABASE)
    broken = _settings(server)
    _deploy(system, hostssl="hostssl")
    if broken != _settings(server):  # nobody uses it any more, and phase 3 would ask what it is for
        kubectl(server, "delete", "configmap", broken, "--ignore-not-found")


def _settings(server: Kubernetes) -> str:
    """The name of the ConfigMap that the server runs with."""
    found = server.get_one("statefulsets", "postgres")
    if found is None:
        raise WorkbookError("There is no database yet.", "./workbook goto 2")
    volumes = found["spec"]["template"]["spec"]["volumes"]
    return next(str(each["configMap"]["name"]) for each in volumes if "configMap" in each)


def _deploy(system: System, hostssl: str) -> None:
    """Deploy the server as the lesson does, with this word in pg_hba.conf."""
    server = cluster_of(system).within(DATABASE)
    found = server.get_one("statefulsets", "postgres")
    if found is None:
        raise WorkbookError("There is no database yet.", "./workbook goto 2")
    with TemporaryDirectory() as folder:
        files = Path(folder, "postgres")
        shutil.copytree(system.phase.root / "k8s/postgres", files)
        rules = files / "pg_hba.conf"
        text = re.sub("^hostssl ", f"{hostssl} ", rules.read_text("utf-8"), flags=re.MULTILINE)
        rules.write_text(text, "utf-8")
        kubectl(server, "apply", f"--kustomize={files}")
    kubectl(server, "rollout", "status", SERVER, "--timeout=120s")
    wait_for_log(system, "ok")


DRILL = Drill(
    title="“An old reporting tool cannot do TLS. I have opened the door a little.”",
    difficulty=2,
    turns_red=test_insecure_connection_is_refused,
    hints=(
        "The API is as safe as before. Who else may come in now, and how?",
        "The server's rules: kubectl --namespace ml-data exec postgres-0 --container postgres -- "
        "cat /etc/postgres/pg_hba.conf",
        "hostssl admits connections with TLS. host also admits those without TLS.",
    ),
    way_back=(
        "Deploy the server from the files again, as lesson 2 does under\n"
        "“Get a database”. Then change the passwords: they may have crossed the network in plain\n"
        "view.\n"
        "  ./workbook lab 2"
    ),
    break_it=break_it,
    fix=fix,
    targets=("local",),
)
