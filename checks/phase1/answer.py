"""Run in a pod behind the Service: what does this pod answer, and which model file does it hold?

Arguments: the pod's own address and port, and texts as JSON. Prints JSON.
"""

import hashlib
import http.client
import json
import sys
from pathlib import Path

SECONDS = 5


def ask(text):
    connection = http.client.HTTPConnection(sys.argv[1], timeout=SECONDS)
    headers = {"Content-Type": "application/json"}
    connection.request("POST", "/predict", json.dumps({"text": text}), headers)
    response = connection.getresponse()
    body = response.read().decode(errors="replace")
    try:
        return response.status, json.loads(body)
    except ValueError:
        return response.status, body


def digest():
    """Of the model file that the manifest in the image names; "" without such a file."""
    try:
        manifest = json.loads(Path("model/manifest.json").read_bytes())
        return hashlib.sha256(Path("model", manifest["artefact"]).read_bytes()).hexdigest()
    except (OSError, ValueError, KeyError, TypeError):
        return ""


try:
    answers = [ask(text) for text in json.loads(sys.argv[2])]
except (OSError, http.client.HTTPException) as error:
    answers = [[0, f"{type(error).__name__}: {error}"]]
print(json.dumps({"answers": answers, "sha256": digest()}))
