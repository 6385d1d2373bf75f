"""Which cells of a column may spell something otherwise than in letters. Each is a value of its
own, and none goes on in the next; all are searched together, in a pass for each kind of spelling.
"""

from collections.abc import Callable, Iterator

from classifiers.codecs.linear import by_line, ready
from classifiers.decoding import dumps, first_look, joints, number_lists, spelled

_CAPITALS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WORDED = bytes((*b"0123456789abcdefghijklmnopqrstuvwxyz \t\r\n", *range(128, 256)))
"""Letters of a text that is no dense encoding: those have capitals, and signs."""
_WITHIN = bytes(byte != ord("\n") for byte in range(256))

type _Lines = Callable[[bytes], Iterator[tuple[int, int]]]


def worth_reading(column: bytes, least: int) -> list[bytes]:
    """Return the lines of so many bytes at least from which `spelled.stretches` may yield anything,
    in their order.
    """
    if are_short(column, least):
        return []
    text = b"\n".join([line for line in column.split(b"\n") if len(line) >= least])
    found = {place for lines in _looks() for place in lines(text)}
    if _may_be_dense(text):
        dense = (place for place in _long_words()(text) if place not in found)
        found.update(
            [(start, end) for start, end in dense if spelled.may_be_dense(text[start:end])]
        )
    return [text[start:end] for start, end in sorted(found)]


def are_short(column: bytes, least: int) -> bool:
    """Return True for a column of which no line has so many bytes."""
    return b"\1" * least not in column.translate(_WITHIN)


def _may_be_dense(text: bytes) -> bool:
    """True for a text with capitals and signs in it."""
    letters = text.translate(None, _WORDED)
    return 0 < len(letters.translate(None, _CAPITALS)) < len(letters)


@ready
def _looks() -> tuple[_Lines, ...]:
    """One pattern for each kind: in one automaton they hinder each other."""
    every = (
        first_look.HEX,
        *first_look.BUT_PAIRS,
        number_lists.PLAIN,
        number_lists.LETTERED,
        number_lists.QUOTED,
        dumps.BASE_45,
        joints.IN_ONE_LINE,
    )
    return tuple(map(by_line, every))


@ready
def _long_words() -> _Lines:
    """Those of base91 are the shortest; what stands between the marks of Adobe may have gaps."""
    return by_line("[!-~]{18,}|<~")
