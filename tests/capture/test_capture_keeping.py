"""What a keeper notes, and what the one after it makes of that."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from capture.keeping import Journal, State, started_at


def ticking() -> Callable[[], datetime]:
    """Return a clock that goes on by a second each time."""
    now = [datetime(2026, 11, 26, tzinfo=UTC)]

    def clock() -> datetime:
        now[0] += timedelta(seconds=1)
        return now[0]

    return clock


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "state", ticking())


def state_of(folder: Path) -> State:
    state = State.read(folder / "state")
    assert state is not None
    return state


def test_a_window_is_kept_until_a_gate_knows_of_it(journal: Journal, tmp_path: Path) -> None:
    """A time without a gate is noted with its count, and forgotten when it is in the evidence."""
    journal.began("user eve", closed=False, port=1)
    window = journal.opened(closed=False)
    assert (state_of(tmp_path).open, journal.untold()) == (True, ())
    journal.closed(window, 7)
    [over] = journal.untold()
    assert (over.connections, over.closed) == (7, False)
    assert over.until is not None and over.since < over.until
    journal.told(over)
    assert journal.untold() == ()
    journal.ended()
    assert list((tmp_path / "state").iterdir()) == []


def test_a_window_that_nobody_heard_of_outlives_the_keeper(
    journal: Journal, tmp_path: Path
) -> None:
    """A keeper that ends while no gate is there leaves the window for the next one to tell."""
    journal.began("user eve", closed=False, port=1)
    journal.closed(journal.opened(closed=False), 3)
    journal.ended()
    assert not state_of(tmp_path).is_alive
    after = Journal(tmp_path / "state", ticking())
    after.began("user eve", closed=False, port=1)
    assert [one.connections for one in after.untold()] == [3]


@pytest.mark.parametrize("without_gate", [False, True])
def test_a_killed_keeper_is_a_window_that_nobody_counted(
    journal: Journal, tmp_path: Path, without_gate: bool
) -> None:
    """From its last sign of life on, or from when the gate was gone, until the next one."""
    journal.began("all", closed=True, port=1)
    since = journal.opened(closed=True).since if without_gate else None
    journal.beat(5 if without_gate else None)
    since = since or state_of(tmp_path).beat
    after = Journal(tmp_path / "state", ticking())
    after.began("all", closed=False, port=1)
    assert [(w.since, w.connections, w.closed) for w in after.untold()] == [(since, None, True)]


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b"\xff", b'{"windows": 3}', b'{"windows": [{"x": 1}]}', b"null"]
)
def test_a_broken_file_is_none(tmp_path: Path, content: bytes) -> None:
    """Whatever lies there, a keeper can begin."""
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "state.json").write_bytes(content)
    assert State.read(tmp_path / "state") is None
    Journal(tmp_path / "state").began("all", closed=False, port=1)


def test_a_pid_alone_is_no_keeper(journal: Journal, tmp_path: Path) -> None:
    """Another process that has the number by now is not taken for the keeper."""
    journal.began("all", closed=False, port=1)
    assert state_of(tmp_path).is_alive
    path = tmp_path / "state" / "state.json"
    values = json.loads(path.read_text())
    path.write_text(json.dumps({**values, "started": values["started"] + 1}))
    assert not state_of(tmp_path).is_alive
    assert started_at(os.getpid()) == values["started"]
