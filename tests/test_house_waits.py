"""No test fails because a machine is slow: what another thread or process does is waited for with
patience.
"""

import asyncio
from itertools import count
from pathlib import Path

import patience
import pytest
from patience import eventually, soon
from waits_of_tests import LEAST_S, MEANT, ROOT, impatient, places


def test_whoever_waits_for_others_is_patient() -> None:
    """A wait ends when what it waits for has come. Times that are meant to pass are few, each with
    its reason.
    """
    assert places() == []


def test_what_is_meant_to_pass_is_still_there() -> None:
    """No exception outlives its test."""
    for name, reads in MEANT:
        (path,) = (ROOT / "tests").rglob(name)
        seen = [found for _, found in impatient(path.read_text(encoding="utf-8"))]
        assert any(reads in found for found in seen), f"{name}: {reads}"


@pytest.mark.parametrize(
    "text",
    [
        "until = time.monotonic() + 60",
        "end = started or monotonic() + LONG",
        "talk.recv(timeout=5)",
        "SHORT = 8.0\ntalk.settimeout(SHORT)",
        "thread.join(19.5)",
        "socket.create_connection(place, 9)",
        "asyncio.run(asyncio.wait_for(played(), 1))",
        "async def t():\n    async with asyncio.timeout(0.5): pass",
        "assert found.result(1) == 2",
        "assert time.monotonic() - started < 20",
        "assert 0 <= perf_counter() - started < LONG",
    ],
)
def test_a_short_patience_is_seen(text: str) -> None:
    """However it is written."""
    assert [line for line, _ in impatient(text)] != []


@pytest.mark.parametrize(
    "text",
    [
        "talk.recv(timeout=PATIENT_S)",
        f"thread.join({LEAST_S})",
        "thread.join()",
        "before = time.monotonic()",
        "took = time.monotonic() - begun",
        "assert events.offspring(number, time.time() - 1) is None",
        "assert monotonic() > before",
        "at = now() + 5",
        "', '.join(words)",
        "gate.wait(1)",
        "subprocess.run(command, timeout=100)",
    ],
)
def test_nothing_else_is_taken_for_one(text: str) -> None:
    """Long waits, waits without end, and what only reads alike."""
    assert impatient(text) == []


def test_a_file_is_told_with_its_line(tmp_path: Path) -> None:
    """Whoever is refused finds the place."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_them.py").write_text("import time\n\nend = time.monotonic() + 5\n")
    assert places(tmp_path) == ["tests/test_them.py:3: time.monotonic() + 5"]


def test_a_wait_ends_with_what_it_waits_for() -> None:
    """And gives what came; nothing is asked again afterwards."""
    turns = count()
    assert eventually(lambda: next(turns) // 3) == 1
    assert next(turns) == 4
    assert asyncio.run(soon(lambda: next(turns) // 8)) == 1


def test_what_never_comes_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once patience is over, by whoever's clock."""
    monkeypatch.setattr(patience, "PATIENT_S", 0.0)
    with pytest.raises(AssertionError, match="nobody came"):
        eventually(lambda: None, "nobody came")
    with pytest.raises(AssertionError, match="nobody came"):
        asyncio.run(soon(lambda: None, "nobody came"))
