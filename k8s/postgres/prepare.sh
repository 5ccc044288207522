# Makes the database cluster once; the roles, and their passwords from the Secret, at every start.
# A folder that is half made is made again.
set -euo pipefail

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    rm -rf "$PGDATA" "$PGDATA.new"
    initdb --pgdata="$PGDATA.new" --username=postgres --encoding=UTF8 --locale=C.UTF-8 \
        --data-checksums --auth=peer
    mv "$PGDATA.new" "$PGDATA"
fi

# Reached by its socket only, until the roles are as they should be.
pg_ctl start --wait --options="-c listen_addresses='' -c unix_socket_directories=$PGHOST"
psql --no-psqlrc --username=postgres --dbname=postgres --file=/etc/postgres/roles.sql
pg_ctl stop --wait --mode=fast
