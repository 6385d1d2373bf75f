"""The files in which clients keep the roots that they trust: what a sealed run puts the gate's
bundle in place of. Found by fixed names, never by a walk.
"""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SYSTEM_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/etc/ssl/cert.pem",
)
"""For a Python whose OpenSSL was built elsewhere and looks in folders that this machine lacks."""
_MORE_BUNDLES = (
    "/etc/ssl/certs/ca-bundle.crt",
    "/etc/pki/tls/cert.pem",
    "/etc/ca-certificates/extracted/tls-ca-bundle.pem",
    "/var/lib/ca-certificates/ca-bundle.pem",
)
_FOLDERS = ("/etc/ssl/certs", "/etc/pki/tls/certs")
"""Where OpenSSL looks a root up by the hash of its subject."""
_IN_PACKAGES = (
    "certifi/cacert.pem",
    "pip/_vendor/certifi/cacert.pem",
    "botocore/cacert.pem",
    "grpc/_cython/_credentials/roots.pem",
    "httplib2/cacerts.txt",
    "stripe/data/ca-certificates.crt",
    "requests/cacert.pem",
    "gcloud/third_party/certifi/cacert.pem",
)
"""Below a folder of installed packages."""
_GCLOUD = "lib/third_party/certifi/cacert.pem"
_JAVA_STORES = ("lib/security/cacerts", "jre/lib/security/cacerts")
_SYSTEM_JAVA = ("/etc/ssl/certs/java/cacerts", "/etc/pki/java/cacerts")
_PACKAGES = (
    "lib/python3*/site-packages",
    "lib64/python3*/site-packages",
    "lib/python3*/dist-packages",
    "local/lib/python3*/dist-packages",
    "lib/python3/dist-packages",
)
_ENVIRONMENTS = (".venv", "venv", "env")
_ABOVE = 6
_SHEBANG = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientFiles:
    """Real paths of existing files and folders."""

    bundles: tuple[str, ...]
    """PEM."""
    folders: tuple[str, ...]
    """Of roots by the hash of their subject."""
    java: tuple[str, ...]
    """Java's key stores."""


def client_files(
    command: Sequence[str], environment: Mapping[str, str], folder: Path
) -> ClientFiles:
    """Return those that a program started so in this folder, and what it starts, will read."""
    bundles = [*SYSTEM_BUNDLES, *_MORE_BUNDLES]
    for packages in _package_folders(command, environment, folder):
        bundles += [str(packages / name) for name in _IN_PACKAGES]
    if gcloud := shutil.which("gcloud", path=environment.get("PATH")):
        bundles.append(str(Path(gcloud).resolve().parent.parent / _GCLOUD))
    return ClientFiles(
        bundles=_existing(bundles),
        folders=tuple(
            p for p in dict.fromkeys(map(os.path.realpath, _FOLDERS)) if Path(p).is_dir()
        ),
        java=_existing([*_SYSTEM_JAVA, *_java_stores(environment)]),
    )


def _existing(paths: Iterable[str]) -> tuple[str, ...]:
    real = dict.fromkeys(map(os.path.realpath, paths))
    return tuple(path for path in real if Path(path).is_file())


def _package_folders(
    command: Sequence[str], environment: Mapping[str, str], folder: Path
) -> Iterator[Path]:
    for prefix in dict.fromkeys(_prefixes(command, environment, folder)):
        for pattern in _PACKAGES:
            yield from prefix.glob(pattern)
    for entry in environment.get("PYTHONPATH", "").split(os.pathsep):
        if entry:
            yield Path(entry)


def _prefixes(
    command: Sequence[str], environment: Mapping[str, str], folder: Path
) -> Iterator[Path]:
    path = environment.get("PATH")
    programs = [*command[:1], "python3", "python"]
    for found in (shutil.which(name, path=path) for name in programs):
        if found is not None:
            interpreter = _interpreter(Path(found))
            yield interpreter.absolute().parent.parent
            yield interpreter.resolve().parent.parent
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX", "UV_PROJECT_ENVIRONMENT"):
        if environment.get(name):
            yield folder / environment[name]
    for above in (folder, *folder.parents[:_ABOVE]):
        for name in _ENVIRONMENTS:
            if (above / name / "pyvenv.cfg").is_file():
                yield above / name
    if "HOME" in environment:
        yield Path(environment["HOME"]) / ".local"
    yield from (Path("/usr"), Path("/usr/local"))


def _interpreter(program: Path) -> Path:
    """Return the interpreter that a script names in its first line; any other program itself."""
    try:
        with program.open("rb") as file:
            line = file.read(_SHEBANG).partition(b"\n")[0]
    except OSError:
        return program
    words = line[2:].split() if line.startswith(b"#!") else []
    return Path(os.fsdecode(words[0])) if words and b"python" in words[0] else program


def _java_stores(environment: Mapping[str, str]) -> Iterator[str]:
    homes = [environment["JAVA_HOME"]] if environment.get("JAVA_HOME") else []
    if java := shutil.which("java", path=environment.get("PATH")):
        homes.append(str(Path(java).resolve().parent.parent))
    for home in homes:
        yield from (str(Path(home) / name) for name in _JAVA_STORES)
