"""What a script is made of: its imports, and the distributions of the environment it ran in."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from attribution.facts import ProcessFacts
from attribution.filesystem import HostFiles
from attribution.identity.distributions import Installed, installed
from attribution.identity.imports import ImportReader, Imports
from attribution.resolution import search_paths
from core.attribution import Script
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

    def compose(self, script: Script, path: str | None, facts: ProcessFacts) -> Composition:
        """Return what the script is made of. `path`: its file as the process sees it. May take 100 ms: off the loop."""
        files = HostFiles(facts.root)
        folders = tuple(
            files.outside(folder)
            for folder in search_paths.site_folders(facts)
            if "site-packages" in folder and files.is_dir(folder)
        )
        if folders not in self._environments:
            self._environments[folders] = installed(folders)
        return Composition(
            imports=self._read(script, path, files), distributions=self._environments[folders]
        )

    def _read(self, script: Script, path: str | None, files: HostFiles) -> Imports | None:
        if path is None or script.sha256 is None:
            return None
        try:
            source = Path(files.outside(path)).read_bytes()
        except (OSError, ValueError):
            return None
        return (
            self._imports.read(source, script.sha256)
            if hashlib.sha256(source).hexdigest() == script.sha256
            else None
        )
