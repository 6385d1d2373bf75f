"""The words of a proxy auto-configuration file (PAC): JavaScript's tokens, as far as such files use
them. Pure; linear in the text.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

_PAIRS = frozenset({"||", "&&", "==", "!=", "<=", ">=", "+=", "++", "--"})
_TRIPLES = frozenset({"===", "!=="})
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


class Kind(Enum):
    """What a word is."""

    NAME = "name"
    TEXT = "text"
    NUMBER = "number"
    SIGN = "sign"


@dataclass(frozen=True, slots=True)
class Word:
    """One word, and the line that it stands in, from 1."""

    kind: Kind
    text: str
    line: int


def words(text: str) -> Iterator[Word]:
    """Yield the words of a file, without its comments. What is none of JavaScript's ends a word."""
    at, line, end = 0, 1, len(text)
    while at < end:
        sign = text[at]
        if sign == "\n":
            line += 1
        if sign.isspace():
            at += 1
        elif text.startswith("//", at):
            at = _found(text, "\n", at)
        elif text.startswith("/*", at):
            to = _found(text, "*/", at + 2)
            line += text.count("\n", at, to)
            at = to + 2
        elif sign in "\"'":
            value, to = _quoted(text, at)
            yield Word(Kind.TEXT, value, line)
            line += text.count("\n", at, to)
            at = to
        else:
            word = _word(text, at)
            yield Word(_kind(word), word, line)
            at += len(word)


def _found(text: str, what: str, at: int) -> int:
    found = text.find(what, at)
    return len(text) if found < 0 else found


def _quoted(text: str, at: int) -> tuple[str, int]:
    """Return what stands in quotes from here, and where it goes on behind them."""
    quote, parts, at = text[at], [], at + 1
    while at < len(text) and text[at] != quote:
        if text[at] == "\\" and at + 1 < len(text):
            at += 1
            parts.append(_ESCAPES.get(text[at], text[at]))
        else:
            parts.append(text[at])
        at += 1
    return "".join(parts), at + 1


def _word(text: str, at: int) -> str:
    to = at
    while to < len(text) and (text[to].isalnum() or text[to] in "_$"):
        to += 1
    if to > at:
        return text[at:to]
    if text[at : at + 3] in _TRIPLES:
        return text[at : at + 3]
    return text[at : at + 2] if text[at : at + 2] in _PAIRS else text[at]


def _kind(word: str) -> Kind:
    if word[0].isdigit():
        return Kind.NUMBER
    return Kind.NAME if word[0].isalnum() or word[0] in "_$" else Kind.SIGN
