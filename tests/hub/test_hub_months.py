"""The hub's own old months: what goes, what stays, and what is told of it."""

from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
import pytest
from fleet_world import FleetWorld, Member

from core.errors import InputError
from core.happenings import Event, happening
from evidence.acts import append_happening
from evidence.database import connect, transaction
from evidence.erasure import Wanted, erase_now
from hub.archive import archive
from hub.council import council
from hub.erasing import erase_pending
from hub.months import held, keep_months, months, note_dropped, remove_old
from hub.resolving import resolve
from hub.verification import verify

SUMS = """SELECT sum(records), sum(went), sum(bytes_went), sum(found), min(first_at), max(last_at)
    FROM sums"""
TABLES = "DROP TABLE records_2026_08, uploads_2026_08"


def on_a_day(world: FleetWorld, month: int, day: int = 10) -> None:
    world.clock.now = datetime(2026, month, day, 9, tzinfo=UTC)


def filled(world: FleetWorld) -> tuple[Member, Member]:
    """Two endpoints that shipped in August, September and November."""
    on_a_day(world, 8)
    one, two = world.member("till-1"), world.member("till-2")
    for seed, month in enumerate((8, 9, 11)):
        on_a_day(world, month)
        for member, count in ((one, 30), (two, 20)):
            member.records(count, seed=seed)
            member.round()
            member.records(5, seed=seed + 7)
            member.round()
    return one, two


def keep(world: FleetWorld, number: int) -> list[date]:
    with world.hub.database.work() as connection:
        keep_months(connection, number, note="agreed", who="ada", now=world.clock())
    return remove_old(world.hub.database, world.clock())


def problems(world: FleetWorld) -> list[str]:
    with world.hub.database.work() as connection:
        return verify(connection).problems


def run_sql(world: FleetWorld, query: str) -> None:
    with world.hub.database.work() as connection:
        connection.execute(query.encode())


def people_of(world: FleetWorld, endpoint: int) -> dict[str, int]:
    """Records of each person of an endpoint, as the sums tell."""
    query = """SELECT w.name, sum(s.records)::bigint FROM sums s JOIN places p ON p.number = s.place
        JOIN people w ON w.number = p.person WHERE p.endpoint = %s GROUP BY w.name"""
    return dict(world.rows(query, (endpoint,)))


def erase(world: FleetWorld, member: Member, wanted: Wanted) -> None:
    erase_now(member.evidence, wanted, who="officer", why="asked for")
    member.round()
    erase_pending(world.hub.database, world.clock())


def test_months_whose_time_is_over_go_and_their_sums_stay(world: FleetWorld) -> None:
    """What is older than was said is gone as rows and messages; sums, alarms and chains are as
    before, a second round removes nothing, and what endpoints send again is not taken twice.
    """
    one, two = filled(world)
    before = world.rows(SUMS)
    assert keep(world, 0) == []
    assert keep(world, 3) == []
    assert keep(world, 2) == [date(2026, 8, 1)]
    assert keep(world, 2) == []
    assert world.rows(SUMS) == before
    assert world.value("SELECT count(*) FROM records") == 120
    assert problems(world) == []
    assert keep(world, 1) == [date(2026, 9, 1)]
    assert (world.rows(SUMS), problems(world), world.alarms()) == (before, [], [])
    for path, body in [*one.line.sent]:
        if path == "/v1/upload":
            one.line.send(path, body)
    two.records(4, seed=99)
    two.round()
    assert world.value("SELECT count(*) FROM records") == 64
    assert world.value("SELECT sum(records) FROM sums") == 184
    assert (problems(world), world.alarms()) == ([], [])
    with world.hub.database.work() as connection:
        told = [(row["month"].month, row["removed_at"] is None) for row in months(connection, NOW)]
    assert told == [(11, True), (9, False), (8, False)]


NOW = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize("by_hand", [False, True])
@pytest.mark.parametrize("what", ["person", "before", "value"])
def test_an_erasure_after_a_month_was_removed_is_right(
    world: FleetWorld, what: str, *, by_hand: bool
) -> None:
    """No sum shrinks, nobody else loses anything, and whoever is erased is named nowhere: also
    where somebody dropped the tables by hand, as databases' keepers do.
    """
    one, _ = filled(world)
    numbers, others = world.rows(SUMS), people_of(world, 2)
    people = people_of(world, 1)
    person = max(people, key=lambda name: people[name])
    if by_hand:
        run_sql(world, TABLES)
    else:
        assert keep(world, 2) == [date(2026, 8, 1)]
    wanted = {
        "person": Wanted(users=frozenset({person})),
        "before": Wanted(before_us=1 << 60),
        "value": Wanted(fingerprints=frozenset({"0" * 32})),
    }[what]
    if what == "value":
        erase(world, one, Wanted(users=frozenset({"nobody-of-that-name"})))
    erase(world, one, wanted)
    after = people_of(world, 1)
    assert world.value("SELECT sum(records) FROM sums") == numbers[0][0]
    assert people_of(world, 2) == others
    if what == "person":
        assert person not in after
        assert world.value("SELECT count(*) FROM people WHERE name = %s", (person,)) == (
            person in others
        )
        if not by_hand:
            assert after == {name: count for name, count in people.items() if name != person}
    elif what == "before":
        assert after == {}
    else:
        assert (after, world.rows(SUMS)) == (people, numbers)
    if by_hand:
        assert any("entry 1 is missing" in one for one in problems(world))
        with world.hub.database.work() as connection:
            noted = note_dropped(connection, note="old", who="ada", now=world.clock())
        assert noted > 50
    assert problems(world) == []
    assert world.alarms() == []


@pytest.mark.parametrize("table", ["records_2026_08", "uploads_2026_08"])
def test_a_person_is_erased_where_only_one_of_the_tables_was_dropped(
    world: FleetWorld, table: str
) -> None:
    """Half a month that is left names nobody who was erased, and no sum shrinks."""
    one, _ = filled(world)
    total, people = world.value("SELECT sum(records) FROM sums"), people_of(world, 1)
    person = max(people, key=lambda name: people[name])
    run_sql(world, f"DROP TABLE {table}")
    erase(world, one, Wanted(users=frozenset({person})))
    assert person not in people_of(world, 1)
    assert world.value("SELECT sum(records) FROM sums") == total


def test_evidence_that_is_taken_anew_after_months_were_removed_counts_once(
    world: FleetWorld,
) -> None:
    """What was kept of a chain before counts no longer, in removed months, too."""
    one, _ = filled(world)
    keep(world, 2)
    with connect(one.evidence) as connection:
        connection.execute("DELETE FROM entries WHERE seq > 100")
    one.round()
    assert world.alarms() == ["cut"]
    number = world.value("SELECT number FROM alarms WHERE ended_at IS NULL")
    with world.hub.database.work() as database:
        resolve(database, number, "ada", "looked", world.clock(), adopt=True)
    one.round()
    assert world.value("SELECT sum(records) FROM sums") == 100 + 75
    assert problems(world) == []


def hold(member: Member, facts: dict[str, object], event: Event = Event.LEGAL_HOLD) -> None:
    with connect(member.evidence) as connection, transaction(connection):
        append_happening(connection, happening(event, facts))  # type: ignore[arg-type]
    member.round()


HOLDS: tuple[tuple[dict[str, object], bool], ...] = (
    ({"user": "no such person"}, False),
    ({"script": "no such script"}, False),
    ({"until_us": 1}, False),
    ({"since_us": 1 << 51}, False),
    ({}, True),
    ({"until_us": 1 << 51}, True),
    ({"since_us": 1 << 62, "user": 7}, True),
)


def test_a_month_under_a_legal_hold_stays(world: FleetWorld) -> None:
    """The hub removes nothing that an endpoint holds for a court, until the hold is lifted; holds
    over other records keep nothing here, and one that nobody can read keeps all.
    """
    one, _ = filled(world)
    for facts, stays in HOLDS:
        hold(one, {"hold": "case-1", **facts})
        with world.hub.database.work() as connection:
            assert held(connection, date(2026, 8, 1)) is stays, facts
    assert keep(world, 2) == []
    with world.hub.database.work() as connection:
        assert [row["held"] for row in months(connection, world.clock())] == [False, False, True]
    hold(one, {"hold": "case-1"}, Event.HOLD_LIFTED)
    assert remove_old(world.hub.database, world.clock()) == [date(2026, 8, 1)]
    assert problems(world) == []


def test_the_hub_removes_by_itself_and_says_so(world: FleetWorld, tmp_path: Path) -> None:
    """A hub that serves removes what is over, chains that it did, and writes no archive of it."""
    filled(world)
    assert keep(world, 3) == []
    on_a_day(world, 12)
    world.hub.watch()
    assert world.rows("SELECT about, who FROM hub_deeds WHERE word = 'month-removed'") == [
        ("month 2026-08", "the hub")
    ]
    with world.hub.database.work() as connection, pytest.raises(InputError, match="removed 2026"):
        shown = council(connection, tmp_path)
        archive(connection, tmp_path / "archive", "2026-08", shown, world.clock())


def test_what_is_claimed_to_be_removed_and_was_not_is_named(world: FleetWorld) -> None:
    """Whoever takes messages out and writes down that the hub removed them is found out; and what
    follows a removed month must follow it.
    """
    filled(world)
    keep(world, 2)
    changes = (
        "INSERT INTO removed_runs SELECT chain, first, last, head, 1 FROM uploads LIMIT 1",
        "UPDATE removed_runs SET head = decode(repeat('00', 32), 'hex')",
        "DELETE FROM removed_runs WHERE chain = 1",
        "DELETE FROM past_sums WHERE chain = (SELECT min(chain) FROM past_sums)",
    )
    for change in changes:
        with world.hub.database.work() as connection:
            assert connection.execute(change.encode()).rowcount > 0, change
            assert verify(connection).problems != [], change
            raise psycopg.Rollback
    assert problems(world) == []


def test_a_number_of_months_that_is_none_is_not_kept(world: FleetWorld) -> None:
    """Nothing is changed; and nothing is noted as dropped where nothing is missing."""
    for number in (-1, 1201, 10**9):
        with pytest.raises(InputError):
            keep(world, number)
    with world.hub.database.work() as connection, pytest.raises(InputError, match="missing"):
        note_dropped(connection, note="x", who="ada", now=world.clock())
