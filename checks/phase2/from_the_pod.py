"""Run in the pod of the API, with its Python and its password: what the database tells this client.

Arguments: the certificate of an authority that did not sign the server's, and what the request ids
of a recording begin with. Prints JSON.
"""

import json
import os
import socket
import ssl
import struct
import sys
from pathlib import Path

import psycopg2

SECONDS = 3
RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "TRIGGER", "REFERENCES")
TLS_PLEASE = struct.pack("!ii", 8, 80877103)  # PostgreSQL's SSLRequest

host = os.environ["SENTIMENT_DATABASE_HOST"]
port = os.environ["SENTIMENT_DATABASE_PORT"]
authority = os.environ.get("SENTIMENT_DATABASE_CA_FILE", "/run/secrets/database-ca/ca.crt")
other = os.memfd_create("another authority")  # the pod has nowhere to write a file
os.write(other, sys.argv[1].encode())
known = {
    "host": host,
    "port": port,
    "dbname": os.environ["SENTIMENT_DATABASE_NAME"],
    "user": os.environ["SENTIMENT_DATABASE_USER"],
    "password": Path("/run/secrets/database/password").read_text("utf-8").strip(),
    "sslmode": "verify-full",
    "sslrootcert": authority,
    "connect_timeout": SECONDS,
}


def refused(**change):
    """Why a connection is refused that differs in one point; None where it is not."""
    try:
        psycopg2.connect(**{**known, **change}).close()
    except psycopg2.OperationalError as error:
        return str(error).strip().splitlines()[-1]
    return None


def certificate_ends():
    """When the server's certificate ends, in seconds since 1970; it is verified on the way."""
    with socket.create_connection((host, int(port)), timeout=SECONDS) as plain:
        plain.sendall(TLS_PLEASE)
        plain.recv(1)
        context = ssl.create_default_context(cafile=authority)
        with context.wrap_socket(plain, server_hostname=host) as encrypted:
            return ssl.cert_time_to_seconds(encrypted.getpeercert()["notAfter"])


def ask(cursor, statement, *values):
    cursor.execute(statement, values or None)
    return cursor.fetchone()


with psycopg2.connect(**known) as connection, connection.cursor() as cursor:
    found = {
        # every connection that the API itself holds now: how many, and how many of them encrypted
        "sessions": ask(
            cursor,
            "SELECT count(*), count(*) FILTER (WHERE ssl), min(version) FROM pg_stat_ssl"
            " JOIN pg_stat_activity USING (pid)"
            " WHERE usename = current_user AND application_name = 'sentiment'",
        ),
        "rights": [
            right
            for right in RIGHTS + (("MAINTAIN",) if connection.server_version >= 170000 else ())
            if ask(cursor, f"SELECT has_table_privilege('predictions', '{right}')")[0]
        ],
        "powers": ask(
            cursor,
            "SELECT array_remove(ARRAY["
            "   CASE WHEN rolsuper THEN 'superuser' END,"
            "   CASE WHEN rolcreaterole THEN 'creates roles' END,"
            "   CASE WHEN rolcreatedb THEN 'creates databases' END,"
            "   CASE WHEN rolreplication THEN 'copies the whole server' END,"
            "   CASE WHEN rolbypassrls THEN 'passes by row security' END,"
            "   CASE WHEN pg_has_role(relowner, 'MEMBER') THEN 'owns the table' END,"
            "   CASE WHEN has_schema_privilege('public', 'CREATE') THEN 'makes tables' END"
            " ], NULL) || ARRAY("
            "   SELECT 'is a member of ' || other.rolname::text FROM pg_roles AS other"
            "   WHERE other.rolname <> current_user AND NOT pg_roles.rolsuper"  # who is of all
            "   AND pg_has_role(current_user, other.oid, 'MEMBER')"
            " ) FROM pg_roles, pg_class"
            " WHERE pg_roles.rolname = current_user AND pg_class.oid = 'predictions'::regclass",
        )[0],
        # of the newest row: seconds from the API's clock, when it answered, to the database's
        "delay": ask(
            cursor,
            "SELECT extract(epoch FROM written_at - predicted_at)::float8"
            " FROM predictions ORDER BY id DESC LIMIT 1",
        ),
        # rows of the recording, and how many different answers they are
        "recorded": ask(
            cursor,
            "SELECT count(*), count(DISTINCT request_id) FROM predictions"
            " WHERE starts_with(request_id, %s)",
            sys.argv[2],
        ),
        # the pods that answered under this request id, which the lesson sends
        "who_wrote": ask(
            cursor,
            "SELECT coalesce(json_agg(DISTINCT split_part(instance, '/', 1)), '[]')"
            " FROM predictions WHERE request_id = 'my-first-row'",
        )[0],
        "oldest_days": ask(
            cursor,
            "SELECT extract(epoch FROM now() - min(predicted_at))::float8 / 86400 FROM predictions",
        )[0],
    }
found["certificate_ends"] = certificate_ends()
found["without_tls"] = refused(sslmode="disable")
found["other_authority"] = refused(sslrootcert=f"/proc/self/fd/{other}")
found["other_name"] = refused(host=socket.gethostbyname(host))
print(json.dumps(found))
