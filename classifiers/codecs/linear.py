"""Patterns of RE2 over bytes: each is compiled when it is first used, or by a gate that starts, so
that one which is refused is seen there and not at the first payload that needs it.
"""

from collections.abc import Callable, Iterator
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


def by_line(pattern: str) -> Callable[[bytes], Iterator[tuple[int, int]]]:
    """Return what yields the places of the lines of a text that hold a match by themselves, as if
    each were all there is. Raises re2.error.

    All lines are searched in one pass: `never_nl` takes the line end out of every class.
    """
    import re2

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.never_nl = True
    options.never_capture = True
    regex = re2.compile(f"(?m:{pattern})".encode("latin-1"), options)._regexp
    match, unanchored = regex.Match, re2._re2.RE2.Anchor.UNANCHORED

    def lines(data: bytes) -> Iterator[tuple[int, int]]:
        size = len(data)
        found = match(unanchored, data, 0, size)[0][0]
        while found >= 0:
            end = data.find(b"\n", found)
            end = size if end < 0 else end
            yield data.rfind(b"\n", 0, found) + 1, end
            found = match(unanchored, data, end, size)[0][0] if end < size else -1

    return lines


def holding(pattern: Any) -> Callable[[bytes], bool]:
    """Return what tells whether bytes hold a compiled pattern; no match object is made for it,
    which costs as much as the search in a short text.
    """
    first = searching(pattern)
    return lambda data: first(data, 0) >= 0


def searching(pattern: Any) -> Callable[[bytes, int], int]:
    """Return what tells where the first match of a compiled pattern begins, from a place on; -1
    where there is none. No match object is made.
    """
    import re2

    match, unanchored = pattern._regexp.Match, re2._re2.RE2.Anchor.UNANCHORED

    def first(data: bytes, at: int) -> int:
        return match(unanchored, data, at, len(data))[0][0]  # type: ignore[no-any-return]

    return first


def ready[T](make: Callable[[], T]) -> Callable[[], T]:
    """Keep what a function without arguments compiles; `warm` calls it too."""
    made = cache(make)
    _MADE.append(made)
    return made


def warm() -> None:
    """Compile all patterns of the modules that are loaded. Raises re2.error."""
    for made in _MADE:
        made()
