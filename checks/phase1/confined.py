"""Run in a pod of the API: what may its processes do? Prints JSON.

Where the containers of a pod share their processes, process 1 is not the API's. This script has the
rights of the API's container, so both are looked at.
"""

import json
import os
import re
from pathlib import Path

TOKEN = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")
PROC = Path("/proc")
STATUSES = [(PROC / process / "status").read_text("utf-8") for process in ("1", "self")]


def numbers(name, base):
    """What each process has in this field."""
    found = [re.search(rf"^{name}\s+(\w+)", each, re.MULTILINE) for each in STATUSES]
    return [int(each[1], base) for each in found]


print(
    json.dumps(
        {
            "user": min(numbers(r"Uid:\s*\d+", 10)),
            "writable": not os.statvfs("/").f_flag & os.ST_RDONLY,
            "capabilities": max(numbers("CapEff:", 16)),
            "may_gain": min(numbers("NoNewPrivs:", 10)) == 0,
            "token": TOKEN.exists(),
        }
    )
)
