"""A run is on record from its start to its end, whatever it sent."""

import sys
from typing import Any

from core.observation import Kind, Observation
from evidence import open_store
from tests.scenarios.conftest import Outgate

JOB = """
import subprocess, sys
log = open("job.log", "w"); log.write("x" * 90_000); log.flush()
table = open("sales.xlsx", "wb")
subprocess.run(["sleep", "6"])
sys.exit(3)
"""
"""It lasts several looks of an ordinary user's gate, one a second, on a busy machine too."""


def runs(outgate: Outgate) -> list[Observation]:
    store = open_store(outgate.home / "evidence.db")
    return [o.observation for o in store.observations() if o.observation.kind is Kind.RUN]


def test_a_run_is_an_observation(outgate: Outgate) -> None:
    """Script, exit code, CPU, memory, bytes, children and files, each with how it is known."""
    job = outgate.script("job.py", JOB)
    assert outgate.run(sys.executable, str(job)).returncode == 3
    (ran,) = runs(outgate)
    assert ran.sender.script is not None
    assert ran.sender.script.path == str(job)
    assert ran.about == "job.py"
    value: dict[str, Any] = {name: seen.value for name, seen in ran.facts.items()}
    assert value["exit_code"] == 3
    assert 0 < value["cpu_milliseconds"] < 20_000
    assert value["bytes_peak_memory"] > 5_000_000
    assert value["bytes_written"] >= 90_000
    assert value["children"] == ("sleep",)
    assert value["spreadsheets"] == (str(outgate.folder / "sales.xlsx"),)
    assert str(outgate.folder / "job.log") in value["files_written"]
    assert ran.ended is not None
    assert (ran.ended - ran.at).total_seconds() >= 2
    assert all(seen.how for seen in ran.facts.values())
