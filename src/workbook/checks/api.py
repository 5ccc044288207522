"""What checks ask about the learner's system: the files of the phase, its API, recorded answers."""

import json
import os
import ssl
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbook.course.phase import Phase
from workbook.outcome import NotStarted, Wrong
from workbook.programs import TookTooLong, run

if TYPE_CHECKING:
    import httpx

SECONDS_TO_ANSWER = 5


@dataclass(frozen=True)
class Api:
    """The learner's API at an address."""

    address: str
    start_command: str  # what a learner types to start it
    evidence: str = ""  # what is known of the process behind the address
    authority: str | None = None  # file of the authority that signs for it; None: a public one

    def post(self, path: str, body: bytes, kind: str = "application/json") -> "httpx.Response":
        """Send a body as it is.

        Raises:
            NotStarted: nothing listens at the address.
            Wrong: something listens, and does not answer as HTTP in time, or not with a certificate
                that holds.
        """
        return self._ask("POST", path, content=body, headers={"Content-Type": kind})

    def predict(self, text: str, request_id: str = "") -> "httpx.Response":
        headers = {"X-Request-ID": request_id} if request_id else {}
        return self._ask("POST", "/predict", json={"text": text}, headers=headers)

    def get(self, path: str) -> "httpx.Response":
        return self._ask("GET", path)

    def health(self) -> "httpx.Response":
        return self.get("/health")

    def _ask(self, method: str, path: str, **arguments: Any) -> "httpx.Response":
        import httpx  # here, because a fresh clone runs the checks before it is installed

        try:
            verify = ssl.create_default_context(cafile=self.authority)
            with httpx.Client(timeout=SECONDS_TO_ANSWER, trust_env=False, verify=verify) as client:
                return client.request(method, f"{self.address}{path}", **arguments)
        except httpx.ConnectError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise Wrong(
                    expected=f"a certificate that is valid for {self.address}",
                    found=str(error),
                    why="it has ended, is for another name, or is of another authority",
                    run_next="lesson 4, “A certificate for the gateway”: create it again",
                ) from None
            if self.evidence:
                raise Wrong(
                    expected=f"an API that answers at {self.address}",
                    found=f"nothing listens there. {self.evidence}",
                    why="the program that the lesson started has ended",
                    run_next=self.start_command,
                ) from None
            raise NotStarted(f"nothing listens at {self.address}: start the API") from None
        except httpx.HTTPError as error:
            raise Wrong(
                expected=f"an answer to {method} {path} within {SECONDS_TO_ANSWER} s",
                found=f"{type(error).__name__}: {error}. {self.evidence}".strip(),
                why="another program may hold the port, or the API hangs",
                run_next="./workbook doctor 0",
            ) from None


def ask_phase(phase: Phase, script: Path, *arguments: str, seconds: float = 60) -> dict[str, Any]:
    """Run a script of the checks with the phase's own code, in its folder; returns its JSON.

    In a process of its own: every phase has a package `sentiment`, and the learner's may be broken.

    Raises:
        Wrong: the phase's code failed.
    """
    environment = {**os.environ, "PYTHONPATH": str(phase.directory)}
    try:
        command = [sys.executable, str(script), *arguments]
        done = run(command, seconds, directory=phase.directory, environment=environment)
    except TookTooLong:
        raise Wrong(
            expected=f"the code of {phase.name} to answer within {seconds:g} s",
            found="no answer",
            why="an endless loop in the code, or a machine with much else to do",
            run_next=f"git diff phases/{phase.name}",
        ) from None
    if done.returncode != 0:
        raise Wrong(
            expected=f"the code of {phase.name} to run",
            found="\n".join(done.stderr.strip().splitlines()[-3:]) or f"status {done.returncode}",
            why="the check uses the code of your phase, and that failed",
            run_next=f"git diff phases/{phase.name}",
        )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
