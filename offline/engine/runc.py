"""runc for an engine that does not hold every capability: one that it lacks, it cannot give away.

Docker and containerd ask for all capabilities for a privileged container, and runc then refuses.
This takes the missing ones out of what is asked for and hands over to runc.

    runc.py RUNC CAPABILITY[,CAPABILITY] RUNC'S OWN ARGUMENTS...
"""

import json
import os
import sys
from itertools import pairwise
from pathlib import Path


def without(process, missing):
    """Take capabilities out of a process of the OCI runtime specification."""
    sets = process.get("capabilities") or {}
    for name, capabilities in sets.items():
        sets[name] = [capability for capability in capabilities or [] if capability not in missing]


def adapt(arguments, missing):
    """Change the files that say what runc is about to start."""
    for option, value in pairwise(arguments):
        path = Path(value, "config.json") if option == "--bundle" else Path(value)
        if option in ("--bundle", "--process") and path.is_file():
            asked = json.loads(path.read_bytes())
            without(asked.get("process") or {} if option == "--bundle" else asked, missing)
            path.write_text(json.dumps(asked))


if __name__ == "__main__":
    runc, missing, *arguments = sys.argv[1:]
    adapt(arguments, missing.split(","))
    os.execv(runc, [runc, *arguments])
