"""The kept source of a script's version: what may be shown of it, and the lines around one.

Pure.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tui.rows import Row
from tui.wording import safe

_AROUND = 6
_BEGINNING = 12
_LONGEST = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A masked source, or why there is none."""

    text: str | None = None
    why: str = ""
    """In words; nothing where there is a text."""
    note: str = ""
    """What a reader should know of what is kept: the end of a sentence that names the version."""


type KeptOf = Callable[[str], Kept]
"""The source of the version with this hash. Blocks on the disk."""


def code_line(text: str) -> str:
    """Return one line of source, inert, its indentation kept."""
    return safe(text.expandtabs(4).rstrip(), _LONGEST)


def source_lines(text: str) -> list[str]:
    """Return the lines as Python counts them: form feeds and Unicode's separators end none."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def lines_around(text: str, line: int, around: int = _AROUND) -> Iterator[Row]:
    """Yield the lines around one, which is lit; nothing where the source has no such line."""
    lines = source_lines(text)
    if not 1 <= line <= len(lines):
        return
    first, last = max(1, line - around), min(len(lines), line + around)
    yield from _numbered(lines, first, last, lit=line)


def beginning(text: str, count: int = _BEGINNING) -> Iterator[Row]:
    """Yield the first lines."""
    lines = source_lines(text)
    yield from _numbered(lines, 1, min(count, len(lines)))


def _numbered(lines: list[str], first: int, last: int, lit: int = 0) -> Iterator[Row]:
    width = len(str(last))
    for number in range(first, last + 1):
        here = number == lit
        # A space that does not break: the row's own indentation is none.
        sign, tone = ("❯", "held") if here else ("\u00a0", "plain")
        told = code_line(lines[number - 1])
        yield Row("", f"{sign} {number:>{width}} │ {told}", tone)
