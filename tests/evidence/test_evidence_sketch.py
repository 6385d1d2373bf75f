"""How many different people there are is told without keeping who they are."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.sketch import Sketch, _hashed, hashes_of, stand_in, told_by

VALUES = st.lists(st.integers(0, 2000).map(str), max_size=300)


@given(VALUES, VALUES, VALUES)
def test_the_order_of_joining_changes_nothing(a: list[str], b: list[str], c: list[str]) -> None:
    """Whatever the batches were, the same number comes out."""
    one, two = Sketch(), Sketch()
    one.add(a + b + c)
    for part in (c, a, b, a):
        other = Sketch()
        other.add(part)
        two.join(Sketch.of_text(other.to_text()))
    assert one == two
    assert one.least == two.least == len({*a, *b, *c})


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 700)), max_size=9), st.booleans())
def test_what_is_left_out_early_is_what_would_be_left_out_late(
    parts: list[tuple[int, int]], again: bool
) -> None:
    """Far beyond what is kept, too, only the values count: not how they came, nor how often."""
    grown, plain = Sketch(), Sketch()
    for start, count in parts * (1 + again):
        part = Sketch()
        part.add(str(n) for n in range(start * 400, start * 400 + count))
        grown.join(part)
        assert grown.to_text() == grown.to_text()
    values = {str(n) for start, count in parts for n in range(start * 400, start * 400 + count)}
    plain.add(values)
    assert grown == plain
    assert (grown.least, grown.exact) == (plain.least, plain.exact)


def test_many_are_told_as_a_number_that_it_is_at_least() -> None:
    """From some hundred on the number is a careful estimate, never more than there are."""
    sketch = Sketch()
    for n in range(0, 100_000, 20):
        sketch.add(str(one) for one in range(n, n + 20))
        if n in {400, 1_000, 5_000, 20_000, 99_980}:
            assert 0.6 * (n + 20) <= sketch.least <= n + 20, n
    assert not sketch.exact
    assert len(sketch.to_text()) == 512 * 8


def test_the_values_cannot_be_had_from_it() -> None:
    """Only short hashes are kept, which thousands of fingerprints share."""
    sketch = Sketch()
    sketch.add(["0123456789abcdef"])
    assert "01234567" not in sketch.to_text()
    assert len(sketch.to_text()) == 8


@given(st.lists(st.integers(0, 5000).map(str), max_size=900))
def test_its_text_alone_tells_how_many_there_are(values: list[str]) -> None:
    """A page of cases reads no sketch, and says the same."""
    sketch = Sketch()
    sketch.add(values)
    assert told_by(sketch.to_text()) == (sketch.least, sketch.exact)
    with pytest.raises(ValueError, match="cut"):
        told_by(sketch.to_text() + "0")


def test_what_is_told_in_between_changes_nothing() -> None:
    """The order is kept and not made anew each time: it is the same as if it were."""
    rng = random.Random(7)
    asked, alone, all_ = Sketch(), Sketch(), list[str]()
    for _ in range(60):
        some = [f"{rng.getrandbits(64):016x}" for _ in range(rng.randrange(60))]
        all_ += some
        if rng.random() < 0.5:
            asked.add(some)
        else:
            other = Sketch()
            other.add(some)
            asked.join(other)
        alone = Sketch()
        alone.add(all_)
        assert asked.to_text() == alone.to_text()
        if rng.random() < 0.3:
            asked = Sketch.of_text(asked.to_text())


def test_of_many_values_no_more_are_kept_than_are_told() -> None:
    """Once so many are there, what is larger than all of them is not looked at again."""
    sketch = Sketch()
    sketch.add(map(str, range(600)))
    told = sketch.to_text(), sketch.least, sketch.exact
    assert len(sketch._hashes) == 512
    largest = int(told[0][-8:], 16)
    late = Sketch()
    late.add(one for one in map(str, range(600, 3_000)) if _hashed(one) > largest)
    sketch.join(late)
    assert len(sketch._hashes) == 512
    assert (sketch.to_text(), sketch.least, sketch.exact) == told


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5000)), max_size=60), st.booleans())
def test_what_is_told_is_what_all_values_tell_at_once(
    steps: list[tuple[bool, int]], often: bool
) -> None:
    """Asked for between, or at the end; added, or joined: the smallest hashes of all."""
    grown, values = Sketch(), set[str]()
    for joins, start in steps:
        some = [str(one) for one in range(start, start + 40)]
        values.update(some)
        part = Sketch()
        part.add(some)
        if joins:
            grown.join(part)
        else:
            grown.add(some)
        if often:
            assert grown.least <= max(512, len(values))
    smallest = sorted(set(map(_hashed, values)))[:512]
    assert grown.to_text() == "".join(f"{one:08x}" for one in smallest)
    assert grown.exact == (len(smallest) < 512)
    assert grown.least == told_by(grown.to_text())[0]


@given(st.sets(st.integers(0, 5000), min_size=1, max_size=900), st.data())
def test_a_value_can_be_taken_out_and_still_counts(values: set[int], data: st.DataObject) -> None:
    """Its hash gives way to a random number; how many there are stays, and all others."""
    sketch = Sketch()
    sketch.add(map(str, values))
    gone = str(data.draw(st.sampled_from(sorted(values))))
    stand_ins = {one: stand_in(one) for one in hashes_of({gone})}
    text, left = sketch.to_text(), sketch.without(stand_ins)
    kept = {text[at : at + 8] for at in range(0, len(text), 8)}
    if f"{_hashed(gone):08x}" not in kept:
        assert left is None
        return
    assert left is not None
    other = left.to_text()
    assert f"{_hashed(gone):08x}" not in {other[at : at + 8] for at in range(0, len(other), 8)}
    assert (len(other), left.exact) == (len(text), sketch.exact)
    assert sketch.least <= left.least <= sketch.least * 1.01
    assert left.without(stand_ins) is None
    assert sketch.without(dict.fromkeys(hashes_of({"never"}), 0)) is None
