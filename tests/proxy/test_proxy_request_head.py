"""What the head of a request tells of its body, and what another reader could misread in it."""

from typing import Any

import pytest
from mitmproxy.test import tutils

from core.budgets import INLINE_BYTES
from proxy.request_head import read_head

LARGE = b"%d" % (INLINE_BYTES + 1)


class Flow:
    """The part of a flow that is asked."""

    def __init__(self, *fields: tuple[bytes, bytes], version: bytes = b"HTTP/1.1") -> None:
        self.request = tutils.treq(http_version=version)
        self.request.headers.fields = fields


@pytest.mark.parametrize(
    ("fields", "size", "small"),
    [
        ((), None, True),
        (((b"Content-Length", b"0"),), 0, True),
        (((b"content-length", b"%d" % INLINE_BYTES),), INLINE_BYTES, True),
        (((b"content-length", LARGE),), INLINE_BYTES + 1, False),
        (((b"transfer-encoding", b"chunked"),), None, False),
        (((b"Transfer-Encoding", b"chunked"), (b"content-length", b"5")), 5, False),
        (((b"content-length", b"5"), (b"Expect", b"100-continue")), 5, False),
        (((b"content-length", b"5"), (b"content-length", b"7")), None, False),
        (((b"content-length", b"5, 5"),), None, False),
        (((b"content-length", b"-5"),), None, False),
        (((b"content-length", "٥".encode()),), None, False),
        (((b"content-length", b"9" * 19),), None, False),
    ],
)
def test_the_head_tells_how_large_the_body_is(fields: Any, size: int | None, small: bool) -> None:
    """A body is taken for small only where its size is stated once, plainly, and waits for
    nobody.
    """
    assert read_head(Flow(*fields)) == (size, small)  # type: ignore[arg-type]


def test_a_body_in_frames_may_be_of_any_size() -> None:
    """In HTTP/2 a request without a stated size has a body all the same."""
    assert read_head(Flow(version=b"HTTP/2.0")) == (None, False)  # type: ignore[arg-type]


@pytest.mark.parametrize("bare", [b"\r", b"\n", b"\0"])
def test_what_another_reader_takes_for_an_end_becomes_a_blank(bare: bytes) -> None:
    """No header ends early at the destination; what has nothing of the kind is left as it is."""
    flow = Flow((b"X", b"a" + bare + b"Host: b"), (b"Y", b"c"))
    read_head(flow)  # type: ignore[arg-type]
    assert flow.request.headers.fields == ((b"X", b"a Host: b"), (b"Y", b"c"))
