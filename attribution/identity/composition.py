"""What a script is made of: its imports, and the distributions of the environment it ran in."""

import hashlib
from dataclasses import dataclass
from typing import Any

from attribution.facts import ProcessFacts
from attribution.filesystem import HostFiles, files_of
from attribution.identity.distributions import Installed, installed
from attribution.identity.imports import MOST_SOURCE, ImportReader, Imports
from attribution.plain_files import text_of
from attribution.resolution import search_paths
from core.text import printable


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """The parts of one version of a script."""

    imports: Imports | None
    """None when its source cannot be read, or is not what ran."""
    distributions: tuple[Installed, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values, safe to show."""
        imports = (
            None if self.imports is None else [printable(n, 100) for n in self.imports.third_party]
        )
        installed = [
            [printable(d.name, 100), printable(d.version, 60), d.editable]
            for d in self.distributions
        ]
        return {"imports": imports, "installed": installed}


class Composer:
    """Reads compositions; environments and sources are read once."""

    def __init__(self) -> None:
        self._imports = ImportReader()
        self._environments: dict[tuple[str, ...], tuple[Installed, ...]] = {}

    def compose(self, sha256: str | None, path: str | None, facts: ProcessFacts) -> Composition:
        """Return what the script with this hash is made of. `path`: its file as the process sees it."""
        files = files_of(facts)
        folders = tuple(
            files.outside(folder)
            for folder in search_paths.site_folders(facts)
            if "site-packages" in folder and files.is_dir(folder)
        )
        if folders not in self._environments:
            self._environments[folders] = installed(folders)
        return Composition(
            imports=self._read(sha256, path, files), distributions=self._environments[folders]
        )

    def _read(self, sha256: str | None, path: str | None, files: HostFiles) -> Imports | None:
        if path is None or sha256 is None:
            return None
        source = text_of(files.outside(path), MOST_SOURCE + 1)
        return (
            self._imports.read(source, sha256)
            if hashlib.sha256(source).hexdigest() == sha256
            else None
        )
