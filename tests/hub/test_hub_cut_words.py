"""The filter word `cut` at the hub's desk: it finds what was stopped after a part of it had left,
as the review of each machine does.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC

import pytest
from fates import ENDINGS, ended
from fleet_world import NOW, FleetWorld

from app.demo.simulated_endpoints import write_evidence
from core.case_words import parse
from core.decision import HoldOutcome, Verdict
from core.ids import uuid7
from core.record import Record
from core.rights import Actor
from hub import desk, telling_desk
from hub.council import council
from hub.review_store import HubCases
from tests.evidence.conftest import make_record
from tui.wording import case_outcomes


def stopped_on_its_way(host: str, ending: HoldOutcome | None) -> Record:
    """A connection that ended with a message that was held, of which others had left."""
    record = ended(make_record, "upload cut", 1, host=host)
    key = None if ending is None else "held"
    held = replace(record.decision, verdict=Verdict.HOLD, hold_key=key, hold_outcome=ending)
    return replace(record, decision=held)


def of_one_case(host: str, *names: str) -> list[Record]:
    return [ended(make_record, name, number, host=host) for number, name in enumerate(names)]


def found(world: FleetWorld, words: str) -> set[str]:
    store = HubCases(world.hub.database, world.folder / "hub", Actor(name="ada", channel="test"))
    parsed = parse(words, NOW, UTC)
    assert parsed.problem is None
    assert [store.untold(one) for one in parsed.wanted.conditions] == [""]
    cases = store.page(parsed.wanted, 0, 100)
    assert store.count(parsed.wanted) == len(cases)
    return {case.host for case in cases}


MIXED: Mapping[str, tuple[str, ...]] = {
    "mixed-cut.example": ("blocked", "upload cut", "delivered", "hold released"),
    "mixed-not.example": ("blocked", "delivered", "hold released", "hold refused"),
}


@pytest.mark.parametrize("word", ["cut", "outcome:cut"])
def test_the_word_finds_what_was_cut_and_nothing_else(world: FleetWorld, word: str) -> None:
    """Of each ending, of cases with several, and of a hold, of which the verdict tells nothing."""
    member = world.member("pc-1")
    records = [ended(make_record, name) for name in ENDINGS]
    for host, names in MIXED.items():
        records += of_one_case(host, *names)
    for ending in (HoldOutcome.REFUSED, HoldOutcome.TIMED_OUT, None):
        host = f"held-{ending}.example"
        records += [*of_one_case(host, "hold released"), stopped_on_its_way(host, ending)]
    write_evidence(member.evidence, iter(records))
    member.round()
    listed = {one.destination.host for one in records if one.decision.verdict is not Verdict.ALLOW}
    cut = {one.destination.host for one in records if one.left_in_part}
    assert {"mixed-cut.example", host} < cut
    assert found(world, f"all {word}") == cut
    assert found(world, f"all not {word}") >= listed - cut
    assert not found(world, f"all not {word}") & cut


@pytest.mark.parametrize("column", ["hows_to", "rows_to"])
def test_what_an_older_hub_wrote_is_said_to_be_read_still(world: FleetWorld, column: str) -> None:
    """It did not count what had left in part: a short list would be taken for the whole."""
    member = world.member("pc-1")
    write_evidence(member.evidence, iter(of_one_case("one.example", "blocked", "upload cut")))
    member.round()
    world.rows(f"UPDATE chains SET {column} = 0 RETURNING 1")
    store = HubCases(world.hub.database, world.folder / "hub", Actor(name="ada", channel="test"))
    asked = {word: parse(word, NOW, UTC).wanted.conditions for word in ("cut", "blocked")}
    told = {word: store.untold(condition) for word, (condition,) in asked.items()}
    assert "they are still being read after the update" in told["cut"]
    assert told["blocked"] == ""


COUNTED: Mapping[str, tuple[tuple[str, ...], str]] = {
    "one.example": (("blocked", "upload cut", "delivered"), "1 cut, 1 blocked, 1 passed"),
    "two.example": (
        ("upload cut", "upload cut", "blocked", "delivered"),
        "2 cut, 1 blocked, 1 passed",
    ),
    "none.example": (("blocked", "blocked", "delivered"), "2 blocked, 1 passed"),
    "held.example": (("hold released", "hold refused", "hold refused"), "2 refused, 1 released"),
    "past.example": (("upload cut", "not reached"), "1 cut, 1 failed"),
}


def told_by(world: FleetWorld, members: int, of: Mapping[str, list[Record]]) -> dict[str, str]:
    """Ship these from so many machines; return what the desk tells of each case's outcomes."""
    for number in range(members):
        member = world.member(f"pc-{number}")
        records = [replace(one, id=uuid7(NOW)) for some in of.values() for one in some]
        write_evidence(member.evidence, iter(records))
        member.round()
    store = HubCases(world.hub.database, world.folder / "hub", Actor(name="ada", channel="test"))
    listed = store.page(parse("all", NOW, UTC).wanted, 0, 100)
    told = {}
    for one in listed:
        case = store.case(one.key)
        assert case is not None
        assert sum(case.inside.outcomes.values()) == sum(one.inside.outcomes.values()) == case.count
        told[case.host] = case_outcomes(case)
    return told


@pytest.mark.parametrize("machines", [1, 3])
def test_the_desk_tells_how_often_each_outcome_was(world: FleetWorld, machines: int) -> None:
    """As one machine's review does: each request once, and what was cut by its own word."""
    of = {host: of_one_case(host, *names) for host, (names, _) in COUNTED.items()}
    wanted = {host: words for host, (_, words) in COUNTED.items()}
    told = told_by(world, machines, of)
    for host, words in wanted.items():
        numbers = [
            f"{int(part.split()[0]) * machines} {part.split()[1]}" for part in words.split(", ")
        ]
        assert told[host] == ", ".join(numbers)
    with world.hub.database.work() as connection:
        rows = desk.cases(connection)
        lines = list(telling_desk.review(rows))
        inside = [
            desk.case(connection, row["number"], council(connection, world.folder)) for row in rows
        ]
    for host, words in told.items():
        in_list = "held" if host == "held.example" else words  # how each ended, records tell
        assert any(host in line and in_list in line for line in lines)
        (one,) = [row for row in inside if row["destination"] == host]
        assert words in "\n".join(telling_desk.case(one))


def test_what_was_held_and_cut_is_counted_from_records(world: FleetWorld) -> None:
    """Sums do not tell whether a held request left because somebody let it go."""
    host = "held.example"
    some = [
        *of_one_case(host, "hold released", "hold refused"),
        stopped_on_its_way(host, HoldOutcome.REFUSED),
    ]
    assert told_by(world, 2, {host: some}) == {host: "2 cut, 2 released, 2 refused"}
