"""Lists of SQL: where each value stands between the commas, and what an expression holds.

Strings of all makes (`N'…'`, `E'…'`, `q'[…]'`, `X'…'`) and what is done to them on their way into a
column (`CAST(…)`, `TO_DATE(…)`, `…::date`, `… || …`). Pure.
"""

import re

from classifiers.payload import PlacedText as Cell

NAME = r"(?:\[[^\]\n]{1,80}\]|\"[^\"\n]{1,80}\"|`[^`\n]{1,80}`|[\w$#@]{1,80})"
TABLE = rf"{NAME}(?:\s?\.\s?{NAME}){{0,3}}"
"""Patterns of a name, quoted or not, and of one with those of its schema before it."""

type Span = tuple[int, int]

_SIGN = re.compile(r"(?i:\bn?q')|['\"`(),;\[\]]")
_SIGN_OR_WORD = re.compile(
    r"(?i:\bn?q')|['\"`(),;\[\]]"
    r"|(?i:\b(?:where|and|or|from|union|limit|group|order|returning|values|having|then|when)\b)"
)
_PARTING = frozenset({",", "where", "and", "or"})
_DEEPER = {"(": 1, "[": 1, ")": -1, "]": -1}
_QUOTES = frozenset("'\"`")
_CLOSED_BY = {"[": "]", "(": ")", "{": "}", "<": ">"}
_OPENED_BY = {"]": "[", '"': '"', "`": "`"}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_SIMPLE_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b", "Z": "\x1a"}
_MOST_VALUES = 16_384
_MOST_STROKES = 40
_NUMBERS = re.compile(
    r"\w{1,60}\s{0,2}\(\s{0,4}(\d{1,20})(?:\s{0,4},\s{0,4}(\d\d?),\s{0,4}(\d\d?))?"
)
"""A call with one number, or with the three of a date: `MAKE_DATE(1980, 2, 11)`."""
_BARE = re.compile(r"(?!0[xX])[^\s()'\"`\[\]]+")
_HEX = re.compile(r"(?:0[xX]|[xX]')([0-9A-Fa-f]{4,4000})'?")
_JOINED = ("||", "concat", " + ")


def bare(name: str) -> str:
    """Return the last part of a name, without its quotes: of `[hr].[Full name]`, `Full name`."""
    name = name.strip()
    opening = _OPENED_BY.get(name[-1:], "")
    at = name.rfind(opening, 0, -1) if opening else -1
    if at >= 0:
        return name[at + 1 : -1].strip()
    last = name.rpartition(".")[2] if name.replace(".", "_").isidentifier() else ""
    return last or name


def listed(text: str, start: int, *, words: bool = False) -> tuple[list[Span], int, str]:
    """Return where the values of a list stand that begins at `start`, where it ends and which sign
    ends it: empty where it never ends. `words`: the list stands in no brackets, a keyword ends it.
    """
    sign_of = (_SIGN_OR_WORD if words else _SIGN).search
    spans: list[Span] = []
    begin, at, depth = start, start, 0
    while (found := sign_of(text, at)) is not None and len(spans) < _MOST_VALUES:
        sign, at = found[0].lower(), found.end()
        if sign[-1] in _QUOTES:
            at = at if _is_apostrophe(text, at - 1) else past_string(text, found.start())
            if at < 0:
                return spans, len(text), ""
        elif sign != ";" and (depth or sign in "(["):
            depth += _DEEPER.get(sign, 0)
        else:
            spans.append((begin, found.start()))
            if sign not in _PARTING:
                return spans, at, "" if depth else sign
            begin = at
    if words and not depth:
        return [*spans, (begin, len(text))], len(text), ";"
    return spans, len(text), ""


def _is_apostrophe(text: str, at: int) -> bool:
    """True for what stands in a word of prose: `doesn't`."""
    return (
        text[at] == "'" and text[max(0, at - 2) : at + 2].replace("'", "i", 1).isalpha() and at > 1
    )


def past_string(text: str, start: int) -> int:
    """Return where the string ends that opens here; -1 where it never does. Two quotes are one, and
    so is one behind a backslash, unless only the end of a value can follow.
    """
    if text[start] not in _QUOTES:
        opening = text.index("'", start) + 1
        sign = text[opening : opening + 1]
        end = text.find(_CLOSED_BY.get(sign, sign) + "'", opening + 1)
        return end + 2 if end >= 0 else -1
    quote, end = text[start], start
    while (end := text.find(quote, end + 1)) >= 0:
        if text[end + 1 : end + 2] == quote:
            end += 1
        elif text[end - 1] != "\\" or not _is_escaped(text, start, end):
            return end + 1
    return -1


def _is_escaped(text: str, start: int, end: int) -> bool:
    inner = text[max(start + 1, end - _MOST_STROKES) : end]
    strokes = len(inner) - len(inner.rstrip("\\"))
    return strokes % 2 == 1 and text[end + 1 : end + 9].lstrip()[:1] not in {",", ")", ";"}


def value_of(text: str, start: int, end: int) -> Cell | None:
    """Return what an expression puts into its column; None for nothing, and for what cannot be
    told, as the name of another column.
    """
    while start < end and text[start].isspace():
        start += 1
    if start >= end:
        return None
    strings = list(_strings(text, start, end))
    if strings:
        return _of_strings(text, (start, end), strings)
    return _of_word(text, start, end)


def _strings(text: str, start: int, end: int) -> list[Span]:
    spans: list[Span] = []
    at = start
    while (found := _SIGN.search(text, at, end)) is not None:
        at = found.end()
        if found[0][-1] in _QUOTES:
            at = past_string(text, found.start())
            if at < 0 or at > end:
                break
            if found[0] != "`":
                spans.append((found.start(), at))
    return spans


def _of_strings(text: str, span: Span, strings: list[Span]) -> Cell | None:
    first = strings[0]
    if text[first[0] - 1 : first[0]] in {"x", "X"} and (
        told := _of_hex(text, first[0] - 1, span[1])
    ):
        return told
    cells = [_unquoted(text, *string) for string in strings]
    outside = text[span[0] : first[0]].lower() + text[first[1] : span[1]].lower()
    if len(cells) > 1 and any(map(outside.__contains__, _JOINED)):
        whole = "".join(cell.text for cell in cells)
        return Cell(whole, cells[0].start, cells[-1].end) if whole.strip() else None
    return cells[0] if cells[0].text.strip() else None


def _unquoted(text: str, start: int, end: int) -> Cell:
    if text[start] not in _QUOTES:
        opening = text.index("'", start) + 2
        return Cell(text[opening : end - 2], opening, end - 2)
    inner = text[start + 1 : end - 1].replace(text[start] * 2, text[start])
    if "\\" in inner:
        inner = _ESCAPE.sub(lambda match: _SIMPLE_ESCAPES.get(match[1], match[1]), inner)
    return Cell(inner, start + 1, end - 1)


def _of_word(text: str, start: int, end: int) -> Cell | None:
    if (told := _of_hex(text, start, end)) is not None:
        return told
    call = _NUMBERS.match(text, start, end)
    if call is not None:
        parts = [part.zfill(2) for part in call.groups() if part]
        return Cell("-".join(parts), call.start(1), call.start(1) + len(call[1]))
    word = _BARE.match(text, start, end)
    if word is None or text[word.end() : end].strip() or not word[0].lstrip("+-")[:1].isdigit():
        return None
    number = word[0].split("::")[0]
    return Cell(number, start, start + len(number))


def _of_hex(text: str, start: int, end: int) -> Cell | None:
    """Return the text that stands as the digits of its bytes; None where it is none."""
    match = _HEX.match(text, start, end)
    if match is None or len(match[1]) % 2:
        return None
    try:
        told = bytes.fromhex(match[1]).decode()
    except ValueError:
        return None
    return Cell(told, match.start(1), match.end(1)) if told.isprintable() else None
