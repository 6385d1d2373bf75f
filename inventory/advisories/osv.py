"""Advisories in the Open Source Vulnerability format, and whether they name a version (pure).

Semantics: https://ossf.github.io/osv-schema/ (evaluation), for the ecosystem PyPI. What was
withdrawn names nothing. A release that its maker has yanked is a version like any other.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from packaging.utils import canonicalize_name

from core.text import printable
from inventory.advisories.versions import order, same

ECOSYSTEM = "pypi"
_RANGES = frozenset({"ECOSYSTEM", "SEMVER"})
_EVENTS = ("introduced", "fixed", "last_affected", "limit")
_SUMMARY = 300
_MOST_VERSIONS = 20_000
_MOST_EVENTS = 2_000
_START = "0"

type Event = tuple[str, str]
"""Which event, and at which version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """What one record says of one package."""

    ranges: tuple[tuple[Event, ...], ...] = ()
    """The events of each in their order."""
    versions: str = "\n"
    """In the one spelling of `versions.same`, each between two line ends: thousands are looked
    through faster than they are made into a set.
    """

    def names(self, version: str) -> bool:
        """True when this version is one that the record is about."""
        if f"\n{same(version)}\n" in self.versions:
            return True
        place = order(version)
        return any(_in_range(place, events) for events in self.ranges)

    @property
    def fixed(self) -> tuple[str, ...]:
        """The versions that mend it."""
        return tuple(v for events in self.ranges for kind, v in events if kind == "fixed")


def _in_range(place: Any, events: Sequence[Event]) -> bool:
    limits = [version for kind, version in events if kind == "limit" and version != "*"]
    if limits and not any(place < order(limit) for limit in limits):
        return False
    inside = False
    for kind, version in events:
        if kind == "introduced" and (version == _START or place >= order(version)):
            inside = True
        elif (kind == "fixed" and place >= order(version)) or (
            kind == "last_affected" and place > order(version)
        ):
            inside = False
    return inside


def _by_place(event: Event) -> tuple[bool, Any, bool]:
    """The beginning comes first; of two events at one version, what ends comes
    before what begins.
    """
    kind, version = event
    if kind == "introduced" and version == _START:
        return False, order(_START), False
    return True, order(version), kind == "introduced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advisory:
    """One record, for the packages of PyPI that it names. All text is inert."""

    id: str
    aliases: tuple[str, ...]
    summary: str
    modified: str
    """As the record says it; ISO 8601, UTC."""
    malicious: bool
    packages: Mapping[str, Affected]
    """By normalised name."""


class NoAdvisoryError(ValueError):
    """This is no record of the format."""


def read_record(record: Any) -> Advisory | None:
    """Return the record; None when it was withdrawn or is about no package of PyPI.

    Raises NoAdvisoryError, which quotes nothing.
    """
    if not isinstance(record, dict) or not isinstance(record.get("id"), str):
        raise NoAdvisoryError("not a record")
    affected = record.get("affected")
    if affected is not None and not isinstance(affected, list):
        raise NoAdvisoryError("its affected packages are no list")
    if record.get("withdrawn"):
        return None
    packages = dict(_packages(affected or []))
    if not packages:
        return None
    aliases = tuple(printable(a, 100) for a in _texts(record.get("aliases")))[:50]
    return Advisory(
        id=printable(record["id"], 100),
        aliases=aliases,
        summary=_summary(record),
        modified=printable(str(record.get("modified") or ""), 40),
        malicious=any(name.upper().startswith("MAL-") for name in (record["id"], *aliases)),
        packages=packages,
    )


def _packages(affected: Sequence[Any]) -> Iterator[tuple[str, Affected]]:
    """Yield each package once, with all that the record says of it."""
    found: dict[str, list[Affected]] = {}
    for entry in affected:
        package = entry.get("package") if isinstance(entry, dict) else None
        if not isinstance(package, dict) or not isinstance(package.get("name"), str):
            continue
        ecosystem = str(package.get("ecosystem") or "").partition(":")[0].lower()
        if ecosystem == ECOSYSTEM:
            found.setdefault(canonicalize_name(package["name"]), []).append(_affected(entry))
    for name, entries in found.items():
        yield (
            name,
            Affected(
                ranges=tuple(events for entry in entries for events in entry.ranges),
                versions="".join(entry.versions for entry in entries),
            ),
        )


def _affected(entry: Mapping[str, Any]) -> Affected:
    ranges = entry.get("ranges")
    found = []
    for one in ranges if isinstance(ranges, list) else ():
        if isinstance(one, dict) and one.get("type") in _RANGES:
            events = one.get("events")
            read = _events(events if isinstance(events, list) else [])
            found.append(tuple(sorted(read, key=_by_place)))
    listed = {same(text) for text in list(_texts(entry.get("versions")))[:_MOST_VERSIONS]}
    versions = "\n".join(["", *sorted(v for v in listed if v and "\n" not in v), ""])
    return Affected(ranges=tuple(events for events in found if events), versions=versions)


def _events(events: Sequence[Any]) -> Iterator[Event]:
    for event in events[:_MOST_EVENTS]:
        if isinstance(event, dict):
            for kind in _EVENTS:
                if isinstance(event.get(kind), str):
                    yield kind, event[kind]


def _texts(value: Any) -> Iterator[str]:
    return (
        (text for text in value if isinstance(text, str)) if isinstance(value, list) else iter(())
    )


def _summary(record: Mapping[str, Any]) -> str:
    for key in ("summary", "details"):
        text = record.get(key)
        if isinstance(text, str) and text.strip():
            return printable(" ".join(text.split()), _SUMMARY)
    return ""
