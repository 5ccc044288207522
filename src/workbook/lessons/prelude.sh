# Runs one lesson cell (see shell.py). Arguments: the workbook's Python, the cell, the report file.
set -eEuo pipefail

WORKBOOK_CELL_PYTHON=$1 WORKBOOK_CELL=$2 WORKBOOK_CELL_REPORT=$3
shift 3

trap 'printf "%s" "line $LINENO: $BASH_COMMAND" > "$WORKBOOK_CELL_REPORT.failure"' ERR

workbook_report() {
    local status=$1 pid running=""
    trap - ERR EXIT
    set +e
    kill -0 "$PPID" 2> /dev/null || exit "$status" # nobody is left to read the report
    for pid in $(jobs -p); do
        if kill -0 "$pid" 2> /dev/null; then
            running="$running $pid"
        elif [ "$status" -eq 0 ]; then # strict in the background too
            wait "$pid"
            status=$?
            [ "$status" -eq 0 ] || printf "a program in the background ended" > "$WORKBOOK_CELL_REPORT.failure"
        fi
    done
    # shellcheck disable=SC2086  # one argument for each process
    "$WORKBOOK_CELL_PYTHON" -S -E -c '
import json, os, sys
environment = {k: v for k, v in os.environ.items() if k not in ("_", "SHLVL", "PYTHONUNBUFFERED")}
report = {"directory": os.getcwd(), "environment": environment, "background": [int(p) for p in sys.argv[2:]]}
open(sys.argv[1], "w", encoding="utf-8").write(json.dumps(report))
' "$WORKBOOK_CELL_REPORT" $running
    exit "$status"
}
trap 'workbook_report $?' EXIT

# shellcheck source=functions.sh
. "${BASH_SOURCE[0]%/*}/functions.sh"
export -f patiently endpoint refused

# shellcheck source=/dev/null
. "$WORKBOOK_CELL"
