"""The plain list, for screen readers and pipes."""

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from invented_day import finding, place, record, sample_holds, sender

from app.commands.review import review
from core.attribution import Certainty
from core.classification import Category
from core.errors import EvidenceError
from core.review import Case, CaseFilter, Condition, Order
from core.vocabulary.desk import NOTHING_KNOWN, UNREAD
from evidence import open_store
from exports.notices.seen import held_notice
from tests.tui.conftest import EndlessStore, FragileStore
from tui.app import crash_words, run
from tui.case_names import understood
from tui.case_queue import all_cases, sorted_by
from tui.holds import case_alone
from tui.plain import print_queue
from tui.plain_commands import Speaker, converse
from tui.queue_view import heading
from tui.wording import case_found, risk_words, sentence


def printed(
    store: EndlessStore | FragileStore, now: datetime, line: str = "", **more: Any
) -> tuple[int, str]:
    out = io.StringIO()
    code = print_queue(store, out, line, clock=lambda: now, zone=UTC, **more)
    return code, out.getvalue()


def test_a_sender_that_is_only_likely_is_called_so(store: FragileStore, now: datetime) -> None:
    """Lines say as little for certain as the detail of the case does."""
    who = replace(sender("perhaps.py"), certainty=Certainty.LIKELY)
    where = place("dropbox.example", "dropbox", Category.CLOUD_STORAGE)
    store.add(record(now - timedelta(minutes=1), who, where, finding("iban", 3)))
    out = io.StringIO()
    print_queue(store, out, "script:perhaps", clock=lambda: now, zone=UTC)
    assert "1. Probably “perhaps.py”, run by" in out.getvalue()
    speaker, told = Speaker(who="dpo", clock=lambda: now, zone=UTC), io.StringIO()
    converse(store, store, speaker, io.StringIO(), told, "script:perhaps")
    assert "1. Probably “perhaps.py”, run by" in told.getvalue()


def test_each_case_is_one_numbered_paragraph(store: FragileStore, now: datetime) -> None:
    """A screen reader reads it from top to bottom without a table."""
    code, text = printed(store, now)

    assert code == 0
    assert text.startswith(
        "7 cases to look at, the most urgent first.\n\n1. “ledger_upload.py”, run by fin-ops, sent 15,000"
        " rows"
    )
    assert text.count("\n\n") == 7


def test_a_filter_narrows_it(store: FragileStore, now: datetime) -> None:
    """The same words as in the app."""
    assert printed(store, now, "to:openai")[1].startswith("2 cases, the most urgent first.")
    assert printed(store, now, "to:nowhere") == (0, "No case is like that.\n")


def test_an_unclear_filter_is_wrong_use(store: FragileStore, now: datetime) -> None:
    """Exit code 2 and what to write instead."""
    code, text = printed(store, now, "since:blursday")

    assert (code, "Try today" in text) == (2, True)


def test_an_empty_queue_says_so(empty_store: FragileStore, now: datetime) -> None:
    """Silence could be taken for a fault."""
    assert printed(empty_store, now) == (0, "Nothing needs you.\n")


def test_trouble_is_one_sentence_and_exit_code_one(
    store: FragileStore, now: datetime, locked: EvidenceError
) -> None:
    """Never a traceback."""
    store.failure = locked

    assert printed(store, now) == (
        1,
        "The evidence is locked by another program. Close that program, or wait.\n",
    )


def test_every_case_is_printed_once_though_others_arrive_meanwhile(
    endless: EndlessStore, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages shift while a long list is printed; nothing is repeated."""
    endless.length = 450
    plain = endless.page

    def growing(wanted: CaseFilter, offset: int, limit: int) -> Sequence[Case]:
        page = plain(wanted, offset, limit)
        endless.grow(3)
        return page

    monkeypatch.setattr(endless, "page", growing)
    text = printed(endless, now)[1]
    names = [line.split("”")[0] for line in text.splitlines() if "“" in line]

    assert len(names) == len(set(names)) == 450


def test_a_limit_keeps_it_short(endless: EndlessStore, now: datetime) -> None:
    """For a look at the newest only."""
    assert printed(endless, now, limit=5)[1].count("“job_") == 5


def test_without_a_terminal_the_plain_list_is_printed(
    store: FragileStore, capsys: pytest.CaptureFixture[str]
) -> None:
    """`outgate review | less` works."""
    assert run(store, "dpo") == 0
    assert "7 cases to look at" in capsys.readouterr().out


def test_a_fault_of_the_app_is_told_without_data() -> None:
    """Its type and place; nothing of its text, which may come from a record."""
    try:
        raise KeyError("DE89370400440532013000")
    except KeyError as error:
        words = crash_words(error)

    assert "KeyError" in words
    assert "DE89" not in words


def test_what_is_held_now_is_said_first(store: FragileStore, now: datetime) -> None:
    """Before the cases, with the seconds left; an expired case says so in words."""
    for waiting in sample_holds(now):
        store.hold(waiting)
    code, text = printed(store, now, holds=store)

    assert code == 0
    assert text.startswith(
        "Held now, 8 s left to answer: “backup_ward.py”, run by clinic, wants to send 412 rows"
    )
    assert "Held now, 19 s left to answer: “payroll_letters.py”" in text
    assert "It was held, nobody answered in time, and it was refused. Expired unseen." in text


def test_while_something_is_held_nobody_reads_that_nothing_is_to_do(
    empty_store: FragileStore, now: datetime
) -> None:
    """The first request of the first day is held: there is no case yet."""
    for waiting in sample_holds(now):
        empty_store.hold(waiting)
    text = printed(empty_store, now, holds=empty_store)[1]
    assert text.endswith("Nothing else needs you.\n") and "Nothing needs you" not in text


def test_a_list_is_called_by_the_order_that_it_has(store: FragileStore, now: datetime) -> None:
    """A fleet's list is not sorted by risk: the heading marks no column, and nobody is told so."""

    class Fleet(FragileStore):
        def untold(self, condition: Condition) -> str:
            return ""

        def sorts(self, order: Order) -> bool:
            return order is Order.NEWEST

    fleet = Fleet(store._records)
    assert "look at, the most urgent first." in printed(store, now)[1]
    assert "look at, those open on most machines first." in printed(fleet, now)[1]
    assert "▾" not in heading(80, sorted_by(fleet, Order.RISK))
    assert "When▾" in heading(80, sorted_by(fleet, Order.NEWEST))
    assert "Risk▾" in heading(80, sorted_by(store, Order.RISK))


def test_the_command_returns_what_the_list_returns(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A filter that is not understood is wrong use, also for the command; one that is narrows the
    list.
    """
    monkeypatch.setenv("OUTGATE_HOME", str(tmp_path))
    open_store(tmp_path / "evidence.db").close()

    assert review(["held", "to:openai"], plain=True) == 0
    assert capsys.readouterr().out == "No case is like that.\n"
    assert review(["since:blursday"], plain=True) == 2
    assert "Try today" in capsys.readouterr().out


def test_what_no_check_came_to_never_reads_as_clean(store: FragileStore, now: datetime) -> None:
    """A check that failed leaves no finding behind: every screen, the case by itself, and what it
    is asked by say that not all was read.
    """
    where, late = (
        place("dropbox.example", "dropbox", Category.CLOUD_STORAGE),
        ("classifiers: late",),
    )
    made = (("dark.py", ()), ("half.py", (finding("iban", 3),)))
    for name, found in made:
        one = record(now, sender(name), where, *found, degraded=late)
        store.add(one)
        assert "without known" not in sentence(one, now), name
        alone = case_alone(one)
        assert alone.unread and case_found(alone) != NOTHING_KNOWN, name
        notice = held_notice(one)
        assert "nothing found" not in notice.text.lower(), name
    told = {name: printed(store, now, f"script:{name}")[1] for name, _ in made}
    assert "sent what could not all be read to" in told["dark.py"]
    assert "sent 3 bank account numbers, partly unread, to" in told["half.py"]
    cases = {case.script: case for case in store.page(CaseFilter(), 0, 50)}
    assert case_found(cases["dark.py"]) == UNREAD
    for name, _ in made:
        assert "part of it could not be read" in risk_words(cases[name]), name
        assert "nothing known" not in risk_words(cases[name]), name
    assert store.count(CaseFilter()) > 2
    assert {"dark.py", "half.py"} == {
        case.script
        for case in all_cases(store, understood(store, "not-checked", now).wanted)
        if case.unchecked
    }
