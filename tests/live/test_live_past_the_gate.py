"""Programs that go past the gate, in a network of their own: on record, and told in words."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.home import Home

ROOT = Path(__file__).resolve().parents[2]
_NETWORK = """
ip link set lo up && ip addr add 10.77.0.1/24 dev lo && ip addr add 10.77.0.2/24 dev lo \\
  && exec "$0" -c "$1" "$2"
"""
_INSIDE = """
import json, os, socket, subprocess, sys, threading
folder = sys.argv[1]
os.environ["OUTGATE_HOME"] = folder + "/home"
def hold(server):
    kept = []
    while True:
        kept.append(server.accept())
for port in (443, 5432, 8443):
    server = socket.create_server(("10.77.0.2", port))
    threading.Thread(target=hold, args=(server,), daemon=True).start()
beside = subprocess.Popen([sys.executable, folder + "/beside.py"])
done = subprocess.run([sys.executable, "-m", "app.cli", "run", "--", sys.executable,
                       folder + "/job.py"], capture_output=True, text=True, timeout=90)
beside.kill()
from pathlib import Path
from evidence import open_store
told = [one.exported() for one in open_store(Path(folder, "home/evidence.db")).iter_entries()]
records = [one for one in told if one["schema"] == "outgate.record/1"]
print(json.dumps({"code": done.returncode, "out": done.stdout, "told": done.stderr,
                  "records": records}))
"""


def _run(tmp_path: Path, rule_pack: Path, job: str, beside: str = "") -> dict[str, Any]:
    """Run a script behind a private gate in its own network namespace, and another one beside it
    that nobody put there; return what was seen.
    """
    if subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False).returncode:
        pytest.skip("network namespaces cannot be made here")
    (tmp_path / "job.py").write_text(job)
    (tmp_path / "beside.py").write_text(beside)
    (tmp_path / "home").mkdir(mode=0o700)
    shutil.copytree(rule_pack / "credentials", Home(tmp_path / "home").cache / "credentials")
    done = subprocess.run(
        ["unshare", "-n", "sh", "-c", _NETWORK, sys.executable, _INSIDE, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=115,
    )
    assert done.stdout, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return seen


_DIRECT = """
import socket, time
for port in (5432, 8443):
    s = socket.create_connection(("10.77.0.2", port), source_address=("10.77.0.1", 0))
    time.sleep(1.5)
print("done")
"""


def test_what_goes_past_the_gate_at_any_port_is_told(tmp_path: Path, rule_pack: Path) -> None:
    """A database and a web service that a script talks to directly are each on record with the
    script, and the summary does not say that nothing left.
    """
    seen = _run(tmp_path, rule_pack, _DIRECT)

    assert (seen["code"], seen["out"]) == (0, "done\n")
    records = seen["records"]
    assert {record["destination"]["port"] for record in records} == {5432, 8443}
    assert {record["sender"]["script"]["name"] for record in records} == {"job.py"}
    assert "2 past Outgate" in seen["told"]
    assert "port 5432, usually a PostgreSQL database" in seen["told"]
    assert "passed" not in seen["told"]


_FOREIGN = """
import os, socket, time
near = ("10.77.0.1", 0)
while os.getppid() != 1:
    for port, seconds in ((5432, 1.2), (8443, 0.0)):
        with socket.create_connection(("10.77.0.2", port), source_address=near):
            time.sleep(seconds)
"""
_AFTER_THE_FOREIGN = """
import socket, time
time.sleep(3)
with socket.create_connection(("10.77.0.2", 443), source_address=("10.77.0.1", 0)):
    time.sleep(1.5)
"""


def test_the_end_of_a_run_counts_nothing_of_a_program_beside_it(
    tmp_path: Path, rule_pack: Path
) -> None:
    """What another program sent past the gate meanwhile is on record as its own, and neither
    counted nor named at the end of the run; what was too short to be seen is said to be nobody's.
    """
    seen = _run(tmp_path, rule_pack, _AFTER_THE_FOREIGN, beside=_FOREIGN)

    whose = {
        (one["destination"]["port"], one["sender"]["script"]["name"])
        for one in seen["records"]
        if one["sender"]["script"] is not None
    }
    assert (443, "job.py") in whose
    assert (5432, "beside.py") in whose, "the test itself would try nothing"
    told = seen["told"].splitlines()
    assert any("1 past Outgate" in line for line in told), told
    others = [line for line in told if "5432" in line or "8443" in line]
    assert all("this program's or another's" in line for line in others), told


_NOBODY = """
import os, urllib.request, urllib.error
try:
    urllib.request.urlopen("http://10.77.0.9:81/", data=b"x" * 2000, timeout=20)
except Exception as error:
    print(type(error).__name__)
"""


def test_what_reached_nobody_is_not_said_to_be_sent(tmp_path: Path, rule_pack: Path) -> None:
    """A server that is not there got nothing: neither record nor summary says otherwise."""
    seen = _run(tmp_path, rule_pack, _NOBODY)

    assert "1 not sent" in seen["told"], seen["told"]
    assert "0 bytes sent" in seen["told"]
    assert "passed" not in seen["told"]


_SHORT = """
import contextlib, socket, time, urllib.request
near = ("10.77.0.1", 0)
for port, seconds, times in ((8443, 0.05, 4), (5432, 0.0, 5)):
    for _ in range(times):
        with socket.create_connection(("10.77.0.2", port), source_address=near):
            time.sleep(seconds)
with contextlib.suppress(OSError):
    socket.create_connection(("10.77.0.2", 9999), source_address=near)
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sent:
    sent.sendto(b"x", ("10.77.0.2", 9999))
for _ in range(10):
    with contextlib.suppress(OSError):
        urllib.request.urlopen("http://10.77.0.2:9998/", timeout=20)
print("done")
"""


def test_nothing_short_is_passed_over_in_silence(tmp_path: Path, rule_pack: Path) -> None:
    """However short a connection past the gate was, refused or answered, and datagrams without a
    goal: each is on record with its script, or is told as one that nobody can tell the owner of.
    What the gate itself opens and fails to open for the program is none of them.
    """
    seen = _run(tmp_path, rule_pack, _SHORT)

    assert (seen["code"], seen["out"]) == (0, "done\n")
    past = [one for one in seen["records"] if one["decision"]["degraded"]]
    named = {one["destination"]["port"] for one in past}
    [line] = [line for line in seen["told"].splitlines() if " over before it could be" in line]
    for port in (5432, 8443):
        assert port in named or f"10.77.0.2 port {port}" in line
    assert "10.77.0.2, not answered" in line
    assert "datagrams (UDP) to nobody knows where" in line
    assert "9998" not in line
    assert "this program's or another's" in line
    assert "no connection past it" not in seen["told"]
