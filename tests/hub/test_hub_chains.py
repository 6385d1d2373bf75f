"""The hub remembers where each endpoint's evidence stood: what was cut off, put back, rewritten or
exchanged is seen at the next check-in, and nothing of it is taken.
"""

import shutil
from collections.abc import Callable
from datetime import timedelta

import orjson
import pytest
from evidence_file import rechained, run
from fleet_world import NOW, FleetWorld, Member, who

from app.demo.simulated_endpoints import made_up_records, write_evidence
from core.errors import InputError
from core.vocabulary.fleet import ALARMS, Alarm
from evidence.chain import genesis
from evidence.retention import expire
from evidence.shipping import Run, Shipped, shipped_file
from evidence.times import micros
from fleet.line import HubRefusesError
from fleet.wire import packed
from hub.resolving import resolve
from hub.verification import verify
from hub.watching import note_silent


def cut_tail(member: Member) -> None:
    run(member.evidence, "DELETE FROM entries WHERE seq > 20")


def put_back(member: Member) -> None:
    for path in member.home.glob("evidence.db*"):
        path.unlink()
    shutil.copy(member.home / "older.db", member.evidence)


def rewrite_last(member: Member) -> None:
    rechained(member.evidence, 30, lambda body: {**body, "notes": ["nothing happened"]})


def rewrite_and_go_on(member: Member) -> None:
    rewrite_last(member)
    run(member.evidence, "DELETE FROM checkpoints")
    write_evidence(member.evidence, made_up_records(9, 5, NOW))


def cut_and_go_on(member: Member) -> None:
    cut_tail(member)
    run(member.evidence, "DELETE FROM checkpoints")
    write_evidence(member.evidence, made_up_records(9, 30, NOW))


def another_file(member: Member) -> None:
    for path in member.home.glob("evidence.db*"):
        path.unlink()
    write_evidence(member.evidence, made_up_records(9, 50, NOW))


@pytest.mark.parametrize(
    ("done", "alarm", "taken"),
    [
        (cut_tail, "cut", 0),
        (put_back, "cut", 0),
        (rewrite_last, "fork", 0),
        (rewrite_and_go_on, "fork", 0),
        (cut_and_go_on, "fork", 0),
        (another_file, "swapped", 50),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_was_done_to_the_evidence_of_an_endpoint_is_seen(
    world: FleetWorld, done: Callable[[Member], None], alarm: str, taken: int
) -> None:
    """Whatever somebody does to evidence that the hub has witnessed raises the alarm that says so;
    what the hub had is as it was.
    """
    member = world.member("till-1")
    member.records(20)
    run(member.evidence, f"VACUUM INTO '{member.home / 'older.db'}'")
    member.records(10, seed=1)
    member.round()
    before = world.rows("SELECT chain, seq, bytes, at FROM records ORDER BY chain, seq")

    done(member)
    member.round()
    again = member.round()

    assert world.alarms() == [alarm]
    assert world.value("SELECT count(*) FROM records") == 30 + taken
    assert (
        world.rows("SELECT chain, seq, bytes, at FROM records ORDER BY chain, seq LIMIT 30")
        == before
    )
    assert bool(again.troubles) is (alarm != "swapped")


def test_an_older_file_that_comes_back_after_another_is_seen(world: FleetWorld) -> None:
    """Two evidence files that take turns are told, too."""
    member = world.member("till-1")
    member.records(20)
    shutil.copy(member.evidence, member.home / "older.db")
    member.round()
    world.clock.on(hours=1)
    another_file(member)
    member.round()
    world.clock.on(hours=1)
    put_back(member)
    member.round()
    assert world.value("SELECT count(*) FROM alarms WHERE kind = 'swapped'") == 2


def test_ordinary_days_raise_no_alarm(world: FleetWorld) -> None:
    """Records, reviews of nothing, restarts and checkpoints in between are no reason to look."""
    member = world.member("till-1")
    for day in range(4):
        member.records(15, seed=day)
        member.round()
        world.clock.on(hours=8)
    assert world.alarms() == []
    assert world.value("SELECT count(*) FROM gaps") == 0


def test_what_was_removed_as_too_old_before_it_was_shipped_is_told(world: FleetWorld) -> None:
    """The hub goes on behind a gap that the endpoint's acts explain, and says which entries it
    never saw.
    """
    member = world.member("till-1")
    member.records(10)
    member.round()
    world.clock.on(hours=10)
    member.records(500, seed=1)
    hour = micros(world.clock() - timedelta(hours=1))
    expire(member.evidence, hour, "older than an hour", rest=lambda _: None)
    with shipped_file(member.evidence) as file:
        gone = file.standing("records").first
    assert 10 < gone < 510
    done = member.round()

    assert done.troubles == []
    assert world.rows("SELECT first, last FROM gaps") == [(11, gone)]
    assert world.value("SELECT count(*) FROM records") == 510 - (gone - 10)
    assert world.alarms() == ["gap"]
    world.clock.on(hours=1)
    member.records(3, seed=2)
    assert member.round().shipped["records"] == 3


def test_a_gap_that_nothing_explains_is_asked_for(world: FleetWorld) -> None:
    """An upload that leaves entries out is not kept; the hub says which entry it wants."""
    member = world.member("till-1")
    member.records(30)
    with shipped_file(member.evidence) as file:
        chain, late = file.standing("records").chain, file.run("records", 20, 10, 1 << 20)
    assert late is not None
    answer = member.line.send("/v1/upload", packed(chain, "records", late))

    assert (answer.status, answer.value["wanted"]) == (409, 1)
    assert world.value("SELECT count(*) FROM records") == 0
    assert member.round().shipped["records"] == 30


def test_nobody_ships_the_evidence_of_another(world: FleetWorld) -> None:
    """A chain belongs to the endpoint that began it."""
    honest, other = world.member("till-1"), world.member("till-2")
    honest.records(10)
    honest.round()
    honest.records(10, seed=1)
    with shipped_file(honest.evidence) as file:
        chain, more = file.standing("records").chain, file.run("records", 10, 10, 1 << 20)
    assert more is not None
    with pytest.raises(HubRefusesError, match="another endpoint") as refused:
        other.line.send("/v1/upload", packed(chain, "records", more))

    assert "till-1" not in f"{refused.value.message} {refused.value.remedy}"
    assert world.alarms() == ["foreign"]
    words = world.rows("SELECT words FROM alarms WHERE kind = 'foreign'")
    assert [word for (word,) in words] == [f"{ALARMS[Alarm.FOREIGN]}: till-1 began it"]
    assert honest.round().shipped["records"] == 10
    shutil.copytree(honest.home, other.home, dirs_exist_ok=True, ignore=lambda *_: {"fleet"})
    assert other.round().troubles
    assert world.value("SELECT count(*) FROM records") == 20


def test_an_endpoint_that_is_silent_for_a_day_is_told_until_it_speaks(world: FleetWorld) -> None:
    """Nobody has to count who is missing; a revoked endpoint is not missed."""
    world.member("gone").records(1)
    member = world.member("till-1")
    member.records(5)
    member.round()
    world.clock.on(hours=23)
    member.round()
    world.clock.on(hours=2)

    def look() -> int:
        with world.hub.database.work() as connection:
            return note_silent(connection, world.clock())

    assert (look(), look()) == (1, 0)
    world.clock.on(hours=24)
    assert (look(), world.alarms()) == (1, ["silent", "silent"])
    member.round()
    assert world.alarms() == ["silent"]


@pytest.mark.parametrize(
    ("off", "alarms"), [(-299, []), (299, []), (-301, ["clock"]), (4e8, ["clock"])]
)
def test_a_clock_that_is_off_is_told(world: FleetWorld, off: float, alarms: list[str]) -> None:
    """Times of records are only as good as the clock of the endpoint."""
    member = world.member("till-1")
    told = {
        "at": (world.clock() + timedelta(seconds=off)).isoformat(),
        "version": "1.0",
        "chains": {},
        "orders": {"policy": 0, "approvals": 0},
        "trouble": None,
    }
    member.line.send("/v1/check-in", orjson.dumps(told))
    assert world.alarms() == alarms


def resolved(world: FleetWorld, *, adopt: bool) -> str:
    number = world.value("SELECT number FROM alarms WHERE ended_at IS NULL LIMIT 1")
    with world.hub.database.work() as connection:
        return resolve(connection, number, "ada", "restored", world.clock(), adopt=adopt)


@pytest.mark.parametrize("done", [cut_tail, put_back, rewrite_and_go_on, cut_and_go_on])
def test_evidence_that_was_set_aside_is_taken_anew_when_somebody_says_so(
    world: FleetWorld, done: Callable[[Member], None]
) -> None:
    """Nothing is taken until somebody has looked; then all that the endpoint has is taken, counts
    once, and what was kept before is still there and proves itself.
    """
    member = world.member("till-1")
    member.records(20)
    run(member.evidence, f"VACUUM INTO '{member.home / 'older.db'}'")
    member.records(10, seed=1)
    member.round()
    done(member)
    member.round()
    with shipped_file(member.evidence) as file:
        here = file.standing("records").last
    assert "taken anew" in resolved(world, adopt=True)
    assert world.alarms() == []
    world.clock.on(minutes=1)
    assert member.round().shipped["records"] == here
    assert world.alarms() == []
    assert world.value("SELECT sum(records) FROM sums") == here
    assert world.value("SELECT count(*) FROM records") == 30 + here
    member.records(3, seed=4)
    assert member.round().shipped["records"] == 3
    with world.hub.database.work() as connection:
        assert verify(connection).problems == []


def test_an_alarm_ends_once_and_with_a_reason(world: FleetWorld) -> None:
    """Who ended it and why is kept; what was not set aside cannot be adopted."""
    member = world.member("till-1")
    member.records(5)
    member.round()
    another_file(member)
    member.round()
    with pytest.raises(InputError, match="set aside"):
        resolved(world, adopt=True)
    assert world.alarms() == ["swapped"]
    resolved(world, adopt=False)
    assert world.rows("SELECT ended_by, note FROM alarms") == [("ada", "restored")]
    with pytest.raises(InputError), world.hub.database.work() as connection:
        resolve(connection, 1, "ada", "again", world.clock(), adopt=False)


def test_what_comes_while_a_chain_is_set_aside_is_kept_apart_and_bounded(world: FleetWorld) -> None:
    """An endpoint whose evidence forked cannot fill the hub's disk with it."""
    member = world.member("till-1")
    member.records(10)
    member.round()
    with shipped_file(member.evidence) as file:
        chain = file.standing("records").chain
    forked = genesis(chain)
    for number in range(260):
        entry = Shipped(text=str(number).encode())
        lone = Run(first=1, prev=forked, entries=(entry,), head=entry.link(forked, 1))
        with pytest.raises(HubRefusesError):
            member.line.send("/v1/upload", packed(chain, "records", lone))
    assert world.value("SELECT count(*) FROM quarantine") == 200
    assert world.value("SELECT count(*) FROM records") == 10
    assert world.rows("SELECT kind, times FROM alarms") == [("fork", 260)]


def standing(member: Member, world: FleetWorld) -> dict[str, object]:
    """What an endpoint says of where it stands."""
    with shipped_file(member.evidence) as file:
        chains = {
            kind: {"chain": s.chain, "last": s.last, "head": s.head.hex()}
            for kind in ("records", "acts")
            for s in (file.standing(kind),)
        }
    orders = {"policy": 0, "approvals": 0}
    return {
        "at": world.clock().isoformat(),
        "version": "1",
        "chains": chains,
        "orders": orders,
        "trouble": None,
    }


@pytest.mark.parametrize("before", [0, 30])
@pytest.mark.parametrize("ahead", [False, True])
def test_a_check_in_that_was_overtaken_is_no_cut(
    world: FleetWorld, ahead: bool, before: int
) -> None:
    """It waited at one hub while its endpoint shipped to another; the queue is told by the hub's
    clock, the way there by the endpoint's.
    """
    member = world.member("till-1")
    member.records(before)
    member.round()
    said, came_at = standing(member, world), world.clock()
    if ahead:
        said["at"] = (world.clock() + timedelta(minutes=3)).isoformat()
    world.clock.on(seconds=70)
    member.records(20, seed=1)
    member.round()
    world.clock.on(seconds=20)
    member.records(20, seed=2)
    member.round()
    speaker = who(world.hub, member.membership.endpoint)
    told = {} if not ahead else {"came_at": came_at}
    answer = world.hub.check_in(speaker, said, **told)
    assert answer["chains"]["records"] == {"next": before + 41, "state": "good"}
    assert world.alarms() == []
    member.records(5, seed=3)
    assert member.round().shipped["records"] == 5


@pytest.mark.parametrize("lie", [None, "another head", "long ago"])
def test_a_cut_is_not_hidden_by_an_old_time(world: FleetWorld, lie: str | None) -> None:
    """What was there before is missing, whatever was written elsewhere; nor does a clock that is
    far off, which has its own alarm, excuse it.
    """
    member = world.member("till-1")
    member.records(30)
    member.round()
    said = standing(member, world)
    if lie == "another head":
        said["chains"]["records"]["head"] = "00" * 32  # type: ignore[index]
    if lie == "long ago":
        said["at"] = (world.clock() - timedelta(days=1)).isoformat()
    world.clock.on(seconds=30)
    member.records(20, seed=1)
    member.round()
    if lie is None:
        world.clock.on(seconds=1)
        said["at"] = world.clock().isoformat()
    world.hub.check_in(who(world.hub, member.membership.endpoint), said)
    kinds = ["clock", "cut"] if lie == "long ago" else ["cut"]
    assert world.alarms() == kinds
