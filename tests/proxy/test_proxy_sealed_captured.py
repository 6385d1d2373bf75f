"""Which name a captured connection is said to go to."""

import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.sealed.captured import said_name


def hello(name: str) -> bytes:
    """Return the first bytes of a client in TLS."""
    out = ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    end = context.wrap_bio(ssl.MemoryBIO(), out, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        end.do_handshake()
    return out.read()


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (hello("Api.Example.COM"), "api.example.com"),
        (b"GET / HTTP/1.1\r\nHost: files.example:8080\r\n\r\n", "files.example"),
        (b"GET / HTTP/1.1\r\nAccept: */*\r\nhOST:files.example\r\n\r\n", "files.example"),
        (b"GET / HTTP/1.1\nHost: files.example\n\n", "files.example"),
    ],
)
def test_a_name_that_is_said_is_found(said: bytes, name: str) -> None:
    """TLS says it in its first message, HTTP in its head."""
    assert said_name(said) == name


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 10.0.0.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 10.0.0.1:80\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: \xff.example\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: " + b"a" * 300 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: half.exam",
        b"POST / HTTP/1.1\r\nX: y\r\n\r\nHost: body.example\r\n",
        b"\x16\x03\x01",
        hello("10.0.0.1"),
    ],
)
def test_what_is_no_name_leaves_the_address(said: bytes) -> None:
    """An address, half a head, or what stands in a body, is no name."""
    assert said_name(said) is None


@given(st.binary(max_size=200))
def test_whatever_comes_is_borne(said: bytes) -> None:
    """No first bytes break anything, and a name is always one that can be looked up."""
    for start in (said, b"\x16" + said, b"GET / HTTP/1.1\r\nHost: " + said + b"\r\n\r\n"):
        name = said_name(start)
        assert name is None or all(c.isalnum() or c in "-._" for c in name)
