"""Where a gate takes connections: at an address of its own, or at listeners that were handed over;
and how it takes no more.
"""

import asyncio
import socket
from collections.abc import Sequence
from typing import Any

import proxy.mitmproxy_patches.imports  # noqa: F401 - isort: skip - before anything of mitmproxy
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.proxy.mode_servers import AsyncioServerInstance, ServerInstance


async def take_at(server: Proxyserver, mode: str, listeners: Sequence[socket.socket]) -> None:
    """Take connections at these listeners, as mitmproxy does in this mode at its own."""
    instance: Any = ServerInstance.make(mode, server)

    async def listen(host: str, port: int) -> list[asyncio.Server]:
        del host, port
        return [
            await asyncio.start_server(instance.handle_stream, sock=listener)
            for listener in listeners
        ]

    instance.listen = listen
    server.servers._instances[instance.mode] = instance
    await instance.start()


def take_no_more(server: Proxyserver) -> None:
    """Close our ends of all listeners; what was handed over stays open where it came from, and
    connections wait there for the next gate. Those that are open go on.
    """
    for instance in server.servers:
        if isinstance(instance, AsyncioServerInstance):
            for one in instance._servers:
                one.close()
