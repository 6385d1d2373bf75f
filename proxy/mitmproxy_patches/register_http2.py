"""The entries of the register on connections of HTTP/2."""

from proxy.mitmproxy_patches.entry import Patch

_HTTP = "mitmproxy.proxy.layers.http"

HALF_HEADS = Patch(
    name="half heads",
    ours="proxy.half_heads",
    touches=(
        f"{_HTTP}:Http2Server",
        f"{_HTTP}._http2:Http2Connection.protocol_error",
        f"{_HTTP}._http2:Http2Connection.close_connection",
        f"{_HTTP}._http2:Http2Connection.handle_h2_event",
        f"{_HTTP}._http2:Http2Server.handle_h2_event",
        "h2.frame_buffer:FrameBuffer",
    ),
    because="mitmproxy tells nobody of a connection of HTTP/2 that ends in the middle of a "
    "head, before any, or with what cannot be read; it takes a method or a path with blanks, of "
    "which a server of HTTP/1 reads another request.",
    without="a program that left is told as one that does not accept the gate's certificate",
    test="tests/proxy/test_proxy_half_heads.py::"
    "test_a_connection_of_http2_that_ends_before_its_request_is_told_as_that",
    seen="fc983891a3b3",
)

WINDOWS_OF_SERVERS = Patch(
    name="what did not leave by HTTP/2",
    ours="proxy.http2_windows",
    touches=(
        f"{_HTTP}:Http2Client",
        f"{_HTTP}._http2:Http2Client.__init__",
        f"{_HTTP}._http2:Http2Connection.__init__",
        f"{_HTTP}._base:HttpConnection.__init__",
        f"{_HTTP}._http_h2:BufferedH2Connection",
    ),
    because="mitmproxy throws away what waits for a server's window when the stream ends, and "
    "nobody knows any more that there was something.",
    without="a body of which the server took a part is told as delivered whole",
    test="tests/proxy/test_proxy_http2_windows.py::"
    "test_a_body_that_is_refused_before_it_was_taken_has_not_left_whole",
    seen="b1ab573a39b8",
)

SERVERS_IN_TURNS = Patch(
    name="servers in turns",
    ours="proxy.http2_turns",
    touches=(f"{_HTTP}:Http2Client", f"{_HTTP}._http2:Http2Client._handle_event"),
    because="mitmproxy reads all frames of HTTP/2 that came together in one go.",
    without="a server that sends thousands of small frames keeps all clients waiting",
    test="tests/proxy/test_proxy_odd_http2.py::test_what_a_server_sends_at_once_is_read_in_turns",
    seen="46d2ba5b012b",
)
