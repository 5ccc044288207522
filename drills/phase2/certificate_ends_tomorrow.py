"""A certificate that is about to end, while all is well."""

from checks.phase2.test_security import test_connection_is_secure
from drills.phase2._database import restart_server, use_certificate_for, wait_for_log
from workbook.drills.drill import Drill, System
from workbook.drills.objects import put_back


def break_it(system: System) -> None:
    use_certificate_for(system, days=1)
    wait_for_log(system, "ok")


def fix(system: System) -> None:
    put_back(system, "secret")
    restart_server(system)
    wait_for_log(system, "ok")


DRILL = Drill(
    title="Everything works today. It will not work tomorrow.",
    difficulty=1,
    turns_red=test_connection_is_secure,
    hints=(
        "Nothing fails yet. What in this system has a date on it?",
        "Ask the server for its certificate: openssl s_client -starttls postgres -connect "
        "127.0.0.1:15432 < /dev/null | openssl x509 -noout -enddate",
        "The Secret is postgres-certificate in ml-data. Your authority can sign a new one.",
    ),
    way_back=(
        "Renew it before it ends: lesson 2, “A server that can prove who it is” and “Get a\n"
        "database”. In production a program does this (cert-manager, or Azure itself), and an\n"
        "alert watches the program.\n"
        "  ./workbook lab 2"
    ),
    break_it=break_it,
    fix=fix,
    targets=("local",),
)
