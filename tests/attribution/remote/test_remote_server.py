"""The attributor as a process of its own: whom it answers, and what becomes of nonsense."""

import os
import socket
import struct
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from patience import PATIENT_S

import attribution
from attribution.remote.client import NOT_ASKED, RemoteAttributor
from attribution.remote.server import AttributorServer
from attribution.remote.wire import (
    ASKS,
    MOST_ASKED,
    About,
    Attribute,
    Hello,
    WireError,
    read_ask,
    read_told,
    send,
)
from core.attribution import Attribution, Certainty
from core.exchange import Connection
from tests.attribution.remote.conftest import HERE, started

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the service takes Linux")


def test_senders_are_named_across_the_socket(place: Path, connection: Connection) -> None:
    """What the privileged side finds arrives whole: process, start, user, script, its imports."""
    remote = RemoteAttributor(place, Hello())
    assert remote.attribute_now(connection) is None
    found = remote.attribute(connection)
    assert found.process is not None
    assert found.process.pid == os.getpid()
    assert found.process.started_at is not None
    assert found.certainty in {Certainty.EXACT, Certainty.LIKELY}
    assert found.is_python
    assert remote.composition(found) is not None or found.script is None
    remote.line_of_code(found)
    assert remote.health()["answers"] is True
    remote.close()


def test_the_way_people_are_named_is_kept(place: Path, connection: Connection) -> None:
    """A gate that asks for no names gets none."""
    clear = RemoteAttributor(place, Hello()).attribute(connection)
    none = RemoteAttributor(place, Hello(user_names="none")).attribute(connection)
    assert clear.user
    assert none.user is None


def test_a_gate_says_of_which_programs_its_attributor_heard(
    place: Path, connection: Connection
) -> None:
    """As one that names senders itself does; of another than it asked it says nothing."""
    remote = RemoteAttributor(place, Hello())
    assert remote.health()["command_lines"] == NOT_ASKED
    remote.warm()
    said = remote.health()["command_lines"]
    assert "EXACT" in str(said)
    assert remote.attribute(connection).process is not None
    assert remote.health()["command_lines"] == said
    remote.networks._peer = 1
    assert remote.health()["command_lines"] == NOT_ASKED
    remote.close()


def test_nobody_else_is_answered(tmp_path: Path, connection: Connection) -> None:
    """Whoever is not the gate's user is cut off before a word; the gate says that it is unknown."""
    if HERE == 0:
        pytest.skip("root is answered; the scenario tries another user")
    server = started(tmp_path / "socket", HERE + 1)
    found = RemoteAttributor(tmp_path / "socket", Hello()).attribute(connection)
    server.close()
    assert found.certainty is Certainty.UNKNOWN


def test_a_silent_attributor_makes_senders_unknown_and_says_why(
    tmp_path: Path, connection: Connection
) -> None:
    """Without the service nobody is guessed; once it is there again it is asked again."""
    path = tmp_path / "socket"
    remote = RemoteAttributor(path, Hello())
    found = remote.attribute(connection)
    assert found.certainty is Certainty.UNKNOWN
    assert "does not answer" in (found.reason or "")
    assert remote.can_sample_lines() is not None
    for _ in range(2):
        server = started(path, HERE)
        assert remote.attribute(connection).process is not None
        server.close()
    remote.close()


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"{}",
        b"[]",
        b'{"kind": "open", "path": "/etc/shadow"}',
        b'{"kind": "attribute"}',
        b'{"kind": "attribute", "connection": {"id": 1}}',
        b'{"kind": "about", "what": "memory", "sender": {}}',
        b'{"kind": "hello", "user_names": "all"}',
        b"\xff\xfe",
        b"[" * 5000,
    ],
)
def test_what_is_no_question_gets_no_answer(place: Path, message: bytes) -> None:
    """Another question than the known ones ends the connection, and the service serves on."""
    with pytest.raises(WireError):
        read_ask(message)
    with socket.socket(socket.AF_UNIX) as end:
        end.settimeout(PATIENT_S)
        end.connect(str(place))
        send(end, message)
        assert end.recv(1) == b""
    assert RemoteAttributor(place, Hello()).can_sample_lines() != "x"


@pytest.mark.parametrize("head", [struct.pack("!I", MOST_ASKED + 1), b"\xff\xff\xff\xff", b"\0"])
def test_a_length_that_is_too_much_is_not_waited_for(place: Path, head: bytes) -> None:
    """A question has a size; nothing is kept for one that is larger or never ends."""
    with socket.socket(socket.AF_UNIX) as end:
        end.settimeout(PATIENT_S)
        end.connect(str(place))
        end.sendall(head)
        end.shutdown(socket.SHUT_WR)
        assert end.recv(1) == b""


def test_questions_come_before_no_greeting(place: Path, connection: Connection) -> None:
    """Who does not say how people are to be named is told of nobody."""
    with socket.socket(socket.AF_UNIX) as end:
        end.settimeout(PATIENT_S)
        end.connect(str(place))
        send(end, ASKS.dump_json(Attribute(connection=connection)))
        assert end.recv(1) == b""


def test_a_made_up_sender_opens_no_file(
    place: Path, connection: Connection, tmp_path: Path
) -> None:
    """The gate can only ask on about senders that were found: a path of its own choice is not
    read.
    """
    secret = tmp_path / "secret.py"
    secret.write_text("import secret_things\n")
    remote = RemoteAttributor(place, Hello())
    found = remote.attribute(connection)
    assert found.process is not None
    forged = replace(found, process=replace(found.process, pid=1))
    for what in ("source", "imports", "composition", "line"):
        told = remote._ask(About(what=what, sender=forged))
        assert told is not None
        assert told.source is None
        assert told.imports is None


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(message: bytes) -> None:
    """Whatever comes is a question, an answer, or refused in words."""
    for read in (read_ask, read_told):
        try:
            read(message)
        except WireError:
            continue


def test_a_sender_is_the_same_on_both_sides() -> None:
    """Nothing of an attribution is lost on the way, the socket's number included."""
    sender = Attribution(certainty=Certainty.EXACT, method="sock_diag", socket=7, user="eve")
    ask = About(what="line", sender=sender)
    assert read_ask(ASKS.dump_json(ask)) == ask


class Recorded:
    """Networks that remember what they were told."""

    def __init__(self) -> None:
        self.here: dict[int, tuple[int, int]] = {}

    def entered(self, network: int, supervisor: int, asking: Sequence[int]) -> None:
        self.here[network] = supervisor, len(asking)
        for one in asking:
            os.close(one)

    def left(self, network: int) -> None:
        self.here.pop(network)


def serving(path: Path, networks: Recorded) -> AttributorServer:
    """Serve with these networks."""

    def builds(hello: Hello, pid: int) -> attribution.SocketAttributor:
        del hello, pid
        return cast("attribution.SocketAttributor", _Told(networks))

    server = AttributorServer(path, HERE, builds)
    threading.Thread(target=server.serve, daemon=True).start()
    return server


class _Told:
    files = None

    def __init__(self, networks: Recorded) -> None:
        self.networks = networks

    def can_sample_lines(self) -> str | None:
        return None

    def close(self) -> None:
        """Nothing is held."""


def asking(kind: int, family: int, protocol: int) -> list[int]:
    """Return three descriptors of sockets."""
    return [socket.socket(family, kind, protocol).detach() for _ in range(3)]


def test_the_networks_of_seals_are_handed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The attributor has the sockets that ask about a sealed network, until that has gone; one that
    was started again is told of those that are still there.
    """
    monkeypatch.setattr("attribution.remote.server.is_in", lambda pid, _: pid == 70)
    first = Recorded()
    server = serving(tmp_path / "socket", first)
    client = RemoteAttributor(tmp_path / "socket", Hello())
    for network in (7, 8):
        client.networks.entered(network, 70, asking(socket.SOCK_RAW, socket.AF_NETLINK, 4))
    assert first.here == {7: (70, 3), 8: (70, 3)}
    client.networks.left(7)
    assert first.here == {8: (70, 3)}
    server.close()
    again = Recorded()
    server = serving(tmp_path / "socket", again)
    monkeypatch.setattr("attribution.remote.client.peer_of", lambda _: (1, 0))
    client.warm()
    assert again.here == {8: (70, 3)}
    client.networks.left(8)
    assert again.here == {}
    client.close()
    server.close()


@pytest.mark.parametrize(
    ("kind", "family", "protocol", "is_in"),
    [
        (socket.SOCK_STREAM, socket.AF_INET, 0, True),
        (socket.SOCK_RAW, socket.AF_NETLINK, 0, True),
        (socket.SOCK_RAW, socket.AF_NETLINK, 4, False),
    ],
)
def test_what_is_not_believed_is_let_go_of(
    tmp_path: Path, kind: int, family: int, protocol: int, is_in: bool
) -> None:
    """Sockets through which something could be said to somebody are not taken, and nobody speaks
    for a network that he is not in.
    """
    networks = Recorded()
    server = serving(tmp_path / "socket", networks)
    client = RemoteAttributor(tmp_path / "socket", Hello())
    here = Path("/proc/self/ns/net").stat().st_ino
    sockets = asking(kind, family, protocol)
    with pytest.raises(OSError, match="cannot be asked"):
        client.networks.entered(here if is_in else 7, os.getpid(), sockets)
    assert networks.here == {}
    for one in sockets:
        os.close(one)  # they stayed ours
    client.close()
    server.close()
