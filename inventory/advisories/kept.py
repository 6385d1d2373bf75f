"""The advisories that were imported, on disk: found by package without reading the rest.

Two files: an index (JSON: what was imported and when, and where each package's records stand) and
the records themselves, whose name tells their hash. The index is replaced last, whole.
"""

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from packaging.utils import canonicalize_name

from core.errors import InputError
from core.scanned import PackageAtRisk
from core.text import printable
from inventory.advisories.osv import (
    Advisory,
    Affected,
    NoAdvisoryError,
    is_named,
    read_record,
    spans_of,
)
from inventory.advisories.reading import records
from inventory.advisories.versions import order, same

FORMAT = 2
_WITH_EVENTS = 1
"""The format before: it tells events in place of spans."""
STALE = timedelta(days=7)
_INDEX = "index.json"
_FIXED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What stands in the advisories, and how old it is."""

    source: str
    """The file's or folder's name."""
    imported_at: datetime
    newest: datetime | None
    """When the newest record was changed; None when none says."""
    advisories: int
    packages: int
    malicious: int
    withdrawn: int
    """Records that were withdrawn, or are about other ecosystems."""
    unreadable: int

    def age(self, now: datetime) -> timedelta:
        """Return how old the newest record is."""
        return now - (self.newest or self.imported_at)

    def is_stale(self, now: datetime) -> bool:
        """True when nothing newer than seven days is in it."""
        return self.age(now) > STALE


@dataclass(frozen=True, slots=True, kw_only=True)
class Advisories:
    """The advisories of this installation, ready to be asked."""

    imported: Imported
    _places: dict[str, tuple[int, int]] = field(repr=False)
    _records: Path = field(repr=False)
    _known: dict[str, list[dict[str, Any]]] = field(default_factory=dict, repr=False)

    def of(self, name: str, version: str) -> tuple[Advisory, ...]:
        """Return the records that name this version of a distribution. Raises InputError when the
        file has gone or is damaged.
        """
        package = canonicalize_name(name)
        if package not in self._places:
            return ()
        spelled, place = same(version), order(version)
        return tuple(
            _advisory(package, one)
            for one in self._about(package)
            if is_named(spelled, place, one["versions"], one["spans"])
        )

    def at_risk(self, name: str, version: str) -> tuple[PackageAtRisk, ...]:
        """Return the same, one for each hole: records that are aliases of each other are one."""
        return tuple(_at_risk(name, version, group) for group in _groups(self.of(name, version)))

    def _about(self, package: str) -> list[dict[str, Any]]:
        known = self._known.get(package)
        if known is None:
            begin, length = self._places[package]
            try:
                known = _told(orjson.loads(_part_of(self._records, begin, length)))
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise InputError(
                    f"The advisories cannot be read ({type(error).__name__}).",
                    remedy="Import them again: outgate advisories import FILE",
                ) from None
            self._known[package] = known
        return known


def _part_of(path: Path, begin: int, length: int) -> bytes:
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        os.lseek(handle, begin, os.SEEK_SET)
        return os.read(handle, length)
    finally:
        os.close(handle)


def _told(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return records with the spans that those of the format before do not tell."""
    for record in records:
        if "spans" not in record:
            ranges = record["ranges"]
            record["spans"] = [span for events in ranges for span in spans_of(events)]
            record["fixed"] = [v for events in ranges for kind, v in events if kind == "fixed"]
    return records


def _groups(found: Iterable[Advisory]) -> list[list[Advisory]]:
    """Return the records in groups that name each other, or one and the same other."""
    groups: list[tuple[set[str], list[Advisory]]] = []
    for advisory in found:
        names = {advisory.id, *advisory.aliases}
        joined = [group for group in groups if group[0] & names]
        groups = [group for group in groups if group not in joined]
        members = [one for group in joined for one in group[1]] + [advisory]
        groups.append((names.union(*(group[0] for group in joined)), members))
    return [members for _, members in groups]


def _at_risk(name: str, version: str, group: list[Advisory]) -> PackageAtRisk:
    package = canonicalize_name(name)
    first = min(group, key=lambda a: (not a.malicious, not a.id.startswith("PYSEC-"), a.id))
    aliases = {alias for one in group for alias in (one.id, *one.aliases)} - {first.id}
    fixed = dict.fromkeys(v for one in group for v in one.packages[package].fixed)
    return PackageAtRisk(
        distribution=package,
        version=version,
        advisory=first.id,
        aliases=tuple(sorted(aliases)),
        malicious=any(one.malicious for one in group),
        summary=next((one.summary for one in (first, *group) if one.summary), ""),
        fixed=tuple(fixed)[:_FIXED],
    )


def load(folder: Path) -> Advisories | None:
    """Return the advisories; None when none were imported. Raises InputError when
    they are damaged.
    """
    try:
        document = orjson.loads((folder / _INDEX).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise _damaged(error) from None
    try:
        if document["format"] not in {FORMAT, _WITH_EVENTS}:
            raise ValueError("another format")
        return Advisories(
            imported=_imported(document["imported"]),
            _places={name: (at, length) for name, (at, length) in document["places"].items()},
            _records=folder / _plain(document["records"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _damaged(error) from None


def _damaged(error: Exception) -> InputError:
    return InputError(
        f"The advisories cannot be read ({type(error).__name__}).",
        remedy="Import them again: outgate advisories import FILE",
    )


def _plain(name: str) -> str:
    if not isinstance(name, str) or Path(name).name != name:
        raise ValueError("no name of a file")
    return name


def import_advisories(source: Path, folder: Path, now: datetime) -> Imported:
    """Read advisories and keep them in place of those before. Raises InputError, and OSError where
    nothing can be written.
    """
    by_package: dict[str, dict[str, Advisory]] = {}
    count = malicious = passed = unreadable = 0
    newest = ""
    for _, record in records(source):
        try:
            advisory = read_record(record)
        except NoAdvisoryError:
            unreadable += 1
            continue
        if advisory is None:
            passed += 1
            continue
        count += 1
        malicious += advisory.malicious
        newest = max(newest, advisory.modified)
        for package in advisory.packages:
            by_package.setdefault(package, {})[advisory.id] = advisory
    if not count:
        raise InputError(
            f"There is no advisory about a Python package in {source}.",
            remedy="Give an export in the OSV format (zip, jsonl), or a clone of advisories.",
        )
    imported = Imported(
        source=printable(source.name, 200),
        imported_at=now,
        newest=_time(newest),
        advisories=count,
        packages=len(by_package),
        malicious=malicious,
        withdrawn=passed,
        unreadable=unreadable,
    )
    _keep(folder, by_package, imported)
    return imported


def _keep(folder: Path, by_package: dict[str, dict[str, Advisory]], imported: Imported) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    places: dict[str, tuple[int, int]] = {}
    content = bytearray()
    for package in sorted(by_package):
        kept = [_as_json(package, a) for _, a in sorted(by_package[package].items())]
        data = orjson.dumps(kept)
        places[package] = len(content), len(data)
        content += data + b"\n"
    name = f"records-{hashlib.sha256(content).hexdigest()[:16]}.jsonl"
    _write(folder / name, bytes(content))
    index = {
        "format": FORMAT,
        "imported": {n: _plain_value(getattr(imported, n)) for n in imported.__slots__},
        "records": name,
        "places": places,
    }
    _write(folder / _INDEX, json.dumps(index).encode())
    for old in folder.glob("records-*.jsonl"):
        if old.name != name:
            with contextlib.suppress(OSError):
                old.unlink()


def _write(path: Path, data: bytes) -> None:
    """Write whole or not at all, for the owner's eyes only."""
    handle, name = tempfile.mkstemp(dir=path.parent)  # made with mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def _as_json(package: str, advisory: Advisory) -> dict[str, Any]:
    affected = advisory.packages[package]
    return {
        "id": advisory.id,
        "aliases": advisory.aliases,
        "summary": advisory.summary,
        "modified": advisory.modified,
        "malicious": advisory.malicious,
        "spans": affected.spans,
        "fixed": affected.fixed,
        "versions": affected.versions,
    }


def _advisory(package: str, value: dict[str, Any]) -> Advisory:
    fixed = tuple(value["fixed"])
    affected = Affected(spans=value["spans"], fixed=fixed, versions=value["versions"])
    return Advisory(
        id=value["id"],
        aliases=tuple(value["aliases"]),
        summary=value["summary"],
        modified=value["modified"],
        malicious=value["malicious"],
        packages={package: affected},
    )


def _imported(value: dict[str, Any]) -> Imported:
    told = dict(value)
    told["imported_at"] = datetime.fromisoformat(told["imported_at"])
    told["newest"] = None if told["newest"] is None else datetime.fromisoformat(told["newest"])
    return Imported(**told)


def _plain_value(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
