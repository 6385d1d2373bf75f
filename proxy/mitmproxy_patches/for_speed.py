"""The entries of the register that only make the gate faster: without them it serves the same, slower.

Why each is there, and what they bring together: `docs/decisions/proxy-lean-layers.md`.
"""

from proxy.mitmproxy_patches.entry import Patch

_HTTP, _SERVER = "mitmproxy.proxy.layers.http", "mitmproxy.proxy.server:ConnectionHandler"
_STREAM = f"{_HTTP}:HttpStream"

FOR_SPEED = (
    Patch(
        name="hooks",
        ours="proxy.hooks",
        touches=(
            "mitmproxy.addonmanager:AddonManager.__init__",
            "mitmproxy.addonmanager:AddonManager.handle_lifecycle",
            "mitmproxy.addonmanager:AddonManager.trigger_event",
            "mitmproxy.addonmanager:safecall",
            "mitmproxy.proxy.mode_servers:ProxyConnectionHandler.handle_hook",
            f"{_SERVER}.handle_hook",
        ),
        because="mitmproxy looks each hook up in each addon for each request, twice.",
        without="a gate that serves fewer requests; nothing else",
        test="tests/proxy/test_proxy_hooks.py::"
        "test_every_listener_is_called_in_order_and_one_that_fails_stops_no_other",
        seen="43bcbf54db41",
    ),
    Patch(
        name="messages",
        ours="proxy.mitmproxy_patches.applied",
        touches=("mitmproxy.http:MessageData.__post_init__",),
        because="mitmproxy checks the type of each field of each message, which its own readers "
        "have made, unless Python runs with -O.",
        without="a gate that serves fewer requests; nothing else",
        test="tests/proxy/test_proxy_mitmproxy_patches.py::test_messages_are_not_checked_for_field_types",
        seen="f79568137bc2",
    ),
    Patch(
        name="headers",
        ours="proxy.quick_headers",
        touches=(
            "mitmproxy.http:Headers",
            "mitmproxy.coretypes.multidict:_MultiDict",
            "mitmproxy.utils.strutils:always_bytes",
        ),
        because="mitmproxy calls two functions for each header of each look-up: a tenth of all "
        "calls of a request.",
        without="a gate that serves fewer requests; nothing else",
        test="tests/proxy/test_proxy_quick_headers.py::test_the_same_is_found_as_by_mitmproxy",
        seen="fddaabd0525f",
    ),
    Patch(
        name="TLS",
        ours="proxy.quick_tls",
        touches=(
            "mitmproxy.proxy.layers.tls:TLSLayer.tls_interact",
            "mitmproxy.proxy.layers.tls:TLSLayer.receive_data",
            "mitmproxy.proxy.layers.tls:TLSLayer.send_data",
            "OpenSSL.SSL:Connection._raise_ssl_error",
            "OpenSSL.SSL:Connection.sendall",
            "OpenSSL.SSL:Connection.recv",
            "OpenSSL.SSL:Connection.bio_read",
        ),
        because="mitmproxy and pyOpenSSL allocate 64 KB for each read, and raise an exception to "
        "say that there is no more.",
        without="a gate that serves fewer requests; nothing else",
        test="tests/proxy/test_proxy_quick_tls.py::test_all_of_it_arrives_both_ways",
        seen="dbc8bae88581",
    ),
    Patch(
        name="heads",
        ours="proxy.joined_heads",
        touches=(
            f"{_HTTP}._http1:Http1Connection.send",
            f"{_HTTP}._http1:Http1Server.send",
            f"{_HTTP}._http1:Http1Client.send",
            f"{_STREAM}.state_consume_request_body",
            f"{_STREAM}.send_response",
        ),
        because="mitmproxy sends head and body of a message apart, each through all layers.",
        without="a gate that serves fewer requests; nothing else",
        test="tests/proxy/test_proxy_joined_heads.py::test_head_and_body_leave_together",
        seen="ba9aa00e1ef7",
    ),
    Patch(
        name="short way",
        ours="proxy.short_way",
        touches=(
            "mitmproxy.proxy.layer:Layer",
            "mitmproxy.proxy.layer:NextLayer",
            "mitmproxy.proxy.tunnel:TunnelLayer",
            "mitmproxy.proxy.layers.tls:ServerTLSLayer.event_to_child",
            "mitmproxy.proxy.layers.modes:HttpProxy",
            f"{_STREAM}.passthrough",
            f"{_HTTP}:HttpLayer._handle_event",
            f"{_HTTP}:HttpLayer.event_to_child",
            f"{_HTTP}._http1:Http1Connection.passthrough",
            f"{_HTTP}._http1:Http1Server.send",
        ),
        because="mitmproxy leads each event of an established tunnel through a dozen layers.",
        without="a gate that serves fewer requests; nothing else",
        test="tests/proxy/test_proxy_short_way.py::"
        "test_a_tunnel_that_stands_is_served_by_the_short_way",
        seen="4171631771b2",
    ),
    Patch(
        name="events",
        ours="proxy.carrying_out",
        touches=(
            f"{_SERVER}.server_event",
            f"{_SERVER}.drain_writers",
            "mitmproxy.proxy.server:TimeoutWatchdog",
            "mitmproxy.proxy.server:ConnectionIO",
            "mitmproxy.utils.asyncio_utils:create_task",
        ),
        because="mitmproxy handles each event behind a lock, and makes a named task for each hook.",
        without="a gate that serves fewer requests; nothing else",
        test="tests/proxy/test_proxy_carrying_out.py::"
        "test_what_comes_up_while_an_event_is_handled_stands_behind_it",
        seen="eabaae2a5219",
    ),
)
