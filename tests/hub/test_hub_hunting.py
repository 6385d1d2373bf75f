"""Hunts over destinations, scripts, files and observations: what is known, and what comes later."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fleet_world import FleetWorld, Member

from app.demo.simulated_endpoints import made_up_records, write_evidence
from core.attribution import Attribution
from core.errors import InputError
from core.fate import TUNNEL
from core.observation import Kind, Observation, Seen
from core.record import Record
from core.sent_file import FoundBy, Label, SameAs, SentFile
from core.vocabulary.fleet import Over
from evidence.erasure import Wanted, erase_now
from hub import questions, room, saved_hunts, telling, telling_hunts
from hub.compositions import keep_parts
from hub.erasing import erase_pending
from hub.facts import fact_of
from hub.hunting import known
from hub.hunting_messages import not_read
from hub.sought import Sought

SHA = "ab12" * 16
FILE = SentFile(
    path='/home/amara/Kunden "Süd"/list.xlsx',
    same=SameAs.BYTES,
    found_by=FoundBy.DESCRIPTOR,
    label=Label.SPREADSHEET,
    size=10,
    sha256=SHA,
)


@contextmanager
def asked(world: FleetWorld) -> Iterator[Any]:
    with world.hub.database.work() as connection:
        yield connection


def found(world: FleetWorld, over: Over, name: str) -> list[dict[str, Any]]:
    with asked(world) as connection:
        return known(connection, Sought(over=over, name=name))


def listens(member: Member) -> None:
    """Write an observation into its evidence."""
    record = next(iter(made_up_records(1, 1, member.clock())))
    seen = Observation(
        id="0198f3c0-0000-7000-8000-000000000001",
        at=member.clock(),
        kind=Kind.CONNECTION,
        about="postgresql at db.example:5432",
        sender=record.sender,
        facts={"bytes_sent": Seen(value=5, how="counted")},
        notable=True,
    )
    write_evidence(member.evidence, iter([seen]))


def busy(world: FleetWorld) -> tuple[Member, Any]:
    """An endpoint that sent records, one with a file, and observed a connection."""
    member = world.member("till-1")
    records = list(made_up_records(3, 40, world.clock()))
    records[7] = replace(records[7], files=(FILE,))
    write_evidence(member.evidence, iter(records))
    listens(member)
    member.round()
    other = world.member("till-2")
    other.records(5, seed=11)
    other.round()
    return member, records


def test_each_kind_is_found_and_what_is_like_it_is_not(world: FleetWorld) -> None:
    """By its names as people type them, in any case where names have none; never by a part of a
    name that is another one.
    """
    _, records = busy(world)
    script = next(r.sender.script for r in records if r.sender.script)
    service = next(r.destination for r in records if r.destination.service)
    assert script.path
    assert script.sha256
    hits = [
        (Over.SCRIPTS, script.name.upper()),
        (Over.SCRIPTS, script.path),
        (Over.SCRIPTS, script.sha256[:12]),
        (Over.DESTINATIONS, service.service),
        (Over.OBSERVATIONS, "db.example"),
        (Over.OBSERVATIONS, "POSTGRESQL"),
        (Over.OBSERVATIONS, "connection"),
        (Over.FILES, SHA),
        (Over.FILES, SHA.upper()),
        (Over.FILES, SHA[:10]),
        (Over.FILES, "list.xlsx"),
        (Over.FILES, FILE.path),
    ]
    misses = [
        (Over.SCRIPTS, script.name[1:]),
        (Over.SCRIPTS, script.sha256[:7]),
        (Over.SCRIPTS, "0" * 12),
        (Over.SCRIPTS, "%"),
        (Over.DESTINATIONS, "nowhere.example"),
        (Over.DESTINATIONS, "db.example"),
        (Over.DESTINATIONS, "example"),
        (Over.OBSERVATIONS, "mysql"),
        (Over.OBSERVATIONS, script.name),
        (Over.FILES, "ist.xlsx"),
        (Over.FILES, "list.xls"),
        (Over.FILES, SHA[2:]),
        (Over.FILES, script.path),
    ]
    for over, name in hits:
        rows = found(world, over, str(name))
        assert rows, (over, name)
        lines = "\n".join(telling_hunts.sought(str(name), over, rows))
        assert "till-1" in lines
    for over, name in misses:
        assert not found(world, over, str(name)), (over, name)
    (one,) = found(world, Over.FILES, SHA)
    assert (one["requests"], one["what"], one["endpoint"]) == (1, FILE.path, "till-1")
    sent = [r for r in records if r.sender.script and r.sender.script.sha256 == script.sha256]
    rows = [r for r in found(world, Over.SCRIPTS, script.sha256) if not r["observed"]]
    assert sum(r["requests"] for r in rows if r["endpoint"] == "till-1") == len(sent)


def test_a_saved_hunt_finds_what_comes_the_moment_it_comes(world: FleetWorld) -> None:
    """Each sender is one alarm; what is known already is noted without any; an ended hunt and what
    is delivered twice count nothing; what is erased is not told any more.
    """
    _, records = busy(world)
    script = next(r.sender.script for r in records if r.sender.script)
    wanted = [
        Sought(over=Over.SCRIPTS, name=script.name),
        Sought(over=Over.FILES, name="list.xlsx"),
        Sought(over=Over.OBSERVATIONS, name="db.example"),
        Sought(over=Over.DESTINATIONS, name="new.example"),
    ]
    with asked(world) as connection:
        numbers = [
            saved_hunts.save_sought(connection, one, who="ada", note="why", now=world.clock())
            for one in wanted
        ]
    assert world.alarms() == []
    rows = saved(world)
    assert [row["endpoints"] > 0 for row in rows] == [True, True, True, False]
    with asked(world) as connection:
        saved_hunts.end(connection, numbers[2], who="ada", now=world.clock())
    new = world.member("till-3")
    first = next(iter(made_up_records(3, 1, world.clock())))
    where = replace(first.destination, host="API.new.example", service=None)
    made = [replace(r, files=(FILE,), destination=where) for r in records[:20]]
    write_evidence(new.evidence, iter(made))
    listens(new)
    new.line.broken = lambda path, number: path == "/v1/upload"
    with pytest.raises(Exception, match="broke"):
        new.round()
    new.line.broken = lambda path, number: False
    new.round()
    assert world.alarms() == ["hunted"] * 3
    text = "\n".join(telling_hunts.hunts(saved(world)))
    assert "list.xlsx in files" in text
    (count,) = world.rows(
        "SELECT sum(records)::int FROM hunt_sightings WHERE hunt = %s", (numbers[3],)
    )
    assert count == (20,)
    erase_now(
        new.evidence,
        Wanted(users=frozenset({made[0].sender.user or ""})),
        who="officer",
        why="asked",
    )
    new.round()
    assert erase_pending(world.hub.database, world.clock()) == 1
    gone = "SELECT count(*) FROM hunt_sightings WHERE place NOT IN (SELECT number FROM places)"
    assert world.value(gone) == 0


def past(world: FleetWorld) -> list[Record]:
    """Connections of a script that went past the gate."""
    made = list(made_up_records(3, 4, world.clock()))
    to = replace(made[0].destination, host="paste.example", service=None)
    return [
        replace(
            one,
            destination=to,
            sender=made[0].sender,
            request=replace(one.request, method=TUNNEL),
            decision=replace(one.decision, degraded=("bypass: made up",)),
        )
        for one in made
    ]


def test_a_hunt_for_a_package_tells_what_went_past_the_gate(world: FleetWorld) -> None:
    """Nothing of it is told as stopped."""
    member, records = world.member("till-1"), past(world)
    write_evidence(member.evidence, iter(records))
    member.round()
    script = records[0].sender.script
    assert script is not None and script.sha256 is not None
    parts = {"installed": [["litellm", "1.82.7", None]], "used": []}
    with asked(world) as connection:
        assert keep_parts(connection, 1, script.sha256, parts, world.clock())
        packages = [row["number"] for row in questions.versions_of(connection, "litellm")]
        (had,) = questions.hunt(connection, packages).had
    assert [(s["requests"], s["went"], s["past"]) for s in had["sent"]] == [(4, 0, 4)]
    told = list(telling.hunted("litellm", None, [had], 0, 0))
    assert "4 requests, an unknown number of bytes left" in told[-1]
    assert "4 past Outgate" in told[-1] and "stopped" not in told[-1]


@pytest.mark.parametrize("told_apart", [True, False])
def test_a_hunt_tells_what_went_past_the_gate(
    world: FleetWorld, monkeypatch: pytest.MonkeyPatch, told_apart: bool
) -> None:
    """In the lists and in the messages."""
    if not told_apart:
        monkeypatch.setattr(room, "MOST_TOLD_APART", 0)
    member = world.member("till-1")
    write_evidence(member.evidence, iter(past(world)))
    member.round()
    rows = found(world, Over.DESTINATIONS, "paste.example")
    assert [(row["requests"], row["went"], row["past"]) for row in rows] == [(4, 0, 4)]


def saved(world: FleetWorld) -> list[dict[str, Any]]:
    with asked(world) as connection:
        return saved_hunts.hunts(connection)


@pytest.mark.parametrize("name", ["", "  ", "a\x1b[2J", "x" * 301, "a\nb", "\udcff"])
def test_what_is_nothing_to_hunt_for_is_refused(name: str, tmp_path: Path) -> None:
    """In one line, before anything is asked."""
    for over in Over:
        with pytest.raises(InputError, match="nothing to hunt for"):
            Sought(over=over, name=name)


def untold(world: FleetWorld, monkeypatch: pytest.MonkeyPatch) -> tuple[Member, Attribution]:
    """An endpoint that names more senders than are told apart, and then one that is hunted for."""
    member, made = world.member("till-1"), list(made_up_records(3, 60, world.clock()))
    monkeypatch.setattr(room, "MOST_TOLD_APART", 1)
    write_evidence(member.evidence, iter(made[:1]))
    member.round()
    script = next(r.sender.script for r in made if r.sender.script)
    hidden = replace(script, name="leak.py", path="/opt/leak.py", sha256="cd34" * 16)
    sender = replace(made[0].sender, script=hidden, user="zed")
    to = replace(made[0].destination, host="paste.example", service=None)
    late = [replace(one, sender=sender, destination=to, files=(FILE,)) for one in made[1:5]]
    write_evidence(member.evidence, iter(late))
    member.round()
    return member, sender


HIDDEN = [
    (Over.SCRIPTS, "LEAK.py"),
    (Over.SCRIPTS, "cd34" * 3),
    (Over.DESTINATIONS, "paste.example"),
    (Over.FILES, "list.xlsx"),
]


@pytest.mark.parametrize(("over", "name"), HIDDEN)
def test_who_is_not_told_apart_does_not_hide_from_a_hunt(
    world: FleetWorld, monkeypatch: pytest.MonkeyPatch, over: Over, name: str
) -> None:
    """Whoever fills the lists is found in the messages, and noted for a hunt that is saved."""
    untold(world, monkeypatch)
    assert world.value("SELECT count(*) FROM scripts WHERE name = 'leak.py'") == 0
    (row,) = found(world, over, name)
    told = (row["script"], row["place"], row["people"], row["requests"], row["endpoint"])
    assert told == ("leak.py", "paste.example", ["zed"], 4, "till-1")
    assert row["sha256"] == "cd34" * 16
    sought = Sought(over=over, name=name)
    with asked(world) as connection:
        saved_hunts.save_sought(connection, sought, who="ada", note="why", now=world.clock())
    assert world.value("SELECT sum(records)::int FROM hunt_sightings") == 4


@pytest.mark.parametrize(("over", "name"), HIDDEN)
def test_who_is_not_told_apart_does_not_hide_from_a_saved_hunt(
    world: FleetWorld, monkeypatch: pytest.MonkeyPatch, over: Over, name: str
) -> None:
    sought = Sought(over=over, name=name)
    with asked(world) as connection:
        saved_hunts.save_sought(connection, sought, who="ada", note="why", now=world.clock())
    untold(world, monkeypatch)
    assert world.value("SELECT sum(records)::int FROM hunt_sightings") == 4
    assert world.alarms() == ["hunted", "many"]


@pytest.mark.parametrize(("over", "name"), HIDDEN)
def test_a_hunt_reads_no_more_of_who_floods_the_hub_than_it_tells(
    world: FleetWorld, monkeypatch: pytest.MonkeyPatch, over: Over, name: str
) -> None:
    """The newest messages, of each endpoint by itself; of the rest it says whose and how many."""
    member, sender = untold(world, monkeypatch)
    made = list(made_up_records(5, 3, world.clock()))
    to = replace(made[0].destination, host="paste.example", service=None)
    for one in made:
        late = replace(one, sender=sender, destination=to, files=(FILE,))
        write_evidence(member.evidence, iter([late]))
        world.clock.on(seconds=1)
        member.round()
    sought = Sought(over=over, name=name)
    for most, requests, left in ((1, 1, 6), (2, 2, 5), (3, 3, 4), (4, 7, 0), (None, 7, 0)):
        with asked(world) as connection:
            (row,) = known(connection, sought, most)
            unread = [] if most is None else not_read(connection, sought, most)
        assert row["requests"] == requests
        assert sum(entries for _, entries in unread) == left
        told = list(telling_hunts.sought(name, over, [row], unread))
        assert [line.endswith("--whole") for line in told[-1:]] == [left > 0]


def test_json_that_outgate_does_not_write_hides_nothing() -> None:
    """A letter may stand in JSON by its number."""
    for over, text in (
        (Over.FILES, b'{"files":[{"path":"/tmp/l\\u0069st.xlsx"}]}'),
        (Over.FILES, b'{"files":[{"path":"\\/tmp\\/list.xlsx"}]}'),
    ):
        sought = Sought(over=over, name="/tmp/list.xlsx")
        assert sought.seen_in(fact_of(text), text) is not None
    sought = Sought(over=Over.SCRIPTS, name="leak.py")
    assert sought.may_stand_in(b'{"name":"l\\u0065ak.py"}')
    assert not sought.may_stand_in(b'{"name":"other.py"}')
