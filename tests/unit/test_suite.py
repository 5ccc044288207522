"""`workbook test`: every part is run, and what failed is said again at the end."""

from pathlib import Path

import pytest

from workbook.dev import suite
from workbook.dev.suite import Done, Part, run_suite

ROOT = Path(__file__).parents[2]


def test_what_failed_is_said_again_at_the_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(home: Path, part: Part, show: bool = False) -> Done:
        lines = [f"{part.name} {number}" for number in range(100)]
        return Done(part, part.name == "types", 0.1, "\n".join(lines))

    monkeypatch.setattr(suite, "_install_tools", lambda home: None)
    monkeypatch.setattr(suite, "_run", run)
    assert run_suite(ROOT, fast=True) == 1
    _, table, end = capsys.readouterr().out.rpartition("everything")
    assert table
    assert "The end of what types said:\ntypes 60\n" in end
    assert "types 99\n" in end
    assert "lint" not in end


@pytest.mark.parametrize(("module", "failed"), [("this", False), ("no_such_module", True)])
def test_a_part_is_kept_and_shown(
    module: str, failed: bool, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    done = suite._run(tmp_path, Part("a part", (module,)), show=True)
    assert done.failed is failed
    assert ("Zen of Python" if not failed else module) in done.said
    assert capfd.readouterr().out == done.said
