"""Find waits that have no end, or fail at once, in pieces of shell text.

Four things are wrong. `until` and `while` go on for ever if what they wait for does not come;
`patiently` does not. (`while read` ends with its input.) `openssl s_client` waits for minutes where
nothing answers, and so does libpq without a connect_timeout, in Python or in a service file. And
`kubectl wait` fails at once if its object does not exist yet. So the same cell makes the object
first, or asks for it. What `az` has just ordered comes later, and only `patiently` helps.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from tree_sitter import Node

from workbook.site.az_lines import BASH

# A service has its own limit, in the file that a cell writes
LIBPQ = re.compile(r"psycopg2\.connect\((?!service=)|^sslrootcert=.+$", re.MULTILINE)
MAKE = {"apply", "create", "rollout", "run", "scale"}


def mistakes(text: str, line: int) -> Iterator[str]:
    """What is wrong in a cell that begins on that line."""
    exists, ordered = False, False
    if (libpq := LIBPQ.search(text)) and "connect_timeout" not in text:
        where = line + text[: libpq.start()].count("\n")
        yield f"{where}: a connection without a limit; give it a connect_timeout: {libpq[0]}"
    for node in _in_order(BASH.parse(text.encode()).root_node):
        words = [_text(child) for child in node.children]
        where = line + node.start_point.row
        if node.type == "while_statement" and not _reads_input(node):
            yield f"{where}: a loop without an end; use patiently: {words[0]} {words[1]}"
        elif node.type != "command":
            continue
        elif {"sh", "bash"} & set(words) and "-c" in words:
            yield from mistakes(words[-1][1:-1], where)
        elif words[:2] == ["openssl", "s_client"]:
            yield f"{where}: a connection without a limit; use patiently: {' '.join(words)}"
        elif words[0] == "az":
            exists, ordered = False, True
        elif words[0] == "patiently":
            exists = True
        elif words[0] == "kubectl":
            verb = _verb(words[1:])
            exists = exists or verb in MAKE or (verb == "get" and not ordered)
            if verb == "wait" and not exists and not _is_for_delete(words):
                yield f"{where}: what kubectl waits for may not exist yet: {' '.join(words)}"


def _in_order(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _in_order(child)


def _reads_input(loop: Node) -> bool:
    return _text(loop.children[0]) == "while" and _text(loop.children[1]).startswith("read ")


def _verb(words: list[str]) -> str:
    """The first word that is neither an option nor the value of --namespace."""
    before = ["", *words]
    return next(
        word
        for previous, word in zip(before, words, strict=False)
        if not word.startswith("-") and previous not in ("--namespace", "-n")
    )


def _is_for_delete(words: list[str]) -> bool:
    return "--for=delete" in words or ("--for", "delete") in pairwise(words)


def _text(node: Node) -> str:
    return node.text.decode() if node.text else ""
