"""The chain: canonical bytes that any Python can recompute, and a verifier that refuses every kind
of tampering.
"""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.chain import (
    ChainBroken,
    ChainVerifier,
    _holds_tiny,
    canonical,
    canonical_with,
    genesis,
    link,
)

CHAIN = "records:test"

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=5)
    ),
    max_leaves=20,
)


def plain(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def entries(bodies: list[bytes]) -> list[tuple[int, bytes, bytes, bytes]]:
    made, head = [], genesis(CHAIN)
    for seq, body in enumerate(bodies, 1):
        hash_ = link(head, seq, body)
        made.append((seq, head, hash_, body))
        head = hash_
    return made


FOUR = entries([b'{"n":1}', b'{"n":2}', b'{"n":3}', b'{"n":4}'])


def check(chain: list[tuple[int, bytes, bytes, bytes]], *, gaps: bool = False) -> ChainVerifier:
    verifier = ChainVerifier(CHAIN, gaps=gaps)
    for entry in chain:
        verifier.feed(*entry)
    return verifier


@given(JSON_VALUES)
def test_canonical_bytes_are_those_of_a_bare_python(value: object) -> None:
    """Whoever has nothing but Python computes the very same bytes that Outgate hashed."""
    assert canonical(value) == plain(value)


@pytest.mark.parametrize(
    "value",
    [
        1e16,
        1e-5,
        0.00001234,
        -1e-7,
        1.5e300,
        5e-324,
        123456789012345680.0,
        -0.0,
        2**70,
        [1e22],
        {"b": "e12,"},
    ],
)
def test_canonical_numbers_at_the_edges(value: object) -> None:
    """Numbers that encoders write differently are written as a bare Python writes them."""
    assert canonical(value) == plain(value)
    assert canonical({"x": value}) == plain({"x": value})


@given(st.lists(st.sampled_from([*":,[-07.", "0.0000", "0000", '"', "--"]), max_size=12))
def test_small_numbers_are_told_from_times_that_end_so(pieces: list[str]) -> None:
    """Of all places where the digits stand, those behind a sign of JSON, negative or not."""
    text = "".join(pieces).encode()
    numbers = [before + sign + b"0.0000" for before in (b":", b",", b"[") for sign in (b"", b"-")]
    assert _holds_tiny(text) == any(number in text for number in numbers)


@pytest.mark.parametrize("value", ["\ud800", {"a": {"\udfff": 1}}, {1, 2}, object(), {"a": b"raw"}])
def test_what_json_cannot_hold_is_refused(value: object) -> None:
    """A value that has no JSON form is an error, never a silent replacement."""
    with pytest.raises(ValueError, match="not a JSON value"):
        canonical(value)


def test_the_link_is_the_documented_construction() -> None:
    """The hash is over the hash before, the number in eight bytes and the body: nothing else, in
    that order.
    """
    first = hashlib.sha256(b"outgate.chain/1\nrecords:test").digest()
    assert genesis(CHAIN) == first
    assert link(first, 1, b"{}") == hashlib.sha256(first + b"\0\0\0\0\0\0\0\1" + b"{}").digest()


def test_no_two_entries_share_an_input() -> None:
    """A hash before that is too short or too long cannot shift bytes between the parts."""
    with pytest.raises(ValueError, match="32 bytes"):
        link(b"short", 1, b"{}")


def test_an_untouched_chain_verifies_and_tells_its_head() -> None:
    """An honest chain passes, with its length and head for the auditor's note."""
    verifier = check(FOUR)
    assert (verifier.entries, verifier.seq, verifier.head) == (4, 4, FOUR[-1][2])


EDITED = (2, FOUR[1][1], FOUR[1][2], b'{"n":9}')
REHASHED = (2, FOUR[1][1], link(FOUR[1][1], 2, b'{"n":9}'), b'{"n":9}')
OTHER = [(1, genesis("records:other"), link(genesis("records:other"), 1, b"{}"), b"{}")]


@pytest.mark.parametrize(
    ("chain", "words"),
    [
        ([FOUR[0], EDITED, *FOUR[2:]], "entry 2 was changed after it was written"),
        ([FOUR[0], REHASHED, *FOUR[2:]], "entry 3 does not follow entry 2"),
        ([FOUR[0], *FOUR[2:]], "after entry 1 comes entry 3: 1 missing"),
        (FOUR[1:], "after entry 0 comes entry 2: 1 missing"),
        ([FOUR[0], FOUR[2], FOUR[1], FOUR[3]], "after entry 1 comes entry 3"),
        ([*FOUR[:2], FOUR[1]], "entry 2 stands after entry 2"),
        (OTHER, "entry 1 does not follow entry 0"),
        ([(1, FOUR[0][1][:-1], FOUR[0][2], FOUR[0][3])], "does not follow"),
    ],
    ids=[
        "edit",
        "edit-and-rehash",
        "deleted-inside",
        "beheaded",
        "swapped",
        "repeated",
        "transplant",
        "short-hash",
    ],
)
def test_every_kind_of_tampering_is_named(
    chain: list[tuple[int, bytes, bytes, bytes]], words: str
) -> None:
    """Edits, deletions, reordering, repetition and transplants are refused in words a person
    understands.
    """
    with pytest.raises(ChainBroken, match=words):
        check(chain)


def test_a_filtered_export_may_leave_entries_out_but_not_change_them() -> None:
    """Gaps are counted where they are allowed; an edit or a swap is refused all the same."""
    assert check([FOUR[1], FOUR[3]], gaps=True).missing == 2
    for chain in ([FOUR[0], EDITED], [FOUR[2], FOUR[1]], [FOUR[0], REHASHED, FOUR[2]]):
        with pytest.raises(ChainBroken):
            check(chain, gaps=True)


def test_a_cut_tail_is_not_seen_by_the_chain_alone() -> None:
    """This is why the head is reported: only a note taken elsewhere shows that the newest entries
    are gone.
    """
    assert check(FOUR[:2]).head != FOUR[-1][2]


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=8), st.data())
def test_any_single_changed_byte_is_found(bodies: list[bytes], data: st.DataObject) -> None:
    """There is no byte in a body that can be changed unnoticed."""
    chain = entries([b"{" + b + b"}" for b in bodies])
    index = data.draw(st.integers(0, len(chain) - 1))
    seq, prev, hash_, body = chain[index]
    at = data.draw(st.integers(0, len(body) - 1))
    changed = body[:at] + bytes([body[at] ^ data.draw(st.integers(1, 255))]) + body[at + 1 :]
    chain[index] = (seq, prev, hash_, changed)
    with pytest.raises(ChainBroken, match=f"entry {seq} was changed"):
        check(chain)


@given(st.dictionaries(st.text(max_size=5), JSON_VALUES, max_size=5), JSON_VALUES)
def test_a_text_that_is_known_in_part_is_the_same_text(value: dict[str, Any], last: Any) -> None:
    """Writing what records have in common once changes no byte of what is hashed."""
    whole = {f"a{name}": one for name, one in value.items()} | {"sender": last}
    try:
        expected = canonical(whole)
    except ValueError:
        return
    assert canonical_with(whole, "sender", canonical(last)) == expected
