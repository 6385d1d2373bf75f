"""Names that a sealed program asked for and that could not be found: told once each, and not those
that its resolver only made up on the way, by the machine's search list.
"""

import asyncio
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.attribution import Attribution
from core.duties import Duty
from proxy.boundaries import courtesy
from proxy.sealed.members import Members

RESOLVERS = Path("/etc/resolv.conf")
SETTLES_S = 6.0
"""A resolver has tried the rest of its search list by then."""
_MOST = 256
_PORT = 53

type Tell = Callable[[Attribution, str, bool], None]
"""Notes who asked for which name, and whether there is none such; else nobody could tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Where a question came from, inside a seal."""

    host: str
    port: int
    is_stream: bool = False


class Unfound:
    """Those of one sealed run. For the event loop only."""

    def __init__(
        self,
        tell: Tell,
        members: Members,
        searched: Callable[[], Sequence[str]] | None = None,
    ) -> None:
        """`searched`: the domains that resolvers put after a name."""
        self._tell = tell
        self._members = members
        self._searched = searched or search_list
        self._pending: dict[str, tuple[Attribution, bool]] = {}
        self._timers: set[asyncio.TimerHandle] = set()

    async def failed(self, name: str, asker: Asker | None, *, gone: bool) -> None:
        """It was not found. Returns while the asker still waits for its answer."""
        async with courtesy(Duty.NAMES):
            domains = self._searched()
            sender = await self._sender(asker)
            self._pending[name] = sender, gone
            if not domains or len(self._pending) > _MOST:
                self.settle()
                return
            loop = asyncio.get_running_loop()
            self._timers = {one for one in self._timers if one.when() > loop.time()}
            self._timers.add(loop.call_later(SETTLES_S, self._due, name))

    def found(self, name: str) -> None:
        """It was found, and so was whatever it was tried for, or tried as, before."""
        if self._pending:
            domains = self._searched()
            for other in tuple(self._pending):
                if _is_tried_as(other, name, domains) or _is_tried_as(name, other, domains):
                    del self._pending[other]

    def settle(self) -> None:
        """Tell all that is left: nothing will be tried any more."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        for name in tuple(self._pending):
            self._due(name)

    def _due(self, name: str) -> None:
        if name not in self._pending:
            return
        domains = self._searched()
        if any(_is_tried_as(name, other, domains) for other in self._pending):
            del self._pending[name]
            return
        with courtesy(Duty.NAMES):
            self._tell(*self._told(name))
        for other in tuple(self._pending):
            if other == name or _is_tried_as(other, name, domains):
                del self._pending[other]

    def _told(self, name: str) -> tuple[Attribution, str, bool]:
        sender, gone = self._pending[name]
        return sender, name, gone

    async def _sender(self, asker: Asker | None) -> Attribution:
        """Return who asked; where that cannot be seen, that it is of this run."""
        server = name_server()
        if asker is None or server is None:
            return self._members.unseen()
        near, far = (asker.host, asker.port), (server, _PORT)
        return await self._members.at(near, far, "tcp" if asker.is_stream else "udp")


def _is_tried_as(longer: str, name: str, domains: Sequence[str]) -> bool:
    """Return whether `longer` is `name` with one of these domains after it."""
    return longer != name and any(longer == f"{name}.{domain}" for domain in domains)


def name_server(path: Path = RESOLVERS) -> str | None:
    """Return the first name server of this machine; None where none is named."""
    for words in _lines(path):
        if len(words) > 1 and words[0] == "nameserver":
            return words[1].partition("%")[0]
    return None


def search_list(path: Path = RESOLVERS) -> Sequence[str]:
    """Return the domains that resolvers put after a name, by the last line that names some; else
    that of this machine's own name.
    """
    found: Sequence[str] | None = None
    for words in _lines(path):
        if words[:1] in (["search"], ["domain"]):
            found = [word.strip(".").lower() for word in words[1:]]
    if found is None:
        found = [socket.gethostname().partition(".")[2].lower()]
    return [domain for domain in found if domain]


def _lines(path: Path) -> list[list[str]]:
    try:
        return [line.split() for line in path.read_text("utf-8", "replace").splitlines()]
    except OSError:
        return []
