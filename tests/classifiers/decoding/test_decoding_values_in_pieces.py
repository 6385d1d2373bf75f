"""Values that stand in a text in pieces: value by way of breaking by carrier."""

import textwrap
from collections.abc import Callable

import pytest
from families import with_each
from plain_carriers import CARRIERS, seen_in

from classifiers.decoding import joints

VALUES = {
    "iban": "DE02120300000000202051",
    "credit_card": "4024007103939509",
    "secret": "AKIAZQ3DRSTUVWXY2345",
    "email": "jane.doe4@kunden-bank.de",
}
FILLING = "The customer asked us to move all of the money that is there from account "


def at_width(width: int, by: str) -> Callable[[str], str]:
    """Fill lines so that one ends within the value, as `fold` does."""

    def broken(value: str) -> str:
        text = (FILLING * 3)[: width * 2 - 7] + " " + value + " and no more of it."
        return by.join(text[at : at + width] for at in range(0, len(text), width))

    return broken


def within(joint: str, closing: str = "") -> Callable[[str], str]:
    def broken(value: str) -> str:
        return f"Please pay from {value[:6]}{joint}{value[6:11]}{closing}{value[11:]} today."

    return broken


JOINED: dict[str, Callable[[str], str]] = {
    "bold": within("<b>", "</b>"),
    "a span with a class": within('<span class="x">', "</span>"),
    "a link": within('<a href="/x">', "</a>"),
    "a chance to break": within("<wbr>"),
    "a remark": within("<!-- x -->", "<!---->"),
    "strong": within("**", "**"),
    "struck out": within("~~", "~~"),
    "code": within("`", "`"),
    "a forum's bold": within("[b]", "[/b]"),
    "LaTeX": within("\\textbf{", "}"),
    "a thin space of LaTeX": within("\\,"),
    "RTF": within("\\b ", "\\b0 "),
    "a remark of Jinja": within("{# x #}"),
    "a remark of C": within("/**/"),
    "a backslash": within("\\\n"),
    "a backslash and blanks": within("\\\r\n        "),
    "quoted-printable": within("=\n"),
    "quoted-printable, network lines": within("=\r\n"),
    "added literals": within('" + "'),
    "dotted literals": within("' . '"),
    "literals on lines": within('"\n        "'),
    "SQL": within("' || '"),
    "Haskell and Erlang": within('" ++ "'),
    "Lua": within('" .. "'),
    "Elixir": within('" <> "'),
    "a call to join": within("'.concat('"),
    "a call of another string": within('".concat("', '").concat("'),
}
KEYS = ("AKIAQ3EGRIZ7XPO2NMKL", "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bD0fG3iJ6")
WRAPPED: dict[str, Callable[[str], str]] = {
    f"{width} columns{name}": at_width(width, by)
    for width in (60, 72, 79, 100)
    for name, by in {"": "\n", ", network lines": "\r\n", ", set in": "\n    "}.items()
}
FOLDED: dict[str, Callable[[str], str]] = {
    "a calendar": lambda value: (
        f"BEGIN:VEVENT\r\nDESCRIPTION:{FILLING[:50]} {value[:9]}\r\n {value[9:]}\r\nEND:VEVENT\r\n"
    ),
    "a card": lambda value: f"NOTE:{FILLING[:60]} {value[:9]}\r\n\t{value[9:]}\r\nUID:1\r\n",
}
BELOW: dict[str, Callable[[str], str]] = {
    "YAML": lambda value: f"note: >-\n  account is\n  {value[:9]}\n  {value[9:]}\n",
    "an answer to a mail": lambda value: f"> from {value[:9]}\n> {value[9:]} and thanks\n",
    "a remark of a program": lambda value: f"# from {value[:9]}\n# {value[9:]} and thanks\n",
    "in groups": lambda value: (
        f"from {textwrap.fill(' '.join(value[n : n + 4] for n in range(0, 22, 4)), 15)} today"
    ),
    "a break": lambda value: f"from {value[:10]}<br/>{value[10:]} today",
    "underlined": lambda value: f"from {value[:4]}_{value[4:8]}_{value[8:]} today",
    "a hyphen": lambda value: f"from {value[:10]}-\n{value[10:]} today",
}


@with_each("kind", VALUES)
@with_each("how", JOINED)
def test_what_nobody_sees_within_a_value_hides_none(how: str, kind: str) -> None:
    """Markup, joins of literals and marks of continued lines are taken away, wherever it stands."""
    for carrier, make in CARRIERS.items():
        assert kind in seen_in(make(JOINED[how](VALUES[kind]))), carrier


@with_each("key", KEYS)
@with_each("how", JOINED)
def test_keys_of_few_digits_and_with_a_prefix_are_joined(how: str, key: str) -> None:
    """What stands before an underline belongs to a key."""
    assert "secret" in seen_in(CARRIERS["JSON"](JOINED[how](key)))


@pytest.mark.parametrize("kind", ["iban", "credit_card", "secret"])
@pytest.mark.parametrize("how", WRAPPED | FOLDED)
def test_long_lines_that_end_within_a_value_hide_none(how: str, kind: str) -> None:
    """Lines of one width, and lines that are folded as calendars and cards are."""
    text = (WRAPPED | FOLDED)[how](VALUES[kind])
    assert VALUES[kind] not in text or "columns" in how
    for carrier, make in CARRIERS.items():
        assert kind in seen_in(make(text)), carrier


@pytest.mark.parametrize("how", BELOW)
def test_an_account_number_may_go_on_below(how: str) -> None:
    """Its length and its check digits tell, so that short lines may end within it."""
    for carrier, make in CARRIERS.items():
        assert "iban" in seen_in(make(BELOW[how](VALUES["iban"]))), carrier


ORDINARY = {
    "columns of numbers": "\n".join(f"{n * 7919 + 40240071039395:020d}" for n in range(40)),
    "numbers set in": "\n".join(f"    {n * 7919 + 40240071:08d}" for n in range(40)),
    "a log": "\n".join(
        f"17326123{n:05d} INFO the job of tonight has ended and it took 40240{n:03d}"
        for n in range(60)
    ),
    "cells": "".join(f"<tr><td>NO{n}</td><td>010170123{n}</td></tr>" for n in range(10, 40)),
    "templates": "user{n}@example.com, {first}@{host}.example, f'{n:03d}@clinic.example'",
    "codes of regions": "\n".join(f"NO{n} 17\n010170{n}345 open" for n in range(10, 40)),
    "literals of addresses": "'192.0.2.0/24'\n    '192.0.2.0/255.255.255.0'\n    '192.0.2.1/32'",
    "powers": "10**6 + 2**31 - 1000000**2 and 4096**1024**2",
    "constants": "MAX_RETRIES_10 DE12_345678_901234 AB12_34 SE35_50_00",
}


@pytest.mark.parametrize("how", ORDINARY)
def test_ordinary_lines_are_not_put_together(how: str) -> None:
    """Numbers that only stand below or beside each other are no value."""
    for make in (CARRIERS["JSON"], CARRIERS["prompt"], CARRIERS["body"]):
        assert seen_in(make(ORDINARY[how])) == set()


def test_words_in_pieces_are_put_together_once() -> None:
    """What is given is the words, and not the text around them."""
    assert list(joints.joined(b"pay DE02**1203**0000 now")) == [b"DE0212030000\n"]
    assert list(joints.joined(b"All is **well** here, and 12 of us are glad.")) == []
