"""Where connections to servers really go: by `--connect-to`, or to the address decided on."""

from mitmproxy.connection import Client
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

from core.ports import Policy
from proxy.connect_to import Routes
from proxy.dns_pinning import Places


class Upstreams:
    """Diverts connections that are about to be opened, and puts their real names back after."""

    def __init__(self, routes: Routes, places: Places | None, policy: Policy) -> None:
        """`places`: None where another proxy behind the gate looks addresses up."""
        self.routes = routes
        self.places = places
        self._policy = policy

    def connecting(self, data: ServerConnectionHookData) -> None:
        """A connection is about to be opened: names and certificates stay those of the host."""
        address = None
        real = data.server.address
        if self.places is not None and real is not None and self._policy.asks_address:
            address = self.places.of(data.client.id, *real[:2])
        self.routes.divert(data.server, address)

    def connected(self, data: ServerConnectionHookData) -> None:
        """It is open: the real destination stands again, by which it is found and reused."""
        self.routes.restore(data.server)
        address, peer = data.server.address, data.server.peername
        if self.places is not None and address is not None and peer is not None:
            self.places.connected(data.client.id, *address[:2], peer[0])

    def unreachable(self, data: ServerConnectionHookData) -> None:
        """It could not be opened."""
        self.routes.restore(data.server)
        if self.places is not None and data.server.address is not None:
            self.places.unreachable(data.client.id, *data.server.address[:2])

    def closed(self, client: Client) -> None:
        """A client's connection is over."""
        if self.places is not None:
            self.places.closed(client.id)
