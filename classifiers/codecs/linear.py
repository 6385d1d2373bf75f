"""Patterns of RE2 over bytes: each is compiled when it is first used, or by a gate that starts, so
that one which is refused is seen there and not at the first payload that needs it.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

_MADE: list[Callable[[], Any]] = []


def compiled(pattern: str | bytes, *, longest: bool = False) -> Any:
    """Compile a pattern in which each letter is a byte. Raises re2.error."""
    import re2

    options = re2.Options()
    options.longest_match = longest
    options.encoding = re2.Options.Encoding.LATIN1
    return re2.compile(
        pattern if isinstance(pattern, bytes) else pattern.encode("latin-1"), options
    )


def ready[T](make: Callable[[], T]) -> Callable[[], T]:
    """Keep what a function without arguments compiles; `warm` calls it too."""
    made = cache(make)
    _MADE.append(made)
    return made


def warm() -> None:
    """Compile all patterns of the modules that are loaded. Raises re2.error."""
    for made in _MADE:
        made()
