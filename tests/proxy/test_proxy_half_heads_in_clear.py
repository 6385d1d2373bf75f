"""Heads of HTTP/1 that end half way: a record names the scheme that was spoken, and no host of
which only a part had come.
"""

import socket

import pytest

from core.fate import Fate
from proxy.uninspected import UNKNOWN_HOST
from tests.proxy.conftest import RunningGate
from tests.proxy.test_proxy_early_ends import _one_more

_HALVES = {
    b"GET http://whole.example/x HTTP/1.1\r\nHos": ("http", "whole.example", 80),
    b"POST http://whole.example:8080 HTTP/1.1": ("http", "whole.example", 8080),
    b"GET http://begun.example/half/a/pa": ("http", "begun.example", 80),
    b"GET http://cut.exam": ("http", UNKNOWN_HOST, 0),
    b"GET http://cut.example:80": ("http", UNKNOWN_HOST, 0),
    b"GET https://cut.exam": ("https", UNKNOWN_HOST, 0),
    b"PUT /only/a/pa": ("http", UNKNOWN_HOST, 0),
    b"GET https://whole.example/": ("https", "whole.example", 443),
}


@pytest.mark.parametrize("sent", _HALVES, ids=lambda one: one.decode())
def test_half_a_head_in_clear_is_told_as_far_as_it_came(gate: RunningGate, sent: bytes) -> None:
    known = len(gate.evidence.closed)
    with socket.create_connection(("127.0.0.1", gate.port), timeout=20) as raw:
        raw.sendall(sent)
    record = _one_more(gate, known)
    place = record.destination
    assert (place.scheme, place.host, place.port) == _HALVES[sent]
    assert record.fate is Fate.UNFINISHED


def test_half_a_head_within_tls_is_https(gate: RunningGate) -> None:
    known = len(gate.evidence.closed)
    with gate.connect("secret.example") as talk:
        talk.sendall(b"GET /x HTTP/1.1\r\nHos")
    place = _one_more(gate, known).destination
    assert (place.scheme, place.host, place.port) == ("https", "secret.example", 443)
