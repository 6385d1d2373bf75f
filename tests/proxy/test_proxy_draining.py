"""What is under way when a gate is told to end."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from proxy import carrying_out, draining
from proxy.draining import Draining


def flow(client: str, version: str = "HTTP/1.1", *, websocket: object = None) -> Any:
    return SimpleNamespace(
        client_conn=SimpleNamespace(id=client),
        request=SimpleNamespace(http_version=version),
        response=SimpleNamespace(headers={}),
        websocket=websocket,
    )


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the connections that were hung up, in that order."""
    found: list[str] = []
    monkeypatch.setattr(draining, "hang_up", found.append)
    monkeypatch.setattr(draining, "_LOOKS_S", 0)
    return found


async def test_what_is_idle_is_ended_and_what_is_under_way_is_waited_for(
    ended: list[str],
) -> None:
    """A connection with a request in hand stays until it is answered; its client is told that no
    other can follow.
    """
    gate = Draining()
    asked, streams = flow("busy"), flow("socket", websocket=object())
    for client in ("idle", "busy", "socket"):
        gate.client_connected(SimpleNamespace(id=client))  # type: ignore[arg-type]
    for one in (asked, streams):
        gate.requestheaders(one)
    gate.response(streams)
    drained = asyncio.get_running_loop().create_task(gate.drain(60))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert set(ended) == {"idle"}
    gate.client_disconnected(SimpleNamespace(id="idle"))  # type: ignore[arg-type]
    gate.client_disconnected(SimpleNamespace(id="socket"))  # type: ignore[arg-type]
    gate.response(asked)
    assert asked.response.headers == {"connection": "close"}
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert "busy" in ended
    gate.client_disconnected(SimpleNamespace(id="busy"))  # type: ignore[arg-type]
    await drained


async def test_what_is_read_of_a_client_that_has_left_is_waited_for(
    ended: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upload is still being read when its program has ended and closed the connection: a gate
    that went then would have its record say that a part of it failed.
    """
    reading: set[object] = {"a hook"}
    monkeypatch.setattr(carrying_out, "_UNDER_WAY", reading)
    gate = Draining()
    gate.client_connected(SimpleNamespace(id="left"))  # type: ignore[arg-type]
    gate.client_disconnected(SimpleNamespace(id="left"))  # type: ignore[arg-type]
    drained = asyncio.get_running_loop().create_task(gate.drain(60))
    for _ in range(4):
        await asyncio.sleep(0)
    assert not drained.done()
    reading.clear()
    await drained


async def test_it_ends_after_its_time(ended: list[str]) -> None:
    """What has no end is cut: a gate that is told to end, ends."""
    gate = Draining()
    gate.client_connected(SimpleNamespace(id="endless"))  # type: ignore[arg-type]
    gate.requestheaders(flow("endless"))
    await gate.drain(0)
    assert ended == []


@pytest.mark.parametrize(
    ("version", "ends", "headers"),
    [
        ("HTTP/1.1", True, {"connection": "close"}),
        ("HTTP/1.0", True, {"connection": "close"}),
        ("HTTP/2.0", True, {}),
        ("HTTP/1.1", False, {}),
    ],
)
async def test_only_clients_that_understand_it_are_told(
    ended: list[str], version: str, ends: bool, headers: dict[str, str]
) -> None:
    """HTTP/2 has no such header; and while the gate goes on, nothing is added to any answer."""
    gate = Draining()
    if ends:
        await gate.drain(0)
    one = flow("x", version)
    gate.responseheaders(one)
    assert one.response.headers == headers
