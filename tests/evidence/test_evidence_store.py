"""The store: what a reviewer sees is what was recorded, and what a reviewer did cannot be changed
afterwards.
"""

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from present import readable
from reading import read

import evidence
from core.case_keys import case_key
from core.decision import Verdict
from core.errors import EvidenceError
from core.ids import uuid7
from core.record import Record
from core.review import Action, CaseFilter, CaseStatus, Disposition, ReviewEvent
from evidence.batch import Items
from evidence.chain import canonical
from evidence.entries import Recalled, read_record
from evidence.rollup import COMES_BACK, Rollup
from evidence.store import Store
from tests.evidence.conftest import START, make_observation

Make = Callable[..., Record]
NOW = datetime(2026, 3, 2, tzinfo=UTC)
ANY = CaseFilter(status=None)


@pytest.fixture
def store(writer: object, place: Path) -> Iterator[Store]:
    store = Store(place, clock=lambda: NOW)
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


def test_alike_records_are_one_case(
    store: Store, write: Callable[..., None], make_record: Make
) -> None:
    """Same script, destination and account: one thing to review, added up."""
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
    ],
    ids=str,
)
def test_records_that_differ_in_what_matters_are_two_cases(
    store: Store,
    write: Callable[..., None],
    make_record: Make,
    difference: dict[str, str],
) -> None:
    """Another script or destination is another thing to review."""
    write(make_record(0), make_record(1, **difference))
    assert store.count(CaseFilter()) == 2


def test_what_needs_no_review_makes_no_case_and_is_evidence_all_the_same(
    store: Store, write: Callable[..., None], make_record: Make
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
    path=st.text(max_size=450),
    name=st.text(max_size=220),
    user=st.text(max_size=120),
    host=st.text(max_size=300),
    has_script=st.booleans(),
    account=st.none() | st.sampled_from(["ann@example.com", "org-acme"]) | st.text(max_size=250),
    model=st.none() | st.text(max_size=250),
)
def test_sums_are_those_of_the_record_as_it_is_read_again(
    path: str,
    name: str,
    user: str,
    host: str,
    has_script: bool,
    account: str | None,
    model: str | None,
    make_record: Make,
) -> None:
    """What a record is filed under when it is written is what a later verification makes of its
    text.
    """
    made = make_record(script=path, host=host, service=None)
    assert made.sender.process is not None
    assert made.sender.script is not None
    process = replace(made.sender.process, exe=path, name=name)
    script = replace(made.sender.script, name=name) if has_script else None
    sender = replace(made.sender, user=user, process=process, script=script)
    place = replace(made.destination, account=replace(made.destination.account, id=account))
    assert made.llm is not None
    llm = replace(made.llm, model=model)
    item = Items().closed(replace(made, sender=sender, destination=place, llm=llm))
    written, verified = Rollup(), Rollup()
    assert item.record is not None
    again = read_record(item.text)
    assert written.add(item.record, 1) == verified.add(again, 1) == case_key(again)
    assert written == verified


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
    store: Store, write: Callable[..., None], make_record: Make, wanted: CaseFilter, found: set[str]
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
    store: Store, write: Callable[..., None], make_record: Make
) -> None:
    """Scrolling through the queue shows every case once, the newest first."""
    write(*(make_record(n, script=f"/srv/{n}.py") for n in range(25)))
    pages = [store.page(CaseFilter(), offset, 10) for offset in (0, 10, 20, 30)]
    assert [len(page) for page in pages] == [10, 10, 5, 0]
    assert [case.script_path for page in pages for case in page] == [
        f"/srv/{n}.py" for n in range(24, -1, -1)
    ]


def test_records_of_a_case_are_whole_and_carry_their_place_in_the_chain(
    store: Store, write: Callable[..., None], make_record: Make
) -> None:
    """A reviewer sees the very object that was hashed, newest first."""
    records = [make_record(n) for n in range(3)]
    write(*records)
    newest, before = store.records(case_key(records[0]), limit=2)
    assert read([newest, before]) == [records[2], records[1]]
    assert newest.link is not None and before.link is not None
    assert (newest.link.seq, newest.link.prev) == (3, before.link.hash)
    asked = [records[1].id, "unknown", records[0].id]
    assert read(store.records_by_ids(asked)) == [records[1], records[0]]


def test_exports_read_by_time(store: Store, write: Callable[..., None], make_record: Make) -> None:
    """Since is included, until is not; the order is that of the chain."""
    records = [make_record(n) for n in range(6)]
    write(*records)
    at = [record.at for record in records]

    def found(*times: datetime) -> list[int]:
        return [records.index(record) for record in read(store.iter_records(*times))]

    assert found() == [0, 1, 2, 3, 4, 5]
    assert found(at[2]) == [2, 3, 4, 5]
    assert found(at[2], at[4]) == [2, 3]
    assert found(at[5] + timedelta(days=1)) == []


def test_exports_of_cases_hold_all_their_records_and_no_other(
    store: Store, write: Callable[..., None], make_record: Make
) -> None:
    """What a reviewer exports is what the queue shows, in the order of the chain, over many
    pages.
    """
    scripts = ("/srv/a.py", "/srv/b.py", "/srv/c.py")
    records = [make_record(n, script=scripts[n % 3]) for n in range(1803)]
    quiet = make_record(1900, verdict=Verdict.ALLOW, script="/srv/a.py")
    write(*records, quiet)

    def found(*numbers: int) -> list[int]:
        keys = frozenset(case_key(records[n]) for n in numbers)
        return [entry.link.seq for entry in store.iter_of_cases(keys)]

    assert found(0) == list(range(1, 1804, 3))
    assert found(0, 2) == [seq for seq in range(1, 1804) if seq % 3 != 2]
    assert found() == []
    assert list(store.iter_of_cases(frozenset({"none such", "x' OR 1=1 --"}))) == []


def test_an_export_spans_pages(store: Store, write: Callable[..., None], make_record: Make) -> None:
    """More records than fit a page are all there, once."""
    write(*(make_record(n) for n in range(1203)))
    for stored in (store.iter_records(), store.iter_by_time()):
        assert [entry.link and entry.link.seq for entry in stored] == list(range(1, 1204))


def test_closing_takes_a_case_off_the_queue_and_keeps_why(
    store: Store, write: Callable[..., None], make_record: Make, place: Path
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
    history = readable(store.history(key))
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
    store: Store, write: Callable[..., None], make_record: Make, disposition: Disposition
) -> None:
    """A confirmed leak that happens again is shown again; what was judged harmless stays judged."""
    write(make_record(0))
    key = case_key(make_record())
    store.append([act(key, Action.CLOSE, disposition)])
    write(make_record(1))
    comes_back = disposition.value in COMES_BACK
    assert store.count(CaseFilter()) == (1 if comes_back else 0)
    assert comes_back == (disposition in {Disposition.CONFIRMED_LEAK, Disposition.ALREADY_HANDLED})


@pytest.mark.parametrize(
    ("later", "comes_back"),
    [
        (["a"], False),
        (["a", "a", "a"], False),
        (["b"], True),
        (["a", "b"], True),
        (["b", "a"], True),
        ([None], False),
    ],
)
def test_a_closing_holds_for_the_version_that_was_looked_at(
    store: Store,
    write: Callable[..., None],
    make_record: Make,
    place: Path,
    later: list[str | None],
    comes_back: bool,
) -> None:
    """What was judged harmless of one version says nothing of the next; the whole evidence agrees,
    however its batches were cut.
    """
    write(make_record(0, sha256="a"))
    key = case_key(make_record())
    store.append([act(key, Action.CLOSE, Disposition.FALSE_ALARM)])
    write(*(make_record(n, sha256=one) for n, one in enumerate(later, 1)))

    assert store.count(CaseFilter()) == (1 if comes_back else 0)
    assert evidence.verify(place).ok
    store.append([act(key, Action.CLOSE, Disposition.FALSE_ALARM)])
    assert store.count(CaseFilter()) == 0


def test_events_are_appended_all_or_none(
    store: Store, write: Callable[..., None], make_record: Make, place: Path
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
sys.path[:0] = [{here!r}, {fakes!r}]
from pathlib import Path
from test_evidence_store import act
from core.review import Action
from evidence.store import Store
store = Store(Path({place!r}))
for _ in range(40):
    store.append([act({key!r}, Action.NOTE)])
"""


def test_a_reviewer_in_another_process_and_the_gate_write_at_the_same_time(
    store: Store, write: Callable[..., None], make_record: Make, place: Path
) -> None:
    """Review events of another process and the gate's records go in side by side; both chains
    hold.
    """
    write(make_record())
    here = Path(__file__).parent
    program = REVIEWER.format(
        here=str(here),
        fakes=str(here.parent / "fakes"),
        place=str(place),
        key=case_key(make_record()),
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
    store: Store, write: Callable[..., None], make_record: Make
) -> None:
    """The review app can ask cheaply whether there is anything new."""
    before = store.data_version()
    assert store.data_version() == before
    write(make_record())
    assert store.data_version() != before


def test_what_is_derived_can_be_rebuilt_from_the_chains(
    store: Store, write: Callable[..., None], make_record: Make, place: Path
) -> None:
    """Cases, scripts and traffic made anew from the two chains are exactly those kept while
    recording.
    """
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
    names = ("cases", "scripts", "traffic", "hours", "days", "entries")
    kept = [table(place, name) for name in names]
    assert {row[2] for row in kept[0]} == {"open", "closed"}
    with sqlite3.connect(place) as connection:
        connection.execute("UPDATE cases SET count = 99, status = 'closed'")
        connection.execute("DELETE FROM traffic")
        connection.execute("UPDATE hours SET found = found + 1")
        connection.execute("UPDATE entries SET case_id = 1 WHERE seq = 3")
    assert not evidence.verify(place).ok
    store.rebuild_cases()
    assert [table(place, name) for name in names] == kept
    assert evidence.verify(place).ok
    write(make_record(50))
    assert evidence.verify(place).ok


def test_totals(store: Store, write: Callable[..., None], make_record: Make) -> None:
    """The health line counts what it says."""
    write(
        make_record(0), make_record(1, verdict=Verdict.BLOCK), make_record(2, verdict=Verdict.HOLD)
    )
    assert store.totals() == {
        "records": 3,
        "requests": 3,
        "open_cases": 1,
        "degraded": 0,
        "last_at_epoch": int(make_record(2).at.timestamp()),
    }
    assert store.totals(make_record(2).at)["records"] == 1


@pytest.mark.parametrize("minutes", [0, 20, 30, 45])
def test_what_was_only_observed_is_no_request(
    store: Store, write: Callable[..., None], make_record: Make, minutes: int
) -> None:
    """The day begins at any minute of an hour of UTC, and its requests are those of the report."""
    since = START.replace(minute=minutes)
    at = [since + timedelta(seconds=n) for n in (-60, -1, 0, 5, 4000, 9000)]
    write(*(make_record(at=when) for when in at))
    write(*(make_observation(at=when + timedelta(seconds=2)) for when in at))
    totals = store.totals(since)
    assert totals["requests"] == len(list(store.iter_records(since))) == 4
    assert totals["last_at_epoch"] == int(at[-1].timestamp())
    assert store.totals()["requests"] == 6 and store.totals()["records"] == 12


def test_a_day_of_observations_has_no_request(
    store: Store, write: Callable[..., None], make_record: Make
) -> None:
    """Nor a last one."""
    write(make_record(0), *(make_observation(n) for n in range(10, 13)))
    later = START + timedelta(seconds=5)
    assert store.totals(later)["requests"] == store.totals(later)["last_at_epoch"] == 0


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


@given(numbers=st.lists(st.integers(0, 5), max_size=12))
def test_what_is_remembered_of_one_record_is_not_put_into_another(
    numbers: list[int], make_record: Make
) -> None:
    """A long scan reads what records have in common once, and each record is still its own."""
    kinds = [
        make_record(0),
        make_record(1, script="/srv/other.py"),
        make_record(2, host="other.example", service=None),
        make_record(3, kind="iban", rows=7),
        make_record(4, verdict=Verdict.BLOCK),
        make_record(5, llm=None, findings=()),
    ]
    known = Recalled()
    for number in numbers:
        assert read_record(canonical(kinds[number].to_json()), known) == kinds[number]
