"""Advisories in the Open Source Vulnerability format, and whether they name a version (pure).

Semantics: https://ossf.github.io/osv-schema/ (evaluation), for the ecosystem PyPI. What was
withdrawn names nothing. A release that its maker has yanked is a version like any other.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
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
_ALWAYS, _EVER, _JUST_AFTER = "", "\U0010ffff", "\0"
"""A place before all versions, one behind all, and what makes of a place the next one."""

type Event = tuple[str, str]
"""Which event, and at which version."""
type Span = Sequence[str]
"""Where affected versions begin and where they end (which is not one of them any more): places of
`versions.order`.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """What one record says of one package."""

    spans: Sequence[Span] = ()
    fixed: tuple[str, ...] = ()
    """The versions that mend it."""
    versions: str = "\n"
    """In the one spelling of `versions.same`, each between two line ends: thousands are looked
    through faster than they are made into a set.
    """

    def names(self, version: str) -> bool:
        """True when this version is one that the record is about."""
        return is_named(same(version), order(version), self.versions, self.spans)


def is_named(spelled: str, place: str, versions: str, spans: Iterable[Span]) -> bool:
    """Return whether a version is among the listed ones or in one of the spans. `spelled`, `place`:
    see `versions.same` and `versions.order`.
    """
    for begin, end in spans:
        if begin <= place < end:
            return True
    return f"\n{spelled}\n" in versions


def spans_of(events: Iterable[Event]) -> list[Span]:
    """Return what the events of one range say, whatever their order: at each version the last one
    before it or at it decides.
    """
    begun: str | None = None
    spans: list[Span] = []
    limits: list[str] = []
    marks = sorted(_mark(kind, at) for kind, at in events if kind != "limit")
    limits += (order(at) for kind, at in events if kind == "limit" and at != "*")
    most = max(limits, default=_EVER)
    for place, group in groupby(marks, key=lambda mark: mark[0]):
        kinds = {kind for _, kind in group}
        if "introduced" in kinds:
            begun = place if begun is None else begun
        elif begun is not None:
            spans.append((begun, place if "fixed" in kinds else place + _JUST_AFTER))
            begun = None
    if begun is not None:
        spans.append((begun, _EVER))
    return [(begin, min(end, most)) for begin, end in spans]


def _mark(kind: str, at: str) -> tuple[str, str]:
    return (_ALWAYS if kind == "introduced" and at == _START else order(at)), kind


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
                spans=tuple(span for entry in entries for span in entry.spans),
                fixed=tuple(version for entry in entries for version in entry.fixed),
                versions="".join(entry.versions for entry in entries),
            ),
        )


def _affected(entry: Mapping[str, Any]) -> Affected:
    ranges = entry.get("ranges")
    spans: list[Span] = []
    fixed: list[str] = []
    for one in ranges if isinstance(ranges, list) else ():
        if isinstance(one, dict) and one.get("type") in _RANGES:
            events = one.get("events")
            read = list(_events(events if isinstance(events, list) else []))
            spans += spans_of(read)
            fixed += (version for kind, version in read if kind == "fixed")
    listed = {same(text) for text in list(_texts(entry.get("versions")))[:_MOST_VERSIONS]}
    versions = "\n".join(["", *sorted(v for v in listed if v and "\n" not in v), ""])
    return Affected(spans=tuple(spans), fixed=tuple(fixed), versions=versions)


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
