"""Whom a run's environment was handed on to, whoever has become their parent since."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from patience import eventually

from attribution.carriers import carriers, mention

_WAITS = "import sys; sys.stdin.read()"
_FORKS = "import os, sys; pid = os.fork(); sys.stdin.read(); pid and os.wait()"


@contextmanager
def _started(code: str, **environment: str) -> Iterator[int]:
    process = subprocess.Popen(
        [sys.executable, "-S", "-c", code],
        stdin=subprocess.PIPE,
        env={"PATH": os.environ["PATH"], **environment},
    )
    try:
        yield process.pid
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(20)


def _eventually(name: str, value: str, count: int) -> list[int]:
    eventually(lambda: len(carriers(name, value)) >= count)
    return carriers(name, value)


def test_a_process_and_its_forks_carry_what_it_was_given() -> None:
    """A child that starts no program of its own is one as well."""
    with _started(_FORKS, OUTGATE_RUN="run-a") as pid:
        found = _eventually("OUTGATE_RUN", "run-a", 2)
        assert pid in found
    assert carriers("OUTGATE_RUN", "run-a") == []


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"OUTGATE_RUN": "run-b2"},
        {"OUTGATE_RUN": "xrun-b"},
        {"MY_OUTGATE_RUN": "run-b"},
        {"OTHER": "OUTGATE_RUN=run-b"},
    ],
)
def test_what_only_looks_like_it_is_not_it(environment: dict[str, str]) -> None:
    """Name and value must be the same to the end."""
    with _started(_WAITS, MARK="there", **environment) as pid:
        assert pid in _eventually("MARK", "there", 1)
        assert carriers("OUTGATE_RUN", "run-b") == []


def test_a_folder_is_in_use_while_somebody_was_started_with_it() -> None:
    """It may be one of several in a list."""
    with _started(_WAITS, PYTHONPATH="/tmp/of-a-run-77/path:/elsewhere"):
        eventually(lambda: mention("/tmp/of-a-run-77"))
    assert not mention("/tmp/of-a-run-77")
