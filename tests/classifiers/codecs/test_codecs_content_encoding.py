"""Codings of a body: undone however it is split and stacked, and each way of not being whole told
apart.
"""

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import brotli
import pytest
import zstandard
from families import with_each
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.codecs.content_encoding import (
    Decoder,
    Ended,
    content_encoding,
    undo_content_encoding,
)
from classifiers.codecs.limits import DEFAULT
from classifiers.codecs.packed import STEP, Outcome
from examples import most

TEXT = "Zahlung an Jürgen, DE27 3704 0044 0918 2736 45, danke.\n".encode() * 40
VALUE = b"card 4539 1488 0343 6467"


def raw_deflate(data: bytes) -> bytes:
    return zlib.compress(data)[2:-4]


def aws_chunked(data: bytes, step: int = 1000) -> bytes:
    parts = [data[at : at + step] for at in range(0, len(data), step)]
    framed = b"".join(b"%x;chunk-signature=ab01\r\n%b\r\n" % (len(p), p) for p in parts)
    return framed + b"0;chunk-signature=ff\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "raw deflate": raw_deflate,
    "br": brotli.compress,
    "zstd": zstd,
    "aws-chunked": aws_chunked,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "identity": bytes,
}
WIRE = [name for name in PACK if name not in {"bzip2", "xz"}]
"""Codings that senders of requests use."""


def name_of(coding: str) -> str:
    return coding.removeprefix("raw ")


def fed(
    declared: str, pieces: list[bytes], announced: int = 0
) -> tuple[dict[int, bytes], tuple[Ended, ...]]:
    """Return what came out, part by part, and how each coding ended."""
    decoder = Decoder(declared, DEFAULT, announced)
    parts: dict[int, bytes] = {}
    for piece in pieces:
        for data, number in decoder.feed(piece):
            parts[number] = parts.get(number, b"") + data
    for data, number in decoder.finish():
        parts[number] = parts.get(number, b"") + data
    return {number: data for number, data in parts.items() if data}, decoder.ended


def outcomes(ended: tuple[Ended, ...]) -> set[Outcome]:
    return {e.outcome for e in ended}


def cut(body: bytes, places: list[int]) -> list[bytes]:
    marks = sorted({0, len(body), *(place % (len(body) + 1) for place in places)})
    return [body[a:b] for a, b in pairwise(marks)] or [body]


STACKS = st.lists(st.sampled_from(WIRE), min_size=0, max_size=4)
CUTS = st.lists(st.integers(0, 1 << 20), max_size=25)


@given(STACKS, st.binary(max_size=4000) | st.just(TEXT), CUTS)
@settings(max_examples=most(300), deadline=None)
def test_any_stack_comes_out_whole_however_it_is_split(
    stack: list[str], plain: bytes, places: list[int]
) -> None:
    """Codings stacked in any order are undone, whatever pieces the body comes in, and nothing is
    found amiss.
    """
    body = plain
    for coding in stack:
        body = PACK[coding](body)
    parts, ended = fed(", ".join(map(name_of, stack)), cut(body, places), len(body))

    assert parts == ({0: plain} if plain else {})
    assert outcomes(ended) <= {Outcome.NOT_ENCODED} if not plain else ended == ()


FAULTS: dict[str, tuple[Callable[[bytes], bytes], set[Outcome]]] = {
    "padded": (lambda body: body + bytes(700), {Outcome.PADDED}),
    "followed": (lambda body: body + VALUE, {Outcome.FOLLOWED}),
    "padded and followed": (
        lambda body: body + bytes(9) + VALUE,
        {Outcome.PADDED, Outcome.FOLLOWED},
    ),
    "cut at its end": (lambda body: body[:-1], {Outcome.TRUNCATED}),
    "cut in the middle": (lambda body: body[: len(body) // 2], {Outcome.TRUNCATED}),
}


@with_each("coding", [name for name in PACK if name != "identity"])
@with_each("fault", FAULTS)
@with_each("step", [1, 7, 300, 1 << 20])
def test_faults_are_told_apart(coding: str, fault: str, step: int) -> None:
    """Padding, something behind the stream and a missing end are different things, in every coding
    and split.
    """
    damage, expected = FAULTS[fault]
    body = damage(PACK[coding](TEXT))
    parts, ended = fed(
        name_of(coding), [body[at : at + step] for at in range(0, len(body), step)], len(body)
    )

    assert outcomes(ended) == expected
    if fault.startswith("cut"):
        assert TEXT.startswith(parts.get(0, b""))
        assert all(e.reason == f"the {e.coding} stream ends too early" for e in ended)
    else:
        assert parts[0] == TEXT
        assert parts.get(1) == (VALUE if "followed" in fault else None)
        assert [e.reason for e in ended if e.reason] == []


@pytest.mark.parametrize(
    ("coding", "at"), [("gzip", -6), ("gzip", -2), ("deflate", -2), ("zstd", -2)]
)
def test_a_wrong_checksum_is_stated_and_the_content_read(coding: str, at: int) -> None:
    """A stream whose checksum does not fit gives all that came out of it, and says that it does not
    fit.
    """
    body = bytearray(PACK[coding](TEXT))
    body[at] ^= 0x55
    for step in (1, 11, 1 << 20):
        pieces = [bytes(body[i : i + step]) for i in range(0, len(body), step)]
        parts, ended = fed(coding, pieces, len(body))

        assert parts == {0: TEXT}
        assert [e.reason for e in ended] == [f"the {coding} stream does not fit its checksum"]


@given(
    st.sampled_from(WIRE),
    st.binary(min_size=1, max_size=3000) | st.just(TEXT),
    st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(1, 255)), min_size=1, max_size=3),
    CUTS,
)
@settings(max_examples=most(300), deadline=None)
def test_damage_reads_the_same_however_it_is_split(
    coding: str, plain: bytes, damage: list[tuple[int, int]], places: list[int]
) -> None:
    """A damaged body gives the same bytes and the same words in one piece and in many, and never an
    error.
    """
    body = bytearray(PACK[coding](plain))
    for at, change in damage:
        body[at % len(body)] ^= change
    once = undo_content_encoding(bytes(body), name_of(coding), DEFAULT)
    parts, ended = fed(name_of(coding), cut(bytes(body), places), len(body))

    assert parts.get(0, b"") == once.data
    assert tuple(parts[number] for number in sorted(parts) if number) == once.beside
    assert {e.reason for e in ended if e.reason} == set(once.reasons)


@given(
    st.lists(st.sampled_from([*map(name_of, PACK), "xor", "compress", ""]), max_size=5),
    st.binary(max_size=600),
    CUTS,
)
@settings(max_examples=most(300), deadline=None)
def test_no_bytes_raise(codings: list[str], data: bytes, places: list[int]) -> None:
    """Whatever comes under whatever name, it is undone as far as it goes, and what is not is said
    or given.
    """
    declared = ",".join(codings)
    once = undo_content_encoding(data, declared, DEFAULT)
    parts, ended = fed(declared, cut(data, places), len(data))

    assert parts.get(0, b"") == once.data
    assert once.reasons or once.data or once.beside or not data or outcomes(ended) or not codings


@pytest.mark.parametrize("coding", [name for name in PACK if name != "identity"])
@pytest.mark.parametrize("plain", [b'{"email": "a@b.io"}', TEXT, b"data: {}\n\n", b"hello"])
def test_plain_text_under_the_name_of_a_coding_is_read(coding: str, plain: bytes) -> None:
    """Recordings keep the header of what they unpacked: text that is in no coding is read as it
    stands.
    """
    for step in (1, 1 << 20):
        pieces = [plain[at : at + step] for at in range(0, len(plain), step)]
        parts, ended = fed(name_of(coding), pieces, len(plain))

        assert parts == {0: plain}
        assert outcomes(ended) == {Outcome.NOT_ENCODED}


def test_deflate_that_looks_like_text_is_undone() -> None:
    """A stream written in letters only is no hiding place: where it can be undone, it is."""
    engine = zlib.compressobj(level=0, wbits=-15)
    body = engine.compress(b"a@b.io") + engine.flush()

    assert undo_content_encoding(body, "deflate", DEFAULT).data == b"a@b.io"
    printable = b"".join(bytes([n]) for n in range(32, 127))
    assert undo_content_encoding(printable, "deflate", DEFAULT).data == printable


def test_noise_is_said_to_be_broken() -> None:
    """Bytes that are neither the coding nor text are given as they came, and the record says that
    they are broken.
    """
    for coding in ("gzip", "br", "zstd", "deflate", "aws-chunked"):
        undone = undo_content_encoding(b"\xff\x00\x99" * 100, coding, DEFAULT)

        assert undone.reasons == (f"the {coding} stream is broken",)


def test_unknown_codings_are_named() -> None:
    """What nobody can undo is named, as far as the name is fit to be read, and what is around it is
    undone.
    """
    undone = undo_content_encoding(gzip.compress(b"abc"), "xor, gzip", DEFAULT)
    assert (undone.data, undone.reasons) == (b"abc", ("unknown content-encoding (xor)",))
    odd = undo_content_encoding(b"abc", "gz\u202eip", DEFAULT)
    assert odd.reasons == ("unknown content-encoding (not ASCII)",)
    many = undo_content_encoding(b"abc", "gzip," * 9, DEFAULT)
    assert many.reasons == ("more stacked content-encodings than are undone",)


def test_identity_and_empty_names_mean_nothing() -> None:
    """A body is not taken for encoded because somebody said that it is not."""
    for declared in ("", "identity", " , identity,", "IDENTITY"):
        assert undo_content_encoding(b"\x1f\x8b", declared, DEFAULT).data == b"\x1f\x8b"


def test_several_headers_count_as_one() -> None:
    """A coding named in a second header of the same name is undone as well."""
    headers = (("content-encoding", "gzip"), ("x", "y"), ("content-encoding", "aws-chunked"))
    body = aws_chunked(gzip.compress(TEXT))

    assert undo_content_encoding(body, content_encoding(headers), DEFAULT).data == TEXT


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "bzip2", "xz"])
@pytest.mark.parametrize("step", [100, 1 << 20])
def test_bombs_stop_early_in_small_steps(coding: str, step: int) -> None:
    """A compression bomb is given up after a bounded amount, and no step gives more than a bounded
    one.
    """
    bomb = PACK[coding](bytes(20_000_000))
    limits = replace(DEFAULT, decoded_bytes=1 << 40)
    decoder = Decoder(coding, limits, len(bomb))
    sizes = [
        len(data)
        for at in range(0, len(bomb), step)
        for data, _ in decoder.feed(bomb[at : at + step])
    ]

    assert decoder.reasons == ("unpacks to more than is read (decompression limit)",)
    assert sum(sizes) == max(limits.ratio_from, limits.ratio * len(bomb))
    assert max(sizes) <= 2 * STEP


@pytest.mark.parametrize("depth", [2, 3])
def test_bombs_in_bombs_stop_early(depth: int) -> None:
    """A bomb packed into a bomb is held to the same measure: that of the body as it came."""
    body = bytes(40_000_000)
    for _ in range(depth):
        body = gzip.compress(body, 9)
    undone = undo_content_encoding(body, "gzip," * depth, DEFAULT)

    assert undone.reasons == ("unpacks to more than is read (decompression limit)",)
    assert len(undone.data) <= DEFAULT.ratio_from


def test_the_size_is_bounded_too() -> None:
    """However well it is packed, no more than the limit of size comes out of a body."""
    limits = replace(DEFAULT, decoded_bytes=1000)
    undone = undo_content_encoding(gzip.compress(TEXT), "gzip", limits)

    assert (undone.data, len(undone.reasons)) == (TEXT[:1000], 1)


def test_what_a_stream_carries_beside_its_content_is_given() -> None:
    """File names, comments, chunk extensions, trailers and skipped frames carry text like any other
    place.
    """
    named = io.BytesIO()
    with gzip.GzipFile(VALUE.decode(), "wb", fileobj=named) as file:
        file.write(TEXT)
    extended = b"%x;note=%b\r\n%b\r\n0\r\nx-note: %b\r\n\r\n" % (len(TEXT), VALUE, TEXT, VALUE)
    skipped = b"\x52\x2a\x4d\x18" + len(VALUE).to_bytes(4, "little") + VALUE + zstd(TEXT)
    for coding, body in (("gzip", named.getvalue()), ("aws-chunked", extended), ("zstd", skipped)):
        undone = undo_content_encoding(body, coding, DEFAULT)

        assert undone.data == TEXT
        assert VALUE in b"".join(undone.beside)
        assert undone.reasons == ()


def test_more_beside_than_is_kept_is_said() -> None:
    """A stream that hides a lot beside its content is not taken for one that was read."""
    hidden = bytes(100_000)
    body = b"\x52\x2a\x4d\x18" + len(hidden).to_bytes(4, "little") + hidden + zstd(TEXT)
    undone = undo_content_encoding(body, "zstd", DEFAULT)

    assert undone.data == TEXT
    assert undone.reasons == ("the zstd stream carries more beside its content than is read",)


@pytest.mark.parametrize("size", [5_000, 3_000_000])
def test_what_follows_brotli_is_found_behind_long_streams_too(size: int) -> None:
    """The end of a brotli stream is found exactly, though the library does not tell where it is."""
    noise = zlib.crc32
    plain = b"".join(b"%x" % noise(b"%d" % n) for n in range(size // 8))
    body = brotli.compress(plain, quality=1) + VALUE
    for step in (len(body), 5_000, 2_047):
        pieces = [body[at : at + step] for at in range(0, len(body), step)]
        assert fed("br", pieces, len(body))[0] == {0: plain, 1: VALUE}
