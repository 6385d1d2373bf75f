"""A head that is read at once is the one that mitmproxy's readers find, with the same behind it."""

from typing import Any

import pytest
from h11._receivebuffer import ReceiveBuffer
from hypothesis import example, given
from hypothesis import strategies as st
from mitmproxy import http
from mitmproxy.net.http import http1

from proxy.whole_heads import answer_in, ends, goes_on, request_in

PARTS = [
    b"POST / HTTP/1.1",
    b"HTTP/1.1 200 OK",
    b"\r\n",
    b"\n",
    b"\r",
    b"\r\n\r\n",
    b"\n\n",
    b"Host: a.example",
    b"Content-Length: 3",
    b"Transfer-Encoding: chunked",
    b" ",
    b"X:",
    b"abc",
]
HEAD = b"Host: a.example\r\nContent-Length: 3\r\n\r\n"
POST, OK = b"POST / HTTP/1.1\r\n", b"HTTP/1.1 200 OK\r\n"
BEHIND = st.lists(st.sampled_from(PARTS), max_size=9).map(b"".join)
ASKED = http.Request.make("POST", "https://a.example/")


def theirs(data: bytes) -> tuple[list[bytes], bytes]:
    """Return the lines of the head that mitmproxy takes out of what came, and what is left."""
    buffer = ReceiveBuffer()
    buffer += data
    lines = buffer.maybe_extract_lines()
    assert lines
    return [bytes(line) for line in lines], bytes(buffer)


def same(ours: Any, read: Any, size: int | None, left: bytes, body: bytes, lacking: int) -> None:
    """Compare heads, and what is there and lacking of the body."""
    assert ours.data.headers == read.data.headers
    assert ours.data.http_version == read.data.http_version
    assert (left, size) == (body, len(body) + lacking)
    assert lacking >= 0


@given(behind=BEHIND)
@example(behind=HEAD + b"abc")
@example(behind=HEAD + b"a")
@example(behind=b"X: 1\n\r\nHost: a\r\n\r\n")
@example(behind=b"X: 1\r\r\n\r\n")
def test_a_request_is_mitmproxys(behind: bytes) -> None:
    """Whatever is behind its first line: found alike, or left to mitmproxy."""
    if (found := request_in(POST + behind)) is not None:
        lines, left = theirs(POST + behind)
        read = http1.read_request_head(lines)
        assert (found[0].method, found[0].path) == (read.method, read.path)
        same(found[0], read, http1.expected_http_body_size(read), left, *found[1:])


@given(behind=BEHIND)
@example(behind=HEAD + b"abc")
@example(behind=HEAD)
def test_an_answer_is_mitmproxys(behind: bytes) -> None:
    """The same of answers."""
    if (found := answer_in(ASKED, OK + behind)) is not None:
        lines, left = theirs(OK + behind)
        read = http1.read_response_head(lines)
        assert (found[0].status_code, found[0].reason) == (read.status_code, read.reason)
        same(found[0], read, http1.expected_http_body_size(ASKED, read), left, *found[1:])


@pytest.mark.parametrize(("body", "lacking"), [(b"abc", 0), (b"a", 2), (b"", 3)])
def test_what_is_ordinary_is_found(body: bytes, lacking: int) -> None:
    """Heads with a length, with as much of the body as is there."""
    for found in (request_in(POST + HEAD + body), answer_in(ASKED, OK + HEAD + body)):
        assert found is not None
        assert found[1:] == (body, lacking)


@pytest.mark.parametrize(
    "data",
    [
        POST + HEAD[:-1],
        POST + HEAD + b"abcd",
        b"\r\n" + POST + HEAD,
        (POST + HEAD).replace(b"\r\n", b"\n"),
        b"CONNECT a:1 HTTP/1.1\r\n\r\n",
        POST + b"Expect: 100-continue\r\n" + HEAD,
        POST + b"Upgrade: websocket\r\n" + HEAD,
        POST + b"Transfer-Encoding: chunked\r\n\r\n",
        POST + b"Content-Length: -1\r\n\r\n",
    ],
)
def test_other_requests_are_left(data: bytes) -> None:
    """Half a head, more than one message, and all that changes what follows."""
    assert request_in(data) is None


@pytest.mark.parametrize(
    "data",
    [
        OK + HEAD + b"abcd",
        OK + b"\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n",
        OK + b"Connection: close\r\n" + HEAD + b"abc",
        b"HTTP/1.0 200 OK\r\n" + HEAD + b"abc",
        b"HTTP/1.1 103 Early Hints\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"nonsense\r\n\r\n",
    ],
)
def test_other_answers_are_left(data: bytes) -> None:
    """Those that last until the end, are none yet, or end their connection."""
    assert answer_in(ASKED, data) is None


def test_a_connection_goes_on_behind_what_has_an_end() -> None:
    """As long as neither message says that it ends, nor the answer lasts until then."""
    answer = http.Response.make(200, b"ok")
    assert goes_on(ASKED, answer)
    answer.headers["connection"] = "close"
    assert not goes_on(ASKED, answer)
    del answer.headers["connection"]
    del answer.headers["content-length"]
    assert not goes_on(ASKED, answer)
    answer.headers["content-length"] = "none"
    assert goes_on(ASKED, answer)
    last = ASKED.copy()
    last.headers["connection"] = "close"
    assert not goes_on(last, answer)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["1.0", "1.1"]),
            st.sampled_from(["close", "keep-alive", "Keep-Alive, x", "upgrade", ""]),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_that_a_connection_ends_is_told_by_what_a_head_says_now(
    said: list[tuple[str, str]],
) -> None:
    """Whatever hooks make of the same head, one after the other."""
    answer = http.Response.make(200, b"ok")
    for version, connection in said:
        answer.http_version = f"HTTP/{version}"
        answer.headers["connection"] = connection
        for _ in range(2):
            assert ends(answer) == bool(http1.connection_close(answer.http_version, answer.headers))
    del answer.headers["connection"]
    assert ends(answer) == (said[-1][0] == "1.0")
