"""Events of a connection are handled one by one, in the order in which they come."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest
from mitmproxy import options
from mitmproxy.master import Master
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.layers.http._hooks import HttpRequestHook, HttpResponseHook
from mitmproxy.test import tflow
from mitmproxy.utils.asyncio_utils import set_eager_task_factory

from proxy import backpressure
from proxy.hooks import DirectAddons, GateHandler
from proxy.turns import GateFaultHook


class Asked:
    """Waits in `request`, and answers `response` at once."""

    name = "asked"

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.told: list[str] = []

    async def request(self, flow: Any) -> None:
        self.told.append("request")
        await self.go.wait()

    def response(self, flow: Any) -> None:
        self.told.append("response")


class Nowhere(asyncio.Transport):
    """A transport that has ended."""

    def is_closing(self) -> bool:
        return True


class Script:
    """A layer that notes what happens, and says what is to be done then."""

    def __init__(self, said: dict[str, list[commands.Command]]) -> None:
        self._said = said
        self.happened: list[str] = []

    def handle_event(self, event: events.Event) -> Iterator[commands.Command]:
        what = type(event).__name__
        if isinstance(event, events.HookCompleted):
            what = f"after {event.command.name}"
        self.happened.append(f"{what} begins")
        yield from self._said.pop(what, ())
        self.happened.append(f"{what} ends")


@pytest.fixture
async def gate() -> tuple[GateHandler, Asked]:
    """A connection of which nothing is read or written."""
    asked = Asked()
    master = Master(options.Options(), with_termlog=False)
    master.options.add_option("tcp_timeout", int, 600, "")
    addons = master.addons = DirectAddons(master)
    addons.add(asked)  # type: ignore[no-untyped-call]
    addons.freeze()
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    writer = asyncio.StreamWriter(Nowhere(), asyncio.StreamReaderProtocol(reader), reader, loop)
    handler = GateHandler(master, reader, writer, master.options, None)
    return handler, asked


async def test_what_comes_up_while_an_event_is_handled_stands_behind_it(
    gate: tuple[GateHandler, Asked],
) -> None:
    """A hook that is over at once, or that nobody listens to, is gone on from when the event that
    asked for it was handled to its end; one that waits keeps no other event from being handled."""
    handler, asked = gate
    flow = tflow.tflow()
    told, unheard, waits = HttpResponseHook(flow), HttpRequestHook(flow), HttpRequestHook(flow)
    unheard.name = "nobody_listens"  # type: ignore[misc]
    script = Script({"Start": [told, unheard], "after response": [waits]})
    handler.layer = script  # type: ignore[assignment]
    with set_eager_task_factory():
        await handler.server_event(events.Start())
        first = [
            f"{event} {part}"
            for event in ("Start", "after response", "after nobody_listens")
            for part in ("begins", "ends")
        ]
        assert script.happened == first
        assert asked.told == ["response", "request"]
        await handler.server_event(events.Wakeup(commands.RequestWakeup(1)))
        assert script.happened[len(first) :] == ["Wakeup begins", "Wakeup ends"]
        asked.go.set()
        for _ in range(3):
            await asyncio.sleep(0)
    assert script.happened[-2:] == ["after request begins", "after request ends"]


async def test_no_task_is_made_for_a_hook_that_waits_for_nothing(
    gate: tuple[GateHandler, Asked], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever answers at once is called where the hook begins; a task is for those who wait."""
    handler, asked = gate
    flow, started = tflow.tflow(), list[object]()
    theirs = handler.start

    def noted(work: Any) -> None:
        started.append(work)
        theirs(work)

    monkeypatch.setattr(handler, "start", noted)
    script = Script({"Start": [HttpResponseHook(flow)], "Wakeup": [HttpRequestHook(flow)]})
    handler.layer = script  # type: ignore[assignment]
    with set_eager_task_factory():
        await handler.server_event(events.Start())
        assert (asked.told, started) == (["response"], [])
        assert script.happened[-1] == "after response ends"
        await handler.server_event(events.Wakeup(commands.RequestWakeup(1)))
        assert (asked.told[1:], len(started)) == (["request"], 1)
        asked.go.set()
        for _ in range(3):
            await asyncio.sleep(0)
    assert script.happened[-1] == "after request ends"


async def test_a_hook_that_is_ended_before_it_begins_leaves_nothing_half_begun(
    gate: tuple[GateHandler, Asked],
) -> None:
    """Where tasks begin later, as while a gate stops, nobody is called before; what is ended until
    then was never begun.
    """
    handler, asked = gate
    handler.layer = Script({"Start": [HttpResponseHook(tflow.tflow())]})  # type: ignore[assignment]
    await handler.server_event(events.Start())
    assert asked.told == []
    [task] = [one for one in asyncio.all_tasks() if one is not asyncio.current_task()]
    task.cancel()
    await asyncio.wait({task})
    assert asked.told == []


async def test_a_connection_is_not_idle_while_a_hook_waits(
    gate: tuple[GateHandler, Asked],
) -> None:
    """A request that waits for a person is not ended as an idle connection; afterwards it may."""
    handler, asked = gate
    handler.layer = Script({"Start": [HttpRequestHook(tflow.tflow())]})  # type: ignore[assignment]
    with set_eager_task_factory():
        await handler.server_event(events.Start())
        assert not handler.timeout_watchdog.can_timeout.is_set()
        before = time.time()
        asked.go.set()
        for _ in range(3):
            await asyncio.sleep(0)
    assert handler.timeout_watchdog.can_timeout.is_set()
    assert handler.timeout_watchdog.last_activity >= before


@pytest.mark.parametrize("raises", [RuntimeError, BaseException, SystemExit])
async def test_a_layer_that_fails_ends_its_connection(
    gate: tuple[GateHandler, Asked],
    raises: type[BaseException],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody knows what its layers would do: nothing more of it is handled, it is broken off and
    told, and nothing else ends.
    """
    handler, _ = gate
    told: list[commands.StartHook] = []
    ended: list[str] = []

    async def heard(hook: commands.StartHook) -> None:
        told.append(hook)

    def fails(event: events.Event) -> Iterator[commands.Command]:
        raise raises

    monkeypatch.setattr(handler, "handle_hook", heard)
    monkeypatch.setattr(backpressure, "hang_up", ended.append)
    script = Script({})
    handler.layer = script  # type: ignore[assignment]
    monkeypatch.setattr(script, "handle_event", fails)
    await handler.server_event(events.Start())
    monkeypatch.undo()
    await handler.server_event(events.Wakeup(commands.RequestWakeup(1)))
    await asyncio.sleep(0)
    assert script.happened == []
    assert [type(hook) for hook in told] == [GateFaultHook]
    assert ended == [handler.client.id]


async def test_layers_stay_until_the_last_hook_of_a_client_that_left_is_over(
    gate: tuple[GateHandler, Asked], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a hook still waits for is told to the layers when it comes, whoever has left; then they
    are let go, and nothing that still comes does any harm.
    """
    handler, asked = gate
    script = Script({"Start": [HttpRequestHook(tflow.tflow())]})
    handler.layer = script  # type: ignore[assignment]
    untied: list[object] = []
    monkeypatch.setattr(backpressure, "untie_layers", untied.append)
    with set_eager_task_factory():
        await handler.server_event(events.Start())
        handler._over = True
        handler.transports.clear()
        handler.let_go()
        assert untied == []
        asked.go.set()
        for _ in range(3):
            await asyncio.sleep(0)
    assert script.happened[-1] == "after request ends"
    assert untied == [script]
    await handler.server_event(events.Wakeup(commands.RequestWakeup(1)))
    assert script.happened[-1] == "after request ends"
