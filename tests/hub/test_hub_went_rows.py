"""What the gate cut off after a part of it had left counts wherever the hub adds up bytes."""

from dataclasses import replace
from itertools import product

from fleet_world import FleetWorld, Member

from app.demo.simulated_endpoints import made_up_records, write_evidence
from core.case_words import parse
from core.decision import HoldOutcome, Verdict
from core.fate import CUT_OFF, SPOKE_OTHERWISE, TUNNEL, UNREACHED_NOTE
from core.ids import uuid7
from core.record import Record
from core.review import needs_review
from core.rights import Actor
from core.sent_file import FoundBy, Label, SameAs, SentFile
from core.vocabulary.fleet import Over
from hub import hunting, questions, telling, went_rows
from hub.review_store import HubCases
from hub.sought import Sought
from hub.verification import verify

FILE = SentFile(
    path="/srv/payroll.csv",
    same=SameAs.BYTES,
    found_by=FoundBy.DESCRIPTOR,
    label=Label.TABLE,
    size=9,
    sha256="ab" * 32,
)
SUMS = "SELECT sum(records)::int, sum(went)::int, sum(bytes_went)::int FROM sums"
TOTALS = "SELECT sum(records)::int, sum(went)::int, sum(bytes_went)::int FROM totals"
FILES = "SELECT bool_and(went) FROM sent_files"


def cut(world: FleetWorld, sent: int = 800) -> Record:
    """A large upload that a rule stopped when so many bytes of it were gone."""
    made = next(made_up_records(3, 1, world.clock()))
    return replace(
        made,
        request=replace(made.request, bytes=sent, complete=False),
        decision=replace(made.decision, verdict=Verdict.BLOCK, hold_outcome=None),
        destination=replace(made.destination, host="paste.example", service=None),
        notes=(f"{CUT_OFF} {sent} bytes had left",),
        files=(FILE,),
    )


def shipped(world: FleetWorld) -> Member:
    member = world.member("till-1")
    whole = replace(cut(world), notes=())
    write_evidence(member.evidence, iter((cut(world), whole)))
    member.round()
    return member


def as_an_older_hub_took_it(world: FleetWorld) -> None:
    world.rows("UPDATE records SET went = false RETURNING 1")
    world.rows("UPDATE sent_files SET went = false RETURNING 1")
    world.rows("UPDATE sums SET went = 0, bytes_went = 0 RETURNING 1")
    world.rows("UPDATE chains SET went_to = 0 RETURNING 1")


def told(world: FleetWorld, over: Over, name: str) -> list[tuple[int, int, int]]:
    with world.hub.database.work() as connection:
        rows = hunting.known(connection, Sought(over=over, name=name))
    return [(row["requests"], row["went"], row["bytes"]) for row in rows]


def listed(world: FleetWorld, line: str) -> list[int]:
    cases = HubCases(world.hub.database, world.folder / "hub", Actor(name="ada", channel="test"))
    return [case.bytes_sent for case in cases.page(parse(line, world.clock()).wanted, 0, 9)]


def test_what_was_cut_off_counts_in_sums_lists_and_hunts(world: FleetWorld) -> None:
    """One of two left in part: 800 bytes of it, in each of them."""
    shipped(world)
    assert world.rows(SUMS) == world.rows(TOTALS) == [(2, 1, 800)]
    assert told(world, Over.DESTINATIONS, "paste.example") == [(2, 1, 800)]
    assert told(world, Over.FILES, "payroll.csv") == [(2, 1, 800)]
    assert listed(world, "all") == [800]
    assert listed(world, "all nothing left") == []
    with world.hub.database.work() as connection:
        assert [row["bytes"] for row in questions.scripts(connection)] == [800]
        assert verify(connection).problems == []


def test_sums_are_what_the_records_themselves_say(world: FleetWorld) -> None:
    """However each ended: whole, held, cut off, stopped, never sent, past the gate."""
    ended = [
        replace(
            cut(world, 100 + place),
            id=uuid7(world.clock()),
            decision=replace(cut(world).decision, verdict=verdict, hold_outcome=hold, hold_key="k"),
            notes=notes,
        )
        for place, (verdict, hold, notes) in enumerate(
            product(Verdict, (None, *HoldOutcome), ((), (UNREACHED_NOTE,), (SPOKE_OTHERWISE,)))
        )
    ]
    past = replace(ended[0].request, method=TUNNEL, bytes=0)
    ended.append(
        replace(
            ended[0],
            id=uuid7(world.clock()),
            request=past,
            decision=replace(ended[0].decision, degraded=("bypass: made up",)),
        )
    )
    member = world.member("till-1")
    write_evidence(member.evidence, iter(ended))
    member.round()
    went = sum(record.went for record in ended)
    sent = sum(record.bytes_went for record in ended)
    assert world.rows(SUMS) == world.rows(TOTALS) == [(len(ended), went - 1, sent)]
    cases = HubCases(world.hub.database, world.folder / "hub", Actor(name="ada", channel="test"))
    page = cases.page(parse("all", world.clock()).wanted, 0, 9)
    seen = [record for record in ended if needs_review(record)]  # of these the list tells
    assert sum(case.inside.left for case in page) == sum(record.went for record in seen)
    assert sum(case.bytes_sent for case in page) == sum(record.bytes_went for record in seen)
    assert not any(case.bytes_exact for case in page)


def test_what_an_older_hub_took_is_counted_later(world: FleetWorld) -> None:
    """Once: whatever is read again, and whatever comes meanwhile."""
    member = shipped(world)
    as_an_older_hub_took_it(world)
    write_evidence(member.evidence, iter((cut(world, 50),)))
    member.round()
    with world.hub.database.at_once() as connection:
        status = questions.status(connection, world.clock())
    assert status["went_to_read"] == 3
    assert any("what left of 3 records" in line for line in telling.status(status))
    assert listed(world, "all") == [50]
    for _ in range(2):
        assert went_rows.read_went(world.hub.database, 60) == 0
        assert world.rows(SUMS) == world.rows(TOTALS) == [(3, 2, 850)]
        world.rows("UPDATE chains SET went_to = 0 RETURNING 1")
    assert told(world, Over.FILES, "payroll.csv") == [(3, 2, 850)]
    assert listed(world, "all") == [850]


def test_nothing_is_counted_of_what_did_not_leave(world: FleetWorld) -> None:
    """Reading a chain again changes no sum of an honest hub."""
    member = world.member("till-1")
    member.records(40)
    member.round()
    before = world.rows(SUMS)
    world.rows("UPDATE chains SET went_to = 0 RETURNING 1")
    assert went_rows.read_went(world.hub.database, 0.0) > 0
    assert went_rows.read_went(world.hub.database, 60) == 0
    assert world.rows(SUMS) == world.rows(TOTALS) == before
