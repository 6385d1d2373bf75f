"""Parts of a record: what tells of people can be taken out, and the hash still proves the rest."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.attribution import UNATTRIBUTED
from core.findings import Confidence, Finding
from core.record import Record
from evidence.chain import canonical
from evidence.parts import (
    Seal,
    cuts_from_bytes,
    cuts_of,
    cuts_to_bytes,
    erase,
    gaps_of,
    kinds_of_parts,
    new_seal,
    salted_link,
    seal_entry,
    sealed_from_bytes,
    sealed_link,
)

Make = Callable[..., Record]
HOSTILE = (
    '"excerpt":"x","fingerprints":[]',
    '},{"certainty":"likely"',
    '],"id":"0',
    ',"schema":"outgate.record/1","sender":{}',
    '"where":[',
    ',"kind":"email"',
    '"findings":[{"excerpt":"',
    "\\",
    '\\"',
    "\u2028 ü 😀",
)
PREV = bytes(range(32))


def finding(excerpt: str, place: str, note: str | None = None) -> Finding:
    return Finding(
        kind="email",
        detector="email",
        confidence=Confidence.LIKELY,
        count=1,
        distinct=1,
        where=(place,),
        excerpt=excerpt,
        fingerprints=("0123456789abcdef",),
        note=note,
        unread="encrypted" if note else None,
    )


def parts_by_reading(text: bytes) -> list[bytes]:
    """Return the parts as the format words them, found by reading the JSON."""
    value = json.loads(text)
    found = []
    for one in value["findings"]:
        values = canonical({name: one[name] for name in ("excerpt", "fingerprints")})
        found += [values[1:-1], canonical({"where": one["where"]})[1:-1]]
    return [*found, canonical(value["sender"])]


texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=20))


@given(st.lists(st.tuples(texts, texts, st.none() | texts), max_size=4), texts, texts)
def test_the_parts_are_the_sender_and_what_was_found(
    found: list[tuple[str, str, str | None]], reason: str, path: str
) -> None:
    """Whatever a payload says, and be it the marks of the format itself, the parts are those of the
    structure.
    """
    from tests.evidence.conftest import make_record

    record = make_record()
    changed = replace(
        record,
        findings=tuple(finding(*one) for one in found),
        decision=replace(record.decision, reason=reason),
        destination=replace(record.destination, path=path),
        notes=(reason,),
        sender=replace(record.sender, user=path),
    )
    text = canonical(changed.to_json())
    cuts = cuts_of(text)
    assert [text[start:end] for start, end in cuts] == parts_by_reading(text)
    assert cuts_from_bytes(cuts_to_bytes(cuts)) == cuts
    words = kinds_of_parts(text, Seal(cuts=cuts))
    assert words == ("values", "places") * len(found) + ("sender",)


@given(st.sets(st.integers(0, 4)), st.sets(st.integers(0, 4)))
def test_what_is_erased_is_gone_and_the_hash_stays(first: set[int], second: set[int]) -> None:
    """Any parts may go, in any order: the hash is the same, what is left is a record, and nothing
    of what went is in it.
    """
    from tests.evidence.conftest import make_record

    record = replace(
        make_record(), findings=(finding("an••••om", "body.one"), finding("be••••um", "body.two"))
    )
    text = canonical(record.to_json())
    seal = new_seal(text)
    before = sealed_link(PREV, 7, text, seal)
    left, sealed = erase(text, seal, first)
    left, sealed = erase(left, sealed, second)
    gone = first | second
    assert sealed_link(PREV, 7, left, sealed) == before
    assert sealed.erased == gone
    for number, words in enumerate((b"an\xe2", b"body.one", b"be\xe2", b"body.two", b"analyst")):
        assert (words in left) is (number not in gone)
    again = Record.from_json(json.loads(left))
    assert canonical(again.to_json()) == left
    assert again.decision == record.decision
    told = Seal.from_json(sealed.to_json())
    assert told is not None and sealed_link(PREV, 7, left, told) == before


def test_no_part_can_be_exchanged(make_record: Make) -> None:
    """Each part, and each fact around it, is what was hashed: a change of either is seen."""
    text = canonical(make_record().to_json())
    seal = new_seal(text)
    before = sealed_link(PREV, 1, text, seal)
    for place in range(0, len(text), 7):
        changed = text[:place] + bytes((text[place] ^ 1,)) + text[place + 1 :]
        assert sealed_link(PREV, 1, changed, seal) != before
    assert sealed_link(PREV, 2, text, seal) != before
    assert sealed_link(PREV, 1, text, Seal(salt=bytes(16), cuts=seal.cuts)) != before
    assert sealed_link(PREV, 1, text, Seal(salt=seal.salt, cuts=seal.cuts[1:])) != before


@given(
    text=st.binary(max_size=200),
    places=st.lists(st.integers(0, 210), max_size=600),
    seq=st.integers(0, 2**40),
)
def test_the_short_way_to_a_hash_gives_the_hash(text: bytes, places: list[int], seq: int) -> None:
    """Writer and verification hash in fewer steps what the rule says, and never something else."""
    ends = sorted(places[: len(places) // 2 * 2])
    cuts = tuple(zip(ends[::2], ends[1::2], strict=True))
    seal = Seal(salt=bytes(range(16)), cuts=cuts)
    short = salted_link(PREV, seq, text, bytes(range(16)), gaps_of(cuts_to_bytes(cuts)))
    if ends and ends[-1] > len(text):
        with pytest.raises(ValueError, match="fit"):
            sealed_link(PREV, seq, text, seal)
        assert short == b""
    else:
        assert short == sealed_link(PREV, seq, text, seal)


def test_a_new_entry_is_sealed_as_the_rule_says(make_record: Make) -> None:
    """Its hash and its kept cuts are those of its seal."""
    text = canonical(make_record().to_json())
    seal = new_seal(text)
    assert seal.salt is not None
    hash_, cuts = seal_entry(PREV, 3, text, seal.salt)
    assert (hash_, cuts_from_bytes(cuts)) == (sealed_link(PREV, 3, text, seal), seal.cuts)


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), max_size=9))
def test_cuts_are_kept_whatever_their_size(gaps: list[tuple[int, int]]) -> None:
    """Long names and long lists are cut as exactly as short ones."""
    cuts, at = [], 0
    for gap, length in gaps:
        cuts.append((at + gap, at + gap + length))
        at += gap + length
    assert cuts_from_bytes(cuts_to_bytes(cuts)) == tuple(cuts)


def test_of_an_erased_part_nobody_can_tell_what_it_was(make_record: Make) -> None:
    """The salt is gone, and the key of the part with it: a guess cannot be tried."""
    text = canonical(make_record().to_json())
    seal = new_seal(text)
    _, sealed = erase(text, seal, {2})
    assert sealed.salt is None
    with pytest.raises(ValueError, match="erased"):
        sealed.key(2)
    assert sealed.key(0) == seal.key(0)
    assert seal.salt is not None and seal.salt.hex() not in repr(seal)


def test_nothing_can_be_said_in_place_of_what_was_erased(make_record: Make) -> None:
    """No hash covers what stands where a part was: only the words for an erased one may."""
    text = canonical(make_record().to_json())
    seal = new_seal(text)
    whole = sealed_link(PREV, 7, text, seal)
    left, sealed = erase(text, seal, range(len(seal.cuts)))
    assert sealed_link(PREV, 7, left, sealed) == whole
    for start, end in sealed.cuts:
        for at in range(start, end):
            other = left[:at] + bytes((left[at] ^ 1,)) + left[at + 1 :]
            with pytest.raises(ValueError, match="in place of what was erased"):
                sealed_link(PREV, 7, other, sealed)


def test_a_sender_that_is_not_known_is_a_part_too(make_record: Make) -> None:
    """A record without findings has one part."""
    record = replace(make_record(), findings=(), sender=UNATTRIBUTED)
    text = canonical(record.to_json())
    assert len(cuts_of(text)) == 1


@pytest.mark.parametrize(
    "seal",
    [
        Seal(salt=bytes(16), cuts=((5, 2),)),
        Seal(salt=bytes(16), cuts=((0, 10**6),)),
        Seal(salt=bytes(16), cuts=((5, 9), (7, 12))),
        Seal(cuts=((1, 2),)),
    ],
)
def test_a_seal_that_does_not_fit_is_refused(seal: Seal) -> None:
    """A damaged seal proves nothing."""
    with pytest.raises(ValueError, match="does not fit"):
        sealed_link(PREV, 1, b"x" * 40, seal)


@pytest.mark.parametrize("kept", [b"", b"\x01", b"\x02\x02\x80", b"\x04\x02\x80", b"\x03"])
def test_damaged_cuts_are_refused(kept: bytes) -> None:
    """What is kept of a seal may be damaged like all else."""
    with pytest.raises(ValueError, match="damaged"):
        cuts_from_bytes(kept)
    with pytest.raises(ValueError, match="damaged"):
        sealed_from_bytes(kept + b"x")


@pytest.mark.parametrize(
    "value",
    [
        {"parts": 3},
        {"parts": [[1]]},
        {"parts": [[1, 2]]},
        {"parts": [[1, 2, "other", "00"]]},
        {"parts": [[1, 2, "key", "zz"]]},
        {"parts": [], "salt": 3},
    ],
)
def test_a_damaged_seal_of_an_export_is_refused(value: dict[str, object]) -> None:
    """An export whose seal cannot be read does not verify."""
    with pytest.raises(ValueError):
        Seal.from_json(value)
