"""A word of a body that others wrote, looked up where it may be anything: a list or an object has
no place among words.
"""

from collections.abc import Set as AbstractSet


def one_of(value: object, words: AbstractSet[str]) -> bool:
    """Return True for a text that is one of these words."""
    return isinstance(value, str) and value in words
