"""One JSON object read field by field, strictly: each complaint names the field and never its
value.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

_NOTHING: frozenset[str] = frozenset()
_HASH_BYTES = 32
_MOST = 2**63
"""Whole numbers beyond fit into no column."""


class Fields:
    """One JSON object, read field by field.

    Each method raises ValueError naming the field, never its value.
    """

    __slots__ = ("_lacks", "_name", "_values")

    def __init__(self, values: object, name: str, lacks: frozenset[str] = _NOTHING) -> None:
        """Take the object called `name`; early records may lack the fields in `lacks`, which are
        then None.
        """
        if not isinstance(values, dict):
            raise ValueError(f"{name} is no object")
        self._values: dict[str, Any] = values
        self._name = name
        self._lacks = lacks

    def wrong(self, key: str) -> ValueError:
        """Return the complaint about a field."""
        what = "is not what this version knows there" if key in self._values else "is missing"
        return ValueError(f"{self._name}.{key} {what}")

    def _or_none(self, key: str) -> Any:
        """Return the value; None where it is null, or lacking and may be."""
        value = self._values.get(key)
        if value is None and key not in self._values and key not in self._lacks:
            raise self.wrong(key)
        return value

    def text(self, key: str) -> str:
        """Return a text."""
        value = self._values.get(key)
        if isinstance(value, str):
            return value
        raise self.wrong(key)

    def text_or_none(self, key: str) -> str | None:
        """Return a text, or None for null."""
        value = self._values.get(key)
        if isinstance(value, str):
            return value
        if self._or_none(key) is None:
            return None
        raise self.wrong(key)

    def hash_or_none(self, key: str) -> bytes | None:
        """Return a SHA-256 in hex as its 32 bytes, or None for null."""
        text = self.text_or_none(key)
        if text is None:
            return None
        try:
            value = bytes.fromhex(text)
        except ValueError:
            raise self.wrong(key) from None
        if len(value) != _HASH_BYTES:
            raise self.wrong(key)
        return value

    def whole(self, key: str) -> int:
        """Return a whole number."""
        value = self._values.get(key)
        if type(value) is int and -_MOST <= value < _MOST:
            return value
        raise self.wrong(key)

    def whole_or_none(self, key: str) -> int | None:
        """Return a whole number, or None for null."""
        return None if self._or_none(key) is None else self.whole(key)

    def number_or_none(self, key: str) -> float | None:
        """Return a number, or None for null."""
        value = self._values.get(key)
        return value if isinstance(value, float) else self.whole_or_none(key)

    def flag(self, key: str) -> bool:
        """Return true or false; null is false."""
        return self.flag_or_none(key) or False

    def flag_or_none(self, key: str) -> bool | None:
        """Return true or false, or None for null."""
        value = self._or_none(key)
        if value is None or isinstance(value, bool):
            return value
        raise self.wrong(key)

    def word[Word: StrEnum](self, key: str, words: Mapping[str, Word]) -> Word:
        """Return one of a closed set of words."""
        try:
            return words[self._values[key]]
        except (KeyError, TypeError):
            raise self.wrong(key) from None

    def word_or_none[Word: StrEnum](self, key: str, words: Mapping[str, Word]) -> Word | None:
        """Return one of a closed set of words, or None for null."""
        return None if self._or_none(key) is None else self.word(key, words)

    def time(self, key: str) -> datetime:
        """Return a time with its zone."""
        try:
            value = datetime.fromisoformat(self._values[key])
        except (KeyError, TypeError, ValueError):
            raise self.wrong(key) from None
        if value.tzinfo is None:
            raise self.wrong(key)
        return value

    def time_or_none(self, key: str) -> datetime | None:
        """Return a time with its zone, or None for null."""
        return None if self._or_none(key) is None else self.time(key)

    def many(self, key: str) -> list[Any]:
        """Return the items of an array; null is none."""
        value = self._or_none(key)
        if value is None:
            return []
        if isinstance(value, list):
            return value
        raise self.wrong(key)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return an array of texts; null is none."""
        values = tuple(self.many(key))
        for value in values:
            if not isinstance(value, str):
                raise self.wrong(key)
        return values

    def values(self, key: str) -> dict[str, Any] | None:
        """Return an object as it is, or None for null."""
        value = self._or_none(key)
        if value is None or isinstance(value, dict):
            return value
        raise self.wrong(key)

    def value(self, key: str) -> object:
        """Return whatever stands there; None where nothing does."""
        return self._values.get(key)

    def part[Part](self, key: str, read: Callable[[object], Part]) -> Part:
        """Return what `read` makes of the field."""
        return read(self._values.get(key))

    def part_or_none[Part](self, key: str, read: Callable[[object], Part]) -> Part | None:
        """Return what `read` makes of the field, or None for null."""
        value = self._or_none(key)
        return None if value is None else read(value)


def by_word[Word: StrEnum](words: type[Word]) -> Mapping[str, Word]:
    """Return the words of a closed set by what stands in JSON."""
    return {word.value: word for word in words}
