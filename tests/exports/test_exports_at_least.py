"""Numbers that are only the least that there are: nothing that is printed takes them for exact."""

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from reading_files import readable

from app.desk_tables import ranked_line
from app.home import Home
from app.passport import passport_of
from app.run_summary import print_session
from app.settings import Settings
from classifiers.uploads.counting import IN_PIECES, NO_MORE
from core.case_inside import Scope
from core.decision import Verdict
from core.fate import AT_LEAST_NOTE
from core.findings import SEVERAL_PARTS, Finding, not_inspected
from core.record import Record
from core.review import CaseFilter, CaseStatus
from core.risk import risk_of
from core.situation import situation_of
from evidence.hours import ranking
from evidence.store import Store
from exports.formats import formats
from exports.outbox.collectors import Parcel
from exports.outbox.metrics import families, prometheus
from exports.outbox.otlp import logs
from exports.report.breach import breach
from exports.report.monthly import report
from exports.report.page import Page
from exports.report.period import month
from exports.selection import Selection
from exports.writing import export
from policy.wording import sentence as sentence_of_policy
from tui.case_detail import describe
from tui.case_reading import Reading, read_fully
from tui.closing_words import came_back
from tui.holds import case_alone
from tui.plain import print_queue
from tui.wording import case_found, case_sentence, sentence

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
VALUES, ROWS, PEOPLE = 4_321, 5_432, 3_210
_NUMBER = re.compile(r"(?<![\w.-])(?:4,?321|5,?432|3,?210)(?!\w)(\+?)")
BYTES = 7_654_321
_BYTES = re.compile(r"(?<![\w.-])(?:7\.7 MB|7,?654,?321)(?!\w)(\+?)")
NOTES = [NO_MORE, IN_PIECES, SEVERAL_PARTS, f"issued in 2024; {NO_MORE}"]
SHAPES = {
    "values alone": (None, None),
    "rows": (ROWS, None),
    "rows and people": (ROWS, PEOPLE),
}


def found(record: Record, shape: str, note: str | None, kind: str = "email") -> Finding:
    rows, people = SHAPES[shape]
    return replace(
        record.findings[0],
        kind=kind,
        count=VALUES,
        distinct=VALUES,
        records=rows,
        subjects=people,
        note=note,
        excerpt="",
    )


def pieces_of(page: Page) -> Iterator[str]:
    yield page.answer
    for part in page.sections:
        yield from part.sentences
        if part.table is not None:
            for row in part.table.rows:
                yield " | ".join(map(": ".join, zip(part.table.headings, row, strict=True)))


def screens(store: Store, record: Record) -> Iterator[str]:
    yield sentence(record, NOW)
    yield sentence_of_policy(situation_of(record))
    yield case_found(case_alone(record))
    yield case_sentence(case_alone(record), NOW)
    for case in store.page(CaseFilter(status=None), 0, 99):
        yield case_found(case)
        yield case_sentence(case, NOW)
        yield from risk_of(case).because
        for section in describe(read_fully(store, Reading(case=case)), NOW):
            yield from (row.text for row in section.rows)
        scope = Scope(
            versions=frozenset(case.inside.versions),
            kinds=frozenset(case.kinds),
            accounts=frozenset(case.inside.accounts),
            people=1,
            rows=1,
        )
        yield came_back(replace(case, status=CaseStatus.OPEN, scope=scope), NOW)
    out = io.StringIO()
    print_queue(store, out, clock=lambda: NOW)
    yield from " ".join(out.getvalue().split()).split(". ")


def pages(store: Store, home: Home) -> Iterator[str]:
    yield from pieces_of(report(store, month("2026-03", NOW), by="auditor", now=NOW))
    for case in store.page(CaseFilter(status=None), 0, 99):
        yield from pieces_of(breach(store, case, by="auditor", now=NOW))
    for version in store.script_versions():
        for part in passport_of(home, Settings(), store, version.script, NOW).parts:
            yield from part.lines
    out = io.StringIO()
    print_session(list(store.iter_entries()), 0, as_json=False, out=out)
    yield from out.getvalue().splitlines()
    yield from str(logs(Parcel(machine="here", records=list(store.iter_entries()), acts=[]))).split(
        "'timeUnixNano'"
    )


def exported(store: Store, folder: Path) -> Iterator[str]:
    for name in formats():
        export(name, store, Selection(), folder / name, by="auditor")
        if name == "parquet":
            import pyarrow.parquet

            yield from map(str, pyarrow.parquet.read_table(folder / name).to_pylist())
        elif name == "xlsx":
            import python_calamine

            book = python_calamine.CalamineWorkbook.from_path(folder / name)
            for sheet in book.sheet_names:
                yield from map(str, book.get_sheet_by_name(sheet).to_python())
        else:
            yield from readable(folder / name).splitlines()


def unmarked(pieces: Iterator[str], number: re.Pattern[str] = _NUMBER) -> list[str]:
    """Return what gives one of the numbers as if it were exact."""
    return [
        piece
        for piece in pieces
        if any(not one[1] for one in number.finditer(piece))
        and not re.search(r"at.least", piece, re.IGNORECASE)
        and not any(one[1] for one in number.finditer(piece))
        and AT_LEAST_NOTE not in piece
    ]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("times", [1, 2])
def test_whatever_prints_a_number_that_is_the_least_says_at_least(
    shape: str,
    times: int,
    write: Callable[..., None],
    place: Path,
    make_record: Callable[..., Record],
    tmp_path: Path,
) -> None:
    """Screens, reports, drafts, passports, summaries and exports, of a case of one request and of
    several, whatever made the number the least.
    """
    records = [make_record(n, script="/srv/job.py") for n in range(times)]
    records = [
        replace(
            one, findings=(found(one, shape, NOTES[n]), found(one, shape, NOTES[n + 2], "iban"))
        )
        for n, one in enumerate(records)
    ]
    write(*records)
    store = Store(place)
    told = [
        *screens(store, records[-1]),
        *pages(store, Home(tmp_path / "home")),
        *exported(store, tmp_path),
    ]
    store.close()
    assert unmarked(iter(told)) == []
    assert sum(bool(_NUMBER.search(piece)) for piece in told) > 20


@pytest.mark.parametrize("parts", [(BYTES,), (1_000_000, BYTES - 1_000_000)])
def test_whatever_prints_bytes_of_which_more_may_have_left_says_at_least(
    parts: tuple[int, ...],
    write: Callable[..., None],
    place: Path,
    make_record: Callable[..., Record],
    tmp_path: Path,
) -> None:
    """Of one request whose gate was killed, and of a sum that holds one; what a script sends "as a
    rule" was learnt from what was counted.
    """
    records = [make_record(n, script="/srv/job.py") for n in range(len(parts))]
    records = [
        replace(
            one,
            request=replace(one.request, bytes=size, complete=True),
            decision=replace(one.decision, verdict=Verdict.WATCH, intended=None),
        )
        for one, size in zip(records, parts, strict=True)
    ]
    unread = not_inspected(AT_LEAST_NOTE, "gate")
    records[-1] = replace(
        records[-1], notes=(AT_LEAST_NOTE,), findings=(*records[-1].findings, unread)
    )
    write(*records)
    store = Store(place)
    told = [
        *screens(store, records[-1]),
        *pages(store, Home(tmp_path / "home")),
        *exported(store, tmp_path),
        *(
            ": ".join(ranked_line(row, by, "", frozenset()).cells)
            for by in ("script", "destination", "account", "outcome")
            for row in ranking(store, by)
        ),
    ]
    counted = prometheus(families(store)).splitlines()
    store.close()
    assert unmarked((one for one in told if "as a rule" not in one), _BYTES) == []
    assert sum(bool(_BYTES.search(piece)) for piece in told) > 6
    assert any(line for line in counted if "sent_more_total{" in line and line.endswith(" 1"))
    assert "at least" in next(line for line in counted if "sent_bytes_total " in line)


def test_numbers_that_are_exact_are_told_so(
    write: Callable[..., None], place: Path, make_record: Callable[..., Record]
) -> None:
    """One request of which all was counted: no sentence and no row says that there may be more."""
    record = make_record(script="/srv/job.py")
    record = replace(record, findings=(found(record, "rows and people", None),))
    write(record)
    store = Store(place, clock=lambda: NOW)
    (case,) = store.page(CaseFilter(status=None), 0, 9)
    store.close()
    assert (case.inside.people, case.inside.people_exact) == (VALUES, True)
    assert case_found(case) == "5,432 rows · e-mail addresses"
    assert "at least" not in case_sentence(case, NOW) + sentence(record, NOW)
