"""Ends of HTTP/1 are left as they are behind a message that mitmproxy has read and sent itself."""

from typing import Any

import pytest
from mitmproxy import http
from mitmproxy.options import Options
from mitmproxy.proxy import events
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http._events import (
    RequestHeaders,
    ResponseEndOfMessage,
    ResponseHeaders,
)
from mitmproxy.test import tflow

from proxy.far_side import GateHttp1Client
from proxy.trailers import GateHttp1Server
from proxy.whole_ends import is_free, lacking_at

HEAD = b"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 4\r\n\r\n"


def fresh() -> Any:
    """Return an end towards a client that waits for a head."""
    end: Any = GateHttp1Server(Context(tflow.tclient_conn(), Options()))
    end.debug = None
    list(end.handle_event(events.Start()))
    return end


def heard(end: Any, data: bytes) -> Any:
    """Have an end read this."""
    list(end.handle_event(events.DataReceived(end.conn, data)))
    return end


def known(end: Any) -> dict[str, Any]:
    """Return what an end knows of an exchange."""
    names = ("stream_id", "request", "response", "request_done", "response_done", "state")
    return {name: getattr(end, name) for name in names} | {"left": bytes(end.buf)}


def test_between_two_exchanges_it_knows_of_none() -> None:
    """As behind an exchange that mitmproxy has ended."""
    end = heard(fresh(), HEAD + b"body")
    answer = http.Response.make()
    for event in (ResponseHeaders(1, answer, True), ResponseEndOfMessage(1)):
        list(end.handle_event(event))
    theirs = known(end)
    end.request, end.response, end.state = (
        http.Request.make("POST", "https://a.example/"),
        answer,
        end.wait,
    )
    end.request_done = end.response_done = True
    assert not is_free(end)
    end.between(3)
    assert known(end) == theirs
    assert is_free(end)


@pytest.mark.parametrize("came", [0, 1, 3, 4])
def test_what_has_come_of_a_request_is_known(came: int) -> None:
    """As mitmproxy's reader knows it: whether all of it, and how much is lacking."""
    theirs = heard(fresh(), HEAD + b"body"[:came])
    ours = fresh()
    ours.request, lacking = theirs.request, 4 - came
    ours.asked(4, lacking)
    state = known(ours).pop("state").__func__
    assert state is known(theirs).pop("state").__func__
    assert ours.request_done is theirs.request_done is (not lacking)
    assert lacking_at(ours) == lacking_at(theirs) == (lacking or -1)


def test_what_is_lacking_of_other_bodies_is_not_known() -> None:
    """Of chunks, before a head, and while something waits."""
    assert lacking_at(fresh()) == -1
    chunks = HEAD.replace(b"Content-Length: 4", b"Transfer-Encoding: chunked")
    assert lacking_at(heard(fresh(), chunks)) == -1
    end = heard(fresh(), HEAD)
    assert lacking_at(end) == 4
    end._paused = object()
    assert lacking_at(end) == -1


@pytest.mark.parametrize(("name", "value"), [("_paused", object()), ("debug", ""), ("_head", b"x")])
def test_who_waits_is_not_free(name: str, value: object) -> None:
    """Nor one that is read along, or has kept a head to be sent."""
    end = fresh()
    assert is_free(end)
    setattr(end, name, value)
    assert not is_free(end)


def test_an_end_with_half_a_head_is_not_free() -> None:
    """What has come before belongs to what comes."""
    assert not is_free(heard(fresh(), HEAD[:9]))


def test_an_end_that_was_asked_is_not_free() -> None:
    """Towards a server: from the head of a request on."""
    end: Any = GateHttp1Client(Context(tflow.tclient_conn(), Options()))
    end.debug = None
    list(end.handle_event(events.Start()))
    assert is_free(end)
    list(
        end.handle_event(RequestHeaders(1, http.Request.make("POST", "https://a.example/"), False))
    )
    assert not is_free(end)
