"""Words broken at the end of a line are found by a look at line ends; amounts are no hex digits."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.decoding import joints, spelled
from examples import most

_IN_WORDS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_FRONTS = b" \t>#*/"
_KEY = "the key is sk1234567890abcdef12"
_TEXTS = st.lists(
    st.one_of(
        st.text(st.sampled_from("ABab019+/ \n\r\t>#*@_-."), max_size=60),
        st.sampled_from(
            [
                "DE75512108001245126199 is the account of somebody who",
                f"{_KEY}\n> 34567890 and nothing else may be it",
                f"{'a' * 40}4539578763\n621486 x",
                f"{'7' * 45}\n{'8' * 12}\n9",
                "\n",
                "\r\n",
            ]
        ),
    ),
    max_size=12,
).map(lambda pieces: "".join(pieces).encode())


def _line_by_line(data: bytes) -> list[tuple[int, int, bytes]]:
    """Return what is broken at line ends, each line looked at."""
    lines = data.split(b"\n")
    widest = max(map(len, lines))
    rows = sum(line.lstrip(_FRONTS)[:1].isdigit() for line in lines[1:]) > 1
    found, start = [], 0
    for whole, below in pairwise(lines):
        line, end = whole.rstrip(b"\r"), start + len(whole)
        start = end + 1
        is_folded = below[:1] in (b" ", b"\t") and len(line) >= 60
        left = line[len(line.rstrip(_IN_WORDS)) :]
        right = below.lstrip(_FRONTS)
        right = right[: len(right) - len(right.lstrip(_IN_WORDS))]
        word = left + right
        digits = sum(chr(byte).isdigit() for byte in word)
        tells = 12 <= len(word) <= 4096 and (digits >= 6 or (digits > 1 and len(word) >= 16))
        if digits < len(word) and not word.translate(None, b"0123456789./"):
            tells = False
        wide = widest >= 37 and (is_folded or len(line) >= max(37, widest - 20))
        is_broken = left and right and len(left) < len(line)
        if is_broken and tells and wide and not (rows and word.isdigit()):
            found.append((end - len(left), end + len(below), word))
    return found


@given(_TEXTS)
@settings(max_examples=most(2000))
def test_a_look_at_line_ends_misses_no_broken_word(data: bytes) -> None:
    """Of any text the same words come out as when each of its lines is looked at."""
    assert [tuple(one) for one in joints._wrapped(data)] == _line_by_line(data)


def test_words_broken_at_two_line_ends_are_both_found() -> None:
    """The line behind a broken word may end in another one."""
    lines = (
        b"we wrote all of it down for you: 4539ab78\n76543210fedc and this goes on: 98ab7654\n"
        b"0123ef99cd, and that was all of it, as we said"
    )
    words = [one.word for one in joints._wrapped(lines)]

    assert words == [b"4539ab7876543210fedc", b"98ab76540123ef99cd"]


def test_amounts_and_dates_are_no_places_of_hex() -> None:
    """A ledger's lines are not read a second time; hex among them is."""
    line = b"total depot 2026-01-02 42.10 42.10 42.10 2026-01-03 open\n"
    told = b"maria.beispiel@contoso.com".hex(" ").encode()
    assert not list(spelled.places(line * 50))

    places = list(spelled.places(line * 50 + told + b"\n" + line * 50))

    begin = len(line) * 50
    assert any(start <= begin and end >= begin + len(told) for start, end in places)
    assert all(start >= len(line) * 49 for start, _ in places)


@given(
    st.lists(
        st.one_of(
            st.sampled_from([b"42.10 ", b"2026-01-02 ", b"\n", b"open "]),
            st.binary(min_size=4, max_size=30).map(lambda data: data.hex(" ").encode() + b" "),
        ),
        max_size=30,
    )
)
@settings(max_examples=most(600))
def test_what_pairs_of_digits_say_is_in_a_place(pieces: list[bytes]) -> None:
    """Where something is spelled in pairs of digits, its lines are among those that are read."""
    data = b"".join(pieces)
    said = [one.data for one in spelled.stretches(data) if one.how == "hex"]
    lines = b"\n".join(
        data[data.rfind(b"\n", 0, start) + 1 : end] for start, end in spelled.places(data)
    )
    if said:
        assert lines
