"""Whatever some server would answer as HTTP is read or ended out of a seal, however odd its first
line is and however it is cut; what other protocols say is neither.
"""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.vocabulary.protocols import UNKNOWN, protocol_at
from examples import most
from proxy.sealed.beginning import FirstLine
from proxy.sealed.opening import HTTP, spoken_in
from proxy.sniffing import METHODS

PORT = 4567
"""No protocol is at home there."""
_BLANK = st.sampled_from([b" ", b"\t", b"  ", b" \t", b"\v", b"\xa0"])
_WORD = st.sampled_from([b"", b"b", b"c d", b"HTTP/", b"HTTP/1.x", b"ICE/1.0", b"Host: x"])
_METHOD = st.sampled_from(sorted(METHODS)).flatmap(
    lambda word: st.sampled_from([word, word.lower(), word.capitalize()])
)
_WHERE = st.sampled_from([b"/", b"/up?iban=DE90", b"http://x/up", b"HTTPS://x/", b"/a" * 3000])
_END = st.sampled_from([b"\n", b"\r\n", b"\r\rX\n", b" \r\n"])


def ended(line: bytes, port: int, cuts: set[int]) -> bool:
    """Return whether this line never leaves whole: read, refused at once, or ended on its way."""
    if spoken_in(line, port) in ("", HTTP):
        return True
    at = sorted({0, len(line), *(cut for cut in cuts if cut < len(line))})
    first = FirstLine(port)
    return any(first.is_http(line[begin:end]) for begin, end in pairwise(at))


@settings(max_examples=most(400))
@given(
    before=st.sampled_from([b"", b" ", b"\r\n", b"\n\r\n"]),
    method=_METHOD,
    blank=_BLANK,
    where=_WHERE,
    behind=_WORD,
    end=_END,
    cuts=st.sets(st.integers(1, 80), max_size=8),
)
def test_a_method_and_a_place_are_never_something_unknown(
    before: bytes,
    method: bytes,
    blank: bytes,
    where: bytes,
    behind: bytes,
    end: bytes,
    cuts: set[int],
) -> None:
    """Small servers ask for no version, take any case, and overlook what stands behind."""
    line = before + method + blank + where + (blank + behind if behind else b"") + end
    assert ended(line, PORT, cuts)
    assert ended(line, PORT, set(range(1, len(line))))


@pytest.mark.parametrize(
    "line",
    [
        b"GET /a b\r\n",
        b"get /a\r\n",
        b"GET\t/a\r\n",
        b"Get\t/a\tb c\n",
        b"POST /up\r\nContent-Length: 5\r\n\r\nhello",
        b"GET / HTTP/\r\n",
        b"GET / HTTP/1.1 and more\r\n",
        b"GET / HTTP/1.1\rHost: x\r\r",
        b"GET /a\r",
        b"M" * 40 + b" / HTTP/1.1\rHost: x\r\r",
        b" GET / HTTP/1.1\r\n",
    ],
)
@pytest.mark.parametrize("port", [PORT, 5432, 6379])
def test_odd_lines_are_ended_at_every_byte(line: bytes, port: int) -> None:
    """Whole, in two pieces at each place, and byte by byte; at ports of databases, too."""
    assert ended(line, port, set(range(1, len(line))))
    for cut in range(len(line)):
        assert ended(line, port, {cut})


def test_a_line_that_no_end_follows_is_http_where_servers_take_a_return_for_one() -> None:
    """Its first piece that could be answered is kept back, whatever comes behind."""
    for line in (b"GET /a\r", b"GET / HTTP/1.1\r"):
        told = FirstLine(PORT)
        assert [told.is_http(line[at : at + 1]) for at in range(len(line))][-1]


@pytest.mark.parametrize(
    ("line", "port"),
    [
        (b"get key\r\n", PORT),
        (b"GET a b\r\n", PORT),
        (b"GET\r\n", PORT),
        (b"GETS /a\r\n", PORT),
        (b"USER /a\r\n", PORT),
        (b"CWD /a\r\n", PORT),
        (b"LIST /a b\r\n", PORT),
        (b"/a b\r\n", PORT),
        (b"OPTIONS rtsp://x/a RTSP/1.0\r\n", PORT),
        (b"OPTIONS sip:a@b SIP/2.0\r\n", PORT),
        (b"SET get /a\r\n", PORT),
        (b"delete 5\r\n", PORT),
        (b"PUT a\r\n", PORT),
        (b"get /key /other\r\n", 11211),
        (b"delete /key noreply\r\n", 11211),
        (b"GET key\r\n", 6379),
        (b"SAY it\rGET /a\r\n", PORT),
        (b"EHLO me\r\nGET /a\r\n", PORT),
    ],
)
def test_words_of_other_protocols_are_none(line: bytes, port: int) -> None:
    """A method that no place follows, a place that no method goes before, another's own words."""
    assert spoken_in(line, port) not in ("", HTTP)
    first = FirstLine(port)
    assert not any(first.is_http(line[at : at + 1]) for at in range(len(line)))
    assert not FirstLine(port).is_http(line)


def test_memcached_has_its_own_small_words_at_its_own_port_only() -> None:
    """A capital letter is none of its words; elsewhere its words are a server's of HTTP."""
    assert protocol_at(11211) == "memcached"
    assert spoken_in(b"GET /key\r\n", 11211) == HTTP
    assert (spoken_in(b"get /key\r\n", PORT), protocol_at(PORT)) == (HTTP, UNKNOWN)


@settings(max_examples=most(300))
@given(st.lists(st.sampled_from([b"GET", b" ", b"/a", b"\r", b"HTTP/1.1", b"put"]), max_size=9))
def test_what_a_line_is_told_to_be_does_not_depend_on_its_pieces(pieces: list[bytes]) -> None:
    """In one piece, in these, and byte by byte."""
    line = b"".join(pieces) + b"\n"
    whole, by_piece, by_byte = FirstLine(PORT), FirstLine(PORT), FirstLine(PORT)
    told = whole.is_http(line)
    assert told == any(by_piece.is_http(piece) for piece in [*pieces, b"\n"])
    assert told == any(by_byte.is_http(line[at : at + 1]) for at in range(len(line)))
