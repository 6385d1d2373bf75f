"""Quick looks say what the slow ones say: they save time, and nothing else."""

import json
import re
import string
from collections.abc import Callable, Iterator, Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from classifiers.codecs.limits import INLINE
from classifiers.codecs.linear import compiled, holding
from classifiers.decoding import (
    base_91,
    dump_lines,
    dumps,
    escapes,
    first_look,
    joints,
    json_walk,
    looking,
    number_lists,
    packed,
    pieces,
    spelled,
)
from classifiers.decoding.decode_state import Reading
from classifiers.destinations.credential_in_use import credential
from classifiers.found_values import _all_bare, _bare
from classifiers.payload import Payload, Segment
from classifiers.personal import detector
from classifiers.personal.scan.ibans import check_iban
from destinations.credentials import KEY_HEADERS

WHOLE = compiled("|".join(f"(?:{one})" for one in (first_look.HEX, *first_look.BUT_PAIRS)))
PIECES = st.sampled_from(
    [
        *("a", "Zq", "0", "12 ", "77, ", "0x4f, ", "&H44 ", "68u8;", "'D',", '"e", ', "\\n", "\n"),
        *("\\", '\\"', '"', "  ", "<br>", "=\n", "](", "#}", "[/", "*", "`", "~", "_", "@", "%41"),
        *("%u0041", "_x0041_", "&#65;", "\x07", "\x85", "é", "\U000e0041", "{", ":", "ABCDEF"),
        *("DE89 3704 0044 0532 0130 00", "0000010: 4f4f 4f4f 4f4f\n", "QED8WEX0", "$%*+./:-"),
        *("N4Ig5gTg%Q9?}~", "!!!!", "fH*9?'Zk;", "the quick brown fox ", "4539-5787-6362-1486"),
        *("((byte)68, ", "c[0]=68; ", "jane.roe@contoso.com", "M7S9"),
        *("U+0041 ", "chr(68)+", "+AGEAYg-", "=4A", "begin 644 x\n", "01000001 ", "101 102 "),
        *("amFuZS5yb2VA Y29udG9zby5jb20= ", "[1,2,3]", '{"a":"4539578763621486"}', "(dp0\n"),
        *('"6a", ', "'6a',", "\u202e125368", "nmx", "a=40b.de", "a+AEA-b.de", "\n(c) "),
        *("\x7f", "& ", "&amp;", "% ", "9" * 26, "data:,a%20b", "MIME-Version: 1.0\n", "+44 20 "),
    ]
)
TEXTS = st.lists(st.tuples(PIECES, st.integers(1, 14)), max_size=8).map(
    lambda some: "".join(piece * often for piece, often in some)
)
LOOKS: tuple[tuple[Callable[[bytes], bool], Callable[[bytes], Iterator[object]]], ...] = (
    (base_91.may_hold, base_91.places),
    (dumps.holds_base_45, dumps.base_45_places),
    (dump_lines.may_hold, dump_lines.places),
    (number_lists.may_hold, number_lists.places),
    (number_lists.may_be_quoted, number_lists.quoted_places),
)


@pytest.mark.parametrize(("look", "places"), LOOKS, ids=lambda one: one.__module__)
@given(text=TEXTS)
def test_a_look_says_whether_there_is_a_place(
    look: Callable[[bytes], bool], places: Callable[[bytes], Iterator[object]], text: str
) -> None:
    """No quick test leaves out a text in which something stands."""
    data = text.encode()
    assert look(data) == any(True for _ in places(data))


@pytest.mark.parametrize(("look", "places"), LOOKS, ids=lambda one: one.__module__)
def test_each_look_finds_something(
    look: Callable[[bytes], bool], places: Callable[[bytes], Iterator[object]]
) -> None:
    """What the comparison above runs over is not only texts that hold nothing."""
    assert any(look(data) and any(True for _ in places(data)) for data in HOLDING)


HOLDING = (
    b"see N4Ig5gTg%Q9?}~]A9z/L here",
    b"code YN8 QE+3E5$CC34R/6E9E-FFE440LE ZDHS8846*96946646646646646NF6NF6RW611 or so",
    b"a\n0000010: 4f4f 4f4f\n",
    b"0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47",
    b"'a','b','c','d','e','f','g','h','i','j','k','l','m','n'",
)


@given(text=TEXTS)
def test_signs_of_joints_and_escapes_are_those_that_were_named(text: str) -> None:
    """One call over all signs at once sees what a call for each sees."""
    data = text.encode()
    pairs = ((b"(", b"]("), (b"}", b"#}"), (b"[", b"[/"), (b"\n", b"=\n"), (b"\r", b"=\r"))
    signs = any(sign in data for sign in (b"*", b"<", b"`", b"\\", b"'", b"~"))
    letters = first_look.letters_of(data)
    assert joints._has_signs(data, letters.signs) == (
        signs or any(a in data and b in data for a, b in pairs)
    )
    assert escapes._has_signs(text) == (re.search(r"[\\&]|%u|_x", text) is not None)
    controls = re.search("[\x00-\x08\x0e-\x1f\x7f-\x9f]", text) is not None
    assert packed._has_controls(text, data) == controls


@given(text=TEXTS)
def test_letters_are_counted_in_what_is_left_as_in_the_whole(text: str) -> None:
    """Signs and digits are the same, told together or each by itself."""
    data = text.encode()
    letters = first_look.letters_of(data)
    assert letters.signs == first_look.signs_of(data)
    assert letters.signs.encode("latin-1") == re.sub(rb"[A-Za-z0-9 ,.]", b"", data)
    assert letters.digits == len(re.findall(rb"[0-9]", data))


def test_lists_without_small_letters_are_looked_for_where_there_are_few() -> None:
    """What asks for both first asks for less than either: for as many bytes at most, and for all of
    their letters.
    """
    for letters, run in (
        (number_lists._NO_LETTERS, number_lists._RUN),
        (dumps._ARE_OF_45, dumps._RUN_OF_45),
    ):
        assert spelled._FEW_SMALL in run
        both = zip(letters, spelled._ARE_NOT_SMALL, strict=True)
        assert all(other for one, other in both if one)


@example(text="iban: DE02")
@example(text='"iban":')
@example(text="iban\n")
@given(text=st.one_of(TEXTS, st.text("a:'\"\n ", max_size=6)))
def test_lines_are_looked_for_where_a_sign_tells_of_them(text: str) -> None:
    """A text with neither a colon nor a line end holds none."""
    assert detector._have_lines([Segment(text, None)], [0]) == detector._has_lines(text)


@given(parts=st.lists(st.sampled_from(["", "4539", "5787", "63621486", "Zq1bM", "chat"])))
def test_parts_of_a_path_that_differ_in_length_say_nothing_together(parts: list[str]) -> None:
    """Only those that are as long as their neighbour are put together."""
    if len(set(map(len, parts))) == len(parts):
        assert not list(pieces.in_a_row(parts))


SHAPES = (*first_look._IN_DIGITS, *first_look._IN_LETTERS, *first_look._WITH_SIGNS)


@pytest.mark.parametrize("shape", SHAPES)
@given(data=st.data())
def test_no_shape_is_passed_over_by_the_first_look(shape: str, data: st.DataObject) -> None:
    """Whatever has one of the shapes passes what is asked before its pattern is, in a text and in
    JSON as it is sent.
    """
    found = data.draw(st.from_regex(shape.encode("latin-1"), fullmatch=True))
    before, after = data.draw(
        st.tuples(*[st.sampled_from([b"", b" ", b'{"a":"', b'"}', b"."])] * 2)
    )
    text = before + found + after
    told = WHOLE.search(text) is not None
    assert first_look.is_told(text, first_look.letters_of(text).signs) == told
    assert told or before or after or "\\b" in shape


@given(text=TEXTS)
def test_what_is_told_by_its_form_is_told_by_the_groups_of_shapes(text: str) -> None:
    """The shapes in groups, each behind what it cannot do without, say what all of them at once
    say.
    """
    for data in (text.encode(), json.dumps([text]).encode()):
        told = first_look.is_told(data, first_look.letters_of(data).signs)
        assert told == (WHOLE.search(data) is not None)


@given(texts=st.lists(TEXTS, max_size=4), spaced=st.booleans(), escaped=st.booleans())
def test_texts_in_which_nothing_is_packed_are_what_they_look_like(
    texts: list[str], spaced: bool, escaped: bool
) -> None:
    """Where no text in a body is worth looking at, looking at each finds nothing: the same segments
    stand for the same places, and nothing is left to read or unread.
    """
    separators = None if spaced else (",", ":")
    root = {"messages": [{"role": "user", "content": text, "n": 5} for text in texts]}
    data = json.dumps(root, ensure_ascii=escaped, separators=separators).encode()
    if looking.worth_looking(data):
        return
    plain, deep = (Reading(Payload(), INLINE) for _ in range(2))
    json_walk.walk(plain, root, None, (), 0, deep=False)
    json_walk.walk(deep, root, None, (), 0, deep=True)
    assert deep.payload.segments == plain.payload.segments
    assert not deep.pending and not deep.payload.unread and not deep.payload.documents
    assert not list(pieces.large_numbers(data))


@given(cells=st.lists(TEXTS, max_size=5))
def test_a_column_in_which_nothing_is_packed_is_what_it_looks_like(cells: list[str]) -> None:
    """Where no cell of a column is worth looking at, looking at all of them finds nothing."""
    text = "\n".join(cells)
    data = text.encode()
    if looking.worth_looking(data, column=True):
        return
    reading = Reading(Payload(), INLINE)
    packed.unpack(reading, text, data, None, (), 0, column=True)
    assert not reading.pending and not reading.payload.unread and not reading.payload.documents


@pytest.mark.parametrize(
    "cell",
    [
        *("jo=40x.de", "jo+AEA-x.de", "=6A=6F=40", "ed.x\u202eed.x@oj", "jo%40x.de", "jo&#64;x.de"),
        *("&AG8AbgBlAC0-", "jo_x0040_x.de", "jo\\x40x.de", "jo\x85", "jo\x7f"),
    ],
)
@pytest.mark.parametrize("other", ["Ann", "a longer note about nothing at all"])
def test_a_short_cell_that_is_escaped_makes_its_column_worth_looking_at(
    cell: str, other: str
) -> None:
    """An escape needs no room: neither short cells nor longer ones beside it hide it."""
    assert looking.worth_looking(f"{other}\n{cell}\nBob".encode(), column=True)


@pytest.mark.parametrize(
    "text",
    [
        "a gross margin of 4.7 % in the third quarter of 2025, up from 3.9 %",
        "Smith & Sons, R&D; see A&B and the 5% of them",
        'she said "no" and then "perhaps", for {the} [second] time',
    ],
)
def test_signs_that_begin_no_escape_make_nothing_worth_looking_at(text: str) -> None:
    """A bare percent sign, an `&` and quotes inside a text are what they look like."""
    assert not looking.worth_looking(json.dumps({"content": text, "n": 12}).encode())


@pytest.mark.parametrize(
    "text",
    [
        *(
            "jane%40contoso.com",
            "%u006aane",
            "&#106;ane",
            "jane&commat;contoso.com",
            "&AG8AbgBlAC0-",
        ),
        *(
            '{"card":"4539578763621486"}',
            '["a@b.example"]',
            '"quoted"',
            "a\\u0041b",
            "\x07",
            "\x7f",
        ),
        *("data:,a%20b", "data:text/plain,abc", "_x0041_bc", "(dp0\nS'a'\np1\ns.", "%PDF-1.7 and"),
        *(
            "cnumpy.core\n",
            "age-encryption.org/v1\n",
            "-----BEGIN PGP MESSAGE-----",
            "=ybegin line=1",
        ),
        *("MIME-Version: 1.0\nSubject: x\n\ny", "1.234.567.890.123", "[" + "9" * 30 + "]"),
        *("é\U000e0041", "a\x85b", "see \u202eed.x@oj", f"see {', '.join(['"6a"'] * 12)} here"),
    ],
)
def test_what_packs_another_text_is_worth_looking_at(text: str) -> None:
    """Each sign that an unpacking begins with passes the look at the whole body."""
    for escaped in (True, False):
        body = json.dumps({"content": text}, ensure_ascii=escaped)
        assert looking.worth_looking(body.encode())


@given(text=TEXTS)
def test_whether_a_pattern_stands_in_a_text_needs_no_match(text: str) -> None:
    """`holding` says what a search finds, at every place, in an empty text too."""
    pattern = compiled(r"[0-9]{2}[a-z]|\xe9$")
    assert holding(pattern)(text.encode()) == (pattern.search(text.encode()) is not None)


@given(text=TEXTS)
def test_each_text_is_judged_as_by_all_looks(text: str) -> None:
    """The first look that finds something answers, and one that finds nothing answers nothing."""
    data = text.encode()
    told = WHOLE.search(data) is not None or any(True for _ in spelled._dense_places(data))
    others = any(may_hold(data) for _, may_hold, _, _ in spelled._others(data))
    assert spelled.worth_reading(data) == (told or others)


SIGNS = " -._/,\t\r\n·"
IBANS = ("DE89370400440532013000", "NO9386011117947", "GB29NWBK60161331926819", "DE8937040044")


@given(
    st.sampled_from(IBANS),
    st.lists(st.tuples(st.integers(0, 24), st.sampled_from(SIGNS)), max_size=12),
    st.sampled_from(["", " ", "1", " and", "\n7"]),
)
def test_an_iban_ends_behind_its_last_letter_whatever_parts_it(
    iban: str, gaps: list[tuple[int, str]], after: str
) -> None:
    """What is used of the text is all of the number, and no sign behind it."""
    written = iban
    for at, sign in gaps:
        place = 2 + at if 2 + at < len(written) else len(written) - 1
        written = written[:place] + sign + written[place:]
    found = check_iban(written + after)
    whole = iban != IBANS[-1] and not after[:1].isalnum()
    assert found == ((iban, len(written)) if whole else None)


@given(st.lists(st.text(string.printable + "éß\u0130", max_size=12), max_size=6))
def test_bare_texts_are_the_same_one_by_one_and_together(texts: list[str]) -> None:
    """Line ends within a text, and letters beyond ASCII, do not put it into two."""
    assert _all_bare(texts) == list(map(_bare, texts))


class Headers(dict[str, str]):
    """Counts what is asked for by name."""

    asked = 0

    def get(self, *names: str) -> str | None:  # type: ignore[override]
        self.asked += 1
        return super().get(*names)


@pytest.mark.parametrize("name", ["", *KEY_HEADERS])
def test_headers_are_asked_one_by_one_only_where_a_key_is_among_them(name: str) -> None:
    """Most requests carry none of some thirty headers that may hold a key."""
    headers = Headers({"accept": "a", "host": "b", **({name: " secret "} if name else {})})
    told: Mapping[str, str] = headers
    assert credential(told, "/v1/x") == ("secret" if name else None)
    assert name or headers.asked <= 2
