"""What a pod may do, as the script in it reads it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "checks/phase1/confined.py"


def status(user: int = 10001, capabilities: str = "0000000000000000", no_new: int = 1) -> str:
    return (
        f"Name:\tpython\nUid:\t{user}\t{user}\t{user}\t{user}\n"
        f"CapEff:\t{capabilities}\nNoNewPrivs:\t{no_new}\n"
    )


def look(folder: Path, first: str, own: str) -> dict[str, object]:
    """What the script says where process 1 and its own have these statuses."""
    for name, text in (("1", first), ("self", own)):
        (folder / name).mkdir()
        (folder / name / "status").write_text(text)
    script = SCRIPT.read_text().replace('Path("/proc")', f"Path({str(folder)!r})")
    done = subprocess.run(
        [sys.executable, "-"], input=script, capture_output=True, text=True, check=True
    )
    found: dict[str, object] = json.loads(done.stdout)
    return {name: found[name] for name in ("user", "capabilities", "may_gain")}


CONFINED = {"user": 10001, "capabilities": 0, "may_gain": False}


def test_confined_processes_have_nothing(tmp_path: Path) -> None:
    assert look(tmp_path, status(), status()) == CONFINED


@pytest.mark.parametrize(
    ("bad", "differs"),
    [
        (status(user=0), {"user": 0}),
        (status(capabilities="00000000a80425fb"), {"capabilities": 0xA80425FB}),
        (status(no_new=0), {"may_gain": True}),
    ],
    ids=["root", "capabilities", "may gain"],
)
@pytest.mark.parametrize("is_first", [True, False], ids=["process 1", "its own"])
def test_the_worse_process_is_reported(
    tmp_path: Path, bad: str, differs: dict[str, object], is_first: bool
) -> None:
    found = look(tmp_path, *((bad, status()) if is_first else (status(), bad)))
    assert found == CONFINED | differs
