"""azure-cli in this process: signed in to a made-up subscription, without a network.

Runs where `az.review.ask` runs it: in the environment of tests/azure/azure-cli.lock, with
AZURE_CONFIG_DIR naming an empty folder.
"""

import json
import os
import socket
from pathlib import Path
from typing import Any, NoReturn

from azure.cli.core import MainCommandsLoader, get_default_cli
from azure.cli.core.auth.identity import Identity

NOT_KNOWN = "placeholder"  # stands for what only a run could tell
SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
SETTINGS = Path(os.environ["AZURE_CONFIG_DIR"])
PROFILE = {
    "installationId": SUBSCRIPTION,
    "subscriptions": [
        {
            "id": SUBSCRIPTION,
            "name": NOT_KNOWN,
            "state": "Enabled",
            "isDefault": True,
            "tenantId": SUBSCRIPTION,
            "homeTenantId": SUBSCRIPTION,
            "managedByTenants": [],
            "environmentName": "AzureCloud",
            "user": {"name": "learner@example.com", "type": "user"},
        }
    ],
}


class Credential:
    """Hands out a token that opens nothing."""

    def acquire_token(self, scopes: list[str], **_: object) -> dict[str, Any]:
        return {"access_token": NOT_KNOWN, "token_type": "Bearer", "expires_in": 3600}


def offline(*_: object, **__: object) -> NoReturn:
    raise OSError("azure-cli must not use the network here")


def new_cli() -> Any:
    """An azure-cli that has run no command yet."""
    cli = get_default_cli()
    cli.data["subscription_id"] = SUBSCRIPTION
    return cli


(SETTINGS / "azureProfile.json").write_text(json.dumps(PROFILE))
socket.socket.connect = offline  # type: ignore[method-assign]
socket.getaddrinfo = offline
# a parser of every command, to keep the help of each for another process: no other comes
MainCommandsLoader._cache_help_index = lambda *_: None
Identity.get_user_credential = lambda *_: Credential()
