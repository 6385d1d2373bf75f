"""What is asked of the hub is answered for the whole fleet at once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
from fleet_world import FleetWorld, Member

from app.demo.simulated_endpoints import SCRIPTS, made_up_records, parts_of, write_evidence
from core.case_keys import case_key
from core.decision import Verdict
from core.ids import uuid7
from core.record import Record
from core.review import Action, Disposition, ReviewEvent, needs_review
from evidence import open_store
from evidence.chain import canonical, genesis, link
from evidence.shipping import Run, Shipped
from fleet.wire import packed
from hub import questions, telling


def asked(world: FleetWorld, question: Callable[..., Any], *values: Any, **more: Any) -> Any:
    with world.hub.database.work() as connection:
        return question(connection, *values, **more)


def with_script(record: Record, path: str, sha256: str, **more: Any) -> Record:
    script = record.sender.script
    assert script is not None
    name = path.rpartition("/")[2]
    changed = replace(script, path=path, sha256=sha256, name=name)
    return replace(record, sender=replace(record.sender, script=changed, **more), id=uuid7())


def one_record(world: FleetWorld, path: str, sha256: str, **more: Any) -> Record:
    (made,) = made_up_records(1, 1, world.clock())
    made = replace(made, decision=replace(made.decision, verdict=Verdict.WATCH))
    return with_script(made, path, sha256, **more)


def ship(member: Member, *records: Record) -> None:
    write_evidence(member.evidence, iter(records))
    member.round()


def test_the_same_script_on_many_machines_is_one_entry(world: FleetWorld) -> None:
    """Forty-five machines, three versions, every person: one line with all of them, and
    how it spread from day to day.
    """
    for number in range(45):
        member = world.member(f"pc-{number}")
        version = "cba"[min(number // 15, 2)] * 64
        path = f"/home/user{number % 9}/jobs/report.py"
        user = f"user{number % 9}"
        old = one_record(world, path, "c" * 64, user=user)
        new = one_record(world, path, version, user=user)
        ship(member, old, *([new] if version != "c" * 64 else []))
        if number % 15 == 0:
            world.clock.on(days=1)
    with world.hub.database.work() as connection:
        (row,) = found = questions.scripts(connection)
        questions.add_spread(connection, found, world.clock())
        later = [dict(row) for row in found]
        questions.add_spread(connection, later, world.clock() + timedelta(days=33))
    assert row["name"] == "report.py"
    assert row["endpoints"] == 45
    assert sorted(row["versions"]) == ["a" * 64, "b" * 64, "c" * 64]
    assert row["people"] == [f"user{n}" for n in range(9)]
    assert [day["endpoints"] for day in row["spread"]] == [1, 15, 15, 14]
    assert [day["endpoints"] for day in later[0]["spread"]] == [15, 14]
    assert sum(day["records"] for day in row["spread"]) == row["records"] == 75
    (line,) = list(telling.scripts([row]))[1:]
    assert line.split()[:5] == ["report.py", "45", "3", "–", "9"]


def test_scripts_that_only_share_a_name_are_not_mixed_up(world: FleetWorld) -> None:
    """`main.py` here and `main.py` there are two scripts; one that is copied under another name is
    found by its content; what runs from standard input has no versions.
    """
    one, two, three = (world.member(f"m-{n}") for n in range(3))
    ship(one, one_record(world, "/a/main.py", "a" * 64), one_record(world, "<stdin>", "d" * 64))
    ship(two, one_record(world, "/b/main.py", "b" * 64), one_record(world, "<stdin>", "e" * 64))
    ship(three, one_record(world, "/c/copied.py", "a" * 64))
    rows = asked(world, questions.scripts)
    found = sorted((row["name"], row["endpoints"], len(row["versions"])) for row in rows)
    assert found == [("<stdin>", 1, 1), ("<stdin>", 1, 1), ("main.py", 1, 1), ("main.py", 2, 1)]


def test_another_script_at_one_path_does_not_join_what_is_foreign(world: FleetWorld) -> None:
    """Whoever overwrites `scratch.py` with a copy of another script makes no family of both."""
    one, two = world.member("m-1"), world.member("m-2")
    ship(one, one_record(world, "/x/invoice.py", "a" * 64))
    ship(two, one_record(world, "/y/scratch.py", "b" * 64))
    ship(two, one_record(world, "/y/scratch.py", "a" * 64))
    assert [row["endpoints"] for row in asked(world, questions.scripts)] == [2, 1]


def test_versions_that_met_later_become_one_entry(world: FleetWorld) -> None:
    """Two machines with two versions each know one; when one of them gets the other's, it is one
    script.
    """
    one, two = world.member("m-1"), world.member("m-2")
    ship(one, one_record(world, "/a/report.py", "a" * 64))
    ship(two, one_record(world, "/b/report.py", "b" * 64))
    assert len(asked(world, questions.scripts)) == 2
    ship(one, one_record(world, "/a/report.py", "b" * 64))
    (row,) = asked(world, questions.scripts)
    assert (row["endpoints"], len(row["versions"])) == (2, 2)


def review(member: Member, world: FleetWorld, record: Record, action: Action, why: Any) -> None:
    store = open_store(member.evidence)
    event = ReviewEvent(
        id=uuid7(),
        at=world.clock(),
        case_key=case_key(record),
        action=action,
        who="ada",
        disposition=why,
    )
    store.append([event])
    store.close()


@pytest.mark.parametrize(
    ("why", "comes_back"), [(Disposition.FALSE_ALARM, False), (Disposition.CONFIRMED_LEAK, True)]
)
def test_alike_cases_are_one_with_where_it_is_open(
    world: FleetWorld, why: Disposition, comes_back: bool
) -> None:
    """A case that one of three machines has closed is open on two; what was a leak is open again
    when it happens again, what was a false alarm is not.
    """
    members = [world.member(f"m-{n}") for n in range(3)]
    made: list[Record] = []
    for member in members:
        record = one_record(world, "/a/report.py", "a" * 64)
        assert needs_review(record)
        made.append(record)
        ship(member, record)
    (row,) = asked(world, questions.cases)
    assert (row["endpoints"], row["open_on"], row["records"]) == (3, 3, 3)

    world.clock.on(minutes=5)
    for number, member in enumerate(members):
        review(member, world, made[number], Action.CLOSE, why)
        member.round()
        rows = asked(world, questions.cases)
        assert [r["open_on"] for r in rows] == ([2 - number] if number < 2 else [])
    assert len(asked(world, questions.cases, closed_too=True)) == 1

    world.clock.on(minutes=5)
    again = replace(made[0], at=world.clock(), id=uuid7())
    ship(members[0], again)
    assert [r["open_on"] for r in asked(world, questions.cases)] == ([1] if comes_back else [])
    review(members[1], world, made[1], Action.REOPEN, None)
    members[1].round()
    assert asked(world, questions.cases)[0]["open_on"] == 1 + comes_back


def test_who_had_a_package_is_found_with_what_left_to_whom(world: FleetWorld) -> None:
    """By name and version, on all machines, with what each version of a script sent; what nobody
    knows is counted.
    """
    for number in range(6):
        member = world.member(f"m-{number}")
        member.records(40, seed=number)
        known = parts_of if number < 5 else (lambda sha256: None)
        member.round(parts=known)
    having = {s.name for s in SCRIPTS if ("requests", "2.34.2") in s.packages}
    numbers = [v["number"] for v in asked(world, questions.versions_of, "requests")]
    versions = [v["version"] for v in asked(world, questions.versions_of, "requests")]
    wanted = [n for n, v in zip(numbers, versions, strict=True) if v == "2.34.2"]
    found = asked(world, questions.hunt, wanted)

    assert {row["name"] for row in found.had} == having
    assert "m-5" not in {row["on_endpoint"] for row in found.had}
    assert found.unknown > 0
    for row in found.had:
        assert row["sent"], row
        query = """SELECT sum(r.bytes) FILTER (WHERE r.went), count(*) FROM records r
            JOIN places p ON p.number = r.place JOIN scripts s ON s.number = p.script
            JOIN endpoints e ON e.number = p.endpoint
            WHERE e.name = %s AND encode(s.sha256, 'hex') = %s"""
        bytes_, count = world.rows(query, (row["on_endpoint"], row["sha256"]))[0]
        assert sum(one["bytes"] for one in row["sent"]) == (bytes_ or 0)
        assert sum(one["requests"] for one in row["sent"]) == count
    text = "\n".join(telling.hunted("requests", "2.34.2", found.had, found.unknown, 2))
    assert "is unknown" in text
    assert asked(world, questions.hunt, []).had == []


def test_an_empty_hub_answers_every_question(world: FleetWorld) -> None:
    """Nothing is no error."""
    now = world.clock()
    assert asked(world, questions.status, now)["endpoints"] == 0
    assert list(telling.status(asked(world, questions.status, now)))
    for question in (questions.scripts, questions.cases, questions.alarms):
        assert asked(world, question) == []
    assert asked(world, questions.endpoints, now) == []


def test_what_a_hostile_endpoint_sends_breaks_no_answer(world: FleetWorld) -> None:
    """Entries of a proper chain with any JSON in them, control characters and codes for the
    terminal: all answers come, as JSON and as text, and the text is harmless.
    """
    member = world.member("evil \x1b[31m\0\u202e")
    (record,) = made_up_records(1, 1, world.clock())
    value = record.to_json()
    sender = value["sender"]
    bad = "\x1b]0;x\x07\u202e\0" * 2000
    script = {**sender["script"], "path": bad, "name": bad, "sha256": "zz"}
    bodies = [
        {**value, "sender": {**sender, "user": bad, "script": script}},
        {**value, "destination": {**value["destination"], "host": bad, "service": None}},
        {**value, "at": "9999-12-31T23:59:59.999999Z"},
        {**value, "at": "0001-01-01T00:00:00Z"},
        {**value, "findings": [{**value["findings"][0], "kind": bad}] if value["findings"] else []},
        {"schema": bad},
        [],
        7,
    ]
    records, acts = "records:0bad", "reviews:0bad"
    review_ = {"schema": "outgate.review/1", "id": bad, "action": "close", "case_key": bad}
    event = {"schema": "outgate.event/1", "event": "erased", "facts": {"entries": [[1, 2]]}}
    expired = {**event, "event": "expired", "facts": {"up_to_entry": -5, "hash": "zz"}}
    for kind, chain, some in (
        ("records", records, bodies),
        ("acts", acts, [review_, event, expired]),
    ):
        texts = [canonical(one) for one in some]
        head = genesis(chain)
        for seq, text in enumerate(texts, 1):
            head = link(head, seq, text)
        entries = tuple(Shipped(text=text) for text in texts)
        run = Run(first=1, prev=genesis(chain), entries=entries, head=head)
        member.line.send("/v1/upload", packed(chain, kind, run))  # type: ignore[arg-type]
    member.line.send("/v1/parts", orjson.dumps({"ab" * 32: {"installed": [[bad, bad, 1], 7]}}))

    lines: list[str] = []
    now = world.clock() + timedelta(hours=1)
    for question, tell in (
        (questions.status, telling.status),
        (questions.endpoints, lambda rows: telling.endpoints(rows, now)),
    ):
        lines += tell(asked(world, question, now))
    lines += telling.scripts(asked(world, questions.scripts))
    lines += telling.cases(asked(world, questions.cases))
    lines += telling.alarms(asked(world, questions.alarms), now)
    assert len(lines) > 5
    assert all(line.isprintable() for line in lines)
    assert world.value("SELECT count(*) FROM records") == len(bodies)
