"""Texts that a pattern describes, made up by walking what it is parsed to."""

import random
import re
from collections.abc import Iterable
from functools import cache
from typing import Any

_c: Any = re._constants  # type: ignore[attr-defined]
_PRINTABLE = [chr(n) for n in range(0x21, 0x7F)]
_LONGER = 12
"""How much longer than its least a repetition is made at most."""


def sample(pattern: str, rng: random.Random, group: int = 0) -> str:
    """Return a text that the pattern describes, or the part of it that a group takes. What the
    pattern asks of its surroundings is left out. Raises ValueError at what is no plain pattern.
    """
    parser: Any = re._parser  # type: ignore[attr-defined]
    groups: dict[int, str] = {}
    whole = _write(parser.parse(pattern), rng, groups)
    return groups[group] if group else whole


def _write(nodes: Iterable[Any], rng: random.Random, groups: dict[int, str]) -> str:
    return "".join(_one(op, value, rng, groups) for op, value in nodes)


def _one(op: Any, value: Any, rng: random.Random, groups: dict[int, str]) -> str:
    if op is _c.LITERAL:
        return chr(value)
    if op is _c.AT:
        return ""
    if op in {_c.IN, _c.NOT_LITERAL, _c.ANY, _c.CATEGORY}:
        return rng.choice(_choices(op, tuple(value) if op is _c.IN else value))
    if op is _c.BRANCH:
        return _write(rng.choice(value[1]), rng, groups)
    if op is _c.SUBPATTERN:
        number, _, _, nodes = value
        text = _write(nodes, rng, groups)
        if number is not None:
            groups[number] = text
        return text
    if op in {_c.MAX_REPEAT, _c.MIN_REPEAT, _c.POSSESSIVE_REPEAT}:
        least, most, nodes = value
        times = rng.randint(least, min(int(most), least + _LONGER))
        return "".join(_write(nodes, rng, groups) for _ in range(times))
    raise ValueError(f"{op} is not understood here")


@cache
def _choices(op: Any, value: Any) -> list[str]:
    """Return the characters that a part takes: a key of forty asks forty times."""
    return [char for char in _PRINTABLE if _takes(op, value, ord(char))]


def _takes(op: Any, value: Any, char: int) -> bool:
    if op is _c.ANY:
        return True
    if op is _c.NOT_LITERAL:
        return bool(char != value)
    if op is _c.CATEGORY:
        return re.fullmatch(_CATEGORIES[value], chr(char)) is not None
    inside = any(_member(part, char) for part in value if part[0] is not _c.NEGATE)
    return inside is not any(part[0] is _c.NEGATE for part in value)


def _member(part: tuple[Any, Any], char: int) -> bool:
    op, value = part
    if op is _c.LITERAL:
        return bool(char == value)
    if op is _c.RANGE:
        return bool(value[0] <= char <= value[1])
    return _takes(op, value, char)


_CATEGORIES = {
    _c.CATEGORY_DIGIT: r"\d",
    _c.CATEGORY_NOT_DIGIT: r"\D",
    _c.CATEGORY_SPACE: r"\s",
    _c.CATEGORY_NOT_SPACE: r"\S",
    _c.CATEGORY_WORD: r"\w",
    _c.CATEGORY_NOT_WORD: r"\W",
}
