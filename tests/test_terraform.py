"""The Terraform code of every phase, held against azurerm's own schema, and against our promises.

Terraform itself reads it, with a provider that knows azurerm's schema and nothing else
(offline/terraform). Everything happens in copies: in a folder of the learner's may be a state, and
the lock of the real provider.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from environments import environment_of
from terraform_mistakes import MISTAKES, Mistake

from workbook.local.tools import tool

HOME = Path(__file__).parents[1]
INSTALL = HOME / "offline" / "terraform" / "install.py"
ROOTS = sorted(HOME.glob("phases/*/terraform/azure"))
FOLDERS = [HOME / "terraform/bootstrap", *sorted(HOME.glob("terraform/modules/*")), *ROOTS]
PASSWORD = "Only-for-this-test-1"
OF_TERRAFORM = shutil.ignore_patterns(".terraform*", "*.tfstate*")
SKIP = re.compile(r"#checkov:skip=(\w+):(.+)")

pytestmark = pytest.mark.skipif(
    shutil.which("terraform") is None,
    reason="no terraform on the PATH: the Terraform code is not checked at all",
)

Json = dict[str, Any]


def name_of(folder: Path) -> str:
    return str(folder.relative_to(HOME))


every_folder = pytest.mark.parametrize("folder", FOLDERS, ids=name_of)
every_root = pytest.mark.parametrize("root", ROOTS, ids=name_of)


class Terraform:
    """Terraform, with the schema-only providers and without the user's own settings."""

    def __init__(self, configuration: Path) -> None:
        self.configuration = configuration
        ours = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
        self.environment = {
            **ours,
            "ARM_SUBSCRIPTION_ID": "00000000-0000-0000-0000-000000000000",
            "CHECKPOINT_DISABLE": "1",
            "TF_CLI_CONFIG_FILE": str(configuration),
            "TF_DISABLE_PLUGIN_TLS": "1",
            "TF_IN_AUTOMATION": "1",
            "TF_VAR_administrator_password": PASSWORD,
            "TF_VAR_budget_email": "learner@example.com",
        }

    def __call__(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        # Terraform only warns, and then looks for the provider elsewhere
        if not self.configuration.is_file():
            raise FileNotFoundError(f"TF_CLI_CONFIG_FILE names {self.configuration}: no such file")
        command = ["terraform", *arguments]
        return subprocess.run(
            command, cwd=folder, env=self.environment, capture_output=True, text=True
        )


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    folder = tmp_path_factory.mktemp("providers")
    done = subprocess.run([sys.executable, INSTALL, folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return Terraform(folder / "terraform.rc")


@pytest.fixture(scope="session")
def code(tmp_path_factory: pytest.TempPathFactory, terraform: Terraform) -> Path:
    """A copy of the code in which `terraform init` has been run everywhere.

    The roots keep their state in a file: a plan wants its backend to be there.
    """
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


# What Terraform says


@pytest.mark.parametrize("folder", [HOME / "terraform", *ROOTS], ids=name_of)
def test_it_is_formatted(folder: Path, terraform: Terraform) -> None:
    done = terraform(folder, "fmt", "-check", "-recursive", "-diff")
    assert (done.returncode, done.stdout) == (0, "")


def problems(terraform: Terraform, folder: Path) -> list[str]:
    """What `terraform validate` finds, warnings as well."""
    done = terraform(folder, "validate", "-json")
    found = json.loads(done.stdout)["diagnostics"]
    return [" ".join(f"{one['summary']} {one['detail']}".split()) for one in found]


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


def runs_of(file: Path) -> dict[str, str]:
    """The runs of a test file, by their names."""
    found = re.finditer(
        r'^run "(\w+)" {.*?^}\n', file.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    return {one[1]: one[0] for one in found}


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


def plan(terraform: Terraform, root: Path) -> tuple[list[str], Json, str]:
    """What is wrong with a root's plan; its resources by their addresses; all of it as text."""
    override = 'terraform {\n  backend "local" {}\n}\n'
    (root / "backend_override.tf").write_text(override, encoding="utf-8")
    done = terraform(root, "init", "-input=false", "-no-color")
    assert done.returncode == 0, done.stderr
    done = terraform(root, "plan", "-input=false", "-no-color", "-out=plan")
    if done.returncode != 0:
        return [done.stderr], {}, ""
    shown = terraform(root, "show", "-json", "plan")
    changes = json.loads(shown.stdout)["resource_changes"]
    resources = {one["address"]: one["change"]["after"] for one in changes}
    untagged = [
        f"{address}: no tag workbook"
        for address, after in resources.items()
        if "tags" in after and (after["tags"] or {}).get("workbook") != "ml-demo"
    ]
    return untagged, resources, shown.stdout + done.stdout


@pytest.fixture(scope="session", params=ROOTS, ids=name_of)
def planned(
    request: pytest.FixtureRequest,
    code: Path,
    terraform: Terraform,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, list[str], Json, str]:
    copy = tmp_path_factory.mktemp("plan") / "code"
    shutil.copytree(code, copy, symlinks=True)
    root = copy / name_of(request.param)
    return root, *plan(terraform, root)


def test_everything_that_can_carry_a_tag_does(planned: tuple[Path, list[str], Json, str]) -> None:
    _, wrong, resources, _ = planned
    assert wrong == []
    assert sum("tags" in after for after in resources.values()) > 10


def test_the_plan_holds_no_password(planned: tuple[Path, list[str], Json, str]) -> None:
    root, _, _, shown = planned
    assert PASSWORD not in shown
    assert PASSWORD.encode() not in (root / "plan").read_bytes()


def test_everything_of_phases_1_and_2_is_in_the_plan(
    planned: tuple[Path, list[str], Json, str],
) -> None:
    _, _, resources, _ = planned
    kinds = {address.rpartition(".")[0].rpartition(".")[2] for address in resources}
    made_by_hand = {"resource_group", "container_registry", "kubernetes_cluster"}
    made_by_hand |= {"postgresql_flexible_server", "postgresql_flexible_server_database"}
    assert {f"azurerm_{kind}" for kind in made_by_hand} <= kinds


def test_the_schema_only_provider_makes_nothing_and_says_so(
    planned: tuple[Path, list[str], Json, str], terraform: Terraform
) -> None:
    root, *_ = planned
    done = terraform(root, "apply", "-input=false", "-no-color", "plan")
    assert done.returncode == 1
    assert "This provider knows a schema only." in done.stderr


# The provider itself


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


def linted(code: Path, terraform: Terraform) -> str:
    """What tflint finds."""
    settings = code / "terraform" / ".tflint.hcl"
    command = [tool("tflint"), "--recursive", f"--config={settings}", "--format=compact"]
    environment = {**terraform.environment, "TFLINT_LOG": ""}
    done = subprocess.run(command, cwd=code, env=environment, capture_output=True, text=True)
    assert done.returncode in (0, 2), done.stderr
    return done.stdout


def test_tflint_finds_nothing(code: Path, terraform: Terraform) -> None:
    assert linted(code, terraform) == ""


def broken_rules(code: Path) -> set[tuple[str, str]]:
    """The rules of checkov that are broken, each with its file; exceptions are not looked at."""
    looked_at = code.parent / f"{code.name}-for-checkov"
    shutil.copytree(code, looked_at, ignore=OF_TERRAFORM)
    for file in looked_at.rglob("*.tf"):
        file.write_text(file.read_text(encoding="utf-8").replace("#checkov:skip=", "# "))
    checkov = environment_of(HOME / "tests" / "checkov.lock") / "checkov"
    command = [checkov, "--directory", looked_at, "--framework", "terraform"]
    command += ["--output", "json", "--quiet", "--skip-download", "--soft-fail"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["resource_count"] > 20
    return {
        (one["file_path"].lstrip("/"), f"{one['check_id']} {one['check_name']}")
        for one in report["results"]["failed_checks"]
    }


def exceptions(code: Path) -> set[tuple[str, str]]:
    """The rules that are not kept, each with its file, as the code says it."""
    return {
        (str(file.relative_to(code)), rule)
        for file in code.rglob("*.tf")
        for rule, reason in SKIP.findall(file.read_text(encoding="utf-8"))
        if len(reason.split()) > 2
    }


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
        return "\n".join([*problems(terraform, folder), *problems(terraform, root)])
    if mistake.finder == "plan":
        return "\n".join(plan(terraform, root)[0])
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
    said_of_it = " ".join(re.sub("[│╷╵]", " ", found[mistake.name].result()).split())
    assert mistake.says in said_of_it
