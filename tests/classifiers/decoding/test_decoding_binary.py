"""CBOR and BSON in bodies: values are found under their names, and what is not read is said."""

import base64
import json
import struct
from collections.abc import Callable
from typing import Any

import pytest
from made_up_traffic import exchange

from classifiers.decoding import decode
from classifiers.engine import Engine, EngineSetup, build_worker
from core.exchange import Exchange
from core.findings import NOT_INSPECTED
from core.organisation import Organisation

WORKER = build_worker(EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False))
NINO = "019454193"
"""A Dutch number that only its name tells from others."""


def cbor(value: object) -> bytes:
    """Write texts, numbers, lists and maps."""

    def head(major: int, number: int) -> bytes:
        if number < 24:
            return bytes((major << 5 | number,))
        return bytes((major << 5 | 26,)) + struct.pack(">I", number)

    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, int):
        return head(0, value)
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    assert isinstance(value, dict)
    return head(5, len(value)) + b"".join(cbor(k) + cbor(v) for k, v in value.items())


def bson(value: dict[str, object]) -> bytes:
    """Write texts, lists and objects."""
    body = b""
    for name, inner in value.items():
        if isinstance(inner, str):
            data = inner.encode() + b"\0"
            body += b"\2" + name.encode() + b"\0" + struct.pack("<i", len(data)) + data
        else:
            listed = isinstance(inner, list)
            fields = dict(enumerate(inner)) if isinstance(inner, list) else inner
            assert isinstance(fields, dict)
            named = {str(key): member for key, member in fields.items()}
            body += (b"\4" if listed else b"\3") + name.encode() + b"\0" + bson(named)
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def found(sent: Exchange) -> dict[str, int]:
    return {f.kind: f.count for f in WORKER.classify(sent).findings}


ROWS = [
    {"bsn": number, "email": f"p{n}@example.org"}
    for n, number in enumerate((NINO, "111222333", "123456782", "232222226"))
]
ONE = {"customer": {"bsn": NINO, "email": "anna@example.org"}}


@pytest.mark.parametrize("write", [cbor, bson])
@pytest.mark.parametrize("declared", [True, False])
def test_values_are_found_under_their_names(write: Callable[[Any], bytes], declared: bool) -> None:
    """A number that only its name tells is found, whatever the body is called."""
    kind = f"application/{'cbor' if write is cbor else 'bson'}"
    for named in (kind,) if declared else ("", "application/octet-stream"):
        assert found(exchange(write(ONE), named)) == {"nl_bsn": 1, "email": 1}


@pytest.mark.parametrize("write", [cbor, bson])
def test_rows_are_counted(write: Callable[[Any], bytes]) -> None:
    """A list of objects is a table, as it is in JSON."""
    body = write({"rows": ROWS})
    seen = WORKER.classify(exchange(body, "application/octet-stream"))
    emails = next(f for f in seen.findings if f.kind == "email")
    assert (emails.count, emails.records) == (4, 4)


@pytest.mark.parametrize("write", [cbor, bson])
def test_it_is_read_inside_base_64(write: Callable[[Any], bytes]) -> None:
    """A short object packed into a text is no signature."""
    packed = base64.b64encode(write(ONE["customer"])).decode()
    assert found(exchange(json.dumps({"payload": packed}))) == {"nl_bsn": 1, "email": 1}


@pytest.mark.parametrize("write", [cbor, bson])
def test_what_is_cut_is_said(write: Callable[[Any], bytes]) -> None:
    """What came before the cut is found, and the rest is stated as unread."""
    kind = f"application/{'cbor' if write is cbor else 'bson'}"
    kinds = found(exchange(write({"rows": ROWS})[:-20], kind))
    assert kinds["email"] >= 3
    assert NOT_INSPECTED in kinds


@pytest.mark.parametrize(
    "body",
    [
        b"\xa1\xa2\xa3 and some text in Latin-1 \xe4\xf6\xfc" * 3,
        "Grüße aus Köln".encode("latin-1"),
        "こんにちは、アンナです".encode("shift_jis"),
        "你好，我叫安娜".encode("gb18030"),
    ],
)
def test_texts_in_other_letters_are_no_cbor(body: bytes) -> None:
    """What begins like a map of CBOR and is text is read as text, or stated as unread."""
    payload = decode(exchange(body, "application/octet-stream"))
    assert payload.unread or sum(len(s.text) for s in payload.segments) >= len(body) // 3


@pytest.mark.parametrize(
    "write",
    [
        lambda text: b"\xbf\x61a\x7f" + b"".join(b"\x61" + bytes((b,)) for b in text) + b"\xff\xff",
        lambda text: b"\x9f" + b"".join(bytes((0x18, b)) for b in text) + b"\xff",
        lambda text: b"\xa1\x61a\x58" + bytes((len(text),)) + text,
        lambda text: b"\xa1\x78" + bytes((len(text),)) + text + b"\x01",
    ],
)
def test_a_text_in_pieces_bytes_or_numbers_is_one_text(write: Callable[[bytes], bytes]) -> None:
    """However CBOR carries a text, it is found."""
    sent = write(b"Customer 77 pays from DE02120300000000202051, thanks.")
    assert found(exchange(sent, "application/cbor")) == {"iban": 1}
    if sent[0] != 0x9F:  # which opens fifteen numbers of msgpack as well
        assert found(exchange(sent, "application/octet-stream")) == {"iban": 1}


def test_what_the_loop_does_not_read_goes_to_a_worker() -> None:
    """A kilobyte of CBOR may be a thousand objects: the event loop leaves it to others."""
    gate = Engine(EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False))
    sent = exchange(cbor({"rows": ROWS * 10}), "application/octet-stream")
    assert gate.classify(sent).deferred
    assert found(sent)["email"] == 40
