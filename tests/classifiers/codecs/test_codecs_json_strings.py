"""The strings of JSON are found by their quotes alone, as a parser finds them."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from classifiers.codecs.json_strings import strings_of, unescaped

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet='ab"\\\n\t/ü€😀', max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('k"\\', max_size=4), inner),
    max_leaves=12,
)


def strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for key, one in value.items() for text in (key, *strings(one))]
    return [text for one in value for text in strings(one)] if isinstance(value, list) else []


def found(data: bytes, least: int = 0, steps: int = 1000) -> list[str]:
    return [unescaped(bytes(text)).decode() for text in strings_of(data, least, steps)]


@given(JSON, st.booleans())
def test_the_strings_are_those_that_a_parser_finds(value: Any, ascii_only: bool) -> None:
    """In their order, keys too, with whatever escapes."""
    told = json.dumps(value, ensure_ascii=ascii_only).encode()
    assert found(told) == strings(value)


def test_many_documents_and_broken_ones_are_read_too() -> None:
    """Lines of JSON, an end that is missing, something before it."""
    assert found(b'{"a": "one"}\n{"b": "two"}') == ["a", "one", "b", "two"]
    assert found(b')]}\' {"a": "one", "b') == ["a", "one"]
    assert found(b"no quote at all") == []


def test_short_ones_and_those_behind_too_many_quotes_are_passed_by() -> None:
    """The caller says how much it wants to look at."""
    assert found(b'["a", "bcd", "efgh"]', least=3) == ["bcd", "efgh"]
    assert found(b'["a", "bcd", "efgh"]', steps=2) == ["a", "bcd"]


def test_escapes_without_end_cost_no_more_than_their_length() -> None:
    """A million of them before a quote, again and again, are looked at once."""
    hostile = b'"' + (b"\\" * 999 + b'"') * 500
    assert found(hostile) == []
    assert len(found(b'["' + b"\\\\" * 500_000 + b'"]')[0]) == 500_000
