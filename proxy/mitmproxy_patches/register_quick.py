"""The entries of the register on what is only made quicker, or let go sooner."""

from proxy.mitmproxy_patches.entry import Patch

_HTTP, _SERVER = "mitmproxy.proxy.layers.http", "mitmproxy.proxy.server:ConnectionHandler"

HEADERS = Patch(
    name="headers",
    ours="proxy.quick_headers",
    touches=(
        "mitmproxy.http:Headers",
        "mitmproxy.coretypes.multidict:MultiDict.__init__",
        "mitmproxy.coretypes.multidict:_MultiDict",
        "mitmproxy.utils.strutils:always_bytes",
    ),
    because="mitmproxy calls two functions for each header of each look-up: a tenth of all "
    "calls of a request.",
    without="a gate that serves fewer requests; nothing else",
    test="tests/proxy/test_proxy_quick_headers.py::test_the_same_is_found_as_by_mitmproxy",
    seen="a47045ed724c",
)

PARTS = Patch(
    name="parts",
    ours="proxy.quick_parts",
    touches=(
        "mitmproxy.flow:Flow.__init__",
        "mitmproxy.flow:uuid",
        "mitmproxy.proxy.context:Context.__init__",
        "mitmproxy.proxy.context:Context.fork",
        "mitmproxy.proxy.commands:StartHook.__new__",
        "mitmproxy.proxy.events:CommandCompleted.__new__",
        "mitmproxy.hooks:Hook.__new__",
        "mitmproxy.optmanager:_Option.current",
        "mitmproxy.optmanager:_Option.default",
        "mitmproxy.net.http.http1:expected_http_body_size",
        "mitmproxy.net.http.http1.read:expected_http_body_size",
    ),
    because="mitmproxy makes a server's end for each request and drops it at once, looks each "
    "time whether a hook is a dataclass, copies plain options twice, reads five times how long a "
    "body is to be, and asks the system for random bytes to name a flow that nobody asks for.",
    without="a gate that serves fewer requests; nothing else",
    test="tests/proxy/test_proxy_quick_parts.py::test_a_fork_is_as_mitmproxys_and_makes_no_end",
    seen="471474b4725a",
)

TLS = Patch(
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
        "OpenSSL.SSL:Connection.bio_write",
        "OpenSSL.SSL:Connection._handle_bio_errors",
    ),
    because="mitmproxy and pyOpenSSL allocate 64 KB for each read, and raise an exception to "
    "say that there is no more; each question hands the interpreter's lock to who waits for it.",
    without="a gate that serves fewer requests; nothing else",
    test="tests/proxy/test_proxy_quick_tls.py::test_all_of_it_arrives_both_ways",
    seen="e616307d77f6",
)

LAYERS = Patch(
    name="layers quickly",
    ours="proxy.quick_layers",
    touches=(
        "mitmproxy.proxy.layer:Layer.handle_event",
        "mitmproxy.proxy.layer:Layer.__process",
        "mitmproxy.proxy.layer:Layer.__continue",
        "mitmproxy.proxy.layer:Paused",
        "mitmproxy.proxy.commands",
        "mitmproxy.proxy.tunnel:TunnelLayer",
        f"{_HTTP}:HttpLayer._handle_event",
        f"{_HTTP}:HttpLayer.event_to_child",
        f"{_HTTP}._http1:Http1Connection._handle_event",
        f"{_HTTP}:HttpLayer.make_stream",
        f"{_HTTP}:HttpStream._handle_event",
        "mitmproxy.connection:Connection.__eq__",
        "mitmproxy.connection:Connection.__hash__",
    ),
    because="mitmproxy asks up to ten times at each layer of what kind a command is, a hundred "
    "times for a request, and compares connections by the text of their ids, for those that were "
    "read from a file.",
    without="a gate that serves fewer requests; nothing else",
    test="tests/proxy/test_proxy_quick_layers.py::test_layers_do_the_same_as_mitmproxys",
    seen="516f27810237",
)

STRAIGHT = Patch(
    name="straight ends",
    ours="proxy.straight_ends",
    touches=(
        f"{_HTTP}:HttpClient",
        f"{_HTTP}:HttpLayer.event_to_child",
        f"{_HTTP}:HttpLayer.get_connection",
        "mitmproxy.proxy.layers.tls:ServerTLSLayer",
        "mitmproxy.proxy.layers.tls:TLSLayer.receive_data",
        "mitmproxy.proxy.tunnel:TunnelLayer",
        "mitmproxy.proxy.layer:Layer.handle_event",
    ),
    because="mitmproxy leads each part of a message, and each piece of an answer, through three "
    "layers to the end of a connection to a server, and through two generators in each.",
    without="a gate that serves fewer requests; nothing else",
    test="tests/proxy/test_proxy_straight_ends.py::test_the_same_is_done",
    seen="1e08d6b1791a",
)

WHOLE = Patch(
    name="whole messages",
    ours="proxy.whole_messages",
    touches=(
        f"{_HTTP}:HttpStream.state_wait_for_request_headers",
        f"{_HTTP}:HttpStream.state_consume_request_body",
        f"{_HTTP}:HttpStream.state_wait_for_response_headers",
        f"{_HTTP}:HttpStream.state_consume_response_body",
        f"{_HTTP}:HttpStream.make_server_connection",
        f"{_HTTP}:HttpStream.send_response",
        f"{_HTTP}:HttpStream.flow_done",
        f"{_HTTP}:HttpLayer.get_connection",
        f"{_HTTP}:HttpLayer.event_to_child",
        f"{_HTTP}._http1:Http1Connection",
        f"{_HTTP}._http1:Http1Server",
        f"{_HTTP}._http1:Http1Client",
        "mitmproxy.proxy.layer:Paused",
        "h11._readers:ContentLengthReader",
        "h11._receivebuffer:ReceiveBuffer.maybe_extract_lines",
    ),
    because="mitmproxy turns each message into events and commands and leads these through its "
    "layers, an event of its own for each end of a hook.",
    without="a gate that serves fewer requests; nothing else",
    test="tests/proxy/test_proxy_whole_messages.py::test_the_same_is_done",
    seen="e4ea70ea27b3",
)

READING = Patch(
    name="reading",
    ours="proxy.prompt_reading",
    touches=(
        f"{_SERVER}.handle_connection",
        "mitmproxy.proxy.server:ConnectionIO",
        "asyncio.streams:StreamReader.exception",
        "asyncio.streams:StreamReader._wakeup_waiter",
    ),
    because="mitmproxy has a task woken for all that comes, by asyncio's streams: one turn of the "
    "loop more, with a question to the kernel.",
    without="a gate that serves fewer requests; nothing else",
    test="tests/proxy/test_proxy_prompt_reading.py::"
    "test_all_that_comes_is_handled_once_and_in_order",
    seen="a7c2291eaf48",
)

UNTYING = Patch(
    name="ends of connections",
    ours="proxy.untying",
    touches=(
        f"{_SERVER}.handle_client",
        f"{_SERVER}.handle_connection",
        "mitmproxy.proxy.server:TimeoutWatchdog",
        "mitmproxy.proxy.layer:Layer.__init__",
        "mitmproxy.proxy.layer:NextLayer._ask",
        "mitmproxy.tls:ClientHello",
        "mitmproxy.contrib.kaitaistruct.tls_client_hello:TlsClientHello",
    ),
    because="mitmproxy's layers know those above them, keep their own methods, and a reader that "
    "ends keeps its frames: both ends of TLS stay until garbage is looked for.",
    without="memory that grows with connections that have ended, and is given back late",
    test="tests/proxy/test_proxy_streams.py::"
    "test_nothing_of_a_connection_waits_to_be_looked_for_as_garbage",
    seen="f2348b1e44e0",
)
