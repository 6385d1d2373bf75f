"""What was only begun: how long it is waited for, and that HTTP is found however it is cut."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examples import most
from proxy.sealed.beginning import FirstLine, is_half, patience_for
from proxy.sealed.opening import HTTP as OLD_HTTP
from proxy.sealed.opening import spoken_in

HTTP = b"POST /up?a=b HTTP/1.1\r\nHost: x\r\n\r\nbody"
OTHERS = (
    b"EHLO me\r\nGET / HTTP/1.1\r\n",
    b"\x16\x03\x01\x00\x05 HTTP/1.1\n",
    b"SSH-2.0-OpenSSH\r\n",
    b"USER HTTP/x.y\r\n",
    b"USER HTTP/1.1\r\n",
    b"SAY it is HTTP/1.1, he said\r\n",
    b"SAY it is xHTTP/1.1\r\n",
    b"SAY it is HTTP/" + b"1" * 60 + b"\r\n",
    b"HELLO",
    b"a" * 20_000 + b" HTTP/1.1\r\n",
    b"",
)


@given(before=st.sampled_from([b"", b"\r\n", b"\n\r\n\n"]), cuts=st.sets(st.integers(1, 44)))
def test_http_is_found_however_it_is_cut(before: bytes, cuts: set[int]) -> None:
    """Who sends a request letter by letter, or behind empty lines, is found at the line's end,
    once, and no later: the piece that ends it is the one that is kept back.
    """
    whole = before + HTTP
    at = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    pieces = [whole[begin:end] for begin, end in pairwise(at)]
    line = FirstLine(4567)
    told = [line.is_http(piece) for piece in pieces]
    ends = whole.index(b" HTTP/1.1\r\n") + len(b" HTTP/1.1")
    [found] = [place for place, is_http in enumerate(told) if is_http]
    assert at[found] <= ends < at[found + 1]


def assert_at_its_end(line: bytes, at: list[int], told: list[bool]) -> None:
    """It is told once: with the piece that brings its end, be that a return alone."""
    ends = len(line.rstrip(b"\r\n"))
    [found] = [place for place, is_http in enumerate(told) if is_http]
    assert at[found] <= ends < at[found + 1]


ODD = {
    "longer than most servers take": b"GET /?a=" + b"b" * 40_000 + b" HTTP/1.1\r\n",
    "of a long method": b"M" * 40 + b" / HTTP/1.1\r\n",
    "with spaces behind it": b"GET / HTTP/1.1" + b" " * 40 + b"\r\n",
    "with a tab behind it": b"GET / HTTP/1.1\t\r\n",
    "of tabs": b"GET\t/\tHTTP/1.1\r\n",
    "of much space": b"GET" + b" " * 40 + b"/" + b" \t" * 40 + b"HTTP/1.1\n",
    "of an odd version": b"GET / HTTP/01.10\r\n",
    "of small letters": b"GET / http/1.1\r\n",
    "of blanks of Latin-1": b"POST\xa0/\x85HTTP/1.1\xa0\r\n",
    "of separators": b"\x1cPOST\x1d/\x1e\x1fHTTP/1.1\r\n",
    "without a version, of blanks of Latin-1": b"GET\xa0/\x85\r\n",
}
"""Lines that some servers take for HTTP's (Python's http.server takes all of these but two)."""


@pytest.mark.parametrize("line", ODD.values(), ids=ODD)
@settings(max_examples=most(60))
@given(cuts=st.sets(st.integers(1, 200), max_size=6))
def test_a_line_that_some_server_takes_for_http_is_found(line: bytes, cuts: set[int]) -> None:
    """Whatever stands between its words, and behind them, and however long it is."""
    at = sorted({0, len(line), *(cut for cut in cuts if cut < len(line))})
    first = FirstLine(4567)
    told = [first.is_http(line[begin:end]) for begin, end in pairwise(at)]
    assert_at_its_end(line, at, told)


@given(
    st.lists(st.sampled_from([b"a", b" ", b"\t", b"HTTP/1.1", b"1.1", b"\r", b"/"]), max_size=12)
)
@settings(max_examples=most(300))
def test_what_a_line_is_told_to_be_does_not_depend_on_its_pieces(pieces: list[bytes]) -> None:
    """In one piece, in these, and byte by byte."""
    line = b"".join(pieces) + b"\n"
    whole, by_piece, by_byte = FirstLine(4567), FirstLine(4567), FirstLine(4567)
    told = whole.is_http(line)
    assert told == any(by_piece.is_http(piece) for piece in [*pieces, b"\n"])
    assert told == any(by_byte.is_http(line[at : at + 1]) for at in range(len(line)))


@pytest.mark.parametrize("other", OTHERS, ids=lambda other: repr(other[:12]))
def test_other_protocols_are_no_http(other: bytes) -> None:
    """What merely holds HTTP's words later, or in something encrypted, goes on; in one piece and
    byte by byte.
    """
    assert not FirstLine(4567).is_http(other)
    line = FirstLine(4567)
    assert not any(line.is_http(other[at : at + 1]) for at in range(len(other)))


@given(st.binary(max_size=60))
@settings(max_examples=most(400))
def test_a_whole_line_and_tls_are_not_waited_for_as_half_a_line(said: bytes) -> None:
    """Only a line without its end is a beginning, and only what may become HTTP waits for long."""
    assert is_half(said) == (b"\n" not in said and said[:1] != b"\x16")
    assert patience_for(said) in (0.6, 5.0)


def test_the_words_of_http_have_more_time() -> None:
    """A person who types a request has seconds; a word of another protocol waits for no one."""
    assert {patience_for(said) for said in (b"G", b"GET", b"GET /a", b"CONN", b"\x16\x03")} == {5.0}
    assert {patience_for(said) for said in (b"HELLO", b"GETS", b"get", b"QUIT")} == {0.6}


OLD = (
    b"GET /\r\n",
    b"GET /up?iban=DE90\n",
    b"GET\t/up \r\n",
    b"GET   /up\r\n",
    b"GET http://files.example/up\r\n",
    b"GET up\r\n",
    b"PUT /a\r\n",
    b"GET /" + b"a" * 40_000 + b"\r\n",
)
"""Requests as HTTP had them before it said a version: one line, and the answer is the end."""
NOT_OLD = (
    b"get key\r\n",
    b"GET\r\n",
    b"GETS /a\r\n",
    b"PUT a\r\n",
    b"GET a b\r\n",
    b"USER /a\r\n",
)


@pytest.mark.parametrize("line", OLD, ids=lambda line: repr(line[:12]))
@settings(max_examples=most(60))
@given(before=st.sampled_from([b"", b"\r\n"]), cuts=st.sets(st.integers(1, 60), max_size=6))
def test_a_request_without_a_version_is_http_too(
    line: bytes, before: bytes, cuts: set[int]
) -> None:
    """HTTP/0.9 has no head that could be read: it is told as HTTP, however it is cut, and never as
    something unknown.
    """
    whole = before + line
    at = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    first = FirstLine(4567)
    told = [first.is_http(whole[begin:end]) for begin, end in pairwise(at)]
    assert_at_its_end(whole, at, told)
    assert spoken_in(line, 4567) == OLD_HTTP


@pytest.mark.parametrize("line", NOT_OLD)
def test_what_is_no_such_request_is_none(line: bytes) -> None:
    """Other methods ask for a place; words of other protocols, and one word, are none."""
    first = FirstLine(4567)
    assert not any(first.is_http(line[at : at + 1]) for at in range(len(line)))
    assert spoken_in(line, 4567) != OLD_HTTP


def test_where_another_protocol_is_at_home_only_a_path_makes_such_a_request() -> None:
    """A word that someone types to a Redis database at its own port is no request for a page."""
    assert spoken_in(b"GET key\r\n", 6379) == "redis"
    assert not FirstLine(6379).is_http(b"GET key\r\n")
    for line in (b"GET /key\r\n", b"GET HTTP://x/key\r\n"):
        assert spoken_in(line, 6379) == OLD_HTTP
        assert FirstLine(6379).is_http(line)
