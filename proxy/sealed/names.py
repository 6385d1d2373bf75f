"""The questions for names out of a seal: looked up here, outside, and remembered for the
connections that follow.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Sequence

from capture import dns, hosts_file
from capture.address_book import AddressBook
from core.duties import OWNER, Duty
from proxy.sealed.unfound import Asker, Unfound, name_server

LOOK_UP_S = 5.0
_MOST_AT_ONCE = 32
_DATAGRAM = 4096
_UNKNOWN_HERE = frozenset({dns.SVCB, dns.HTTPS, dns.ANY})
"""Answered as empty: they would tell clients to hide the name (ECH), or to use HTTP/3."""
_GONE = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})

type LookUp = Callable[[str], Sequence[str]]


def look_up(name: str) -> Sequence[str]:
    """Return the addresses of a name. Blocks. Raises OSError as getaddrinfo does.

    A name is asked for as it stands, without the machine's search list: the program's own resolver
    has been through that. With the dot that says so it is not found in the machine's own file.
    """
    if known := hosts_file.addresses(hosts_file.read(), name):
        return known
    whole = f"{name}." if "." in name and not name.endswith(".local") else name
    found = socket.getaddrinfo(whole, 0, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))


class Names:
    """Answers the questions of one sealed run."""

    def __init__(
        self,
        book: AddressBook,
        made_up: Callable[[str], bool],
        look_up: LookUp = look_up,
        unfound: Unfound | None = None,
    ) -> None:
        """`made_up`: whether a name may exist that cannot be looked up here, because another proxy
        does that, or --connect-to says where it goes. `unfound`: told of those that do not.
        """
        self._book = book
        self._made_up = made_up
        self._look_up = look_up
        self._unfound = unfound
        self._slots = asyncio.Semaphore(_MOST_AT_ONCE)
        self._running: set[asyncio.Task[None]] = set()

    def listen(self, asked: socket.socket) -> None:
        """Answer what comes at this socket for datagrams."""
        asked.setblocking(False)
        asyncio.get_running_loop().add_reader(asked.fileno(), self._readable, asked)

    def close(self, asked: socket.socket) -> None:
        """Answer no more there."""
        asyncio.get_running_loop().remove_reader(asked.fileno())
        asked.close()

    def over(self) -> None:
        """Nothing more is asked."""
        if self._unfound is not None:
            self._unfound.settle()

    def _readable(self, asked: socket.socket) -> None:
        try:
            data, where = asked.recvfrom(_DATAGRAM)
        except OSError:
            return
        if len(self._running) >= 8 * _MOST_AT_ONCE:
            return  # who floods hears nothing
        work = OWNER.task(Duty.NAMES, self._answer_datagram(asked, data, where))
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _answer_datagram(
        self, asked: socket.socket, data: bytes, where: tuple[object, ...]
    ) -> None:
        asker = Asker(host=str(where[0]), port=int(str(where[1])))
        if (whole := await self.answer(data, asker)) is not None:
            with contextlib.suppress(OSError):
                asked.sendto(dns.shortened(whole), where)

    async def stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer what comes over one connection."""
        host, port, *_ = writer.get_extra_info("peername")
        asker = Asker(host=host, port=port, is_stream=True)
        try:
            while size := int.from_bytes(await reader.readexactly(2), "big"):
                whole = await self.answer(await reader.readexactly(size), asker)
                if whole is None:
                    break
                writer.write(len(whole).to_bytes(2, "big") + whole)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def answer(self, data: bytes, asker: Asker | None = None) -> bytes | None:
        """Return the answer to a query; None for what is none. `asker`: where it came from."""
        asked = dns.question(data)
        if asked is None:
            return None
        if asked.kind in {dns.A, dns.AAAA}:
            return await self._addresses(asked, asker)
        if asked.kind in _UNKNOWN_HERE:
            return dns.answer(asked)
        if asked.kind == dns.PTR and (address := dns.address_of(asked.name)) is not None:
            name = self._book.name_of(address)
            if name is not None:
                return dns.name_answer(asked, name)
        return await self._forwarded(asked, data)

    async def _addresses(self, asked: dns.Question, asker: Asker | None) -> bytes:
        if self._made_up(asked.name):
            return dns.answer(asked, self._book.given(asked.name, None))
        gone = False
        try:
            async with self._slots, asyncio.timeout(LOOK_UP_S):
                found = await asyncio.to_thread(self._look_up, asked.name)
        except socket.gaierror as error:
            gone = error.errno in _GONE
        except (OSError, UnicodeError, TimeoutError):
            pass
        else:
            if self._unfound is not None:
                self._unfound.found(asked.name)
            return dns.answer(asked, self._book.given(asked.name, found))
        if self._unfound is not None:
            await self._unfound.failed(asked.name, asker, gone=gone)
        return dns.answer(asked, code=dns.NO_SUCH_NAME if gone else dns.SERVER_FAILURE)

    async def _forwarded(self, asked: dns.Question, data: bytes) -> bytes:
        """Ask this machine's own name server what is not about addresses (mail, services)."""
        server = name_server()
        if server is None:
            return dns.answer(asked, code=dns.SERVER_FAILURE)
        family = socket.AF_INET6 if ":" in server else socket.AF_INET
        loop = asyncio.get_running_loop()
        with socket.socket(family, socket.SOCK_DGRAM) as channel:
            channel.setblocking(False)
            try:
                async with self._slots, asyncio.timeout(LOOK_UP_S):
                    await loop.sock_connect(channel, (server, 53))
                    await loop.sock_sendall(channel, data)
                    return await loop.sock_recv(channel, _DATAGRAM)
            except (OSError, TimeoutError):
                return dns.answer(asked, code=dns.SERVER_FAILURE)
