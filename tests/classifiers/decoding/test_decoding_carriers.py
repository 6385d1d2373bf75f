"""Whatever way a script packs its data, the values come out as they were, under the name they
had.
"""

import base64
import binascii
import gzip
import json
import random
import struct
import zlib
from collections.abc import Callable
from urllib.parse import quote, quote_plus, urlencode

import brotli
import msgpack
import orjson
import pytest
import zstandard
from families import with_each
from unread_packings import png

from classifiers.decoding import decode, decode_message
from classifiers.payload import Carrier, Payload, place
from core.exchange import Exchange, Message

Send = Callable[..., Exchange]
EMAIL = "anna.muster+work@example.com"
NOTE = "Jürgen's note:\nline two & more"
VALUE = {"email": EMAIL, "note": NOTE}
JSON = json.dumps(VALUE).encode()


def raw_deflate(data: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-15)
    return engine.compress(data) + engine.flush()


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def proto(number: int, value: bytes | str | int) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def grpc(message: bytes, *, packed: bool = False) -> bytes:
    data = gzip.compress(message) if packed else message
    return struct.pack(">BI", packed, len(data)) + data


def event_stream(payload: bytes) -> bytes:
    """Return one message of an AWS event stream."""
    header = b"\x0b:event-type\x07" + struct.pack(">H", 5) + b"chunk"
    prelude = struct.pack(">II", 16 + len(header) + len(payload), len(header))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + header + payload
    return message + struct.pack(">I", zlib.crc32(message))


MESSAGE = proto(1, "model-x") + proto(2, proto(1, EMAIL) + proto(2, NOTE)) + proto(3, 42)

MULTIPART = (
    b'--frontier\r\ncontent-disposition: form-data; name="email"\r\n\r\n'
    + EMAIL.encode()
    + b'\r\n--frontier\r\ncontent-disposition: form-data; name="note"\r\ncontent-type: text/plain;'
    b" charset=utf-8\r\n\r\n" + NOTE.encode() + b"\r\n--frontier--\r\n"
)
SOAP = (
    '<?xml version="1.0"?><s:Envelope xmlns:s="urn:x"><s:Body><c:email>'
    + EMAIL
    + "</c:email><c:note><![CDATA["
    + NOTE
    + "]]></c:note></s:Body></s:Envelope>"
)
GRAPHQL = {"query": "mutation($c: Customer!) { add(c: $c) { id } }", "variables": {"c": VALUE}}
TOOL_CALL = {"tool_calls": [{"function": {"name": "save", "arguments": json.dumps(VALUE)}}]}

BODIES: dict[str, tuple[bytes, str | None, str | None]] = {
    "json": (JSON, "application/json", None),
    "json without a type": (JSON, None, None),
    "json called text": (JSON, "text/plain", None),
    "json with a byte order mark": (b"\xef\xbb\xbf" + JSON, "application/json", None),
    "json in utf-16": (
        json.dumps(VALUE, ensure_ascii=False).encode("utf-16"),
        "application/json",
        None,
    ),
    "json in utf-16 without a mark": (
        json.dumps(VALUE, ensure_ascii=False).encode("utf-16-le"),
        "application/json; charset=utf-16le",
        None,
    ),
    "json in latin-1": (
        json.dumps(VALUE, ensure_ascii=False).encode("latin-1"),
        "application/json; charset=iso-8859-1",
        None,
    ),
    "json in latin-1, undeclared": (
        json.dumps(VALUE, ensure_ascii=False).encode("latin-1"),
        "application/json",
        None,
    ),
    "json with not-a-number": (b'{"score": NaN, ' + JSON[1:], "application/json", None),
    "json with a lone surrogate": (b'{"odd": "\\ud800 x", ' + JSON[1:], "application/json", None),
    "json inside a string": (
        json.dumps({"payload": json.dumps(VALUE)}).encode(),
        "application/json",
        None,
    ),
    "json twice inside strings": (
        json.dumps({"p": json.dumps({"q": json.dumps(VALUE)})}).encode(),
        "application/json",
        None,
    ),
    "json as a string": (json.dumps(json.dumps(VALUE)).encode(), "application/json", None),
    "tool-call arguments": (json.dumps(TOOL_CALL).encode(), "application/json", None),
    "json lines": (b'{"n": 1}\n' + JSON + b"\n{}\n", "application/x-ndjson", None),
    "json lines called text": (b'{"n": 1}\r\n' + JSON + b"\r\n", "text/plain", None),
    "graphql": (json.dumps(GRAPHQL).encode(), "application/json", None),
    "form": (urlencode(VALUE).encode(), "application/x-www-form-urlencoded", None),
    "form with json": (
        urlencode({"payload": json.dumps(VALUE)}).encode(),
        "application/x-www-form-urlencoded",
        None,
    ),
    "multipart": (MULTIPART, "multipart/form-data; boundary=frontier", None),
    "multipart, quoted boundary": (
        MULTIPART,
        'multipart/form-data; charset=utf-8; boundary="frontier"',
        None,
    ),
    "multipart without its boundary": (MULTIPART, "multipart/form-data", None),
    "multipart with bare line feeds": (
        MULTIPART.replace(b"\r\n", b"\n"),
        "multipart/form-data; boundary=frontier",
        None,
    ),
    "multipart json part": (
        b"--f\r\ncontent-type: application/json\r\n\r\n" + JSON + b"\r\n--f\r\n\r\nx\r\n--f--",
        "multipart/related; boundary=f",
        None,
    ),
    "multipart base64 part": (
        b"--f\r\ncontent-type: application/json\r\ncontent-transfer-encoding: base64\r\n\r\n"
        + base64.encodebytes(JSON)
        + b"\r\n--f--",
        "multipart/mixed; boundary=f",
        None,
    ),
    "multipart encoded part": (
        b"--f\r\ncontent-type: application/json\r\ncontent-encoding: deflate\r\n\r\n"
        + zlib.compress(JSON)
        + b"\r\n--f--",
        "multipart/related; boundary=f",
        None,
    ),
    "soap": (SOAP.encode(), "application/soap+xml", None),
    "xml attributes": (
        b'<c email="'
        + EMAIL.encode()
        + b"\" note='J&#252;rgen&apos;s note:\nline two &amp; more'/>",
        "text/xml",
        None,
    ),
    "msgpack": (msgpack.packb(VALUE), "application/msgpack", None),
    "msgpack without a type": (msgpack.packb({"a": [VALUE]}), None, None),
    "msgpack with json bytes": (msgpack.packb({"blob": JSON}), "application/x-msgpack", None),
    "protobuf": (MESSAGE, "application/x-protobuf", None),
    "protobuf called octets": (MESSAGE, "application/octet-stream", None),
    "grpc": (grpc(MESSAGE) + grpc(proto(1, "next")), "application/grpc+proto", None),
    "grpc, packed": (grpc(MESSAGE, packed=True), "application/grpc", None),
    "grpc with json": (grpc(JSON), "application/grpc+json", None),
    "event stream": (
        event_stream(b'{"n": 1}') + event_stream(JSON),
        "application/vnd.amazon.eventstream",
        None,
    ),
    "grpc-web text": (base64.b64encode(grpc(MESSAGE)), "application/grpc-web-text", None),
    "base64 in json": (
        json.dumps({"blob": base64.b64encode(JSON).decode()}).encode(),
        "application/json",
        None,
    ),
    "base64url in json": (
        json.dumps({"blob": base64.urlsafe_b64encode(JSON).decode().rstrip("=")}).encode(),
        "application/json",
        None,
    ),
    "base64 lines in json": (
        json.dumps({"blob": base64.encodebytes(JSON * 1).decode()}).encode(),
        "application/json",
        None,
    ),
    "base64 twice": (
        json.dumps({"b": base64.b64encode(base64.b64encode(JSON)).decode()}).encode(),
        "application/json",
        None,
    ),
    "base64 of gzip": (
        json.dumps({"b": base64.b64encode(gzip.compress(JSON)).decode()}).encode(),
        "application/json",
        None,
    ),
    "base64 in prose": (
        json.dumps(
            {"text": f"Decode this: {base64.b64encode(JSON).decode()} and answer."}
        ).encode(),
        "application/json",
        None,
    ),
    "base64 alone": (base64.b64encode(JSON), "text/plain", None),
    "hex in json": (json.dumps({"blob": JSON.hex()}).encode(), "application/json", None),
    "data url": (
        json.dumps(
            {"file": {"url": "data:application/json;base64," + base64.b64encode(JSON).decode()}}
        ).encode(),
        "application/json",
        None,
    ),
    "data url, percent": (
        json.dumps({"file": "data:application/json," + quote(JSON.decode())}).encode(),
        "application/json",
        None,
    ),
    "utf-16 in base64": (
        json.dumps(
            {
                "b": (
                    base64.b64encode(
                        json.dumps(VALUE, ensure_ascii=False).encode("utf-16-le")
                    ).decode()
                )
            }
        ).encode(),
        "application/json",
        None,
    ),
    "gzip": (gzip.compress(JSON), "application/json", "gzip"),
    "gzip in two members": (
        gzip.compress(JSON[:20]) + gzip.compress(JSON[20:]),
        "application/json",
        "gzip",
    ),
    "gzip undeclared": (gzip.compress(JSON), "application/json", None),
    "deflate": (zlib.compress(JSON), "application/json", "deflate"),
    "deflate, raw": (raw_deflate(JSON), "application/json", "deflate"),
    "brotli": (brotli.compress(JSON), "application/json", "br"),
    "zstandard": (zstandard.compress(JSON), "application/json", "zstd"),
    "zstandard in two frames": (
        zstandard.compress(JSON[:9]) + zstandard.compress(JSON[9:]),
        "application/json",
        "zstd",
    ),
    "stacked encodings": (
        zstandard.compress(gzip.compress(JSON)),
        "application/json",
        "gzip, zstd",
    ),
    "aws-chunked": (
        b"%x;chunk-signature=00\r\n%s\r\n0;chunk-signature=11\r\n\r\n" % (len(JSON), JSON),
        "application/json",
        "aws-chunked",
    ),
    "declared gzip, sent plain": (JSON, "application/json", "gzip"),
}


def texts(payload: Payload) -> list[str]:
    return [segment.text for segment in payload.segments]


@with_each("carrier", BODIES)
def test_values_come_out_of_every_carrier(carrier: str, send: Send) -> None:
    """An e-mail address and a note with odd characters are read in every packing that Python
    scripts use.
    """
    body, content_type, encoding = BODIES[carrier]
    payload = decode(send(body, content_type, encoding=encoding))
    assert EMAIL in texts(payload)
    assert NOTE in texts(payload)
    assert payload.unread == []


NAMED = [
    name
    for name in BODIES
    if not any(word in name for word in ("protobuf", "grpc", "string", "data url"))
]


@pytest.mark.parametrize("carrier", [*NAMED, "grpc with json"])
def test_values_keep_their_names(carrier: str, send: Send) -> None:
    """A value is reported under the name it had, since names tell what unmarked numbers mean."""
    body, content_type, encoding = BODIES[carrier]
    payload = decode(send(body, content_type, encoding=encoding))
    assert "email" in {segment.key for segment in payload.segments if segment.text == EMAIL}


def test_places_are_readable(send: Send) -> None:
    """A finding says where it stood in words that lead to the place."""
    body = json.dumps({"messages": [{"role": "user", "content": "hello"}, TOOL_CALL]}).encode()
    payload = decode(
        send(
            body,
            "application/json",
            path="/users/anna%40example.com?token=abc",
            headers=(("x-key", "k1"),),
        )
    )
    places = {segment.text: place(segment) for segment in payload.segments}
    assert places["hello"] == "body.messages[0].content"
    assert places[EMAIL] == "body.messages[1].tool_calls[0].function.arguments.email"
    assert places["abc"] == "query token"
    assert places["k1"] == "header x-key"
    assert places["anna@example.com"] == "path[2]"


def test_headers_cookies_and_credentials_are_taken_apart(send: Send) -> None:
    """Credentials and cookies in headers are read one by one, under their own names."""
    basic = base64.b64encode(b"anna:s3cret:with-colon").decode()
    payload = decode(
        send(
            headers=(
                ("authorization", f"Basic {basic}"),
                ("cookie", "a=1; session=xyz%40q"),
                ("x-data", quote(EMAIL)),
            )
        )
    )
    found = {(s.key, s.text, s.path) for s in payload.segments if s.carrier is Carrier.HEADER}
    assert ("authorization", "anna:s3cret:with-colon", ("authorization", "basic")) in found
    assert ("session", "xyz%40q", ("cookie", "session")) in found
    assert ("session", "xyz@q", ("cookie", "session", "(percent)")) in found
    assert any(text == EMAIL for _, text, _ in found)


def test_bearer_tokens_stand_without_their_scheme(send: Send) -> None:
    """A token is compared and fingerprinted as the token alone."""
    payload = decode(send(headers=(("authorization", "Bearer abc.def"),)))
    assert [(s.key, s.text, s.path) for s in payload.segments if s.key == "authorization"] == [
        ("authorization", "abc.def", ("authorization", "bearer"))
    ]


def test_claims_of_a_token_are_read(send: Send) -> None:
    """A signed token carries a name in clear: its claims are read, wherever it stands."""
    parts = [
        base64.urlsafe_b64encode(orjson.dumps(part)).decode().rstrip("=")
        for part in ({"alg": "HS256"}, VALUE)
    ]
    token = ".".join([*parts, "c2lnbmF0dXJl"])
    for exchange in (
        send(headers=(("authorization", f"Bearer {token}"),)),
        send(json.dumps({"t": token}).encode()),
    ):
        assert EMAIL in texts(decode(exchange))


def test_long_values_in_common_headers_are_not_overlooked(send: Send) -> None:
    """A script that hides data in an everyday header is read all the same."""
    payload = decode(
        send(headers=(("accept", "application/json"), ("te", "x" * 60 + EMAIL + "y" * 60)))
    )
    assert any(EMAIL in text for text in texts(payload))
    assert "application/json" not in texts(payload)


def test_query_values_are_decoded_once_and_inside(send: Send) -> None:
    """Query values are percent-decoded with `+` as a space, and what is packed in them is read."""
    packed = base64.b64encode(JSON).decode()
    payload = decode(
        send(
            path=(
                f"/search?q={quote_plus('a + b = 100%')}&data={quote_plus(packed)}&note={quote_plus(NOTE)}"
            )
        )
    )
    found = {(s.key, s.text) for s in payload.segments if s.carrier is Carrier.QUERY}
    assert {("q", "a + b = 100%"), ("email", EMAIL), ("note", NOTE)} <= found


def test_escaped_tokens_are_read(send: Send) -> None:
    """Escapes inside text do not hide what they say."""
    hidden = {
        "a": "see %61nna%40example.com now",
        "b": "\\u0061nna@example.org",
        "c": "&#97;nna@example.net",
        "d": "\\x61nna@example.edu",
    }
    found = texts(decode(send(json.dumps(hidden).encode())))
    for domain in ("com", "org", "net", "edu"):
        assert f"anna@example.{domain}" in found


def test_plain_percent_signs_are_left_alone(send: Send) -> None:
    """A percent sign in prose is no escape."""
    assert texts(decode(send(b'{"t": "up 5% and 10% more"}'))) == ["up 5% and 10% more"]


def test_numbers_that_may_identify_are_read_as_bare_numbers(send: Send) -> None:
    """Whole numbers of an identifier's length are read and marked as bare; floats, flags and small
    numbers are not text.
    """
    body = (
        b'{"ssn": 123456789, "price": 12345678.5, "on": true, "n": 5, "big": 1e20, "neg":'
        b' -123456789, "x": null}'
    )
    assert [(s.key, s.text, s.quoted) for s in decode(send(body)).segments] == [
        ("ssn", "123456789", False)
    ]


def test_vectors_are_not_text(send: Send) -> None:
    """Embeddings and series of measurements hold nobody's number."""
    body = json.dumps(
        {"embedding": [0.123456789] * 1536, "tokens": list(range(2000)), "pixels": [255] * 999}
    ).encode()
    assert decode(send(body)).segments == []


def test_long_lists_of_identifiers_are_text(send: Send) -> None:
    """A long list of whole numbers of an identifier's length is read."""
    (segment,) = decode(
        send(json.dumps({"ssns": [123_450_000 + n for n in range(100)]}).encode())
    ).segments
    assert segment.key == "ssns"
    assert segment.text.splitlines()[99] == "123450099"
    assert not segment.quoted


def test_names_that_are_values_are_read(send: Send) -> None:
    """Data used as a key of an object or as the name of a field is data."""
    found = texts(
        decode(
            send(
                json.dumps({EMAIL: {"status": "ok"}, "123-45-6789": 1, "plain_name": "x"}).encode()
            )
        )
    )
    assert EMAIL in found
    assert "123-45-6789" in found
    assert "plain_name" not in found


@pytest.mark.parametrize(
    ("body", "content_type", "reason"),
    [
        (
            grpc(MESSAGE) + b"\x99 " + EMAIL.encode(),
            "application/grpc",
            "the gRPC framing is broken",
        ),
        (grpc(MESSAGE) + b"\x00\x00", "application/grpc", "a gRPC message is cut"),
        (
            event_stream(JSON) + b"\x00 " + EMAIL.encode(),
            "application/vnd.amazon.eventstream",
            "the event stream is cut or broken",
        ),
    ],
)
def test_what_stands_behind_the_last_whole_message_is_never_silent(
    body: bytes, content_type: str, reason: str, send: Send
) -> None:
    """A stream of messages that ends in something else is read as far as it goes, and the rest is
    said to be there.
    """
    payload = decode(send(body, content_type))
    assert EMAIL in texts(payload)
    assert [unread.reason for unread in payload.unread] == [reason]


@pytest.mark.parametrize(
    ("coding", "pack"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", raw_deflate),
        ("br", brotli.compress),
        ("zstd", zstandard.compress),
    ],
)
@pytest.mark.parametrize("declared", [True, False])
def test_a_value_behind_a_packed_body_is_read(
    coding: str, pack: Callable[[bytes], bytes], declared: bool, send: Send
) -> None:
    """A plain value behind a compressed body is read as the text it is, and one that is no text is
    said to be there.
    """
    body = pack(b'{"a": 1}')
    if not declared and coding not in {"gzip", "zstd"}:
        return
    head = coding if declared else None
    plain = decode(send(body + EMAIL.encode(), "application/json", encoding=head))
    assert EMAIL in texts(plain)
    assert plain.unread == []
    noise = decode(send(body + bytes(range(1, 256)), "application/json", encoding=head))
    assert [unread.reason for unread in noise.unread] == [
        "binary data in no known format: only its readable parts were read"
    ]


def test_a_wrong_checksum_is_stated(send: Send) -> None:
    """A body whose checksum does not fit is read and not taken for whole."""
    body = bytearray(gzip.compress(JSON))
    body[-6] ^= 1
    payload = decode(send(bytes(body), "application/json", encoding="gzip"))
    assert EMAIL in texts(payload)
    assert [u.reason for u in payload.unread] == ["the gzip stream does not fit its checksum"]


def test_pictures_are_named_and_not_read(send: Send) -> None:
    """A picture inside a request is not read, and that is said."""
    picture = base64.b64encode(png()).decode()
    payload = decode(
        send(json.dumps({"image_url": {"url": f"data:image/png;base64,{picture}"}}).encode())
    )
    assert [unread.reason for unread in payload.unread] == ["a picture (image/png) is not read"]
    assert payload.documents == []
    assert not any(len(text) > 200 for text in texts(payload))


def test_documents_inside_json_are_put_aside(send: Send) -> None:
    """A PDF inside a request is handed to its reader, with the place it was found in."""
    packed = base64.b64encode(b"%PDF-1.7\n" + bytes(2000)).decode()
    payload = decode(
        send(json.dumps({"file": {"filename": "a.pdf", "file_data": packed}}).encode())
    )
    (document,) = payload.documents
    assert document.media_type == "application/pdf"
    assert document.data.startswith(b"%PDF")
    assert document.path[:2] == ("file", "file_data")


def test_file_names_in_extended_notation_are_read(send: Send) -> None:
    """A file name with letters beyond ASCII is read in both notations that clients use."""
    for name in ("filename*=utf-8''Geh%C3%A4lter.csv", 'filename="Gehälter.csv"'):
        head = f'--f\r\ncontent-disposition: form-data; name="up"; {name}\r\n\r\n'.encode()
        payload = decode(send(head + b"iban\r\nDE89\r\n--f--", "multipart/form-data; boundary=f"))
        assert [table.label for table in payload.tables] == ["attachment Gehälter.csv"]


def test_multipart_files_keep_their_names(send: Send) -> None:
    """An uploaded file is read by what it is, under its field and with its file name."""
    body = (
        b'--f\r\ncontent-disposition: form-data; name="doc"; filename="salaries 2026.pdf"\r\n'
        b"content-type: application/octet-stream\r\n\r\n%PDF-1.7\nxx\r\n--f--\r\n"
    )
    payload = decode(send(body, "multipart/form-data; boundary=f"))
    assert [(d.name, d.media_type, d.path) for d in payload.documents] == [
        ("salaries 2026.pdf", "application/pdf", ("doc",))
    ]
    assert "salaries 2026.pdf" in texts(payload)


@pytest.mark.parametrize("cut", range(0, len(MULTIPART), 7))
def test_cut_multipart_keeps_what_was_seen(cut: int, send: Send) -> None:
    """A multipart body cut anywhere gives the fields seen until then."""
    payload = decode(
        send(MULTIPART[:cut], "multipart/form-data; boundary=frontier", complete=False)
    )
    if cut > MULTIPART.index(EMAIL.encode()) + len(EMAIL):
        assert any(EMAIL in text for text in texts(payload))
    assert payload.unread


def test_websocket_messages_are_read() -> None:
    """A WebSocket message is read like a body, text or binary."""
    text = decode_message(Message(from_client=True, text=True, data=JSON))
    binary = decode_message(Message(from_client=True, text=False, data=msgpack.packb(VALUE)))
    assert EMAIL in texts(text)
    assert EMAIL in texts(binary)
    assert text.json == VALUE


def test_json_is_shared(send: Send) -> None:
    """The parsed body is kept for those who need its structure, and the plain bytes for those who
    need these.
    """
    payload = decode(send(gzip.compress(JSON), "Application/JSON; charset=utf-8", encoding="GZIP"))
    assert payload.json == VALUE
    assert payload.plain == JSON
    assert payload.media_type == "application/json"


def test_identifiers_of_machines_are_not_taken_for_packed_text(send: Send) -> None:
    """Ids, hashes and signatures of random letters stay what they are: nothing is read into
    them.
    """
    ids = {
        "id": "chatcmpl-9aZkQ1xY7bN3mW5vT8rP2sL4dF6gH0jK",
        "uuid": "123e4567-e89b-12d3-a456-426614174000",
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "path": "some/long/path/without/any/dots/in/it",
        "signature": base64.b64encode(random.Random(1).randbytes(512)).decode(),
    }
    payload = decode(send(json.dumps(ids).encode()))
    assert texts(payload) == list(ids.values())
    assert payload.unread == []


def test_unknown_packed_data_is_said(send: Send) -> None:
    """A long run of letters that decodes to nothing known is not passed in silence."""
    noise = base64.b64encode(
        b"".join(zlib.compress(bytes([n, n + 1, 7 * n % 251]))[2:] for n in range(250)) * 3
    )
    payload = decode(send(json.dumps({"blob": noise.decode()}).encode()))
    assert [unread.reason for unread in payload.unread] == ["encoded data in no known format"]


def test_crc_of_hex_is_no_text(send: Send) -> None:
    """Hexadecimal that does not spell text is left as it is."""
    digest = f"{binascii.crc32(b'x'):08x}" * 8
    assert texts(decode(send(json.dumps({"h": digest}).encode()))) == [digest]


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/v1.0/me/drive/root:/Ledger%202026/general%20ledger.csv:/content", ()),
        ("/upload/drive/general%20ledger.csv?uploadType=media", ()),
        (
            "/2/files/upload",
            (("dropbox-api-arg", '{"path": "/x/general ledger.csv", "mode": "add"}'),),
        ),
        ("/files", (("content-disposition", 'attachment; filename="general ledger.csv"'),)),
    ],
)
def test_uploads_are_known_by_their_file_names(
    path: str, headers: tuple[tuple[str, str], ...], send: Send
) -> None:
    """A file uploaded as bare bytes is read by its name, and the finding names the file."""
    payload = decode(
        send(
            b"iban\nDE89370400440532013000\n",
            "application/octet-stream",
            path=path,
            headers=headers,
        )
    )
    (table,) = payload.tables
    assert (table.columns, table.rows, table.label) == (
        ("iban",),
        1,
        "attachment general ledger.csv",
    )
    column = next(segment for segment in payload.segments if segment.key == "iban")
    assert place(column) == "attachment general ledger.csv (body.column iban)"


def test_files_in_forms_label_what_is_found_in_them(send: Send) -> None:
    """What stands in an uploaded file is reported under the file's name, however deeply it is
    packed; fields are not.
    """
    packed = json.dumps({"blob": base64.b64encode(JSON).decode()})
    body = (
        b'--f\r\ncontent-disposition: form-data; name="up"; filename="x.json"\r\n\r\n'
        + packed.encode()
        + b'\r\n--f\r\ncontent-disposition: form-data; name="field"\r\n\r\nplain\r\n--f--'
    )
    labels = {
        s.text: s.label for s in decode(send(body, "multipart/form-data; boundary=f")).segments
    }
    assert labels[EMAIL] == "attachment x.json"
    assert labels["plain"] is None


def test_addresses_without_a_file_name_have_none(send: Send) -> None:
    """An ordinary address is not taken for a file name."""
    body = b"one line of text"
    for path in ("/v1/chat/completions", "/users/anna.muster", "/api/v1.2/x.y", "/a?b=c.csv"):
        assert decode(send(body, "text/plain", path=path)).segments[-1].label is None


def test_headers_in_latin_1_are_read(send: Send) -> None:
    """A header that is not UTF-8 comes in as escaped bytes, and is read as the letters it was."""
    value = "Jürgen Groß".encode("latin-1").decode("utf-8", "surrogateescape")
    assert "Jürgen Groß" in texts(decode(send(headers=(("x-name", value),))))


@pytest.mark.parametrize(
    "between",
    ["<!-- -->", "<?a b?>", "]]><![CDATA[", "]]><!--x--><![CDATA[", "]]>", "<![CDATA[]]>"],
)
def test_what_stands_in_a_text_of_xml_does_not_part_it(send: Send, between: str) -> None:
    """Sections and comments inside an element's text leave one text."""
    opened = "<![CDATA[" if between.startswith("]]>") else ""
    closed = "]]>" if between.endswith("[") else ""
    text = f"{opened}anna.mus{between}ter+work@example.com{closed}"
    payload = decode(send(f"<a><b>{text}</b><c>other</c></a>".encode(), "text/xml"))
    assert (EMAIL, "b") in {(segment.text, segment.key) for segment in payload.segments}
    assert [segment.text for segment in payload.segments].count("other") == 1
