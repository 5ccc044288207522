"""Judges of manifests: the API server itself takes them, in a dry run that changes nothing."""

import json
from subprocess import CompletedProcess

from workbook.exercises.exercise import Attempt
from workbook.outcome import NotStarted
from workbook.targets.kubernetes import NAMESPACE, TOO_SLOW, Object, name_of, unreachable

DRY_RUN = ("--dry-run=server", "--output=json")


def taken(attempt: Attempt, kind: str, name: str) -> Object:
    """The object that the API server would make of the learner's manifest, with its defaults.

    Args:
        attempt: the learner's.
        kind: of the object, such as Service.
        name: of the object.

    Raises:
        Wrong: the API server refuses the manifest, or it is of another object.
    """
    options = ["--server-side", "--force-conflicts", "--field-manager=exercise", *DRY_RUN]
    done = attempt.cluster.run("apply", *options, f"--filename={attempt.file}")
    found = _object(attempt, kind, done)
    what = f"{found['kind']} {name_of(found)}" if "name" in found["metadata"] else found["kind"]
    if what != f"{kind} {name}":
        raise attempt.wrong(
            expected=f"one object: the {kind} {name}",
            found=what if found["kind"] != "List" else "several objects in the file",
            why="the exercise is about that object",
        )
    return found


def patched(attempt: Attempt, kind: str, name: str) -> Object:
    """An object of the learner's cluster, as the API server would patch it.

    Raises:
        NotStarted: the object does not exist.
        Wrong: the API server refuses the patch.
    """
    if attempt.cluster.get_one(kind, name) is None:
        raise NotStarted(f"there is no {kind} {name} yet: ./workbook lab {attempt.phase.number}")
    done = attempt.cluster.run("patch", kind, name, f"--patch-file={attempt.file}", *DRY_RUN)
    return _object(attempt, kind, done)


def _object(attempt: Attempt, kind: str, done: "CompletedProcess[str]") -> Object:
    if done.returncode != 0:
        said = done.stderr.strip()
        if f'no matches for kind "{kind}"' in said or f'namespaces "{NAMESPACE}" not found' in said:
            raise NotStarted(f"your system is not that far: ./workbook lab {attempt.phase.number}")
        if TOO_SLOW.search(said) or "connection to the server" in said:
            raise unreachable(said, attempt.cluster.restart)
        raise attempt.wrong(
            expected="a file that the API server accepts",
            found=said.replace(str(attempt.file), attempt.file.name) or "no reason given",
            why="kubectl sent it to your API server, which would refuse it",
        )
    found: Object = json.loads(done.stdout)
    return found
