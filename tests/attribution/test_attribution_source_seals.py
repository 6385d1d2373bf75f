"""Kept versions of scripts carry a seal: a text laid in another's place is not read as it."""

import hashlib
from pathlib import Path

import pytest

from attribution.identity.contents import ContentStore
from attribution.identity.source_seals import Sealed, SourceSeal

OWN, OTHER = SourceSeal.of_seed(b"a" * 32), SourceSeal.of_seed(b"b" * 32)
FIRST, SECOND = "x = 1\n", "x = 2\n"


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def store(folder: Path, seal: SourceSeal | None = OWN) -> ContentStore:
    return ContentStore(folder, str, lambda: seal)


@pytest.fixture
def kept(tmp_path: Path) -> ContentStore:
    """Two versions under the seal of the installation."""
    kept = store(tmp_path)
    for text in (FIRST, SECOND):
        assert kept.keep(text.encode(), sha(text))
        kept.keep_parts(sha(text), {"imports": [text]})
    return kept


def test_the_text_of_one_version_in_the_place_of_another_is_not_shown(
    kept: ContentStore, tmp_path: Path
) -> None:
    """Nor compared, nor said to be what it is made of; the gate then keeps it anew."""
    for what in ("", ".parts"):
        kept._place(sha(SECOND), what).write_bytes(kept._place(sha(FIRST), what).read_bytes())
    found = kept.kept(sha(SECOND))
    assert found is not None and found.text is None and found.sealed is Sealed.BROKEN
    assert kept.text(sha(SECOND)) is None and kept.diff(sha(FIRST), sha(SECOND)) is None
    assert kept.parts(sha(SECOND)) is None and kept.parts(sha(FIRST)) == {"imports": [FIRST]}
    assert kept.is_there(sha(SECOND)) and not kept.has(sha(SECOND)) and kept.has(sha(FIRST))
    assert kept.keep(SECOND.encode(), sha(SECOND)) and kept.text(sha(SECOND)) == SECOND


def test_what_a_version_is_made_of_is_no_source(kept: ContentStore) -> None:
    """The seal names what is kept, too."""
    kept._place(sha(FIRST)).write_bytes(kept._place(sha(FIRST), ".parts").read_bytes())
    assert kept.text(sha(FIRST)) is None


@pytest.mark.parametrize("at", [-1, -40, -48])
def test_no_byte_of_a_seal_passes_for_another(kept: ContentStore, at: int) -> None:
    """Of the frame, of the name of the key, of the hash: it does not fit then, or is none."""
    place = kept._place(sha(FIRST))
    changed = bytearray(place.read_bytes())
    changed[at] ^= 1
    place.write_bytes(changed)
    found = kept.kept(sha(FIRST))
    assert found is not None and found.sealed is not Sealed.FITS
    assert not kept.has(sha(FIRST))


def test_what_cannot_be_checked_says_so(kept: ContentStore, tmp_path: Path) -> None:
    """Without a seal, under another key's, and by who has no key: shown, and told apart."""
    ContentStore(tmp_path, str).keep(FIRST.encode(), sha(FIRST))
    for reader, sha256, told in (
        (kept, sha(FIRST), Sealed.NONE),
        (store(tmp_path, OTHER), sha(SECOND), Sealed.OTHER_KEY),
        (ContentStore(tmp_path, str), sha(SECOND), Sealed.OTHER_KEY),
        (kept, sha(SECOND), Sealed.FITS),
    ):
        found = reader.kept(sha256)
        assert found is not None and found.text is not None and found.sealed is told
    assert not kept.has(sha(FIRST))
    assert kept.keep(FIRST.encode(), sha(FIRST)) and kept.has(sha(FIRST))


def test_an_earlier_version_reads_what_is_sealed(kept: ContentStore, tmp_path: Path) -> None:
    """The seal is a frame that programs of zstd pass over."""
    import zstandard

    packed = kept._place(sha(FIRST)).read_bytes()
    plain = zstandard.ZstdDecompressor().decompress(packed, max_output_size=1 << 20)
    assert plain == FIRST.encode() and "a" * 32 not in repr(OWN)
