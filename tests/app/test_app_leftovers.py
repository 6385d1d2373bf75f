"""What is still there when a program has ended: a gate that is late is not said to have ended."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from app import client
from app.gate_registry import RunningGate, followed
from app.home import Home
from app.leftovers import Leftovers, leftovers_of, run_mark
from app.settings import Settings
from core.ids import utc_now


@contextmanager
def answering(pid: int | None, *, after: int = 0, **beside: object) -> Iterator[int]:
    """Answer as the gate of this process does, or not at all, or only after so many questions;
    yield the port.
    """
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = json.dumps({"outgate": "gate", "pid": pid, **beside}).encode()
            self.send_response(200 if pid is not None and len(asked) > after else 500)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield int(server.server_address[1])
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(("pid", "ended"), [(4711, False), (4712, True), (None, False)])
def test_only_another_gate_at_its_port_is_its_end(pid: int | None, ended: bool) -> None:
    """Its own answer, or one that is none, says that it is there: it may be busy."""
    with answering(pid) as port:
        gate = RunningGate(host="127.0.0.1", port=port, pid=4711, started_at="")
        left = leftovers_of(run_mark(), gate, own_gate=False)

    assert (left.gate_ended, left.processes) == (ended, ())


@pytest.mark.parametrize(("after", "answers"), [(0, True), (1, True), (9, False)])
def test_a_gate_that_is_too_busy_is_asked_again_at_the_end_of_a_run(
    *, after: int, answers: bool
) -> None:
    """A run whose gate was not asked is taken for lost there, and stood in the evidence twice."""
    with answering(4711, after=after) as port:
        gate = RunningGate(host="127.0.0.1", port=port, pid=4711, started_at="")
        answer = followed(gate, 4712, utc_now())
    assert (answer is not None) is answers


@pytest.mark.parametrize(("told", "others"), [(64, 64), (None, 0), ("x", 0)])
def test_a_run_that_is_not_followed_says_so(
    told: object,
    others: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """Its user has so many already; nothing is said where it is followed."""
    with answering(4711, runs_of_user=told) as port:
        gate = RunningGate(host="127.0.0.1", port=port, pid=4711, started_at="")
        monkeypatch.setattr(client, "running_gate", lambda _: gate)
        with client.gate_for(Home(tmp_path), Settings()) as found:
            assert found == gate
    said = capsys.readouterr().err
    assert ("follows 64 runs of yours already" in said) is bool(others)
    assert bool(said) is bool(others)


def test_a_port_that_nobody_listens_at_is_its_end() -> None:
    """Whatever ended it."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    gate = RunningGate(host="127.0.0.1", port=port, pid=4711, started_at="")

    assert leftovers_of(run_mark(), gate, own_gate=True).gate_ended


@pytest.mark.parametrize(("sealed", "said"), [(True, "no other way"), (False, "nobody looked")])
def test_out_of_a_seal_nothing_is_said_to_have_been_possible(*, sealed: bool, said: str) -> None:
    """Once its gate has ended a sealed program reaches nothing; another may have gone direct."""
    [line] = Leftovers(gate_ended=True, sealed=sealed).sentences()
    assert said in line
