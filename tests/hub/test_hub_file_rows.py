"""Which record sent which file is in an index, whoever took the record; what is erased is not."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from fleet_world import FleetWorld, Member

from app.demo.simulated_endpoints import made_up_records, write_evidence
from core.sent_file import FoundBy, Label, SameAs, SentFile
from core.vocabulary.fleet import Over
from evidence.chain import canonical
from evidence.erasure import Wanted, erase_now
from hub import file_rows, room, saved_hunts
from hub.database import Database
from hub.erasing import erase_pending
from hub.file_rows import (
    LATER,
    base_of,
    files_in,
    forget_files,
    keep_files,
    read_files,
)
from hub.hunting import known
from hub.months import keep_months, remove_old
from hub.sought import Sought
from hub.verification import verify

KEPT = "SELECT s.seq, f.path, f.base, f.sha256, s.bytes, s.went FROM sent_files s JOIN files f"
KEPT += " ON f.number = s.file ORDER BY s.chain, s.seq, f.path"


def a_file(path: str, sha256: str | None = None) -> SentFile:
    return SentFile(
        path=path,
        same=SameAs.BYTES,
        found_by=FoundBy.DESCRIPTOR,
        label=Label.SPREADSHEET,
        size=10,
        sha256=sha256,
    )


def sends(member: Member, files: dict[int, tuple[SentFile, ...]], count: int = 30) -> Any:
    """Write records into its evidence, of which those of these numbers sent files."""
    made = list(made_up_records(3, count, member.clock()))
    for number, sent in files.items():
        made[number] = replace(made[number], files=sent)
    write_evidence(member.evidence, iter(made))
    return made


def found(world: FleetWorld, name: str) -> list[dict[str, Any]]:
    with world.hub.database.work() as connection:
        return known(connection, Sought(over=Over.FILES, name=name))


def problems(world: FleetWorld) -> list[str]:
    with world.hub.database.work() as connection:
        return verify(connection).problems


def counted(world: FleetWorld) -> tuple[int, ...]:
    (row,) = world.rows("SELECT count(*)::int, (SELECT count(*)::int FROM files) FROM sent_files")
    return tuple(row)


LIST = a_file("/home/amara/list.xlsx", "ab12" * 16)
BACKUP = a_file("C:\\data\\backup.zip")


def as_taken_by_an_older_hub(world: FleetWorld) -> None:
    with world.hub.database.work() as connection:
        connection.execute("DELETE FROM sent_files")
        connection.execute("DELETE FROM files")
        connection.execute("UPDATE chains SET files_to = 0")


def test_what_came_before_is_found_and_then_read_into_the_index(world: FleetWorld) -> None:
    """A hunt tells the same before, between and afterwards; delivered twice nothing is doubled."""
    member = world.member("till-1")
    sends(member, {2: (LIST, BACKUP), 9: (LIST,)})
    member.round()
    rows, told = world.rows(KEPT), found(world, "list.xlsx")
    assert counted(world) == (3, 2)
    assert [(row["requests"], row["what"]) for row in told] == [(1, LIST.path)] * len(told)
    assert sum(row["requests"] for row in told) == 2
    as_taken_by_an_older_hub(world)
    assert found(world, "list.xlsx") == told
    sends(member, {4: (BACKUP,)})
    member.round()  # a newer hub takes what comes; what lacks before it still lacks
    with world.hub.database.work() as connection:
        assert LATER.left(connection) == 60
    assert found(world, "list.xlsx") == told
    assert sum(row["requests"] for row in found(world, "backup.zip")) == 2
    assert read_files(world.hub.database, 60.0, world.clock()) == 0
    assert world.rows(KEPT)[:3] == rows and counted(world) == (4, 2)
    assert found(world, "list.xlsx") == told
    assert sum(row["requests"] for row in found(world, "data\\backup.zip")) == 2
    world.hub.watch()
    assert counted(world) == (4, 2)
    assert problems(world) == []
    with world.hub.database.work() as connection:
        connection.execute("DELETE FROM sent_files WHERE seq = 3")
    assert [one.rpartition(": ")[2] for one in problems(world)] == [
        "4 files were sent, and 2 are in the index"
    ]


def test_what_is_erased_is_in_no_index(world: FleetWorld) -> None:
    """Names of files that only erased records sent are forgotten, others stay."""
    member = world.member("till-1")
    made = sends(member, {2: (LIST,), 9: (LIST, BACKUP)})
    other = world.member("till-2")
    sends(other, {1: (BACKUP,)})
    member.round()
    other.round()
    assert counted(world) == (4, 2)
    users = frozenset({made[0].sender.user or ""})
    erase_now(member.evidence, Wanted(users=users), who="officer", why="asked")
    member.round()
    assert erase_pending(world.hub.database, world.clock()) == 1
    left = [f for n in (2, 9) for f in files_of(world, n + 1)]
    assert counted(world)[0] == len(left) + 1
    names = {path for (path,) in world.rows("SELECT path FROM files")}
    assert names == {path for path, _ in left} | {BACKUP.path}
    assert problems(world) == []


def files_of(world: FleetWorld, seq: int) -> list[tuple[str, str]]:
    """What a record of the first endpoint still says, in the message as it is kept."""
    from hub.stored import entries_of

    with world.hub.database.work() as connection:
        kept = entries_of(connection, 2, seq) or entries_of(connection, 1, seq)
    assert kept is not None
    return list(files_in(kept.entry(seq).text))


def test_a_month_that_is_removed_takes_its_files_along(world: FleetWorld) -> None:
    """And what nobody has read of it is not waited for."""
    member = world.member("till-1")
    sends(member, {2: (LIST,)})
    member.round()
    world.clock.on(days=70)
    sends(member, {3: (BACKUP,)})
    member.round()
    with world.hub.database.work() as connection:
        keep_months(connection, 1, note="", who="ada", now=world.clock())
    assert remove_old(world.hub.database, world.clock())
    assert [row[1] for row in world.rows(KEPT)] == [BACKUP.path]
    assert counted(world) == (1, 1)
    as_taken_by_an_older_hub(world)
    assert read_files(world.hub.database, 60.0, world.clock()) == 0
    assert [row[1] for row in world.rows(KEPT)] == [BACKUP.path]


def test_a_saved_hunt_for_a_file_knows_what_was_sent_before(world: FleetWorld) -> None:
    """Of the index, without an alarm."""
    member = world.member("till-1")
    sends(member, {2: (LIST,), 9: (LIST,)})
    member.round()
    sought = Sought(over=Over.FILES, name="AB12" * 3)
    with world.hub.database.work() as connection:
        saved_hunts.save_sought(connection, sought, who="ada", note="why", now=world.clock())
    assert world.value("SELECT sum(records)::int FROM hunt_sightings") == 2
    assert world.alarms() == []


def test_no_message_fills_the_index(world: FleetWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a record that tells of more files than a gate does, some are kept; of a message, too."""
    monkeypatch.setattr(file_rows, "_MOST_FILES", 7)
    monkeypatch.setattr(file_rows, "_MOST_SENT", 20)
    member = world.member("till-1")
    many = tuple(a_file(f"/tmp/{n}") for n in range(9))
    sends(member, dict.fromkeys(range(5), many))
    member.round()
    assert world.rows("SELECT count(*)::int FROM sent_files GROUP BY seq ORDER BY seq") == [
        (7,),
        (7,),
        (6,),
    ]
    assert counted(world) == (20, 7)


def flooding(world: FleetWorld, monkeypatch: pytest.MonkeyPatch) -> Member:
    """An endpoint that told of more files than the index has room for: 6 of 14, in three rounds."""
    monkeypatch.setattr(room, "MOST_FILES", 5)
    monkeypatch.setattr(room, "_FILES_ASKED_EVERY", 1)
    member = world.member("till-1")
    for turn in range(3):
        many = tuple(a_file(f"/tmp/{turn}-{n}") for n in range(3))
        sends(member, {1: many, 5: (LIST,), 9: (LIST, BACKUP)[: turn + 1]})
        member.round()
    return member


def test_an_endpoint_fills_the_index_only_so_far(
    world: FleetWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other endpoints are not kept from it; an alarm tells of it, and a hunt finds all of it."""
    flooding(world, monkeypatch)
    kept = counted(world)[0]
    assert 5 <= kept < 14 and world.alarms() == ["files"]
    assert sum(row["requests"] for row in found(world, "list.xlsx")) == 6
    assert sum(row["requests"] for row in found(world, "backup.zip")) == 2
    assert [row["requests"] for row in found(world, "2-2")] == [1]
    assert problems(world) == []
    assert read_files(world.hub.database, 60.0, world.clock()) == 0
    assert counted(world)[0] == kept
    other = world.member("till-2")
    sends(other, {2: (BACKUP,)})
    other.round()
    assert counted(world)[0] == kept + 1
    sought = Sought(over=Over.FILES, name="list.xlsx")
    with world.hub.database.work() as connection:
        saved_hunts.save_sought(connection, sought, who="ada", note="why", now=world.clock())
    assert world.value("SELECT sum(records)::int FROM hunt_sightings") == 6


def test_where_there_is_room_again_the_index_goes_on(
    world: FleetWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A month takes its files along; what came when there was no room is read then."""
    member = flooding(world, monkeypatch)
    world.clock.on(days=70)
    sends(member, {3: (BACKUP,)})
    member.round()
    with world.hub.database.work() as connection:
        keep_months(connection, 1, note="", who="ada", now=world.clock())
    assert remove_old(world.hub.database, world.clock())
    assert read_files(world.hub.database, 60.0, world.clock()) == 0
    assert [row[1] for row in world.rows(KEPT)] == [BACKUP.path]
    assert problems(world) == []


def test_files_that_are_read_later_make_no_sender_known(
    world: FleetWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not told apart in the rows of records is not in the index of files."""
    monkeypatch.setattr(room, "MOST_TOLD_APART", 1)
    member = world.member("till-1")
    member.records(1)
    member.round()
    sends(member, dict.fromkeys(range(8), (LIST,)))
    member.round()
    places, rows = "SELECT count(*)::int FROM places", world.rows(KEPT)
    before = world.value(places)
    as_taken_by_an_older_hub(world)
    assert read_files(world.hub.database, 60.0, world.clock()) == 0
    assert world.value(places) == before and world.rows(KEPT) == rows


def test_what_is_sent_while_it_is_forgotten_stays(world: FleetWorld) -> None:
    """Whoever forgets waits for a message that is being taken, and looks again."""
    member = world.member("till-1")
    sends(member, {2: (LIST,)})
    member.round()
    with world.hub.database.work() as connection:
        connection.execute("DELETE FROM sent_files")  # as an erasure leaves it
    ((chain, received),) = world.rows("SELECT chain, received FROM records WHERE seq = 5")
    other = Database(world.hub.database.url)
    pool = ThreadPoolExecutor(1)
    with pool, world.hub.database.work() as connection:
        made = list(made_up_records(3, 1, world.clock()))
        text = canonical(replace(made[0], files=(LIST, BACKUP)).to_json())
        keep_files(connection, chain, received, [(5, text)])
        forgotten = pool.submit(forget, other)
        while not world.value("SELECT count(*)::int FROM pg_locks WHERE NOT granted"):
            pass
    forgotten.result(30)
    other.close()
    assert counted(world) == (2, 2)


def forget(database: Database) -> None:
    with database.work() as connection:
        forget_files(connection)


def test_names_are_cut_at_separators_of_either_kind() -> None:
    """What has none is its own last part; hostile texts are no files."""
    paths = ["a/b", "a\\b", "a/b\\c", "a\\b/c", "b", "", "a/"]
    assert [base_of(path) for path in paths] == ["b", "b", "c", "c", "b", "", ""]
    for text in (b"", b"[]", b'{"files":1}', b'{"files":[1,{"path":2},{}]}', b"\xff"):
        assert list(files_in(text)) == []
    odd = b'{"files":[{"path":"a\\u001bb","sha256":"xyz"},{"path":"c","sha256":7}]}'
    assert [sha for _, sha in files_in(odd)] == ["", ""]
    assert "\x1b" not in "".join(path for path, _ in files_in(odd))


def test_an_erasure_looks_at_the_names_alone_that_it_took(world: FleetWorld) -> None:
    """So it does not read the names of all others; a month that is removed reads all."""
    member = world.member("till-1")
    sends(member, {2: (LIST,)})
    member.round()
    made = "INSERT INTO files (path, base, sha256) VALUES (%s, '', '') RETURNING number"
    taken, other = (world.value(made, (path,)) for path in ("taken", "other"))
    with world.hub.database.work() as connection:
        (kept,) = connection.execute("SELECT file FROM sent_files").fetchall()[0]
        forget_files(connection, {taken, kept})
    assert [n for (n,) in world.rows("SELECT number FROM files")] == [kept, other]
    forget(world.hub.database)
    assert [n for (n,) in world.rows("SELECT number FROM files")] == [kept]
