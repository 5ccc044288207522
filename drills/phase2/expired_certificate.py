"""A certificate that has expired."""

from checks.phase2.test_database import test_log_reaches_database
from drills.phase2._database import restart_server, use_certificate_for, wait_for_log
from workbook.drills.drill import Drill, System
from workbook.drills.objects import put_back


def break_it(system: System) -> None:
    use_certificate_for(system, days=0)
    wait_for_log(system, "down")


def fix(system: System) -> None:
    put_back(system, "secret")
    restart_server(system)
    wait_for_log(system, "ok")


DRILL = Drill(
    title="It is three months later.",
    difficulty=2,
    turns_red=test_log_reaches_database,
    hints=(
        "The server runs, but its log says that a client hangs up. Which client, and why?",
        "The API's log names the reason: kubectl --namespace ml-demo logs deployment/ml-api",
        "kubectl --namespace ml-data get secret postgres-certificate "
        "--output jsonpath='{.data.tls\\.crt}' | base64 --decode | openssl x509 -noout -dates",
    ),
    way_back=(
        "Make a new certificate, and start the server with it: lesson 2, “A server that can prove\n"
        "who it is” and “Get a database”. Then the waiting rows are written.\n"
        "  ./workbook lab 2"
    ),
    break_it=break_it,
    fix=fix,
    targets=("local",),
)
