"""A first line that is only begun: how long it is waited for, and whether it becomes HTTP's."""

from proxy.sniffing import ends_as_http

_MOST = 16_384
"""Servers of HTTP refuse a first line that is longer."""
_HANDSHAKE = b"\x16"
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
    """Reads the first line of a client whose bytes go on unread."""

    def __init__(self) -> None:
        self._begun: bytes | None = b""
        """None once it is over, or too long."""

    def is_http(self, data: bytes) -> bool:
        """Take more bytes; return True with those that make it a line of HTTP."""
        if self._begun is None:
            return False
        self._begun = (self._begun + data[:_MOST]).lstrip(b"\r\n")
        line, ended, _ = self._begun.partition(b"\n")
        encrypted = line[:1] == _HANDSHAKE
        if ended or encrypted or len(line) > _MOST:
            self._begun = None
        return bool(ended) and not encrypted and ends_as_http(line)
