"""The privileged side: answers one user's gate, and nobody else, about who opened connections, what
files lie near a sender, and which scripts ran.
"""

import contextlib
import os
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from attribution.attributor import SocketAttributor
from attribution.backends.opened_files import OpenedFiles
from attribution.factory import runs_of
from attribution.identity.contents import ContentStore
from attribution.remote.looks import FileLooks, RunsTold
from attribution.remote.wire import (
    MOST_ASKED,
    Able,
    About,
    Ask,
    Attribute,
    Entered,
    Hello,
    Left,
    Near,
    Prove,
    Runs,
    Told,
    WireError,
    answered,
    peer_of,
    read_ask,
    receive,
    receive_sockets,
    send,
)
from core.duties import OWNER, Duty

_SOCKET_MODE = 0o660
_BACKLOG = 64
_SOCK_DIAG = 4

type Builds = Callable[[Hello, int], SocketAttributor]
"""Makes an attributor for a gate with this process number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gate:
    """What answers one gate: what it cached is not another's."""

    attributor: SocketAttributor
    files: FileLooks
    runs: RunsTold
    opened: OpenedFiles | None

    def close(self) -> None:
        self.runs.close()
        self.attributor.close()
        if self.opened is not None:
            self.opened.close()


class AttributorServer:
    """Listens at `path` for processes of the user `uid`; root is answered as well."""

    def __init__(self, path: Path, uid: int, builds: Builds) -> None:
        self._uid = uid
        self._builds = builds
        self._lock = threading.Lock()
        self._made: dict[tuple[Hello, int], _Gate] = {}
        self._open: set[socket.socket] = set()
        path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        path.chmod(_SOCKET_MODE)
        self._listener.listen(_BACKLOG)

    def serve(self) -> None:
        """Answer until `close`."""
        while True:
            try:
                end, _ = self._listener.accept()
            except OSError:
                return
            run = OWNER.guarded(Duty.ATTRIBUTOR, partial(self._one, end))
            threading.Thread(target=run, name="one gate", daemon=True).start()

    def close(self) -> None:
        """Stop listening and release what is held."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for end in self._open:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            for gate in self._made.values():
                gate.close()
            self._made.clear()

    def _one(self, end: socket.socket) -> None:
        with self._lock:
            self._open.add(end)
        try:
            self._answered(end)
        finally:
            with self._lock:
                self._open.discard(end)

    def _answered(self, end: socket.socket) -> None:
        with contextlib.suppress(OSError, WireError), end:
            pid, uid = peer_of(end)
            if uid not in {self._uid, 0}:
                return
            gate: _Gate | None = None
            while (message := receive(end, MOST_ASKED)) is not None:
                ask = read_ask(message)
                if isinstance(ask, Hello):
                    gate = self._gate(ask, pid)
                    told = Told()
                elif gate is None:
                    return
                elif isinstance(ask, Entered):
                    told = _entered(gate.attributor, ask, receive_sockets(end))
                else:
                    told = _answer(gate, ask)
                send(end, answered(told))

    def _gate(self, hello: Hello, pid: int) -> _Gate:
        with self._lock:
            if (hello, pid) not in self._made:
                for key in [k for k in self._made if not _lives(k[1])]:
                    self._made.pop(key).close()
                self._made[hello, pid] = _gate_of(self._builds(hello, pid), hello, pid)
            return self._made[hello, pid]


def _gate_of(attributor: SocketAttributor, hello: Hello, pid: int) -> _Gate:
    own = frozenset({pid, os.getpid()})
    files, opened = attributor.files, None
    if hello.data_folders:
        opened = OpenedFiles(hello.data_folders, own)
        files = replace(files, opened=opened)
    runs = RunsTold(lambda: runs_of(attributor, lambda: own, everybody=True))
    if hello.follows_runs:
        runs.begin()
    return _Gate(attributor=attributor, files=FileLooks(files), runs=runs, opened=opened)


def _answer(gate: _Gate, ask: Ask) -> Told:
    attributor = gate.attributor
    match ask:
        case Near():
            return gate.files.near(ask)
        case Prove():
            return gate.files.prove(ask)
        case Runs():
            return gate.runs.ended(ask)
        case Able(what="opened"):
            return Told(obstacle=None if gate.opened is None else gate.opened.obstacle)
        case Able(what="beginnings"):
            return Told(obstacle=str(attributor.health()["command_lines"]))
        case Attribute(connection=connection):
            at_once = attributor.attribute_now(connection)
            return Told(sender=at_once or attributor.attribute(connection))
        case Able():
            return Told(obstacle=attributor.can_sample_lines())
        case About():
            return _about(attributor, ask)
        case Left(network=network):
            if attributor.networks is not None:
                attributor.networks.left(network)
            return Told()
        case Hello() | Entered():
            return Told()


def _about(attributor: SocketAttributor, ask: About) -> Told:
    """Return what is known of a sender that was named."""
    match ask.what:
        case "line":
            return Told(line=attributor.line_of_code(ask.sender))
        case "imports":
            return Told(imports=attributor.imports(ask.sender))
        case "composition":
            return Told(composition=attributor.composition(ask.sender))
        case _:
            kept = _Caught()
            attributor.keep_source(ask.sender, kept)
            return Told(source=kept.source)


def _entered(attributor: SocketAttributor, ask: Entered, sockets: list[int]) -> Told:
    """Take a network, which its supervisor must be in: nobody speaks for another's. The sockets
    must be what asks the kernel: nothing else is written to.
    """
    networks = attributor.networks
    believed = all(map(_asks_the_kernel, sockets)) and is_in(ask.supervisor, ask.network)
    if networks is None or not believed:
        for one in sockets:
            os.close(one)
        return Told(obstacle="the network of a seal cannot be asked")
    networks.entered(ask.network, ask.supervisor, sockets)
    return Told()


def is_in(pid: int, network: int) -> bool:
    """Return whether a process is in this network."""
    with contextlib.suppress(OSError):
        return os.readlink(f"/proc/{pid}/ns/net") == f"net:[{network}]"  # noqa: PTH115 - no path
    return False


def _asks_the_kernel(number: int) -> bool:
    with contextlib.suppress(OSError):
        found = socket.socket(fileno=os.dup(number))
        with found:
            return (found.family, found.proto) == (socket.AF_NETLINK, _SOCK_DIAG)
    return False


class _Caught(ContentStore):
    """Takes a source instead of keeping it: it is masked and kept by the gate."""

    def __init__(self) -> None:
        super().__init__(Path(os.devnull), lambda text: text)
        self.source: str | None = None

    def has(self, sha256: str) -> bool:
        """Nothing is kept here."""
        del sha256
        return False

    def keep(self, source: bytes, sha256: str) -> bool:
        """Take it."""
        del sha256
        self.source = source.decode("latin-1")
        return True


def _lives(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()
