"""A run is told of its own records by a gate of many users, and of nobody else's."""

import asyncio
import io
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hearing import Hearing
from invented_day import finding, place, record, sender
from reading import entries_of

from app.elsewhere import Elsewhere
from app.run_summary import print_session
from app.short_connections import ShortConnections
from core.attribution import Attribution, Certainty, ProcessRef
from core.classification import Category
from core.clock_course import ClockCourse
from core.record import Record
from evidence.entries import Entry
from proxy import run_records
from proxy.following import Followed, Question
from proxy.run_records import Run, answer_to, read_records, told_to, written

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


class _Runs(Followed):
    """What the gate knows of a run besides: where others' connections went, and its daemons."""

    def __init__(self, run: Run | None = None) -> None:
        super().__init__()
        self.run, self.asked, self.follows = run, list[int](), list[int]()

    def follow(self, pid: int) -> int:
        self.follows.append(pid)
        return 0

    def missed_since(self, pid: int, moment: datetime) -> list[tuple[str, int]]:
        self.asked.append(pid)
        return [("10.0.0.7 port 443", 2), ("10.0.0.8 port 25", 1)]

    def members(self, pid: int) -> list[list[int]]:  # type: ignore[override]
        return [] if self.run is None else [list(one) for one in self.run.members]


def _asked(run: Run, *records: Record) -> Elsewhere:
    """Ask as a client does: over JSON."""
    question = Question(run.pid, run.since)
    answer = asyncio.run(told_to(run, question, _Runs(run), lambda _: entries_of(*records)))
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
        replace(_ASKS, process=replace(_RUN, started_at=None)),
        replace(_ASKS, process=replace(_RUN, started_at=_AT + timedelta(minutes=1))),
    ],
)
def test_another_process_is_told_nothing(asks: Attribution) -> None:
    """Whatever it asks for, and were it of the same user, or had it the same number later."""
    told = _asked(Run(pid=70, since=_AT, sender=asks), _sent(71))
    assert _ids(told) is None and not told.whole


@pytest.mark.parametrize("since", [None, _AT])
def test_another_process_ends_no_run_and_has_none_followed(since: datetime | None) -> None:
    """That a run was killed would not be on record, had anybody asked for it meanwhile."""
    runs, stranger = _Runs(), replace(_ASKS, process=replace(_RUN, pid=99), user="adam")
    for asks in (stranger, _ASKS):
        run = Run(pid=70, since=since or _AT, sender=asks)
        answer = asyncio.run(told_to(run, Question(70, since), runs, lambda _: []))
        assert bool(runs.asked or runs.follows) is (asks is _ASKS)
        assert bool(answer) is (asks is _ASKS and since is not None)


def test_users_without_names_are_told_apart_by_their_processes() -> None:
    """Where the evidence names no users, a number that another's process had before tells nothing
    of it, though its children still send.
    """
    process = replace(_RUN, started_at=_AT + timedelta(hours=1))
    unnamed = replace(_ASKS, user=None, process=process)
    later = _AT + timedelta(hours=2)
    own, others = _sent(71), _sent(72)
    own = replace(own, at=later, sender=replace(own.sender, user=None, ancestry=(process,)))
    others = replace(others, at=later, sender=replace(others.sender, user=None))
    run = Run(pid=70, since=later, sender=unnamed)
    assert _ids(_asked(run, own, others)) == [str(own.id)]


def test_a_hundred_questions_take_no_more_than_two_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes when so many are told hears where it is kept, and the gate's other work goes on."""
    monkeypatch.setattr(run_records, "_WAITS_S", 0.0)
    let_go, reading = threading.Event(), set[int]()

    def kept(_: datetime) -> Iterator[Entry]:
        reading.add(threading.get_ident())
        let_go.wait()
        yield from ()

    async def all_ask() -> list[Mapping[str, Any]]:
        run, question = Run(pid=70, since=_AT, sender=_ASKS), Question(70, _AT)
        try:
            return await asyncio.gather(
                *(told_to(run, question, _Runs(), kept) for _ in range(100))
            )
        finally:
            let_go.set()

    answers = asyncio.run(all_ask())
    assert len(answers) == 100 and not any("records" in answer for answer in answers)
    assert len(reading) <= 2


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


def _said(told: Elsewhere) -> str:
    out, short = io.StringIO(), ShortConnections(places=())
    print_session(told.entries or (), 0, as_json=False, out=out, elsewhere=told, short=short)
    return out.getvalue()


def test_what_a_daemon_sent_may_be_the_programs() -> None:
    """A service cannot read the mark of its run: that the program sent nothing is not said, and
    of others nothing is told. Who has parents that are older than the run is of another one.
    """
    init = replace(_RUN, pid=1, name="init", started_at=_AT - timedelta(days=1))
    shell = replace(_RUN, pid=50, name="bash", started_at=_AT - timedelta(hours=1))
    middle = replace(_RUN, pid=73, started_at=_AT + timedelta(seconds=2))

    def sent(user: str, *ancestry: ProcessRef, began: datetime = _AT) -> Record:
        made = _sent(74, user=user)
        process = replace(_RUN, pid=74, started_at=began)
        return replace(made, sender=replace(made.sender, process=process, ancestry=ancestry))

    daemons = [sent("eve", init), sent("eve", middle, init), sent("eve", middle)]
    others = [
        sent("adam", init),
        sent("eve", shell, init),
        sent("eve", init, began=_AT - timedelta(minutes=1)),
    ]
    run = Run(pid=70, since=_AT, sender=_ASKS)
    told = _asked(run, *daemons, *others)
    assert (_ids(told), told.detached, told.whole) == ([], 3, True)
    said = _said(told)
    assert "3 requests of processes of yours that have let go of their parents" in said
    assert "sent nothing" not in said
    told = _asked(run, *others)
    assert told.detached == 0 and "sent nothing through the gate" in _said(told)
    assert "what it sent" not in _said(told), "nothing"


def test_what_was_not_looked_for_to_the_end_is_no_nothing() -> None:
    """Neither that nothing was sent, nor that nothing is to be reviewed, is known of a part."""
    told = _asked(Run(pid=70, since=_AT, sender=_ASKS), _sent(71))
    none, some = replace(told, entries=[], whole=False), replace(told, whole=False)
    assert "sent nothing" not in _said(none) and "0 entries" not in _said(none)
    assert "no time to look for more" in _said(none)
    assert "to review" in _said(told)
    assert "nothing to review" not in _said(some) and "at least" in _said(some)


@pytest.mark.parametrize("records", [None, "x", [1], [[]], [["c", 1, "zz", "", "", 0, ""]], {}])
def test_an_answer_that_is_none_is_none(records: Any) -> None:
    """An older gate, or what is none at all, tells nothing; the summary says where it is kept."""
    told = Elsewhere.read("http://x", {"records": records, "records_whole": True})
    assert told.entries is None and not told.whole
    assert "on record at the gate" in told.sentence()


class _AsksAgain:
    """Stands for the gate's parts of which a run is told: who asks, and what is kept."""

    def __init__(self, runs: Followed, asks: Attribution, *records: Record) -> None:
        self.runs, self._asks = runs, asks
        self.senders = self.parts = self.evidence = self
        self.backlog = 0
        self._records = records

    async def settled(self) -> None:
        """Nothing is under way."""

    async def of(self, _: str) -> Attribution:
        return self._asks

    def kept(self, since: datetime) -> list[Entry]:
        return list(entries_of(*(one for one in self._records if one.at >= since)))


@pytest.mark.parametrize("steps", [(3600.0,), (-3600.0,), (1.5,), (-7200.0, 7200.0), (60.0, -60.0)])
@pytest.mark.parametrize("start_follows", [True, False])
def test_a_clock_that_is_set_takes_no_record_from_a_run(
    steps: tuple[float, ...], start_follows: bool
) -> None:
    """The start of a process is told by the clock as it stands, or as it stood when it was first
    seen; what it sent is kept by the clock of that moment. Another's of before is not told.
    """
    wall = [_AT.timestamp(), 100.0]
    runs = Followed(course=lambda: ClockCourse(lambda: wall[0], lambda: wall[1]))
    runs.hear_from(Hearing())
    runs.follow(70)
    sent, put = [_at_start(_sent(71), _AT)], 0.0
    for step in steps:
        wall[0], wall[1], put = wall[0] + step + 1, wall[1] + 1, put + step
        runs.clock_of(70)
        now = datetime.fromtimestamp(wall[0], UTC)
        began = timedelta(seconds=put if start_follows else 0)
        sent.append(_at_start(replace(_sent(71), at=now), _AT + began))
    others = replace(_sent(75, user="adam"), at=_AT)
    asks = replace(_ASKS, process=replace(_RUN, started_at=_AT + began))
    gate = _AsksAgain(runs, asks, *sent, others)
    path = f"/run/70/{round(_AT.timestamp() * 1000)}"
    flow = SimpleNamespace(request=SimpleNamespace(path=path), client_conn=SimpleNamespace(id="c"))
    answer = asyncio.run(answer_to(cast("Any", flow), cast("Any", gate), cast("Any", gate)))
    told = Elsewhere.read("http://x", json.loads(json.dumps(answer)))
    assert _ids(told) == [str(one.id) for one in sent]
    assert told.whole
    assert 70 in runs._asked, "it would be on record a second time, as lost"


def _at_start(sent: Record, began: datetime) -> Record:
    """The same where its run's process was seen to have begun then."""
    ancestry = (replace(_RUN, started_at=began),)
    return replace(sent, sender=replace(sent.sender, ancestry=ancestry))


class _Writing:
    """Evidence that has so much to write, and so much less each time it is asked."""

    def __init__(self, left: int) -> None:
        self.left = left

    @property
    def backlog(self) -> int:
        self.left -= 1
        return self.left + 1


@pytest.mark.parametrize(("left", "stays"), [(0, -1), (3, -1), (1000, 900)])
def test_what_is_handed_over_is_waited_for_within_bounds(
    left: int, stays: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that asked a moment earlier would be told of fewer requests than are on record."""
    monkeypatch.setattr(run_records, "_WRITTEN_EVERY_S", 0)
    evidence = _Writing(left)
    asyncio.run(written(cast("Any", evidence)))
    assert evidence.left == stays
