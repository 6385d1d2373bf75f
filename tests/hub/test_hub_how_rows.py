"""How records came about: words of the filter find at the hub what they find on a machine."""

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fleet_world import FleetWorld, Member

from app.demo.simulated_endpoints import made_up_records, write_evidence
from core.attribution import Certainty
from core.case_keys import sender_of
from core.case_words import parse
from core.decision import HoldOutcome, Verdict
from core.record import Record
from core.rights import Actor
from evidence.erasure import Wanted, erase_now
from evidence.store import Store
from hub import how_rows
from hub.erasing import erase_pending
from hub.months import keep_months, remove_old
from hub.review_store import HubCases
from hub.verification import verify

WORDS = (
    *(
        "rule:watch-a",
        "rule:watch",
        "rule:other",
        "not rule:watch-a",
        "model:gpt",
        "model:nobody's",
    ),
    *("certain:exact", "certain:likely", "not certain:exact", "probably", "certain:not-known"),
    *("expired", "released", "held", "refused", "watched", "invoice openai"),
    *("rule:watch-a model:gpt", "held rule:watch-b"),
)
HOWS = "SELECT place, destination, account, how, last_at FROM how_sent ORDER BY 1, 2, 3, 4"


def records(world: FleetWorld, count: int = 60, seed: int = 5) -> list[Record]:
    """Records that people should see, each with a rule, a certainty and an ending by turns."""
    made = []
    for number, record in enumerate(made_up_records(seed, count, world.clock())):
        turn = number % 3
        decision = replace(
            record.decision,
            verdict=(Verdict.WATCH, Verdict.HOLD, Verdict.HOLD)[turn],
            rule=("watch-a", "watch-b", None)[number % 7 % 3],
            hold_key=None if turn == 0 else "k",
            hold_outcome=(None, HoldOutcome.TIMED_OUT, HoldOutcome.APPROVED)[turn],
        )
        certainty = list(Certainty)[len(sender_of(record)) % 3]
        sender = replace(record.sender, certainty=certainty)
        made.append(replace(record, decision=decision, sender=sender))
    return made


def shipped(world: FleetWorld, name: str = "till-1") -> Member:
    member = world.member(name)
    write_evidence(member.evidence, iter(records(world)))
    member.round()
    return member


def cases(world: FleetWorld) -> HubCases:
    return HubCases(world.hub.database, world.folder / "hub", Actor(name="ada", channel="test"))


def problems(world: FleetWorld) -> list[str]:
    with world.hub.database.work() as connection:
        return verify(connection).problems


@pytest.mark.parametrize("line", WORDS)
def test_a_word_finds_at_the_hub_what_it_finds_on_the_machine(world: FleetWorld, line: str) -> None:
    """One machine, so each case of the fleet is one of its own."""
    member = shipped(world)
    wanted = parse(f"all {line}", world.clock()).wanted
    with closing(Store(member.evidence, clock=world.clock)) as store:
        here = {(c.script, c.service or c.host, c.account_kind) for c in store.page(wanted, 0, 500)}
    there = {(c.script, c.host, c.account_kind) for c in cases(world).page(wanted, 0, 500)}
    assert there == here


def as_taken_by_an_older_hub(world: FleetWorld) -> None:
    world.rows("DELETE FROM how_sent RETURNING 1")
    world.rows("UPDATE records SET how = 0 RETURNING 1")
    world.rows("UPDATE chains SET hows_to = 0 RETURNING 1")
    world.rows("DELETE FROM desk_state RETURNING 1")


def test_what_came_before_is_read_from_the_messages(world: FleetWorld) -> None:
    shipped(world)
    before, rows = world.rows(HOWS), world.rows("SELECT seq, how FROM records ORDER BY 1")
    assert before and any(how for _, how in rows)
    as_taken_by_an_older_hub(world)
    assert not cases(world).page(parse("all rule:watch", world.clock()).wanted, 0, 9)
    assert how_rows.read_hows(world.hub.database, 60) == 0
    assert world.rows(HOWS) == before
    assert world.rows("SELECT seq, how FROM records ORDER BY 1") == rows
    assert cases(world).page(parse("all rule:watch", world.clock()).wanted, 0, 9)


def test_an_erasure_leaves_only_what_other_records_tell(world: FleetWorld) -> None:
    member = shipped(world)
    script = records(world)[0].sender.script
    assert script is not None and script.path is not None
    erase_now(member.evidence, Wanted(script=script.path), who="ada", why="asked for")
    member.round()
    assert erase_pending(world.hub.database, world.clock()) > 0
    left = world.rows("""SELECT DISTINCT place, destination, account, how FROM records
        WHERE how <> 0 ORDER BY 1, 2, 3, 4""")
    assert [row[:4] for row in world.rows(HOWS)] == left and problems(world) == []


def test_a_month_that_is_removed_leaves_how_its_records_came_about(world: FleetWorld) -> None:
    world.clock.now = datetime(2026, 8, 10, 9, tzinfo=UTC)
    shipped(world)
    before = world.rows(HOWS)
    world.clock.now += timedelta(days=92)
    with world.hub.database.work() as connection:
        keep_months(connection, 1, note="agreed", who="ada", now=world.clock())
    assert len(remove_old(world.hub.database, world.clock())) == 1
    with world.hub.database.work() as connection:
        how_rows.hows_again(connection, 1)
    assert world.rows(HOWS) == before
