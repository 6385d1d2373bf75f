"""Environments at rest: what kind each is, whose Python, what is installed, and which one a script
runs in.
"""

# paths by the thousand, as the walk found them
# ruff: noqa: PTH112, PTH118, PTH119, PTH120, PTH208

import os
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from attribution.identity.distributions import Environment, environment_in
from attribution.plain_files import text_of
from core.scanned import FoundEnvironment

_MOST_CONFIG = 8192
_MOST_RECORD = 4 << 20
_SYSTEM = ("/usr/lib/python", "/usr/lib64/python", "/lib/python", "/usr/share/python")
_PYENV = "/versions/"
_MOST_CONDA = 16 << 20
_OF_INTERPRETER = tuple("idle pydoc 2to3 pyvenv python smtpd easy_install pip wheel".split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An environment with what its distributions bring."""

    found: FoundEnvironment
    folders: tuple[str, ...]
    content: Environment = field(repr=False)


class Environments:
    """All environments that a walk came by."""

    def __init__(self, package_folders: Sequence[str], prefixes: Sequence[str]) -> None:
        by_prefix: dict[str, list[str]] = {prefix: [] for prefix in prefixes}
        for folder in package_folders:
            by_prefix.setdefault(prefix_of(folder), []).append(folder)
        self._by_prefix = {
            prefix: _read(prefix, tuple(sorted(folders))) for prefix, folders in by_prefix.items()
        }
        self.programs = frozenset(
            path for known in self._by_prefix.values() for path in _programs(known.folders)
        ) | frozenset(path for prefix in prefixes for path in _of_conda(prefix))
        """Files outside of package folders that a distribution lists as its own: commands above
        all.
        """

    @property
    def all(self) -> tuple[Known, ...]:
        """Return them, by prefix."""
        return tuple(self._by_prefix[prefix] for prefix in sorted(self._by_prefix))

    def at(self, prefix: str) -> Known | None:
        """Return the environment with this prefix."""
        return self._by_prefix.get(prefix)

    def of_interpreter(self, program: str) -> Known | None:
        """Return the environment that this interpreter, as it is called, imports from."""
        if not posixpath.isabs(program):
            return None
        prefix = posixpath.dirname(posixpath.dirname(program))
        return self._by_prefix.get(prefix) or self._by_prefix.get(
            posixpath.dirname(posixpath.dirname(os.path.realpath(program)))
        )

    def beside(self, script: str) -> Known | None:
        """Return the environment in the script's own folder, or in one of those above it."""
        folder = os.path.dirname(script)
        while True:
            if folder in self._by_prefix:
                return self._by_prefix[folder]
            for name in (".venv", "venv", "env", ".env", "virtualenv"):
                known = self._by_prefix.get(os.path.join(folder, name))
                if known is not None:
                    return known
            above = os.path.dirname(folder)
            if above == folder or folder in {"/home", "/srv", "/opt"}:
                return None
            folder = above

    def system(self) -> Known | None:
        """Return what a plain `python3` of this machine has, where that is one environment."""
        for prefix in ("/usr/local", "/usr"):
            known = self._by_prefix.get(prefix)
            if known is not None and known.found.packages:
                return known
        return None


def prefix_of(package_folder: str) -> str:
    """Return the prefix of `PREFIX/lib/python3.12/site-packages`, `PREFIX/Lib/site-packages`."""
    above = os.path.dirname(package_folder)
    if os.path.basename(above).startswith(("python", "pypy")):
        above = os.path.dirname(above)
    name = os.path.basename(above)
    return os.path.dirname(above) if name.lower() in {"lib", "lib64"} else above


def _read(prefix: str, folders: tuple[str, ...]) -> Known:
    config = _config(prefix)
    content = environment_in(folders)
    return Known(
        found=FoundEnvironment(
            kind=_kind(prefix, config),
            prefix=prefix,
            python=_version(prefix, config, folders),
            packages=tuple((d.name, d.version) for d in content.distributions),
            from_system=any(folder.startswith(_SYSTEM) for folder in folders),
        ),
        folders=folders,
        content=content,
    )


def _config(prefix: str) -> Mapping[str, str] | None:
    data = text_of(os.path.join(prefix, "pyvenv.cfg"), _MOST_CONFIG)
    if not data:
        return None
    pairs = (line.partition("=") for line in data.decode("utf-8", "replace").splitlines())
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _kind(prefix: str, config: Mapping[str, str] | None) -> str:
    parts = f"{prefix}/".replace("\\", "/")
    if os.path.isdir(os.path.join(prefix, "conda-meta")):
        return "conda"
    if config is not None:
        if "/pipx/venvs/" in parts:
            return "pipx"
        if "/uv/tools/" in parts:
            return "uv tool"
        if "/pypoetry/virtualenvs/" in parts:
            return "poetry"
        if "/share/virtualenvs/" in parts:
            return "pipenv"
        if "uv" in config:
            return "uv"
        return "virtualenv" if "virtualenv" in config else "venv"
    if _PYENV in parts and "pyenv" in parts:
        return "pyenv"
    if "/uv/python/" in parts:
        return "uv Python"
    if parts.endswith("/.local/"):
        return "user"
    return "system" if prefix in {"/usr", "/usr/local", "/"} else "installation"


def _version(prefix: str, config: Mapping[str, str] | None, folders: Sequence[str]) -> str | None:
    for key in ("version_info", "version"):
        if config and config.get(key):
            return config[key][:20]
    for folder in folders:
        name = os.path.basename(os.path.dirname(folder))
        if name.startswith("python3."):
            return name.removeprefix("python")[:20]
    return None


def _programs(folders: Sequence[str]) -> Iterator[str]:
    """Yield the files that distributions list outside of their package folder."""
    for folder in folders:
        for record in _records(folder):
            for line in record.splitlines():
                if line.startswith(("../", "/", '"../')):
                    yield os.path.normpath(os.path.join(folder, listed_path(line)))


def _of_conda(prefix: str) -> Iterator[str]:
    """Yield the files outside of package folders that packages of conda list as their own."""
    try:
        names = os.listdir(os.path.join(prefix, "conda-meta"))
    except OSError:
        return
    for name in names:
        if not name.endswith(".json"):
            continue
        data = text_of(os.path.join(prefix, "conda-meta", name), _MOST_CONDA)
        try:
            listed = orjson.loads(data).get("files")
        except (ValueError, AttributeError):
            continue
        for path in listed if isinstance(listed, list) else ():
            if isinstance(path, str) and "site-packages/" not in path:
                yield os.path.normpath(os.path.join(prefix, path))


def is_of_interpreter(path: str, standard: Sequence[str]) -> bool:
    """True for a tool that comes with an interpreter: `idle`, `pydoc`… in the `bin` beside its
    library. `standard`: the folders with the modules of interpreters.
    """
    folder, name = os.path.split(path)
    prefix, last = os.path.split(folder)
    if last not in {"bin", "Scripts"} or not name.startswith(_OF_INTERPRETER):
        return False
    return any(os.path.dirname(os.path.dirname(place)) == prefix for place in standard)


def _records(folder: str) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            names = [entry.path for entry in entries if entry.name.endswith(".dist-info")]
    except OSError:
        return
    for name in names:
        yield text_of(os.path.join(name, "RECORD"), _MOST_RECORD).decode("utf-8", "replace")


def listed_path(line: str) -> str:
    """Return the path of a line of RECORD, quoted or not."""
    if line.startswith('"'):
        return line[1:].partition('"')[0]
    return line.partition(",")[0]


def carried_files(folder: str) -> frozenset[str]:
    """Return the files of distributions that were installed into a folder of another name."""
    return frozenset(
        os.path.normpath(os.path.join(folder, listed_path(line)))
        for record in _records(folder)
        for line in record.splitlines()
        if line
    )
