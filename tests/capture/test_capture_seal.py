"""A sealed run from its begin to its end: its loopback, its files, its exit code."""

import errno
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_door import FakeDoor, fake_door, sealed

from capture import netlink
from capture.availability import obstacle
from capture.confinement import networked_input
from capture.mounts import Scenery
from capture.seal import CannotSealError, CannotStartError, Plan, start

pytestmark = pytest.mark.skipif(obstacle() is not None, reason=str(obstacle()))


@pytest.fixture
def door(tmp_path: Path) -> Iterator[FakeDoor]:
    with fake_door(tmp_path) as found:
        yield found


def python(door: FakeDoor, code: str, *words: str) -> list[str]:
    ended = sealed(door, sys.executable, "-c", code, *words)
    assert ended.code == 0, ended.said
    return ended.said.split()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("raise SystemExit(42)", 42),
        ("import os; os.kill(os.getpid(), 11)", 128 + 11),
        ("import os; os.kill(os.getpid(), 9)", 128 + 9),
    ],
)
def test_the_way_it_ends_is_its_own(door: FakeDoor, code: str, expected: int) -> None:
    """The program's exit code, or the signal that ended it, is what the run ends with."""
    assert sealed(door, sys.executable, "-c", code).code == expected


@pytest.mark.parametrize(
    ("program", "number"), [("no-such-program", errno.ENOENT), ("/etc/passwd", errno.EACCES)]
)
def test_what_cannot_be_started_is_said(door: FakeDoor, program: str, number: int) -> None:
    """A program that is none ends with what the kernel says, and nothing of a seal is left."""
    with pytest.raises(CannotStartError) as caught:
        sealed(door, program)
    assert caught.value.number == number


def test_without_a_gate_nothing_is_started(tmp_path: Path) -> None:
    """A program is never started with a seal that nobody listens at."""
    marker = tmp_path / "ran"
    plan = Plan(
        command=["touch", str(marker)],
        environment=dict(os.environ),
        gate=tmp_path / "nobody.sock",
        scenery=Scenery(hidden=tmp_path / "hidden"),
        outside=list,
    )
    with pytest.raises(CannotSealError, match="gate"):
        start(plan)
    assert not marker.exists()


def test_signals_reach_the_program(door: FakeDoor, tmp_path: Path) -> None:
    """A signal to the supervisor reaches the program's own handler."""
    ready = tmp_path / "ready"
    code = (
        "import pathlib, signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(17))\n"
        "pathlib.Path(sys.argv[1]).touch()\ntime.sleep(60)\n"
    )
    plan = Plan(
        command=[sys.executable, "-c", code, str(ready)],
        environment=dict(os.environ),
        gate=door.path,
        scenery=Scenery(hidden=_folder(tmp_path / "hidden")),
        outside=list,
    )
    running = start(plan)
    waiting = threading.Event()
    while not ready.exists():
        waiting.wait(0.01)
    running.signal(signal.SIGTERM)
    assert running.wait() == 17


def test_its_own_loopback_is_its_own(door: FakeDoor) -> None:
    """A server that the program starts on loopback answers the program, and the gate hears of
    neither.
    """
    code = (
        "import http.server, socket, threading, urllib.request\n"
        "http.server.SimpleHTTPRequestHandler.log_message = lambda *_: None\n"
        "for host in ('127.0.0.1', 'localhost', '0.0.0.0'):\n"
        "    s = http.server.HTTPServer((host, 0), http.server.SimpleHTTPRequestHandler)\n"
        "    threading.Thread(target=s.serve_forever, daemon=True).start()\n"
        "    at = '127.0.0.2' if host == '0.0.0.0' else host\n"
        "    print(urllib.request.urlopen(f'http://{at}:{s.server_port}/', timeout=5).status)\n"
        "six = socket.create_server(('::1', 0), family=socket.AF_INET6)\n"
        "socket.create_connection(('::1', six.getsockname()[1]), 5)\nprint('six')\n"
        "try:\n    socket.create_connection(('127.0.0.1', 9), 5)\n"
        "except ConnectionRefusedError:\n    print('refused')\n"
    )
    assert python(door, code) == ["200", "200", "200", "six", "refused"]
    assert door.arrivals == []


def test_the_hosts_loopback_is_mirrored(door: FakeDoor) -> None:
    """What listens on the machine's loopback is reached at the same port, through the gate; what
    comes later as well, and a port that the program took first stays its own.
    """
    code = (
        "import socket, sys, time\n"
        "one, two = map(int, sys.argv[1:])\n"
        "s = socket.create_connection(('127.0.0.1', one), 5)\nprint(s.recv(99).decode().strip())\n"
        "try:\n    socket.create_server(('127.0.0.1', one))\n"
        "except OSError as e:\n    print(e.errno)\n"
        "for _ in range(100):\n"
        "    try:\n        s = socket.create_connection(('127.0.0.1', two), 5)\n        break\n"
        "    except OSError:\n        time.sleep(0.05)\n"
        "print(s.recv(99).decode().strip())\n"
    )
    looks = []

    def outside() -> list[tuple[str, int]]:
        looks.append(1)
        return [("127.0.0.1", 5001)] + ([("127.0.0.1", 5002)] if len(looks) > 3 else [])

    ended = sealed(door, sys.executable, "-c", code, "5001", "5002", outside=outside)
    assert ended.said.splitlines() == ['["127.0.0.1", 5001]', "98", '["127.0.0.1", 5002]']
    assert door.mirrored == [5001, 5002]


def test_the_machines_own_addresses_stay_its_own(door: FakeDoor) -> None:
    """A program that listens at the machine's address finds its own server there, as outside."""
    own = [address for address in netlink.own_addresses() if ":" not in address]
    if not own:
        pytest.skip("this machine has no address but loopback")
    code = (
        "import socket, sys\n"
        "s = socket.create_server(('0.0.0.0', 0))\n"
        "socket.create_connection((sys.argv[1], s.getsockname()[1]), 5)\nprint('own')\n"
    )
    assert python(door, code, own[0]) == ["own"]
    assert door.arrivals == []


def test_roots_stand_in_place_of_the_clients_own(door: FakeDoor, tmp_path: Path) -> None:
    """Inside, and only inside, the gate's bundle stands where clients keep their roots; nobody can
    change it there, and a folder of roots has one more.
    """
    hidden, theirs = _folder(tmp_path / "home"), tmp_path / "certifi.pem"
    theirs.write_text("theirs")
    roots = _folder(tmp_path / "certs")
    (roots / "old.0").write_text("old")
    scenery = Scenery(
        hidden=hidden,
        files={hidden / "bundle.pem": b"ours", hidden / "more" / "new.0": b"new"},
        covered={str(theirs): hidden / "bundle.pem"},
        added={str(roots): hidden / "more"},
    )
    code = (
        "import os, sys\nprint(open(sys.argv[1]).read(), *sorted(os.listdir(sys.argv[2])))\n"
        "try:\n    open(sys.argv[1], 'a')\nexcept OSError as e:\n    print(e.errno)\n"
    )
    words = [sys.executable, "-c", code, str(theirs), str(roots)]
    ended = sealed(door, *words, scenery=scenery)
    assert ended.said.split() == ["ours", "new.0", "old.0", "30"]
    assert (theirs.read_text(), [one.name for one in roots.iterdir()]) == ("theirs", ["old.0"])
    assert list(hidden.iterdir()) == []


def test_what_outlives_the_run_gets_nowhere(door: FakeDoor, tmp_path: Path) -> None:
    """A daemon that a sealed program leaves behind stays sealed: it has nobody to send to but the
    gate.
    """
    told = tmp_path / "told"
    code = (
        "import os, socket, sys, time\n"
        "if os.fork():\n    os._exit(0)\n"
        "os.setsid()\ntime.sleep(0.5)\n"
        "try:\n    socket.create_connection(('127.0.0.1', int(sys.argv[2])), 2)\n"
        "    word = 'out'\n"
        "except OSError as e:\n    word = 'refused'\n"
        "open(sys.argv[1] + '.new', 'w').write(word)\n"
        "os.rename(sys.argv[1] + '.new', sys.argv[1])\n"
    )
    with socket.create_server(("127.0.0.1", 0)) as outside:
        port = outside.getsockname()[1]
        sealed(door, sys.executable, "-c", code, str(told), str(port))
        waiting = threading.Event()
        while not told.exists():
            waiting.wait(0.02)
    assert told.read_text() == "refused"


def test_a_network_connection_as_input_is_seen() -> None:
    """A program whose standard input is a network connection would have a way out: it is told."""
    code = "from capture.confinement import networked_input; print(networked_input())"
    root = Path(__file__).resolve().parents[2]

    def told(channel: socket.socket) -> str:
        command = [sys.executable, "-c", code]
        done = subprocess.run(
            command, cwd=root, stdin=channel.fileno(), capture_output=True, check=True
        )
        return bytes(done.stdout).decode().strip()

    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as channel,
    ):
        assert told(channel) == "0"
    one, other = socket.socketpair()
    with one, other:
        assert told(one) == "None"
    assert networked_input() is None


def _folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path
