"""Did it leave, and how many bytes? One answer for every ending, in every sum, screen, report and
export.
"""

import csv
import json
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fates import BYTES, ENDINGS, Ending, ended

import evidence
from app.desk_tables import ranked_line
from app.home import Home
from app.passport import passport_of
from app.run_totals import totals_of
from app.settings import Settings
from core.case_keys import case_key, destination_of, sender_of
from core.fate import Delivery, Fate
from core.observation import Seen
from core.record import Record
from core.review import CaseFilter, needs_review
from core.risk import risk_of
from evidence.chain import canonical
from evidence.database import connect, transaction
from evidence.history import History
from evidence.hours import By, course, per_destination, ranked, total
from evidence.rebuild import rebuild
from evidence.rollup import Rollup
from evidence.store import Store
from evidence.tally import Tally
from evidence.times import micros
from exports.formats import formats
from exports.outbox.collectors import Parcel
from exports.outbox.metrics import families, otlp, prometheus
from exports.outbox.otlp import logs
from exports.pack.checking.telling import left as left_by_pack
from exports.pack.checking.telling import read_whole
from exports.report.monthly import report
from exports.report.page import Page
from exports.report.period import month
from exports.selection import Selection
from exports.writing import export
from inventory.hunting import Had, what_left
from policy.volumes import Volumes
from tests.evidence.conftest import make_observation
from tui.wording import sentence

type Make = Callable[..., Record]
type Write = Callable[..., None]
NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
every = pytest.mark.parametrize("name", ENDINGS)
WORDS = {
    Delivery.NOT_SENT: "no",
    Delivery.REFUSED: "no",
    Delivery.CUT: "in part",
    Delivery.SENT: "yes",
    Delivery.DELIVERED: "yes",
    Delivery.PAST: "not known",
}


@every
def test_a_record_says_whether_it_left(name: str, make_record: Make) -> None:
    ending, record = ENDINGS[name], ended(make_record, name)
    assert record.delivery == ending.delivery
    told = record.went, record.bytes_went, record.bytes_exact, record.stopped
    assert told == (ending.went, ending.bytes_went, ending.exact, ending.stopped)
    assert record.left_in_part == (ending.delivery == "cut")


def test_every_answer_is_tried() -> None:
    """Whoever adds one says here how it ends."""
    assert {one.delivery for one in ENDINGS.values()} == set(Delivery) == set(WORDS)
    told = {Record.fate.fget(ended(_made, name)) for name in ENDINGS}  # type: ignore[attr-defined]
    assert told == {*Fate, None}


def _made(number: int, **changes: Any) -> Record:
    from tests.evidence.conftest import make_record

    return make_record(number, **changes)


def stored(write: Write, place: Path, make_record: Make, name: str) -> tuple[Ending, Record]:
    record = ended(make_record, name)
    write(record, ended(make_record, "delivered", 1, script="/srv/other.py", host="other.example"))
    return ENDINGS[name], record


# Sums


@every
def test_all_that_adds_up_adds_up_the_same(name: str, make_record: Make) -> None:
    """By records, by texts, and in an order of batches that nobody chose."""
    record = ended(make_record, name)
    one, tally = Rollup(), Tally()
    key = one.add(record, micros(record.at))
    assert tally.add(canonical(record.to_json()), micros(record.at))[2] == key
    assert tally.sums == one
    ending = ENDINGS[name]
    (sums,) = one.hours.values()
    least = int(ending.went and not ending.exact)
    assert [sums[0], sums[1], sums[2], sums[6]] == [1, int(ending.went), ending.bytes_went, least]
    traffic = [[1, ending.bytes_went, least]] if ending.went else []
    assert [[row[0], row[1], row[4]] for row in one.traffic.values()] == traffic
    if key is not None:
        case = one.cases[key]
        assert (case.bytes_sent, case.left_count) == (ending.bytes_went, int(ending.went))


def sums_in(place: Path, record: Record, rebuilt: bool) -> list[Any]:
    if rebuilt:
        with closing(connect(place)) as connection, transaction(connection):
            rebuild(connection)
    with closing(Store(place, clock=lambda: NOW)) as store:
        names: list[tuple[By, str]] = [
            ("script", sender_of(record)),
            ("destination", destination_of(record)),
            ("outcome", record.outcome),
        ]
        found = [
            next(row.total for row in ranked(store, by)[0] if row.name == key)
            for by, key in names[:2]
        ]
        found += [row[3] for row in per_destination(store) if row[0] == destination_of(record)]
        return [(one.exchanges, one.sent, one.bytes, one.least) for one in found]


@every
def test_every_sum_of_the_file(name: str, write: Write, place: Path, make_record: Make) -> None:
    """Hours, days and roll-ups: as written, as verified, as rebuilt."""
    ending, record = stored(write, place, make_record, name)
    least = int(ending.went and not ending.exact)
    right = [(1, int(ending.went), ending.bytes_went, least)] * 3
    assert sums_in(place, record, rebuilt=False) == right
    assert evidence.verify(place).problems == ()
    assert sums_in(place, record, rebuilt=True) == right
    assert evidence.verify(place, full=True).problems == ()
    with closing(Store(place)) as store:
        for told in (total(store), course(store, days=True)[0].total, course(store)[0].total):
            assert (told.sent, told.bytes) == (1 + ending.went, BYTES + ending.bytes_went)


@every
def test_policy_hears_how_much_was_sent(
    name: str, write: Write, place: Path, make_record: Make
) -> None:
    """Live and in a replay: the sums of the day, and whether they are all."""
    ending, record = stored(write, place, make_record, name)
    with closing(Store(place)) as store:
        live = History(store).volume(sender_of(record), destination_of(record), record.at)
    assert (live.bytes_day, live.requests_day) == (ending.bytes_went, int(ending.went))
    assert live.day_exact == live.hour_exact == (ending.exact or not ending.went)
    if ending.went:
        again, whole = Volumes(), Volumes()
        again.add(record)
        assert again.before(record) == live
        whole.add(record, whole=True)  # what another policy would have let out
        assert whole.before(record).day_exact == (ending.exact and ending.delivery != "cut")


# Screens


@every
def test_a_case_counts_what_left(name: str, write: Write, place: Path, make_record: Make) -> None:
    ending, record = stored(write, place, make_record, name)
    if not needs_review(record):
        return
    with closing(Store(place)) as store:
        case = store.case(case_key(record))
    assert case is not None
    assert (case.bytes_sent, bool(case.inside.left)) == (ending.bytes_went, ending.went)
    assert case.bytes_exact == (ending.exact or not ending.went)
    assert ("nothing has left" in risk_of(case).because) == (not ending.went)


@every
def test_screens_say_whether_it_left(
    name: str, write: Write, place: Path, make_record: Make, tmp_path: Path
) -> None:
    ending, record = stored(write, place, make_record, name)
    told = sentence(record, NOW)
    assert ("began to send" in told) == (ending.delivery == "cut")
    if not ending.went:
        assert " sent " not in told
    with closing(Store(place, clock=lambda: NOW)) as store:
        by_script = {row.name: row for row in ranked(store, "script")[0]}
        cells = ranked_line(by_script[sender_of(record)], "script", "", frozenset()).cells
        page = passport_of(Home(tmp_path / "home"), Settings(), store, sender_of(record), NOW)
    size = "7.7 MB" if ending.went and ending.bytes else "0 bytes"
    shown = size if ending.exact else f"{size}+" if ending.bytes else "not known"
    assert cells[2:4] == (str(int(ending.went)), shown)
    (sent,) = page.part("destinations")
    words = size if ending.exact else f"at least {size}" if ending.bytes else "unknown number"
    assert words in sent
    totals = totals_of([record])
    assert (totals["bytes_sent"], totals["bytes_at_least"]) == (
        ending.bytes_went,
        not ending.exact,
    )


# Reports


def rows_of(page: Page, title: str) -> list[tuple[str, ...]]:
    return [
        row
        for part in page.sections
        if part.title == title and part.table is not None
        for row in part.table.rows
    ]


@every
def test_the_months_report(name: str, write: Write, place: Path, make_record: Make) -> None:
    ending, _ = stored(write, place, make_record, name)
    with closing(Store(place, clock=lambda: NOW)) as store:
        page = report(store, month("2026-03", NOW), by="auditor", now=NOW)
    every_row = [row for part in page.sections if part.table is not None for row in part.table.rows]
    (went,) = [row for row in every_row if row[0] == "… that left the machine"]
    assert went[1] == str(1 + ending.went)
    if name == "delivered":
        return
    host = f"{name.replace(' ', '-')}.example"
    places = [row for row in every_row if row[0] == host and len(row) == 7]
    size = "7.7 MB" if ending.went and ending.bytes else "0 bytes"
    shown = size if ending.exact else f"{size}+" if ending.bytes else "not known"
    assert [(row[2], row[3], row[4]) for row in places] == [("1", str(int(ending.went)), shown)]
    assert not any("NOT TRUE" in told for part in page.sections for told in part.sentences)


@every
def test_who_had_a_package_sent(name: str, make_record: Make) -> None:
    ending, record = ENDINGS[name], ended(make_record, name)
    script = record.sender.script
    assert script is not None
    had = Had(
        script="a", sha256=script.sha256 or "", first_at=NOW, last_at=NOW, distribution="x",
        version="1", imported=True,
    )  # fmt: skip
    ((sent,),) = (one.sent for one in what_left([had], [record]))
    assert (sent.bytes, sent.bytes_exact, bool(sent.past)) == (
        ending.bytes_went,
        ending.exact,
        ending.delivery == "past",
    )


# Exports


def of_csv(path: Path, record: Record) -> Any:
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.reader(file))
    return of_table(lines, record)


def of_table(lines: list[list[Any]], record: Record) -> Any:
    at = next(n for n, line in enumerate(lines) if "Record id" in line)
    rows = [dict(zip(lines[at], line, strict=False)) for line in lines[at + 1 :]]
    (row,) = [one for one in rows if one["Record id"] == record.id]
    return (
        row["Left the machine"],
        row["Delivery"],
        int(row["Bytes sent"]),
        row["Bytes sent are"] == "exact",
        {"yes": True, "no": False}[row["Read to its end"]],
    )


def of_xlsx(path: Path, record: Record) -> Any:
    import python_calamine

    book = python_calamine.CalamineWorkbook.from_path(path)
    sheets = [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]
    return of_table(next(s for s in sheets if any("Delivery" in line for line in s)), record)


def of_parquet(path: Path, record: Record) -> Any:
    import pyarrow.parquet

    rows = pyarrow.parquet.read_table(path).to_pylist()
    (row,) = [one for one in rows if one["id"] == record.id]
    exact, whole = not row["bytes_at_least"], row["read_whole"]
    return row["left"], row["delivery"], row["bytes_sent"], exact, whole


def of_jsonl(path: Path, record: Record) -> Any:
    """The record itself: who reads it has the words that all else is made of."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    (row,) = [one for one in rows if one.get("id") == record.id]
    told = Record.from_json({name: part for name, part in row.items() if name != "chain"})
    word = left_by_pack(row)
    assert word == WORDS[told.delivery]
    return told.went, told.delivery, told.bytes_went, told.bytes_exact, read_whole(row)


def of_ocsf(path: Path, record: Record) -> Any:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    (row,) = [
        one
        for one in rows
        if one.get("metadata", {}).get("uid") == record.id
        and "outgate.left" in one.get("unmapped", {})
    ]
    told = row["unmapped"]
    assert (
        row.get("traffic", {"bytes_out": told["outgate.bytes_left"]})["bytes_out"]
        == (told["outgate.bytes_left"])
    )
    exact = not told.get("outgate.bytes_at_least", False)
    left, sent, whole = told["outgate.left"], told["outgate.bytes_left"], told["outgate.complete"]
    return left, told["outgate.delivery"], sent, exact, whole


def of_cef(path: Path, record: Record) -> Any:
    lines = path.read_text(encoding="utf-8").splitlines()
    (line,) = [one for one in lines if record.id in one and "flexString1Label=delivery" in one]
    fields = dict(part.partition("=")[::2] for part in line.split(" ") if "=" in part)
    delivery = Delivery(fields["flexString1"])
    whole = "not read to its end" not in line
    return delivery.went, delivery, int(fields["out"]), "out is at least" not in line, whole


READ: Mapping[str, Callable[[Path, Record], Any]] = {
    "csv": of_csv,
    "xlsx": of_xlsx,
    "parquet": of_parquet,
    "jsonl": of_jsonl,
    "ocsf": of_ocsf,
    "cef": of_cef,
}


def test_every_format_is_read_here() -> None:
    """Whoever adds one says here where it tells whether a request left."""
    assert set(READ) == set(formats())


@every
def test_every_export_says_whether_it_left(
    name: str, write: Write, place: Path, make_record: Make, tmp_path: Path
) -> None:
    ending, record = stored(write, place, make_record, name)
    told: dict[str, Any] = {}
    with closing(Store(place)) as store:
        for format_ in formats():
            export(format_, store, Selection(), tmp_path / format_, by="auditor")
            told[format_] = READ[format_](tmp_path / format_, record)
        parcel = Parcel(machine="here", records=list(store.iter_entries()), acts=[])
    for format_ in READ:
        went = WORDS[Delivery(ending.delivery)] if format_ in {"csv", "xlsx"} else ending.went
        right = (went, ending.delivery, ending.bytes_went, ending.exact, ending.read_whole)
        assert told[format_] == right, format_
    assert of_otlp(logs(parcel), record) == (ending.went, *right[1:])


def of_otlp(request: Any, record: Record) -> Any:
    rows = request["resourceLogs"][0]["scopeLogs"][0]["logRecords"]
    found = [{a["key"]: a["value"] for a in row["attributes"]} for row in rows]
    (one,) = [row for row in found if row["log.record.uid"]["stringValue"] == record.id]
    exact = "outgate.bytes_at_least" not in one
    return (
        one["outgate.left"]["boolValue"],
        one["outgate.delivery"]["stringValue"],
        int(one["outgate.bytes_left"]["intValue"]),
        exact,
        one["outgate.complete"]["boolValue"],
    )


@every
def test_metrics(name: str, write: Write, place: Path, make_record: Make) -> None:
    ending, record = stored(write, place, make_record, name)
    with closing(Store(place, clock=lambda: NOW)) as store:
        found = families(store)
        sent = otlp(found, store, "here", micros(NOW))
    told = {}
    for line in prometheus(found).splitlines():
        if f'destination="{destination_of(record)}"' in line:
            told[line.partition("{")[0]] = float(line.rpartition(" ")[2])
    assert told["outgate_sent_total"] == ending.went
    assert told["outgate_sent_bytes_total"] == ending.bytes_went
    assert told["outgate_sent_more_total"] == (ending.went and not ending.exact)
    names = [one["name"] for one in sent["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]]
    assert "outgate.sent_bytes" in names


# Observations


def test_a_connection_that_nobody_counted_is_no_exact_nothing(write: Write, place: Path) -> None:
    """Its case has so many bytes at least; one that was counted is exact."""
    counted = make_observation(1)
    other = make_observation(2, about="mysql at db.example:3306")
    facts = {**other.facts, "bytes_sent": Seen(value=None, how="the kernel's counters")}
    write(counted, replace(other, facts=facts))
    with closing(Store(place)) as store:
        cases = {case.host: case for case in store.page(CaseFilter(status=None), 0, 9)}
    assert {host: (case.bytes_sent, case.bytes_exact) for host, case in cases.items()} == {
        counted.about: (1200, True),
        other.about: (0, False),
    }
    assert evidence.verify(place).problems == ()
