"""JupyterLab as lessons need it: its contents panel is open, and it asks nothing at the start."""

import json
import os
from pathlib import Path

from workbook.learner.store import write_json

SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"checkForUpdates": False, "fetchNews": "false"},
}
CONTENTS = "@jupyterlab/toc:plugin"
WORKSPACE = {  # what is open at first; JupyterLab keeps what the learner makes of it
    "metadata": {"id": "default"},
    "data": {
        "layout-restorer:data": {
            "left": {
                "collapsed": False,
                "visible": True,
                "current": CONTENTS,
                "widgets": ["filebrowser", "running-sessions", CONTENTS],
            },
            "relativeSizes": [0.2, 0.8, 0],  # left, the notebook, right
        }
    },
}


def lab_environment(home: Path) -> dict[str, str]:
    """The variables by which JupyterLab finds our settings and workspace; makes both.

    The learner's own settings still go first, and their other notebooks keep their workspace.
    """
    from jupyterlab_server.workspaces_handler import WorkspacesManager

    folder = home / ".workbook" / "lab"
    write_json(folder / "labconfig" / "default_setting_overrides.json", SETTINGS)
    workspaces = WorkspacesManager(str(folder / "workspaces"))
    if not any((folder / "workspaces").glob("*")):
        workspaces.save("default", json.dumps(WORKSPACE))
    others = os.environ.get("JUPYTER_CONFIG_PATH", "")
    return {
        "JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, [str(folder), others])),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
    }
