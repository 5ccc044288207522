"""The history of predictions, read from inside a pod of the API: from phase 4 on, no route of the
gateway leads to it.

Like check.py, this needs the standard library only.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from workbook.checks.inside import ask_pod
from workbook.outcome import Wrong
from workbook.targets.kubernetes import APP, Kubernetes

FROM_THE_POD = Path(__file__).with_name("history_from_the_pod.py")


@dataclass(frozen=True)
class History:
    """What `GET /predictions` answers in a pod of the API that is ready."""

    cluster: Kubernetes  # in the namespace of the API

    def page(self, **wanted: Any) -> dict[str, Any]:
        """A page of the history.

        Args:
            wanted: the parameters of GET /predictions.

        Raises:
            NotStarted: no pod of the API is ready.
            Wrong: the API refuses, or the pod cannot be asked.
        """
        path = f"/predictions?{urlencode(wanted)}"
        found = ask_pod(self.cluster, FROM_THE_POD, path)
        if found["status"] != 200:
            raise Wrong(
                expected=f"200 for GET {path}, asked in a pod of the API",
                found=f"{found['status']} {found['body'][:120]}",
                why="predictions are written, and cannot be read: reading has connections of its "
                "own, of which the server may admit no more",
                run_next=f"kubectl --namespace {self.cluster.namespace} logs deployment/{APP} "
                "--tail 20",
            )
        try:
            page = json.loads(found["body"])
        except ValueError:
            page = None
        if not isinstance(page, dict) or not page.keys() >= {"predictions", "next"}:
            raise Wrong(
                expected=f"a page of predictions for GET {path}, asked in a pod of the API",
                found=found["body"][:120],
                why="another program than the API of phase 2 answers there",
                run_next="git diff phases/phase2/sentiment/history.py",
            )
        return page
