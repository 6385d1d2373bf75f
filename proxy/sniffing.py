"""What a connection speaks, told from its first bytes: TLS, HTTP, or what nobody here can read."""

import re

_LOOKS_LIKE_HTTP = re.compile(
    rb"\x16(?:\x03|$)|[A-Za-z!#$%&'*+.^_`|~-]{1,32}(?:[ \t\v\f\r\x1c-\x1f\x85\xa0]|$)"
)
_WIDE = bytes(range(0x1C, 0x20)) + b"\x85\xa0"
_BLANKS = bytes.maketrans(_WIDE, b" " * len(_WIDE))
_VERSION = re.compile(rb"HTTP/\d{1,10}(?:\.\d{0,10})?", re.IGNORECASE)
MOST_VERSION = 32
"""No version is so long."""


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


def is_old_request(begun: bytes, *, at_home: bool) -> bool:
    """Return True for a whole first line of HTTP/0.9: GET, where to, and nothing behind it. Such a
    request has no head, and its answer is none. `begun`: its first bytes are enough. `at_home`: the
    port is another protocol's, in which a word may follow GET: then only a path or a URL is one.
    """
    words = with_plain_blanks(begun).split(None, 2)
    if len(words) != 2 or words[0] != b"GET":
        return False
    return not at_home or words[1].lower().startswith((b"/", b"http://", b"https://"))
