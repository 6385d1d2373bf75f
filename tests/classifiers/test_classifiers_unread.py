"""Unknown is never clean: whatever was not read is said to be, in whatever it is packed."""

import base64
import gzip
import json
import random
import struct
from collections.abc import Callable, Mapping

import pytest
from families import with_each
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from made_up_traffic import exchange, multipart
from unread_packings import (
    BINARY,
    ESCAPES,
    OPAQUE,
    OPAQUE_BINARY,
    TEXTUAL,
    Packing,
    chunk,
    gif,
    jpeg,
    mp3,
    mp4,
    noise,
    ogg,
    png,
    safetensors,
    truetype,
    wav,
)

from classifiers.engine import Engine, EngineSetup, build_worker
from core.classification import Classification
from core.exchange import Exchange
from core.organisation import Organisation
from core.vocabulary.unread import UnreadKind, unread_kinds, unread_text
from examples import most

SETUP = EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False)
WORKER, INLINE = build_worker(SETUP), Engine(SETUP)
IBAN = "DE02120300000000202051"
LINE = f"Customer 77 pays from {IBAN}, and asks for a copy of it. "
PACKINGS = {**BINARY, **TEXTUAL}


def in_json(data: bytes) -> Exchange:
    return exchange(json.dumps({"note": data.decode("latin-1")}))


def in_a_form(data: bytes) -> Exchange:
    body = "note=" + "".join(f"%{byte:02X}" for byte in data)
    return exchange(body, "application/x-www-form-urlencoded")


def in_a_file(data: bytes) -> Exchange:
    body, kind = multipart(("file", "a.bin", "application/octet-stream", data))
    return exchange(body, kind)


def in_prose(data: bytes) -> Exchange:
    text = "Here it is:\n" + data.decode("latin-1") + "\nThank you."
    return exchange(json.dumps({"messages": [{"role": "user", "content": text}]}))


def as_body(kind: str) -> Callable[[bytes], Exchange]:
    return lambda data: exchange(data, kind)


CARRIERS: Mapping[str, Callable[[bytes], Exchange]] = {
    "body": as_body("application/octet-stream"),
    "body called text": as_body("text/plain"),
    "body called JSON": as_body("application/json"),
    "body called a picture": as_body("image/png"),
    "file": in_a_file,
}
TEXT_CARRIERS = {**CARRIERS, "JSON": in_json, "prose": in_prose, "form": in_a_form}


def seen_in(sent: Exchange) -> Classification:
    """As the gate does: on the loop, and in a worker where that waits for one."""
    seen = INLINE.classify(sent)
    return WORKER.classify(sent) if seen.deferred else seen


def is_told(seen: Classification) -> bool:
    """True when the bank number was found, or it is said that something was not read."""
    found = any(f.kind == "iban" for f in seen.findings)
    return found or bool(unread_text(seen.findings)) or bool(seen.degraded)


@with_each("carrier", CARRIERS)
@with_each("how", BINARY)
def test_bytes_packed_once_are_read_or_said_to_be_unread(how: str, carrier: str) -> None:
    """A file that is packed in a common way is read, or the record says that it was not."""
    assert is_told(seen_in(CARRIERS[carrier](BINARY[how](LINE.encode() * 5))))


@with_each("carrier", TEXT_CARRIERS)
@with_each("how", [*TEXTUAL, *ESCAPES])
def test_text_spelled_once_is_read(how: str, carrier: str) -> None:
    """A value that is written otherwise is found, in whatever field it stands."""
    spell = TEXTUAL[how] if how in TEXTUAL else ESCAPES[how]
    sent = TEXT_CARRIERS[carrier](spell(LINE.encode()))
    assert "iban" in {f.kind for f in seen_in(sent).findings}


@with_each("how", [name for name in BINARY if "wrong" not in name])
@with_each("spelled", ["base64", "hex", "base85", "base32"])
def test_files_in_text_are_read_or_said_to_be_unread(how: str, spelled: str) -> None:
    """A packed file in a field of JSON is undone, too, however its bytes are written there."""
    assert is_told(seen_in(in_json(TEXTUAL[spelled](BINARY[how](LINE.encode() * 3)))))


CLAIMS: Mapping[str, Packing] = {
    "a mark of UTF-16": lambda d: b"\xff\xfe" + d,
    "a mark of UTF-16, turned": lambda d: b"\xfe\xff" + d,
    "a mark of UTF-32": lambda d: b"\xff\xfe\0\0" + d,
    "wide letters before": lambda d: ("\ufeff" + "all is well. " * 3).encode("utf-16-le") + d,
    "Chinese before": lambda d: ("\ufeff" + "\u5e73\u5b89\u3002" * 200).encode("utf-16-le") + d,
    "Chinese before, packed behind": lambda d: (
        ("\ufeff" + "\u5e73\u5b89\u3002" * 60).encode("utf-16-le") + gzip.compress(d)
    ),
    "a map of two, by msgpack": lambda d: b"\x81" + d,
    "a map of 28, by msgpack": lambda d: b"\x8e" + d,
    "a list of 15, by msgpack": lambda d: b"\x9f" + d,
    "a map of all its letters, by msgpack": lambda d: (
        b"\xde" + (len(d) // 2).to_bytes(2) + d[: len(d) & ~1]
    ),
    "a page of zeros": lambda d: bytes(2_048) + d,
    "a disk image": lambda d: bytes(36_864) + d + bytes(4_000),
    "NumPy, bytes": lambda d: as_array("|u1", d),
    "NumPy, fractions": lambda d: as_array("<f8", struct.pack(f"<{len(d)}d", *d)),
    "NumPy, long numbers": lambda d: as_array(">i8", struct.pack(f">{len(d)}q", *d)),
    "NumPy, a type of its own": lambda d: as_array(f"|V{len(d)}", d),
}
"""What a few bytes before a text claim that it is."""


def as_array(kind: str, data: bytes) -> bytes:
    """A NumPy array of numbers of one kind."""
    count = len(data) // int(kind[2:])
    head = repr({"descr": kind, "fortran_order": False, "shape": (count,)}).ljust(117) + "\n"
    return b"\x93NUMPY\1\0" + len(head).to_bytes(2, "little") + head.encode() + data


@with_each("carrier", CARRIERS)
@with_each("how", CLAIMS)
def test_a_claim_of_a_few_bytes_hides_no_text(how: str, carrier: str) -> None:
    """Bytes that say what follows are a claim: plain text behind them is read all the same."""
    assert is_told(seen_in(CARRIERS[carrier](CLAIMS[how](LINE.encode()))))


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("how", OPAQUE_BINARY)
def test_what_nobody_can_read_is_said(how: str, carrier: str) -> None:
    """Bytes without a known form are never taken for clean."""
    data = OPAQUE_BINARY[how](LINE.encode() * 20)
    assert unread_text(seen_in(CARRIERS[carrier](data)).findings)


@with_each("how", OPAQUE_BINARY)
@with_each("spelled", [*TEXTUAL])
def test_what_nobody_can_read_is_said_in_text_too(how: str, spelled: str) -> None:
    """The same in a field of JSON, where it is longer than any signature."""
    data = OPAQUE_BINARY[how](LINE.encode() * 20)
    seen = seen_in(in_json(TEXTUAL[spelled](data)))
    assert unread_text(seen.findings), (len(data), seen.findings)


@settings(max_examples=most(400), deadline=None)
@given(
    st.lists(st.sampled_from(sorted(PACKINGS)), min_size=1, max_size=3),
    st.sampled_from(sorted(TEXT_CARRIERS)),
    st.integers(1, 60),
    st.sampled_from([None, "gzip", "br", "zstd", "deflate", "xor", "gzip, br"]),
)
def test_read_and_stated_as_unread_cover_the_body(
    ways: list[str], carrier: str, lines: int, coding: str | None
) -> None:
    """Packed three times, below a coding, and wherever it stands: read, or said to be unread."""
    assume(ways.count("old pickle") < 2)  # each doubles the backslashes of the one inside
    # Wide letters written as wide letters once more: beyond the published line.
    assume(sum(way.startswith("utf-") for way in ways) < 2)
    data = many(lines)
    twice = sum(way in BINARY for way in ways) > 1
    in_text = carrier not in CARRIERS or any(way in TEXTUAL for way in ways)
    for way in ways:
        data = PACKINGS[way](data)
        # What is packed twice and as short as a key may look like one: the published line.
        assume(len(data) > OPAQUE or not (twice and in_text))
    if carrier not in CARRIERS and not data.isascii():
        data = base64.b64encode(data)
    sent = TEXT_CARRIERS[carrier](data)
    if coding is not None:
        sent = encoded(sent, coding)
    assert is_told(seen_in(sent)), (ways, carrier, lines, coding)


def many(lines: int) -> bytes:
    """So many lines, each with numbers of its own: they do not pack to nothing."""
    rng = random.Random(lines)
    return "".join(f"{rng.getrandbits(99):x} {LINE}" for _ in range(lines)).encode()


def encoded(sent: Exchange, coding: str) -> Exchange:
    """The same under a content-encoding, which is true but for the one that nobody knows."""
    from dataclasses import replace

    packed = {"gzip": "gzip", "br": "brotli", "zstd": "zstd", "deflate": "zlib"}
    body = sent.body
    for name in coding.split(", "):
        body = BINARY[packed[name]](body) if name in packed else noise(body)
    headers = (*sent.headers, ("content-encoding", coding))
    return replace(sent, headers=headers, body=body, body_bytes=len(body))


@settings(max_examples=most(150), deadline=None)
@given(st.integers(1, 4000), st.integers(0, 2**32), st.sampled_from(sorted(CARRIERS)))
def test_random_bytes_are_never_clean(size: int, seed: int, carrier: str) -> None:
    """Bytes that mean nothing to anybody leave a word in the record."""
    data = random.Random(seed).randbytes(64 + size)
    assert unread_text(seen_in(CARRIERS[carrier](data)).findings)


WHOLE: dict[str, tuple[bytes, UnreadKind]] = {
    "PNG": (png(), UnreadKind.PICTURE),
    "JPEG": (jpeg(), UnreadKind.PICTURE),
    "GIF": (gif(), UnreadKind.PICTURE),
    "WAV": (wav(), UnreadKind.SOUND),
    "MP3": (mp3(), UnreadKind.SOUND),
    "Ogg": (ogg(), UnreadKind.SOUND),
    "MP4": (mp4(), UnreadKind.FILM),
    "TrueType": (truetype(), UnreadKind.FONT),
    "safetensors": (safetensors(), UnreadKind.WEIGHTS),
}


@with_each("named", WHOLE)
@with_each("carrier", [*CARRIERS, "base64 in JSON"])
def test_what_ordinary_traffic_has_is_known_by_kind(named: str, carrier: str) -> None:
    """A whole picture, sound, film, font or model is told as what it is, and as nothing else."""
    data, kind = WHOLE[named]
    sent = in_json(base64.b64encode(data)) if carrier not in CARRIERS else CARRIERS[carrier](data)
    findings = seen_in(sent).findings
    assert unread_kinds(findings) == {kind}
    assert not unread_text(findings)


@with_each("named", WHOLE)
@with_each("packed", ["bare", *BINARY, "encrypted"])
def test_what_stands_behind_a_picture_is_read_or_said(named: str, packed: str) -> None:
    """A value behind the end of a file without text is found, or it is said that something is
    there.
    """
    pack: Packing = {"bare": bytes, **BINARY, **OPAQUE_BINARY}[packed]
    data = WHOLE[named][0] + pack(LINE.encode() * 3)
    assert is_told(seen_in(as_body("application/octet-stream")(data)))


@pytest.mark.parametrize("named", WHOLE)
def test_a_file_cut_short_is_none(named: str) -> None:
    """The first half of a picture proves nothing: what follows its mark may be anything."""
    data = WHOLE[named][0]
    for size in (len(data) // 2 - 7, len(data) * 3 // 4 - 7):
        findings = seen_in(as_body("application/octet-stream")(data[:size])).findings
        assert named == "Ogg" or unread_text(findings)


def test_texts_in_a_picture_are_read() -> None:
    """Comments, titles and camera data are texts like any other."""
    text = LINE.encode()
    wide = LINE.encode("utf-16-le")
    for more in (chunk(b"tEXt", b"Title\0" + text), chunk(b"eXIf", b"II*\0" + wide)):
        findings = seen_in(as_body("image/png")(png(more))).findings
        assert "iban" in {f.kind for f in findings}
        assert unread_kinds(findings) == {UnreadKind.PICTURE}


@pytest.mark.parametrize("size", [16, 20, 32, 48, 64, 128, 256, 512])
def test_keys_hashes_and_signatures_are_no_unread_parts(size: int) -> None:
    """Random values of the sizes that programs sign with are in every second request."""
    for seed in range(20):
        data = random.Random(seed).randbytes(size)
        for text in (base64.b64encode(data), data.hex().encode()):
            assert not unread_text(seen_in(in_json(text)).findings)


def test_what_a_service_has_sealed_goes_back_to_it_only() -> None:
    """Encrypted reasoning passes to a model's service, and is unread content for anybody else."""
    sealed = base64.b64encode(random.Random(5).randbytes(OPAQUE)).decode()
    body = json.dumps(
        {
            "model": "gpt-5",
            "input": [{"type": "reasoning", "encrypted_content": sealed, "summary": []}],
        }
    )
    ours = exchange(body, host="api.openai.com", path="/v1/responses")
    theirs = exchange(body, host="collector.example.net", path="/v1/responses")
    assert unread_kinds(seen_in(ours).findings) == {UnreadKind.SEALED}
    assert unread_kinds(seen_in(theirs).findings) == {UnreadKind.CONTENT}
