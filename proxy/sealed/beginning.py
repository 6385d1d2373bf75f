"""A first line that is only begun: how long it is waited for, and whether it becomes HTTP's."""

from proxy.sniffing import (
    LONGEST_METHOD,
    MOST_VERSION,
    ends_as_http,
    is_old_request,
    with_plain_blanks,
)

_MOST = 16_384
"""A line that is longer is no word that somebody waits behind."""
_HANDSHAKE = b"\x16"
_WORDS = 3
"""Of which a first line of HTTP is made."""
_BEGUN = LONGEST_METHOD + len(b" https://")
"""So much of a first line tells whether it asks for a place."""
_SOON_S, _LATE_S = 0.6, 5.0
"""How long what was begun may stay so: a word of some protocol, and a method of HTTP or TLS."""
_METHODS = (b"GET", b"POST", b"PUT", b"HEAD", b"PATCH", b"DELETE", b"OPTIONS", b"CONNECT", b"PRI")


def is_half(said: bytes) -> bool:
    """Return True for a beginning of a line that could become HTTP's."""
    return said[:1] != _HANDSHAKE and b"\n" not in said and len(said) < _MOST


def patience_for(said: bytes) -> float:
    """Return for how many seconds to wait for the rest."""
    word = said.partition(b" ")[0]
    http = said[:1] == _HANDSHAKE or any(method.startswith(word) for method in _METHODS)
    return _LATE_S if http else _SOON_S


class FirstLine:
    """Reads the first line of a client whose bytes go on unread; it may be of any length, for some
    servers of HTTP take one of a megabyte. Some take a return alone for a line's end: where one
    stands the line may be over, and goes on all the same.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._size = 0
        self._begun = b""
        """What it begins with, each white space one space."""
        self._words = 0
        self._tail = b""
        """What it ends with as yet; white space there is one space."""
        self._over = False

    def is_http(self, data: bytes) -> bool:
        """Take more bytes; return True with those that make it a line of HTTP."""
        if self._over:
            return False
        plain = with_plain_blanks(data)
        line, ended, _ = (plain if self._words else plain.lstrip()).partition(b"\n")
        encrypted = not self._words and line[:1] == _HANDSHAKE
        *parts, last = line.split(b"\r", _MOST if self._size < _MOST else 0)
        self._size += len(line)
        self._over = encrypted or any(self._is_over(part) for part in parts)
        if self._over:
            return not encrypted
        self._take(last)
        self._over = bool(ended)
        return self._over and self._is_request()

    def ended(self) -> bool:
        """Return True where the client's end makes HTTP of what there is."""
        return self.is_http(b"\n")

    def _is_over(self, part: bytes) -> bool:
        self._take(part + b" ")
        return self._is_request()

    def _take(self, piece: bytes) -> None:
        goes_on = bool(self._tail[-1:].strip() and piece[:1].strip())
        self._words += len(piece.split()) - goes_on
        self._keep_beginning(piece)
        line = self._tail + piece
        said = line.rstrip()
        self._tail = said[-MOST_VERSION:] + b" " * (len(said) < len(line))

    def _keep_beginning(self, piece: bytes) -> None:
        if len(self._begun) < _BEGUN:
            begun = self._begun + piece
            parted = b" " * begun[-1:].isspace()
            self._begun = (b" ".join(begun.split()) + parted)[:_BEGUN]

    def _is_request(self) -> bool:
        if self._words >= _WORDS and ends_as_http(self._tail):
            return True
        return self._words > 1 and is_old_request(self._begun, self._words, self._port)
