"""The shell script and the bootstrap: .venv is made from the lock, or a sentence says why not."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from copies import ROOT, assert_passed, clean_environment, copy_workbook

from workbook.bootstrap import is_complete

# A package that needs nothing else, taken with its hash from the lock.
SMALL = "iniconfig"


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A copy without .venv, whose lock names next to nothing."""
    home = copy_workbook(tmp_path / "workbook", with_environment=False)
    (home / "requirements.lock").write_text(_from_lock(SMALL) + _from_lock("setuptools"))
    # only the bootstrap is tried here: the CLI would need the whole lock
    (home / "src/workbook/__main__.py").write_text("print('handed over')\n")
    return home


def _from_lock(name: str) -> str:
    text = (ROOT / "requirements.lock").read_text()
    begin = text.index(f"\n{name}==") + 1
    lines = text[begin:].splitlines()
    block = [lines[0], *(line for line in lines[1:3] if "--hash" in line)]
    return "\n".join(block).rstrip("\\ ") + "\n"


def start(home: Path, **more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["./workbook", "status"],
        cwd=home,
        env=clean_environment(**more),
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_environment_is_made_once_and_again_when_damaged(bare: Path) -> None:
    """Each damage is seen by the script and by the bootstrap; the last is one of every kind."""
    first = start(bare)
    assert_passed(first)
    assert "Making .venv" in first.stdout
    assert first.stdout.endswith("handed over\n")
    assert start(bare).stdout == "handed over\n"
    assert is_whole(bare)

    lock = bare / "requirements.lock"
    before = lock.read_text()
    lock.write_text(before + _from_lock("six"))
    assert not is_whole(bare)
    lock.write_text(before)
    assert is_whole(bare)

    moved = bare.rename(bare.with_name("moved here"))  # the scripts in .venv hold the old place
    assert not is_whole(moved)
    moved.rename(bare)
    assert is_whole(bare)

    (bare / ".venv/requirements.lock").unlink()  # interrupted: this copy is written last
    assert not is_whole(bare)

    shutil.rmtree(bare / ".venv/lib")
    lock.write_text(before + _from_lock("six"))
    bare.rename(moved)
    again = start(moved)
    assert_passed(again)
    assert "Making .venv" in again.stdout
    assert again.stdout.endswith("handed over\n")
    assert (moved / ".venv/bin/python").exists()
    assert is_whole(moved)


def is_whole(home: Path) -> bool:
    """What the script and the bootstrap say, which must agree, of .venv: nothing has to be made."""
    asked = home.with_name("asked")
    asked.unlink(missing_ok=True)
    python = home.with_name("python")  # in the bootstrap's place: it makes nothing
    python.write_text(f'#!/bin/sh\n[ "$1" = -c ] || echo "$1" >"{asked}"\n')
    python.chmod(0o755)
    start(home, WORKBOOK_PYTHON=str(python))
    whole = is_complete(home, "requirements.lock")
    assert asked.exists() is not whole
    if not whole:
        assert asked.read_text() == f"{home / 'src/workbook/bootstrap.py'}\n"
    return whole


def test_an_old_python_is_named(bare: Path, tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.8.1" && exit\nexit 1\n')
    old.chmod(0o755)
    done = start(bare, WORKBOOK_PYTHON=str(old))
    assert done.returncode == 1
    assert "needs Python 3.11 or newer; this machine has Python 3.8.1" in done.stderr
    assert "WORKBOOK_PYTHON=" in done.stderr


def test_without_network_it_says_so_and_two_at_once_recover(bare: Path) -> None:
    offline = {"PIP_PROXY": "127.0.0.1:9", "PIP_RETRIES": "1"}
    done = start(bare, **offline, PIP_NO_CACHE_DIR="1", PIP_FIND_LINKS="")
    assert done.returncode == 1
    assert "The package index cannot be reached" in done.stderr
    assert "Traceback" not in done.stderr

    both = [
        subprocess.Popen(
            ["./workbook"],
            cwd=bare,
            env=clean_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=300)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sum("Making .venv" in text for text in said) == 1
    assert [text.endswith("handed over\n") for text in said] == [True, True]


def test_a_package_that_is_not_the_locked_one_is_refused(bare: Path) -> None:
    lock = bare / "requirements.lock"
    text = lock.read_text()
    lock.write_text(f"{SMALL}=={text.split('==')[1].split()[0]} --hash=sha256:{'0' * 64}\n")
    done = start(bare)
    assert done.returncode == 1
    assert "not the one that the lock names" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="mounts a small disk")
def test_a_full_disk_is_named(bare: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("this machine does not let us mount a small disk")
    try:
        home = disk / "workbook"
        shutil.copytree(bare, home)
        done = start(home)
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    assert done.returncode == 1
    assert "GB free" in done.stderr
    assert "run the same command again" in done.stderr
