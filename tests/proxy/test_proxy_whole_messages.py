"""Messages that are there as a whole: taken so, or as mitmproxy takes them, the same is sent, the
same hooks run and the same connections end, in the same order.
"""

from collections.abc import Callable
from typing import Any

import pytest
from families import crossed
from hypothesis import given, settings
from hypothesis import strategies as st
from mitmproxy import http
from mitmproxy.proxy import layer
from OpenSSL import SSL
from tunnel_cases import (
    ANSWERS,
    BODY,
    HOST,
    OK,
    REQUESTS,
    Noting,
    outcome,
    server_in,
    the_long_way,
)

from examples import most
from proxy.binding import bind
from proxy.quick_layers import QuickHttpLayer
from proxy.transaction import Transaction

LARGE = 70_000
ASKED = {
    **REQUESTS,
    "too large to be joined": b"POST /9"
    + HOST
    + b"Content-Length: %d\r\n\r\n" % LARGE
    + b"x" * (LARGE - 5)
    + b"hello",
    "of bare line ends": (b"POST /10" + HOST + BODY).replace(b"\r\n", b"\n"),
    "behind an empty line": b"\r\nPOST /11" + HOST + BODY,
    "of two kinds of line ends": b"POST /12" + HOST + b"X-A: 1\n" + BODY,
    "that would upgrade": b"POST /13" + HOST + b"Upgrade: h2c\r\n" + BODY,
    "that is kept alive": b"POST /14 HTTP/1.0\r\nHost: a.example\r\nConnection: keep-alive\r\n"
    + BODY,
    "of no length": b"DELETE /hello" + HOST + b"X-A: 1\r\n\r\n",
    "of a bad length": b"POST /hello" + HOST + b"Content-Length: +9\r\n\r\nbodyhello",
    "of a bad name": b"POST /hello" + HOST + b"X A: 1\r\n" + BODY,
    "that goes on in a line": b"POST /15" + HOST + b"X-A: 1\r\n 2\r\n" + BODY,
    "for a tunnel": b"CONNECT hello:443 HTTP/1.1\r\n\r\n",
}
TOLD = {
    **ANSWERS,
    "too large to be joined": OK + b"Content-Length: %d\r\n\r\n" % LARGE + b"y" * LARGE,
    "that switches": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: odd\r\n\r\n",
    "that switches behind two spaces": b"HTTP/1.1  101 Odd\r\nUpgrade: odd\r\n\r\n",
    "hints behind a tab": b"HTTP/1.1\t103 Hints\r\nLink: a\r\n\r\n" + ANSWERS["ordinary"],
    "hints of bare line ends": b"HTTP/1.1 103 Hints\nLink: a\n\n" + ANSWERS["ordinary"],
    "behind an empty line": b"\r\n" + ANSWERS["ordinary"],
    "of no status": b"HTTP/1.1 1000 Odd\r\nContent-Length: 2\r\n\r\nok",
    "not found": b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno",
    "of two lengths": OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nok",
    "of a bad name": OK + b"X A: 1\r\nContent-Length: 2\r\n\r\nok",
    "of bare line ends": OK.replace(b"\r\n", b"\n") + b"Content-Length: 2\n\nok",
    "kept alive": b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
}
ANSWERED = "requestheaders", "request", "responseheaders", "response"
STEPS = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from([1, 7, 60, 900, 1 << 20])), max_size=40
)


def _answer(status: int) -> Callable[[http.HTTPFlow], None]:
    def act(flow: http.HTTPFlow) -> None:
        flow.response = http.Response.make(status, b"no" if status != 204 else b"")

    return act


def _ask(content: bytes, **fields: str) -> Callable[[http.HTTPFlow], None]:
    def act(flow: http.HTTPFlow) -> None:
        flow.request.content = content
        for name, value in fields.items():
            flow.request.headers[name] = value

    return act


def _tell(content: bytes | None = None, **fields: str) -> Callable[[http.HTTPFlow], None]:
    def act(flow: http.HTTPFlow) -> None:
        assert flow.response is not None
        if content is not None:
            flow.response.content = content
        for name, value in fields.items():
            flow.response.headers[name.replace("_", "-")] = value

    return act


def _limited(flow: http.HTTPFlow) -> None:
    bind(flow, Transaction("reference")).travel.hold_limit = 5


def _in_chunks(message: http.Message) -> None:
    message.headers.pop("content-length", None)
    message.headers["transfer-encoding"] = "chunked"


def _streams(flow: http.HTTPFlow) -> None:
    assert flow.response is not None
    flow.response.stream = True


ACTS: dict[str, tuple[str, Callable[[Any], None]]] = {
    "nothing": ("", lambda _: None),
    "refused by its head": ("requestheaders", _answer(403)),
    "refused": ("request", _answer(403)),
    "answered with nothing": ("request", _answer(204)),
    "changed": ("request", _ask(b"changed hello")),
    "emptied": ("request", _ask(b"")),
    "grown": ("request", _ask(b"z" * LARGE + b"hello")),
    "asked to end": ("request", _ask(b"hello", connection="close")),
    "sent in chunks": ("request", lambda flow: _in_chunks(flow.request)),
    "of a low limit": ("requestheaders", _limited),
    "answer refused": ("response", _answer(502)),
    "answer changed": ("response", _tell(b"changed")),
    "answer emptied": ("response", _tell(b"")),
    "answer grown": ("response", _tell(b"z" * LARGE)),
    "answer noted": ("responseheaders", _tell(x_a="1")),
    "answer to end": ("responseheaders", _tell(connection="close")),
    "answer in chunks": ("responseheaders", lambda flow: _in_chunks(flow.response)),
    "answer streams": ("responseheaders", _streams),
}


def acting(name: str) -> Callable[[Any], None]:
    """Return what does this in its hook."""
    where, act = ACTS[name]

    def acts(hook: Any) -> None:
        if hook.name == where:
            act(hook.flow)

    return acts


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> SSL.Context:
    return server_in(tmp_path_factory.mktemp("whole"))


def both(
    server: SSL.Context,
    said: list[bytes],
    told: list[bytes],
    *arguments: Any,
    at_once: frozenset[str] = frozenset(ANSWERED),
    act: str = "nothing",
    in_turn: bool = True,
) -> None:
    """Compare messages taken as wholes with the long way."""
    named: dict[str, Any] = {"at_once": at_once, "acts": acting(act), "in_turn": in_turn}
    whole = outcome(server, said, told, *arguments, short=True, whole=True, **named)
    with the_long_way():
        assert whole == outcome(server, said, told, *arguments, short=False, **named)


@settings(max_examples=most(150), deadline=None)
@given(
    asked=st.lists(st.sampled_from(sorted(ASKED)), min_size=1, max_size=4),
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
    """Whatever is asked and answered and done in between, in whatever pieces, whoever leaves."""
    said = [ASKED[name] for name in asked]
    told = TOLD[answer]
    pieces = [b"".join(said)] if joined else said
    told_in = [told[:cut], told[cut:]]
    for in_turn in (False, True):
        both(server, pieces, told_in, steps, ends, at_once=at_once, act=act, in_turn=in_turn)


@crossed(answer=TOLD, act=ACTS)
def test_each_answer_to_each_act(server: SSL.Context, answer: str, act: str) -> None:
    """Two requests, of which the second finds a connection to its server, and each answer at once,
    by its head, and cut in its body; the client ends it at last.
    """
    said, told = [ASKED["ordinary"]] * 2, TOLD[answer]
    head = told.find(b"\r\n\r\n") + 4
    for pieces in ([told], [told[:head], told[head:]], [told[: head + 1], told[head + 1 :]]):
        both(server, said, pieces, [], ("client", 0), act=act)


@crossed(name=ASKED, waits=ANSWERED)
def test_each_request_behind_an_ordinary_one(server: SSL.Context, name: str, waits: str) -> None:
    """As a whole, its head apart, and in three pieces; one of the hooks has to be waited for."""
    said = ASKED[name]
    head = said.find(b"\r\n\r\n") + 4
    for pieces in ([said], [said[:head], said[head:]], [said[:5], said[5:-1], said[-1:]]):
        at_once = frozenset(ANSWERED) - {waits}
        asked = [ASKED["ordinary"], *filter(None, pieces), ASKED["ordinary"]]
        both(server, asked, [TOLD["ordinary"]], [], ("server", 0), at_once=at_once)


def noted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return where it is noted down which layers something is led through."""
    led: list[str] = []
    theirs = QuickHttpLayer.led

    def noting(self: Any, child: layer.Layer, *arguments: Any, **named: Any) -> Any:
        led.append(type(child).__name__)
        return theirs(self, child, *arguments, **named)

    monkeypatch.setattr(QuickHttpLayer, "led", noting)
    return led


def test_an_ordinary_exchange_is_taken_whole(
    server: SSL.Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the second on, in any pieces, no event is led through the layers."""
    led = noted(monkeypatch)
    counts = []
    ordinary, answer = ASKED["ordinary"], TOLD["ordinary"]
    apart = [ordinary[:-9], ordinary[-9:-3], ordinary[-3:]]
    for said in ([ordinary], [ordinary] * 4, [ordinary, *apart, *apart]):
        led.clear()
        told = [answer[:-2], answer[-2:-1], answer[-1:]]
        at_once = frozenset(ANSWERED) - {"response"}
        named: dict[str, Any] = {"short": True, "whole": True, "at_once": at_once, "in_turn": True}
        heard, *_ = outcome(server, said, told, [], ("nobody", 0), **named)
        assert heard == answer * b"".join(said).count(b"POST")
        counts.append(len(led))
    assert counts[0] == counts[1] == counts[2]


@pytest.mark.parametrize("error", [None, "connection reset by the server"])
def test_messages_are_taken_whole_behind_a_connection_that_was_made_anew(
    server: SSL.Context, monkeypatch: pytest.MonkeyPatch, error: str | None
) -> None:
    """A server ends or breaks its connection between two requests: the next one has another made,
    those behind it take the straight road again.
    """
    led = noted(monkeypatch)
    ordinary, answer = ASKED["ordinary"], TOLD["ordinary"]
    at_once = frozenset(ANSWERED)
    tunnel = Noting(server, [answer], short=True, whole=True, at_once=at_once)
    client = tunnel.end
    assert client is not None
    for asked in range(1, 6):
        client.say(ordinary)
        tunnel.settle()
        assert client.heard == answer * asked
        if asked == 2:
            [*tunnel.servers][-1].error = error
            tunnel.close(client=False)
        elif asked == 3:
            led.clear()
    assert led == []
    assert len(tunnel.servers) == 2
