"""What is checked in one walk over the bytes is what is read entry by entry."""

from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from app.demo.simulated_endpoints import made_up_records, write_evidence
from core.ids import utc_now
from evidence.chain import genesis
from evidence.erasure import Wanted, erase_now
from evidence.parts import SALT_BYTES, Seal, erase
from evidence.shipping import Run, Shipped, shipped_file
from examples import most
from fleet.walking import Walked, walk
from fleet.wire import BadUpload, BrokenUpload, opened, packed, packed_stretch, unpacked

CHAIN = "records:01a1"
TEXT = b'{"a":"the first part","b":"the second"}'
_SALTED = Seal(salt=b"s" * SALT_BYTES, cuts=((5, 21), (26, 38)))


def run_of(entries: list[Shipped], first: int = 1, prev: bytes | None = None) -> Run:
    before = head = genesis(CHAIN) if prev is None else prev
    for seq, entry in enumerate(entries, first):
        head = entry.link(head, seq)
    return Run(first=first, prev=before, entries=tuple(entries), head=head)


def some_entries() -> list[Shipped]:
    """One of each form."""
    text, seal = erase(TEXT, _SALTED, {1})
    return [
        Shipped(text=TEXT),
        Shipped(text=TEXT, seal=_SALTED),
        Shipped(text=TEXT, seal=Seal(salt=b"t" * SALT_BYTES, cuts=())),
        Shipped(text=text, seal=seal),
        Shipped(text=b"", hash=b"h" * 32),
    ]


def walked(frame: bytes) -> Walked:
    return walk(*unpacked(frame))


def both(frame: bytes) -> tuple[object, object]:
    """What one walk says, and what reading entry by entry says: hashes, or that they do not fit."""
    found: list[object] = []
    for fast in (True, False):
        try:
            found.append(walked(frame).hashes if fast else opened(frame).hashes())
        except BadUpload:
            found.append("refused")
    return found[0], found[1]


def test_every_form_of_entry_has_the_hash_that_it_has_by_itself() -> None:
    """Whole ones, those hashed by parts, those of which something was erased, and empty ones."""
    entries = some_entries()
    for first, prev in ((1, None), (7, b"p" * 32)):
        frame = packed(CHAIN, "records", run_of(entries, first, prev))
        found = walked(frame)
        assert found.hashes == opened(frame).hashes()
        assert found.texts == [entry.text for entry in entries]
        assert found.emptied == [first + 3, first + 4]


@settings(max_examples=most(300))
@given(at=st.integers(0, 3000), by=st.integers(1, 255), cut=st.integers(0, 3000))
def test_a_damaged_upload_is_refused_by_both(at: int, by: int, cut: int) -> None:
    """No byte can be changed and no end cut off so that the walk takes what reading refuses."""
    text = bytearray(
        zstandard.ZstdDecompressor().decompress(packed(CHAIN, "records", run_of(some_entries())))
    )
    text[at % len(text)] ^= by
    changed = bytes(text)
    for one in (changed, bytes(text)[: cut % len(text)]):
        fast, slow = both(zstandard.ZstdCompressor().compress(one))
        assert fast == slow


@pytest.mark.parametrize(
    "change",
    [
        {"first": 2},
        {"prev": b"x" * 32},
        {"head": b"h" * 32},
        {"entries": tuple(some_entries()[:2]) + tuple(some_entries()[3:4])},
        {"entries": tuple(reversed(some_entries()[:4]))},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_run_that_is_not_the_one_claimed_is_broken(change: dict[str, object]) -> None:
    """Entries left out, moved or claimed for another place lead to another head."""
    made = run_of(some_entries()[:4])
    values = {name: getattr(made, name) for name in ("first", "prev", "entries", "head")}
    frame = packed(CHAIN, "records", Run(**{**values, **change}))
    with pytest.raises(BrokenUpload):
        walked(frame)


def test_what_is_shipped_as_it_is_kept_is_what_is_read_entry_by_entry(tmp_path: Path) -> None:
    """The message is the same byte for byte, also after an erasure, which it is told of."""
    path = tmp_path / "evidence.db"
    write_evidence(path, made_up_records(3, 50, utc_now()))
    for emptied in (False, True):
        with shipped_file(path) as file:
            for kind in ("records", "acts"):
                run, stretch = file.run(kind, 0, 40, 1 << 20), file.stretch(kind, 0, 40, 1 << 20)
                assert (run is None) == (stretch is None)
                if run is None or stretch is None:
                    continue
                assert packed_stretch(CHAIN, kind, stretch) == packed(CHAIN, kind, run)
                assert stretch.emptied == (emptied and kind == "records")
        wanted = Wanted(users=frozenset({"amara", "bruno", "chen", "dana"}))
        erase_now(path, wanted, who="officer", why="asked for")
