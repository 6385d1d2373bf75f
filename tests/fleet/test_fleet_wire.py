"""An upload is read whole or not at all, whatever is done to its bytes."""

from dataclasses import replace

import orjson
import pytest
import zstandard
from families import with_each
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.chain import genesis
from evidence.parts import SALT_BYTES, Seal, cuts_of, erase
from evidence.shipping import Note, Run, Shipped
from examples import most
from fleet.wire import (
    MAGIC,
    MOST_BYTES,
    MOST_ENTRIES,
    BadUpload,
    BrokenUpload,
    is_chain,
    opened,
    packed,
)

CHAIN = "records:01a1fde5-1a05-7103-a2da-2a3446501122"
TEXT = b'{"findings":[],"id":"1","schema":"outgate.record/1","sender":{"user":"ada"}}'


def entries(count: int) -> list[Shipped]:
    """Entries of every form."""
    found = []
    for number in range(count):
        seal = Seal(salt=bytes([number % 256]) * SALT_BYTES, cuts=cuts_of(TEXT))
        match number % 4:
            case 0:
                found.append(Shipped(text=TEXT, seal=seal))
            case 1:
                found.append(Shipped(text=TEXT))
            case 2:
                text, left = erase(TEXT, seal, range(len(seal.cuts)))
                found.append(Shipped(text=text, seal=left))
            case _:
                found.append(Shipped(text=b"", hash=bytes([number % 256]) * 32))
    return found


def run_of(made: list[Shipped], first: int = 1, prev: bytes | None = None) -> Run:
    head = prev = genesis(CHAIN) if prev is None else prev
    for number, entry in enumerate(made, first):
        head = entry.link(head, number)
    return Run(first=first, prev=prev, entries=tuple(made), head=head)


@pytest.mark.parametrize("count", [1, 4, 50])
def test_what_is_packed_is_what_is_read(count: int) -> None:
    """Every form of entry comes out as it went in, and the hashes lead to the head."""
    run = replace(run_of(entries(count)), notes=(Note(note="a\n\n- b\n", public=b"k" * 32),))
    upload = opened(packed(CHAIN, "records", run))
    assert (upload.chain, upload.kind, upload.run) == (CHAIN, "records", run)
    assert upload.hashes()[-1] == run.head


def test_changed_entries_do_not_lead_to_the_head() -> None:
    """A change of any entry, of its seal, of the order, of the number or of the beginning is seen.

    (Before one that was erased whole it is not: there the checkpoints are held against it.)
    """
    made = entries(3) * 3
    run = run_of(made)
    later = run_of(made, first=5, prev=b"p" * 32)
    other_seal = Shipped(text=TEXT, seal=Seal(salt=b"s" * 16, cuts=made[0].seal.cuts))  # type: ignore[union-attr]
    wrong = [
        replace(run, entries=(Shipped(text=TEXT + b" "), *made[1:])),
        replace(run, entries=(other_seal, *made[1:])),
        replace(run, entries=(made[1], made[0], *made[2:])),
        replace(run, prev=b"x" * 32),
        replace(run_of(made, first=1, prev=b"x" * 32)),
        replace(later, first=6),
        replace(later, head=b"h" * 32),
        replace(run, entries=(*made[:8], Shipped(text=b"", hash=b"z" * 32))),
    ]
    for one in wrong:
        with pytest.raises(BrokenUpload):
            opened(packed(CHAIN, "records", one)).hashes()
    opened(packed(CHAIN, "records", later)).hashes()


@given(data=st.binary(max_size=300))
def test_bytes_that_are_no_upload_are_refused(data: bytes) -> None:
    """Garbage, packed or not, with the right beginning or without, raises BadUpload and nothing
    else.
    """
    pack = zstandard.ZstdCompressor().compress
    for frame in (data, pack(data), pack(MAGIC + data), pack(MAGIC + b"\0\0\0\2{}" + data)):
        with pytest.raises(BadUpload):
            opened(frame)


@settings(max_examples=most(200))
@given(at=st.integers(0, 2000), by=st.integers(1, 255))
def test_a_damaged_upload_is_never_taken_for_whole(at: int, by: int) -> None:
    """Whatever byte of the unpacked text is changed: it is refused, or its hashes do not fit, or
    it says another chain, note or number; never is an entry another than it was.
    """
    run = run_of(entries(3) * 2)
    text = bytearray(zstandard.ZstdDecompressor().decompress(packed(CHAIN, "records", run)))
    at %= len(text)
    text[at] ^= by
    try:
        upload = opened(zstandard.ZstdCompressor().compress(bytes(text)))
        upload.hashes()
    except BadUpload:
        return
    assert upload.run.entries == run.entries


@with_each("cut", range(0, 400, 7))
def test_an_upload_that_ends_early_is_refused(cut: int) -> None:
    """No part of an upload is an upload."""
    frame = packed(CHAIN, "records", run_of(entries(6)))
    text = zstandard.ZstdDecompressor().decompress(frame)
    with pytest.raises(BadUpload):
        opened(frame[: cut % len(frame)])
    with pytest.raises(BadUpload):
        opened(zstandard.ZstdCompressor().compress(text[: cut % len(text)]))


def header(**changes: object) -> dict[str, object]:
    zero = "00" * 32
    fields = {"chain": CHAIN, "kind": "records", "first": 1, "last": 1, "prev": zero, "head": zero}
    return {**fields, "notes": [], **changes}


@pytest.mark.parametrize(
    "changes",
    [
        {"chain": "reviews:01a1"},
        {"chain": "records:" + "a" * 100},
        {"chain": "records:../../etc"},
        {"chain": 7},
        {"kind": "else"},
        {"first": 0},
        {"first": -1},
        {"first": 2},
        {"last": 2},
        {"last": 1 << 62, "first": 1 << 62},
        {"first": True},
        {"first": 1.0},
        {"prev": "00"},
        {"head": "zz" * 32},
        {"notes": [{}]},
        {"notes": [{"note": "x" * 3000, "key": "00" * 32}]},
        {"notes": [{"note": "x", "key": "00"}]},
        {"notes": [{"note": "x", "key": "00" * 32}] * 300},
        {"notes": None, "chain": None},
    ],
    ids=str,
)
def test_a_header_that_is_not_right_is_refused(changes: dict[str, object]) -> None:
    """No field is believed because of its name."""
    frame = packed(CHAIN, "records", run_of([Shipped(text=TEXT)]))
    text = zstandard.ZstdDecompressor().decompress(frame)
    told = orjson.dumps(header(**changes))
    length = int.from_bytes(text[len(MAGIC) : len(MAGIC) + 4], "big")
    rest = text[len(MAGIC) + 4 + length :]
    made = MAGIC + len(told).to_bytes(4, "big") + told + rest
    with pytest.raises(BadUpload):
        opened(zstandard.ZstdCompressor().compress(made))


def test_an_upload_that_unpacks_to_too_much_is_refused_before_it_is() -> None:
    """A small frame that claims, or holds, gigabytes costs nothing."""
    bomb = zstandard.ZstdCompressor(level=3).compress(bytes(MOST_BYTES + 1))
    assert len(bomb) < 100_000
    nameless = zstandard.ZstdCompressor(level=3, write_content_size=False).compress(TEXT)
    for frame in (bomb, nameless):
        with pytest.raises(BadUpload, match="too large"):
            opened(frame)
    many = run_of([Shipped(text=b"{}")] * (MOST_ENTRIES + 1))
    with pytest.raises(BadUpload, match="too many"):
        opened(packed(CHAIN, "records", many))


@pytest.mark.parametrize(
    ("chain", "kind", "is_one"),
    [
        (CHAIN, "records", True),
        ("reviews:01a1", "acts", True),
        (CHAIN, "acts", False),
        ("records:", "records", False),
        ("records:A1", "records", False),
        ("records:01 a1", "records", False),
        ("records:01a1\n", "records", False),
    ],
)
def test_names_of_chains_are_what_they_are(chain: str, kind: str, is_one: bool) -> None:
    """A chain has the name of its kind and an id, and nothing else in it."""
    assert is_chain(chain, kind) is is_one
