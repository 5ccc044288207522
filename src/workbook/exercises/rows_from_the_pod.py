"""Run in a pod of the API, with its Python, its user and its password: the rows of some queries.

Arguments: the queries, of which each has one value, in JSON. Prints JSON: `rows` of each query; or
`problem` of the first that fails and the `position` in it; or why nothing was asked: `not yet`,
`unreachable`. Nothing can change: each transaction is read-only, it is undone, and inside EXECUTE
no statement can end it.
"""

import json
import os
import sys
from pathlib import Path

try:
    import psycopg2
except ImportError:  # the API of phase 1 has no database
    print(json.dumps({"not yet": True}))
    sys.exit()

SECONDS_TO_CONNECT = 10  # a busy machine is slow to connect
SECONDS_TO_ANSWER = 3  # each query
ONE_STATEMENT = """
    DO $$
    DECLARE answer text;
    BEGIN
        EXECUTE current_setting('workbook.query') INTO answer;
        PERFORM set_config('workbook.answer', answer, true);
    END
    $$
"""

authority = os.environ.get("SENTIMENT_DATABASE_CA_FILE", "/run/secrets/database-ca/ca.crt")
password_file = os.environ.get("SENTIMENT_DATABASE_PASSWORD_FILE", "/run/secrets/database/password")
try:
    connection = psycopg2.connect(
        host=os.environ["SENTIMENT_DATABASE_HOST"],
        port=os.environ["SENTIMENT_DATABASE_PORT"],
        dbname=os.environ["SENTIMENT_DATABASE_NAME"],
        user=os.environ["SENTIMENT_DATABASE_USER"],
        password=Path(password_file).read_text("utf-8").strip(),
        sslmode="verify-full",
        sslrootcert=authority,
        connect_timeout=SECONDS_TO_CONNECT,
        options=f"-c statement_timeout={SECONDS_TO_ANSWER * 1000}",
    )
except (KeyError, OSError, psycopg2.OperationalError) as error:
    print(json.dumps({"unreachable": str(error).strip()}))
    sys.exit()
connection.set_session(readonly=True)
cursor = connection.cursor()
rows: list[object] = []
found: dict[str, object] = {"rows": rows}
try:
    for query in sys.argv[1:]:
        cursor.execute("SELECT set_config('workbook.query', %s, true)", [query])
        cursor.execute(ONE_STATEMENT)
        cursor.execute("SELECT current_setting('workbook.answer')")
        [(answer,)] = cursor.fetchall()
        rows.append(json.loads(answer))
        connection.rollback()
except psycopg2.Error as error:
    said = error.diag
    found = {
        "problem": " ".join(filter(None, [said.message_primary, said.message_hint])) or str(error),
        "position": int(said.internal_position or 0),
    }
print(json.dumps(found))
