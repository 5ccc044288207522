"""What a Docker engine leaves in the host's network, and how it is taken back.

The engine of the offline kit shares the host's network. What was there before it started is written
down, and only what was not is removed.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from workbook.programs import run

LINKS = re.compile(r"docker0|br-[0-9a-f]{12}|veth[0-9a-f]{7}")
CONTAINERS = re.compile(r"172\.(1[6-9]|2\d|3[01])\.\d+\.\d+/")  # engine.py gives them these
FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
TOOLS = ("iptables", "ip6tables")
SECONDS = 60  # that one of them may take

Rules = dict[str, list[str]]  # of each table


def look() -> dict[str, Any]:
    """The host's network, as far as an engine changes it."""
    return {
        "forwarding": FORWARDING.read_text().strip(),
        "links": sorted(_links()),
        "rules": {tool: _rules(tool) for tool in TOOLS},
    }


def added(before: dict[str, Any]) -> list[str]:
    """What an engine has added since then, in words."""
    found = [f"network interface {link}" for link in _new_links(before)]
    for tool, table, line in _new_rules(before):
        found.append(f"{tool} -t {table}: {line}")
    if FORWARDING.read_text().strip() != before["forwarding"]:
        found.append(f"{FORWARDING} is not {before['forwarding']} any more")
    return found


def restore(before: dict[str, Any]) -> None:
    """Take back what an engine has added since then."""
    for tool in TOOLS:
        undo: Rules = {}
        for _, table, line in [new for new in _new_rules(before) if new[0] == tool]:
            undo.setdefault(table, []).append(line)
        for table, lines in undo.items():
            _undo(tool, table, lines, before["rules"][tool].get(table, []))
    for link in _new_links(before):
        run(["ip", "link", "delete", link], SECONDS)
    if FORWARDING.read_text().strip() != before["forwarding"]:
        FORWARDING.write_text(before["forwarding"])


def _undo(tool: str, table: str, lines: list[str], before: list[str]) -> None:
    """Take rules, chains and policies out of a table, in one step."""
    names = [line[1:].split()[0] for line in lines if line.startswith(":")]
    chains = [name for name in names if name.startswith("DOCKER")]
    old = {line[1:].split()[0]: line for line in before if line.startswith(":")}
    rules = [line for line in lines if line.startswith("-A ") and line.split()[1] not in chains]
    script = [
        f"*{table}",
        *(old.get(name, f":{name} ACCEPT [0:0]") for name in names if name not in chains),
        *(f"-F {chain}" for chain in chains),
        *(f"-D {rule.removeprefix('-A ')}" for rule in rules),
        *(f"-X {chain}" for chain in chains),  # nothing leads to them any more
        "COMMIT",
        "",
    ]
    run([f"{tool}-restore", "--noflush"], SECONDS, stdin="\n".join(script))


def _new_links(before: dict[str, Any]) -> list[str]:
    return sorted(link for link in _links() - set(before["links"]) if LINKS.fullmatch(link))


def _links() -> set[str]:
    return set(psutil.net_if_stats())


def _new_rules(before: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Rules, chains and policies that an engine has added: tool, table, line of iptables-save."""
    for tool in TOOLS:
        now = _rules(tool)
        known = {table: set(map(_plain, lines)) for table, lines in before["rules"][tool].items()}
        for table, lines in now.items():
            for line in lines:
                if _plain(line) not in known.get(table, set()) and _is_an_engines(line):
                    yield tool, table, line


def _plain(line: str) -> str:
    """A line without its counters."""
    return line.split(" [")[0]


def _is_an_engines(line: str) -> bool:
    """Whether Docker may have written a line: others may have changed rules meanwhile too."""
    if line.startswith(":"):
        return line.startswith((":DOCKER", ":FORWARD DROP"))
    return any(
        word.startswith("DOCKER") or LINKS.fullmatch(word) or CONTAINERS.match(word)
        for word in line.split()
    )


def _rules(tool: str) -> Rules:
    """Every table that is in use, as `iptables-save` prints it."""
    try:
        done = run([f"{tool}-save"], SECONDS)
    except FileNotFoundError:
        return {}
    tables: Rules = {}
    for line in done.stdout.splitlines():
        if line.startswith("*"):
            lines = tables[line[1:]] = []
        elif line.startswith((":", "-A ")):
            lines.append(line)
    return tables
