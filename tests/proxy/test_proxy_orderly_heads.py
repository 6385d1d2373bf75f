"""Heads of answers that need no putting in order are read at once, and to the same end."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy import orderly_heads

LINES = st.lists(
    st.sampled_from(
        (
            b"Content-Length: 5|content-length:0|Content-Length: 05|Content-Length: +5"
            b"|Content-Length: 5, 5|Content-Length: x|Content-Length : 5|Content-Length:"
            b"|Content-Length: 99999999999999999999|Content-Length:\t7 |Content-Length"
            b"|Transfer-Encoding: chunked|Transfer-Encoding: gzip, chunked|transfer-encoding:identity"
            b"|Content-Type: text/plain|X-A: b\rc|no colon at all|: no name| folded|X-\xe4: y"
            b"|X Y: z|Content-Encoding: br|Connection: close|Content-Lengthy: 5"
        ).split(b"|")
    ),
    max_size=5,
)
FIRST = st.sampled_from(
    [b"HTTP/1.1 200 OK", b"HTTP/1.0 200 OK", b"HTTP/1.1 204 No", b"HTTP/1.1 304 Not", b"bad"]
)


def outcome(lines: list[bytes]) -> Any:
    """Return what a head is read as."""
    try:
        answer = orderly_heads.ordered_head(lines)
    except ValueError as error:
        return type(error)
    return answer.http_version, answer.status_code, answer.headers.fields


@given(first=FIRST, lines=LINES)
def test_what_is_in_order_is_read_as_if_it_were_put_in_order(
    first: bytes, lines: list[bytes]
) -> None:
    """Each head is read the same as by the whole way, on which nothing counts as plain."""
    head = [first, *lines]
    with pytest.MonkeyPatch.context() as patching:
        patching.setattr(orderly_heads, "_is_plain", lambda _: False)
        whole = outcome([*head, b"X: y"] if not lines else head)
    assert outcome([*head, b"X: y"] if not lines else head) == whole


def test_a_plain_head_takes_the_short_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """What most servers send is put in no order."""

    def refused(_lines: list[bytes]) -> list[bytes]:
        raise AssertionError("the fields of a plain head were put in order")

    monkeypatch.setattr(orderly_heads, "_fields", refused)
    lines = [b"HTTP/1.1 200 OK", b"Content-Type: application/json", b"Content-Length: 320"]
    assert outcome(lines)[1] == 200
