"""Files inside bodies, found by size: whatever they travel in; and nothing that is not there."""

import base64
import binascii
import bz2
import gzip
import hashlib
import io
import json
import lzma
import quopri
import random
import tarfile
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP
from urllib.parse import quote, urlencode

import pytest
import zstandard
from families import with_each
from hypothesis import given
from hypothesis import strategies as st

from classifiers.file_pieces import parts_of_size
from classifiers.file_search import MOST_UNPACKED, SMALLEST, Search

TEXT = "".join(f"{n};name {n};ada{n}@clinic.example\n" for n in range(60)).encode()
BYTES = random.Random(7).randbytes(3000)
UMLAUTS = ("Müller;Zürich;ä€\n" * 40).encode()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def multipart(content: bytes, head: str = "") -> tuple[bytes, str]:
    body = (
        b'--xyz\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n--xyz\r\n'
        b'Content-Disposition: form-data; name="f"; filename="f.bin"\r\n'
        + head.encode()
        + b"\r\n"
        + content
        + b"\r\n--xyz--\r\n"
    )
    return body, "multipart/form-data; boundary=xyz"


def zipped(content: bytes, other: bytes = b"x" * 50) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("other.txt", other)
        archive.writestr("f.bin", content)
    return out.getvalue()


def taped(content: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in (("other.txt", b"x" * 50), ("f.bin", content)):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


def mailed(content: bytes) -> bytes:
    message = EmailMessage()
    message["To"], message["Subject"] = "a@b.example", "figures"
    message.set_content("see the file")
    message.add_attachment(content, maintype="application", subtype="x", filename="f.bin")
    return message.as_bytes(policy=SMTP)


def as_json(value: object) -> tuple[bytes, str]:
    return json.dumps(value).encode(), "application/json"


type Way = Callable[[bytes], tuple[bytes, str]]

AS_IT_IS: dict[str, Way] = {
    "the body": lambda c: (c, "application/octet-stream"),
    "a part of a form": multipart,
}
DECODED: dict[str, Way] = {
    "base64 in JSON": lambda c: as_json({"a": [1, {"b": b64(c)}]}),
    "base64 for URLs": lambda c: as_json({"b": base64.urlsafe_b64encode(c).decode()}),
    "base64 without its end": lambda c: as_json({"b": b64(c).rstrip("=")}),
    "base64 in lines": lambda c: as_json({"b": base64.encodebytes(c).decode()}),
    "a data URL": lambda c: as_json({"u": f"data:text/csv;base64,{b64(c)}"}),
    "a data URL in letters": lambda c: as_json({"u": f"data:text/csv,{quote(c)}"}),
    "a data URL in a text": lambda c: as_json({"t": f"see data:text/csv;base64,{b64(c)} there"}),
    "hex": lambda c: as_json({"h": c.hex()}),
    "capital hex": lambda c: as_json({"h": c.hex().upper()}),
    "JSON in JSON": lambda c: as_json({"t": json.dumps({"b": b64(c)})}),
    "a string alone": lambda c: as_json(b64(c)),
    "a data URL in a text with umlauts": lambda c: (
        json.dumps({"t": f"für data:text/csv;base64,{b64(c)}"}, ensure_ascii=False).encode(),
        "application/json",
    ),
    "words of Python": lambda c: (str({"f": b64(c), "note": 'a "longer" note'}).encode(), ""),
    "JSON without its end": lambda c: (as_json({"note": "x", "b": b64(c)})[0][:-1], ""),
    "a line of many": lambda c: (
        b'{"a": 1}\n' + json.dumps({"b": b64(c)}).encode() + b"\n", "application/x-ndjson"
    ),
    "a field of a form": lambda c: (
        urlencode({"a": "b", "f": b64(c)}).encode(), "application/x-www-form-urlencoded"
    ),
    "the bytes of a field": lambda c: (
        urlencode({"f": c}).encode(), "application/x-www-form-urlencoded"
    ),
    "base64 in XML": lambda c: (f"<a><b>{b64(c)}</b></a>".encode(), "application/xml"),
    "gzip": lambda c: (gzip.compress(c), "application/gzip"),
    "zstd": lambda c: (zstandard.compress(c), "application/zstd"),
    "gzip in base64": lambda c: as_json({"b": b64(gzip.compress(c))}),
    "gzip in a part": lambda c: multipart(gzip.compress(c)),
    "a packed part": lambda c: multipart(gzip.compress(c), "Content-Encoding: gzip\r\n"),
    "base64 as a part": lambda c: multipart(
        base64.encodebytes(c), "Content-Transfer-Encoding: base64\r\n"
    ),
    "a member of an archive": lambda c: (zipped(c), "application/zip"),
    "a tape archive": lambda c: (taped(c), "application/x-tar"),
    "a packed tape archive": lambda c: (gzip.compress(taped(c)), "application/gzip"),
    "bzip2 in base64": lambda c: as_json({"b": b64(bz2.compress(c))}),
    "xz in base64": lambda c: as_json({"b": b64(lzma.compress(c))}),
    "an attachment": lambda c: (mailed(c), "message/rfc822"),
    "a message in base64 for URLs": lambda c: as_json(
        {"raw": base64.urlsafe_b64encode(mailed(c)).decode()}
    ),
    "a message in a field": lambda c: (
        urlencode({"RawMessage.Data": b64(mailed(c))}).encode(), "application/x-www-form-urlencoded"
    ),
    "an archive in a part": lambda c: multipart(zipped(c)),
    "an archive in base64": lambda c: as_json({"b": b64(zipped(c))}),
}  # fmt: skip


def found(body: bytes, media: str, *sizes: int, encoding: str = "") -> dict[str, bool]:
    parts = parts_of_size(body, media, encoding, frozenset(sizes))
    return {part.sha256: part.decoded for part in parts}


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@with_each("content", [TEXT, BYTES, UMLAUTS])
@with_each("way", [*AS_IT_IS, *DECODED])
def test_a_file_is_found_whatever_it_travels_in(way: str, content: bytes) -> None:
    """Its hash is that of the very file, and it is said whether anything had to be undone."""
    body, media = {**AS_IT_IS, **DECODED}[way](content)
    assert found(body, media, len(content), 7777) == {sha(content): way in DECODED}


def test_a_large_file_is_found_whatever_it_travels_in() -> None:
    """It is decoded piece by piece, and only once where it is the file; an archive, too."""
    text, noise = TEXT * 80, random.Random(8).randbytes(150_001)
    for content in (text, noise, zipped(noise)):
        for way, travels in {**AS_IT_IS, **DECODED}.items():
            told = found(*travels(content), len(content), 7777)
            assert told == {sha(content): way in DECODED}, way
            assert sha(content) not in found(*travels(content), len(content) - 1), way


def test_what_is_in_a_large_part_is_looked_at_when_asked() -> None:
    """A part with the size of a file may be another one, and hold a third."""
    outer = zipped(BYTES, random.Random(9).randbytes(200_000))
    for travels in (*AS_IT_IS.values(), DECODED["base64 in JSON"]):
        body, media = travels(outer)
        sizes = frozenset({len(outer), len(BYTES)})
        (part,) = parts_of_size(body, media, "", sizes)
        assert (part.sha256, part.opened) == (sha(outer), False)
        deep = parts_of_size(body, media, "", sizes, deep=True)
        assert {one.sha256 for one in deep} == {sha(outer), sha(BYTES)}
        assert all(one.opened for one in deep)


@pytest.mark.parametrize("content", [TEXT, UMLAUTS], ids=["text", "umlauts"])
def test_a_text_file_is_found_as_a_string(content: bytes) -> None:
    """A CSV that stands in a prompt as one string is that CSV."""
    body, media = as_json({"messages": [{"content": content.decode()}]})
    assert found(body, media, len(content)) == {sha(content): True}


def test_quoted_printable_is_undone() -> None:
    """As mail carries it."""
    body, media = multipart(
        quopri.encodestring(UMLAUTS), "Content-Transfer-Encoding: quoted-printable\r\n"
    )
    assert sha(UMLAUTS) in found(body, media, len(UMLAUTS))


@pytest.mark.parametrize("encoding", ["gzip", "zstd", "GZIP", "identity, gzip"])
def test_the_coding_of_the_request_is_undone(encoding: str) -> None:
    """What the sender packed for the way is unpacked first."""
    packed = zstandard.compress(TEXT) if encoding == "zstd" else gzip.compress(TEXT)
    assert found(packed, "text/csv", len(TEXT), encoding=encoding) == {sha(TEXT): True}


@pytest.mark.parametrize("way", [*AS_IT_IS, *DECODED])
def test_what_has_no_size_that_is_looked_for_is_not_there(way: str) -> None:
    """One byte more or less is another file."""
    body, media = {**AS_IT_IS, **DECODED}[way](BYTES)
    others = {len(BYTES) - 1, len(BYTES) + 1, 2 * len(BYTES), len(BYTES) // 2}
    assert sha(BYTES) not in found(body, media, *others)


def test_small_contents_are_no_files() -> None:
    """A word, a number or an empty object is the same by chance."""
    for content in (b"", b"{}", b"hello", b"x" * (SMALLEST - 1)):
        assert found(content, "text/plain", len(content)) == {}
        assert found(*as_json({"b": b64(content), "t": content.decode()}), len(content)) == {}


HOSTILE = {
    "deep JSON": b"[" * 100_000,
    "deep and closed": b"[" * 900 + b"]" * 900,
    "many strings": json.dumps(["a" * 40] * 60_000).encode(),
    "parts without end": b"--xyz\r\n" * 20_000,
    "one long run": b"A" * 3_000_000,
    "runs": b"A" * 31 + (b"." + b"B" * 33) * 50_000,
    "a bomb": zipped(b"\0" * 20_000_000),
    "half an archive": zipped(BYTES)[:700],
    "half a tape archive": taped(BYTES)[:1700],
    "a tape archive of nothing": taped(b"")[:257] + b"ustar" + b"\xff" * 3000,
    "a message without end": mailed(BYTES)[:400],
    "heads without end": b"To: " + b"a;boundary=" * 100_000,
    "gzip of zeros": gzip.compress(b"\0" * 5_000_000),
    "half of gzip": gzip.compress(BYTES)[:500],
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("media", ["", "application/json", "multipart/form-data; boundary=xyz"])
def test_hostile_bodies_cost_little_and_raise_nothing(name: str, media: str) -> None:
    """Nothing is unpacked that has not the right size, and nothing goes deeper than a few steps."""
    assert found(HOSTILE[name], media, 12345) == {}


MEDIA = ["", "application/json", "multipart/x; boundary=b", "application/x-www-form-urlencoded"]


@given(
    st.binary(max_size=600),
    st.sampled_from(MEDIA),
    st.sampled_from(["", "gzip", "br", "zstd", "x"]),
)
def test_no_bytes_are_a_fault(body: bytes, media: str, encoding: str) -> None:
    """Whatever comes, what is said to be in it has the size that was looked for."""
    for part in parts_of_size(body, media, encoding, frozenset(range(24, 700))):
        assert 24 <= part.size < 700 and len(part.sha256) == 64


@given(st.binary(min_size=30, max_size=300), st.binary(min_size=30, max_size=300))
def test_a_file_that_is_not_in_it_is_never_found(content: bytes, other: bytes) -> None:
    """Equal size is no proof: the hash is that of what stands there."""
    other = (other * 10)[: len(content)]
    for way in (*AS_IT_IS.values(), *DECODED.values()):
        told = found(*way(content), len(content))
        assert (sha(other) in told) <= (other == content)


def test_hex_that_is_text_is_both() -> None:
    """A file of hexadecimal letters is found as itself, and as what it spells."""
    letters = binascii.hexlify(BYTES)
    told = found(*as_json({"h": letters.decode()}), len(letters), len(BYTES))
    assert told == {sha(letters): True, sha(BYTES): True}


def bombs(way: str, size: int) -> tuple[bytes, str]:
    """A body of some hundred kilobytes that unpacks to 400 times `size`."""
    if way == "parts":
        packed = gzip.compress(bytes(size))
        part = b"--xyz\r\nContent-Encoding: gzip\r\n\r\n" + packed + b"\r\n"
        return part * 400 + b"--xyz--\r\n", "multipart/form-data; boundary=xyz"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(400):
            archive.writestr(f"{number}.csv", bytes(size))
    return out.getvalue(), "application/zip"


@pytest.mark.parametrize("way", ["parts", "members"])
def test_many_packed_parts_are_not_all_unpacked(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sends a body of bombs, each the size of a file, costs the gate no more than one
    large file.
    """
    unpacked = 0
    offer = Search.offer

    def counting(search: Search, data: bytes, *, decoded: bool, opened: bool = True) -> None:
        nonlocal unpacked
        unpacked += len(data) if decoded else 0
        offer(search, data, decoded=decoded, opened=opened)

    monkeypatch.setattr(Search, "offer", counting)
    size = 1 << 20
    body, media = bombs(way, size)
    assert [part.size for part in parts_of_size(body, media, "", {size})] == [size]
    assert unpacked <= MOST_UNPACKED + 2 * size
