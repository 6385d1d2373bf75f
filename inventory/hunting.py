"""Who had a package: compositions that a gate kept, and what those scripts sent since (pure).

For the day on which an advisory is published: not only who has it now, but who had it, what left,
and to whom.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from core.errors import InputError
from core.fate import Fate
from core.record import Record
from core.review import ScriptVersion
from core.vocabulary.findings import Amount, found, most_of
from inventory.advisories.versions import same

_OPERATORS = "<>=!~"
_MOST_PLACES = 50
_MOST_NAME = 200


def _is_name(name: str) -> bool:
    """Return whether a distribution can be called so (packaging.python.org, "Names and
    normalization").
    """
    letters = name.replace("-", "").replace("_", "").replace(".", "")
    ends = name[:1].isalnum() and name[-1:].isalnum()
    return ends and letters.isalnum() and name.isascii() and len(name) <= _MOST_NAME


def refuse_no_version(version: str) -> None:
    """Raise InputError for what no distribution has as its version. What PEP 440 does not know may
    be one: there were such.
    """
    bare = version.strip().translate(dict.fromkeys(map(ord, ".-_+!")))
    if not bare.isalnum() or not version.isascii() or len(version) > _MOST_NAME:
        raise InputError(
            "That is no version.", remedy="For example: 2.31.0 (of a range: '<2.31', '==2.*')."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A package, in any version, in one, or in a range (`<2.31`, `>=1,<2`)."""

    name: str
    version: str | None = None

    def __post_init__(self) -> None:
        if not _is_name(self.name):
            raise InputError(
                "That is no name of a package.",
                remedy="Letters, digits, hyphens, dots and underscores: requests",
            )
        if self.version is not None and self.version.strip()[:1] in tuple(_OPERATORS):
            try:
                SpecifierSet(self.version)
            except InvalidSpecifier:
                raise InputError(
                    "That is no range of versions.", remedy="For example: '<2.31' or '>=1.0,<2'."
                ) from None
        elif self.version is not None:
            refuse_no_version(self.version)

    def matches(self, name: str, version: str) -> bool:
        """True when a distribution in this version is meant."""
        if canonicalize_name(name) != canonicalize_name(self.name):
            return False
        if self.version is None:
            return True
        if self.version.strip()[:1] in tuple(_OPERATORS):
            return SpecifierSet(self.version, prereleases=True).contains(version)
        return same(version) == same(self.version)


@dataclass(slots=True, kw_only=True)
class SentTo:
    """What went to one place."""

    place: str
    requests: int = 0
    bytes: int = 0
    bytes_exact: bool = True
    """False: more may have left."""
    stopped: int = 0
    """Requests that did not leave, or not wholly."""
    past: int = 0
    """Requests that went past the gate."""
    found: str = ""
    """What stood in what left, in words."""
    amounts: list[Amount] = field(default_factory=list, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Had:
    """One version of a script that had the package."""

    script: str
    sha256: str
    first_at: datetime
    last_at: datetime
    distribution: str
    version: str
    imported: bool
    """True when the script itself imports it; else it lay in its environment."""
    sent: tuple[SentTo, ...] = ()


def who_had(
    wanted: Wanted,
    versions: Iterable[ScriptVersion],
    parts: Callable[[str], Mapping[str, Any] | None],
) -> list[Had]:
    """Return the versions of scripts in whose composition the package stands, oldest first."""
    found_: list[Had] = []
    for version in versions:
        kept = None if version.sha256 is None else parts(version.sha256)
        if kept is None or version.sha256 is None:
            continue
        used = {str(row[1]) for row in _rows(kept.get("used")) if row[1] is not None}
        for row in _rows(kept.get("installed")):
            name, number = str(row[0]), str(row[1])
            if wanted.matches(name, number):
                found_.append(
                    Had(
                        script=version.script,
                        sha256=version.sha256,
                        first_at=version.first_at,
                        last_at=version.last_at,
                        distribution=name,
                        version=number,
                        imported=name in used,
                    )
                )
    return sorted(found_, key=lambda had: (had.first_at, had.script))


def _rows(value: Any) -> Iterator[list[Any]]:
    for row in value if isinstance(value, list) else ():
        if isinstance(row, list) and len(row) == 3:
            yield row


def what_left(hads: Sequence[Had], records: Iterable[Record]) -> list[Had]:
    """Return the same with what each of these versions sent, to whom."""
    by_version: dict[str, dict[str, SentTo]] = {had.sha256: {} for had in hads}
    for record in records:
        script = record.sender.script
        places = None if script is None else by_version.get(script.sha256 or "")
        if places is None:
            continue
        name = record.destination.service or record.destination.host
        if name not in places and len(places) >= _MOST_PLACES:
            name = "other places"
        sent = places.setdefault(name, SentTo(place=name))
        sent.requests += 1
        sent.bytes += record.bytes_went
        sent.bytes_exact = sent.bytes_exact and record.bytes_exact
        if record.fate is Fate.PAST:
            sent.past += 1
        elif not record.left:
            sent.stopped += 1
        if record.went:
            sent.amounts = most_of(sent.amounts, record.findings)
    return [_with(had, by_version[had.sha256].values()) for had in hads]


def _with(had: Had, sent: Iterable[SentTo]) -> Had:
    told = sorted(sent, key=lambda one: -one.bytes)
    for one in told:
        one.found = found(one.amounts)
    return replace(had, sent=tuple(told))
