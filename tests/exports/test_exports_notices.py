"""Notices: what needs a person reaches one, once, later if need be, and without any payload."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from invented_day import sample_holds

from app.notifying import Herald, Way
from core.attribution import Attribution, Certainty
from core.decision import Verdict
from core.errors import EvidenceError, InputError
from core.findings import Confidence, Finding
from core.happenings import Event, happening
from core.ids import uuid7
from core.record import Record
from core.review import Action, CaseFilter, Disposition, ReviewEvent
from evidence import open_evidence
from evidence.factory import Evidence
from exports.notices.notice import About, Notice, PartlyDeliveredError, notice
from exports.notices.outbox import KEPT_FOR, MOST_AT_ONCE, NoticeOutbox
from exports.outbox.collectors import NotDeliveredError

NOW = datetime(2026, 11, 20, 14, 14, tzinfo=UTC)
HOSTILE = "<b>x</b>&*[a](http://e.example)\r\nBcc: e@e.example\x1b[2J\u202e.py"
ONE = notice(About.HELD, "held-1", NOW, HOSTILE, HOSTILE, "outgate review --case 1")
type Make = Callable[..., Record]


class Said:
    """A way that keeps what it is told, and can be closed."""

    def __init__(self) -> None:
        self.told: list[Notice] = []
        self.closed_after: int | None = None

    def tell(self, one: Notice) -> None:
        if self.closed_after is not None and len(self.told) >= self.closed_after:
            raise NotDeliveredError("Closed.")
        self.told.append(one)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        return self.now.timestamp()


@pytest.fixture
def evidence(tmp_path: Path) -> Iterator[Evidence]:
    opened = open_evidence(tmp_path / "evidence.db")
    yield opened
    opened.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def outbox(evidence: Evidence, clock: Clock) -> NoticeOutbox:
    (evidence.store.path.parent / "outbox").mkdir()
    made = NoticeOutbox(evidence.store, "desk", frozenset(About), clock)
    made.send(Said())
    return made


def put(evidence: Evidence, record: Record, *, finished: bool = True) -> None:
    told = threading.Semaphore(0)
    write = evidence.writer.close_record if finished else evidence.writer.open
    write(record, lambda _: told.release())
    assert told.acquire(timeout=30)


def grave(make_record: Make, script: str, host: str = "drop.example") -> Record:
    """A request with health data of many, which left."""
    made = make_record()
    assert made.sender.script is not None
    found = Finding(
        kind="health_data",
        detector="x",
        confidence=Confidence.CERTAIN,
        count=900,
        distinct=900,
        excerpt="secret-canary",
        fingerprints=("ab" * 16,),
    )
    sender = replace(
        made.sender, script=replace(made.sender.script, name=script, path=f"/srv/{script}")
    )
    where = replace(made.destination, host=host, service=None)
    decision = replace(made.decision, verdict=Verdict.WATCH)
    changed = replace(made, findings=(found,), sender=sender, destination=where, decision=decision)
    return replace(changed, id=uuid7(made.at))


def test_a_held_request_is_told_once(evidence: Evidence, outbox: NoticeOutbox) -> None:
    """Who, where, which kinds and until when, with the command that opens exactly that."""
    payroll = sample_holds(NOW)[0]
    put(evidence, payroll, finished=False)
    said = Said()
    assert (outbox.send(said), outbox.send(said)) == (1, 0)
    [told] = said.told
    assert told.title == "Held: payroll_letters.py to OpenAI"
    assert "It waits for an answer until 14:14:19 UTC, and is refused then." in told.text
    assert told.command == f"outgate review --case {payroll.id}"
    assert "7890" not in json.dumps(told.to_json())


def test_what_waited_before_the_first_look_is_told_and_what_is_over_is_not(
    evidence: Evidence, clock: Clock
) -> None:
    """A gate that starts again tells what still waits; nobody is called to what has ended."""
    for held in sample_holds(NOW):
        put(evidence, held, finished=False)
    clock.now += timedelta(seconds=12)
    said = Said()
    NoticeOutbox(evidence.store, "desk", frozenset(About), clock).send(said)
    assert [one.title for one in said.told] == ["Held: payroll_letters.py to OpenAI"]


def test_a_new_case_of_high_risk_is_told_once_until_it_comes_back(
    evidence: Evidence, outbox: NoticeOutbox, make_record: Make, clock: Clock
) -> None:
    """More of the same is no news; a case that was closed and returned is."""
    made = grave(make_record, "ward.py")
    said = Said()
    put(evidence, made)
    outbox.send(said)
    put(evidence, replace(made, id=uuid7(made.at)))
    outbox.send(said)
    [told] = said.told
    assert told.title == "High risk: ward.py to drop.example"
    assert "canary" not in json.dumps(told.to_json())
    assert told.command.startswith("outgate review --case ")
    [case] = evidence.store.page(CaseFilter(), 0, 10)
    closing = ReviewEvent(
        id=uuid7(),
        at=NOW,
        case_key=case.key,
        action=Action.CLOSE,
        who="ada",
        disposition=Disposition.CONFIRMED_LEAK,
    )
    evidence.store.append([closing])
    assert outbox.send(said) == 0
    put(evidence, replace(made, id=uuid7(made.at)))
    assert outbox.send(said) == 1
    assert len({one.id for one in said.told}) == 2  # who drops what came twice still has it


@pytest.mark.parametrize(
    ("certainty", "name"),
    [
        (Certainty.EXACT, "ward.py"),
        (Certainty.LIKELY, "probably ward.py"),
        (Certainty.UNKNOWN, "an unknown sender"),
    ],
)
def test_a_name_is_told_as_surely_as_it_is_known(
    evidence: Evidence,
    outbox: NoticeOutbox,
    make_record: Make,
    certainty: Certainty,
    name: str,
) -> None:
    """Of a case as of what is held: nobody is named who may not have sent it."""
    made = grave(make_record, "ward.py")
    sender = replace(made.sender, certainty=certainty)
    if certainty is Certainty.UNKNOWN:
        sender = Attribution(certainty=certainty, method="none")
    put(evidence, replace(made, sender=sender))
    held = replace(sample_holds(NOW)[0], sender=sender)
    put(evidence, held, finished=False)
    said = Said()
    outbox.send(said)
    titles = {one.about: one.title for one in said.told}
    assert titles == {
        About.HIGH_RISK: f"High risk: {name} to drop.example",
        About.HELD: f"Held: {name} to OpenAI",
    }


def test_what_was_there_before_is_no_news(evidence: Evidence, make_record: Make) -> None:
    """Whoever sets up notices is not told of the past year."""
    put(evidence, grave(make_record, "ward.py"))
    assert NoticeOutbox(evidence.store, "new", frozenset(About), Clock()).send(Said()) == 0


def test_very_many_at_once_are_one_notice(
    evidence: Evidence, outbox: NoticeOutbox, make_record: Make
) -> None:
    """Nobody reads the seventh of twenty."""
    for number in range(MOST_AT_ONCE + 1):
        put(evidence, grave(make_record, f"job{number}.py"))
    said = Said()
    outbox.send(said)
    assert [one.title for one in said.told] == [f"{MOST_AT_ONCE + 1} new cases of high risk"]


def test_trouble_with_the_evidence_is_told(evidence: Evidence, outbox: NoticeOutbox) -> None:
    """A gap and a gate that was lost need a look; an export does not."""
    said = Said()
    for event in (Event.EVIDENCE_GAP, Event.EXPORTED, Event.GATE_LOST):
        evidence.store.tell(happening(event, {}))
    outbox.send(said)
    assert [one.text for one in said.told] == [
        "Evidence could not be written for a while.",
        "A gate ended without stopping.",
    ]
    assert outbox.send(said) == 0


def test_only_what_is_asked_for_goes_a_way(evidence: Evidence, outbox: NoticeOutbox) -> None:
    """A pager need not know of the rest."""
    pager = NoticeOutbox(evidence.store, "pager", frozenset({About.HELD}), Clock())
    pager.send(Said())
    evidence.store.tell(happening(Event.GATE_LOST, {}))
    assert pager.send(Said()) == 0


def test_nothing_is_lost_while_a_way_is_closed(
    evidence: Evidence, outbox: NoticeOutbox, clock: Clock
) -> None:
    """It waits in the outbox, over a restart, in its order; what arrived is not sent again."""
    said = Said()
    said.closed_after = 1
    for event in (Event.GATE_LOST, Event.EVIDENCE_GAP):
        evidence.store.tell(happening(event, {}))
    with pytest.raises(NotDeliveredError):
        outbox.send(said)
    again = NoticeOutbox(evidence.store, "desk", frozenset(About), clock)
    assert len(again.waiting()) == 1
    said.closed_after = None
    assert again.send(said) == 1
    assert len({one.id for one in said.told}) == 2


def test_whom_a_server_refuses_holds_up_nobody(
    evidence: Evidence, outbox: NoticeOutbox, make_record: Make
) -> None:
    """The others have it and do not get it again, and what comes after it goes out; that somebody
    was refused is told once all is out.
    """

    class Refusing(Said):
        def tell(self, one: Notice) -> None:
            super().tell(one)
            raise PartlyDeliveredError("Refused 1 of the recipients.")

    way = Refusing()
    for n in range(3):
        put(evidence, grave(make_record, f"job_{n}.py", f"drop{n}.example"))
    with pytest.raises(PartlyDeliveredError):
        outbox.send(way)
    assert len(way.told) == 3 and not outbox.waiting()
    assert outbox.send(way) == 0 and len(way.told) == 3
    clock = Clock()
    fault = EvidenceError("Full.")
    herald = Herald(Way(outbox=outbox, channel=way), clock.seconds, lambda: fault)
    for _ in range(3):
        herald.look()
        clock.now += timedelta(hours=1)
    assert len(way.told) == 4


def test_what_never_arrives_is_an_act(
    evidence: Evidence, outbox: NoticeOutbox, clock: Clock
) -> None:
    """After a week it is of no use; that it did not arrive stays in the evidence."""
    said = Said()
    said.closed_after = 0
    evidence.store.tell(happening(Event.GATE_LOST, {}))
    with pytest.raises(NotDeliveredError):
        outbox.send(said)
    clock.now = datetime.now(UTC) + KEPT_FOR + timedelta(minutes=1)
    assert outbox.send(said) == 0
    assert outbox.waiting() == ()
    with evidence.store.reading() as connection:
        acts = list(connection.execute("SELECT action FROM review_entries ORDER BY seq"))
    assert acts[-1] == ("outbox_dropped",)


def test_an_outbox_that_nobody_can_read_says_so(outbox: NoticeOutbox) -> None:
    """And names the file."""
    outbox.file.write_text('{"chain": 1')
    with pytest.raises(InputError, match=r"notices-desk\.json"):
        outbox.send(Said())


def test_a_herald_rests_longer_each_time(outbox: NoticeOutbox, evidence: Evidence) -> None:
    """A way that is closed is tried less and less often, at least every five minutes."""
    now, tried = [0.0], [0]

    class Closed:
        def tell(self, one: Notice) -> None:
            tried[0] += 1
            raise NotDeliveredError("Closed.")

    evidence.store.tell(happening(Event.GATE_LOST, {}))
    herald = Herald(Way(outbox=outbox, channel=Closed()), clock=lambda: now[0])
    counts = []
    for _ in range(4):
        before = tried[0]
        for _ in range(300):
            herald.look()
            now[0] += 1.0
        counts.append(tried[0] - before)
    assert counts[0] > counts[-1] >= 1


def test_evidence_that_cannot_be_written_is_told_at_once(outbox: NoticeOutbox) -> None:
    """Once for each time that it fails."""
    said, now = Said(), [0.0]
    failing: list[EvidenceError | None] = [EvidenceError("Full.")]
    herald = Herald(
        Way(outbox=outbox, channel=said), clock=lambda: now[0], failure=lambda: failing[0]
    )
    for _ in range(3):
        herald.look()
        now[0] += 10
    assert [one.about for one in said.told] == [About.EVIDENCE]
    failing[0] = None
    herald.look()
    failing[0], now[0] = EvidenceError("Full."), now[0] + 10
    herald.look()
    assert len(said.told) == 2
