"""What befalls a gate and its evidence is chained beside the reviews: starts, stops, policies,
times without evidence, clocks that jump.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import evidence
from core.happenings import Event, Happening, Installation
from core.record import Record
from core.stored import UnreadableEntry
from evidence.acts import StoredAct
from evidence.clock_watch import ClockWatch
from evidence.store import Store
from evidence.writer import Writer

if TYPE_CHECKING:
    from tests.evidence.conftest import Told

HERE = Installation(machine="3d0c", host=None, version="0.1.0", policy="a3f1")


def happened(place: Path) -> list[Happening]:
    """Return what befell the gate, in the order of the chain."""
    store = Store(place)
    acts = list(store.iter_acts())
    store.close()
    assert not any(isinstance(act, UnreadableEntry) for act in acts)
    found = (act.act for act in acts if isinstance(act, StoredAct))
    return [act for act in found if isinstance(act, Happening)]


class HandClock:
    """A clock and the time that passes, set by hand."""

    def __init__(self) -> None:
        self.wall, self.passed = 1000.0, 5.0

    def watch(self) -> ClockWatch:
        return ClockWatch(lambda: self.wall, lambda: self.passed)


def test_a_gate_says_when_it_starts_and_stops_and_which_it_is(place: Path) -> None:
    """Which machine, which version and which policy: from the chain, not from memory."""
    writer = Writer(place, installation=HERE)
    writer.policy_changed("b4")
    writer.stop()
    events = happened(place)
    assert [one.event for one in events] == [
        Event.GATE_STARTED,
        Event.POLICY_CHANGED,
        Event.GATE_STOPPED,
    ]
    first, changed, last = (one.facts for one in events)
    assert (first["machine"], first["host"], first["version"]) == ("3d0c", None, "0.1.0")
    assert (first["policy"], changed["policy"], changed["before"]) == ("a3f1", "b4", "a3f1")
    assert first["gate"] == last["gate"] and last["policy"] == "b4"
    report = evidence.verify(place)
    assert (report.ok, report.acts, report.reviews) == (True, 3, 0)
    assert "Events of the gate: 3" in report.text()


def test_a_gate_that_was_killed_is_told_by_the_next(place: Path) -> None:
    """That a gate ended without stopping is itself an event, with how far it had come."""
    place.parent.mkdir()
    word = '{"gate": "g", "at": "2026-03-01T12:00:00Z", "seq": 0, "head": "", "trouble": null}'
    place.with_name(f"{place.name}-gate-g").write_text(word)
    writer = Writer(place, installation=HERE)
    writer.stop()
    lost, started, _ = happened(place)
    assert (lost.event, lost.facts["lost"]) == (Event.GATE_LOST, "g")
    assert lost.facts["last_heard"] == "2026-03-01T12:00:00Z"
    assert started.event is Event.GATE_STARTED


def test_a_time_without_evidence_is_an_event(
    place: Path, make_record: Callable[..., Record], told: Callable[[], "Told"]
) -> None:
    """From when to when nothing could be written, and what became of it."""
    writer = Writer(place, busy_timeout_s=0.05, installation=HERE)
    with sqlite3.connect(place, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        refused = told()
        writer.close_record(make_record(1), refused)
        assert refused.wait()[0] is not None
        other.execute("ROLLBACK")
    written = told()
    writer.close_record(make_record(2), written)
    assert written.wait() == [None]
    writer.stop()
    (gap,) = (one for one in happened(place) if one.event is Event.EVIDENCE_GAP)
    assert (gap.facts["kept"], gap.facts["lost"]) == (1, 0)
    assert "locked" in str(gap.facts["why"])
    assert str(gap.facts["since"]) <= str(gap.facts["until"])
    assert evidence.verify(place).ok


@pytest.mark.parametrize(("moved", "jumps"), [(3600.0, True), (-30.0, True), (1.0, False)])
def test_a_clock_that_jumps_is_an_event(place: Path, moved: float, jumps: bool) -> None:
    """Times in the evidence are only as good as the clock: a jump is told, a correction is not."""
    hand = HandClock()
    watch = hand.watch()
    hand.wall, hand.passed = hand.wall + 60 + moved, hand.passed + 60
    assert (watch.jumped_s() is not None) is jumps
    assert watch.jumped_s() is None
    hand.wall += moved
    writer = Writer(place, installation=HERE, clock=watch)
    writer.stop()
    found = [
        one.facts["milliseconds"] for one in happened(place) if one.event is Event.CLOCK_JUMPED
    ]
    assert found == ([round(moved * 1000)] if jumps else [])


def test_a_program_that_only_writes_records_tells_nothing(place: Path) -> None:
    """Without an installation there is no gate to tell of."""
    Writer(place).stop()
    assert happened(place) == []


def test_what_cannot_be_written_now_waits(
    place: Path, make_record: Callable[..., Record], told: Callable[[], "Told"]
) -> None:
    """A policy that changes while the file is locked is told as soon as the file can be written."""
    writer = Writer(place, busy_timeout_s=0.05, installation=HERE)
    with sqlite3.connect(place, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        refused = told()
        writer.close_record(make_record(1), refused)
        assert refused.wait()[0] is not None
        writer.policy_changed("c5")
        other.execute("ROLLBACK")
    written = told()
    writer.close_record(make_record(2), written)
    assert written.wait() == [None]
    writer.stop()
    assert [
        one.facts["policy"] for one in happened(place) if one.event is Event.POLICY_CHANGED
    ] == ["c5"]
