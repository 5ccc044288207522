"""Azure, asked through the learner's az, which answers JSON, or a reason with the fix.

az and not a client library: with the same command, the learner sees what the workbook saw.
"""

import json
import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbook.errors import WorkbookError
from workbook.learner.choices import Choices
from workbook.programs import TookTooLong, run
from workbook.targets.azure.refusals import PAGE, where_to_read

ABSENT = re.compile(r"Resource(Group)?NotFound|does not exist|not (be )?found")
SECONDS_TO_ANSWER = 120  # some lists are long, and az itself takes seconds to start
LOG_IN = 'eval "$(./workbook env)"; az login'


class AzureError(WorkbookError):
    """az gave no answer."""


class AzMissing(AzureError):
    """There is no az on this machine."""


class NotLoggedIn(AzureError):
    """az has no login, or one that has run out."""


class WrongSubscription(AzureError):
    """The login cannot see the chosen subscription, or none is chosen."""


class TooSlow(AzureError):
    """az has not answered in time."""


class NotJson(AzureError):
    """az answered with something that is not JSON."""


class Refused(AzureError):
    """Azure, or az, says no; the message is theirs."""


class NotThere(Refused):
    """Azure has nothing of that name."""


def az_folder(home: Path) -> Path:
    """Where az keeps the login, the chosen subscription and its extensions.

    It is the workbook's own, as the kubeconfig is: `az account set` here changes nothing for the
    learner's other terminals, and nothing that they type there leads a lesson elsewhere.
    """
    return home / ".workbook" / "azure" / "az"


@dataclass(frozen=True)
class Azure:
    """One subscription; no other one is ever asked."""

    subscription: str  # its id; "" only to ask which ones the login sees
    folder: Path  # of az: see az_folder

    def ask(self, *words: str, seconds: float = SECONDS_TO_ANSWER) -> Any:
        """What az answers to a command, parsed; None where it answers nothing.

        Raises:
            AzureError: there is no answer. Which kind of it says why.
        """
        # warnings too: one of them holds the login that multi-factor authentication asks for
        options = ["--subscription", self.subscription] if self.subscription else []
        options += ["--output", "json"]
        command = ["az", *words, *options]
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)  # a login is in it; `az login` itself would let others read
        try:
            environment = {**os.environ, "AZURE_CONFIG_DIR": str(self.folder)}
            done = run(command, seconds, environment=environment)
        except FileNotFoundError:
            raise AzMissing(
                "There is no az, the Azure CLI, on this machine.",
                "install it: https://learn.microsoft.com/cli/azure/install-azure-cli",
            ) from None
        except TookTooLong:
            raise TooSlow(
                f"az has not answered within {seconds:.0f} s: az {' '.join(words)}",
                "the same command again; https://azure.status.microsoft shows outages",
            ) from None
        if done.returncode != 0:
            raise self._reason(done.stderr, words)
        try:
            return json.loads(done.stdout) if done.stdout.strip() else None
        except ValueError:
            raise NotJson(
                f"az {' '.join(words)} answered no JSON, but: {done.stdout.strip()[:120]}",
                "az upgrade",
            ) from None

    def list(self, *words: str) -> list[dict[str, Any]]:
        """What az lists.

        Raises:
            AzureError: there is no list. Which kind of it says why.
        """
        listed = self.ask(*words)
        if not isinstance(listed, list):
            raise NotJson(f"az {' '.join(words)} answered no list, but: {listed}", "az upgrade")
        return listed

    def _reason(self, said: str, words: tuple[str, ...]) -> AzureError:
        lines = [line for line in said.splitlines() if line.strip()]
        errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
        message = (errors or lines or ["az gives no reason"])[-1].strip()
        if re.search(r"az login", said):
            return NotLoggedIn(
                f"The workbook's az has no valid login: {message}{where_to_read(said)}",
                _login_that_az_names(said),
            )
        if re.search(r"Subscription \S+ not (found|recognized)|SubscriptionNotFound", said):
            return WrongSubscription(
                f"The login of the workbook's az does not see the subscription "
                f"{self.subscription}: {message}{where_to_read(said)}",
                "az account list --all --output table, then ./workbook use azure --subscription ID",
            )
        again = shlex.join(["az", *words, "--subscription", self.subscription])
        kind = NotThere if ABSENT.search(said) else Refused
        problem = f"az {' '.join(words)}: {message}{where_to_read(said)}"
        return kind(problem, f'eval "$(./workbook env)"; {again}')


def _login_that_az_names(said: str) -> str:
    """The login that az asks for, word for word: only with its challenge does it ask for the
    second factor. As azure-cli 2.91.0 prints it (core/auth/util.py): a line `az logout`, then a
    line `az login` with its options."""
    named = re.search(r"^(?:az logout\n)?az login .+$", said, re.MULTILINE)
    if named is None:
        return LOG_IN
    return f'eval "$(./workbook env)"; {named[0].replace(chr(10), "; ").strip()}'


def subscriptions(home: Path) -> list[dict[str, Any]]:
    """The subscriptions that the login of the workbook's az sees.

    Raises:
        AzureError: there is no az, no login, or no subscription.
    """
    folder = az_folder(home)
    listed = Azure("", folder).list("account", "list")
    if not listed:  # az says nothing else when there is no login
        login = f"AZURE_CONFIG_DIR={shlex.quote(str(folder))} az login"
        raise NotLoggedIn(
            "The workbook's az has no login yet, or the login sees no subscription. "
            f"Read {PAGE}#no-login and {PAGE}#no-subscription.",
            f"{login}, then ./workbook use azure",
        )
    return listed


def open_azure(home: Path, choices: Choices) -> Azure:
    """The chosen subscription.

    Raises:
        AzureError: none is chosen, or no prefix.
    """
    if not choices.subscription:
        raise WrongSubscription(
            "No Azure subscription is chosen.", "./workbook use azure --subscription ID"
        )
    if not choices.prefix:  # it marks what is ours, so there is no default
        raise AzureError("No prefix is chosen.", "./workbook use azure --prefix PREFIX")
    return Azure(choices.subscription, az_folder(home))
