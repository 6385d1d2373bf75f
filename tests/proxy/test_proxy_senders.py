"""Who is asked for, and when."""

import asyncio
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from patience import PATIENT_S, soon

from core.attribution import Attribution, Certainty, unknown_sender
from core.exchange import Connection
from proxy.senders import Senders

CONNECTION = Connection(
    id="c1",
    client_host="127.0.0.1",
    client_port=5,
    gate_host="127.0.0.1",
    gate_port=6,
    at=datetime.now(UTC),
)


class Changing:
    """An attributor whose connection changes hands."""

    def __init__(self) -> None:
        self.names = ["first", "second", "third"]
        self.forgotten: list[str] = []
        self.slow = False

    def attribute_now(self, connection: Connection) -> Attribution | None:
        if self.slow:
            return None
        return Attribution(certainty=Certainty.EXACT, method=self.names.pop(0))

    def attribute(self, connection: Connection) -> Attribution:
        time.sleep(1)
        return unknown_sender("late", "late")

    def ahead(self, connection: Connection, *, beside: bool = False) -> Any:
        return None

    def line_of_code(
        self, attribution: Attribution, request: Any = None, *, look: bool = True
    ) -> Any:
        return None

    def tells_of_requests(self, attribution: Attribution) -> bool:
        return False

    def forget(self, connection: Connection) -> None:
        self.forgotten.append(connection.id)

    def close(self) -> None:
        pass


async def test_every_request_is_asked_anew() -> None:
    """A connection that another process uses, be it from the first request on, is not credited to
    its opener.
    """
    senders = Senders(Changing(), 1.0)
    await senders.opened(CONNECTION)

    assert (await senders.at_opening("c1")).method == "first"
    assert [(await senders.of("c1")).method for _ in range(2)] == ["second", "third"]


class Leaving(Changing):
    """Its client has gone when it is asked about again."""

    def attribute_now(self, connection: Connection) -> Attribution | None:
        return super().attribute_now(connection) if len(self.names) == 3 else None

    def attribute(self, connection: Connection) -> Attribution:
        return unknown_sender("late", "the client had already closed its socket")


async def test_who_has_let_go_is_named_as_the_opener_and_no_more() -> None:
    """Who sends and leaves at once is named as who opened the connection, which is never called
    certain.
    """
    senders = Senders(Leaving(), 1.0)
    await senders.opened(CONNECTION)
    found = await senders.of("c1")

    assert (found.certainty, found.method) == (Certainty.LIKELY, "first")
    assert "opened it" in (found.reason or "")
    assert (await senders.of("c1")).certainty is Certainty.UNKNOWN


async def test_a_search_that_takes_too_long_is_an_unknown_sender() -> None:
    """A slow look-up never holds a request up: the sender is unknown, and the reason says so."""
    attributor = Changing()
    attributor.slow = True
    senders = Senders(attributor, 0.05)
    await senders.opened(CONNECTION)
    found = await senders.of("c1")

    assert found.certainty is Certainty.UNKNOWN
    assert "too long" in (found.reason or "")
    await asyncio.sleep(0)


async def test_a_closed_connection_is_forgotten() -> None:
    """Nothing is kept of a connection that is closed."""
    attributor = Changing()
    senders = Senders(attributor, 1.0)
    await senders.opened(CONNECTION)
    senders.closed("c1")

    assert attributor.forgotten == ["c1"]
    assert (await senders.of("c1")).certainty is Certainty.UNKNOWN


class Writing(Changing):
    """Cannot tell at first: the client that has written is on its way to its read."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self.looks = looks
        self.searches = 0

    def attribute_now(self, connection: Connection) -> Attribution | None:
        self.looks -= 1
        return None if self.looks >= 0 else Attribution(certainty=Certainty.EXACT, method="seen")

    def attribute(self, connection: Connection) -> Attribution:
        self.searches += 1
        return Attribution(certainty=Certainty.LIKELY, method="searched")


async def test_a_client_on_its_way_to_its_answer_is_looked_at_again() -> None:
    """Some milliseconds of patience spare a search through all processes."""
    attributor = Writing(0)
    senders = Senders(attributor, 1.0)
    await senders.opened(CONNECTION)
    await senders.of("c1")
    attributor.looks = 2

    assert (await senders.of("c1")).method == "seen"
    assert attributor.searches == 0


async def test_a_connection_that_takes_searches_is_not_kept_waiting_each_time() -> None:
    """Where looking again does not help (a shared socket), it is tried once for the connection."""
    attributor = Writing(1000)
    senders = Senders(attributor, 1.0)
    await senders.opened(CONNECTION)
    await senders.of("c1")
    assert (await senders.of("c1")).method == "searched"
    looks = attributor.looks
    assert (await senders.of("c1")).method == "searched"
    assert looks - attributor.looks == 1


class Searching(Changing):
    """Whoever opens a connection is found by a search only."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def attribute_now(self, connection: Connection) -> Attribution | None:
        self.asked.append("at once")
        return None

    def attribute(self, connection: Connection) -> Attribution:
        self.asked.append("search")
        return Attribution(certainty=Certainty.EXACT, method="search")


async def test_after_an_opener_that_was_searched_for_so_is_who_sends_first() -> None:
    """It is not waited for an answer at once that cannot come; later requests may have one."""
    searching = Searching()
    senders = Senders(searching, 1.0)
    await senders.opened(CONNECTION)
    await senders.of("c1")
    assert searching.asked == ["at once", "search", "search"]
    await senders.of("c1")
    assert searching.asked[3:].count("at once") > 1


class Ageing(Changing):
    """Says once that the next request would need a search, and of others that they might."""

    def __init__(self) -> None:
        super().__init__()
        self.names *= 20
        self.begun, self.may_end = threading.Event(), threading.Event()
        self.looks = 0

    def ahead(self, connection: Connection, *, beside: bool = False) -> Any:
        return self.look if beside or self.looks == 0 or self.may_end.is_set() else None

    def look(self) -> None:
        self.looks += 1
        self.begun.set()
        self.may_end.wait(PATIENT_S)
        raise ValueError("as a search may fail")


async def test_a_search_that_will_be_due_is_made_beside_a_request() -> None:
    """No request waits for it, a few of other connections' are made with it, and not more; its
    failure is nobody's.
    """
    attributor = Ageing()
    senders = Senders(attributor, 1.0)
    for number in range(2, 40):
        await senders.opened(replace(CONNECTION, id=f"c{number}"))
    await senders.opened(CONNECTION)
    attributor.names = ["first", "second", "third", "fourth"]
    await senders.of("c1")
    try:
        assert (await senders.of("c1")).method == "second"
        await soon(attributor.begun.is_set)
        assert "c1" in senders._ahead
        await soon(lambda: attributor.looks == 8)
    finally:
        attributor.may_end.set()
    await soon(lambda: not senders._ahead)
    assert attributor.looks == 8
    await senders.of("c1")
    await soon(lambda: attributor.looks == 16)
