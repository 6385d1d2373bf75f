"""The bytes of established TLS connections, through one kept buffer.

mitmproxy and pyOpenSSL allocate 64 KB for each read, and raise and catch an exception each time to
learn that there is no more. Here the library below both is asked itself: whatever it says that is
neither data nor "no more for now" goes the way of pyOpenSSL, with its exceptions. Where the names
of that library are not as we know them, mitmproxy's own way is left (`USABLE`).
"""

import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

import proxy.mitmproxy_patches.imports  # noqa: F401 - isort: skip - before anything of mitmproxy
from mitmproxy.proxy import commands, layer
from mitmproxy.proxy.layers import tls
from OpenSSL import SSL

_SIZE = 65_536
_MOST = 1 << 30
_RECORD_HEAD, _OF_DATA = 5, 23
"""Bytes before the content of a record of TLS, and the kind that says: data (RFC 8446, 5.1)."""
_EMPTY = "_outgate_empty"
"""Where a connection keeps that all it was given was read, and nothing of a next record."""
_NAMES = (
    "SSL_read",
    "SSL_write",
    "SSL_get_error",
    "SSL_ERROR_WANT_READ",
    "BIO_read",
    "BIO_write",
    "BIO_get_mem_data",
    "BIO_should_retry",
)
_LIB: Any = getattr(SSL, "_lib", None)
_FFI: Any = getattr(SSL, "_ffi", None)
USABLE = all(hasattr(_LIB, name) for name in _NAMES) and hasattr(_FFI, "buffer")
"""Whether pyOpenSSL is built as we know it."""


class _Kept(threading.local):
    """The buffer of one thread: the library works without the interpreter's lock."""

    def __init__(self) -> None:
        self.buffer = _FFI.new("char[]", _SIZE)


_KEPT = _Kept() if USABLE else None


class Read(NamedTuple):
    """What a connection had for us. Holds payload."""

    data: bytes
    closed: bool = False
    """True when the other side has said that it sends no more."""
    alert: str | None = None
    """What it, or the library, complained of."""
    alone: bool = False
    """True where it is known that nothing is left to be read, nor anything to be sent for it."""

    def __repr__(self) -> str:
        return f"<Read {len(self.data)} bytes>"


def feed(connection: Any, data: bytes) -> None:
    """Give a connection what was received for it. Raises SSL.Error."""
    if _KEPT is None or type(data) is not bytes or not 0 < len(data) < _MOST:
        connection.bio_write(data)
        return
    inbox = connection._into_ssl
    if (taken := _LIB.BIO_write(inbox, data, len(data))) <= 0:
        connection._handle_bio_errors(inbox, taken)


def taken(connection: Any, data: bytes) -> Read:
    """Give a connection what was received for it, and return all that can be decrypted of it.

    Where nothing stood before it and it is just one record, of data, neither is the library asked
    whether there is more, nor whether it has something to say: it reads one record at a time, none
    ahead, and answers no data. Each question hands the interpreter's lock to who waits for it.
    """
    alone = vars(connection).get(_EMPTY, False) and _is_one_record(data)
    if data:
        feed(connection, data)
    came = read(connection, ask=not alone)
    return came._replace(alone=True) if alone and came.data else came


def _is_one_record(data: bytes) -> bool:
    """Return whether this is one record of TLS that holds data, or says so (RFC 8446, 5.2)."""
    whole = len(data) > _RECORD_HEAD and data[0] == _OF_DATA
    return whole and int.from_bytes(data[3:_RECORD_HEAD]) == len(data) - _RECORD_HEAD


def read(connection: Any, *, ask: bool = True) -> Read:
    """Return all that can be decrypted of what was received. Where all of it was taken, the library
    is not asked once more; with `ask` not set, no more is taken than one record.
    """
    pieces: list[bytes] = []
    kept = vars(connection)
    kept[_EMPTY] = False
    try:
        while piece := _piece(connection):
            pieces.append(piece)
            if _KEPT is not None and not (ask and _waiting(connection._into_ssl)):
                kept[_EMPTY] = True
                break
    except SSL.ZeroReturnError:
        return Read(b"".join(pieces), closed=True)
    except SSL.WantReadError:
        return Read(b"".join(pieces))
    except SSL.Error as error:
        return Read(b"".join(pieces), alert=str(error))
    return Read(pieces[0] if len(pieces) == 1 else b"".join(pieces))


def _piece(connection: Any) -> bytes:
    """Return one record's content; nothing when there is none for now. Raises SSL.Error."""
    if _KEPT is None:
        return bytes(connection.recv(_SIZE))
    session, buffer = connection._ssl, _KEPT.buffer
    size = _LIB.SSL_read(session, buffer, _SIZE)
    if size > 0:
        return bytes(_FFI.buffer(buffer, size))
    if _LIB.SSL_get_error(session, size) != _LIB.SSL_ERROR_WANT_READ:
        connection._raise_ssl_error(session, size)
    return b""


def _waiting(box: Any) -> int:
    """Return how many bytes stand in a buffer of a connection."""
    return _LIB.BIO_get_mem_data(box, _FFI.NULL)  # type: ignore[no-any-return]


def has_something_to_send(connection: Any) -> bool:
    """Return False where a connection has made nothing that is to be sent."""
    return _KEPT is None or _waiting(connection._from_ssl) > 0


def interact(self: tls.TLSLayer) -> layer.CommandGenerator[None]:
    """Send what the TLS connection has made."""
    for piece in _made(self.tls):
        yield commands.SendData(self.conn, piece)


def _made(connection: Any) -> Iterator[bytes]:
    """Yield what a connection has made that is to be sent. Raises SSL.Error."""
    outbox, buffer = connection._from_ssl, _KEPT.buffer  # type: ignore[union-attr]
    size = _SIZE
    while size == _SIZE:
        size = _LIB.BIO_read(outbox, buffer, _SIZE)
        if size > 0:
            yield bytes(_FFI.buffer(buffer, size))
        elif not _LIB.BIO_should_retry(outbox):
            connection._handle_bio_errors(outbox, size)


def send_data(self: tls.TLSLayer, data: bytes) -> layer.CommandGenerator[None]:
    """Encrypt and send. What the other side no longer takes is dropped."""
    _encrypt(self.tls, data)
    yield from self.tls_interact()


def written(self: tls.TLSLayer, data: bytes) -> Iterator[bytes]:
    """Encrypt; return the pieces that are to be sent. What the other side no longer takes is
    dropped.
    """
    _encrypt(self.tls, data)
    return _made(self.tls)


def _encrypt(connection: Any, data: bytes) -> None:
    session = connection._ssl
    try:
        quick = type(data) is bytes and 0 < len(data) < _MOST
        sent = _LIB.SSL_write(session, data, len(data)) if quick else 0
        if sent < 0:
            connection._raise_ssl_error(session, sent)
        if sent < len(data):
            connection.sendall(data[sent:])
    except (SSL.ZeroReturnError, SSL.SysCallError):
        pass
