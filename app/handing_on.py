"""The good scripts, to be handed on: those whose newest version is approved, with their masked
source and the versions of what they import.
"""

import csv
import hashlib
import io
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.home import Home
from app.kept_sources import KeptSources
from app.made_of import used_packages
from app.passport_file import successors
from core.errors import InputError
from core.review import Action, ReviewEvent, last_said, script_key, signed
from core.scanned import OwnerState
from core.text import printable
from evidence.store import Store
from inventory.owners import Listed, Owners, machine_accounts

_UNFIT = re.compile(r"[^A-Za-z0-9_.-]")
_HEADING = (
    "file",
    "script",
    "sha256",
    "owner",
    "successor",
    "approved_by",
    "approved_on",
    "reason",
    "sends_to",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True, kw_only=True)
class Good:
    """One approved script."""

    script: str
    sha256: str
    owner: str
    """Of the file as it lies there, with what became of the account; `not known` where none does.
    """
    successor: str
    """Who was named to follow; empty where nobody was."""
    approved_by: str
    approved_at: str
    why: str
    source: str | None
    """Masked; None where it was not kept."""
    why_none: str
    """Why there is no source."""
    packages: tuple[tuple[str, str], ...] | None
    """What it imports, with versions; None where nobody knows."""
    places: tuple[str, ...]


def good_scripts(
    home: Home, store: Store, *, keeps: bool, listed: Mapping[str, Listed] | None = None
) -> list[Good]:
    """Return every script whose newest version is approved. `keeps`: whether sources are kept now;
    `listed`: the organisation's accounts. Raises EvidenceError.
    """
    from app.kept_sources import source_store

    kept = source_store(home)
    sources = KeptSources(home=home, keeps=keeps)
    owners, named = Owners(machine_accounts(), listed), successors(store)
    newest = {}
    for version in sorted(store.script_versions(), key=lambda version: version.last_at):
        newest[version.script] = version
    places = _places(store)
    found = []
    for script, version in sorted(newest.items()):
        acts = [a for a in store.history(script_key(script)) if isinstance(a, ReviewEvent)]
        said = last_said(acts).get(version.sha256)
        if said is None or said.action is not Action.APPROVE_SCRIPT or version.sha256 is None:
            continue
        parts, source = kept.parts(version.sha256), sources.of(version.sha256)
        follows = named.get(script)
        found.append(
            Good(
                script=script,
                sha256=version.sha256,
                owner=_owner(owners, script),
                successor="" if follows is None else str(follows.facts["successor"]),
                approved_by=signed(said),
                approved_at=f"{said.at:%Y-%m-%d}",
                why=said.note,
                source=source.text,
                why_none=source.why,
                packages=None if parts is None else tuple(used_packages(parts)),
                places=tuple(sorted(places.get(script, ()))),
            )
        )
    return found


def _owner(owners: Owners, script: str) -> str:
    try:
        uid = os.stat(script).st_uid  # noqa: PTH116 - a path as records hold it
    except (OSError, ValueError):
        return "not known"
    owner = owners.of(script, uid if os.name != "nt" else None)
    gone = "" if owner.state is OwnerState.PRESENT else f" ({owner.state.value})"
    return f"{owner.name}{gone}"


def _places(store: Store) -> dict[str, set[str]]:
    """Return where each script sent to."""
    query = "SELECT DISTINCT script, destination FROM traffic"
    found: dict[str, set[str]] = {}
    with store.reading() as connection:
        for script, destination in connection.execute(query):
            found.setdefault(str(script), set()).add(str(destination))
    return found


def write_scripts(good: Sequence[Good], folder: Path) -> tuple[list[str], list[tuple[str, str]]]:
    """Write them to a folder that is new or empty; return the scripts written, and those left out
    with why. Raises InputError.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise InputError(f"{folder} is not empty.", remedy="Name a new folder.")
        done, left, rows = [], [], []
        for one in good:
            if one.source is None:
                left.append((printable(one.script), one.why_none))
                continue
            name = file_name(one)
            (folder / name).write_text(one.source, encoding="utf-8")
            (folder / f"{name}.requirements.txt").write_text(requirements(one), encoding="utf-8")
            done.append(printable(one.script))
            rows.append(_row(one, name))
        (folder / "scripts.csv").write_text(_table(rows), encoding="utf-8")
    except OSError as error:
        raise InputError(f"Cannot write to {folder}: {error.strerror}.") from None
    return done, left


def file_name(one: Good) -> str:
    """Return a plain name that no two scripts share."""
    stem, dot, suffix = one.script.replace("\\", "/").rsplit("/", 1)[-1].rpartition(".")
    plain = _UNFIT.sub("_", stem if dot else suffix).strip(".")[:80] or "script"
    mark = hashlib.sha256(one.script.encode("utf-8", "replace")).hexdigest()[:8]
    return f"{plain}-{mark}.py"


def requirements(one: Good) -> str:
    """Return what pip needs to make the same environment again."""
    head = f"# What {printable(one.script, 300)} imported, version {one.sha256[:12]}\n"
    if one.packages is None:
        return f"{head}# not known: what it is made of was not kept\n"
    pinned = [
        f"{name}=={version}"
        for name, version in one.packages
        if not _UNFIT.search(name) and re.fullmatch(r"[A-Za-z0-9.+!_-]+", version)
    ]
    return head + "".join(f"{line}\n" for line in pinned)


def _row(one: Good, name: str) -> tuple[str, ...]:
    whose = (one.owner, one.successor)
    cells = (name, one.script, one.sha256, *whose, one.approved_by, one.approved_at, one.why)
    return tuple(_cell(cell) for cell in (*cells, ", ".join(one.places)))


def _cell(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    plain = printable(text, 1000)
    return f"'{plain}" if plain.startswith(_FORMULA) else plain


def _table(rows: Sequence[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_HEADING)
    writer.writerows(rows)
    return out.getvalue()
