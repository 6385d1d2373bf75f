"""How much passed unread is told from time to time, and what a killed gate had counted by the
next one.
"""

import asyncio
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from core.errors import EvidenceError
from core.happenings import Event, Happening
from proxy.sealed.captured import Counted
from proxy.sealed.capturing import Captures
from proxy.sealed.passing_counts import Others, place_in, tell_of_lost

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="capture takes Linux")

US = 1_000_000
DIES = """
import os, signal, sys
from pathlib import Path
from proxy.sealed.captured import Counted
from proxy.sealed.passing_counts import Others
times = iter(range(10**15, 2 * 10**15, 10**9))
others = Others(lambda: next(times))
others.keep_in(Path(sys.argv[1]))
for _ in range(3):
    one = Counted(others)
    one.passed(100, from_client=True)
    one.passed(7, from_client=False)
os.kill(os.getpid(), signal.SIGKILL)
"""


def counting() -> Others:
    """Return counts by a clock of their own: a second passes each time."""
    times = iter(range(US * 1000, 10**12, US * 1000))
    return Others(lambda: next(times))


def test_what_a_killed_gate_had_counted_is_told_once_by_the_next(tmp_path: Path) -> None:
    """Nothing is lost by a kill: how many, how much, from when to when."""
    path = place_in(tmp_path / "counts", 7)
    died = subprocess.run([sys.executable, "-c", DIES, str(path)], check=False)
    assert died.returncode == -signal.SIGKILL
    told: list[Happening] = []
    for _ in range(2):
        tell_of_lost(path.parent, told.append)
    [only] = told
    assert only.event is Event.CAPTURE_PASSED and only.facts == {
        "since": "1970-01-12T13:46:40.000000Z",
        "until": "1970-01-12T13:46:48.000000Z",
        "connections_of_no_python": 3,
        "bytes_sent": 300,
        "bytes_received": 21,
        "the_gate_was": "killed",
    }


def test_what_cannot_be_told_stays_to_be_told(tmp_path: Path) -> None:
    """Evidence that cannot be written loses no count."""
    path = place_in(tmp_path, 7)
    subprocess.run([sys.executable, "-c", DIES, str(path)], check=False)

    def broken(_: Happening) -> NoReturn:
        raise EvidenceError("full")

    with pytest.raises(EvidenceError):
        tell_of_lost(tmp_path, broken)
    told: list[Happening] = []
    tell_of_lost(tmp_path, told.append)
    assert len(told) == 1


def test_a_gate_that_lives_is_left_alone_and_one_that_told_all_leaves_nothing(
    tmp_path: Path,
) -> None:
    """Two gates share a home; neither tells of the other's, and no file stays without need."""
    others, told = counting(), list[Happening]()
    others.keep_in(place_in(tmp_path, 1))
    Counted(others).passed(5, from_client=True)
    tell_of_lost(tmp_path, told.append)
    assert told == [] and place_in(tmp_path, 1).exists()
    others.told(others.now())
    others.leave()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [b"", b"x", b"\xff" * 48, b"outgate1" + bytes(40), random.Random(9).randbytes(99)],
    ids=["nothing", "a letter", "ones", "no count", "noise"],
)
def test_a_file_that_is_none_of_ours_tells_nothing(tmp_path: Path, content: bytes) -> None:
    """Garbage is no count, and stops no gate."""
    place_in(tmp_path, 3).write_bytes(content)
    told: list[Happening] = []
    tell_of_lost(tmp_path, told.append)
    tell_of_lost(tmp_path / "missing", told.append)
    assert told == []


def in_turn(turns: int, then: Callable[[int], None]) -> Callable[[float], object]:
    """Return what waits so many times, and ends the task then."""
    left = iter(range(turns))

    async def wait(_: float) -> None:
        turn = next(left, None)
        if turn is None:
            raise asyncio.CancelledError
        then(turn)

    return wait


async def test_the_evidence_hears_from_time_to_time_and_every_count_once() -> None:
    """What was told is counted no more; silence where nothing passed; the end tells the rest."""
    others, told = counting(), list[Happening]()
    captures = Captures(told.append, others)

    def passing(turn: int) -> None:
        if turn != 1:
            Counted(others).passed(10, from_client=turn == 0)

    with pytest.raises(asyncio.CancelledError):
        await captures.keep_telling(60, in_turn(3, passing))  # type: ignore[arg-type]
    Counted(others)
    await captures.ended()
    sums = [
        (
            one.event.value,
            *(one.facts[n] for n in ("connections_of_no_python", "bytes_sent", "bytes_received")),
        )
        for one in told
    ]
    assert sums == [
        ("capture_passed", 1, 10, 0),
        ("capture_passed", 1, 0, 10),
        ("capture_ended", 1, 0, 0),
    ]


async def test_what_the_evidence_did_not_take_is_told_later() -> None:
    """A failure on the way loses no count."""
    others, told, fails = counting(), list[Happening](), [True]

    def tell(one: Happening) -> None:
        if fails.pop() if fails else False:
            raise EvidenceError("full")
        told.append(one)

    captures = Captures(tell, others)
    Counted(others).passed(9, from_client=True)
    await captures.ended()
    await captures.ended()
    assert [one.facts["bytes_sent"] for one in told] == [9]
