"""The Terraform code of every phase, held against azurerm's own schema, and against our promises.

Terraform itself reads it, with a provider that knows azurerm's schema and nothing else
(offline/terraform). Everything happens in copies: in a folder of the learner's may be a state, and
the lock of the real provider.
"""

import json
import os
import re
import shutil
import zipfile
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from terraform_mistakes import MISTAKES, Mistake
from terraform_tools import (
    HOME,
    INSTALL,
    OF_TERRAFORM,
    PASSWORD,
    TERRAFORM,
    Json,
    Plan,
    Terraform,
    broken_rules,
    distinct,
    exceptions,
    installed,
    linted,
    made_before,
    name_of,
    plan,
    problems,
    runs_of,
)

from workbook.course.phase import Phase

OF_PHASES = sorted(HOME.glob("phases/*/terraform/azure"))
ROOTS = distinct(OF_PHASES)
FOLDERS = [HOME / "terraform/bootstrap", *sorted(HOME.glob("terraform/modules/*")), *ROOTS]

pytestmark = pytest.mark.skipif(
    TERRAFORM is None,
    reason="no terraform on the PATH: the Terraform code is not checked at all",
)

every_folder = pytest.mark.parametrize("folder", FOLDERS, ids=name_of)
every_root = pytest.mark.parametrize("root", ROOTS, ids=name_of)


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    return installed(tmp_path_factory.mktemp("providers"))


@pytest.fixture(scope="session")
def code(tmp_path_factory: pytest.TempPathFactory, terraform: Terraform) -> Path:
    """A copy of the code in which `terraform init` has been run everywhere."""
    copy = tmp_path_factory.mktemp("terraform")
    for folder in [HOME / "terraform", *ROOTS]:
        shutil.copytree(folder, copy / name_of(folder), ignore=OF_TERRAFORM)
    for folder in FOLDERS:
        there = copy / name_of(folder)
        done = terraform(there, "init", "-backend=false", "-input=false", "-no-color")
        assert done.returncode == 0, done.stderr
        assert "Installed hashicorp/azurerm v5.10.0" in done.stdout
    return copy


@pytest.fixture(scope="session")
def pool() -> Iterator[ThreadPoolExecutor]:
    made = ThreadPoolExecutor(os.cpu_count())
    yield made
    made.shutdown(cancel_futures=True)


def test_a_root_is_left_out_only_where_it_is_the_same_to_the_byte(tmp_path: Path) -> None:
    first, copy, changed, more = (tmp_path / name for name in "abcd")
    for root in (first, copy, changed, more):
        shutil.copytree(ROOTS[0], root, ignore=OF_TERRAFORM)
    (copy / "terraform.tfstate").write_text("{}")  # of a learner: no test looks at it
    (changed / "main.tf").write_text((changed / "main.tf").read_text() + "\n")
    (more / "more.tf").touch()
    assert distinct([first, copy, changed, more]) == [first, changed, more]


# What Terraform says


@pytest.mark.parametrize("folder", [HOME / "terraform", *ROOTS], ids=name_of)
def test_it_is_formatted(folder: Path, terraform: Terraform) -> None:
    done = terraform(folder, "fmt", "-check", "-recursive", "-diff")
    assert (done.returncode, done.stdout) == (0, "")


@every_folder
def test_it_is_valid(folder: Path, code: Path, terraform: Terraform) -> None:
    assert problems(terraform, code / name_of(folder)) == []


@pytest.fixture(scope="session")
def tested(code: Path, terraform: Terraform, pool: ThreadPoolExecutor) -> dict[str, Future[Any]]:
    """`terraform test` in every folder, some at a time."""
    names = [name_of(folder) for folder in FOLDERS]
    return {name: pool.submit(terraform, code / name, "test", "-json") for name in names}


@every_folder
def test_its_tests_pass(folder: Path, tested: dict[str, Future[Any]]) -> None:
    done = tested[name_of(folder)].result()
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    [summary] = [line["test_summary"] for line in lines if line["type"] == "test_summary"]
    runs = sum(len(runs_of(file)) for file in folder.glob("tests/*.tftest.hcl"))
    assert (summary["status"], summary["passed"]) == ("pass", runs), done.stdout
    assert runs > 0


@every_folder
def test_every_validation_has_a_run_that_it_refuses(folder: Path) -> None:
    text = (folder / "variables.tf").read_text(encoding="utf-8")
    rules = {
        name: len(re.findall(r"^  validation {$", body, re.MULTILINE))
        for name, body in re.findall(
            r'^variable "(\w+)" {\n(.*?)^}$', text, re.MULTILINE | re.DOTALL
        )
    }
    refused = [
        name
        for file in folder.glob("tests/*.tftest.hcl")
        for run in runs_of(file).values()
        for name in re.findall(r"expect_failures = \[var\.(\w+)\]", run)
    ]
    assert {name: refused.count(name) for name in rules} == rules


# What a plan holds


@pytest.fixture(scope="session", params=ROOTS, ids=name_of)
def planned(
    request: pytest.FixtureRequest,
    code: Path,
    terraform: Terraform,
    tmp_path_factory: pytest.TempPathFactory,
) -> Plan:
    copy = tmp_path_factory.mktemp("plan") / "code"
    shutil.copytree(code, copy, symlinks=True)
    return plan(terraform, copy / name_of(request.param))


def test_everything_that_can_carry_a_tag_does(planned: Plan) -> None:
    assert planned.wrong == []
    assert sum("tags" in after for after in planned.resources.values()) > 10


def test_nodes_and_ports_are_those_of_the_variables(
    planned: Plan, terraform: Terraform, tmp_path: Path
) -> None:
    code = planned.root.parents[3]
    copy = shutil.copytree(code, tmp_path / "code", symlinks=True)
    chosen = Terraform(terraform.configuration)
    chosen.environment |= {"TF_VAR_node_count": "2", "TF_VAR_node_size": "Standard_D4s_v5"}
    other = plan(chosen, copy / planned.root.relative_to(code))
    for given, count, size in ((planned, 1, "Standard_D4as_v5"), (other, 2, "Standard_D4s_v5")):
        cluster = given.resources["module.cluster.azurerm_kubernetes_cluster.main"]
        [pool] = cluster["default_node_pool"]
        assert (pool["node_count"], pool["vm_size"]) == (count, size)


CLUSTER = "module.cluster.azurerm_kubernetes_cluster.main"
SLEEP = "module.identity.time_sleep.roles_are_known"
ROLES = ("kubelet_pulls_images", "control_plane_gives_nodes_their_identity")
ROLES += ("control_plane_attaches_to_subnet",)
# Azure takes one change of a new database server at a time
SERVER = [
    f"module.database.{part}"
    for part in (
        "azurerm_postgresql_flexible_server.main",
        "azurerm_postgresql_flexible_server_database.predictions",
        "azurerm_postgresql_flexible_server_configuration.tls",
        "azurerm_private_endpoint.main",
    )
]
ORDER = [
    *pairwise(SERVER),
    (SLEEP, CLUSTER),
    *((f"module.identity.azurerm_role_assignment.{role}", SLEEP) for role in ROLES),
]


def out_of_order(terraform: Terraform, root: Path) -> list[str]:
    """What may be made too early."""
    return [
        f"{second} does not wait for {first}"
        for first, second in ORDER
        if first not in made_before(terraform, root, second)
    ]


def test_nothing_is_made_too_early(planned: Plan, terraform: Terraform) -> None:
    assert out_of_order(terraform, planned.root) == []


@pytest.mark.parametrize("root", [HOME / "terraform/bootstrap", *ROOTS], ids=name_of)
def test_nobody_gets_a_prefix_that_others_have_too(
    root: Path, code: Path, terraform: Terraform, tmp_path: Path
) -> None:
    copy = tmp_path / "code"
    shutil.copytree(code, copy, symlinks=True)
    without = Terraform(terraform.configuration)
    del without.environment["TF_VAR_prefix"]
    assert 'variable "prefix" is not set' in said_in(plan(without, copy / name_of(root)).wrong)


def test_the_plan_holds_no_password(planned: Plan) -> None:
    assert PASSWORD not in planned.shown
    with zipfile.ZipFile(planned.root / "plan") as file:  # compressed: its bytes show nothing
        content = b"".join(file.read(name) for name in file.namelist())
    assert b"learner@example.com" in content  # what is no secret is there
    assert PASSWORD.encode() not in content


def test_everything_that_phases_1_and_2_make_by_hand_is_in_the_plan(planned: Plan) -> None:
    kinds = {address.rpartition(".")[0].rpartition(".")[2] for address in planned.resources}
    by_hand = {"resource_group", "container_registry", "kubernetes_cluster"}
    by_hand |= {"postgresql_flexible_server", "postgresql_flexible_server_database"}
    assert {f"azurerm_{kind}" for kind in by_hand} <= kinds


@pytest.mark.parametrize("root", OF_PHASES, ids=name_of)
def test_terraform_registers_the_services_that_doctor_asks_for(root: Path) -> None:
    text = (root / "versions.tf").read_text(encoding="utf-8")
    registered = re.search(r"resource_providers_to_register = \[(.*?)\]", text, re.DOTALL)
    assert registered
    phase = Phase(int(root.parents[1].name.removeprefix("phase")), HOME, "azure")
    needed = {name for each in phase.up_to for name in each.manifest.providers}
    assert {*re.findall(r'"([\w.]+)"', registered[1])} == needed


def test_the_schema_only_provider_makes_nothing_and_says_so(
    planned: Plan, terraform: Terraform
) -> None:
    done = terraform(planned.root, "apply", "-input=false", "-no-color", "plan")
    assert done.returncode == 1
    assert "This provider knows a schema only." in done.stderr


# The state


@every_root
def test_the_backend_takes_what_bootstrap_says_and_asks_who_is_there(
    root: Path, code: Path, terraform: Terraform, tmp_path: Path
) -> None:
    """It gets as far as asking the Azure CLI, which is not there, for a sign-in."""
    copy = tmp_path / "code"
    shutil.copytree(code, copy, symlinks=True)
    said_by_bootstrap = 'storage_account_name = "mldemostateabc12"\ncontainer_name = "state"\n'
    (tmp_path / "backend.conf").write_text(said_by_bootstrap, encoding="utf-8")
    alone = Terraform(terraform.configuration)
    alone.environment["PATH"] = str(tmp_path)
    settings = f"-backend-config={tmp_path}/backend.conf"
    done = alone(copy / name_of(root), "init", "-input=false", "-no-color", settings)
    assert "could not configure AzureCli Authorizer" in done.stderr


@pytest.mark.parametrize("kind", ["resource_group", "storage_account", "storage_container"])
def test_what_holds_the_state_cannot_be_destroyed(
    kind: str, code: Path, terraform: Terraform, tmp_path: Path
) -> None:
    bootstrap = tmp_path / "bootstrap"
    shutil.copytree(code / "terraform/bootstrap", bootstrap, symlinks=True)
    made = {
        "mode": "managed",
        "type": f"azurerm_{kind}",
        "name": "state",
        "provider": 'provider["registry.terraform.io/hashicorp/azurerm"]',
        "instances": [{"schema_version": 0, "attributes": {"name": kind}}],
    }
    state = {"version": 4, "serial": 1, "lineage": "made by hand", "resources": [made]}
    (bootstrap / "terraform.tfstate").write_text(json.dumps(state), encoding="utf-8")
    done = terraform(bootstrap, "plan", "-destroy", "-input=false", "-no-color")
    assert f"Resource azurerm_{kind}.state has lifecycle.prevent_destroy set" in done.stderr


# The provider itself


@pytest.mark.parametrize("name", ["packages.txt", "requirements.txt"])
def test_what_it_is_made_of_has_hashes_and_no_addresses(name: str) -> None:
    text = INSTALL.with_name(name).read_text(encoding="utf-8")
    names = re.findall(r"^[\w.-]+==", text, re.MULTILINE)
    assert 0 < len(names) < text.count("\\\n    --hash=sha256:")
    assert "://" not in text


def test_terraform_reads_the_schema_that_was_derived(code: Path, terraform: Terraform) -> None:
    """What reaches Terraform through the protocol is what was read from the package."""
    done = terraform(code / "terraform/modules/network", "providers", "schema", "-json")
    [found] = json.loads(done.stdout)["provider_schemas"].values()
    program = next(terraform.configuration.parent.rglob("terraform-provider-azurerm_*"))
    derived = json.loads(Path(program.read_text().split()[-2]).read_bytes())
    for section in ("resource_schemas", "data_source_schemas", "ephemeral_resource_schemas"):
        assert found[section].keys() == derived[section].keys()
        for name, schema in derived[section].items():
            assert said(found[section][name]["block"]) == said(schema["block"]), name


def said(block: Json) -> Json:
    """A block without what only Terraform adds."""
    attributes = {
        name: {key: value for key, value in one.items() if key != "description_kind"}
        for name, one in block.get("attributes", {}).items()
    }
    blocks = {
        name: {**one, "block": said(one["block"])}
        for name, one in block.get("block_types", {}).items()
    }
    return {"attributes": attributes, "block_types": blocks}


def test_settings_that_are_not_there_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="TF_CLI_CONFIG_FILE names"):
        Terraform(tmp_path / "terraform.rc")(tmp_path, "version")


# What linters say


def test_tflint_finds_nothing(code: Path, terraform: Terraform) -> None:
    assert linted(code, terraform) == ""


def test_checkov_finds_what_is_explained_and_nothing_else(code: Path) -> None:
    found = {(file, rule.partition(" ")[0]) for file, rule in broken_rules(code)}
    explained = exceptions(code)
    assert sorted(found - explained) == []
    assert sorted(explained - found) == [], "explained for nothing"


# Mistakes are found


def what_is_said(mistake: Mistake, code: Path, terraform: Terraform) -> str:
    """What the finder of a mistake says of a copy of the code that has it."""
    mistake.make(code)
    folder = (code / mistake.file).parent
    root = code / name_of(ROOTS[0])
    if mistake.finder == "validate":
        return "\n".join(problems(terraform, root))  # of its modules as well
    if mistake.finder == "plan":
        return "\n".join(plan(terraform, root).wrong)
    if mistake.finder == "order":
        return "\n".join(out_of_order(terraform, root))
    if mistake.finder == "tflint":
        return linted(code, terraform)
    if mistake.finder == "checkov":
        return "\n".join(rule for _, rule in broken_rules(code))
    [file] = folder.glob("tests/*.tftest.hcl")
    head = file.read_text(encoding="utf-8").partition('\nrun "')[0]
    file.write_text(f"{head}\n{runs_of(file)[mistake.finder]}", encoding="utf-8")
    done = terraform(folder, "test", "-no-color")
    return (done.stdout + done.stderr) if done.returncode else ""


@pytest.fixture(scope="session")
def found(
    code: Path,
    terraform: Terraform,
    pool: ThreadPoolExecutor,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Future[str]]:
    """What is said of each mistake, some at a time."""
    copies = tmp_path_factory.mktemp("mistakes")

    def find(index: int) -> str:
        copy = copies / str(index)
        shutil.copytree(code, copy, symlinks=True)
        return what_is_said(MISTAKES[index], copy, terraform)

    return {each.name: pool.submit(find, index) for index, each in enumerate(MISTAKES)}


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_is_found(mistake: Mistake, found: dict[str, Future[str]]) -> None:
    assert mistake.says in said_in([found[mistake.name].result()])


def said_in(output: list[str]) -> str:
    """What Terraform says, without its frames and line breaks."""
    return " ".join(re.sub("[│╷╵]", " ", "\n".join(output)).split())
