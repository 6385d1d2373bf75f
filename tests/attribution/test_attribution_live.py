"""Real processes on loopback: each says who it is, and the record must say the same."""

import shutil
import socket
import subprocess
import sys
from collections.abc import Callable

import pytest

from attribution.ambiguity import LATER
from core.attribution import Certainty, LaunchedAs
from tests.attribution.conftest import Clients, Gate

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="exact sockets are a Linux matter")
ASK = "ask(dial())\n"


def test_a_script_file_is_named_exactly(gate: Gate, clients: Clients) -> None:
    """A script that sends is named by process, path and hash, already when it connects."""
    path = clients.write(ASK)
    clients.python("-u", "-X", "dev", str(path))
    (seen,) = gate.wait(1)
    for found in (seen.at_connect, seen.at_request):
        assert found.certainty is Certainty.EXACT
        assert found.process is not None
        assert found.process.pid == seen.truth["pid"]
        assert found.script is not None
        assert found.script.path == seen.truth["script"] == str(path)
        assert found.script.sha256 is not None
        assert found.is_python


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (("-m", "client"), LaunchedAs.MODULE),
        (("-c", "PROGRAM"), LaunchedAs.COMMAND),
        (("-",), LaunchedAs.STDIN),
    ],
    ids=["module", "command", "stdin"],
)
def test_other_ways_to_start_are_told_apart(
    gate: Gate, clients: Clients, words: tuple[str, ...], kind: LaunchedAs
) -> None:
    """Module, command and standard input are each recorded as what they are."""
    clients.write(ASK)
    process = clients.python(
        *(clients.prelude + ASK if w == "PROGRAM" else w for w in words), stdin=subprocess.PIPE
    )
    assert process.stdin is not None
    process.stdin.write((clients.prelude + ASK).encode())
    process.stdin.close()
    (seen,) = gate.wait(1)
    script = seen.at_request.script
    assert script is not None
    assert seen.at_request.process is not None
    assert seen.at_request.process.pid == seen.truth["pid"]
    assert script.launched_as is kind
    assert (script.path is not None) is (kind is LaunchedAs.MODULE)


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_worker_process_is_named_with_its_main_script(
    gate: Gate, clients: Clients, method: str
) -> None:
    """What a multiprocessing worker sends is the main script's traffic, sent by that worker: in
    doubt at most while its connection may be older than it, and certain from then on.

    How close the two may be depends on the kernel's ticks and on how late the gate looked, so the
    worker opens one connection after another until it is told that it is enough.
    """
    body = f"""
import multiprocessing
def work():
    while not os.path.exists("enough"):
        ask(dial(), main=os.environ["MAIN"])
if __name__ == "__main__":
    os.environ["MAIN"] = str(os.getpid())
    worker = multiprocessing.get_context("{method}").Process(target=work)
    worker.start()
    worker.join()
"""
    path = clients.write(body)
    clients.python(str(path))
    certain = gate.until(lambda seen: seen.at_request.certainty is Certainty.EXACT)
    (clients.folder / "enough").touch()
    for seen in (*gate.wait(1), certain):
        found = seen.at_request
        assert found.process is not None
        assert found.process.pid == seen.truth["pid"] != int(str(seen.truth["main"]))
        assert found.script is not None
        assert found.script.path == str(path)
        assert found.certainty is Certainty.EXACT or found.reason == LATER


def test_a_program_started_by_a_script_is_that_scripts_traffic(
    gate: Gate, clients: Clients
) -> None:
    """What curl sends for a Python script is recorded as that script's, with curl as the sender."""
    if shutil.which("curl") is None:
        pytest.skip("no curl")
    body = """
import subprocess
truth = json.dumps({"pid": os.getpid()})
subprocess.run(["sh", "-c", "curl -s -X POST -H 'X-Truth: " + truth + "' http://127.0.0.1:" + os.environ["GATE_PORT"] + "/; true"])
"""
    path = clients.write(body)
    clients.python(path.name)
    (seen,) = gate.wait(1)
    found = seen.at_connect
    assert found.process is not None
    assert found.process.name == "curl"
    assert found.script is not None
    assert found.script.path == str(path)
    assert found.script_process is not None
    assert found.script_process.pid == seen.truth["pid"]
    assert found.is_python


@pytest.mark.parametrize(
    ("listen", "dial"),
    [("::1", "::1"), ("::", "127.0.0.1"), ("::", "::1"), ("127.0.0.1", "::ffff:127.0.0.1")],
)
def test_every_address_family_is_attributed(
    setting: Callable[..., tuple[Gate, Clients]], listen: str, dial: str
) -> None:
    """IPv4, IPv6 and mixed sockets are all traced to their process."""
    try:
        gate, clients = setting(listen)
    except OSError:
        pytest.skip("no IPv6 here")
    family = "AF_INET6" if ":" in dial else "AF_INET"
    path = clients.write(
        f's = socket.socket(socket.{family}); s.connect(("{dial}", int(os.environ["GATE_PORT"])));'
        " ask(s)\n"
    )
    clients.python(path.name).wait(30)
    (seen,) = gate.wait(1)
    assert seen.at_connect.process is not None
    assert seen.at_connect.process.pid == seen.truth["pid"]


def test_the_gate_never_names_itself(gate: Gate) -> None:
    """A connection of the gate's own is nobody's traffic."""
    own = socket.create_connection(("127.0.0.1", gate.port))
    own.sendall(b"POST / HTTP/1.1\r\n\r\n")
    (seen,) = gate.wait(1)
    own.close()
    for found in (seen.at_connect, seen.at_request):
        assert found.certainty is Certainty.UNKNOWN
        assert found.process is None
        assert "gate itself" in str(found.reason)


def test_a_client_that_left_is_unknown_and_nobody_else_is_named(
    gate: Gate, clients: Clients
) -> None:
    """When the sender has closed its socket before anyone looked, the record says so and names
    nobody.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    gate_port = listener.getsockname()[1]
    clients.write(f"s = dial({gate_port}); s.sendall(b'x')\n")
    clients.python("client.py").wait(30)
    client, _ = listener.accept()
    with client, listener:
        for found in (
            gate.look(gate.connection(client))[0],
            gate.attributor.attribute(gate.connection(client)),
        ):
            assert found.certainty is Certainty.UNKNOWN
            assert found.process is None
            assert found.reason


def test_a_socket_shared_by_fork_names_all_holders_and_the_one_that_waits(
    gate: Gate, clients: Clients
) -> None:
    """A connection that two processes hold is LIKELY: both are named, and the sender is the one
    that waits on it.
    """
    body = """
s = dial()
ask(s)
child = os.fork()
if child == 0:
    ask(s, role="child")
    os._exit(0)
os.waitpid(child, 0)
ask(s, role="parent again")
"""
    clients.python(clients.write(body).name)
    first, second, third = gate.wait(3)
    assert first.at_request.certainty is Certainty.EXACT
    shared = second.at_request
    assert shared.certainty is Certainty.LIKELY
    assert {p.pid for p in shared.candidates} == {first.truth["pid"], second.truth["pid"]}
    assert shared.process is not None
    assert shared.process.pid == second.truth["pid"] != first.truth["pid"]
    assert third.at_request.process is not None
    assert third.at_request.process.pid == third.truth["pid"]


def test_a_socket_passed_to_another_process_follows_it(gate: Gate, clients: Clients) -> None:
    """A connection handed to an older, unrelated process is recorded as that process's from then
    on.
    """
    clients.write(
        """
import time
meeting = socket.socket(socket.AF_UNIX); meeting.bind("meet"); meeting.listen(); print("ready", flush=True)
peer, _ = meeting.accept()
data, fds, _, _ = socket.recv_fds(peer, 10, 1)
ask(socket.socket(fileno=fds[0]))
""",
        "receiver.py",
    )
    clients.write(
        """
s = dial(); ask(s)
door = socket.socket(socket.AF_UNIX); door.connect("meet")
socket.send_fds(door, [b"x"], [s.fileno()]); s.close()
import time; time.sleep(30)
""",
        "giver.py",
    )
    receiver = clients.python("receiver.py", stdout=subprocess.PIPE)
    assert receiver.stdout is not None
    receiver.stdout.readline()
    clients.python("giver.py")
    given, taken = gate.wait(2)
    assert given.truth["pid"] != taken.truth["pid"] == receiver.pid
    assert taken.at_request.process is not None
    assert taken.at_request.process.pid == receiver.pid
    assert taken.at_request.script is not None
    assert taken.at_request.script.name == "receiver.py"


def test_a_connection_kept_alive_across_exec_is_the_new_scripts(
    gate: Gate, clients: Clients
) -> None:
    """The same process and the same connection, but another program: the record names the new
    script.
    """
    clients.write("s = socket.socket(fileno=int(sys.argv[1])); ask(s)\n", "second.py")
    clients.write(
        "s = dial(); ask(s); os.set_inheritable(s.fileno(), True)\n"
        "os.execv(sys.executable, [sys.executable, 'second.py', str(s.fileno())])\n",
        "first.py",
    )
    clients.python("first.py")
    before, after = gate.wait(2)
    assert before.truth["pid"] == after.truth["pid"]
    assert [s.at_request.script and s.at_request.script.name for s in (before, after)] == [
        "first.py",
        "second.py",
    ]
    assert after.at_connect.script is not None
    assert after.at_connect.script.name == "first.py"


def test_later_requests_are_answered_at_once(
    gate: Gate, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a connection already attributed, later requests cost no search once the sender waits for
    its answer; the first one does: the connection may have been handed on since it was opened.
    """
    # That all are searched again once a second is not asked here, on however slow a machine.
    monkeypatch.setattr("attribution.found._SEARCHED_S", 3600.0)
    monkeypatch.setattr("attribution.attributor._ALONE_S", 3600.0)
    gate.settle = True
    path = clients.write("s = dial()\nfor _ in range(5): ask(s)\n")
    clients.python(str(path))
    seen = gate.wait(5)
    assert [s.quick for s in seen] == [False] + [True] * 4
    assert {s.at_request.certainty for s in seen} == {Certainty.EXACT}


def test_health_counts_each_connection_once(gate: Gate, clients: Clients) -> None:
    """The coverage shown in status counts connections, not looks."""
    clients.write("s = dial()\nfor _ in range(3): ask(s)\nask(dial())\n")
    clients.python("client.py")
    gate.wait(4)
    health = gate.attributor.health()
    assert health["connections"] == 2
    assert health["certainty"] == {"exact": 2, "likely": 0, "unknown": 0}
    assert health["backend"] == "sock_diag"


def test_a_forwarder_is_marked_with_those_who_are_connected_to_it(
    gate: Gate, clients: Clients
) -> None:
    """Who takes connections may send for others: the record names it, and who was connected at that
    moment.
    """
    clients.write(
        """
taken = socket.create_server(("127.0.0.1", 0))
with open("port", "w") as file:
    file.write(str(taken.getsockname()[1]))
print("ready", flush=True)
peer, _ = taken.accept()
peer.recv(10)
ask(dial())
peer.sendall(b"done")
""",
        "forwarder.py",
    )
    clients.write(
        """
s = dial(int(open("port").read()))
s.sendall(b"please")
s.recv(10)
""",
        "asker.py",
    )
    forwarder = clients.python("forwarder.py", stdout=subprocess.PIPE)
    assert forwarder.stdout is not None
    forwarder.stdout.readline()
    asker = clients.python("asker.py")
    (seen,) = gate.wait(1)
    found = seen.at_request
    assert found.script is not None
    assert found.script.name == "forwarder.py"
    assert found.on_behalf is not None
    assert [peer.process.pid for peer in found.on_behalf] == [asker.pid]
    (peer,) = found.on_behalf
    assert peer.script is not None
    assert peer.script.name == "asker.py"


def test_a_listener_without_peers_is_marked_too(gate: Gate, clients: Clients) -> None:
    """Who takes connections is marked as such, though nobody was connected when it was looked
    at.
    """
    clients.write("taken = socket.create_server(('127.0.0.1', 0))\nask(dial())\n")
    clients.python("client.py")
    (seen,) = gate.wait(1)
    assert seen.at_request.on_behalf == ()


def test_who_takes_no_connections_sends_for_nobody_else(gate: Gate, clients: Clients) -> None:
    """An ordinary client, even with other connections of its own, is not said to send for
    others.
    """
    clients.write("s = socket.socket(); s.bind(('127.0.0.1', 0))\nother = dial()\nask(dial())\n")
    clients.python("client.py")
    (seen,) = gate.wait(1)
    assert seen.at_request.on_behalf is None
