"""Whose listener stands at an address."""

import os
import socket
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from app import machine_gate
from app.gate_registry import RunningGate, announce
from app.listeners import listening_user

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's table is Linux'")

HEAD = (
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout\n"
)
ROW = " 0: {} 00000000:0000 {} 00000000:00000000 00:00000000 00000000  {}        0 1 1 0\n"
PORT = "22C3"  # 8899
LOOPBACK, OTHER, ALL = "0100007F", "0200007F", "00000000"
ALL_6, MAPPED = "0" * 32, "0000000000000000FFFF00000100007F"


def table(*rows: tuple[str, str, int]) -> str:
    return HEAD + "".join(ROW.format(f"{at}:{PORT}", state, uid) for at, state, uid in rows)


@pytest.mark.parametrize(
    ("rows", "user"),
    [
        ([(LOOPBACK, "0A", 991)], 991),
        ([(ALL, "0A", 1001)], 1001),
        ([(ALL_6, "0A", 1001)], 1001),
        ([(MAPPED, "0A", 991)], 991),
        ([(ALL, "0A", 1001), (LOOPBACK, "0A", 991)], 991),
        ([(OTHER, "0A", 1001)], None),
        ([(LOOPBACK, "01", 1001)], None),
        ([], None),
    ],
)
def test_the_nearest_listener_counts(rows: list[tuple[str, str, int]], user: int | None) -> None:
    """One at this address before one at all addresses; what is no listener does not count."""
    assert listening_user("127.0.0.1", 8899, [table(*rows)]) == user


def test_our_own_listener_is_ours() -> None:
    """As the kernel of this machine prints it, for both families."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert listening_user(*listener.getsockname()) == os.geteuid()


STAND_IN = """
import json, os, socket, sys
os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
body = json.dumps({"outgate": "gate", "pid": int(sys.argv[1])}).encode()
while True:
    talk = listener.accept()[0]
    talk.recv(65536)
    talk.sendall(b"HTTP/1.1 200 OK\\r\\n\\r\\n" + body)
    talk.close()
"""
SERVICE, EVE = 64_990, 64_991


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="users of their own")
@pytest.mark.parametrize(("who", "is_found"), [(SERVICE, True), (0, True), (EVE, False)])
def test_a_stand_in_at_the_port_of_a_gate_that_was_killed_is_no_gate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, who: int, *, is_found: bool
) -> None:
    """Its announcement stays where a gate is killed, and whoever takes its port answers as it did;
    programs, `require_gate` and `status` would believe it.
    """
    monkeypatch.setattr(machine_gate, "PUBLIC", tmp_path)
    gone = 2**22 + 1
    words = [sys.executable, "-c", STAND_IN, str(gone), str(who)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as listens:
        try:
            assert listens.stdout is not None
            port = int(listens.stdout.readline())
            gate = RunningGate(host="127.0.0.1", port=port, pid=gone, started_at="")
            announce(tmp_path / "gate.json", gate)
            os.chown(tmp_path / "gate.json", SERVICE, SERVICE)
            found = machine_gate.machine_gate()
            assert (found is not None) is is_found
            if found is not None:
                assert asdict(found) == {**asdict(gate), "public": str(tmp_path)}
        finally:
            listens.kill()
