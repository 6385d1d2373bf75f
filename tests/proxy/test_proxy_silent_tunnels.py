"""Who is late in a tunnel is waited for; who waits for a server's word is told from them."""

import asyncio
from collections.abc import Callable

import pytest

from proxy.silent_tunnels import GRACE_S, SilentTunnel, SilentTunnels

_PATIENCE_S = 0.01


class Tunnels:
    """Silent tunnels whose servers say what they are told to; notes which are ended."""

    def __init__(self, greeting: bytes = b"", hears_after_s: float = 0.0) -> None:
        self.ended: list[tuple[int, bytes]] = []
        self.asked: list[int] = []
        self._greeting, self._hears_after_s = greeting, hears_after_s
        self.all = SilentTunnels(self._ended, self._heard, _PATIENCE_S)

    async def _ended(self, tunnel: SilentTunnel, heard: bytes) -> None:
        self.ended.append((tunnel.target[1], heard))

    async def _heard(self, tunnel: SilentTunnel) -> bytes:
        self.asked.append(tunnel.target[1])
        await asyncio.sleep(self._hears_after_s)
        return self._greeting


def _late(
    tunnels: Tunnels,
    *ports: int,
    encrypted: bool = False,
    then: Callable[[], object] = lambda: None,
    wait_s: float = 0.0,
) -> set[int]:
    """Open tunnels to these ports, let their time pass, do `then`, and have their clients go after
    `wait_s`; return the ports of those that were still there then.
    """

    async def play() -> set[int]:
        for port in ports:
            tunnels.all.opened(
                SilentTunnel(
                    connection=str(port), target=("host.example", port), encrypted=encrypted
                )
            )
        await asyncio.sleep(_PATIENCE_S + GRACE_S + 0.05)
        then()
        await asyncio.sleep(wait_s)
        left = [tunnels.all.over(str(port)) for port in ports]
        return {one.target[1] for one in left if one is not None}

    return asyncio.run(play())


def test_where_servers_speak_first_a_silent_tunnel_is_ended_unasked() -> None:
    """Mail, SSH and the like are told by their ports: nobody connects to their servers."""
    tunnels = Tunnels()
    ports = 22, 25, 119, 873, 2525, 3306, 5901

    assert _late(tunnels, *ports) == set()
    assert (tunnels.ended, tunnels.asked) == ([(port, b"") for port in ports], [])


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_connection_to_the_web_may_be_opened_ahead(encrypted: bool) -> None:
    """A client that connects before it has anything to ask keeps its connection, and nobody
    connects to the server before it has asked.
    """
    tunnels = Tunnels(greeting=b"220 never heard")
    ports = 80, 443, 3000, 8000, 8080, 8443, 8888

    assert _late(tunnels, *ports, encrypted=encrypted) == set(ports)
    assert (tunnels.ended, tunnels.asked) == ([], [])


@pytest.mark.parametrize("encrypted", [False, True])
def test_elsewhere_the_server_tells(encrypted: bool) -> None:
    """At a port that stands for nothing a tunnel is ended when its server speaks first, and is kept
    when it does not.
    """
    speaking, listening = Tunnels(greeting=b"SSH-2.0-x\r\n"), Tunnels()
    ports = 2222, 33060, 50051, 9993

    assert _late(speaking, *ports, encrypted=encrypted) == set()
    assert _late(listening, *ports, encrypted=encrypted) == set(ports)

    assert speaking.ended == [(port, b"SSH-2.0-x\r\n") for port in ports]
    assert (listening.ended, listening.asked) == ([], list(ports))


def test_a_client_that_asks_while_the_server_is_listened_to_is_served() -> None:
    """Whoever has begun to ask is not cut off by what the server says then."""
    tunnels = Tunnels(greeting=b"220 hello", hears_after_s=0.05)

    _late(tunnels, 2222, then=lambda: tunnels.all.over("2222"), wait_s=0.1)

    assert (tunnels.ended, tunnels.asked) == ([], [2222])


def test_a_client_that_asks_in_time_is_none_of_the_late() -> None:
    """Nothing is told of a client that asks at once, at whatever port."""
    tunnels = Tunnels()

    async def play() -> SilentTunnel | None:
        tunnels.all.opened(SilentTunnel(connection="c", target=("host.example", 22)))
        first = tunnels.all.over("c")
        await asyncio.sleep(_PATIENCE_S + GRACE_S + 0.05)
        return first or tunnels.all.over("c")

    assert asyncio.run(play()) is None
    assert tunnels.ended == []
