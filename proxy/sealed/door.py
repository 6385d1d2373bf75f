"""The door for sealed runs: a Unix socket at which they hand over the sockets of their networks."""

import asyncio
import contextlib
import logging
import os
import socket
import struct
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from capture import handover
from capture.address_book import AddressBook
from capture.network import ROLES, identity
from core.duties import OWNER, Duty
from core.ports import Networks
from proxy.sealed.capturing import Captures
from proxy.sealed.datagrams import Datagrams
from proxy.sealed.members import Members, Tells
from proxy.sealed.mode import Address, SealedInstance, mode_of, original, own_end
from proxy.sealed.names import Names
from proxy.sealed.unfound import Unfound

if TYPE_CHECKING:
    from mitmproxy.addons.proxyserver import Proxyserver

log = logging.getLogger("outgate.sealed")
_OTHER_VERSION = "The gate is of another version of Outgate; restart it."
_NO_NETWORKS = "The gate cannot tell who sends from a seal."
_NO_CAPTURE = "The gate was started without a place for what is captured."
_MOST_OF_ONE = 64
"""Runs of one user at a time."""
_AT_ONCE = 64
"""So many knocks are heard in one round of the loop: nobody's wait for others' one by one."""
_MOST_PLACES = 512
"""Listeners of one run: what all runs of one user hand over leaves others room for files."""
_COOKIE = 71
"""Option of a socket: which network it was made in (Linux 5.14)."""
_CREDENTIALS = struct.Struct("=iII")


class Door:
    """Takes sealed runs, each for as long as it keeps its connection."""

    def __init__(
        self,
        server: "Proxyserver",
        networks: Networks | None,
        made_up: Callable[[str], bool],
        captures: Captures | None = None,
        tells: Tells | None = None,
    ) -> None:
        """`networks` is told which socket asks about which network. `made_up`: see Names.
        `captures`: told of what is captured of this machine; None: nothing is. `tells`: who is
        told of what a run does beside its connections.
        """
        self._server = server
        self._networks = networks
        self._made_up = made_up
        self._captures = captures
        self._tells = tells
        self._runs: set[_Run] = set()
        self._running: set[asyncio.Task[None]] = set()
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._listeners: list[socket.socket] = []

    def open(self, path: Path, public: Path | None = None) -> None:
        """Take runs of this user at this path, everybody's at the public one. Raises OSError."""
        self._listen(handover.listening(path), _may_enter)
        if public is not None:
            self._listen(handover.listening_for_all(public), self._has_room)

    def _listen(self, listener: socket.socket, may_enter: Callable[[socket.socket], bool]) -> None:
        listener.setblocking(False)
        self._listeners.append(listener)
        loop = asyncio.get_running_loop()
        loop.add_reader(listener.fileno(), self._knocked, listener, may_enter)

    def _has_room(self, channel: socket.socket) -> bool:
        """Nobody takes all the room. What is in a seal does not see this door."""
        uid = _peer_of(channel)[1]
        return self._runs_of(uid) < _MOST_OF_ONE

    def _runs_of(self, uid: int) -> int:
        return sum(run.uid == uid for run in self._runs)

    async def take_no_more(self) -> None:
        """What is captured waits at its keeper's listeners from now on; what is open goes on."""
        for run in tuple(self._runs):
            await run.take_no_more()

    async def close(self) -> None:
        """Take no more, and let go of all."""
        for listener in self._listeners:
            asyncio.get_running_loop().remove_reader(listener.fileno())
            listener.close()
        for run in tuple(self._runs):
            await run.end()

    def _knocked(self, listener: socket.socket, may_enter: Callable[[socket.socket], bool]) -> None:
        with contextlib.suppress(OSError):
            for _ in range(_AT_ONCE):
                channel, _ = listener.accept()
                channel.setblocking(False)
                if may_enter(channel):
                    self._runs.add(_Run(self, channel))
                else:
                    channel.close()

    def turn(self, uid: int) -> asyncio.Lock:
        """Return what the runs of one user wait for: of all of them one message at a time is dealt
        with, so that other users' runs wait for one at most.
        """
        found = self._turns.get(uid)
        if found is None:
            found = self._turns[uid] = asyncio.Lock()
        return found

    def made(self, run: "_Run", network: int, supervisor: int) -> tuple[Names, Datagrams | None]:
        """Return what answers the questions of this run, and what tells of its datagrams."""
        if self._tells is None:
            return Names(run.book, self._made_up), None
        members = Members(self._tells.attributor, network, supervisor)
        unfound = Unfound(self._tells.not_found, members)
        share = partial(self._runs_of, run.uid)
        sent = Datagrams(self._tells.datagrams, members, run.book.name_of, share)
        return Names(run.book, self._made_up, unfound=unfound), sent

    @property
    def server(self) -> "Proxyserver":
        """Who keeps the connections."""
        return self._server

    @property
    def captures(self) -> Captures | None:
        """Who is told of what is captured."""
        return self._captures

    @property
    def networks(self) -> Networks | None:
        """Who is told of networks."""
        return self._networks

    def knows(self, network: int) -> bool:
        """Return whether a run that lasts has this network."""
        return any(run.network == network for run in self._runs)

    def forget(self, run: "_Run") -> None:
        """It is over."""
        self._runs.discard(run)

    def begin(self, work: "asyncio._CoroutineLike[None]") -> None:
        """Do this beside everything else."""
        task = asyncio.get_running_loop().create_task(OWNER.task(Duty.SEALS, work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)


class _Run:
    """One sealed run."""

    def __init__(self, door: Door, channel: socket.socket) -> None:
        self.book = AddressBook()
        self.uid = _peer_of(channel)[1]
        self._door = door
        self._channel = channel
        self._network: int | None = None
        self._names: Names | None = None
        self._datagrams: Datagrams | None = None
        self._instances: list[SealedInstance] = []
        self._questions: list[socket.socket] = []
        self._streams: asyncio.Server | None = None
        self._captures = False
        self._lock = asyncio.Lock()
        self._turn = door.turn(self.uid)
        asyncio.get_running_loop().add_reader(channel.fileno(), self._readable)

    @property
    def network(self) -> int | None:
        """The kernel's number of its network, once it is known."""
        return self._network

    def _readable(self) -> None:
        try:
            message = handover.receive(self._channel)
        except BlockingIOError:
            return
        except handover.BrokenHandoverError:
            message = None
        # Nothing is taken in before this is done: what waits is the sender's, not ours.
        asyncio.get_running_loop().remove_reader(self._channel.fileno())
        if message is None:
            self._door.begin(self.end())
        else:
            self._door.begin(self._heard(message))

    async def _heard(self, message: handover.Message) -> None:
        async with self._turn, self._lock:  # in the order in which they came
            try:
                if self._channel.fileno() >= 0:
                    await self._do(message)
            except (handover.BrokenHandoverError, OSError, ValueError) as error:
                log.warning("a sealed run is not understood: %s", type(error).__name__)
                self._say("refused", why="The gate does not understand this run.")
            finally:
                message.let_go()
        if self._channel.fileno() >= 0:
            asyncio.get_running_loop().add_reader(self._channel.fileno(), self._readable)

    async def _do(self, message: handover.Message) -> None:
        if message.kind == "run":
            self._greet(message)
        elif message.kind == "network" and self._network is None:
            await self._taken(message)
            self._say("sealed")
        elif message.kind == "mirror" and self._network is not None:
            await self._mirrored(message)
        elif message.kind == "capture" and self._may_capture():
            await self._captured(message)
        elif message.kind == "window" and self._captures and self._door.captures is not None:
            await self._door.captures.stood_open(message.values)
            self._say("noted")
        else:
            raise handover.BrokenHandoverError("out of order")

    def _greet(self, message: handover.Message) -> None:
        if message.integer("version") != handover.VERSION:
            self._say("refused", why=_OTHER_VERSION)
        elif self._door.networks is None:
            self._say("refused", why=_NO_NETWORKS)
        else:
            self._say("welcome")

    async def _mirrored(self, message: handover.Message) -> None:
        """Take one more listener of its network. Raises BrokenHandoverError."""
        if len(message.descriptors) != 1:
            raise handover.BrokenHandoverError("one listener")
        if len(self._instances) >= _MOST_PLACES:
            raise handover.BrokenHandoverError("too many listeners")
        if is_of_our_network(message.descriptors[0]):
            raise handover.BrokenHandoverError("a listener of the gate's own network")
        [listener] = message.sockets()
        await self._opened(listener, own_end, lambda place: place)

    def _may_capture(self) -> bool:
        """Only root or the gate's own user captures, once, and not in a seal."""
        ours = self.uid in {0, os.getuid()}
        return ours and self._network is None and not self._captures

    async def _captured(self, message: handover.Message) -> None:
        """Take the listeners to which the connections of this machine are brought."""
        captures = self._door.captures
        if captures is None or message.integer("version") != handover.CAPTURE_VERSION:
            why = _NO_CAPTURE if captures is None else _OTHER_VERSION
            self._say("refused", why=why)
            return
        self._captures = True
        for listener in message.sockets():
            await self._opened(listener, original, lambda place: place)
        self._say("capturing", uid=os.getuid())
        await captures.began(message.text("scope"))

    async def _taken(self, message: handover.Message) -> None:
        """Take over the network with all its sockets."""
        if message.values.get("roles") != list(ROLES) or len(message.descriptors) != len(ROLES):
            raise handover.BrokenHandoverError("not the sockets that it takes")
        number = message.integer("network")
        if self._door.knows(number) or number == identity():
            raise handover.BrokenHandoverError("another's network")
        if is_of_our_network(message.descriptors[ROLES.index("tcp")]):
            raise handover.BrokenHandoverError("a listener of the gate's own network")
        found = dict(zip(ROLES, message.sockets(), strict=True))
        self._network = number
        try:
            await self._told(number, [found[role] for role in ("quick", "thorough", "peers")])
            above = _peer_of(self._channel)[0]
            names, self._datagrams = self._door.made(self, number, above)
            self._names = names
            if self._datagrams is not None:
                self._datagrams.listen(found.pop("datagrams"))
            self._streams = await asyncio.start_server(names.stream, sock=found["dns_tcp"])
            del found["dns_tcp"]
            await self._opened(found.pop("tcp"), original, self._meant)
            for role in ("dns", "dns6"):
                self._questions.append(asked := found.pop(role))
                names.listen(asked)
        finally:
            for left in found.values():
                left.close()

    async def _told(self, number: int, asking: Sequence[socket.socket]) -> None:
        """Hand on what asks about the network. Raises OSError where it is not believed."""
        if self._door.networks is None:
            return
        entered, supervisor = self._door.networks.entered, _peer_of(self._channel)[0]
        try:
            await asyncio.to_thread(entered, number, supervisor, [one.fileno() for one in asking])
        except OSError:
            self._network = None
            raise
        for one in asking:
            one.detach()

    async def _opened(
        self,
        listener: socket.socket,
        target: Callable[[socket.socket], Address],
        meant: Callable[[Address], Address],
    ) -> None:
        listener.setblocking(False)
        mode = mode_of(self._network)
        instance = SealedInstance(mode, self._door.server, listener, target, meant)
        try:
            await instance.start()
        except (OSError, ValueError):
            listener.close()
            raise
        self._instances.append(instance)

    def _meant(self, address: Address) -> Address:
        return self.book.name_of(address[0]) or address[0], address[1]

    def _say(self, kind: str, **values: object) -> None:
        with contextlib.suppress(handover.BrokenHandoverError):
            handover.send(self._channel, kind, (), **values)

    async def take_no_more(self) -> None:
        """Leave what is captured to the next gate. A sealed run has no other than this one."""
        if self._captures:
            async with self._lock:
                for instance in self._instances:
                    await instance.stop()
                self._instances = []

    async def end(self) -> None:
        """Let go of all its sockets: whatever is left of it gets nowhere any more."""
        if self._names is not None:
            self._names.over()
        async with self._lock:
            if self._channel.fileno() < 0:  # it ended while the gate did
                return
            self._door.forget(self)
            asyncio.get_running_loop().remove_reader(self._channel.fileno())
            self._channel.close()
            for instance in self._instances:
                await instance.stop()
            if self._streams is not None:
                self._streams.close()
            if self._names is not None:
                for asked in self._questions:
                    self._names.close(asked)
            if self._datagrams is not None:
                await self._datagrams.over()
            if self._network is not None and self._door.networks is not None:
                await asyncio.to_thread(self._door.networks.left, self._network)
            if self._captures and self._door.captures is not None:
                await self._door.captures.ended()
            self._captures = False
            self._instances, self._questions = [], []


def _may_enter(channel: socket.socket) -> bool:
    """Return True for root, and for a process of this very user that is in no seal: what is in one
    may have no other.
    """
    pid, uid = _peer_of(channel)
    if uid == 0:  # of this user namespace: nobody in a seal has that number here
        return True
    try:
        theirs = Path(f"/proc/{pid}/ns/user").stat().st_ino
    except OSError:
        return False
    return bool(uid == os.getuid() and theirs == Path("/proc/self/ns/user").stat().st_ino)


def is_of_our_network(descriptor: int) -> bool:
    """Return whether a socket was made in the very network that we are in: what it takes would come
    back to it.
    """
    with contextlib.suppress(OSError), socket.socket() as ours:
        theirs = socket.socket(fileno=os.dup(descriptor))
        with theirs:
            found = theirs.getsockopt(socket.SOL_SOCKET, _COOKIE, 8)
        return found == ours.getsockopt(socket.SOL_SOCKET, _COOKIE, 8)
    return False


def _peer_of(channel: socket.socket) -> tuple[int, int]:
    """Return the process and the user at the other end."""
    found = channel.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, uid, _ = _CREDENTIALS.unpack(found)
    return pid, uid
