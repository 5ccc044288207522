"""Run in the pod of the API, with its Python and its password: what it finds of the database.

Argument: what the request ids of a recording begin with. Prints JSON.
"""

import json
import os
import socket
import sys
from pathlib import Path

import psycopg2

SECONDS = 3

host = os.environ["SENTIMENT_DATABASE_HOST"]
port = os.environ["SENTIMENT_DATABASE_PORT"]
found = {"host": host, "port": port, "problem": None}
try:
    found["address"] = socket.gethostbyname(host)
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
        # rows of the recording; and when the oldest of all rows was written, in seconds since 1970
        cursor.execute(
            "SELECT count(*) FILTER (WHERE starts_with(request_id, %s)),"
            " extract(epoch FROM min(written_at))::float8 FROM predictions",
            [sys.argv[1]],
        )
        found["recorded"], found["oldest"] = cursor.fetchone()
except (OSError, psycopg2.Error) as error:
    found["problem"] = (str(error).strip().splitlines() or ["no reason given"])[-1].strip()
print(json.dumps(found))
