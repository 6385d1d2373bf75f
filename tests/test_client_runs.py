"""A client that does not end takes nothing from those beside it, and is named; what is one of a
kind is always tried.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import client_runs
import pytest
from client_runs import ALONE, Trials, Tried, shared
from client_scripts import CLIENT_SCRIPTS, ClientScript, Ends
from small_world import Ran

STUCK = {
    "waits": "import signal; signal.pause()",
    "told-in-vain": "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "while True: signal.pause()",
    "in-a-child": "import subprocess; subprocess.run(['sleep', '3600'])",
}
"""Clients that never end, by what they do."""


class NoWorld:
    """Runs programs without a gate: nothing arrives anywhere, and nothing is on record."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *command: str, seconds: float) -> Ran:
        """Run a program as it is."""
        done = subprocess.run(
            command,
            env={**os.environ, "SSL_CERT_FILE": "/none"},
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        return Ran(code=done.returncode, out=done.stdout, told=done.stderr, seconds=0)

    def arrivals(self, host: str) -> list[dict[str, Any]]:
        """Return none."""
        return []

    def all_records(self) -> list[dict[str, Any]]:
        """Return none."""
        return []

    @contextmanager
    def telling_what_is_seen(self) -> Iterator[None]:
        """Tell nothing."""
        yield


def script(name: str, code: str) -> ClientScript:
    """Return a client of this code."""
    return ClientScript(name=name, client="x", way="x", ends=Ends.WORKS, code=code)


def ended_well(seen: Tried) -> None:
    """What is right with a script that ends."""
    assert seen.code == 0, seen


def test_who_does_not_end_is_ended_and_named_and_the_others_are_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many that never end as run at a time: those behind them have their turn all the same."""
    monkeypatch.setattr(client_runs, "_EACH_S", 3)
    monkeypatch.setattr(client_runs, "_KILL_S", 1)
    stuck = [script(name, code) for name, code in STUCK.items()]
    ends = [script(f"ends-{number}", f"print('said', {number})") for number in range(3)]
    world: Any = NoWorld(tmp_path)
    trials = Trials(world, [*stuck, *ends])
    for one in ends:
        trials.check(one, ended_well)
    [run] = trials.runs
    assert {one.script.name for one in run if one.code in {124, 137}} >= set(STUCK)
    with pytest.raises(AssertionError, match="told-in-vain had to be ended after 3 s"):
        trials.check(stuck[1], lambda seen: None)


def test_what_is_one_of_a_kind_is_always_tried() -> None:
    """A share of the scripts is no share of protocols: each is a script, and is run."""
    for works in (True, False):
        there = [one for one in CLIENT_SCRIPTS if (one.ends is Ends.WORKS) is works]
        names = {one.name for one in there}
        assert {one.name for one in shared(there)} >= names & ALONE
    assert {one.name for one in CLIENT_SCRIPTS} >= ALONE
