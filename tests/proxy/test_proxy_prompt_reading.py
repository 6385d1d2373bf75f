"""What comes on a socket is handled where it was read; all else is as with asyncio's reader."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy import options
from mitmproxy.master import Master
from mitmproxy.proxy import events

from proxy import backpressure, prompt_reading
from proxy.hooks import DirectAddons, GateHandler
from proxy.prompt_reading import PromptReader, let_go, made_prompt

STEPS = st.lists(
    st.one_of(
        st.binary(min_size=1, max_size=3),
        st.sampled_from(["turn", "full", "room", "let go"]),
    ),
    max_size=12,
)


class Serves:
    """Handles what comes, and reads the rest as mitmproxy does."""

    def __init__(self) -> None:
        self.told: list[bytes] = []
        self.ended: BaseException | None = None
        self.full = False
        self.has_room = asyncio.Event()
        self.rooms = 0

    def take(self, data: bytes) -> bool:
        """Handle it."""
        self.told.append(data)
        return not self.full

    async def room(self) -> None:
        """Wait for room."""
        self.rooms += 1
        if self.full:
            await self.has_room.wait()

    async def read(self, reader: asyncio.StreamReader) -> None:
        """Read to the end."""
        try:
            while data := await reader.read(65535):
                self.told.append(data)
                await self.room()
        except OSError as error:
            self.ended = error


async def turns(count: int = 4) -> None:
    """Let everybody go on who can."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_what_comes_is_handled_before_the_loop_goes_round() -> None:
    """Where nothing stands before it and nobody has to be waited for, it was handled when it was
    fed; what came before the first read is read as ever.
    """
    serves, reader = Serves(), asyncio.StreamReader()
    reader.feed_data(b"early")
    made_prompt(reader, serves.take, serves.room)
    reader.feed_data(b" and late")
    task = asyncio.get_running_loop().create_task(serves.read(reader))
    assert serves.told == []
    await turns()
    assert serves.told == [b"early and late"]
    rooms = serves.rooms
    for number in range(3):
        reader.feed_data(b"%d" % number)
        assert serves.told[-1] == b"%d" % number
    assert serves.rooms == rooms
    reader.feed_eof()
    await task


async def test_no_more_is_taken_until_there_is_room() -> None:
    """What comes while something written has to leave first is kept, and read afterwards."""
    serves, reader = Serves(), asyncio.StreamReader()
    made_prompt(reader, serves.take, serves.room)
    task = asyncio.get_running_loop().create_task(serves.read(reader))
    await turns()
    serves.full = True
    reader.feed_data(b"fills it")
    reader.feed_data(b"kept ")
    await turns()
    reader.feed_data(b"both")
    await turns()
    assert serves.told == [b"fills it"]
    assert serves.rooms == 1
    serves.full = False
    serves.has_room.set()
    await turns()
    assert serves.told == [b"fills it", b"kept both"]
    reader.feed_data(b"again at once")
    assert serves.told[-1] == b"again at once"
    reader.feed_eof()
    await task


async def test_who_was_told_to_stop_takes_nothing_more() -> None:
    """What comes for a connection that is closed already, before its task has noticed, is not
    handled any more.
    """
    serves, reader = Serves(), asyncio.StreamReader()
    made_prompt(reader, serves.take, serves.room)
    task = asyncio.get_running_loop().create_task(serves.read(reader))
    await turns()
    reader.feed_data(b"before")
    task.cancel()
    reader.feed_data(b"behind")
    with pytest.raises(asyncio.CancelledError):
        await task
    assert serves.told == [b"before"]


async def test_a_connection_that_breaks_says_so() -> None:
    """The fault comes to who reads, behind all that had come."""
    serves, reader = Serves(), asyncio.StreamReader()
    made_prompt(reader, serves.take, serves.room)
    task = asyncio.get_running_loop().create_task(serves.read(reader))
    await turns()
    reader.feed_data(b"x")
    reader.set_exception(ConnectionResetError("gone"))
    await task
    assert serves.told == [b"x"]
    assert isinstance(serves.ended, ConnectionResetError)


async def test_who_is_stopped_takes_nothing_any_more() -> None:
    """A reader that is cancelled handles nothing; what comes then is kept, as asyncio does."""
    serves, reader = Serves(), asyncio.StreamReader()
    made_prompt(reader, serves.take, serves.room)
    task = asyncio.get_running_loop().create_task(serves.read(reader))
    await turns()
    task.cancel()
    await turns()
    reader.feed_data(b"late")
    assert serves.told == []
    assert await reader.read(100) == b"late"


async def played(script: list[Any], *, prompt: bool) -> tuple[bytes, bool]:
    """Return all that was handled of what a script feeds, and whether the end was seen."""
    serves, reader = Serves(), asyncio.StreamReader(limit=2)
    if prompt:
        made_prompt(reader, serves.take, serves.room)
    task = asyncio.get_running_loop().create_task(serves.read(reader))
    for step in script:
        if isinstance(step, bytes):
            reader.feed_data(step)
        elif step == "let go":
            let_go(reader)
        elif step == "turn":
            await turns(1)
        else:
            serves.full = step == "full"
            if not serves.full:
                serves.has_room.set()
                serves.has_room = asyncio.Event()
    serves.full = False
    serves.has_room.set()
    reader.feed_eof()
    await turns(20)
    ended = task.done()
    task.cancel()
    return b"".join(serves.told), ended


@given(script=STEPS)
def test_all_that_comes_is_handled_once_and_in_order(script: list[Any]) -> None:
    """However it comes, and whenever there is no room: the same bytes as with asyncio's reader."""
    theirs = asyncio.run(played(script, prompt=False))
    assert asyncio.run(played(script, prompt=True)) == theirs
    assert theirs == (b"".join(one for one in script if isinstance(one, bytes)), True)


async def test_another_reader_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not asyncio's, or not as it is known, goes on by its own way."""

    class Another(asyncio.StreamReader):
        pass

    serves = Serves()
    other, unknown = Another(), asyncio.StreamReader()
    made_prompt(other, serves.take, serves.room)
    made_prompt(object(), serves.take, serves.room)
    monkeypatch.setattr(prompt_reading, "_NAMES", ("_is_not_there",))
    made_prompt(unknown, serves.take, serves.room)
    assert (type(other), type(unknown)) == (Another, asyncio.StreamReader)


class Sends(asyncio.Transport):
    """A connection's transport, with as much that waits to be sent as is said."""

    waiting = 0

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def is_closing(self) -> bool:
        return False


class Hears:
    """A layer that notes what happens."""

    def __init__(self) -> None:
        self.heard: list[events.Event] = []

    def handle_event(self, event: events.Event) -> tuple[()]:
        self.heard.append(event)
        return ()


async def test_a_gate_reads_on_while_all_is_sent_and_nothing_is_far_ahead() -> None:
    """Of a client no more is taken while too much was read ahead of its hooks; of nobody while
    something that was written waits.
    """
    master = Master(options.Options(), with_termlog=False)
    master.options.add_option("tcp_timeout", int, 600, "")
    master.addons = DirectAddons(master)
    reader, loop, sends = asyncio.StreamReader(), asyncio.get_running_loop(), Sends()
    writer = asyncio.StreamWriter(sends, asyncio.StreamReaderProtocol(reader), reader, loop)
    handler = GateHandler(master, reader, writer, master.options, None)
    hears = Hears()
    handler.layer = hears  # type: ignore[assignment]
    assert handler._came(handler.client, b"x")
    sends.waiting = 1
    assert not handler._came(handler.client, b"y")
    sends.waiting, handler._waiting, handler._ahead = 0, 1, backpressure.AHEAD - 2
    assert handler._came(handler.client, b"z")
    assert not handler._came(handler.client, b"!")
    data = [one.data for one in hears.heard if isinstance(one, events.DataReceived)]
    assert data == [b"x", b"y", b"z", b"!"]


async def test_it_is_a_reader_that_knows_nobody_when_it_was_let_go() -> None:
    """It keeps neither of both that served it."""
    serves, reader = Serves(), asyncio.StreamReader()
    made_prompt(reader, serves.take, serves.room)
    assert isinstance(reader, PromptReader)
    let_go(reader)
    assert serves.take not in vars(reader).values()
    assert serves.room not in vars(reader).values()
