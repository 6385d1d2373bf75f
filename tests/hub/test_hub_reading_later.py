"""Rows that an older hub wrote are read again by real processes: killed in the middle, two at once,
and beside what is shipped meanwhile. Afterwards everything is as if one hub had done it in peace.
"""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from signal import SIGKILL
from subprocess import PIPE, Popen
from typing import Any

import pytest
from fleet_world import FleetWorld
from pytest import MonkeyPatch

from hub import how_rows, intake, rows_again
from hub.database import Database
from hub.sums import sum_again
from hub.verification import verify

READS = """
import os, sys
from signal import SIGKILL
from hub import how_rows, rows_again
from hub.database import Database

url, module, read, call, times = sys.argv[1:]
module, left = {"rows_again": rows_again, "how_rows": how_rows}[module], int(times)
real = getattr(module, call)

def killed(*given):
    global left
    left -= 1
    real(*given)
    if left == 0:
        os.kill(os.getpid(), SIGKILL)

setattr(module, call, killed)
print(getattr(module, read)(Database(url), 600))
"""
"""Reads until all is read; killed at a call, what that did not yet being kept."""
KEPT = [
    "SELECT chain, seq, place, destination, kinds, outcome, bytes, how FROM records ORDER BY 1, 2",
    "SELECT * FROM sums ORDER BY 1, 2, 3, 4, 5, 6, 7",
    """SELECT place, destination, kinds, outcome, account, review, records, went, bytes_went
        FROM totals ORDER BY 1, 2, 3, 4, 5, 6""",
    "SELECT * FROM how_sent ORDER BY 1, 2, 3, 4",
]
ROWS = ("rows_again", "read_rows")
HOWS = ("how_rows", "read_hows")
LEFT = "SELECT coalesce(sum(last - least(rows_to, hows_to)), 0)::int FROM chains WHERE kind = 'records'"
WAITS = "SELECT count(*)::int FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


def kept(world: FleetWorld) -> list[list[Any]]:
    return [world.rows(query) for query in KEPT]


def as_an_older_hub_left_it(world: FleetWorld) -> None:
    """It read every record otherwise, nothing of how it came about, and does not say that it
    read.
    """
    world.rows(
        "UPDATE records SET outcome = (SELECT max(outcome) FROM records), bytes = 1, how = 0 "
        "RETURNING 1"
    )
    with world.hub.database.work() as connection:
        for (endpoint,) in connection.execute("SELECT number FROM endpoints").fetchall():
            sum_again(connection, endpoint)
    world.rows("UPDATE chains SET rows_to = 0, hows_to = 0 RETURNING 1")


def reading(world: FleetWorld, what: tuple[str, str], call: str, times: int) -> Popen[str]:
    """Begin to read in a process of its own, killed at so many calls; 0: never."""
    words = [world.hub.database.url, *what, call, str(times)]
    root = Path(rows_again.__file__).parents[1]
    return Popen([sys.executable, "-c", READS, *words], stdout=PIPE, text=True, cwd=root)


@pytest.mark.parametrize(
    ("what", "call"), [(ROWS, "keep_hows_of"), (ROWS, "add_again"), (HOWS, "keep_hows_of")]
)
def test_hubs_that_are_killed_while_they_read_again_leave_nothing_wrong(
    world: FleetWorld, what: tuple[str, str], call: str
) -> None:
    """At the first message, at the third of what is left, and then two at once on two chains."""
    members = [world.member("till-1"), world.member("till-2")]
    for number in range(4):
        for member in members:
            member.records(20, seed=number)
            member.round()
    expected = kept(world)
    as_an_older_hub_left_it(world)
    assert kept(world) != expected
    for times in (1, 3):
        left = world.value(LEFT)
        process = reading(world, what, call, times)
        process.communicate()
        assert process.returncode == -SIGKILL
        assert 0 < world.value(LEFT) <= left
    both = [reading(world, what, call, 0) for _ in range(2)]
    told = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert "0\n" in told
    for read in (rows_again.read_rows, how_rows.read_hows):
        assert read(world.hub.database, 600) == 0
    assert kept(world) == expected
    with world.hub.database.work() as connection:
        assert verify(connection).problems == []


def test_what_is_shipped_while_rows_are_read_again_is_counted_once(
    world: FleetWorld, monkeypatch: MonkeyPatch
) -> None:
    """A new store of the same endpoint ships what stands in the same sums as what is read again."""
    member = world.member("till-1")
    member.records(30)
    member.round()
    as_an_older_hub_left_it(world)
    for path in member.home.glob("evidence.db*"):
        path.unlink()
    member.records(30)
    shipping, go_on = threading.Event(), threading.Event()
    real = how_rows.keep_hows

    def in_the_middle(*given: Any) -> None:
        shipping.set()
        go_on.wait()
        real(*given)

    monkeypatch.setattr(intake, "keep_hows", in_the_middle)
    with ThreadPoolExecutor(2) as pool, closing(Database(world.hub.database.url)) as other:
        round_ = pool.submit(member.round)
        shipping.wait()
        again = pool.submit(rows_again.read_rows, other, 600)
        while not again.done() and not world.value(WAITS):
            pass
        go_on.set()
        assert round_.result().shipped["records"] == 30
        assert again.result() == 0
    with world.hub.database.work() as connection:
        assert verify(connection).problems == []
    count, sent = world.rows("SELECT count(*)::int, sum(bytes)::int FROM records WHERE went")[0]
    for table in ("sums", "totals"):
        query = f"SELECT sum(records)::int, sum(went)::int, sum(bytes_went)::int FROM {table}"
        assert world.rows(query) == [(60, count, sent)]
