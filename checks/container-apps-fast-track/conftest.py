"""What the checks of the notebook look at: the app as Azure describes it, and the API behind it."""

from typing import Any

import pytest

from workbook.checks.api import Api
from workbook.course.phase import root
from workbook.learner.choices import Choices
from workbook.outcome import NotStarted, Unknown
from workbook.targets.azure.client import AzureError, NotThere, open_azure
from workbook.targets.azure.names import names

NAME = "ml-api"
LESSON = "./workbook lab container-apps-fast-track"


def ask(choices: Choices, *words: str) -> Any:
    if choices.target == "local":
        raise Unknown("Container Apps is Azure's; your target is local")
    try:
        where = ("--resource-group", names(choices)["RG"], "--name", NAME)
        return open_azure(root(), choices).ask("containerapp", *words, *where)
    except NotThere:
        raise NotStarted("deploy the app: “Deploy it” in the notebook") from None
    except AzureError as error:
        raise Unknown(str(error)) from None


@pytest.fixture(scope="module")
def app(choices: Choices) -> dict[str, Any]:
    """The app's properties."""
    properties: dict[str, Any] = ask(choices, "show")["properties"]
    return properties


@pytest.fixture(scope="module")
def revisions(choices: Choices, app: dict[str, Any]) -> list[dict[str, Any]]:
    """Its revisions that are active."""
    active: list[dict[str, Any]] = ask(choices, "revision", "list")  # without --all, only those
    return active


@pytest.fixture
def api(app: dict[str, Any]) -> Api:
    """The API at the app's address."""
    name = (app["configuration"].get("ingress") or {}).get("fqdn")
    if not name:
        raise NotStarted("give the app an address: --ingress external, under “Deploy it”")
    return Api(f"https://{name}", start_command=LESSON)
