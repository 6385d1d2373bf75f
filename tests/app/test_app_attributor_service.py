"""The privileged process outlives the gates that ask it, and so does what it has heard."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from patience import PATIENT_S, eventually

from attribution.backends.linux import LinuxBackend
from attribution.facts import OLDER
from attribution.remote.client import RemoteAttributor
from attribution.remote.wire import Hello
from benchmarks.attribution_attacks import Arena
from benchmarks.attribution_attacks.arena import SEND, interpreter, settled
from core.attribution import Attribution, Certainty
from core.exchange import Connection
from core.ids import utc_now

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the service takes Linux")

_DISGUISE = """
import ctypes
name = sys._getframe().f_code.co_filename
ctypes.memmove(id(name) + sys.getsizeof("") - 1, {good!r}, len(name))
with open("/proc/self/cmdline", "rb") as file:
    overwrite_line(file.read().replace(b"evil.py", b"good.py"))
wait()
ask(dial())
"""


@pytest.fixture
def hears() -> None:
    backend = LinuxBackend()
    try:
        os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)
        backend._execs.catch_up()
        if backend._execs.since() is None:
            pytest.skip("the kernel tells nobody of our rights")
    finally:
        backend.close()


@pytest.fixture
def service(tmp_path: Path, hears: None) -> Iterator[Path]:
    """The attributor, as its unit starts it, before anybody has asked it."""
    place, word = tmp_path / "attributor", "import app.cli; app.cli.main()"
    words = ["attributor", "--socket", str(place), "--for", str(os.getuid())]
    env = os.environ | {"OUTGATE_HOME": str(tmp_path / "none")}
    root = Path(__file__).parents[2]
    process = subprocess.Popen([sys.executable, "-c", word, *words], env=env, cwd=root)
    try:
        eventually(place.exists)
        yield place
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENT_S)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        made.settimeout(PATIENT_S)
        yield made


@pytest.fixture
def arena(tmp_path: Path, listener: socket.socket) -> Iterator[Arena]:
    place = Arena(folder=tmp_path.resolve() / "arena", port=listener.getsockname()[1])
    place.folder.mkdir()
    yield place
    place.end()


def _asked(service: Path, listener: socket.socket, hello: Hello) -> Attribution:
    """Take one request and ask who sent it, as a gate of its own that has begun just now."""
    client, far = listener.accept()
    host, port = listener.getsockname()
    gate = RemoteAttributor(service, hello)
    with client:
        client.recv(4096)
        found = gate.attribute(
            Connection(
                id=f"c{far[1]}",
                client_host=far[0],
                client_port=far[1],
                gate_host=host,
                gate_port=port,
                at=utc_now(),
            )
        )
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    gate.close()
    return found


def test_a_script_from_before_a_gate_is_exact_at_the_next_one(
    service: Path, listener: socket.socket, arena: Arena
) -> None:
    """The gate of a service that is started again takes no approval from what runs meanwhile."""
    job = arena.write("job.py", f"wait()\n{SEND}")
    settled()
    arena.python(str(job))
    arena.until("go.ready")
    early = RemoteAttributor(service, Hello())
    early.warm()
    early.close()
    arena.go()
    found = _asked(service, listener, Hello(user_names="none"))
    assert found.reason is None
    assert found.certainty is Certainty.EXACT
    assert found.script is not None
    assert found.script.path == str(job)


def test_a_disguise_from_before_a_gate_was_heard_of(
    service: Path, listener: socket.socket, arena: Arena
) -> None:
    """What began between two gates was heard all the same: no words that it wrote since count."""
    good = arena.write("good.py", note="good")
    evil = arena.write("evil.py", _DISGUISE.format(good=str(good).encode()))
    settled()
    arena.python(str(evil))
    arena.until("go.ready")
    arena.go()
    found = _asked(service, listener, Hello())
    assert found.certainty is Certainty.LIKELY
    assert found.reason not in {None, OLDER}


def test_what_is_older_than_the_service_stays_in_doubt(
    tmp_path: Path, listener: socket.socket, arena: Arena, request: pytest.FixtureRequest
) -> None:
    """Nobody heard how it began, and no gate is told otherwise."""
    job = arena.write("job.py", f"wait()\n{SEND}")
    settled()
    arena.python(str(job))
    arena.until("go.ready")
    service = request.getfixturevalue("service")
    arena.run(interpreter(), "-c", "0").wait()  # the kernel tells of it: it is heard
    arena.go()
    found = _asked(service, listener, Hello())
    assert (found.certainty, found.reason) == (Certainty.LIKELY, OLDER)
