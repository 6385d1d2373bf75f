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
from hub import file_rows, how_rows, questions, room, telling
from hub.erasing import erase_pending
from hub.months import keep_months, remove_old
from hub.review_store import HubCases
from hub.verification import verify
from tui.case_names import understood

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


@pytest.mark.parametrize(
    "line",
    ["rule:watch", "not model:gpt", "certain:exact", "expired", "probably", "refused or blocked"],
)
def test_a_filter_says_that_not_all_is_read_yet(world: FleetWorld, line: str) -> None:
    """Nobody takes a list for all that there is; of what was always known it tells."""
    shipped(world)
    as_taken_by_an_older_hub(world)
    told = understood(cases(world), f"all {line}", world.clock()).problem
    assert told is not None and "how 60 records came about" in told
    assert understood(cases(world), "all held to:openai", world.clock()).problem is None
    with world.hub.database.at_once() as connection:
        status = questions.status(connection, world.clock())
    assert status["hows_to_read"] == 60
    assert any("how 60 records came about" in said for said in telling.status(status))
    how_rows.read_hows(world.hub.database, 60)
    assert understood(cases(world), f"all {line}", world.clock()).problem is None


def test_what_was_not_told_apart_is_not_when_it_is_read_later(
    world: FleetWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither senders nor rules that an endpoint makes up come to be known by that."""
    monkeypatch.setattr(room, "MOST_TOLD_APART", 40)
    member = shipped(world)
    made = [
        replace(
            one,
            sender=replace(one.sender, user=f"u{number}"),
            decision=replace(one.decision, rule=f"r{number}"),
        )
        for number, one in enumerate(records(world, seed=7))
    ]
    write_evidence(member.evidence, iter(made))
    member.round()
    words = """SELECT (SELECT count(*) FROM places), (SELECT count(*) FROM people),
        (SELECT count(*) FROM hows), (SELECT count(*) FROM destinations)"""
    before, there = world.rows(HOWS), world.rows(words)
    as_taken_by_an_older_hub(world)
    assert how_rows.read_hows(world.hub.database, 60) == 0
    assert world.rows(words) == there and world.rows(HOWS) == before
    with world.hub.database.work() as connection:
        how_rows.hows_again(connection, 1)
    assert world.rows(HOWS) == before


def test_a_damaged_message_keeps_nobody_from_those_behind_it(world: FleetWorld) -> None:
    """Neither of how records came about, nor of files; verify tells of it."""
    member = shipped(world)
    write_evidence(member.evidence, iter(records(world, 20, 9)))
    member.round()
    as_taken_by_an_older_hub(world)
    world.rows("UPDATE chains SET files_to = 0 RETURNING 1")
    world.rows("""UPDATE uploads SET blob = 'x' WHERE number =
        (SELECT number FROM uploads ORDER BY number LIMIT 1) RETURNING 1""")
    assert how_rows.read_hows(world.hub.database, 60) == 0
    assert file_rows.read_files(world.hub.database, 60, world.clock()) == 0
    assert world.rows(HOWS) and "cannot be read: the upload is damaged" in problems(world)[0]


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
