"""Run in the pod of the API, with its Python and its password: what it finds of the database.

Argument: what the request ids of a recording begin with. Prints JSON.
"""

import json
import os
import socket
import sys
import time
from pathlib import Path

import psycopg2

SECONDS = 3
SECONDS_TO_BE_ADMITTED = 4  # a rule learns of a new pod a moment after its start

host = os.environ["SENTIMENT_DATABASE_HOST"]
port = os.environ["SENTIMENT_DATABASE_PORT"]


def look():
    """The database's answers: rows of the recording, and when the oldest of all was written."""
    with (
        psycopg2.connect(
            host=host,
            port=port,
            dbname=os.environ["SENTIMENT_DATABASE_NAME"],
            user=os.environ["SENTIMENT_DATABASE_USER"],
            password=Path("/run/secrets/database/password").read_text("utf-8").strip(),
            sslmode="verify-full",
            sslrootcert="/run/secrets/database-ca/ca.crt",
            connect_timeout=SECONDS,
        ) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "SELECT count(*) FILTER (WHERE starts_with(request_id, %s)),"
            " extract(epoch FROM min(written_at))::float8 FROM predictions",
            [sys.argv[1]],
        )
        recorded, oldest = cursor.fetchone()
        return {"address": socket.gethostbyname(host), "recorded": recorded, "oldest": oldest}


deadline = time.monotonic() + SECONDS_TO_BE_ADMITTED
while True:
    try:
        found = {"problem": None, **look()}
        break
    except (OSError, psycopg2.Error) as error:
        said = str(error).strip().splitlines() or ["no reason given"]
        found = {"problem": said[-1].strip()}
        if time.monotonic() > deadline:
            break
        time.sleep(0.5)
print(json.dumps({"host": host, "port": port, **found}))
