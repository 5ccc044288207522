"""Pages, messages and docstrings are plain English, as far as Vale with our rules can judge it."""

import shutil
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from copies import ROOT
from prose import (
    EXCEPTIONS,
    RULES,
    Alert,
    alerts_in_code,
    alerts_in_pages,
    alerts_in_sentences,
    strings_of,
)

needs_vale = pytest.mark.skipif(
    shutil.which("c++") is None, reason="Vale contains C++, and there is no compiler: install g++"
)

# At least one sentence that breaks each rule, and nothing else.
BAD = {
    "Workbook.Words": "Begin the phase anew.",
    "Workbook.Length": f"The check {'looks at the pod and ' * 6}stops.",
    "Lesson.Length": f"The check {'looks at the pod and ' * 5}stops.",
    "Workbook.Noun": "The pod has a limit, and the container has none.",
    "Workbook.Compound": "Look at the name of the owner of the pod.",
    "Workbook.Subject": "What the pod writes goes to the log.",
}
GOOD = [
    "kubectl talks to the API server.",
    "The name is taken. Choose another: `./workbook use local --port 8090`",
    "What does the pod write?",
    "No fix was found, and `mend` is code.",
]


@needs_vale
def test_pages_and_messages_follow_the_rules(tmp_path: Path) -> None:
    alerts = alerts_in_pages(ROOT) + alerts_in_code(ROOT, tmp_path)
    found = Counter(alert.file for alert in alerts)
    allowed = tomllib.loads((ROOT / EXCEPTIONS).read_text(encoding="utf-8"))
    more = [alert for alert in alerts if found[alert.file] > allowed.get(alert.file, 0)]
    assert not more, "\n".join(map(_line, more))
    fewer = {file: found[file] for file, number in allowed.items() if found[file] < number}
    assert not fewer, f"Better than before. Lower these numbers in {EXCEPTIONS}: {fewer}"


@needs_vale
def test_each_rule_finds_its_sentence(tmp_path: Path) -> None:
    rules = {f"{file.parent.name}.{file.stem}" for file in (ROOT / RULES).rglob("*.yml")}
    assert set(BAD) == rules
    for rule, sentence in BAD.items():
        page = "notebooks/one/README.md" if rule.startswith("Lesson") else "page.md"
        assert alerts_in_sentences(ROOT, tmp_path, page, [sentence]) == [{rule}]


@needs_vale
def test_plain_sentences_pass(tmp_path: Path) -> None:
    found = alerts_in_sentences(ROOT, tmp_path, "page.md", GOOD)
    assert found == [set()] * len(GOOD)


def test_strings_are_found_with_their_lines() -> None:
    source = '''"""Ask the pod."""

def ask(name):
    """Ask it.

    Args:
        name: of the pod.
        port: of the pod.
    """
    run("get", "pods")
    raise Error(
        f"The pod {name} does "
        "not answer."
    )
'''
    found = {said.text: (said.line, said.is_docstring) for said in strings_of(source)}
    assert found == {
        "Ask the pod.": (1, True),
        "Ask it.\n\nArgs:\n\nname: of the pod.\n\nport: of the pod.": (4, True),
        "The pod X does not answer.": (12, False),
    }


def _line(alert: Alert) -> str:
    return f"{alert.file}:{alert.line}: {alert.says}"
