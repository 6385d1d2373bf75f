"""Bodies that come slowly, or do not end, give way to those that come."""

import asyncio
import ssl
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field

import pytest
from aiohttp import StreamReader
from fleet_over_tls import joined, shipper, unended
from fleet_world import FleetWorld

from app.demo.simulated_endpoints import made_up_records, write_evidence
from core.errors import InputError, OutgateError
from core.ids import utc_now
from fleet.line import HttpsLine
from hub import admission, arriving
from hub.admission import MOST_UPLOADS_OF_ONE, BusyError
from hub.arriving import Arriving
from hub.service import Serving

LONG_S = 60.0


@dataclass
class Sent:
    """What somebody sends, piece by piece; it ends with an empty one."""

    pieces: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)

    async def readany(self) -> bytes:
        return await self.pieces.get()


class World:
    """Bodies that come together, each by the name of its sender and a number."""

    def __init__(self, tasks: asyncio.TaskGroup) -> None:
        self._group = tasks
        self.arriving = Arriving()
        self.sent: list[Sent] = []
        self.tasks: list[asyncio.Task[bytes | OutgateError | BusyError]] = []
        self.answered = asyncio.Event()

    async def comes(self, who: str, first: bytes, *, stranger: bool = False) -> int:
        """Begin a body with this piece; return its number."""
        sent = Sent()
        sent.pieces.put_nowait(first)
        self.sent.append(sent)
        self.tasks.append(self._group.create_task(self._read(who, sent, stranger=stranger)))
        await settled()
        return len(self.sent) - 1

    async def _read(
        self, who: str, sent: Sent, *, stranger: bool
    ) -> bytes | OutgateError | BusyError:
        """Return the body, or why it was not read."""
        with self.arriving.body(who, stranger=stranger) as body:
            content: StreamReader = sent  # type: ignore[assignment]
            try:
                data = await self.arriving.read(body, content, 10_000, LONG_S)
            except (OutgateError, BusyError) as error:
                return error
            await self.answered.wait()
            return data

    async def ends(self, number: int) -> None:
        self.sent[number].pieces.put_nowait(b"")
        await settled()

    def told_to_come_again(self) -> list[int]:
        return [
            number
            for number, task in enumerate(self.tasks)
            if task.done() and isinstance(task.result(), BusyError)
        ]


async def settled() -> None:
    """Let all that can go on do so."""
    for _ in range(10):
        await asyncio.sleep(0)


def run(story: Callable[[World], Coroutine[None, None, None]]) -> None:
    """Run it, and let go of what still comes."""

    async def told() -> None:
        async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
            world = World(tasks)
            await story(world)
            for task in world.tasks:
                task.cancel()

    asyncio.run(told())


@pytest.fixture(name="little", autouse=True)
def little_fixture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for a thousand bytes, and three strangers."""
    monkeypatch.setattr(arriving, "MOST_HELD", 1000)
    monkeypatch.setattr(admission, "MOST_STRANGERS", 3)


def test_of_whoever_holds_most_what_began_first_gives_way() -> None:
    async def story(world: World) -> None:
        for who in ("greedy", "greedy", "other"):
            await world.comes(who, b"x" * 300)
        honest = await world.comes("honest", b"x" * 90)
        assert world.told_to_come_again() == []
        last = await world.comes("late", b"x" * 90)
        assert world.told_to_come_again() == [0]
        await world.ends(honest)
        await world.ends(last)
        world.answered.set()
        assert await world.tasks[honest] == b"x" * 90 == await world.tasks[last]
        assert not world.tasks[1].done() and not world.tasks[2].done()

    run(story)


def test_what_is_all_here_is_answered_and_whoever_comes_then_comes_again() -> None:
    """Its place is free as soon as it is answered."""

    async def story(world: World) -> None:
        whole = [await world.comes(who, b"x" * 480) for who in ("one", "two")]
        for number in whole:
            await world.ends(number)
        late = await world.comes("three", b"x" * 60)
        assert world.told_to_come_again() == [late]
        world.answered.set()
        for number in whole:
            assert await world.tasks[number] == b"x" * 480
        again = await world.comes("three", b"x" * 900)
        await world.ends(again)
        assert await world.tasks[again] == b"x" * 900

    run(story)


def test_a_body_that_is_too_long_by_itself_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arriving, "MOST_HELD", 1 << 20)

    async def story(world: World) -> None:
        long = await world.comes("one", b"x" * 10_001)
        assert isinstance(await world.tasks[long], InputError)

    run(story)


def test_strangers_of_the_address_with_most_give_way() -> None:
    """A machine that begins ever more takes its own places, whoever else comes slowly."""

    async def story(world: World) -> None:
        slow = await world.comes("192.0.2.1", b"{", stranger=True)
        many = [await world.comes("192.0.2.2", b"{", stranger=True) for _ in range(5)]
        assert world.told_to_come_again() == many[:3]
        endpoint = await world.comes("endpoint", b"{")
        assert world.told_to_come_again() == many[:3]
        for number in (slow, endpoint):
            await world.ends(number)
        world.answered.set()
        assert await world.tasks[slow] == b"{" == await world.tasks[endpoint]

    run(story)


def test_uploads_that_do_not_end_keep_no_place(
    world: FleetWorld, serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight endpoints begin all that each may, and go on sending nothing: another ships at once."""
    monkeypatch.setattr(arriving, "MOST_HELD", 200_000)
    slow = []
    for number in range(8):
        context = joined(world, serving, f"hostile-{number}").context()
        slow += [
            unended(serving, "/v1/upload", context, b"x" * 30_000)
            for _ in range(MOST_UPLOADS_OF_ONE)
        ]
    member = joined(world, serving, "till-1")
    write_evidence(member.folder.parent / "evidence.db", made_up_records(1, 5, utc_now()))
    ship = shipper(member)
    assert ship.round().shipped["records"] == 5
    ship.line.close()
    answer = slow[0].getresponse()
    assert answer.status == 503 and int(answer.headers["Retry-After"]) > 0
    for one in slow:
        one.close()


@pytest.mark.parametrize("source", ["127.0.0.1", "127.0.0.2"])
def test_strangers_keep_nobody_from_enrolling(
    world: FleetWorld, serving: Serving, source: str
) -> None:
    """Whoever has no certificate may enrol, and begin what never ends: few of those are listened
    to at once; who comes then is let in, by the same address (a balancer's) as by another.
    """
    member = joined(world, serving, "till-1")
    bare = ssl.create_default_context(cafile=str(world.folder / "hub" / "authority.pem"))
    slow = [unended(serving, "/v1/enrol", bare, source=source) for _ in range(30)]
    for one in slow[:20]:
        answer = one.getresponse()
        assert answer.status == 503 and int(answer.headers["Retry-After"]) > 0
    assert joined(world, serving, "till-2")
    line = HttpsLine.of(member)
    assert line.send("/v1/orders", b'{"kind": "policy"}').value == {}
    line.close()
    for one in slow:
        one.close()


def test_a_stranger_who_comes_slowly_is_not_waited_for(
    world: FleetWorld, serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.service._STRANGERS_BODY_S", 0.3)
    bare = ssl.create_default_context(cafile=str(world.folder / "hub" / "authority.pem"))
    slow = unended(serving, "/v1/enrol", bare)
    assert slow.getresponse().status == 400
    slow.close()
