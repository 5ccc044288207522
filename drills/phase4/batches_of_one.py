"""Batches that hold one text each."""

import re
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from checks.phase4.test_settings import test_requests_are_batched
from drills.phase4._scaler import need_scaler, wait_until_measured
from workbook.drills.drill import Drill, System
from workbook.drills.objects import deployment_of, kubectl, wait_for_rollout


def break_it(system: System) -> None:
    need_scaler(system)
    _deploy(system, texts=1)


def fix(system: System) -> None:
    _deploy(system, texts=64)


def _deploy(system: System, texts: int) -> None:
    """Deploy the API as the lesson does, with this many texts in a batch."""
    cluster = deployment_of(system).cluster
    with TemporaryDirectory() as folder:
        files = Path(folder, "k8s")
        shutil.copytree(system.phase.directory / "k8s", files)
        settings = files / "base/settings.env"
        text = re.sub("BATCH_TEXTS=.*", f"BATCH_TEXTS={texts}", settings.read_text("utf-8"))
        settings.write_text(text, "utf-8")
        which = "--selector=app.kubernetes.io/name in (settings, ml-api), "
        which += "app.kubernetes.io/component in (settings, api)"
        kubectl(cluster, "apply", which, f"--kustomize={files / system.choices.target}")
    wait_for_rollout(cluster)
    wait_until_measured(system)


DRILL = Drill(
    title="To find an error, a colleague turned batches off. The error is found.",
    difficulty=2,
    turns_red=test_requests_are_batched,
    hints=(
        "All answers are right. What do they cost?",
        "A setting was changed, and rolled out as it should be. Which?",
        "kubectl --namespace ml-demo exec deployment/ml-api -- env | grep BATCH",
    ),
    way_back=(
        "Set SENTIMENT_BATCH_TEXTS in k8s/base/settings.env to its old value, and deploy again.\n"
        "  ./workbook lab 4"
    ),
    break_it=break_it,
    fix=fix,
)
