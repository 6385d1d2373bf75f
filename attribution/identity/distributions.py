"""Which distributions, in which versions, are installed for the interpreter that really ran a script."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import DistributionFinder, MetadataPathFinder
from pathlib import Path

_MOST = 5000


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Installed:
    """One installed distribution."""

    name: str
    """Normalised: lower case, words joined by a hyphen."""
    version: str
    editable: bool = False


def installed(folders: Sequence[str]) -> tuple[Installed, ...]:
    """Return what is installed in these package folders, by name; the first folder that has a name wins."""
    found: dict[str, Installed] = {}
    context = DistributionFinder.Context(
        path=[folder for folder in folders if Path(folder).is_dir()]
    )
    for distribution in MetadataPathFinder.find_distributions(context):
        try:
            name, version = distribution.metadata["Name"], distribution.version
            editable = '"editable": true' in (distribution.read_text("direct_url.json") or "")
        except (OSError, KeyError, ValueError, UnicodeDecodeError):
            continue
        if name and version and len(found) < _MOST:
            plain = _normal(name)
            found.setdefault(plain, Installed(name=plain, version=version, editable=editable))
    return tuple(sorted(found.values()))


def _normal(name: str) -> str:
    return "-".join(
        part for part in name.lower().replace("_", "-").replace(".", "-").split("-") if part
    )
