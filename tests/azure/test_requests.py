"""What each `az` line sends to Azure: azure-cli's own validators and handlers build the requests.

No request leaves this machine. `tests/azure/az/arm.py` answers in Azure's place.
"""

import re
from itertools import groupby

import pytest
from az.record import AGAIN, NOT_BUILT, Built, build, kept, lines
from copies import ROOT

from workbook.site.az_lines import commands_of
from workbook.site.az_requests import FILE

SERVER = "az postgres flexible-server"
MADE = f"{SERVER} create --resource-group shop --name shop --location westeurope --yes --version 17"
RULE = f"""{SERVER} firewall-rule create --resource-group shop --server-name shop --name you \
  --start-ip-address 192.0.2.1 --end-ip-address 192.0.2.1"""

# Lines that azure-cli's parser accepts, and that its validators and handlers stop
STOPPED = {
    "a firewall rule for a server without public access": (
        f"{MADE} --public-access None\n{RULE}",
        "Firewall rule operations are not supported for a server without public access enabled",
    ),
    "a firewall rule for a server that was closed later": (
        f"{MADE} --public-access Enabled\n"
        f"{SERVER} update --resource-group shop --name shop --public-access Disabled\n{RULE}",
        "Firewall rule operations are not supported for a server without public access enabled",
    ),
    "a size of storage that the tier does not have": (
        f"{MADE} --tier Burstable --sku-name Standard_B1ms --storage-size 33",
        "Invalid value for --storage-size",
    ),
    "a size of machine of another tier": (
        f"{MADE} --tier Burstable --sku-name Standard_D2ds_v5",
        "The SKU name is not available in the Burstable tier",
    ),
    "a command that asks before it goes on": (
        "az aks update --resource-group shop --name shop",
        "NoTTYException",
    ),
    "an app in an environment that nobody created": (
        "az containerapp create --resource-group shop --name shop --environment shop",
        "The environment",
    ),
    "a command of an extension, whose code is not here": (
        "az monitor app-insights component show --resource-group shop --app shop",
        "the extension application-insights",
    ),
}

# Bodies that Azure's interface does not take, in requests that a learner types
PUT = "az rest --method put --url /subscriptions/1/resourceGroups/shop/providers"
SERVERS = f"{PUT}/Microsoft.DBforPostgreSQL/flexibleServers/shop"
APPS = f"{PUT}/Microsoft.App/containerApps/shop"
FAULTS = {
    "a field that is missing": (
        f"{SERVERS}/firewallRules/you",
        '{"properties": {"startIpAddress": "192.0.2.1"}}',
        "properties.endIpAddress: missing",
    ),
    "a field that does not exist": (
        SERVERS,
        '{"location": "westeurope", "properties": {"storage": {"sizeGB": 32}}}',
        "properties.storage.sizeGB: Storage has no such field",
    ),
    "a field that only Azure sets": (
        SERVERS,
        '{"location": "westeurope", "properties": {"state": "Ready"}}',
        "properties.state: only Azure sets it",
    ),
    "a value that does not exist": (
        SERVERS,
        '{"location": "westeurope", "properties": {"network": {"publicNetworkAccess": "None"}}}',
        "properties.network.publicNetworkAccess: None is none of Enabled, Disabled",
    ),
    "a value of another type": (
        SERVERS,
        '{"location": "westeurope", "properties": {"storage": {"storageSizeGB": "32"}}}',
        "properties.storage.storageSizeGB: '32' is not of type <class 'int'>",
    ),
    "a field that an older model does not have": (
        APPS,
        '{"location": "westeurope", "properties": {"template": {"container": []}}}',
        "properties.template.container: there is no such field, or only Azure sets it",
    ),
    "a value of another type than that of an older model": (
        APPS,
        '{"location": "westeurope", "properties": {"template": {"scale": {"minReplicas": "few"}}}}',
        "few",
    ),
    "a body that azure-cli has no model of": (
        f"{PUT}/Microsoft.Shop/shops/one",
        "{}",
        "azure-cli has no model of it",
    ),
}
# What is wrong with requests whatever the line says
ACCEPTED = {
    "PATCH Microsoft.DBforPostgreSQL/flexibleServers: properties.backup.geoRedundantBackup: only "
    "Azure sets it": "azure-cli sends the server back as Azure described it",
    "POST Microsoft.ContainerRegistry/registries/scheduleRun: arguments[].type: Argument has no "
    "such field": "azure-cli itself adds the field",
    "PUT Microsoft.App/managedEnvironments: properties.workloadProfiles.Name: there is no such "
    "field, or only Azure sets it": "azure-cli's model is of 2022, its request of 2025",
    "POST Microsoft.CostManagement/query: azure-cli has no model of it": "written by hand",
    "PUT Microsoft.Consumption/budgets: azure-cli has no model of it": "written by hand",
}


@pytest.fixture(scope="module")
def built() -> dict[str, list[Built]]:
    """What azure-cli builds from each file, and from each text that stops it."""
    wrong = {name: text for name, (text, _) in STOPPED.items()}
    wrong |= {
        name: f"{command}?api-version=1 --body '{body}'"
        for name, (command, body, _) in FAULTS.items()
    }
    texts = {name: f"```bash\n{text}\n```" for name, text in wrong.items()}
    everything = build([*lines(), *commands_of(texts)])
    return {file: [*of] for file, of in groupby(everything, key=lambda one: one.command.file)}


@pytest.fixture
def of_lessons(built: dict[str, list[Built]]) -> list[Built]:
    return [one for file, of in built.items() if file not in STOPPED | FAULTS for one in of]


def test_every_line_builds_its_requests(of_lessons: list[Built]) -> None:
    stopped = [one for one in of_lessons if one.problem and one.command.name not in NOT_BUILT]
    hint = (
        "If a value is known only in a run, give its option one in VALUES of az/build.py. "
        "If the stand-in for Azure has no answer, add one to az/arm.py."
    )
    assert "\n".join(map(str, stopped)) == "", hint


def test_no_line_is_excused_that_builds_its_requests(of_lessons: list[Built]) -> None:
    assert set(NOT_BUILT) == {one.command.name for one in of_lessons if one.problem}


@pytest.mark.parametrize("name", STOPPED)
def test_line_that_its_own_command_refuses_is_found(
    name: str, built: dict[str, list[Built]]
) -> None:
    *before, last = built[name]
    assert [one.problem for one in before] == [None] * len(before)
    assert STOPPED[name][1] in (last.problem or "")


def test_every_body_is_one_that_azures_interface_takes(of_lessons: list[Built]) -> None:
    found = {fault: str(one.command) for one in of_lessons for fault in one.faults}
    assert {fault: line for fault, line in found.items() if fault not in ACCEPTED} == {}
    assert ACCEPTED.keys() - found.keys() == set(), "no line needs these any more"


@pytest.mark.parametrize("name", FAULTS)
def test_body_that_azures_interface_does_not_take_is_found(
    name: str, built: dict[str, list[Built]]
) -> None:
    [one] = built[name]
    assert one.problem is None
    assert len(one.faults) == 1
    assert FAULTS[name][2] in one.faults[0]


def test_the_kept_requests_are_those_of_the_present_lines(of_lessons: list[Built]) -> None:
    same = (ROOT / FILE).read_text(encoding="utf-8") == kept(of_lessons)
    assert same, f"{FILE} is of other `az` lines, or of another azure-cli. Build it again: {AGAIN}"


def test_a_kept_request_names_no_machine_and_no_subscription() -> None:
    text = (ROOT / FILE).read_text(encoding="utf-8")
    assert re.findall(r"[0-9a-f]{8}-[0-9a-f]{4}-|/tmp/|/home/|/root/|Bearer|@[a-z]+\.", text) == []
