"""The process that reads what programs begin with ends, or stands still, while the gate serves:
what began meanwhile is doubted and says why, what begins later is not, and no evidence is lost.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from attribution.resolution.titles import UNREAD
from tests.scenarios.conftest import Outgate

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="events of the Linux kernel")

SEND = """
import urllib.request
input()
urllib.request.urlopen("https://files.example/in", data=b"figures", timeout=30)
"""


def reader_of(gate: int) -> int | None:
    """Return the process that reads beginnings for this gate."""
    for place in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
            line = (place / "cmdline").read_bytes()
        except OSError:
            continue
        if parent == gate and b"beginnings_process.py" in line:
            return int(place.name)
    return None


def sent(
    outgate: Outgate, name: str, once_begun: Callable[[], None] = lambda: None
) -> dict[str, Any]:
    """Run a script, and return who sent by the record of it."""
    words = [sys.executable, str(outgate.script(name, SEND))]
    with subprocess.Popen(words, env=outgate.behind(), stdin=subprocess.PIPE) as running:
        once_begun()
        running.communicate(b"\n", timeout=60)
    assert running.returncode == 0
    path = str(outgate.folder / name)

    def told() -> dict[str, Any] | None:
        senders = [record["sender"] for record in outgate.records()]
        mine = [each for each in senders if (each["script"] or {}).get("path") == path]
        return mine[-1] if mine else None

    found: dict[str, Any] = outgate.wait_for(told)
    return found


@pytest.mark.parametrize("is_killed", [True, False])
def test_what_begins_while_nobody_reads_is_doubted(outgate: Outgate, is_killed: bool) -> None:
    """Killed, it is begun anew; one that stands still is taken for gone, and begun anew as well."""
    gate = outgate.start()
    if (reader := reader_of(gate.pid)) is None:
        pytest.skip("the kernel tells nobody of our rights")
    still: list[bool] = []

    def end_it() -> None:
        assert reader is not None
        still.append(reader_of(gate.pid) in {None, reader})  # else the gate was quicker
        with contextlib.suppress(ProcessLookupError):
            os.kill(reader, signal.SIGKILL if is_killed else signal.SIGSTOP)

    while not any(still):
        found: int | None = outgate.wait_for(lambda: reader_of(gate.pid))
        assert found is not None
        os.kill(reader := found, signal.SIGSTOP)
        doubted = sent(outgate, f"meanwhile_{len(still)}.py", end_it)
    assert (doubted["certainty"], doubted["reason"]) == ("likely", UNREAD)

    outgate.wait_for(lambda: reader_of(gate.pid) not in {None, reader})
    # A machine that is too busy reads one of them late.
    outgate.wait_for(lambda: sent(outgate, "later.py")["certainty"] == "exact")

    assert gate.poll() is None
    assert {record["decision"]["verdict"] for record in outgate.records()} == {"allow"}
    verified = outgate("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
