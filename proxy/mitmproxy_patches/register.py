"""The entries of the register: what is touched of mitmproxy, why, what fails without it, and the
test that shows it.
"""

from proxy.mitmproxy_patches.entry import Patch
from proxy.mitmproxy_patches.register_http2 import (
    HALF_HEADS,
    SERVERS_IN_TURNS,
    WINDOWS_OF_SERVERS,
)
from proxy.mitmproxy_patches.register_quick import (
    HEADERS,
    LAYERS,
    PARTS,
    READING,
    STRAIGHT,
    TLS,
    UNTYING,
    WHOLE,
)

_HTTP, _SERVER = "mitmproxy.proxy.layers.http", "mitmproxy.proxy.server:ConnectionHandler"
_STREAM = f"{_HTTP}:HttpStream"
_SOCKET = "mitmproxy.proxy.layers.websocket"

PATCHES = (
    Patch(
        name="imports",
        ours="proxy.mitmproxy_patches.imports",
        touches=("mitmproxy.addons", "mitmproxy.proxy.layers.quic", f"{_HTTP}._http3"),
        because="mitmproxy imports forty addons, HTTP/3, a command language, a YAML writer and a "
        "redirector of packets, of which the gate uses none: half of its start, and 30 MB.",
        without="a gate that starts in twice the time, and that virus scanners stop",
        test="tests/test_house.py::test_the_gate_starts_without_what_it_never_uses",
        seen="fa4b855233b0",
    ),
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
    HEADERS,
    PARTS,
    LAYERS,
    READING,
    STRAIGHT,
    WHOLE,
    TLS,
    UNTYING,
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
    Patch(
        name="connections",
        ours="proxy.backpressure",
        touches=(
            "mitmproxy.proxy.mode_servers:ProxyConnectionHandler",
            "mitmproxy.proxy.server:LiveConnectionHandler.__init__",
            f"{_SERVER}.server_event",
            f"{_SERVER}.hook_task",
            f"{_SERVER}.drain_writers",
            f"{_SERVER}.handle_connection",
        ),
        because="mitmproxy reads on from a client while a hook runs, and queues it without limit.",
        without="memory grows with an upload that waits for its scan",
        test="tests/proxy/test_proxy_backpressure.py::"
        "test_a_client_waits_while_its_body_is_scanned",
        seen="7a5856046d5e",
    ),
    Patch(
        name="acknowledgements",
        ours="proxy.acknowledging",
        touches=("mitmproxy.proxy.server:ConnectionIO", f"{_SERVER}.__init__"),
        because="mitmproxy leaves its clients' sockets to delay acknowledgements by 40 ms.",
        without="each POST of a client that sends head and body apart waits for so long",
        test="tests/proxy/test_proxy_acknowledging.py::"
        "test_every_read_from_a_client_is_acknowledged_at_once",
        seen="93bcf2d6f7af",
    ),
    Patch(
        name="trailers",
        ours="proxy.trailers",
        touches=(
            f"{_HTTP}._http1:make_body_reader",
            f"{_HTTP}._http1:Http1Connection.read_body",
            f"{_HTTP}._http1:Http1Server.read_headers",
            f"{_HTTP}:Http1Server",
            f"{_HTTP}._http1:Http1Server",
            "h11._readers:ChunkedReader.__call__",
        ),
        because="mitmproxy's reader of HTTP/1 raises NotImplementedError on headers behind a body, "
        "waits for the end of a head that is none, and refuses one without telling anybody.",
        without="a client that sends trailers, or no HTTP, waits for an answer for ever",
        test="tests/proxy/test_proxy_trailers.py::"
        "test_trailers_stay_here_and_the_request_goes_through",
        seen="842c3f475bd6",
    ),
    HALF_HEADS,
    WINDOWS_OF_SERVERS,
    SERVERS_IN_TURNS,
    Patch(
        name="failing servers",
        ours="proxy.far_side",
        touches=(
            f"{_HTTP}._events:ErrorCode.http_status_code",
            f"{_HTTP}:ErrorCode",
            f"{_HTTP}._http1:make_error_response",
            f"{_HTTP}._http1:Http1Server.send",
            f"{_HTTP}._http2:Http2Connection._handle_event",
            f"{_HTTP}._http2:format_error",
        ),
        because="mitmproxy answers for a server that it cannot reach with a page in HTML, and "
        "quotes requests that it cannot read, with advice on its own options. A name that nobody "
        "knows is answered for by us, in words of ours.",
        without="a script saves a page about an error as its data",
        test="tests/proxy/test_proxy_far_side.py::test_a_server_that_fails_breaks_the_connection",
        seen="e3d5ec4c7747",
    ),
    Patch(
        name="odd answers",
        ours="proxy.far_side",
        touches=(
            f"{_HTTP}:Http1Client",
            f"{_HTTP}._http1:Http1Client.read_headers",
            f"{_HTTP}._http1:Http1Connection.mark_done",
            f"{_HTTP}._http1:Http1Connection.read_headers",
            "mitmproxy.net.http.http1:read_response_head",
            "mitmproxy.net.http.http1.read:read_response_head",
        ),
        because="mitmproxy takes an informational answer for the answer, and refuses heads that "
        "every client reads: a length said twice, a coding of an empty answer.",
        without="an answer behind Early Hints never comes",
        test="tests/proxy/test_proxy_far_side.py::test_odd_answers_come_through",
        seen="f9a954a950b5",
    ),
    Patch(
        name="alerts",
        ours="proxy.far_side",
        touches=("mitmproxy.proxy.layers.tls:TLSLayer.receive_data",),
        because="mitmproxy goes on after a fatal alert that comes behind the handshake.",
        without="a server that wants a certificate of the client hangs for ever",
        test="tests/proxy/test_proxy_far_side.py::test_an_alert_after_the_handshake_ends_it",
        seen="8db2099ebb73",
    ),
    Patch(
        name="streams",
        ours="proxy.streams",
        touches=(
            f"{_HTTP}:HttpLayer.make_stream",
            f"{_STREAM}.__init__",
            f"{_STREAM}._handle_event",
            f"{_STREAM}.state_wait_for_request_headers",
            f"{_STREAM}.start_request_stream",
            f"{_STREAM}.state_stream_request_body",
            f"{_STREAM}.state_consume_request_body",
            f"{_STREAM}.check_body_size",
            f"{_STREAM}.send_response",
            f"{_STREAM}.flow_done",
            f"{_STREAM}.make_server_connection",
            f"{_STREAM}.handle_protocol_error",
        ),
        because="mitmproxy buffers a whole body whatever a hook has decided, and streams a large "
        "one without asking; it sends trailers to clients of HTTP/1, and cannot.",
        without="a large body leaves before it was scanned, and cannot be cut",
        test="tests/proxy/test_proxy_uploads.py::"
        "test_a_value_split_over_a_boundary_cuts_the_stream",
        seen="1fde6be2b094",
    ),
    Patch(
        name="far side's window",
        ours="proxy.streams",
        touches=(f"{_HTTP}._http_h2:BufferedH2Connection",),
        because="mitmproxy queues without limit what an HTTP/2 server does not take, and has no "
        "signal for a window that opens.",
        without="memory grows with an upload to a slow server",
        test="tests/proxy/test_proxy_mitmproxy_patches.py::"
        "test_what_waits_for_the_far_sides_window_is_counted_and_waited_for",
        seen="3554c39eac21",
    ),
    Patch(
        name="layers",
        ours="proxy.streams",
        touches=(
            "mitmproxy.proxy.layer:NextLayer",
            "mitmproxy.addons.next_layer:NextLayer._next_layer",
        ),
        because="mitmproxy forwards port 53 unread whatever it is told, and chooses its own HTTP "
        "layer by name; a layer that has handled no event yet can become ours.",
        without="a tunnel to port 53 carries anything past the inspection",
        test="tests/proxy/test_proxy_uninspected.py::test_what_is_not_http_does_not_pass_unseen",
        seen="93a6439ddd77",
    ),
    Patch(
        name="connections that pass unread",
        ours="proxy.tls_passthrough",
        touches=(
            "mitmproxy.proxy.layers.tls:ClientTLSLayer.receive_handshake_data",
            "mitmproxy.proxy.tunnel:TunnelLayer._handshake_finished",
            "mitmproxy.proxy.layers.tcp:TCPLayer",
        ),
        because="mitmproxy forwards a connection that an addon ignores and tells nobody how much "
        "passes, or that it has ended.",
        without="the record of a connection that passed undecrypted has no sizes and no end",
        test="tests/proxy/test_proxy_tls_passthrough.py::test_all_bytes_are_counted",
        seen="1fa3358ccc1f",
    ),
    Patch(
        name="listeners",
        ours="proxy.taking",
        touches=(
            "mitmproxy.proxy.mode_servers:AsyncioServerInstance",
            "mitmproxy.proxy.mode_servers:ServerInstance.make",
            "mitmproxy.addons.proxyserver:Servers",
        ),
        because="mitmproxy opens its listeners itself, and knows no end but at once.",
        without="an upgrade refuses connections, and cuts requests that are under way",
        test="tests/scenarios/test_scenarios_upgrade.py::test_an_upgrade_under_load_loses_nothing",
        seen="31fd2731b266",
    ),
    Patch(
        name="sealed runs",
        ours="proxy.sealed.mode",
        touches=(
            "mitmproxy.proxy.mode_specs:ProxyMode",
            "mitmproxy.proxy.mode_servers:ServerInstance",
            "mitmproxy.proxy.server:ConnectionHandler.__init__",
            "mitmproxy.addons.proxyserver:Proxyserver.register_connection",
        ),
        because="mitmproxy knows no mode whose connections come over a socket that it was handed, "
        "with a name for the address that they were meant for.",
        without="no sealed run",
        test="tests/scenarios/test_scenarios_sealed.py::"
        "test_a_client_that_knows_no_proxy_is_inspected",
        seen="e8a6d6673faf",
    ),
    Patch(
        name="first words",
        ours="proxy.sealed.opening",
        touches=(
            "mitmproxy.proxy.layer:Layer.handle_event",
            "mitmproxy.proxy.commands:RequestWakeup",
            "mitmproxy.proxy.layers.tls:parse_client_hello",
            f"{_HTTP}._upstream_proxy:HttpUpstreamProxy",
            "mitmproxy.addons.next_layer:NextLayer._next_layer",
        ),
        because="mitmproxy waits for the client's first byte, for ever where a server speaks "
        "first, and takes whatever is no TLS for HTTP.",
        without="mail, SSH and databases hang, and are in no record",
        test="tests/scenarios/test_scenarios_sealed.py::test_what_is_not_http_is_named_and_counted",
        seen="7d80fcff5c05",
    ),
    Patch(
        name="WebSockets",
        ours="proxy.websocket_layer",
        touches=(
            f"{_SOCKET}:WebsocketLayer.__init__",
            f"{_SOCKET}:WebsocketLayer.start",
            f"{_SOCKET}:WebsocketLayer.relay_messages",
            f"{_SOCKET}:WebsocketLayer.done",
            f"{_SOCKET}:WebsocketConnection",
        ),
        because="mitmproxy pauses both ways of a WebSocket while a hook runs, and passes on what "
        "is written into pings and closings.",
        without="a message that waits for a person breaks the connection; data leaves in pings",
        test="tests/proxy/test_proxy_socket_holds.py::"
        "test_answers_and_other_connections_do_not_wait",
        seen="547941c0c878",
    ),
    Patch(
        name="addresses",
        ours="proxy.connect_to",
        touches=("mitmproxy.connection:Server.__setattr__",),
        because="mitmproxy finds open connections again by their address, and forbids to put back "
        "the one that was named once a connection is open.",
        without="each request opens a connection of its own where --connect-to diverts",
        test="tests/proxy/test_proxy_mitmproxy_patches.py::"
        "test_the_address_that_was_named_stands_again_on_an_open_connection",
        seen="4a2be4a3033c",
    ),
    Patch(
        name="certificates",
        ours="proxy.tls",
        touches=(
            "mitmproxy.addons.tlsconfig:TlsConfig.get_cert",
            "mitmproxy.addons.tlsconfig:TlsConfig.tls_start_client",
            "mitmproxy.addons.tlsconfig:TlsConfig.running",
            "mitmproxy.addons.tlsconfig:TlsConfig.configure",
            "mitmproxy.addons.tlsconfig:TlsConfig.request",
        ),
        because="mitmproxy makes an authority of its own at its start, and serves a revocation "
        "list inside other people's host names.",
        without="leaves that chain to an authority nobody trusts",
        test="tests/proxy/test_proxy_mitmproxy_patches.py::test_the_gate_makes_no_authority_of_its_own",
        seen="5f5e48d86f44",
    ),
)
