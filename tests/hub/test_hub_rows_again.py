"""Rows say what their entries say, whichever hub wrote them: what the gate cut off after a part of
it had left counts wherever the hub adds up bytes, and what an older hub read otherwise is read
again.
"""

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest
from fleet_world import FleetWorld, Member
from pytest import MonkeyPatch

from app.demo.simulated_endpoints import made_up_records, write_evidence
from core.case_words import parse
from core.decision import HoldOutcome, Verdict
from core.fate import CUT_OFF, SPOKE_OTHERWISE, TUNNEL, UNFINISHED_NOTE, UNREACHED_NOTE, Fate
from core.ids import uuid7
from core.record import Record
from core.review import needs_review
from core.rights import Actor
from core.sent_file import FoundBy, Label, SameAs, SentFile
from core.vocabulary.fleet import Over
from evidence.erasure import Wanted, erase_now
from hub import hunting, intake, questions, rows_again, telling
from hub.erasing import erase_pending
from hub.facts import Fact, fact_of
from hub.review_store import HubCases
from hub.sought import Sought
from hub.sums import sum_again
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


def older(read: Callable[[Fact], Fact]) -> Callable[[bytes], Fact]:
    """How a hub reads an entry that reads some of them otherwise."""
    return lambda text: read(fact_of(text))


def not_cut(fact: Fact) -> Fact:
    """As before schema 21: nothing of what was stopped had left."""
    return fact._replace(went=fact.went and fact.outcome != Verdict.BLOCK)


def not_unfinished(fact: Fact) -> Fact:
    """As before there was this word: what ended early had the verdict's, and had left."""
    early = fact.outcome == Fate.UNFINISHED
    return fact._replace(outcome=Verdict.ALLOW, went=True, review=True) if early else fact


def unreadable(fact: Fact) -> Fact:
    """As a hub that knows nothing of such records."""
    return fact_of(b"{}")


def an_older_hub_takes(
    world: FleetWorld, member: Member, read: Callable[[Fact], Fact], monkeypatch: MonkeyPatch
) -> None:
    """Ship to a hub that reads so, and does not say up to where it has."""
    with monkeypatch.context() as patched:
        patched.setattr(intake, "fact_of", older(read))
        member.round()
    ours = "endpoint = (SELECT number FROM endpoints WHERE id::text = %s)"
    whose = (member.line.membership.endpoint,)
    world.rows(f"UPDATE chains SET rows_to = 0 WHERE {ours} RETURNING 1", whose)


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


def ended_early(world: FleetWorld) -> Record:
    whole = replace(cut(world), id=uuid7(world.clock()), notes=(UNFINISHED_NOTE,))
    return replace(whole, decision=replace(whole.decision, verdict=Verdict.ALLOW))


@pytest.mark.parametrize("read", [not_cut, not_unfinished, unreadable])
def test_what_an_older_hub_read_otherwise_is_read_again(
    world: FleetWorld, monkeypatch: MonkeyPatch, read: Callable[[Fact], Fact]
) -> None:
    """Until then `verify` says of how many rows it cannot tell, and raises no alarm; afterwards
    rows, sums, totals, files, lists and hunts are those of a hub that took them itself.
    """
    member, other = world.member("till-1"), world.member("till-2")
    made = [cut(world), ended_early(world), replace(cut(world), notes=(), id=uuid7(world.clock()))]
    write_evidence(other.evidence, iter(made))
    other.round()
    write_evidence(member.evidence, iter(made))
    an_older_hub_takes(world, member, read, monkeypatch)
    write_evidence(member.evidence, iter((replace(cut(world, 50), id=uuid7(world.clock())),)))
    member.round()
    with world.hub.database.work() as connection:
        found = verify(connection)
        status = questions.status(connection, world.clock())
    assert (found.problems, found.unread) == ([], 4)
    assert status["rows_to_read"] == 4
    assert any("4 records" in line and "older hub" in line for line in telling.status(status))
    assert rows_again.read_rows(world.hub.database, 0.0) > 0
    for _ in range(2):
        assert rows_again.read_rows(world.hub.database, 60) == 0
        assert world.rows(SUMS) == world.rows(TOTALS) == [(7, 3, 1650)]
        assert told(world, Over.FILES, "payroll.csv") == [(4, 2, 850), (3, 1, 800)]
        assert listed(world, "all") == [1650]
        with world.hub.database.work() as connection:
            found = verify(connection)
        assert (found.problems, found.unread) == ([], 0)
        world.rows("UPDATE chains SET rows_to = 0 RETURNING 1")


def test_what_is_changed_in_rows_that_are_to_be_read_again_does_not_stay(
    world: FleetWorld, monkeypatch: MonkeyPatch
) -> None:
    """Whoever changes such a row is told of by nobody until it is read, and has changed nothing
    then.
    """
    member = world.member("till-1")
    member.records(40)
    an_older_hub_takes(world, member, not_cut, monkeypatch)
    columns = "SELECT seq, at, place, destination, outcome, bytes, went, found FROM records"
    before = world.rows(f"{columns} ORDER BY seq"), world.rows(SUMS)
    world.rows("UPDATE records SET bytes = 1, found = 0, at = at - interval '1 day' RETURNING 1")
    with world.hub.database.work() as connection:
        sum_again(connection, 1)
    assert world.rows(SUMS) != before[1]
    assert rows_again.read_rows(world.hub.database, 60) == 0
    assert (world.rows(f"{columns} ORDER BY seq"), world.rows(SUMS)) == before
    assert world.rows(TOTALS) == before[1]


def test_what_is_erased_stays_erased(world: FleetWorld) -> None:
    """Reading a chain again brings nothing back, and what was not told apart stays so."""
    member = world.member("till-1")
    member.records(40)
    member.round()
    script = world.value(
        "SELECT p.path FROM records r JOIN places p ON p.number = r.place WHERE p.path > '' LIMIT 1"
    )
    erase_now(member.evidence, Wanted(script=script), who="officer", why="asked for")
    member.round()
    erase_pending(world.hub.database, world.clock())
    told = "SELECT seq, place, bytes, went, gone FROM records ORDER BY seq"
    before = world.rows(told), world.rows(SUMS)
    world.rows("UPDATE chains SET rows_to = 0 RETURNING 1")
    assert rows_again.read_rows(world.hub.database, 60) == 0
    assert (world.rows(told), world.rows(SUMS)) == before
    assert world.value("SELECT count(*) FROM places WHERE path = %s", (script,)) == 0
    with world.hub.database.work() as connection:
        assert verify(connection).problems == []
