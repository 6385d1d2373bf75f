"""What an endpoint erased is erased at the hub, too, and the endpoint is told when it is."""

from contextlib import closing

import pytest
from evidence_file import run
from fleet_world import NOW, FleetWorld, Member

import hub.act_rows
from core.happenings import Event, happening
from core.stored import StoredRecord
from evidence.acts import ReadAct, read_act
from evidence.erasure import Wanted, erase_now
from evidence.notary import Notary
from evidence.retention import expire
from evidence.shipping import shipped_file
from evidence.store import Store
from evidence.times import micros
from fleet.line import Answer
from fleet.shipper import Round
from hub.erasing import erase_pending, sweep
from hub.stored import uploads_from
from hub.verification import verify


def texts_at_hub(world: FleetWorld) -> bytes:
    """All texts of all entries that the hub holds, and the words of its tables."""
    with world.hub.database.work() as connection:
        chains = [n for (n,) in connection.execute("SELECT number FROM chains").fetchall()]
        found = [
            entry.text
            for n in chains
            for kept in uploads_from(connection, n)
            for _, entry in kept.entries()
        ]
        for query in ("SELECT path FROM places", "SELECT name FROM people"):
            found += [str(row[0]).encode() for row in connection.execute(query.encode()).fetchall()]
    return b"\n".join(found)


def erased(world: FleetWorld, member: Member) -> Round:
    member.round()
    erase_pending(world.hub.database, world.clock())
    sweep(world.hub.database, world.clock())
    return member.round()


def person_of(member: Member) -> str:
    with shipped_file(member.evidence) as file:
        run = file.run("records", 0, 1, 1 << 20)
    assert run is not None
    text = run.entries[0].text.decode()
    return text.partition('"user":"')[2].partition('"')[0]


@pytest.mark.parametrize("shipped_before", [True, False])
@pytest.mark.parametrize("what", ["person", "script", "value", "before"])
def test_what_is_erased_at_an_endpoint_is_erased_at_the_hub(
    world: FleetWorld, what: str, shipped_before: bool
) -> None:
    """A person, a script, a value or a time that was erased is in no text and no table of the hub,
    whether it had been shipped before or not; the chains still verify, others keep theirs.
    """
    member, other = world.member("till-1"), world.member("till-2")
    records = member.records(60)
    other.records(60, seed=1)
    other.round()
    if shipped_before:
        member.round()
    script = records[0].sender.script
    assert script is not None
    assert script.path is not None
    fingerprint = next(f.fingerprints[0] for r in records for f in r.findings)
    person = person_of(member)
    wanted, gone = {
        "person": (Wanted(users=frozenset({person})), person),
        "script": (Wanted(script=script.path), script.path),
        "value": (Wanted(fingerprints=frozenset({fingerprint})), fingerprint),
        "before": (Wanted(before_us=1 << 60), person),
    }[what]
    if shipped_before:
        assert gone.encode() in texts_at_hub(world)
    sum_of_other = world.rows(
        "SELECT sum(records), sum(found), sum(bytes_went) FROM sums s JOIN"
        " places p ON p.number = s.place WHERE p.endpoint = 2"
    )

    erase_now(member.evidence, wanted, who="officer", why="asked for")
    done = erased(world, member)

    assert gone.encode() not in texts_at_hub(world)
    assert [told["done"] == told["swept"] for told in done.erased.values()] == [True]
    assert world.value("SELECT count(*) FROM records") == 120
    assert world.value("SELECT sum(records) FROM sums") == 120
    assert world.alarms() == []
    assert sum_of_other == world.rows(
        "SELECT sum(records), sum(found), sum(bytes_went) FROM sums s"
        " JOIN places p ON p.number = s.place WHERE p.endpoint = 2"
    )
    with world.hub.database.work() as connection:
        for (number,) in connection.execute("SELECT number FROM chains").fetchall():
            for kept in uploads_from(connection, number):
                kept.upload.hashes()


def test_what_comes_after_an_erasure_is_counted_as_before(world: FleetWorld) -> None:
    """A person whose past was erased and who goes on working is seen again, and nothing is lost."""
    member = world.member("till-1")
    member.records(30)
    member.round()
    person = person_of(member)
    erase_now(member.evidence, Wanted(users=frozenset({person})), who="officer", why="asked for")
    erased(world, member)
    world.clock.on(hours=1)
    member.records(30)
    member.round()

    query = """SELECT count(*) FROM records r JOIN places p ON p.number = r.place
        JOIN people w ON w.number = p.person WHERE w.name = %s"""
    assert world.value(query, (person,)) == 30
    assert world.value("SELECT sum(records) FROM sums") == 60
    assert world.clock() > NOW


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE entries SET body = x'' WHERE seq = 3",
        "UPDATE entries SET body = zeroblob(length(body)), salt = zeroblob(16) WHERE seq = 3",
    ],
)
def test_what_was_taken_out_without_an_erasure_is_told(world: FleetWorld, change: str) -> None:
    """An entry that somebody emptied before it was shipped is no erased one."""
    member = world.member("till-1")
    member.records(10)
    run(member.evidence, change)
    member.round()
    assert world.alarms() == ["emptied"]


def test_an_erasure_while_records_are_shipped_is_explained(world: FleetWorld) -> None:
    """An erasure between the acts and the records of one round raises no alarm."""
    member = world.member("till-1")
    member.records(20)
    person = person_of(member)
    send = member.line.send
    done: list[bool] = []

    def erase_first(path: str, body: bytes) -> Answer:
        answer = send(path, body)
        if not done:
            done.append(True)
            wanted = Wanted(users=frozenset({person}))
            erase_now(member.evidence, wanted, who="officer", why="asked for")
        return answer

    member.line.send = erase_first
    member.round()
    assert world.alarms() == []
    assert person.encode() not in texts_at_hub(world)


def expire_behind_a_hold(member: Member, count: int) -> None:
    """Put a legal hold on the first record, and let so many behind it expire."""
    Notary(member.evidence).take_now("hour")
    with closing(Store(member.evidence, clock=lambda: NOW)) as store:
        [first, *_] = [e.record for e in store.iter_records() if isinstance(e, StoredRecord)]
        facts = {"hold": "m", "script": None, "user": None, "since_us": None}
        until = micros(first.at) + 1
        store.tell(happening(Event.LEGAL_HOLD, {**facts, "until_us": until}, who="counsel"))
    found = expire(member.evidence, 1 << 60, "all", rest=lambda _: None)
    assert (found.records, found.apart) == (0, count)


@pytest.mark.parametrize("older", [False, True])
def test_what_expired_behind_a_hold_before_it_was_shipped_is_explained(
    world: FleetWorld, monkeypatch: pytest.MonkeyPatch, older: bool
) -> None:
    """Also by an act that an older hub took, which knew no such act; other acts that nobody can
    read explain nothing.
    """
    member = world.member("till-1")
    member.records(10)
    expire_behind_a_hold(member, 8)

    def as_then(text: bytes) -> ReadAct:
        if b"expired_apart" in text or b'"legal_hold"' in text:
            raise ValueError("a word that is not known")
        return read_act(text)

    if older:
        monkeypatch.setattr(hub.act_rows, "read_act", as_then)
    member.round()
    assert world.value("SELECT last FROM chains WHERE kind = 'records'") == 10
    assert world.alarms() == []
    words = {word for (word,) in world.rows("SELECT word FROM acts")}
    assert ("unreadable" in words) == older


def test_a_message_that_is_damaged_here_keeps_no_erasure_from_being_done(
    world: FleetWorld,
) -> None:
    """It goes whole where it holds what is to be erased, for what is left of it may tell of
    somebody; erasures of others, and what the hub does behind them, are not kept waiting.
    """
    members = [world.member("till-1"), world.member("till-2")]
    people = []
    for number, member in enumerate(members):
        member.records(30, seed=number)
        member.round()
        people.append(person_of(member))
    broken = (
        "UPDATE uploads SET blob = substr(blob, 1, length(blob) - 20) WHERE number = %s RETURNING 1"
    )
    (numbers, *_) = world.rows("SELECT min(number) FROM uploads")
    world.rows(broken, numbers)
    for member, person in zip(members, people, strict=True):
        erase_now(member.evidence, Wanted(users=frozenset({person})), who="officer", why="asked")
        member.round()
    world.hub.watch()
    assert world.value("SELECT count(*) FROM erasures WHERE done_at IS NULL") == 0
    assert world.value("SELECT length(blob) FROM uploads WHERE number = %s", numbers) == 0
    assert world.value("SELECT sum(records) FROM sums") == 60
    query = """SELECT count(*) FROM places p JOIN people w ON w.number = p.person
        WHERE p.endpoint = %s AND w.name = %s"""
    assert [world.value(query, (n, person)) for n, person in enumerate(people, 1)] == [0, 0]
    with world.hub.database.work() as connection:
        (problem,) = verify(connection).problems
    assert "till-1" in problem
    assert "cannot be read" in problem
