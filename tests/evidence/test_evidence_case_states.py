"""What a row of the queue says of its case is a word of filters, and finds the rows that say it."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from invented_day import finding, place, record, sender

from core.attribution import Attribution, Certainty
from core.case_inside import Scope
from core.case_telling import in_words
from core.classification import AccountKind, Category
from core.decision import HoldOutcome, Verdict
from core.findings import NOT_INSPECTED
from core.ids import uuid7
from core.record import Record
from core.review import (
    Acting,
    Action,
    Case,
    CaseFilter,
    Disposition,
    ReviewEvent,
    ScriptVersion,
    script_event,
)
from evidence.batch import Appender, Batch, Items
from evidence.database import connect
from evidence.holds import HeldRequests
from evidence.schema import prepare
from evidence.store import Store
from tui.case_names import understood
from tui.case_remarks import case_remark, sender_told
from tui.holds import with_states
from tui.wording import case_found, risk_words

NOW = datetime(2026, 11, 20, 14, 14, tzinfo=UTC)
IBANS = (finding("iban", 3),)
EXPIRED: dict[str, Any] = {
    "verdict": Verdict.HOLD,
    "hold_outcome": HoldOutcome.TIMED_OUT,
    "hold_seconds": 25.0,
    "hold_key": "5a" * 16,
}


def records() -> Iterator[Record]:
    """Yield one request of each of several scripts, one of them twice."""

    def made(name: str, *found: Any, days: int = 1, who: Any = None, **more: Any) -> Record:
        account = more.pop("account", AccountKind.CORPORATE)
        where = place(f"{name}.example", None, Category.OTHER, account)
        at = NOW - timedelta(days=days, minutes=len(name))
        return record(at, who or sender(f"{name}.py"), where, *found, **more)

    yield made("plain", *IBANS)
    yield made("twice", *IBANS, days=5)
    yield made("twice", *IBANS)
    yield made("guess", *IBANS, who=sender("guess.py", certainty=Certainty.LIKELY))
    yield made("nobody", *IBANS, who=Attribution(certainty=Certainty.UNKNOWN, method="none"))
    yield made("table", finding("iban", 40, records=40), account=AccountKind.PERSONAL)
    yield made("shut", finding(NOT_INSPECTED, 1))
    yield made("partly", *IBANS, finding(NOT_INSPECTED, 1))
    yield made("hurt", *IBANS, degraded=("classifiers: late",))
    yield made("dark", degraded=("classifiers: late",))
    yield made("empty")
    for name in ("unseen", "later", "denied", "second"):
        yield made(name, *IBANS, **EXPIRED)
    yield made("mine", *IBANS, who=sender("mine.py", user="ada"))
    yield made("ours", *IBANS, who=sender("ours.py", user="ada"))
    yield made("over", *IBANS)
    known = sender("other.py")
    assert known.script is not None
    version = replace(known.script, sha256="aa17b2c3" * 8)
    yield made("other", *IBANS, who=replace(known, script=version))


def acts(of: dict[str, Record], keys: dict[str, str]) -> Iterator[tuple[ReviewEvent, Acting]]:
    """Yield what people did, and by which rules."""
    at = NOW - timedelta(hours=3)
    alone, two = Acting(channel="review"), Acting(channel="review", two_for_release_over=-1)

    def event(name: str, action: Action, who: str, **more: Any) -> ReviewEvent:
        about = None if action is Action.CLOSE else of[name].id
        fields: dict[str, Any] = {
            "id": uuid7(at),
            "at": at,
            "case_key": keys[name],
            "record_id": about,
        }
        return ReviewEvent(**(fields | more), action=action, who=who)

    def closed(name: str, who: str, until: datetime | None = None) -> ReviewEvent:
        scope = Scope(
            versions=frozenset({"9f2c41d8" * 8}),
            kinds=frozenset({"iban"}),
            accounts=frozenset({"corporate"}),
            people=3,
            rows=0,
            until=until,
        )
        why = Disposition.FALSE_ALARM
        return event(name, Action.CLOSE, who, disposition=why, scope=scope if until else None)

    version = ScriptVersion(
        script="/srv/jobs/ours.py", sha256="9f2c41d8" * 8, first_at=at, last_at=at
    )
    yield event("later", Action.APPROVE, "bo"), alone
    yield event("denied", Action.REFUSE, "bo"), alone
    yield event("second", Action.APPROVE, "bo"), two
    yield closed("mine", "ada"), alone
    yield script_event(version, approve=True, who="ada", at=at, note="read"), alone
    yield closed("plain", "bo"), alone
    yield closed("over", "ada", NOW - timedelta(hours=1)), alone


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Cases of which every row says something else."""
    path = tmp_path_factory.mktemp("states") / "evidence.db"
    prepare(path)
    of = {one.destination.host.removesuffix(".example"): one for one in records()}
    with closing(connect(path)) as connection:
        items = Items()
        batch = Batch(closes=[items.closed(one) for one in records()])
        Appender(connection, "states").write(batch)
    store = Store(path, clock=lambda: NOW - timedelta(hours=2))
    listed = store.page(CaseFilter(status=None), 0, 100)
    keys = {case.host.removesuffix(".example"): case.key for case in listed}
    store.close()
    for act, acting in acts(of, keys):
        store = Store(path, acting=acting, clock=lambda: NOW - timedelta(hours=2))
        store.append([act])
        store.close()
    store = Store(path, clock=lambda: NOW)
    yield store
    store.close()


def found(store: Store, line: str) -> set[str]:
    parsed = understood(store, line, NOW, UTC)
    assert parsed.problem is None, (line, parsed.problem)
    again = understood(store, in_words(parsed.wanted), NOW, UTC)
    assert again.wanted == parsed.wanted, (line, in_words(parsed.wanted))
    return {case.host.removesuffix(".example") for case in store.page(parsed.wanted, 0, 100)}


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("probably", "guess"),
        ("≈ guess.py", "guess"),
        ("sender:likely", "guess"),
        ("unknown sender", "nobody"),
        ("sender:unknown-sender", "nobody"),
        ("certain:likely", "guess"),
        ("certain:unknown", "nobody"),
        ("certain:not-known certain:likely", "guess nobody"),
        ("all not certain:exact", "guess nobody"),
        ("hash:aa17", "other"),
        ("version:AA17b2…", "other"),
        ("aa17b2c3", "other"),
        ("all not hash:9f2c", "nobody other"),
        ("hash:0000", ""),
        ("expired unseen", "unseen"),
        ("expired", "unseen later denied second"),
        ("Approved, run again", "later"),
        ("refused later", "denied"),
        ("asked for by", "second"),
        ("could not all be read", "shut dark"),
        ("unread", "shut partly hurt dark"),
        ("not checked", "shut partly hurt dark"),
        ("not fully checked", "shut partly hurt dark"),
        ("part of it could not be read", "shut partly hurt dark"),
        ("nothing known", "empty"),
        ("nothing has left", "unseen later denied second"),
        ("rows", "table"),
        ("40 rows", "table"),
        ("at least 41 rows", ""),
        ("times", "twice"),
        ("×2", "twice"),
        ("all not for the first time", "twice"),
        ("a personal account", "table"),
        ("all by the sender", "mine ours"),
        ("all by the sender: closed", "mine"),
        ("by the sender: script approved", "ours"),
        ("script approved", "ours"),
        ("all by the sender: let pass", ""),
        ("all by the sender: closed, script approved", ""),
        ("came back", "over"),
        ("closed", "plain mine"),
        ("iban · not probably + not unread not nothing-has-left not closed-circle", None),
    ],
)
def test_what_a_row_says_finds_it(store: Store, line: str, names: str | None) -> None:
    """In the words of the screen, in a person's order, with the commas that stand there."""
    if names is None:
        assert understood(store, line, NOW, UTC).problem is not None
        return
    assert found(store, line) == set(names.split())


def test_each_remark_finds_the_rows_that_bear_it(store: Store) -> None:
    """Whatever stands before what was found, of the sender, and in the risk."""
    cases: dict[str, Case] = {
        case.host.removesuffix(".example"): case
        for case in with_states(store.page(CaseFilter(status=None), 0, 100), HeldRequests(store))
    }
    told = {name: case_remark(case) for name, case in cases.items()}
    assert len(set(told.values())) > 7
    for remark in {part for words in told.values() for part in words.split(" · ") if part}:
        line = remark.removesuffix(" bo (command line)") if "asked" not in remark else "asked for"
        bear = {name for name, words in told.items() if remark in words.split(" · ")}
        assert found(store, f"all {line}") == bear, remark
    for words, text in (
        ("probably", sender_told),
        ("unknown sender", sender_told),
        ("nothing known", case_found),
        ("could not all be read", case_found),
        ("nothing has left", risk_words),
        ("for the first time", risk_words),
    ):
        bear = {name for name, case in cases.items() if words in text(case)}
        assert bear <= found(store, f"all {words}"), words


@pytest.mark.parametrize(
    ("line", "nearest"),
    [
        ("probbly", "probably"),
        ("unred", "unread"),
        ("unknown-sendr", "unknown-sender"),
        ("expird-unseen", "expired-unseen"),
        ("nothing", "nothing-known"),
        ("rwos", "rows"),
        ("by-the-sendr", "by-the-sender"),
        ("certain:exct", "certain:exact"),
        ("certian:exact", "certain:"),
        ("hash:xyz", "hash:9f2c41d8"),
    ],
)
def test_such_a_word_misspelt_names_the_nearest(store: Store, line: str, nearest: str) -> None:
    """Never an empty list instead."""
    problem = understood(store, line, NOW, UTC).problem
    assert problem is not None and nearest in problem


def test_a_damaged_record_hides_no_other(store: Store, tmp_path: Path) -> None:
    """One whose text cannot be read says nothing of its sender."""
    path = tmp_path / "evidence.db"
    prepare(path)
    with closing(connect(path)) as connection:
        items = Items()
        Appender(connection, "states").write(Batch(closes=[items.closed(r) for r in records()]))
        connection.execute("UPDATE entries SET body = x'0102' WHERE seq = 1").close()
    damaged = Store(path, clock=lambda: NOW)
    assert found(damaged, "probably") == {"guess"}
    assert found(damaged, "expired unseen") == {"unseen", "later", "denied", "second"}
    damaged.close()
