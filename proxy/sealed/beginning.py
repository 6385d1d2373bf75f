"""A first line that is only begun: how long it is waited for, and whether it becomes HTTP's."""

from core.vocabulary.protocols import UNKNOWN, protocol_at
from proxy.sniffing import MOST_VERSION, ends_as_http, is_old_request, with_plain_blanks

_MOST = 16_384
"""A line that is longer is no word that somebody waits behind."""
_HANDSHAKE = b"\x16"
_WORDS = 3
"""Of which a first line of HTTP is made."""
_BEGUN = 16
"""So much of a first line tells whether it is HTTP's oldest."""
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

    def __init__(self, port: int) -> None:
        self._at_home = protocol_at(port) != UNKNOWN
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
        begun = plain if self._words else plain.lstrip()
        piece, ended, _ = begun.partition(b"\n")
        encrypted = not self._words and begun[:1] == _HANDSHAKE
        self._over = bool(ended) or encrypted
        goes_on = bool(self._tail[-1:].strip() and piece[:1].strip())
        self._words += len(piece.split()) - goes_on
        self._keep_beginning(piece)
        line = self._tail + piece
        said = line.rstrip()
        self._tail = said[-MOST_VERSION:] + b" " * (len(said) < len(line))
        return bool(ended) and not encrypted and self._is_request(line)

    def ended(self) -> bool:
        """Return True where the client's end makes HTTP of what there is."""
        return self.is_http(b"\n")

    def _keep_beginning(self, piece: bytes) -> None:
        if len(self._begun) < _BEGUN:
            begun = self._begun + piece
            parted = b" " * begun[-1:].isspace()
            self._begun = (b" ".join(begun.split()) + parted)[:_BEGUN]

    def _is_request(self, line: bytes) -> bool:
        if self._words >= _WORDS:
            return ends_as_http(line)
        return self._words == _WORDS - 1 and is_old_request(self._begun, at_home=self._at_home)
