"""What a connection speaks, told from its first bytes: TLS, HTTP, or what nobody here can read."""

import re

from core.vocabulary.protocols import UNKNOWN, protocol_at

_LOOKS_LIKE_HTTP = re.compile(
    rb"\x16(?:\x03|$)|[A-Za-z!#$%&'*+.^_`|~-]{1,32}(?:[ \t\v\f\r\x1c-\x1f\x85\xa0]|$)"
)
_WIDE = bytes(range(0x1C, 0x20)) + b"\x85\xa0"
_BLANKS = bytes.maketrans(_WIDE, b" " * len(_WIDE))
_VERSION = re.compile(rb"HTTP/\d{1,10}(?:\.\d{0,10})?", re.IGNORECASE)
MOST_VERSION = 32
"""No version is so long."""
METHODS = frozenset(
    b"COPY DELETE GET HEAD LOCK MKCOL MOVE OPTIONS PATCH POST PROPFIND PROPPATCH PUT REPORT SEARCH "
    b"TRACE UNLOCK".split()
)
"""Those that servers know (RFC 9110, RFC 4918)."""
LONGEST_METHOD = max(map(len, METHODS))
_PLACES = (b"/", b"http://", b"https://")
_IN_SMALL_LETTERS = "memcached"
"""Whose own words, at its own port, are methods in small letters, and whose keys may be paths."""
_OLDEST = 2
"""Words of a request as HTTP began: GET, and what."""


def with_plain_blanks(line: bytes) -> bytes:
    """Return a line in which each blank is one of ASCII: servers that read it as Latin-1 (Python's
    own) part its words at others, too.
    """
    return line.translate(_BLANKS)


def may_become_tls(data: bytes) -> bool:
    """Return True for a beginning of TLS that is too short to be told: one or two bytes of it."""
    return data in {b"\x16", b"\x16\x03"}


def looks_like_http(data: bytes) -> bool:
    """Return False when the first bytes of a connection are neither TLS nor an HTTP request.

    A first line that is whole ends with HTTP's version: mail and caches have words in front, too.
    """
    if not data:
        return True
    if _LOOKS_LIKE_HTTP.match(data) is None:
        return False
    line, ended, _ = data.partition(b"\n")
    return data[:1] == b"\x16" or not ended or ends_as_http(line)


def ends_as_http(line: bytes) -> bool:
    """Return True for a first line, without its end, that says HTTP's version last. Servers take
    any white space for that between its words, and overlook what stands behind (RFC 9112, 3).
    """
    last = with_plain_blanks(line).rstrip()[-MOST_VERSION:].split()[-1:]
    return any(map(_VERSION.fullmatch, last))


def is_old_request(begun: bytes, words: int, port: int) -> bool:
    """Return True for a first line of a request that says no version of HTTP. Small servers answer
    one of any method, in capitals or not, whatever stands behind the place that it asks for.

    `begun`: its first bytes, LONGEST_METHOD and more; `words`: how many it has in all. A word that
    is neither path nor URL is asked for by two words, GET in front, at ports of no other protocol.
    """
    method, where, *_ = *with_plain_blanks(begun).split(None, 2), b"", b""
    if where.lower().startswith(_PLACES):
        own = method.islower() and protocol_at(port) == _IN_SMALL_LETTERS
        return method.upper() in METHODS and not own
    return words == _OLDEST and method == b"GET" and protocol_at(port) == UNKNOWN
