"""The store: what a reviewer sees is what was recorded, and what a reviewer did cannot be changed afterwards."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import evidence
from core.decision import Verdict
from core.errors import EvidenceError
from core.ids import uuid7
from core.record import Record
from core.review import (
    Action,
    CaseFilter,
    CaseStatus,
    Disposition,
    ReviewEvent,
    case_key,
    needs_review,
)
from evidence.rollup import COMES_BACK, key_of
from evidence.store import Store

Make = Callable[..., Record]
NOW = datetime(2026, 3, 2, tzinfo=UTC)
ANY = CaseFilter(status=None)


@pytest.fixture
def store(writer: object, place: Path) -> Iterator[Store]:
    store = Store(place)
    yield store
    store.close()


def act(
    key: str, action: Action, disposition: Disposition | None = None, note: str = ""
) -> ReviewEvent:
    return ReviewEvent(
        id=uuid7(),
        at=NOW,
        case_key=key,
        action=action,
        who="officer",
        disposition=disposition,
        note=note,
    )


def table(place: Path, name: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(place) as connection:
        return sorted(connection.execute(f"SELECT * FROM {name}"), key=repr)


def test_alike_records_are_one_case(store: Store, write, make_record: Make) -> None:
    """Same script, destination, account, kinds and outcome: one thing to review, added up."""
    write(
        make_record(0, rows=7, bytes=10),
        make_record(5, rows=None, bytes=20),
        make_record(3, rows=4),
    )
    case = store.page(CaseFilter(), 0, 10)[0]
    first = make_record(0).at
    assert store.count(CaseFilter()) == 1
    assert (case.count, case.values, case.records, case.bytes_sent) == (3, 2, 7, 1030)
    assert (case.first_at, case.last_at) == (first, first + timedelta(seconds=5))
    assert (case.script, case.script_path, case.user) == (
        "upload.py",
        "/home/analyst/upload.py",
        "analyst",
    )
    assert (case.kinds, case.verdict, case.status) == (("email",), "watch", CaseStatus.OPEN)
    assert case.key == case_key(make_record())
    assert store.case(case.key) == case


@pytest.mark.parametrize(
    "difference",
    [
        {"script": "/srv/other.py"},
        {"service": "dropbox"},
        {"kind": "iban"},
        {"verdict": Verdict.BLOCK},
    ],
    ids=str,
)
def test_records_that_differ_in_what_matters_are_two_cases(
    store: Store, write, make_record: Make, difference
) -> None:
    """Another script, destination, kind of data or outcome is another thing to review."""
    write(make_record(0), make_record(1, **difference))
    assert store.count(CaseFilter()) == 2


def test_what_needs_no_review_makes_no_case_and_is_evidence_all_the_same(
    store: Store, write, make_record: Make
) -> None:
    """Plain, complete allows are kept and exported, and bother nobody."""
    write(
        make_record(0, verdict=Verdict.ALLOW),
        make_record(1, verdict=Verdict.ALLOW, degraded=("personal: late",)),
    )
    assert store.count(ANY) == 1
    assert len(list(store.iter_records())) == 2
    assert store.totals()["records"] == 2
    assert store.totals()["degraded"] == 1


@given(
    verdict=st.sampled_from(list(Verdict)),
    degraded=st.booleans(),
    has_script=st.booleans(),
    path=st.text(max_size=30),
)
def test_the_key_of_a_stored_record_is_the_key_of_the_record(
    verdict, degraded: bool, has_script: bool, path: str, make_record: Make
) -> None:
    """What the database files a record under is what the review rules of the core say."""
    record = make_record(script=path, verdict=verdict, degraded=("x: y",) if degraded else ())
    body = record.to_json()
    if not has_script:
        body["sender"]["script"] = None
    stored = Record.from_json(body)
    assert key_of(body) == (case_key(stored) if needs_review(stored) else None)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (CaseFilter(), {"a", "b", "c"}),
        (CaseFilter(text="UPLOAD_100%"), {"b"}),
        (CaseFilter(text="100%"), {"b"}),
        (CaseFilter(text="dropbox"), {"b"}),
        (CaseFilter(text="iban openai"), {"c"}),
        (CaseFilter(text="nothing"), set()),
        (CaseFilter(text="a%c"), set()),
        (CaseFilter(verdict="block"), {"c"}),
        (CaseFilter(script="SRV/A"), {"a"}),
        (CaseFilter(script="a_py"), set()),
        (CaseFilter(destination="dropbox"), {"b"}),
        (CaseFilter(destination="openai.com"), {"a", "c"}),
        (CaseFilter(destination="api.openai.com"), {"a", "c"}),
        (CaseFilter(kind="iban"), {"c"}),
        (CaseFilter(kind="iba"), set()),
        (CaseFilter(since=datetime(2026, 3, 1, 12, 0, 2, tzinfo=UTC)), {"c"}),
        (CaseFilter(status=CaseStatus.CLOSED), set()),
    ],
    ids=lambda value: "".join(sorted(value)) if isinstance(value, set) else str(value),
)
def test_filters(
    store: Store, write, make_record: Make, wanted: CaseFilter, found: set[str]
) -> None:
    """Every filter shows what it says, and characters with a meaning in SQL are only characters."""
    write(
        make_record(0, script="/srv/a.py"),
        make_record(
            1, script="/srv/upload_100%.py", service="dropbox", host="content.dropboxapi.com"
        ),
        make_record(2, script="/srv/c.py", kind="iban", verdict=Verdict.BLOCK),
    )
    names = {"/srv/a.py": "a", "/srv/upload_100%.py": "b", "/srv/c.py": "c"}
    assert {names[case.script_path or ""] for case in store.page(wanted, 0, 10)} == found
    assert store.count(wanted) == len(found)


def test_pages_run_from_the_newest_without_gap_or_repeat(
    store: Store, write, make_record: Make
) -> None:
    """Scrolling through the queue shows every case once, the newest first."""
    write(*(make_record(n, script=f"/srv/{n}.py") for n in range(25)))
    pages = [store.page(CaseFilter(), offset, 10) for offset in (0, 10, 20, 30)]
    assert [len(page) for page in pages] == [10, 10, 5, 0]
    assert [case.script_path for page in pages for case in page] == [
        f"/srv/{n}.py" for n in range(24, -1, -1)
    ]


def test_records_of_a_case_are_whole_and_carry_their_place_in_the_chain(
    store: Store, write, make_record: Make
) -> None:
    """A reviewer sees the very object that was hashed, newest first."""
    records = [make_record(n) for n in range(3)]
    write(*records)
    shown = store.records(case_key(records[0]), limit=2)
    assert [record["id"] for record in shown] == [records[2].id, records[1].id]
    chain = shown[0]["chain"]
    assert (chain["seq"], chain["prev"]) == (3, shown[1]["chain"]["hash"])
    assert {k: v for k, v in shown[0].items() if k != "chain"} == records[2].to_json()
    asked = [records[1].id, "unknown", records[0].id]
    assert [record["id"] for record in store.records_by_ids(asked)] == [
        records[1].id,
        records[0].id,
    ]


def test_exports_read_by_time_kind_and_words(store: Store, write, make_record: Make) -> None:
    """Since is included, until is not; conditions add up; the order is that of the chain."""
    records = [make_record(n, kind="iban" if n % 2 else "email") for n in range(6)]
    write(*records)
    at = [record.at for record in records]

    def ids(*args, **conditions) -> list[int]:
        found = [record["id"] for record in store.iter_records(*args, **conditions)]
        return [[r.id for r in records].index(id_) for id_ in found]

    assert ids() == [0, 1, 2, 3, 4, 5]
    assert ids(at[2]) == [2, 3, 4, 5]
    assert ids(at[2], at[4]) == [2, 3]
    assert ids(at[5] + timedelta(days=1)) == []
    assert ids(kind="iban") == [1, 3, 5]
    assert ids(verdict="block") == []
    assert ids(at[1], text="IBAN upload") == [1, 3, 5]


def test_an_export_spans_pages(store: Store, write, make_record: Make) -> None:
    """More records than fit a page are all there, once."""
    write(*(make_record(n) for n in range(1203)))
    assert [record["chain"]["seq"] for record in store.iter_records()] == list(range(1, 1204))


def test_a_session_is_a_process_and_its_descendants(store: Store, write, make_record: Make) -> None:
    """The summary of a run counts what that run and its children sent, and nobody else's."""
    records = [make_record(n) for n in range(2)]
    write(*records)
    since = records[0].at
    assert len(store.session_records(since, [4000])) == 2
    assert len(store.session_records(since, [300])) == 2
    assert len(store.session_records(records[1].at, [300])) == 1
    assert store.session_records(since, [4001]) == []


def test_closing_takes_a_case_off_the_queue_and_keeps_why(
    store: Store, write, make_record: Make, place: Path
) -> None:
    """A decision is stored with who, why and when, in a chain of its own."""
    write(make_record())
    key = case_key(make_record())
    events = [
        act(key, Action.NOTE, note="asked\x1b[31m the analyst"),
        act(key, Action.CLOSE, Disposition.FALSE_ALARM),
    ]
    store.append(events)
    assert store.count(CaseFilter()) == 0
    case = store.case(key)
    assert case is not None
    assert (case.status, case.disposition) == (CaseStatus.CLOSED, Disposition.FALSE_ALARM)
    history = store.history(key)
    assert [(e.id, e.action, e.who) for e in history] == [
        (e.id, e.action, "officer") for e in events
    ]
    assert history[0].note == "asked·[31m the analyst"
    report = evidence.verify(place)
    assert (report.ok, report.reviews) == (True, 2)
    store.append([act(key, Action.REOPEN)])
    assert store.count(CaseFilter()) == 1


@pytest.mark.parametrize("disposition", list(Disposition))
def test_a_closed_case_that_happens_again(
    store: Store, write, make_record: Make, disposition: Disposition
) -> None:
    """A confirmed leak that happens again is shown again; what was judged harmless stays judged."""
    write(make_record(0))
    key = case_key(make_record())
    store.append([act(key, Action.CLOSE, disposition)])
    write(make_record(1))
    comes_back = disposition.value in COMES_BACK
    assert store.count(CaseFilter()) == (1 if comes_back else 0)
    assert comes_back == (disposition in {Disposition.CONFIRMED_LEAK, Disposition.ALREADY_HANDLED})


def test_events_are_appended_all_or_none(
    store: Store, write, make_record: Make, place: Path
) -> None:
    """When one event of a batch cannot be stored, none is, and the reviewer is told."""
    write(make_record())
    key = case_key(make_record())
    with pytest.raises(EvidenceError, match="no such case"):
        store.append([act(key, Action.CLOSE, Disposition.FALSE_ALARM), act("other", Action.NOTE)])
    assert store.history(key) == []
    assert store.count(CaseFilter()) == 1


REVIEWER = """
import sys
sys.path[:0] = [{here!r}]
from pathlib import Path
from test_evidence_store import act
from core.review import Action
from evidence.store import Store
store = Store(Path({place!r}))
for _ in range(40):
    store.append([act({key!r}, Action.NOTE)])
"""


def test_a_reviewer_in_another_process_and_the_gate_write_at_the_same_time(
    store: Store, write, make_record: Make, place: Path
) -> None:
    """Review events of another process and the gate's records go in side by side; both chains hold."""
    write(make_record())
    program = REVIEWER.format(
        here=str(Path(__file__).parent), place=str(place), key=case_key(make_record())
    )
    reviewer = subprocess.Popen([sys.executable, "-c", program])
    before = store.data_version()
    for n in range(1, 100):
        write(make_record(n, script=f"/srv/{n % 7}.py"))
    assert reviewer.wait(60) == 0
    assert store.data_version() != before
    report = evidence.verify(place)
    assert (report.ok, report.entries, report.reviews) == (True, 100, 40)


def test_the_version_moves_only_when_something_was_written(
    store: Store, write, make_record: Make
) -> None:
    """The review app can ask cheaply whether there is anything new."""
    before = store.data_version()
    assert store.data_version() == before
    write(make_record())
    assert store.data_version() != before


def test_what_is_derived_can_be_rebuilt_from_the_chains(
    store: Store, write, make_record: Make, place: Path
) -> None:
    """Cases, scripts and traffic made anew from the two chains are exactly those kept while recording."""
    for n in range(4):
        write(
            make_record(n, rows=n or None, verdict=Verdict.BLOCK if n % 2 else Verdict.WATCH),
            make_record(10 + n, script=f"/srv/{n}.py", sha256=None),
            make_record(20 - n, service=None, host=f"h{n}.example"),
            make_record(30 + n, verdict=Verdict.ALLOW),
        )
        if n == 1:
            keys = [case.key for case in store.page(CaseFilter(), 0, 100)]
            store.append([act(keys[0], Action.CLOSE, Disposition.CONFIRMED_LEAK)])
            store.append([act(case_key(make_record()), Action.CLOSE, Disposition.CONFIRMED_LEAK)])
            store.append(
                [act(keys[1], Action.CLOSE, Disposition.TEST_DATA), act(keys[2], Action.CLOSE)]
            )
            store.append([act(keys[2], Action.REOPEN), act(keys[3], Action.APPROVE)])
    names = ("cases", "scripts", "traffic", "entries")
    kept = [table(place, name) for name in names]
    assert {row[2] for row in kept[0]} == {"open", "closed"}
    with sqlite3.connect(place) as connection:
        connection.execute("UPDATE cases SET count = 99, status = 'closed'")
        connection.execute("DELETE FROM traffic")
        connection.execute("UPDATE entries SET case_id = 1 WHERE seq = 3")
    assert not evidence.verify(place).ok
    store.rebuild_cases()
    assert [table(place, name) for name in names] == kept
    assert evidence.verify(place).ok
    write(make_record(50))
    assert evidence.verify(place).ok


def test_totals(store: Store, write, make_record: Make) -> None:
    """The health line counts what it says."""
    write(
        make_record(0), make_record(1, verdict=Verdict.BLOCK), make_record(2, verdict=Verdict.HOLD)
    )
    assert store.totals() == {
        "records": 3,
        "open_cases": 3,
        "blocked": 1,
        "held": 1,
        "degraded": 0,
        "last_at_epoch": int(make_record(2).at.timestamp()),
    }
    assert store.totals(make_record(2).at)["records"] == 1


def test_an_empty_file_has_nothing_to_show(store: Store, place: Path) -> None:
    """A new installation shows an empty queue, not an error."""
    assert (
        store.count(ANY),
        store.page(ANY, 0, 10),
        store.case("x"),
        list(store.iter_records()),
    ) == (0, [], None, [])
    assert store.totals()["records"] == 0
    assert evidence.verify(place).ok
