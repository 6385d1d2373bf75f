"""From HTTP straight to the end of it towards a server, and back.

mitmproxy leads each part of a message through the TLS of the connection, a layer that once opened
it, and that end, and each asks of what kind everything is. Where TLS stands and none of them waits
for anything, the end is asked itself here, and TLS is what turns its bytes into others.
"""

from typing import Any

import proxy.mitmproxy_patches.imports  # noqa: F401 - isort: skip - before anything of mitmproxy
from mitmproxy.proxy import layer
from mitmproxy.proxy.events import DataReceived
from mitmproxy.proxy.layers.http import HttpClient
from mitmproxy.proxy.layers.http._events import HttpEvent
from mitmproxy.proxy.layers.tls import ServerTLSLayer
from mitmproxy.proxy.tunnel import TunnelState

from proxy.far_side import GateHttp1Client, is_data, told
from proxy.quick_layers import tunnel_said
from proxy.quick_tls import Read, taken

_OPENED = "_handle_event"


def end_of(child: Any) -> GateHttp1Client | None:
    """Return the end of HTTP/1 inside of a TLS that stands, where neither waits for anything."""
    if (
        child.tunnel_state is not TunnelState.OPEN
        or child._paused is not None
        or child.debug is not None
        or child.wait_for_clienthello
    ):
        return None
    client = child.child_layer
    # It has a way of its own to handle events once it has opened the connection: that of its end.
    if type(client) is not HttpClient or client._paused is not None or _OPENED not in vars(client):
        return None
    end = client.child_layer
    return end if type(end) is GateHttp1Client and end._paused is None else None


def said_by(child: layer.Layer, event: Any) -> layer.CommandGenerator[None] | None:
    """Return what comes of an event at the end of HTTP/1 towards a server: of a part of a request,
    or of bytes from the server. None: it has to take the long way.
    """
    if type(child) is not ServerTLSLayer or (end := end_of(child)) is None:
        return None
    if isinstance(event, HttpEvent):
        return tunnel_said(child, end._handle_event(event))
    if type(event) is not DataReceived or event.connection is not child.tunnel_connection:
        return None
    return said_to(child, end, taken(child.tls, event.data))


def said_to(child: Any, end: GateHttp1Client, came: Read) -> layer.CommandGenerator[None]:
    """Return what is said to what came over the TLS to a server: by its end where that is data."""
    if not is_data(child, came):
        return told(child, came)
    return tunnel_said(child, end._handle_event(DataReceived(child.conn, came.data)))
