"""Run in the pod of the API, with its Python and its password: the database's answers.

Arguments: the certificate of an authority that did not sign the server's, what the request ids of a
recording begin with, and what those of some more rows begin with. Prints JSON: `problem`, and
nothing else, where the server cannot be reached; `rows`, and nothing else, where rows are wanted.
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
RIGHTS = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "TRIGGER", "REFERENCES"]
OF_COLUMNS = ["SELECT", "INSERT", "UPDATE", "REFERENCES"]
OURS = "nspname <> 'information_schema' AND nspname !~ '^pg_'"
TLS_PLEASE = struct.pack("!ii", 8, 80877103)  # PostgreSQL's SSLRequest

host = os.environ["SENTIMENT_DATABASE_HOST"]
port = os.environ["SENTIMENT_DATABASE_PORT"]
authority = os.environ.get("SENTIMENT_DATABASE_CA_FILE", "/run/secrets/database-ca/ca.crt")
password_file = os.environ.get("SENTIMENT_DATABASE_PASSWORD_FILE", "/run/secrets/database/password")
other = os.memfd_create("another authority")  # the pod has nowhere to write a file
os.write(other, sys.argv[1].encode())
known = {
    "host": host,
    "port": port,
    "dbname": os.environ["SENTIMENT_DATABASE_NAME"],
    "user": os.environ["SENTIMENT_DATABASE_USER"],
    "password": Path(password_file).read_text("utf-8").strip(),
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


def ask(statement, *values):
    """The rows of a query."""
    cursor.execute(statement, values or None)
    return cursor.fetchall()


def names(statement, *values):
    """The one column of a query."""
    return [value for (value,) in ask(statement, *values)]


def rights():
    """What this user may do, beyond logging in: each right on each thing, in words."""
    of_tables = RIGHTS + (["MAINTAIN"] if connection.server_version >= 170000 else [])
    tables = ask(
        "SELECT c.oid::regclass::text, p, has_table_privilege(c.oid, p),"
        "   has_table_privilege(c.oid, p || ' WITH GRANT OPTION')"
        " FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace, unnest(%s) AS p"
        f" WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND {OURS} AND ("
        "   has_table_privilege(c.oid, p)"
        "   OR CASE WHEN p = ANY(%s) THEN has_any_column_privilege(c.oid, p) END"
        " ) ORDER BY 1, 2",
        *(of_tables, OF_COLUMNS),
    )
    for table, right, whole, grantable in tables:
        yield f"{right} on {table}" + ("" if whole else " (some columns)")
        if grantable:
            yield f"granting {right} on {table} to others"
    for thing, right in ask(
        "SELECT c.oid::regclass::text, p"
        " FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace,"
        "   unnest(ARRAY['USAGE', 'SELECT', 'UPDATE']) AS p"
        f" WHERE relkind = 'S' AND {OURS} AND has_sequence_privilege(c.oid, p)"
        " UNION ALL SELECT 'the schema ' || nspname, 'CREATE' FROM pg_namespace"
        f" WHERE {OURS} AND has_schema_privilege(oid, 'CREATE')"
        " UNION ALL SELECT 'the database', p FROM unnest(ARRAY['CREATE', 'TEMPORARY']) AS p"
        " WHERE has_database_privilege(current_database(), p)"
        # a function that runs with its owner's rights; a trigger's cannot be called
        " UNION ALL SELECT f.oid::regprocedure::text, 'EXECUTE'"
        " FROM pg_proc AS f JOIN pg_namespace AS n ON n.oid = pronamespace"
        f" WHERE prosecdef AND prorettype <> 'trigger'::regtype AND {OURS}"
        "   AND has_function_privilege(f.oid, 'EXECUTE')"
        " UNION ALL SELECT 'what is created later', privilege_type"
        " FROM pg_default_acl, aclexplode(defaclacl)"
        " WHERE grantee IN (0, (SELECT oid FROM pg_roles WHERE rolname = current_user))"
        "   AND defaclobjtype IN ('r', 'S', 'n')"
        " ORDER BY 1, 2"
    ):
        yield f"{right} on {thing}"


def powers():
    """What this user is, beyond an ordinary one: attributes, memberships, ownership."""
    return names(
        "SELECT unnest(array_remove(ARRAY["
        "   CASE WHEN rolsuper THEN 'superuser' END,"
        "   CASE WHEN rolcreaterole THEN 'creates roles' END,"
        "   CASE WHEN rolcreatedb THEN 'creates databases' END,"
        "   CASE WHEN rolreplication THEN 'copies the whole server' END,"
        "   CASE WHEN rolbypassrls THEN 'passes by row security' END"
        " ], NULL)) FROM pg_roles WHERE rolname = current_user"
        " UNION ALL SELECT 'is a member of ' || other.rolname"
        " FROM pg_roles AS me, pg_roles AS other"
        " WHERE me.rolname = current_user AND other.oid <> me.oid"
        "   AND NOT me.rolsuper"  # who is a member of all
        "   AND pg_has_role(me.oid, other.oid, 'MEMBER')"
        " UNION ALL SELECT 'owns ' || pg_describe_object(classid, objid, objsubid)"
        " FROM pg_shdepend WHERE deptype = 'o' AND refclassid = 'pg_authid'::regclass"
        "   AND refobjid = (SELECT oid FROM pg_roles WHERE rolname = current_user)"
        "   AND dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))"
    )


def rows(beginning):
    """The rows whose request ids begin so, as objects."""
    return names(
        "SELECT json_build_object('request_id', request_id, 'label', label, 'confidence',"
        "   confidence, 'known_words', known_words, 'model_version', model_version, 'text', text,"
        "   'instance', instance, 'sequence', sequence)"
        " FROM predictions WHERE starts_with(request_id, %s) ORDER BY id",
        beginning,
    )


def look():
    """What there is to see, by name."""
    return {
        # every connection that this user holds now, besides this one: how many, encrypted, version
        "sessions": ask(
            "SELECT count(*), count(*) FILTER (WHERE ssl), min(version) FROM pg_stat_ssl"
            " JOIN pg_stat_activity USING (pid)"
            " WHERE usename = current_user AND pid <> pg_backend_pid()"
        )[0],
        "roles": names("SELECT rolname FROM pg_roles WHERE NOT starts_with(rolname, 'pg_')"),
        "rights": [*rights()],
        "powers": [*powers()],
        # what could change a row on its way into the table
        "between": names(
            "SELECT 'the trigger ' || tgname FROM pg_trigger"
            " WHERE tgrelid = 'predictions'::regclass AND NOT tgisinternal"
            " UNION ALL SELECT 'the rule ' || rulename FROM pg_rewrite"
            " WHERE ev_class = 'predictions'::regclass"
        ),
        # of the newest row: seconds from the API's clock, when it answered, to the database's
        "delay": ask(
            "SELECT (SELECT extract(epoch FROM written_at - predicted_at)::float8"
            " FROM predictions ORDER BY id DESC LIMIT 1)"
        )[0][0],
        # rows of the recording, and how many different answers they are
        "recorded": ask(
            "SELECT count(*), count(DISTINCT request_id) FROM predictions"
            " WHERE starts_with(request_id, %s)",
            sys.argv[2],
        )[0],
        # the pods that answered under this request id, which the lesson sends
        "who_wrote": names(
            "SELECT DISTINCT split_part(instance, '/', 1) FROM predictions"
            " WHERE request_id = 'my-first-row'"
        ),
        "oldest_days": ask(
            "SELECT extract(epoch FROM now() - min(predicted_at))::float8 / 86400 FROM predictions"
        )[0][0],
    }


try:
    connection = psycopg2.connect(**known)
except psycopg2.OperationalError as error:
    print(json.dumps({"problem": str(error).strip().splitlines()[-1]}))
    sys.exit()
with connection, connection.cursor() as cursor:
    found = {"rows": rows(sys.argv[3])} if len(sys.argv) > 3 else look()
if "rows" not in found:
    found["certificate_ends"] = certificate_ends()
    found["without_tls"] = refused(sslmode="disable")
    found["other_authority"] = refused(sslrootcert=f"/proc/self/fd/{other}")
    found["other_name"] = refused(host=socket.gethostbyname(host))
print(json.dumps({"problem": None, **found}))
