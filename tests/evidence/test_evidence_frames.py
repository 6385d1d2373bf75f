"""Texts in the file: packed, read back byte for byte, and told where they are damaged."""

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.frames import dictionary, mark, packed, teach, unpacked


@given(st.binary(max_size=2000))
def test_what_is_packed_is_read_back(text: bytes) -> None:
    """Byte for byte, also with zeros behind it, where it took a longer one's place."""
    frame = packed(text)
    assert unpacked(frame) == text
    assert unpacked(frame + bytes(9)) == text


def test_a_record_is_packed_to_a_fraction(make_record: object) -> None:
    """The dictionary knows what records have in common."""
    from evidence.chain import canonical
    from tests.evidence.conftest import make_record as made

    text = canonical(made().to_json())
    assert len(packed(text)) < len(text) / 5


@pytest.mark.parametrize("frame", [b"\x01", b"\x01nonsense", b"\xff\x28\xb5\x2f\xfd", b"\x02ab"])
def test_damage_is_told_and_never_guessed_at(frame: bytes) -> None:
    """A frame that cannot be read is none, and in a statement stands for no record."""
    with pytest.raises(ValueError, match=r"damaged|later version"):
        unpacked(frame)
    with closing(sqlite3.connect(":memory:")) as connection:
        teach(connection)
        found = connection.execute("SELECT unpacked(?), unpacked(?)", (frame, b"")).fetchone()
    assert found == (b"damaged", b"")


@given(st.binary(max_size=60))
def test_any_bytes_are_a_frame_or_refused(noise: bytes) -> None:
    """Nothing that stands in the file ends a reader otherwise."""
    try:
        unpacked(b"\x01" + noise)
    except ValueError:
        return


def test_a_frame_that_claims_to_be_huge_is_damaged() -> None:
    """No record is so long; memory is not taken on its word."""
    huge = b"\x28\xb5\x2f\xfd\xe0" + (1 << 40).to_bytes(8, "little")
    with pytest.raises(ValueError, match="damaged"):
        unpacked(b"\x01" + huge)


def test_a_later_versions_dictionary_is_told() -> None:
    """What only a later version can read is that, and not damage."""
    with pytest.raises(ValueError, match="later version"):
        dictionary(99)


@pytest.mark.parametrize(
    ("fingerprint", "found"),
    [
        ("0123456789abcdef", 0x0123456789ABCDEF >> 1),
        ("f" * 16, 2**63 - 1),
        ("", None),
        ("xy", None),
    ],
)
def test_a_fingerprint_is_looked_up_as_a_number(fingerprint: str, found: int | None) -> None:
    """What is no fingerprint has no number."""
    assert mark(fingerprint) == found
