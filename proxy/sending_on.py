"""Whether what comes from a client goes on to a server as it comes."""

import proxy.mitmproxy_patches.imports  # noqa: F401 - isort: skip - before anything of mitmproxy
from mitmproxy.proxy import layer
from mitmproxy.proxy.layers import TCPLayer
from mitmproxy.proxy.layers.http import HttpLayer


def sends_on(top: layer.Layer) -> bool:
    """Return whether what comes goes on as it comes: unread, or a body that streams."""
    return any(map(_is_sending_on, top.context.layers))


def _is_sending_on(one: layer.Layer) -> bool:
    if not isinstance(one, HttpLayer):
        return isinstance(one, TCPLayer)
    for stream in one.streams.values():
        if stream.client_state == stream.state_stream_request_body:
            return True
        inside = stream.context.layers  # of a tunnel: those of the connection, then its own
        if one in inside and any(map(_is_sending_on, inside[inside.index(one) + 1 :])):
            return True
    return False
