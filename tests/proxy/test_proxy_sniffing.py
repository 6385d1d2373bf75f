"""What a connection speaks is told from its first bytes."""

import pytest

from proxy.sniffing import looks_like_http


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GET / HTTP/1.1\r\n",
        b"PRI * HTTP/2.0",
        b"\x16\x03\x01\x02\x00",
        b"POST",
        b"M-SEARCH * ",
        b"GET\t/\tHTTP/1.1\r\n",
        b"GET / HTTP/1.1" + b" " * 40 + b"\r\n",
        b"GET / HTTP/1.10\t\r\n",
        b"GET\xa0/\x85HTTP/1.1\r\n",
        b"GET\x1c/\x1fHTTP/1.1\xa0\r\n",
    ],
)
def test_http_looks_like_http(data: bytes) -> None:
    """Requests and TLS are not taken for another protocol, even when only their first bytes are
    there."""
    assert looks_like_http(data)


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-x\r\n",
        b"\x00\x00",
        b"\x16\x01",
        b"EHLO\r\n",
        b'{"a":1}',
        b"x" * 40,
        b"EHLO mail.example\r\n",
        b"SET key value\r\n",
        b"GET key\r\n",
        b"PING \n",
        b"USER anna\r\n",
        b"USER\tanna\r\n",
        b"QUIT\r\n",
        b"HTTP/1.1\r\n",
        b"SAY HTTP/1.1, he said\r\n",
        b"GET\xa0key\r\n",
        b"\xa0GET",
    ],
)
def test_other_protocols_do_not(data: bytes) -> None:
    """Other protocols are known by their first bytes."""
    assert not looks_like_http(data)
