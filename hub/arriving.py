"""The bodies of messages while they come in: how much of them is in memory at once, and who gives
way. Nobody waits for whoever sends slowly, or much that does not end: of whoever holds most, what
began first is asked to come again.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import attrgetter

from aiohttp import StreamReader

from core.errors import InputError
from hub import admission
from hub.admission import BusyError

MOST_HELD = 128 << 20
"""Bytes of all bodies, from their first until the message is answered."""


@dataclass(slots=True, eq=False)
class Body:
    """One body."""

    who: str
    """Endpoint, or the address of somebody who is none yet."""
    stranger: bool
    number: int
    within: asyncio.Timeout
    size: int = 0
    gives_way: bool = False
    whole: bool = False


@dataclass(slots=True)
class Arriving:
    """What arrives; used from the loop's thread alone."""

    _here: set[Body] = field(default_factory=set)
    _begun: int = 0
    _held: int = 0

    @contextmanager
    def body(self, who: str, *, stranger: bool) -> Iterator[Body]:
        """Count a body while its message is answered."""
        self._begun += 1
        body = Body(who, stranger, self._begun, asyncio.timeout(None))
        self._here.add(body)
        try:
            if stranger:
                self._room_for_strangers()
            yield body
        finally:
            self._here.discard(body)
            self._held -= body.size

    async def read(self, body: Body, content: StreamReader, most: int, within_s: float) -> bytes:
        """Return all of a body, of at most so many bytes, where it came within so many seconds.

        Raises InputError; BusyError where it gives way to others.
        """
        data = bytearray()
        try:
            async with body.within:
                if not body.gives_way:
                    body.within.reschedule(asyncio.get_running_loop().time() + within_s)
                while not body.gives_way and (chunk := await content.readany()):
                    data += chunk
                    self._grown(body, len(chunk))
                    if body.size > most:
                        raise InputError("The message is too long.")
        except TimeoutError:
            if body.gives_way:
                raise BusyError from None
            raise InputError("The message came too slowly.") from None
        if body.gives_way:
            raise BusyError
        body.whole = True
        return bytes(data)

    def _grown(self, body: Body, by: int) -> None:
        body.size += by
        self._held += by
        while self._held > MOST_HELD and not body.gives_way:  # the body itself may give way
            weights: Counter[str] = Counter()
            for one in self._here:
                weights[one.who] += 0 if one.gives_way else one.size
            if weights.total() <= MOST_HELD:
                return
            _give_way(_first_of_most(self._open(), weights))

    def _room_for_strangers(self) -> None:
        coming = [one for one in self._open() if one.stranger]
        if len(coming) > admission.MOST_STRANGERS:
            _give_way(_first_of_most(coming, Counter(one.who for one in coming)))

    def _open(self) -> list[Body]:
        """Return what still comes."""
        return [one for one in self._here if not one.whole and not one.gives_way]


def _first_of_most(bodies: list[Body], weights: Counter[str]) -> Body:
    """Return of whoever holds most what began first."""
    by_weight = max(weights[one.who] for one in bodies)
    most = (one for one in bodies if weights[one.who] == by_weight)
    return min(most, key=attrgetter("number"))


def _give_way(body: Body) -> None:
    body.gives_way = True
    if body.within.when() is not None:  # it is read already
        body.within.reschedule(asyncio.get_running_loop().time())
