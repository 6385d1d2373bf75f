"""Wires a scan: detectors, advisories and evidence of this installation, all of them only read."""

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from app.home import Home, home_there
from app.standard_output import standard_output
from core.errors import InputError

if TYPE_CHECKING:
    from classifiers.credentials import CredentialDetector
    from core.scanned import ScannedScript, ScanResult
    from inventory.advisories.kept import Advisories
    from inventory.owners import Listed

_LEAST = 19


def stand_back() -> None:
    """Give way to everybody from now on: idle for the processor, and so for the disk."""
    if hasattr(os, "nice"):
        os.nice(_LEAST)
    if hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def scan_machine(paths: Sequence[Path], accounts: Path | None) -> "ScanResult":
    """Return what lies below these paths, or on the whole machine. Raises InputError."""
    from inventory import flaws
    from inventory.owners import read_accounts
    from inventory.scan import Question, scan

    home = home_there()
    notes: list[str] = []
    advisories = _advisories(home, notes)
    question = Question(
        roots=_roots(paths),
        credentials=_credentials(home, notes),
        risk_of=None if advisories is None else advisories.at_risk,
        listed=None if accounts is None else read_accounts(accounts),
        seen_running=None if home is None else _seen_running(home),
        ruff=flaws.program(),
        notes=tuple(notes),
    )
    return scan(question)


def look_at(
    home: Home,
    script: str,
    schedules: Sequence[str],
    listed: "Mapping[str, Listed] | None" = None,
) -> "ScannedScript | None":
    """Return what a scan says of one script, and what of these schedules starts it; None where it
    is none.
    """
    from inventory import flaws
    from inventory.scan import Question, scan

    notes: list[str] = []
    places = (Path(one).expanduser() for one in schedules)
    there = [str(place) for place in places if place.exists()]
    question = Question(
        roots=(script, *there),
        credentials=_credentials(home, notes),
        listed=listed,
        ruff=flaws.program(),
    )
    return next((one for one in scan(question).scripts if one.path == script), None)


def _advisories(home: Home | None, notes: list[str]) -> "Advisories | None":
    from app.commands.packages import stale
    from inventory.advisories.kept import load

    known = None if home is None else load(home.advisories)
    if known is None:
        notes.append("Holes in packages were not looked for: see outgate advisories import.")
        return None
    newest = known.imported.newest
    notes.append(
        f"Advisories: {known.imported.source}"
        + (f", the newest of {newest:%Y-%m-%d}." if newest else ".")
    )
    notes += stale(known.imported)
    return known


def must_be_writable(out: Path | None) -> None:
    """Refuse before a scan, which may take minutes, what its report could not be written to, and
    leave what lies there as it is. Raises InputError.
    """
    if out is None:
        return
    if out.is_dir():
        raise InputError(f"{out} is a folder.", remedy="Name a file for the report.")
    if not out.parent.is_dir():
        raise InputError(f"There is no folder {out.parent}.", remedy="Check its name.")
    if not os.access(out if out.exists() else out.parent, os.W_OK):
        raise InputError(f"{out} cannot be written.", remedy="Name another file for the report.")


def write_report(text: str, out: Path | None) -> None:
    """Write the report to its file, or to the standard output. Raises OSError."""
    data = text.encode("utf-8", "replace")
    if out is None:
        stream = standard_output()
        stream.write(data)
        stream.flush()
    else:
        out.write_bytes(data)


def _roots(paths: Sequence[Path]) -> tuple[str, ...]:
    if not paths:
        return (Path.cwd().anchor,)
    for path in paths:
        if not path.exists():
            raise InputError(f"There is no {path}.", remedy="Check its name.")
    found = sorted({str(path.resolve()) for path in paths})
    return tuple(root for root in found if not _is_below(root, found))


def _is_below(root: str, others: Sequence[str]) -> bool:
    return any(other != root and root.startswith(other.rstrip(os.sep) + os.sep) for other in others)


def _credentials(home: Home | None, notes: list[str]) -> "CredentialDetector":
    """Return the detector with all rules where a gate of this installation has made them, else with
    ours.
    """
    from classifiers.credentials import CredentialDetector
    from classifiers.credentials.engines.pack import load
    from core.organisation import Organisation

    made = home is not None and load(home.cache) is not None
    if not made:
        notes.append(
            "Passwords and keys were looked for by Outgate's own rules; those of the long "
            "tail are made when a gate first runs here."
        )
    return CredentialDetector(
        home.cache if home is not None and made else None, Organisation(), long_tail=made
    )


def _seen_running(home: Home) -> Mapping[str, datetime] | None:
    if not home.evidence.is_file():
        return None
    from evidence.at_rest import scripts_seen

    return scripts_seen(home.evidence)
