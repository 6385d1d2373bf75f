"""The mode of connections that come out of a seal, and the listener that takes them."""

import asyncio
import ipaddress
import socket
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import proxy.mitmproxy_patches.imports  # noqa: F401 - isort: skip - before anything of mitmproxy
from mitmproxy import ctx
from mitmproxy.proxy import layer, mode_servers, mode_specs
from mitmproxy.proxy.context import Context

from proxy.sealed.captured import CapturedOpening
from proxy.sealed.opening import Opening

if TYPE_CHECKING:
    from mitmproxy.addons.proxyserver import Proxyserver

_ORIGINAL = 80
"""Option of a redirected connection: where it was meant to go (netfilter)."""
_V4, _V6 = struct.Struct("!2xH4s8x"), struct.Struct("!2xHL16s4x")

type Address = tuple[str, int]


class SealedMode(mode_specs.ProxyMode):
    """The connections of one sealed run; its data is the kernel's number of the run's network, or
    empty for those that are captured of this machine.
    """

    description = "sealed run"
    transport_protocol = mode_specs.TCP

    def __post_init__(self) -> None:
        """Refuse what is no number."""
        int(self.data or 0)

    @property
    def network(self) -> int | None:
        """The kernel's number of the network that the connections come from; None: our own."""
        return int(self.data) if self.data else None


def mode_of(network: int | None) -> SealedMode:
    """Return the mode for this network; for None, that of what is captured of this machine."""
    return SealedMode(
        full_spec="captured" if network is None else f"sealed:{network}",
        data="" if network is None else str(network),
        custom_listen_host=None,
        custom_listen_port=None,
    )


class SealedInstance(mode_servers.ServerInstance[SealedMode]):
    """One listener of a seal, handed over as a socket."""

    def __init__(
        self,
        mode: SealedMode,
        manager: "Proxyserver",
        listener: socket.socket,
        target: Callable[[socket.socket], Address],
        meant: Callable[[Address], Address],
    ) -> None:
        """`target` returns where a connection was meant to go, `meant` the host and port that stand
        for that address.
        """
        super().__init__(mode, manager)
        self._listener = listener
        self._target = target
        self._meant = meant
        self._server: asyncio.Server | None = None

    @property
    def is_running(self) -> bool:
        """Whether connections are taken."""
        return self._server is not None

    @property
    def listen_addrs(self) -> tuple[Any, ...]:
        """None: where it listens means nothing outside the seal."""
        return ()

    async def _start(self) -> None:
        self._server = await asyncio.start_server(self.handle_stream, sock=self._listener)

    async def _stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def make_top_layer(self, context: Context) -> layer.Layer:
        """Return what tells what a connection speaks."""
        return CapturedOpening(context) if self.mode.network is None else Opening(context)

    async def handle_stream(self, reader: Any, writer: Any = None) -> None:
        """Take one connection: it goes where its client meant it to go."""
        handler = mode_servers.ProxyConnectionHandler(
            ctx.master, reader, writer, ctx.options, self.mode
        )
        context = handler.layer.context
        handler.layer = self.make_top_layer(context)
        try:
            target = self._target(writer.get_extra_info("socket"))
        except OSError:  # it connected to the listener itself, which is no place to go
            writer.close()
            return
        context.client.sockname = target
        context.client.peername = plain(context.client.peername)
        context.server.address = self._meant(target)
        with self.manager.register_connection(context.client.id, handler):
            await handler.handle_client()


def own_end(connection: socket.socket) -> Address:
    """Return where a connection ends, which is where it was meant to go."""
    return plain(connection.getsockname())


def original(connection: socket.socket) -> Address:
    """Return where a redirected connection was meant to go. Raises OSError for any other."""
    own = plain(connection.getsockname())
    if ":" in own[0]:
        found = connection.getsockopt(socket.IPPROTO_IPV6, _ORIGINAL, _V6.size)
        port, _, packed = _V6.unpack(found)
    else:
        found = connection.getsockopt(socket.IPPROTO_IP, _ORIGINAL, _V4.size)
        port, packed = _V4.unpack(found)
    target = str(ipaddress.ip_address(packed)), int(port)
    if target == own:
        raise OSError("it was not redirected")
    return target


def plain(address: tuple[Any, ...]) -> Address:
    """Return host and port; an IPv4 address in IPv6 clothes is an IPv4 address."""
    host = str(address[0]).partition("%")[0]
    mapped = getattr(ipaddress.ip_address(host), "ipv4_mapped", None)
    return (host if mapped is None else str(mapped)), int(address[1])
