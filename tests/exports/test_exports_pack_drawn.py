"""What a pack draws from its records (the table, the coverage, the policy's text) is held against
them, also where the owner of the key signs something else.
"""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from packs import checked, pack, parts_of

from benchmarks.evidence_records import records
from core.decision import HoldOutcome, Verdict
from core.fate import Fate
from core.findings import not_inspected
from core.happenings import Event, happening
from core.observation import Kind
from core.record import Record
from core.text import spreadsheet_cell
from evidence.erasure import Wanted, erase_now
from evidence.notary import Notary
from evidence.retention import expire
from evidence.store import Store
from evidence.times import micros
from exports.columns import HEADINGS
from exports.formats.spreadsheet import FORMAT
from exports.pack import coverage
from exports.pack import verify as program
from exports.pack.checking import names, places, telling
from exports.verification import verify_export
from tests.evidence.conftest import LATER, make_observation, with_fate
from tests.exports.test_exports_pack_changed import forged

Make = Callable[..., Record]
_BOM = b"\xef\xbb\xbf"
ODD = "=cmd|' /C calc'!A0\u202e \u00fc\U0001f4a9, \"x\"\r\n\tz"


@pytest.fixture
def full(full: Path, write: Callable[..., None], make_record: Make) -> Path:
    """Records of every kind: made up, held, past the gate, unread, odd in every text."""
    held = make_record(50, verdict=Verdict.HOLD)
    write(
        *records(40, 7),
        *(
            replace(held, id=f"{held.id[:-1]}{n}", decision=replace(
                held.decision, hold_key="aa", hold_seconds=9, hold_outcome=ending))
            for n, ending in enumerate((*HoldOutcome, None))
        ),
        *(with_fate(make_record(60 + n), fate) for n, fate in enumerate(Fate)),
        make_record(70, findings=(not_inspected("sealed", "decoder"),)),
        make_record(71, script=f"/srv/{ODD}.py", degraded=(f"classifier: {ODD}",)),
        replace(make_record(72), notes=(ODD, "more")),
        make_observation(73),
        make_observation(74, kind=Kind.LISTENER, about="port 1"),
    )  # fmt: skip
    store = Store(full, clock=lambda: LATER)
    for event in (Event.EVIDENCE_GAP, Event.CLOCK_JUMPED, Event.POLICY_CHANGED):
        store.tell(happening(event, {"lost": 1, "words": ODD}))
    store.close()
    return full


def test_what_nobody_changed_is_whole(packed: Path) -> None:
    code, said = checked(packed)
    assert code == 0, said
    assert "Not recomputed here" in said and "report.pdf" in said
    assert all(program.named(name) in said for name in program.FIGURES)


@pytest.mark.parametrize("name", program.FIGURES)
@pytest.mark.parametrize("by", [-1, 1000])
def test_a_figure_of_the_report_that_the_records_do_not_say_is_named(
    packed: Path, full: Path, name: str, by: int
) -> None:
    """Also where the owner of the key signed it."""

    def edit(parts: dict[str, bytes]) -> None:
        text, row = parts["report.html"].decode(), f'<tr><td>{name}</td><td class="n">'
        count = int(text.partition(row)[2].partition("<")[0].replace(",", ""))
        edited = text.replace(f"{row}{count:,}<", f"{row}{count + by:,}<")
        parts["report.html"] = edited.encode()

    code, said = forged(packed, full, edit)
    assert code == 1 and f'report.html: what it says of "{program.named(name)}"' in said


def test_what_was_erased_is_no_record_that_cannot_be_read(full: Path, tmp_path: Path) -> None:
    """It is told by its own word, and the rest of the pack is held against the records as ever."""
    made = erase_now(full, Wanted(before_us=1_767_800_000_000_000), who="dpo", why="asked")
    out = pack(full, tmp_path / "emptied.zip")
    told = json.loads(parts_of(out)["coverage.json"])
    assert told["records_emptied"] == len(made.whole) > 0
    assert (told["records_that_cannot_be_read"], told["acts_emptied"]) == (0, 0)
    code, said = checked(out)
    assert code == 0 and f"Erased, or their time was over: {len(made.whole)};" in said, said
    assert "could not be read there" not in said
    assert all(program.named(name) in said for name in program.FIGURES)
    one_less = in_coverage(records_emptied=told["records_emptied"] - 1)
    for edit in (one_less, in_coverage(failed_stages={}), in_coverage(acts_emptied=1)):
        assert forged(out, full, edit)[0] == 1


def test_a_pack_with_gaps_is_whole(full: Path, tmp_path: Path) -> None:
    """Erased in parts, and whole."""
    for wanted in (
        Wanted(users=frozenset({"mia.keller"})),
        Wanted(before_us=1_767_800_000_000_000),
    ):
        assert not erase_now(full, wanted, who="dpo", why="asked", patience_s=0).nothing
    code, said = checked(pack(full, tmp_path / "gaps.zip"))
    assert code == 0, said


def test_a_pack_of_what_has_not_expired_is_whole(full: Path, tmp_path: Path) -> None:
    """Each entry is proven by what is kept of the tree; a pack ended in an error."""
    Notary(full).take_now("hour")
    before = micros(datetime(2026, 3, 1, 12, 0, 3, tzinfo=UTC))
    gone = expire(full, before, "test", rest=lambda _: None).records
    assert gone == 3
    out = pack(full, tmp_path / "rest.zip")
    code, said = checked(out)
    assert code == 0, said
    assert f"Expired, and so not here: records up to {gone}." in said
    assert verify_export(out).ok


def rows_of(parts: dict[str, bytes]) -> list[list[str]]:
    text = parts["records.csv"].removeprefix(_BOM).decode()
    return list(csv.reader(io.StringIO(text, newline="")))


def in_rows(change: Callable[[list[list[str]]], object]) -> Callable[[dict[str, bytes]], None]:
    def edit(parts: dict[str, bytes]) -> None:
        rows, text = rows_of(parts), io.StringIO(newline="")
        change(rows)
        csv.writer(text).writerows(rows)
        parts["records.csv"] = _BOM + text.getvalue().encode()

    return edit


def in_cell(name: str, text: str, row: int = 3) -> Callable[[dict[str, bytes]], None]:
    def change(rows: list[list[str]]) -> None:
        assert rows[row][HEADINGS.index(name)] != text
        rows[row][HEADINGS.index(name)] = text

    return in_rows(change)


def blank(rows: list[list[str]]) -> None:
    """A row that claims that its record could not be read."""
    keep = {"Chain entry", "Chain hash", "Record id", "Time (UTC)"}
    rows[3] = [cell if n in keep else "" for n, cell in zip(HEADINGS, rows[3], strict=True)]


def in_coverage(**said: Any) -> Callable[[dict[str, bytes]], None]:
    def edit(parts: dict[str, bytes]) -> None:
        told = json.loads(parts["coverage.json"])
        assert all(told[name] != value for name, value in said.items())
        parts["coverage.json"] = places.canonical({**told, **said})

    return edit


def other_policy(parts: dict[str, bytes]) -> None:
    parts["policy/0123456789abcdef.yaml"] = b"rules: []\n"


EDITS: dict[str, tuple[Callable[[dict[str, bytes]], None], str]] = {
    "a row less": (in_rows(lambda rows: rows.pop()), "ends before the records do"),
    "a row more": (in_rows(lambda rows: rows.append(rows[-1])), "more rows than there are records"),
    "rows in another order": (
        in_rows(lambda rows: rows.insert(2, rows.pop(3))), "than the record: Chain entry",
    ),
    "a row cut": (in_rows(lambda rows: rows[3].__delitem__(slice(9, None))), "of record 3 is cut"),
    "a column less": (
        in_rows(lambda rows: rows[0].__setitem__(8, "Script")), "lacks columns that every",
    ),
    "a row that tells nothing": (in_rows(blank), "that cannot be read, and here 1"),
    "a row of an observation that tells more": (
        in_cell("Host", "evil.example", -1), "another thing than the record: Host",
    ),
    "another head": (
        in_rows(lambda rows: rows[0].__setitem__(-1, rows[0][-1].replace('"count":', '"count":1'))),
        "the head of records.csv is that of another export",
    ),
    **{
        f"another {name}": (in_cell(name, "7"), f"another thing than the record: {name}")
        for name in telling.TOLD
    },
    "coverage: failed stages": (in_coverage(failed_stages={}), "the records: failed_stages"),
    "coverage: past the gate": (in_coverage(connections_past_the_gate=0), "connections_past"),
    "coverage: not inspected": (in_coverage(not_inspected={}), "the records: not_inspected"),
    "coverage: windows": (in_coverage(windows=[]), "the records: windows"),
    "coverage: observations": (in_coverage(observations={}), "the records: observations"),
    "coverage: senders": (in_coverage(attribution_by_certainty={}), "attribution_by_certainty"),
    "coverage: methods": (in_coverage(attribution_by_method={}), "attribution_by_method"),
    "coverage: how many": (in_coverage(records=1), "the records: records"),
    "coverage: cut": (in_coverage(requests_not_wholly_inspected=9), "requests_not_wholly"),
    "coverage: policies": (in_coverage(policies_without_text=[]), "policies_without_text"),
    "coverage: sources": (in_coverage(scripts_without_source=["x"]), "scripts_without_source"),
    "coverage: could not be read": (
        in_coverage(records_that_cannot_be_read=3, failed_stages={}), "3 that cannot be read, and",
    ),
    "a policy that was never in force": (other_policy, "is not the text of that version"),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_what_the_owner_of_the_key_draws_otherwise_is_named(
    packed: Path, full: Path, name: str
) -> None:
    edit, words = EDITS[name]
    code, said = forged(packed, full, edit)
    assert code == 1 and words in said, said


def test_the_program_knows_the_columns_and_events_that_outgate_writes() -> None:
    """It stands alone, so it has lists of its own."""
    assert set(telling.TOLD) <= set(HEADINGS)
    assert {event.value for event in coverage._WINDOWS} == names.WINDOWS
    assert FORMAT.suffix == ".csv"


@pytest.mark.parametrize("text", ["=1+1", "@x", "-1", "a\nb", "x" * 3000, "\tx", "plain", ODD])
def test_a_cell_is_told_as_the_table_has_it(text: str) -> None:
    assert telling.alike(telling.cell(text), spreadsheet_cell(" ".join(text.splitlines())))
    assert not telling.alike(telling.cell(f"{text[:50]}!"), spreadsheet_cell(text[:50] + "?"))


def test_the_coverage_is_that_of_the_time_the_pack_was_made(packed: Path) -> None:
    told = json.loads(parts_of(packed)["coverage.json"])
    assert told["connections_past_the_gate"] == 1 and told["not_inspected"] == {"content": 1}
    assert {one["event"] for one in told["windows"]} == {"evidence_gap", "clock_jumped"}
    assert datetime.fromisoformat(told["windows"][0]["at"]).tzinfo == UTC
