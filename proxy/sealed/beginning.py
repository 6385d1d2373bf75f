"""A first line that is only begun: how long it is waited for, and whether it becomes HTTP's."""

from proxy.sniffing import MOST_VERSION, ends_as_http

_MOST = 16_384
"""A line that is longer is no word that somebody waits behind."""
_HANDSHAKE = b"\x16"
_WORDS = 3
"""Of which a first line of HTTP is made."""
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
    servers of HTTP take one of a megabyte.
    """

    def __init__(self) -> None:
        self._words = 0
        self._tail = b""
        """What it ends with as yet; white space there is one space."""
        self._over = False

    def is_http(self, data: bytes) -> bool:
        """Take more bytes; return True with those that make it a line of HTTP."""
        if self._over:
            return False
        begun = data if self._words else data.lstrip()
        piece, ended, _ = begun.partition(b"\n")
        encrypted = not self._words and begun[:1] == _HANDSHAKE
        self._over = bool(ended) or encrypted
        goes_on = bool(self._tail[-1:].strip() and piece[:1].strip())
        self._words += len(piece.split()) - goes_on
        line = self._tail + piece
        said = line.rstrip()
        self._tail = said[-MOST_VERSION:] + b" " * (len(said) < len(line))
        return bool(ended) and not encrypted and self._words >= _WORDS and ends_as_http(line)
