"""What a script is made of: its imports, and the distributions of the environment it ran in."""

import hashlib
import os
from dataclasses import dataclass
from typing import Any

from attribution.beacon.reading import start_claim
from attribution.facts import ProcessFacts
from attribution.filesystem import HostFiles, files_of
from attribution.identity.distributions import Environment, Installed, environment_in
from attribution.identity.environment import package_folders
from attribution.identity.imports import MOST_SOURCE, ImportReader, Imports
from attribution.os_users import home_of
from attribution.plain_files import text_of
from core.text import printable

_MOST_ENVIRONMENTS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """The parts of one version of a script."""

    imports: Imports | None
    """None when its source cannot be read, or is not what ran."""
    distributions: tuple[Installed, ...]
    used: tuple[tuple[str, Installed | None], ...] = ()
    """Each third-party import with the distribution that brings it; None for what is installed by
    none.
    """

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values, safe to show."""
        imports = (
            None if self.imports is None else [printable(n, 100) for n in self.imports.third_party]
        )
        installed = [
            [printable(d.name, 100), printable(d.version, 60), d.editable]
            for d in self.distributions
        ]
        used = [
            [printable(name, 100), *((None, None) if d is None else _shown(d))]
            for name, d in self.used
        ]
        return {"imports": imports, "installed": installed, "used": used}


def _shown(distribution: Installed) -> tuple[str, str]:
    return printable(distribution.name, 100), printable(distribution.version, 60)


class Composer:
    """Reads compositions; environments and sources are read once."""

    def __init__(self) -> None:
        self._imports = ImportReader()
        self._environments: dict[tuple[tuple[str, int], ...], Environment] = {}

    def imports(self, sha256: str | None, path: str | None, facts: ProcessFacts) -> Imports | None:
        """Return what the script with this hash imports; None when its source cannot be read, or is
        not what ran.
        """
        return self._read(sha256, path, files_of(facts))

    def compose(self, sha256: str | None, path: str | None, facts: ProcessFacts) -> Composition:
        """Return what the script with this hash is made of. `path`: its file as the process sees
        it.
        """
        files = files_of(facts)
        home = None if facts.root else home_of(facts.uid)
        folders = package_folders(facts, files, start_claim(facts), home)
        environment = self._environment([files.outside(folder) for folder in folders])
        imports = self._read(sha256, path, files)
        names = () if imports is None else imports.third_party
        return Composition(
            imports=imports,
            distributions=environment.distributions,
            used=tuple((name, environment.bringing(name)) for name in names),
        )

    def _environment(self, folders: list[str]) -> Environment:
        """Read an environment once, and again when something was installed into it or removed."""
        key = tuple((folder, _changed_at(folder)) for folder in folders)
        if key not in self._environments:
            while len(self._environments) >= _MOST_ENVIRONMENTS:
                del self._environments[next(iter(self._environments))]
            self._environments[key] = environment_in(folders)
        return self._environments[key]

    def _read(self, sha256: str | None, path: str | None, files: HostFiles) -> Imports | None:
        if path is None or sha256 is None:
            return None
        source = text_of(files.outside(path), MOST_SOURCE + 1)
        return (
            self._imports.read(source, sha256)
            if hashlib.sha256(source).hexdigest() == sha256
            else None
        )


def _changed_at(folder: str) -> int:
    try:
        return os.stat(folder).st_mtime_ns  # noqa: PTH116 - a path of another process
    except OSError:
        return 0
