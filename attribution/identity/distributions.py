"""Which distributions, in which versions, are installed for the interpreter that really ran a
script, and what they bring.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, DistributionFinder, MetadataPathFinder
from pathlib import Path, PurePosixPath

_MOST = 5000
_MOST_FILES = 200_000
_NO_NAMES = frozenset({"..", "__pycache__", "bin", "share"})


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Installed:
    """One installed distribution."""

    name: str
    """Normalised: lower case, words joined by a hyphen."""
    version: str
    editable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """All that is installed, by name, and which distribution brings which importable name."""

    distributions: tuple[Installed, ...] = ()
    provided: dict[str, Installed] | None = None
    """Top-level import name → the distribution that brings it."""

    def bringing(self, name: str) -> Installed | None:
        """Return the distribution that brings this top-level import name; None for none that is
        installed.
        """
        return (self.provided or {}).get(name)


def environment_in(folders: Sequence[str]) -> Environment:
    """Return what is installed in these package folders; the first folder that has a name wins."""
    found: dict[str, Installed] = {}
    provided: dict[str, Installed] = {}
    for distribution in _distributions(folders):
        entry = _read(distribution)
        if entry is None or entry.name in found or len(found) >= _MOST:
            continue
        found[entry.name] = entry
        for name in _top_level(distribution) or {entry.name.replace("-", "_")}:
            provided.setdefault(name, entry)
    return Environment(distributions=tuple(sorted(found.values())), provided=provided)


def installed(folders: Sequence[str]) -> tuple[Installed, ...]:
    """Return what is installed in these package folders, by name."""
    return environment_in(folders).distributions


def _distributions(folders: Sequence[str]) -> Iterator[Distribution]:
    path = [folder for folder in folders if Path(folder).is_dir()]
    yield from MetadataPathFinder.find_distributions(DistributionFinder.Context(path=path))


def _read(distribution: Distribution) -> Installed | None:
    try:
        name, version = distribution.metadata["Name"], distribution.version
        editable = '"editable": true' in (distribution.read_text("direct_url.json") or "")
    except (OSError, KeyError, ValueError, UnicodeDecodeError):
        return None
    if not name or not version:
        return None
    return Installed(name=_normal(name), version=version, editable=editable)


def _top_level(distribution: Distribution) -> set[str]:
    """Return the importable names that a distribution brings, as its own lists tell."""
    try:
        listed = distribution.read_text("top_level.txt")
        if listed is not None and listed.strip():
            return set(listed.split())
        record = distribution.read_text("RECORD") or ""
    except (OSError, ValueError, UnicodeDecodeError):
        return set()
    names = (_importable(line.partition(",")[0]) for line in record.splitlines()[:_MOST_FILES])
    return {name for name in names if name is not None}


def _importable(file: str) -> str | None:
    first, *rest = PurePosixPath(file.strip('"')).parts or ("",)
    if first in _NO_NAMES or first.endswith((".dist-info", ".data", ".pth")):
        return None
    if not rest and not first.endswith((".py", ".so", ".pyd")):
        return None
    name = first if rest else first.partition(".")[0]
    return name if name.isidentifier() else None


def _normal(name: str) -> str:
    return "-".join(
        part for part in name.lower().replace("_", "-").replace(".", "-").split("-") if part
    )
