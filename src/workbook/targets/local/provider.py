"""The Terraform provider of the target local: built here, and found by Terraform in a mirror.

The same way on every machine, also where a provider could be downloaded: what go.sum verifies is
what runs.
"""

import os
import platform
import re
from pathlib import Path

from workbook.targets.local.tools import OFFLINE, PROGRAMS, Say, folder_of, quiet, tool

PROGRAM = "terraform-provider-kubectl"
SOURCE = "gavinbunney/kubectl"  # as a root's required_providers names it
REGISTRY = "registry.terraform.io"  # whose name Terraform gives a source that names none
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}  # Go's names for those of uname


def version() -> str:
    """Of the provider, as its go.mod pins it."""
    program = PROGRAMS[PROGRAM]
    text = (OFFLINE / program.module / "go.mod").read_text(encoding="utf-8")
    found = re.search(rf"^\s*{re.escape(program.package)} v(\S+)", text, re.MULTILINE)
    assert found is not None
    return found[1]


def configuration() -> Path:
    """The file that TF_CLI_CONFIG_FILE names; it is there once the provider is."""
    return folder_of(PROGRAM).parent / "terraform.rc"


def provide(say: Say = quiet) -> Path:
    """Build the provider, and make the mirror that Terraform finds it in; returns the file above.

    Raises:
        WorkbookError: it cannot be built.
    """
    binary = tool(PROGRAM, say)
    mirror = binary.parents[1] / "mirror"
    machine = platform.machine().lower()
    system = f"{platform.system().lower()}_{ARCHITECTURES.get(machine, machine)}"
    placed = mirror / REGISTRY / SOURCE / version() / system / f"{PROGRAM}_v{version()}"
    placed.parent.mkdir(parents=True, exist_ok=True)
    if not placed.exists():
        os.link(binary, placed)
    configuration().write_text(
        "provider_installation {\n"
        "  filesystem_mirror {\n"
        f'    path    = "{mirror}"\n'
        f'    include = ["{SOURCE}"]\n'
        "  }\n"
        "  direct {\n"
        f'    exclude = ["{SOURCE}"]\n'
        "  }\n"
        "}\n",
        encoding="utf-8",
    )
    return configuration()
