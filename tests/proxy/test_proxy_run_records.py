"""A run is told of its own records by a gate of many users, and of nobody else's."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from invented_day import finding, place, record, sender
from reading import entries_of

from app.elsewhere import Elsewhere
from core.attribution import Attribution, Certainty, ProcessRef
from core.classification import Category
from core.record import Record
from evidence.entries import Entry
from proxy import run_records
from proxy.run_records import Run, read_records, told_to

_AT = datetime(2026, 11, 20, 14, 2, tzinfo=UTC)
_RUN = ProcessRef(pid=70, name="outgate", exe=None, started_at=_AT)
_ASKS = Attribution(certainty=Certainty.EXACT, method="sock_diag", process=_RUN, user="eve")


def _sent(pid: int, user: str = "eve", parents: tuple[int, ...] = (70,)) -> Record:
    """A request of a process of this user, started by these."""
    process = replace(_RUN, pid=pid, name="python")
    ancestry = tuple(replace(_RUN, pid=parent) for parent in parents)
    who = replace(sender("a.py"), process=process, user=user, ancestry=ancestry, candidates=())
    where = place("api.ai21.com", "ai21", Category.LLM)
    return replace(record(_AT, who, where, finding("iban", 1)), sender=who)


def _asked(run: Run, *records: Record) -> Elsewhere:
    """Ask as a client does: over JSON."""
    short = [("10.0.0.7 port 443", 2), ("10.0.0.8 port 25", 1)]
    told = {"short_connections": short, "members": []}
    answer = asyncio.run(told_to(run, told, lambda _: entries_of(*records)))
    for private in ("10.0.0.7", "adam", "salt"):
        assert private not in json.dumps(answer)
    return Elsewhere.read("http://127.0.0.1:1", json.loads(json.dumps(answer)))


def _ids(told: Elsewhere) -> list[str] | None:
    return None if told.entries is None else [entry.id for entry in told.entries]


def _values(told: dict[str, Any]) -> tuple[list[Any], int, bool]:
    return told["records"], told["records_unknown"], told["records_whole"]


def test_of_what_can_be_anybodys_only_the_number_is_told() -> None:
    """Whose it was nobody saw; it may be this program's."""
    nobody = replace(_sent(71).sender, process=None, ancestry=(), user=None)
    unseen = replace(_sent(71), sender=nobody)
    told = _asked(Run(pid=70, since=_AT, sender=_ASKS), _sent(71), unseen, unseen)
    assert (len(told.entries or ()), told.unknown) == (1, 2)


def test_a_run_is_told_of_its_own_and_of_no_other_users() -> None:
    """By descent from the process that asks, or by what the gate knows to be of it."""
    own, child, daemon = _sent(71), _sent(72, parents=(71, 70)), _sent(73, parents=(1,))
    others = [_sent(74, parents=(69,)), _sent(75, user="adam"), _sent(70, user="adam", parents=())]
    members = frozenset({(73, round(_AT.timestamp() * 1000))})
    run = Run(pid=70, since=_AT, sender=_ASKS, members=members)
    told = _asked(run, own, others[0], child, others[1], daemon, others[2])
    assert _ids(told) == [str(own.id), str(child.id), str(daemon.id)]
    assert told.whole and told.sentence() == "what it sent is on record at the gate of this machine"
    assert told.entries is not None
    [opened] = [told.entries[0].opened()]
    assert getattr(opened, "record", None) == own


@pytest.mark.parametrize(
    "asks",
    [
        replace(_ASKS, process=replace(_RUN, pid=99)),
        replace(_ASKS, process=None),
        replace(_ASKS, certainty=Certainty.UNKNOWN),
    ],
)
def test_another_process_is_told_nothing(asks: Attribution) -> None:
    """Whatever it asks for, and were it of the same user."""
    told = _asked(Run(pid=70, since=_AT, sender=asks), _sent(71))
    assert _ids(told) is None and not told.whole


def test_what_cannot_be_read_may_be_anybodys() -> None:
    """So it is told nobody."""
    run = Run(pid=70, since=_AT, sender=_ASKS)
    damaged = [replace(entry, is_changed=True) for entry in entries_of(_sent(71))]
    assert _values(read_records(run, lambda _: damaged)) == ([], 0, True)


@pytest.mark.parametrize(("most", "size"), [("_MOST", 3), ("_MOST_BYTES", 9_000)])
def test_what_is_left_out_is_said(monkeypatch: pytest.MonkeyPatch, most: str, size: int) -> None:
    """So many are told, or so many bytes of them, and that there are more."""
    monkeypatch.setattr(run_records, most, size)
    told = _asked(Run(pid=70, since=_AT, sender=_ASKS), *(_sent(71) for _ in range(40)))
    assert told.entries and len(told.entries) < 40 and not told.whole
    assert f"that is the first {len(told.entries)} entries only" in told.sentence()


def test_nobody_waits_longer_than_so() -> None:
    """However many others there are in the evidence."""
    clock, read = count(), count()
    stranger = entries_of(_sent(74, parents=(69,)))[0]

    def kept(_: datetime) -> Iterator[Entry]:
        while True:
            next(read)
            yield stranger

    run = Run(pid=70, since=_AT, sender=_ASKS)
    assert _values(read_records(run, kept, lambda: float(next(clock)))) == ([], 0, False)
    assert next(read) < 2_000


@pytest.mark.parametrize("records", [None, "x", [1], [[]], [["c", 1, "zz", "", "", 0, ""]], {}])
def test_an_answer_that_is_none_is_none(records: Any) -> None:
    """An older gate, or what is none at all, tells nothing; the summary says where it is kept."""
    told = Elsewhere.read("http://x", {"records": records, "records_whole": True})
    assert told.entries is None and not told.whole
    assert "on record at the gate" in told.sentence()
