"""Bytes spelled in text: whatever looks like it and is none breaks nothing."""

import base64
import json
from collections.abc import Callable
from random import Random

import pytest
from families import with_each
from hypothesis import given, settings
from hypothesis import strategies as st
from unread_packings import BINARY, TEXTUAL

from classifiers.codecs import bases
from classifiers.decoding import dumps, spelled
from examples import most

_LOOKS = st.text(
    st.sampled_from("ABCDEFGHabcdefgh0123456789+/-_=\\\n\r\t ,;:%~<>{}|xXuU'\"&#"), max_size=300
)
_SEEDS = st.sampled_from(
    [
        "Write to\\nanna.muster@example.com\\n",
        "begin 644 a\n#0V%T\n`\nend\n",
        "begin-base64 644 a\nQ2F0\n====\n",
        "=ybegin line=128 size=3 name=a\n\x8b\x8c\n=yend size=3\n",
        "0x41,0x42,0x43 41:42:43 01000001 01000010 65,66,67 U+0041 \\u0041\\x41 =41=42",
        "<~87cURD]~> HelloWorld nm=QNzY&b1A+]nf",
    ]
)


@given(st.lists(st.one_of(_LOOKS, _SEEDS), max_size=6))
@settings(max_examples=most(600))
def test_no_text_breaks_the_reading(pieces: list[str]) -> None:
    """Prose with backslashes, dumps and torn encodings: nothing is a fault of the decoder."""
    data = "".join(pieces).encode()
    for found in spelled.stretches(data):
        assert found.data
    for run in data.split():
        list(bases.base_32(run))
    dumps.without_yenc(data)


@with_each("between", [b"", b"\n", b" ", b"\r\n\t", b"\\", b'"\n "'])
@with_each("size", range(1, 24))
def test_base_64_is_read_whatever_stands_between(between: bytes, size: int) -> None:
    """Line ends, spaces, quotes and backslashes; and one text behind the padding of another."""
    plain = b"DE90871318609139099603-x"[:size]
    encoded = base64.b64encode(plain)
    torn = between.join(encoded[at : at + 4] for at in range(0, len(encoded), 4))

    assert bases.from_base_64(torn) == plain
    if encoded.endswith(b"="):
        assert bases.from_base_64(torn + torn) == plain + plain


def test_beginnings_in_beginnings_are_read_once() -> None:
    """Thousands of lines that begin an encoding and end none cost no more than their length."""
    lines = b"begin 644 a\n"
    assert len(list(spelled.stretches(lines * 20_000))) <= 2


@pytest.mark.parametrize(
    "text",
    [
        "write to anna.weber123@nordwind-logistik.example please",
        "see https://docs.example.com/guide/start.html?page=2&sort=name#first for more",
        "7001,anna.weber@example.com,+493090184711,2026-01-02,called twice",
        "The Quick Brown Fox Jumps Over The Lazy Dog And 12 More Of Them Ran Away",
        "for item in results.get('items',[]):print(item['name'],item['value'])",
    ],
)
def test_addresses_links_rows_and_prose_are_not_taken_for_encoded(text: str) -> None:
    """What every request holds costs no second reading."""
    assert not spelled.worth_reading(text.encode())
    assert not list(spelled.stretches(text.encode()))


@pytest.mark.parametrize("encode", [base64.b85encode, base64.a85encode])
@pytest.mark.parametrize("size", [24, 40, 200])
def test_base_85_is_recognised(encode: Callable[[bytes], bytes], size: int) -> None:
    """Of five hundred encoded stretches of random letters one in fifty looks like something
    else at most."""
    drawn = Random(size)
    missed = 0
    for _ in range(500):
        plain = bytes(drawn.choices(b"abcdefghijklmnopqrstuvwxyz 0123456789", k=size))
        token = encode(plain)
        found = spelled.worth_reading(b'{"blob": ' + json.dumps(token.decode()).encode() + b"}")
        missed += not (found and any(plain in one.data for one in spelled.stretches(token)))
    assert missed <= 10


def test_base64_in_groups_is_read_from_its_first_group() -> None:
    """What stands before the first group that looks encoded and is as wide belongs to it."""
    encoded = b"MikvTXQz QUVGJTJg LCZSMWhK YVtAbCVV UUE3Nz8r Ml10SjFG Kik+O0FU QW5QMl4h"
    plain = bases.from_base_64(encoded)
    found = [one.data for one in spelled.stretches(b"See this: " + encoded)]
    assert plain in found


@pytest.mark.parametrize("name", sorted({**BINARY, **TEXTUAL}))
def test_what_is_looked_for_first_leaves_nothing_out(name: str) -> None:
    """The one look at a text that tells whether any form may stand in it is right for each of them,
    and for forms in forms.
    """
    ways = {**BINARY, **TEXTUAL}
    value = b"Customer 77 pays from DE02120300000000202051 and writes to anna@example.org. " * 3
    packed = ways[name](value)
    for inner in (packed, *(way(packed) for way in TEXTUAL.values())):
        for text in (inner, b"see: " + inner + b" end", inner[: len(inner) * 2 // 3]):
            forms = list(spelled._told_by_form(text))
            assert list(spelled.stretches(text))[: len(forms)] == forms


@given(st.lists(st.one_of(_LOOKS, _SEEDS), max_size=6))
@settings(max_examples=most(600))
def test_what_is_looked_for_first_stands_in_every_form(pieces: list[str]) -> None:
    """Nothing that a form would read is passed over for want of the first look."""
    data = "".join(pieces).encode()
    forms = list(spelled._told_by_form(data))
    assert list(spelled.stretches(data))[: len(forms)] == forms
