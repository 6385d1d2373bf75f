"""What the review writes to files of the cases that are shown: records in every format, a pack that
others can verify, a report to read.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from app.case_list import list_problem
from app.current_user import reviewer
from app.home import Home
from app.packing import pack
from core.errors import EvidenceError
from core.happenings import Event, happening
from core.ids import utc_now
from core.vocabulary.sizes import counted
from evidence.store import Store
from exports.formats import formats
from exports.report import period
from exports.report.forms import drawn
from exports.report.monthly import Only
from exports.report.monthly import report as reported
from exports.selection import Selection
from exports.writing import Written, export, write_file
from tui.evidence_acts import ExportChoice

_PACK = "pack"
_REPORTS: Mapping[str, str] = {"report": "html", "report to print": "pdf"}
_MONTH = timedelta(days=30)


def choices() -> tuple[ExportChoice, ...]:
    """Return what there is to choose from."""
    records = (
        ExportChoice(name=f.name, suffix=f.suffix, purpose=f.purpose, proposed=f.proposed)
        for f in formats().values()
    )
    others = (
        ExportChoice(name=_PACK, suffix=".zip", purpose="evidence that others can verify"),
        *(
            ExportChoice(name=name, suffix=f".{form}", purpose="a report of the last 30 days")
            for name, form in _REPORTS.items()
        ),
    )
    return (*records, *others)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskExports:
    """Writes files, and notes each in the evidence."""

    store: Store
    home: Home
    clock: Callable[[], datetime] = utc_now

    def write(self, name: str, cases: frozenset[str], path: Path) -> int:
        """Return how many records the file holds, or tells of. Raises OutgateError."""
        who, chosen = reviewer(), Selection(cases=cases)
        if name == _PACK:
            made: Written = pack(self.home, self.store, chosen, path, by=who)
        elif name in _REPORTS:
            made = Written(records=self._report(_REPORTS[name], cases, path, who), acts=0)
        else:
            # In the order of the chain, so that an export of some cases can be verified too.
            made = export(name, self.store, chosen, path, by=who)
        facts = {"format": name, "since": None, "until": None, "records": made.records}
        self.store.tell(happening(Event.EXPORTED, facts, who=who))
        if made.changed:
            told = counted(made.changed, "entry", "entries")
            raise EvidenceError(
                f"It is written, and does not verify: {told} were changed in the evidence file.",
                remedy="outgate verify names them.",
            )
        if (wrong := list_problem(self.store.path)) is not None:
            raise EvidenceError(
                f"It is written, and the evidence was changed: {wrong}.",
                remedy="Cases may be missing in it, or others.",
            )
        return made.records

    def _report(self, form: str, cases: frozenset[str], path: Path, who: str) -> int:
        now = self.clock().astimezone()
        span = period.since(now - _MONTH, now)
        only = Only(cases, f"{counted(len(cases), 'case')} chosen in the review")
        data = drawn(reported(self.store, span, by=who, now=now, only=only), form)
        write_file(path, lambda file: _written(file.write(data)))
        known = (self.store.case(key) for key in cases)
        return sum(case.count for case in known if case is not None)


def _written(_: int) -> None:
    """Take the count of bytes that a file tells."""
