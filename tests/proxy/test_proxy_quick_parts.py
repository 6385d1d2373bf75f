"""Contexts, hooks, answers to commands and options are as mitmproxy makes them."""

import os
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy import connection, hooks, http, optmanager
from mitmproxy.net.http import http1
from mitmproxy.net.http.http1 import read
from mitmproxy.options import Options
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.context import Context
from mitmproxy.test import tflow

from proxy import quick_parts
from proxy.mitmproxy_patches.applied import in_our_own_process

LENGTHS = st.sampled_from([b"0", b"7", b"07", b"-1", b"x", b"7, 7", b""])
CODINGS = st.sampled_from([b"chunked", b"gzip", b"identity", b"gzip,chunked", b"x"])
FIELDS = st.lists(
    st.tuples(st.just(b"Content-Length"), LENGTHS)
    | st.tuples(st.just(b"transfer-encoding"), CODINGS)
    | st.just((b"a", b"b")),
    max_size=3,
).map(tuple)


@pytest.fixture(autouse=True)
def _patched() -> None:
    in_our_own_process()


def below(cls: type) -> Iterator[type]:
    """Yield all subclasses, of those as well."""
    direct: list[type] = cls.__subclasses__()
    for one in direct:
        yield one
        yield from below(one)


def test_a_fork_is_as_mitmproxys_and_makes_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fork stands on the same ends, with a list of layers of its own; no end is made for it."""
    context = Context(tflow.tclient_conn(), Options())
    above: Any = "a layer above"
    context.layers.append(above)

    def refused(*_given: Any, **_named: Any) -> connection.Server:
        raise AssertionError("an end of a connection was made")

    monkeypatch.setattr(connection, "Server", refused)
    fork = context.fork()
    assert type(fork) is Context
    assert vars(fork).keys() == vars(context).keys()
    assert all(getattr(fork, name) is vars(context)[name] for name in ("client", "server"))
    assert fork.options is context.options
    assert fork.layers == context.layers
    assert fork.layers is not context.layers


@pytest.mark.parametrize("base", [commands.StartHook, events.CommandCompleted])
def test_each_hook_and_answer_is_what_it_was_made_as(
    base: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them are dataclasses, which is not looked at each time; each has what it was given."""

    def refused(_found: object) -> bool:
        raise AssertionError("its class was looked at")

    monkeypatch.setattr(hooks, "is_dataclass", refused)
    monkeypatch.setattr(events, "is_dataclass", refused)
    seen = 0
    for cls in (one for one in below(base) if one.__module__.startswith(("mitmproxy", "proxy"))):
        assert is_dataclass(cls)
        own = cls.__mro__[: cls.__mro__.index(base)]
        assert not any("__new__" in vars(ancestor) for ancestor in own)
        given = [object() for _ in fields(cls)]
        made = cls(*given)
        assert type(made) is cls
        assert [getattr(made, one.name) for one in fields(cls)] == given
        seen += 1
    assert seen >= 3


def test_options_keep_their_values_to_themselves() -> None:
    """Each option tells what was set, else its default; what could be changed in place is a
    copy.
    """
    options = Options()
    options.update(mode=["regular"], ssl_insecure=True, listen_port=None)
    for option in options._options.values():
        told = option.current()
        unset = option.value is optmanager.unset
        kept = option._default if unset else option.value
        assert told == kept
        assert told is not kept or not isinstance(kept, list | dict)
    options.mode.append("another")
    assert list(options.mode) == ["regular"]


def outcome(size: Any, *messages: Any) -> object:
    """Return what is said of a body's length, or that nobody can say."""
    try:
        return size(*messages)
    except ValueError:
        return ValueError


@given(heads=st.lists(st.tuples(FIELDS, FIELDS), min_size=1, max_size=3), data=st.data())
def test_a_body_is_as_long_as_mitmproxy_says_however_its_head_changes(
    heads: list[tuple[Any, Any]], data: st.DataObject
) -> None:
    """Asked again and again, of heads of which any part is changed meanwhile: always the answer
    that mitmproxy gives anew.
    """
    request, response = http.Request.make("POST", "https://a/"), http.Response.make()
    for asked, answered in heads:
        request.headers.fields, response.headers.fields = asked, answered
        for _ in range(3):
            request.method = data.draw(st.sampled_from(["POST", "HEAD", "CONNECT"]))
            response.status_code = data.draw(st.sampled_from([100, 200, 204, 304, 500]))
            for messages in ((request,), (request, response), (request, response)):
                expected = outcome(read.expected_http_body_size, *messages)
                assert outcome(quick_parts.body_size, *messages) == expected


def test_the_length_of_a_body_is_found_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same head is not read again; a header that changes is."""
    asked: list[int] = []

    def counted(request: http.Request, response: http.Response | None = None) -> int | None:
        asked.append(1)
        return read.expected_http_body_size(request, response)

    monkeypatch.setattr(quick_parts, "_THEIR_SIZE", counted)
    request = http.Request.make("POST", "https://a/", b"1234567")
    assert [http1.expected_http_body_size(request) for _ in range(4)] == [7] * 4
    request.headers["content-length"] = "8"
    assert [http1.expected_http_body_size(request) for _ in range(4)] == [8] * 4
    assert len(asked) == 2


def test_flows_have_names_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """No two have the same, and the system is asked for nothing to name one."""

    def refused(_size: int) -> bytes:
        raise AssertionError("random bytes were asked for")

    client, server = tflow.tclient_conn(), tflow.tserver_conn()
    monkeypatch.setattr(os, "urandom", refused)
    names = {http.HTTPFlow(client, server).id for _ in range(1000)}
    assert len(names) == 1000
    assert {len(name) for name in names} == {32}
