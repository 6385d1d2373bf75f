"""The patches that hold for a whole process, put in place; the others come with our own layers."""

import proxy.mitmproxy_patches.imports  # noqa: F401 - isort: skip - before anything of mitmproxy
from mitmproxy import flow, http, optmanager
from mitmproxy.connection import Connection
from mitmproxy.net.http import http1
from mitmproxy.proxy import commands, events, layer, mode_servers
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers import http as layers
from mitmproxy.proxy.layers import tls
from mitmproxy.proxy.layers.http import _http1, _http2
from mitmproxy.proxy.layers.http._events import ErrorCode
from mitmproxy.proxy.tunnel import TunnelLayer

from proxy import far_side, orderly_heads, quick_headers, quick_layers, quick_parts, quick_tls
from proxy.half_heads import GateHttp2Server
from proxy.hooks import GateHandler
from proxy.http2_turns import GateHttp2Client
from proxy.mitmproxy_patches import replace
from proxy.trailers import GateHttp1Server, body_reader


def everywhere() -> None:
    """What our layers need, also inside someone else's mitmproxy."""
    replace(_http1, "make_body_reader", body_reader)
    replace(layers, "Http1Server", GateHttp1Server)
    replace(layers, "Http2Server", GateHttp2Server)
    replace(layers, "Http2Client", GateHttp2Client)
    replace(layers, "Http1Client", far_side.GateHttp1Client)
    replace(http1, "read_response_head", orderly_heads.ordered_head)
    replace(_http1, "make_error_response", far_side.refused_head)
    replace(_http2, "format_error", far_side.refused_words)
    replace(ErrorCode, "http_status_code", far_side.status_of)
    replace(tls.TLSLayer, "receive_data", far_side.receive_data)


def in_our_own_process() -> None:
    """That, and what holds where all traffic is the gate's."""
    everywhere()
    replace(mode_servers, "ProxyConnectionHandler", GateHandler)
    replace(http.MessageData, "__post_init__", _unchecked)
    replace(http.Headers, "__init__", quick_headers.made)
    replace(http.Headers, "get_all", quick_headers.values_of)
    replace(http.Headers, "get", quick_headers.value_of)
    replace(http.Headers, "__getitem__", quick_headers.value_there)
    replace(http.Headers, "__contains__", quick_headers.is_there)
    replace(layer.Layer, "handle_event", quick_layers.handled)
    replace(TunnelLayer, "_handle_event", quick_layers.tunnel_event)
    replace(TunnelLayer, "event_to_child", quick_layers.tunnel_child)
    replace(Connection, "__eq__", object.__eq__)
    replace(Connection, "__hash__", object.__hash__)
    replace(flow, "uuid", quick_parts.Numbered)
    replace(Context, "fork", quick_parts.forked)
    replace(commands.StartHook, "__new__", quick_parts.made)
    replace(events.CommandCompleted, "__new__", quick_parts.made)
    replace(optmanager._Option, "current", quick_parts.current)
    replace(http1, "expected_http_body_size", quick_parts.body_size)
    if quick_tls.USABLE:
        replace(tls.TLSLayer, "tls_interact", quick_tls.interact)
        replace(tls.TLSLayer, "send_data", quick_tls.send_data)


def _unchecked(_data: http.MessageData) -> None:
    """Every message is made by mitmproxy's own readers."""
