"""Reading a payload: encodings, charsets and formats undone into segments, tables, documents and
what stays unread.
"""

from classifiers.codecs.content_encoding import content_encoding, undo_content_encoding
from classifiers.codecs.limits import DEFAULT, INLINE, WINDOW, Limits
from classifiers.decoding import names
from classifiers.decoding.body import drain, read_body
from classifiers.decoding.decode_state import Reading
from classifiers.decoding.plain_text import read_plain
from classifiers.decoding.request_parts import file_name, read_headers, read_target
from classifiers.payload import Payload, Unread
from core.exchange import Exchange, Message

__all__ = [
    "DEFAULT",
    "INLINE",
    "WINDOW",
    "Limits",
    "decode",
    "decode_message",
    "decode_text",
]


def decode(exchange: Exchange, limits: Limits = DEFAULT, *, part: bool = False) -> Payload:
    """Return all that can be read from an exchange. Never raises, whatever the payload.

    `part`: the body is a piece of a larger one: it may begin inside it, and ends inside it unless
    it is complete.
    """
    payload = Payload(controls="%" in exchange.path)
    try:
        _decode(exchange, payload, limits, part)
    except Exception as error:  # noqa: BLE001 - boundary: no payload may break the gate
        payload.unread.append(Unread(f"the decoder failed ({type(error).__name__})"))
    return payload


def decode_text(data: bytes, limits: Limits = DEFAULT) -> Payload:
    """Return what can be read from UTF-8 text, whatever it looks like. Never raises."""
    payload = Payload(plain=data)
    reading = Reading(payload, limits)
    try:
        read_plain(reading, data.decode("utf-8", "replace"), None, (), 0)
        drain(reading)
    except Exception as error:  # noqa: BLE001 - boundary: no payload may break the gate
        payload.unread.append(Unread(f"the decoder failed ({type(error).__name__})"))
    return payload


def decode_message(message: Message, limits: Limits = DEFAULT) -> Payload:
    """Return all that can be read from one WebSocket message. Never raises."""
    payload = Payload(plain=message.data)
    try:
        payload.json = read_body(
            Reading(payload, limits), message.data, "text/plain" if message.text else ""
        )
    except Exception as error:  # noqa: BLE001 - boundary: no payload may break the gate
        payload.unread.append(Unread(f"the decoder failed ({type(error).__name__})"))
    return payload


_METHODS = frozenset("GET POST PUT PATCH DELETE HEAD OPTIONS CONNECT TRACE".split())
"""Another one is a word of the sender's own."""


def _decode(exchange: Exchange, payload: Payload, limits: Limits, part: bool) -> None:
    reading = Reading(payload, limits)
    if part:
        reading.begins, reading.ends = False, exchange.complete
    _read_around(reading, exchange)
    told = dict(exchange.headers)
    body = exchange.body
    if "content-encoding" in told:
        declared = content_encoding(exchange.headers)
        body = reading.undone(undo_content_encoding(body, declared, limits), (), 0)
    if not exchange.complete and not part:
        reading.unread(
            f"only {len(exchange.body)} of {exchange.body_bytes} bytes of the body were seen", ()
        )
    payload.plain = body
    if body:
        upload = None if body[:1] in {b"{", b"["} else file_name(exchange)
        payload.json = read_body(
            reading, body, told.get("content-type", ""), told.get("grpc-encoding"), upload
        )
    elif reading.pending:
        drain(reading)


def _read_around(reading: Reading, exchange: Exchange) -> None:
    """Read what a request says outside of its body: its address, headers and the names in both."""
    read_target(reading, exchange.path)
    read_headers(reading, exchange.headers)
    names.read_hosts(reading, names.names_of(exchange))
    names.read_header_names(reading, (name for name, _ in exchange.headers))
    if "?" in exchange.path:
        names.read_query_names(reading, exchange.path.partition("?")[2])
    if exchange.method not in _METHODS:
        names.read_header_names(reading, (exchange.method,))
    if reading.pending:
        drain(reading)
