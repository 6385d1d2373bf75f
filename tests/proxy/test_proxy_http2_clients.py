"""Clients of HTTP/2 in a tunnel that stands: whatever they ask, and whenever they stop asking, the
same is sent, the same hooks run and the same connections end as on mitmproxy's own way.
"""

from collections.abc import Callable, Iterator
from typing import Any

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.settings
import pytest
from families import with_each
from hypothesis import given, settings
from hypothesis import strategies as st
from OpenSSL import SSL
from tunnel_cases import Noting, server_in, the_long_way

from examples import most
from tests.proxy.test_proxy_whole_messages import ACTS, ANSWERED, STEPS, TOLD, acting

type Asking = Callable[[h2.connection.H2Connection, int], None]


def _head(stream: int, method: str = "POST", path: str = "") -> list[tuple[str, str]]:
    fields = {":method": method, ":scheme": "https", ":authority": "a.example"}
    return [*fields.items(), (":path", path or f"/{stream}")]


def _posts(*fields: tuple[str, str], body: bytes = b"bodyhello") -> Asking:
    def asks(client: h2.connection.H2Connection, stream: int) -> None:
        client.send_headers(stream, [*_head(stream), *fields])
        client.send_data(stream, body, end_stream=True)

    return asks


def _gets(method: str) -> Asking:
    def asks(client: h2.connection.H2Connection, stream: int) -> None:
        client.send_headers(stream, _head(stream, method, "/hello"), end_stream=True)

    return asks


def _in_pieces(client: h2.connection.H2Connection, stream: int) -> None:
    client.send_headers(stream, _head(stream))
    for byte in b"bodyhello":
        client.send_data(stream, bytes([byte]))
    client.end_stream(stream)


def _trails(client: h2.connection.H2Connection, stream: int) -> None:
    client.send_headers(stream, _head(stream))
    client.send_data(stream, b"bodyhello")
    client.send_headers(stream, [("x-sum", "1")], end_stream=True)


def _begins(client: h2.connection.H2Connection, stream: int) -> None:
    client.send_headers(stream, _head(stream))
    client.send_data(stream, b"half")


def _gives_up(client: h2.connection.H2Connection, stream: int) -> None:
    _begins(client, stream)
    client.reset_stream(stream, h2.errors.ErrorCodes.CANCEL)


def _leaves_behind(client: h2.connection.H2Connection, stream: int) -> None:
    _posts()(client, stream)
    client.reset_stream(stream, h2.errors.ErrorCodes.CANCEL)


def _says_little(client: h2.connection.H2Connection, stream: int) -> None:
    client.send_headers(stream, [*_head(stream), ("content-length", "90")])
    client.send_data(stream, b"bodyhello", end_stream=True)


def _pings(client: h2.connection.H2Connection, stream: int) -> None:
    for _ in range(200):
        client.ping(b"12345678")
    _posts()(client, stream)


def _sets(client: h2.connection.H2Connection, stream: int) -> None:
    for size in range(150):
        client.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 65_535 + size})
    _posts()(client, stream)


def _narrow(client: h2.connection.H2Connection, stream: int) -> None:
    client.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 1})
    _posts()(client, stream)


def _goes(client: h2.connection.H2Connection, stream: int) -> None:
    _posts()(client, stream)
    client.close_connection()


ASKED: dict[str, Asking] = {
    "ordinary": _posts(),
    "of a stated length": _posts(("content-length", "9")),
    "of too small a length": _says_little,
    "large": _posts(body=b"x" * 9_000 + b"hello"),
    "in pieces": _in_pieces,
    "with trailers": _trails,
    "that asks first": _posts(("expect", "100-continue")),
    "that would upgrade": _posts(("upgrade", "h2c")),
    "without a body": _gets("GET"),
    "for a head": _gets("HEAD"),
    "of no length": _gets("DELETE"),
    "with cookies": _posts(("cookie", "a=1"), ("cookie", "b=2")),
    "that is half": _begins,
    "that is given up": _gives_up,
    "that is left behind": _leaves_behind,
    "among pings": _pings,
    "among settings": _sets,
    "through a narrow window": _narrow,
    "that is the last": _goes,
}
LASTS = {"until it ends", "half"}
"""Answers that last until their connections end, of which a test ends one."""
_DATA, _HEADERS, _RESET = 0, 1, 3


def said_by(names: list[str]) -> list[bytes]:
    """Return what a client says for each of these."""
    return asking(names)[1]


def asking(names: list[str]) -> tuple[h2.connection.H2Connection, list[bytes]]:
    """Return a client, and what it says for each of these."""
    config = h2.config.H2Configuration(
        header_encoding="utf-8", validate_outbound_headers=False, normalize_outbound_headers=False
    )
    client, said = h2.connection.H2Connection(config), []
    client.initiate_connection()
    for number, name in enumerate(names):
        ASKED[name](client, 2 * number + 1)
        said.append(client.data_to_send())
        if name == "that is the last":
            break
    return client, said


def frames_in(heard: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield kind, flags and stream of each frame that a client heard."""
    while heard:
        size = int.from_bytes(heard[:3])
        yield heard[3], heard[4], int.from_bytes(heard[5:9])
        heard = heard[9 + size :]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> SSL.Context:
    """What both sides speak TLS by; a client has HTTP/2, a server is offered nothing."""
    context = server_in(tmp_path_factory.mktemp("http2"))
    context.set_alpn_select_callback(lambda _, offered: offered[0])
    return context


def outcome(
    server: SSL.Context,
    said: list[bytes],
    told: list[bytes],
    steps: list[tuple[int, int]],
    ends: tuple[str, int],
    *,
    short: bool,
    in_turn: bool,
    **named: Any,
) -> tuple[Any, ...]:
    """Return what both sides heard, and all that was done, on one of both ways."""
    tunnel = Noting(server, told, short=short, whole=short, alpn=b"h2", **named)
    client, (who, at) = tunnel.end, ends
    assert client is not None
    for piece in said:
        client.say(piece)
        if in_turn:
            tunnel.settle()
    for number, (what, size) in enumerate(steps):
        if number == at and who != "nobody":
            tunnel.close(client=who == "client")
        tunnel.step(what, size)
    tunnel.settle()
    if who != "nobody":
        tunnel.close(client=who == "client")
        tunnel.settle()
    assert short or not tunnel.taken
    return (
        client.heard,
        sorted(s.heard for s in tunnel.servers.values()),
        tunnel.done,
        tunnel.faults,
    )


def both(
    server: SSL.Context,
    said: list[bytes],
    told: list[bytes],
    steps: list[tuple[int, int]],
    ends: tuple[str, int],
    *,
    at_once: frozenset[str] = frozenset(ANSWERED),
    act: str = "nothing",
    in_turn: bool = True,
) -> tuple[Any, ...]:
    """Compare both ways; return what came of the gate's own."""
    named: dict[str, Any] = {"at_once": at_once, "acts": acting(act), "in_turn": in_turn}
    found = outcome(server, said, told, steps, ends, short=True, **named)
    with the_long_way():
        assert found == outcome(server, said, told, steps, ends, short=False, **named)
    return found


@settings(max_examples=most(80), deadline=None)
@given(
    asked=st.lists(st.sampled_from(sorted(ASKED)), min_size=1, max_size=6),
    answer=st.sampled_from(sorted(TOLD)),
    cut=st.integers(0, 80),
    joined=st.booleans(),
    at_once=st.frozensets(st.sampled_from(ANSWERED)),
    act=st.sampled_from(sorted(ACTS)),
    steps=STEPS,
    ends=st.tuples(st.sampled_from(["nobody", "client", "server"]), st.integers(0, 40)),
)
def test_the_same_is_done(
    server: SSL.Context,
    asked: list[str],
    answer: str,
    cut: int,
    joined: bool,
    at_once: frozenset[str],
    act: str,
    steps: list[tuple[int, int]],
    ends: tuple[str, int],
) -> None:
    """Whatever is asked beside each other, answered and done in between, whoever leaves."""
    said, told = said_by(asked), TOLD[answer]
    pieces = [b"".join(said)] if joined else said
    told_in = [told[:cut], told[cut:]]
    for in_turn in (False, True):
        both(server, pieces, told_in, steps, ends, at_once=at_once, act=act, in_turn=in_turn)


@with_each("waits", ["nothing", "request", "response"])
@with_each("name", ASKED)
def test_each_request_among_ordinary_ones(server: SSL.Context, name: str, waits: str) -> None:
    """All in one read, and one after the other; one of the hooks has to be waited for."""
    said = said_by(["ordinary", name, "ordinary", "ordinary"])
    at_once = frozenset(ANSWERED) - {waits}
    for pieces in (said, [b"".join(said)]):
        both(server, pieces, [TOLD["ordinary"]], [], ("client", 0), at_once=at_once)


@pytest.mark.parametrize("answer", TOLD)
def test_each_answer(server: SSL.Context, answer: str) -> None:
    """To three requests in one read; each has an answer, or an end, of its own."""
    said, told = b"".join(said_by(["ordinary", "with cookies", "in pieces"])), TOLD[answer]
    head = told.find(b"\r\n\r\n") + 4
    for pieces in ([told], [told[:head], told[head:]], [told[: head + 1], told[head + 1 :]]):
        heard, *_ = both(server, [said], pieces, [], ("server", 0))
        ended = {stream for kind, _, stream in frames_in(heard) if kind in {_HEADERS, _RESET}}
        assert ended >= ({5} if answer in LASTS else {1, 3, 5})


@pytest.mark.parametrize("act", ACTS)
def test_each_act(server: SSL.Context, act: str) -> None:
    """Whatever a hook makes of a request, or of its answer, in one of many streams."""
    said = b"".join(said_by(["ordinary", "without a body", "with trailers"]))
    for answer in ("ordinary", "in chunks", "no content", "that switches"):
        both(server, [said], [TOLD[answer]], [], ("client", 0), act=act)


@pytest.mark.parametrize("number", [2, 40])
def test_streams_that_are_asked_for_together_are_answered_beside_each_other(
    server: SSL.Context, number: int
) -> None:
    """None waits behind another: each request is at its server before one of them is answered."""
    tunnel = Noting(server, [], short=True, whole=True, at_once=ANSWERED, alpn=b"h2")
    client = tunnel.end
    assert client is not None
    client.say(b"".join(said_by(["ordinary"] * number)))
    tunnel.settle()
    asked = [end.heard for end in tunnel.servers.values()]
    assert len(asked) == number
    assert all(one.endswith(b"bodyhello") for one in asked)
    for end in [*tunnel.servers.values()][::-1]:
        end.say(TOLD["ordinary"])
        tunnel.settle()
    ended = [stream for kind, at, stream in frames_in(client.heard) if kind == _DATA and at & 1]
    assert tunnel.taken
    assert ended == [*range(2 * number - 1, 0, -2)]
    assert tunnel.faults == []
