"""Run in a pod of the API, with its Python: ask the API there for a page of its history.

Prints JSON: status, and body as text.
"""

import json
import sys
import urllib.error
import urllib.request

try:
    with urllib.request.urlopen(f"http://localhost:8000{sys.argv[1]}", timeout=10) as answer:
        print(json.dumps({"status": answer.status, "body": answer.read().decode()}))
except urllib.error.HTTPError as error:
    print(json.dumps({"status": error.code, "body": error.read().decode()}))
