"""Reading a payload: encodings, charsets and formats undone into segments, tables, documents and what stays unread."""

from classifiers.codecs.content_encoding import undo_content_encoding
from classifiers.codecs.limits import DEFAULT, INLINE, WINDOW, Limits
from classifiers.codecs.unicode_folding import fold
from classifiers.decoding import names
from classifiers.decoding.body import drain, read_body, read_plain
from classifiers.decoding.decode_state import Reading
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
    "fold",
]


def decode(exchange: Exchange, limits: Limits = DEFAULT) -> Payload:
    """Return all that can be read from an exchange. Never raises, whatever the payload."""
    payload = Payload()
    try:
        _decode(exchange, payload, limits)
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


def _decode(exchange: Exchange, payload: Payload, limits: Limits) -> None:
    reading = Reading(payload, limits)
    read_target(reading, exchange.path)
    read_headers(reading, exchange.headers)
    names.read_hosts(reading, names.names_of(exchange))
    names.read_header_names(reading, (name for name, _ in exchange.headers))
    names.read_query_names(reading, exchange.path.partition("?")[2])
    drain(reading)
    content_type = content_encoding = grpc_encoding = None
    for name, value in exchange.headers:
        if name == "content-type":
            content_type = value
        elif name == "content-encoding":
            content_encoding = f"{content_encoding},{value}" if content_encoding else value
        elif name == "grpc-encoding":
            grpc_encoding = value
    body = exchange.body
    if content_encoding:
        body, reason = undo_content_encoding(body, content_encoding, limits)
        reading.undone(reason, ())
    if not exchange.complete:
        reading.unread(
            f"only {len(exchange.body)} of {exchange.body_bytes} bytes of the body were seen", ()
        )
    payload.plain = body
    if body:
        upload = None if body[:1] in {b"{", b"["} else file_name(exchange)
        payload.json = read_body(reading, body, content_type or "", grpc_encoding, upload)
