"""The gate's side: an attributor that asks the privileged one, and says so where that is silent."""

import os
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from attribution.identity.composition import Composition
from attribution.identity.contents import ContentStore
from attribution.identity.imports import Imports
from attribution.remote.files import RemoteFiles, RemoteRuns
from attribution.remote.wire import (
    MOST_ANSWERED,
    Able,
    About,
    Ask,
    Attribute,
    Entered,
    Hello,
    Left,
    Told,
    WireError,
    asked,
    peer_of,
    read_told,
    receive,
    send,
    send_sockets,
)
from core.attribution import Attribution, CodeLine, unknown_sender
from core.exchange import Connection, Exchange

METHOD = "attributor"
_PATIENCE_S = 10.0
_KEPT = 8
NOT_ASKED = "not asked of the attributor since it was started"
_SILENT = "the attributor service does not answer"


class RemoteAttributor:
    """Implements core.ports.Attributor. Safe to call from several threads."""

    def __init__(self, path: Path, hello: Hello) -> None:
        self._path = path
        self._hello = hello
        self._lock = threading.Lock()
        self._idle: list[socket.socket] = []
        self._answered = True
        self._asked = 0
        self._heard: tuple[int | None, str] = None, NOT_ASKED
        """Which attributor said of what programs it heard how they began."""
        self.networks = RemoteNetworks(self)
        self.files = RemoteFiles(self._ask)
        """What looks at files near senders."""

    def follow_runs(self) -> RemoteRuns:
        """Return what tells of the runs of scripts on this machine, which are followed from now on
        where that was said first; by one who is started again, from when anything is asked.
        """
        self._ask(Able())
        return RemoteRuns(self._ask)

    def attribute_now(self, connection: Connection) -> Attribution | None:
        """See Attributor.attribute_now: to ask another process is never at once."""
        del connection
        return None

    def attribute(self, connection: Connection) -> Attribution:
        """See Attributor.attribute."""
        told = self._ask(Attribute(connection=connection))
        sender = None if told is None else told.sender
        return sender or unknown_sender(METHOD, _SILENT)

    def ahead(self, connection: Connection, *, beside: bool = False) -> None:
        """See Attributor.ahead: each request asks the other process in any case."""
        del connection, beside

    def line_of_code(
        self, attribution: Attribution, request: Exchange | None = None, *, look: bool = True
    ) -> CodeLine | None:
        """See Attributor.line_of_code. What programs say of themselves lies in their users' own
        folders, and is not asked for.
        """
        del request
        told = self._ask(About(what="line", sender=attribution)) if look else None
        return None if told is None else told.line

    def tells_of_requests(self, attribution: Attribution) -> bool:
        """See Attributor.tells_of_requests."""
        del attribution
        return False

    def imports(self, attribution: Attribution) -> Imports | None:
        """See SocketAttributor.imports."""
        told = self._ask(About(what="imports", sender=attribution))
        return None if told is None else told.imports

    def composition(self, attribution: Attribution) -> Composition | None:
        """See SocketAttributor.composition."""
        told = self._ask(About(what="composition", sender=attribution))
        return None if told is None else told.composition

    def keep_source(self, attribution: Attribution, store: ContentStore) -> bool:
        """See SocketAttributor.keep_source."""
        sha256 = None if attribution.script is None else attribution.script.sha256
        if sha256 is None:
            return False
        if store.has(sha256):
            return True
        told = self._ask(About(what="source", sender=attribution))
        source = None if told is None else told.source
        try:
            return source is not None and store.keep(source.encode("latin-1"), sha256)
        except UnicodeEncodeError:
            return False

    def can_sample_lines(self) -> str | None:
        """See SocketAttributor.can_sample_lines."""
        told = self._ask(Able())
        return _SILENT if told is None else told.obstacle

    def can_see_openings(self) -> str | None:
        """Return why it is not seen what programs open in the folders of data; None where it is."""
        told = self._ask(Able(what="opened"))
        return _SILENT if told is None else told.obstacle

    def warm(self) -> None:
        """See SocketAttributor.warm."""
        self._ask(Able())
        told = self._ask(Able(what="beginnings"))
        if told is not None and told.obstacle is not None:
            self._heard = self.networks.told, told.obstacle

    def forget(self, connection: Connection) -> None:
        """See Attributor.forget. On the loop: the other side drops the oldest by itself."""
        del connection

    def close(self) -> None:
        """See Attributor.close."""
        with self._lock:
            idle, self._idle = self._idle, []
        for end in idle:
            end.close()

    def health(self) -> dict[str, object]:
        """Return what is known of the other side, without asking it."""
        by, heard = self._heard
        return {
            "backend": METHOD,
            "asked": self._asked,
            "answers": self._answered,
            "command_lines": heard if by == self.networks.told else NOT_ASKED,
        }

    def tell(self, told: Entered | Left, sockets: Sequence[int] = ()) -> str | None:
        """Tell of a network; returns why it is not believed, where that is so."""
        answer = self._ask(told, sockets)
        return None if answer is None else answer.obstacle

    def _ask(self, ask: Ask, sockets: Sequence[int] = ()) -> Told | None:
        """Return the answer; None where there is none. A connection that was idle may have ended
        with an earlier attributor: then another is made, once.
        """
        self._asked += 1
        for fresh in (False, True):
            try:
                with self._end(fresh=fresh) as end:
                    answer = _exchanged(end, ask, sockets)
            except (OSError, WireError):
                continue
            self._answered = True
            return answer
        self._answered = False
        return None

    @contextmanager
    def _end(self, *, fresh: bool) -> Iterator[socket.socket]:
        with self._lock:
            end = self._idle.pop() if self._idle and not fresh else None
        if end is None:
            end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            if end.gettimeout() is None:
                end.settimeout(_PATIENCE_S)
                end.connect(str(self._path))
                _exchanged(end, self._hello)
                self.networks.told_to(end)
            yield end
        except BaseException:
            end.close()
            raise
        with self._lock:
            keep = len(self._idle) < _KEPT
            if keep:
                self._idle.append(end)
        if not keep:
            end.close()


class RemoteNetworks:
    """Implements core.ports.Networks: keeps the sockets of each network, and hands them to the
    attributor, once more to one that was started again.
    """

    def __init__(self, attributor: RemoteAttributor) -> None:
        self._attributor = attributor
        self._lock = threading.Lock()
        self._known: dict[int, tuple[Entered, tuple[int, ...]]] = {}
        self._peer: int | None = None
        """The attributor's process, which knows of them."""

    def entered(self, network: int, supervisor: int, asking: Sequence[int]) -> None:
        """See core.ports.Networks."""
        told = Entered(network=network, supervisor=supervisor)
        with self._lock:
            self._known[network] = told, tuple(asking)
        if (why := self._attributor.tell(told, asking)) is not None:
            with self._lock:
                self._known.pop(network, None)  # the sockets stay the caller's
            raise OSError(why)

    def left(self, network: int) -> None:
        """See core.ports.Networks."""
        with self._lock:
            _, sockets = self._known.pop(network, (None, ()))
        self._attributor.tell(Left(network=network))
        for one in sockets:
            os.close(one)

    @property
    def told(self) -> int | None:
        """The process of the attributor that answered last; None before any did."""
        return self._peer

    def told_to(self, end: socket.socket) -> None:
        """Have the attributor at this end know of all, where it is another one than before. Raises
        OSError, WireError.
        """
        peer = peer_of(end)[0]
        with self._lock:
            if peer == self._peer:
                return
            self._peer, known = peer, tuple(self._known.values())
            for told, sockets in known:
                _exchanged(end, told, sockets)


def _exchanged(end: socket.socket, ask: Ask, sockets: Sequence[int] = ()) -> Told:
    send(end, asked(ask))
    if sockets:
        send_sockets(end, sockets)
    answer = receive(end, MOST_ANSWERED)
    if answer is None:
        raise WireError("the attributor has gone")
    return read_told(answer)
