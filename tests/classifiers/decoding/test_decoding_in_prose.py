"""What who reads a text puts together: lists amid prose, words of some bytes, bits, signs struck
over others, entities, numbers behind words of a shell; and what only looks so.
"""

import json
import random
from typing import Literal

import pytest
from families import with_each
from hold_out_bodies import IBAN, LINE, written
from hypothesis import given
from hypothesis import strategies as st
from made_up_traffic import exchange

from classifiers.decoding import in_prose, number_bases, pieces
from classifiers.decoding.first_look import letters_of
from classifiers.engine import EngineSetup, build_worker
from core.organisation import Organisation

WORKER = build_worker(EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False))
SAID = LINE.strip()
ORDERS: tuple[Literal["big", "little"], ...] = ("big", "little")


def kinds(text: str) -> set[str]:
    asked = {"role": "user", "content": f"Here it is:\n{text}\nThanks."}
    sent = exchange(json.dumps({"model": "m", "messages": [asked]}))
    return {found.kind for found in WORKER.classify(sent).findings}


@pytest.mark.parametrize(
    "name",
    [
        "letters by place",
        "addresses of IPv4",
        "addresses of Ethernet",
        "addresses of Ethernet, dashed",
        "colours",
        "numbers of two bytes",
        "numbers of three bytes",
        "numbers of four bytes",
        "numbers of four bytes, turned",
        "numbers of eight bytes",
        "numbers of eight bytes, texts",
        "bits in a list",
        "truths",
        "pairs",
        "a decimal number",
        "threes",
        "threes, octal",
        "backspaces",
        "XML, entities",
        "RTF, hex",
        "RTF, Unicode",
        "RTF, groups",
        "PowerShell, signs",
        "LaTeX, signs",
        "LaTeX, symbols",
        "roff",
        "Ruby",
        "JavaScript, template",
        "wiki",
        "SVG, spans",
        "MathML",
    ],
)
def test_a_prompt_is_read_as_whoever_gets_it_reads_it(name: str) -> None:
    """The account number in it is found."""
    assert "iban" in kinds(written(name).decode())


@given(st.integers(13, 120), st.sampled_from([2, 3, 4, 8]), st.sampled_from(ORDERS))
def test_words_of_any_width_say_their_text(
    size: int, width: int, order: Literal["big", "little"]
) -> None:
    """Wherever the text ends within a word."""
    data = (LINE * 2)[:size].rstrip()
    values = [int.from_bytes(data[n : n + width], order) for n in range(0, len(data), width)]
    if len(values) >= 3 and len(data) > 12 + width:
        said = pieces.of_list(values)
        assert isinstance(said, bytes)
        assert data in said


@with_each(
    "values",
    [
        [random.Random(seed).randrange(top) for _ in range(40)]
        for seed in range(20)
        for top in (60_000, 10_000_000, 1 << 32, 1 << 53)
    ]
    + [[1_700_000_000 + 60 * n for n in range(40)], [2020, 2021, 2022, 2023, 2024, 2025, 2026]]
    + [[n % 2 for n in range(200)], [1] + [0] * 200, [True, False] * 80]
    + [["10.0.0.1", "10.0.0.2", "10.0.0.3"], ["192.168.1.10", "8.8.8.8", "1.1.1.1", "9.9.9.9"]]
    + [["10115", "20095", "80331"], ["4711", "4712", "4713", "4714", "4715", "4716"]],
)
def test_other_lists_say_nothing(values: list[object]) -> None:
    """Measures, times, years, labels, addresses, post codes."""
    assert pieces.of_list(values) is None


def test_numbers_of_three_digits_each_say_a_text() -> None:
    """In tens and in eights; other long numbers say none."""
    assert SAID in b"".join(number_bases.read("".join(f"{b:03}" for b in SAID).encode()))
    assert SAID in b"".join(number_bases.read("".join(f"{b:03o}" for b in SAID).encode()))
    assert (
        list(number_bases.read(b"3141592653589793238462643383279502884197169399375105820974944592"))
        == []
    )


@given(st.text(alphabet='[]{}":,01ab\\\n &;<>!ENTITY\b\t', max_size=400))
def test_hostile_texts_are_read_to_their_end(text: str) -> None:
    """Whatever stands in them."""
    for _, said in in_prose.read(text):
        assert isinstance(said, str | bytes)


def test_entities_grow_to_a_bound() -> None:
    """As many references as a text holds to a long entity give no more than the bound."""
    text = f"<!ENTITY a 'b'><!ENTITY c '{'x' * 4000}'>" + "&c;" * 10_000
    assert sum(len(said) for how, said in in_prose.read(text) if how == "entities") <= 1 << 16


@pytest.mark.parametrize(
    "text",
    [
        "scores = [12, 15, 99, 100, 101, 7, 8, 9, 32, 64, 65, 66, 67]",
        'hosts:\n["10.0.0.1", "10.0.0.2", "10.0.0.3"]',
        '<!ENTITY xxe SYSTEM "file:///etc/passwd"> and &xxe;',
        "{\\rtf1 hello}",
        'config = {"a": [1, 2, 3], "b": ["x", "y"]}',
    ],
)
def test_what_people_ask_about_is_no_finding(text: str) -> None:
    """Code, settings and lists in a prompt."""
    assert not kinds(text) - {"ip_address"}


def test_the_bare_value_is_found_in_lists_too() -> None:
    """22 letters in words of two and four bytes, and as addresses."""
    for name in ("numbers of two bytes", "numbers of four bytes", "addresses of IPv4"):
        sent = exchange(written(name, IBAN), "application/json")
        assert "iban" in {found.kind for found in WORKER.classify(sent).findings}, name


@given(st.text(alphabet='[]{}",:\\\n\t 01ab<!', max_size=60), st.booleans())
def test_no_text_is_passed_over_for_want_of_a_bracket(text: str, as_json: bool) -> None:
    """What the pattern finds in a text, or in JSON as it is sent, passes the look at its signs."""
    data = (json.dumps([text]) if as_json else text).encode()
    held = in_prose._told()(data)
    assert not held or in_prose.may_hold(data, letters_of(data).signs)
    assert in_prose.may_hold(data, letters_of(data).signs) == held or b"<!ENTITY" in data


@pytest.mark.parametrize("text", ['"[ 12', '"[["', r"\n[ 12", r"\n\t[true", '"\t{\\"', r"\n{false"])
def test_each_way_that_a_list_begins_passes_the_look_at_its_signs(text: str) -> None:
    data = text.encode()
    assert in_prose.may_hold(data, letters_of(data).signs) == in_prose._told()(data)


def test_entities_and_records_of_a_directory_pass_too() -> None:
    for data in (b'{"t":"<!ENTITY a \'b\'>"}', b'{"t":"dn: uid=a"}', b"dn:: dWlk"):
        assert in_prose.may_hold(data, letters_of(data).signs)
