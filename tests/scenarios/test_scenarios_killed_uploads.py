"""A gate that is killed in the middle of what takes long: how much of it had left at least is on
record afterwards.
"""

import json
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import pytest

from app.demo.internet import StandInInternet
from core.fate import AT_LEAST_NOTE
from tests.scenarios.conftest import Outgate

_UPLOADS = """
import http.client, os, time
connection = http.client.HTTPSConnection(os.environ["HTTPS_PROXY"].split("/")[2], timeout=60)
connection.set_tunnel("files.example")
connection.putrequest("PUT", "/big.bin")
connection.putheader("content-length", str(1 << 30))
connection.endheaders()
while True:
    connection.send(os.urandom(1 << 16))
    time.sleep(0.01)
"""


@contextmanager
def answering_at_once(internet: StandInInternet) -> Iterator[tuple[int, threading.Event]]:
    """A server that answers to the head of a request, and reads on; its port, and whether it has
    answered.
    """
    context, answered = internet.context_for("files.example"), threading.Event()

    def one(plain: socket.socket) -> None:
        with plain, suppress(OSError), context.wrap_socket(plain, server_side=True) as talk:
            head = b""
            while b"\r\n\r\n" not in head:
                head += talk.recv(1 << 16)
            talk.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            answered.set()
            while talk.recv(1 << 16):
                continue

    def serve() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=one, args=(listening.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1], answered


def test_a_gate_killed_behind_an_early_answer_knows_that_more_may_have_left(
    outgate: Outgate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its record waits for the end of the upload, and what the journal holds by then is the least
    that left.
    """
    with answering_at_once(outgate.internet) as (port, answered):
        monkeypatch.setattr(StandInInternet, "routes", [f"::127.0.0.1:{port}"])
        gate = outgate.start()
        script = outgate.script("sends.py", _UPLOADS)
        client = subprocess.Popen([sys.executable, str(script)], env=outgate.behind())
        try:
            outgate.wait_for(answered.is_set)
            before = outgate.wait_for(lambda: _bytes_in_journal(outgate))
            known = outgate.wait_for(lambda: max(0, _bytes_in_journal(outgate) - before)) + before
            gate.kill()
            gate.wait(60)
        finally:
            client.kill()
            client.wait(60)
    outgate.start()
    [record] = outgate.wait_for(outgate.records)
    assert record["request"]["bytes"] >= known > before
    assert not record["request"]["complete"]
    assert AT_LEAST_NOTE in record["notes"]
    assert record["response"]["status"] is None


def test_a_gate_killed_in_an_upload_knows_how_much_left_at_least(outgate: Outgate) -> None:
    """The journal hears of it as it goes on: nobody is told of 0 bytes where millions had left."""
    gate = outgate.start()
    script = outgate.script("sends.py", _UPLOADS)
    client = subprocess.Popen([sys.executable, str(script)], env=outgate.behind())
    try:
        known = outgate.wait_for(lambda: _bytes_in_journal(outgate))
        gate.kill()
        gate.wait(20)
    finally:
        client.kill()
        client.wait(20)
    outgate.start()
    [record] = outgate.wait_for(outgate.records)
    assert record["request"]["bytes"] >= known > 0
    assert not record["request"]["complete"]
    assert AT_LEAST_NOTE in record["notes"]


def _bytes_in_journal(outgate: Outgate) -> int:
    """Return how much has left of what is under way, as it stands on the disk."""
    place = f"file:{outgate.home / 'evidence.db'}?mode=ro"
    with closing(sqlite3.connect(place, uri=True)) as connection:
        rows = connection.execute("SELECT CAST(body AS TEXT) FROM open_exchanges").fetchall()
    return max((json.loads(body)["request"]["bytes"] for (body,) in rows), default=0)
