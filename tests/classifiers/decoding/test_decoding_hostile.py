"""Hostile and broken payloads: never an exception, never silence, bounded work."""

import gzip
import json
import zlib
from collections.abc import Callable

import brotli
import orjson
import pytest
import zstandard
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from classifiers.decoding import DEFAULT, INLINE, Limits, decode, decode_message
from classifiers.payload import Payload
from core.exchange import Exchange, Message
from examples import most

Send = Callable[..., Exchange]
SMALL = Limits(
    decoded_bytes=100_000,
    ratio_from=10_000,
    segments=500,
    pieces=50,
    piece_bytes=2_000_000,
    json_nodes=5_000,
    json_bytes=1_000_000,
)
BOMBS = {
    "gzip": gzip.compress(bytes(30_000_000)),
    "deflate": zlib.compress(bytes(30_000_000)),
    "br": brotli.compress(bytes(30_000_000), quality=1),
    "zstd": zstandard.compress(bytes(30_000_000)),
}
LIMIT = "unpacks to more than is read (decompression limit)"


def reasons(payload: Payload) -> set[str]:
    return {unread.reason for unread in payload.unread}


@pytest.mark.parametrize("coding", BOMBS)
def test_decompression_bombs_are_stopped_and_said(coding: str, send: Send) -> None:
    """A small body that unpacks to a huge one is unpacked no further than the limit, and that is a
    finding.
    """
    payload = decode(send(BOMBS[coding], "application/json", encoding=coding), SMALL)
    assert LIMIT in reasons(payload)
    assert len(payload.plain) <= 100_000
    stacked = decode(
        send(gzip.compress(BOMBS[coding]), "text/plain", encoding=f"{coding}, gzip"), SMALL
    )
    assert LIMIT in reasons(stacked)


@pytest.mark.parametrize("coding", BOMBS)
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_broken_streams_give_what_came_out(coding: str, share: float, send: Send) -> None:
    """A stream cut in the middle is read as far as it goes and said to be broken."""
    text = json.dumps({"rows": [f"anna{n}@example.com" for n in range(4000)]}).encode()
    packed = {
        "gzip": gzip.compress,
        "deflate": zlib.compress,
        "br": brotli.compress,
        "zstd": zstandard.compress,
    }[coding](text)
    payload = decode(send(packed[: int(len(packed) * share)], "application/json", encoding=coding))
    assert any("stream" in reason for reason in reasons(payload))
    if share > 0.5 and coding != "zstd":
        assert any("anna0@example.com" in segment.text for segment in payload.segments)


def test_too_many_encodings_are_said(send: Send) -> None:
    """More stacked encodings than anybody needs are not undone, and that is said."""
    assert "more stacked content-encodings than are undone" in reasons(
        decode(send(b"x", encoding="gzip," * 9))
    )


def test_unknown_encoding_is_said(send: Send) -> None:
    """A body in an encoding nobody knows is not passed as clean."""
    assert "unknown content-encoding (sealed)" in reasons(
        decode(send(b"\x00\x01secret", encoding="sealed"))
    )


HOSTILE = {
    "deep arrays": b"[" * 300_000,
    "deep objects": b'{"a":' * 100_000,
    "quotes": b'"' * 300_000,
    "escaped quotes": b'{"a":"' + b'\\"' * 150_000,
    "backslashes": b'{"a":"' + b"\\" * 150_001,
    "angles": b"<" * 150_000,
    "open tags": b"<a>" * 40_000,
    "open cdata": b"<a>" + b"<![CDATA[" * 50_000,
    "open comments": b"<a>" + b"<!--" * 100_000,
    "ampersands": b"&" * 150_000,
    "percents": b"%" * 150_000,
    "percent escapes": b"%41" * 100_000,
    "entities": b"&#65;" * 20_000,
    "data urls": b"data:," * 100_000,
    "base64 letters": b"A" * 600_000,
    "short runs": (b"A" * 24 + b" ") * 60_000,
    "boundaries": b"--f\r\n" * 100_000,
    "empty objects": b"[" + b"{}," * 150_000 + b"{}]",
    "many records": b"[" + b'{"a":1,"b":2},' * 40_000 + b'{"a":1,"b":2}]',
    "many keys": b"{" + b",".join(b'"%d":"x"' % n for n in range(100_000)) + b"}",
    "json lines": b'{"a":1}\n' * 101_000,
    "zeros": bytes(900_000),
    "protobuf tags": b"\x0a\x80" * 300_000,
    "nested protobuf": b"\x0a\xff\x7f" * 100_000,
    "grpc frames": b"\x00\x00\x00\x00\x00" * 100_000,
    "msgpack arrays": b"\x91" * 150_000,
    "msgpack promises": b"\xdd\xff\xff\xff\xff",
    "commas": b"," * 150_000,
    "comma lines": (b"," * 1000 + b"\n") * 300,
    "invalid utf-8": b'{"a": "' + b"\xff\xfe\xfd" * 100_000 + b'"}',
}
TYPES = [
    "application/json",
    "text/plain",
    "text/xml",
    "text/csv",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=f",
    "application/grpc",
    "application/x-protobuf",
    "application/msgpack",
    None,
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bodies_stay_bounded(name: str, send: Send) -> None:
    """Bodies made to exhaust a parser are read within the limits, under each content type."""
    for content_type in TYPES[:: 1 if len(HOSTILE[name]) < 130_000 else 3]:
        payload = decode(send(HOSTILE[name], content_type), SMALL)
        assert len(payload.segments) <= SMALL.segments + 1
        assert not any("decoder failed" in reason for reason in reasons(payload))


def test_oversized_json_is_read_string_by_string(send: Send) -> None:
    """JSON too large to parse still shows its strings, and the record says that it was too
    large.
    """
    rows = [{"email": f"p{n}@example.com", "id": 100_000_000 + n} for n in range(5_000)]
    payload = decode(send(b" " + json.dumps(rows).encode() + b" " * (1 << 20)), SMALL)
    assert "the JSON is larger than is parsed: its strings were read one by one" in reasons(payload)
    assert ("p7@example.com", "email") in {(s.text, s.key) for s in payload.segments}
    assert ("100000007", "id", False) in {(s.text, s.key, s.quoted) for s in payload.segments}


@pytest.mark.parametrize(
    "body",
    [b'{"email": "anna@example.com", "x": [1, 2,}', b'{\'email\': 1, "e": "anna@example.com"}'],
)
def test_malformed_json_shows_its_strings(body: bytes, send: Send) -> None:
    """JSON that a lenient server would take is read leniently, and said to be malformed."""
    payload = decode(send(body, "application/json"))
    assert "anna@example.com" in {segment.text for segment in payload.segments}
    assert "the JSON is malformed: its strings were read one by one" in reasons(payload)


def test_body_that_was_not_kept_whole_is_said(send: Send) -> None:
    """A body cut by the gate is read as far as it goes, to its last letter, and said to be cut."""
    payload = decode(
        send(b'{"a": "b", "email": "anna@example.c', "application/json", complete=False)
    )
    assert any("bytes of the body were seen" in reason for reason in reasons(payload))
    assert ("anna@example.c", "email") in {(s.text, s.key) for s in payload.segments}


def test_binary_of_no_known_format_shows_its_readable_parts(send: Send) -> None:
    """Unknown binary data is not clean: what can be read is read, and the rest is said."""
    body = (
        bytes(range(200, 256)) * 3
        + b"\x00\x01mail anna@example.com\x00\xff\xfe"
        + bytes(range(128, 200)) * 3
    )
    payload = decode(send(body, "application/octet-stream"))
    assert "binary data in no known format: only its readable parts were read" in reasons(payload)
    assert any("anna@example.com" in segment.text for segment in payload.segments)


def test_entities_of_a_document_are_not_expanded(send: Send) -> None:
    """XML that declares entities of its own is read without expanding them, and that is said."""
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    body = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "anna@example.com">{laughs}]><x>&l9;</x>'
    payload = decode(send(body.encode(), "application/xml"))
    assert sum(len(segment.text) for segment in payload.segments) < 3 * len(body)
    assert "the XML declares entities of its own, which are not expanded" in reasons(payload)
    assert any("anna@example.com" in segment.text for segment in payload.segments)


def test_formats_nested_too_deeply_are_said(send: Send) -> None:
    """Data wrapped again and again is unwrapped a few times; then the record says that there is
    more.
    """
    value: object = "anna@example.com"
    for _ in range(DEFAULT.depth + 3):
        value = json.dumps({"in": value})
    payload = decode(send(str(value).encode(), "application/json"))
    assert "formats packed inside each other too deeply" in reasons(payload)


CONTENT_TYPES = st.one_of(
    st.none(),
    st.sampled_from([kind for kind in TYPES if kind]),
    st.sampled_from(
        [
            "application/grpc-web-text",
            "image/svg+xml",
            "image/png",
            "application/zip",
            "application/x-ndjson",
            "multipart/mixed",
            'multipart/form-data; boundary="',
            "text/plain; charset=utf-16",
            "text/html; charset=utf-7",
            "text/plain; charset=idna",
            "text/plain; charset=\x00",
            "application/graphql",
            "application/vnd.x+json; a=b;;=;",
        ]
    ),
    st.text(max_size=40),
)
ENCODINGS = st.one_of(
    st.none(),
    st.sampled_from(["gzip", "br", "zstd", "deflate", "aws-chunked", "gzip, br", "identity", "x"]),
    st.text(max_size=12),
)
JSONISH = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers(-(2**63), 2**63) | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=12), inner, max_size=5)
    ),
    max_leaves=30,
)
FRAGMENTS = st.sampled_from(
    [
        b'{"a":',
        b'"',
        b"\\",
        b"[",
        b"]",
        b"}",
        b"<a b='",
        b">",
        b"]]>",
        b"<![CDATA[",
        b"--f",
        b"\r\n",
        b"%4",
        b"%41",
        b"&#x41;",
        b"data:text/plain;base64,",
        b"QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB",
        b"\x1f\x8b\x08",
        b"\x28\xb5\x2f\xfd",
        b"PK\x03\x04",
        b"\x80\x04",
        b"\xff\xfe",
        b"\x00",
        b"eyJhIjoiYiJ9",
        b"\\u0061",
        b"\\ud800",
        b"a,b\n",
        b'content-disposition: form-data; name="a"\r\n\r\n',
        b"\xef\xbb\xbf",
        b"0\r\n",
        b"5;x\r\n",
        b"\x0a\x05",
        b"\x93",
        b"ustar",
    ]
)
BODIES = st.one_of(
    st.binary(max_size=600),
    JSONISH.map(lambda value: json.dumps(value).encode()),
    JSONISH.map(lambda value: json.dumps(json.dumps([json.dumps(value)])).encode()),
    st.lists(FRAGMENTS | st.binary(max_size=8), max_size=30).map(b"".join),
    st.binary(max_size=300).map(gzip.compress),
    st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")),
)


@settings(
    max_examples=most(400),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    BODIES,
    CONTENT_TYPES,
    ENCODINGS,
    st.text(max_size=60),
    st.lists(st.tuples(st.text(max_size=14), st.text(max_size=60)), max_size=4),
)
@example(
    b'{"a": "\\ud800"}',
    "application/json",
    None,
    "/?a=%ff%00",
    [("cookie", ";=;a="), ("authorization", "Basic =")],
)
@example(
    b'{"\\udc00 long name of a key": [{"a\\ud800": "\\ud800", "b": 1}, {"a\\ud800": "", "b": 1},'
    b' {"b": 2}]}',
    None,
    None,
    "/",
    [],
)
@example(
    b"",
    None,
    None,
    "/a\udcff/b?c=\udce4",
    [("x-\udcff", "J\udcfcrgen"), ("cookie", "\ud800=\ud800")],
)
@example(b"\x92\x81\xa1a\xc1", "application/msgpack", None, "", [])
def test_no_payload_breaks_the_decoder(
    send: Send,
    body: bytes,
    content_type: str | None,
    encoding: str | None,
    path: str,
    headers: list[tuple[str, str]],
) -> None:
    """Whatever bytes come under whatever name, decoding ends, stays within limits and yields text
    that can be encoded.
    """
    payload = decode(
        send(body, content_type, encoding=encoding, path=path, headers=tuple(headers)), SMALL
    )
    assert not any("decoder failed" in reason for reason in reasons(payload))
    for segment in payload.segments:
        segment.text.encode("utf-8", "strict")
        (segment.key or "").encode("utf-8", "strict")
        assert all(isinstance(part, str | int) for part in segment.path)
    decode_message(Message(from_client=True, text=False, data=body), SMALL)


@settings(
    max_examples=most(200),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.dictionaries(
        st.text("abcdef_", min_size=1, max_size=8),
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
        max_size=6,
    )
)
def test_every_string_of_a_json_body_is_read(send: Send, value: dict[str, str]) -> None:
    """No string of a JSON body is lost, however odd its characters."""
    found = {
        segment.text for segment in decode(send(orjson.dumps(value), "application/json")).segments
    }
    for text in value.values():
        assert text in found or _is_packed(text)


def _is_packed(text: str) -> bool:
    try:
        return bool(orjson.loads(text)) or len(text) > 1024
    except ValueError:
        return False


@settings(
    max_examples=most(100),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.data())
def test_cut_json_keeps_every_finished_string(send: Send, data: st.DataObject) -> None:
    """JSON cut at any byte shows every string that was complete before the cut."""
    names = [f"name{n}@example.com" for n in range(6)]
    body = json.dumps({"list": names, "inner": {"x": "y"}}).encode()
    cut = data.draw(st.integers(1, len(body) - 1))
    found = {segment.text for segment in decode(send(body[:cut], "application/json")).segments}
    for name in names:
        if f'"{name}"'.encode() in body[:cut]:
            assert name in found


PROSE = json.dumps([f"line {n * n} of a long report." for n in range(50_000)]).encode()
NUMBERS = json.dumps([n % 977 for n in range(200_000)]).encode()


@pytest.mark.parametrize("plain", [PROSE, NUMBERS])
def test_what_is_too_much_for_the_loop_says_so(send: Send, plain: bytes) -> None:
    """A small body that unpacks to much is marked as cut on the event loop, and read whole where
    there is room.
    """
    body = gzip.compress(plain)
    assert decode(send(body, "application/json", encoding="gzip"), INLINE).cut
    roomy = decode(send(body, "application/json", encoding="gzip"))
    assert not roomy.cut
    assert roomy.unread == []
