"""The local root and its provider, as far as they can be tried without a cluster."""

import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from workbook.course.phase import Phase, phases
from workbook.errors import WorkbookError
from workbook.learner.choices import Choices
from workbook.targets import terraform
from workbook.targets.doctor import examine
from workbook.targets.environment import lesson_environment
from workbook.targets.local import provider, tools

ROOT = Path(__file__).parents[2]
ROOTS = [phase.directory / "terraform" / "local" for phase in phases(ROOT, "local")]
ROOTS = [root for root in ROOTS if root.is_dir()]
every_root = pytest.mark.parametrize("root", ROOTS, ids=lambda root: root.parts[-3])
needs_terraform = pytest.mark.skipif(shutil.which("terraform") is None, reason="no Terraform here")


@every_root
def test_the_root_asks_for_the_provider_that_is_built(root: Path) -> None:
    text = (root / "versions.tf").read_text(encoding="utf-8")
    found = re.search(r'source  = "(.+)"\n\s+version = "(.+)"', text)
    assert found is not None
    assert found.groups() == (provider.SOURCE, provider.version())


@every_root
def test_the_state_is_where_the_checks_look_for_it(root: Path) -> None:
    text = (root / "versions.tf").read_text(encoding="utf-8")
    suffix = terraform.STATE.removeprefix("tfstate-default-")
    assert f'namespace     = "{terraform.NAMESPACE}"' in text
    assert f'secret_suffix = "{suffix}"' in text
    assert f"lock-{terraform.STATE}" == terraform.LEASE


@every_root
def test_no_root_names_a_secret_a_volume_or_a_namespace_as_its_own(root: Path) -> None:
    texts = [path.read_text(encoding="utf-8") for path in root.glob("*.tf")]
    kinds = re.findall(r'kind\s+= "(\w+)"', "\n".join(texts))
    assert set(kinds) == {"ConfigMap", "NetworkPolicy"}
    files = re.findall(r'local\.files}/([\w-]+\.yaml)"', "\n".join(texts))
    assert sorted(files) == ["service.yaml", "statefulset.yaml"]


@every_root
@needs_terraform
def test_the_code_is_formatted(root: Path) -> None:
    done = subprocess.run(
        ["terraform", "fmt", "-check", "-diff", "-no-color", root],
        env={**os.environ, "TF_CLI_CONFIG_FILE": os.devnull},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_provider_is_where_terraform_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tools, "user_cache_path", lambda _: tmp_path)
    program = tools.folder_of(provider.PROGRAM) / provider.PROGRAM
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    file = provider.provide()
    assert provider.provide() == file == provider.configuration()
    mirror = re.search(r'path    = "(.+)"', file.read_text(encoding="utf-8"))
    assert mirror is not None
    [placed] = [path for path in Path(mirror[1]).rglob("*") if path.is_file()]
    name = f"{provider.PROGRAM}_v{provider.version()}"
    parts = (provider.REGISTRY, provider.SOURCE, provider.version(), "linux_amd64", name)
    assert placed == Path(mirror[1]).joinpath(*parts)
    assert placed.samefile(program)


def test_a_lesson_reaches_our_cluster_and_our_provider(tmp_path: Path) -> None:
    environment = lesson_environment(tmp_path, Choices())
    assert environment["KUBE_CONFIG_PATH"] == environment["KUBECONFIG"]
    assert environment["TF_CLI_CONFIG_FILE"] == str(provider.configuration())
    # there, providers come from wherever the learner has told Terraform
    assert "TF_CLI_CONFIG_FILE" not in lesson_environment(tmp_path, Choices(target="azure"))


@pytest.mark.parametrize(
    ("script", "found", "is_well"),
    [
        ('echo \'{"terraform_version": "1.12.1"}\'', "1.12.1", True),
        ('echo \'{"terraform_version": "1.9.8"}\'', "1.9.8", False),
        ('echo \'{"terraform_version": "1.11.0-beta1"}\'', "1.11.0", True),
        ("exit 1", "missing", False),
    ],
)
def test_doctor_looks_for_a_terraform_that_is_new_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, found: str, is_well: bool
) -> None:
    (tmp_path / "terraform").write_text(f"#!/bin/sh\n{script}\n")
    (tmp_path / "terraform").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    [seen] = [
        o for o in examine(Phase(3, ROOT, "azure"), Choices(target="azure")) if "Terr" in o.what
    ]
    assert seen.found == found
    assert (seen.fix == "") is is_well
    assert [
        o for o in examine(Phase(2, ROOT, "azure"), Choices(target="azure")) if "Terr" in o.what
    ] == []


def test_what_terraform_says_is_kept_without_its_frame() -> None:
    said = "╷\n│ Error: Error acquiring the state lock\n│ \n│ Lock Info:\n╵\n"
    assert terraform.last_words(said) == "Error: Error acquiring the state lock\nLock Info:"


def test_without_terraform_the_message_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert terraform.version() is None
    with pytest.raises(WorkbookError, match="no Terraform on this machine") as raised:
        terraform.Root(tmp_path, {"PATH": str(tmp_path)}).run("plan")
    assert "1.11 or newer" in raised.value.run_next
