"""Run in a pod of the API: how is its process set? Prints JSON."""

import json
import os

print(json.dumps({k: v for k, v in os.environ.items() if k.startswith("SENTIMENT_")}))
