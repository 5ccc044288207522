"""Which proofs were made, when, and whether what they depend on is still the same.

`ledger.json` beside the live tests is written by `./workbook test --all` and is committed. A proof
whose drill, check, phase or machinery has changed since then counts as not made.
"""

import ast
import hashlib
import json
import subprocess
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from copies import ROOT
from proofs import Proof

FILE = ROOT / "tests" / "live" / "ledger.json"


@dataclass(frozen=True)
class Entry:
    """A proof that was made."""

    proved: str  # the day
    seconds: float
    digest: str  # of all that it depends on


def read_ledger(file: Path = FILE) -> dict[str, Entry]:
    """Every proof that was made once, by its name."""
    if not file.exists():
        return {}
    kept = json.loads(file.read_text(encoding="utf-8"))
    return {name: Entry(**entry) for name, entry in kept.items()}


def write_ledger(entries: dict[str, Entry], file: Path = FILE) -> None:
    kept = {name: asdict(entry) for name, entry in sorted(entries.items())}
    file.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def still_holds(proof: Proof, entries: dict[str, Entry]) -> bool:
    """Whether a proof was made of what is here now."""
    entry = entries.get(str(proof))
    return entry is not None and entry.digest == digest(proof)


def choose(proofs: list[Proof], entries: dict[str, Entry], seconds: float, seed: str) -> set[Proof]:
    """As many proofs as the time allows: first those that no longer hold, then others.

    Only those that the ledger names: a proof is made for the first time by `--all`, or by its name.

    Args:
        proofs: that there are.
        entries: of the ledger.
        seconds: that they may take together, by what they took the last time.
        seed: decides the order among equals; the commit, so that each commit proves others.
    """

    def place(proof: Proof) -> tuple[bool, str]:
        return still_holds(proof, entries), hashlib.sha256(f"{seed}{proof}".encode()).hexdigest()

    chosen = set()
    for proof in sorted((proof for proof in proofs if str(proof) in entries), key=place):
        needed = entries[str(proof)].seconds
        if needed <= seconds:
            seconds -= needed
            chosen.add(proof)
    return chosen


def commit() -> str:
    """The commit that is checked out; "" where there is none."""
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip()


def digest(proof: Proof) -> str:
    """A digest of the files that a proof depends on, their names and their contents."""
    together = hashlib.sha256()
    for file in sorted(files_of(proof)):
        together.update(f"{file.relative_to(ROOT)} {_digest_of(file)}\n".encode())
    return together.hexdigest()[:16]


def files_of(proof: Proof) -> set[Path]:
    """The wrong system's file and all that it imports, what every proof runs, the phase."""
    if proof.kind == "drill":
        first = ROOT / f"drills/phase{proof.phase}/{proof.name.replace('-', '_')}.py"
    else:
        first = ROOT / f"checks/phase{proof.phase}/impostors.py"
    return imported_by(first) | _machinery(proof.at) | _system(proof.at)


@cache
def _machinery(number: int) -> frozenset[Path]:
    """The checks up to a phase, what runs them, and what makes a proof.

    Whole folders, as checks run some of their files by path, and pytest its plugin by name.
    """
    folders = [ROOT / "checks" / f"phase{each}" for each in range(number + 1)]
    files = {file for folder in folders for file in folder.glob("*.py")}
    files = {file for file in files if file.name != "impostors.py"}
    files |= set((ROOT / "src/workbook/checks").glob("*.py"))
    support = ROOT / "tests" / "support"
    return frozenset(
        {*files, ROOT / "checks/conftest.py", support / "proofs.py", support / "checked.py"}
    )


@cache
def imported_by(file: Path) -> frozenset[Path]:
    """A file of Python and all files of this repository that it imports, directly or not."""
    found: set[Path] = set()
    waiting = [file]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += _imports(one)
    return frozenset(found)


@cache
def _imports(file: Path) -> tuple[Path, ...]:
    names: list[str] = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    paths = [Path(root, *name.split(".")) for name in names for root in (ROOT, ROOT / "src")]
    files = [one for path in paths for one in (path.with_suffix(".py"), path / "__init__.py")]
    return tuple(one for one in files if one.is_file())


@cache
def _system(number: int) -> frozenset[Path]:
    """What a phase deploys, and what it relies on."""
    folder = ROOT / "phases" / f"phase{number}"
    done = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z", folder, ROOT / "k8s"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = [ROOT / name for name in done.stdout.split("\0") if name]
    left_out = {folder / "README.md", folder / f"{folder.name}.ipynb"}
    return frozenset(
        path
        for path in paths
        if path.is_file() and path not in left_out and folder / "tests" not in path.parents
    )


@cache
def _digest_of(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
