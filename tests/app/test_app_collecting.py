"""Of several gates one collects, and another takes over when it has ended."""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from app.collecting import InTurn, Turn
from core.observation import Observation
from tests.evidence.conftest import make_observation


class Always:
    """Tells something at each look."""

    def look(self) -> Iterable[Observation]:
        return [make_observation(1)]

    def still(self) -> bool:
        return True

    def end(self) -> Iterable[Observation]:
        return [make_observation(2)]


HOLDS = """
import sys
from pathlib import Path
from app.collecting import Turn
turn = Turn(Path(sys.argv[1]))
print(turn.ours(), flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="locks of POSIX")
def test_one_gate_collects_at_a_time(tmp_path: Path) -> None:
    """What one program does is told once, however many gates run; a gate that was killed holds
    nobody up.
    """
    place = tmp_path / "turn"
    collector = InTurn(Always(), Turn(place))
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(place)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None and other.stdout.readline() == b"True\n"
        assert not list(collector.look())
        other.kill()
    assert list(collector.look()) and list(collector.end())
    assert not Turn(place).ours()


def test_where_there_can_be_no_lock_it_collects(tmp_path: Path) -> None:
    """A folder that cannot be written is no reason to look away."""
    assert list(InTurn(Always(), Turn(tmp_path / "none" / "turn")).look())


def test_who_may_take_over_looks_on_a_machine_at_rest(tmp_path: Path) -> None:
    """Else nobody would collect where the first gate has ended."""
    collector = InTurn(Always(), Turn(tmp_path / "turn"))
    assert not collector.still()
    assert list(collector.look())
    assert collector.still() == (sys.platform != "win32")
