"""Runs of letters of an encoding in a text, and the lines below that go on with them."""

from collections.abc import Iterator

_LINE = 48
"""Shorter lines of an encoded run are words of their own."""
_ACIDS = b"ACDEFGHIKLMNPQRSTVWY"
_SHORTEST_SEQUENCE = 48
_LINE_ENDS = (b"", b"\n", b"\r", b"=", b'"')


def are_even(raw: bytes) -> bool:
    """True when all lines but the last are equally long: others are texts of their own."""
    first = raw.find(b"\n") + 1
    return first > 0 and all(raw[at : at + 1] == b"\n" for at in range(first - 1, len(raw), first))


def each(raw: bytes, flags: bytes, least: bytes, column: bool) -> Iterator[bytes]:
    """Yield the runs of a text, those that go on below as one; `column`: each line by itself. Of
    `flags`, each is 1 for a letter of an encoding; `least` are those of the shortest run.
    """
    start = flags.find(least)
    while start >= 0:
        end = flags.find(b"\0", start)
        if end < 0:
            end = len(flags)
        if column:
            yield raw[start:end]
        else:
            run, end = _with_next_lines(raw, flags, start, end)
            yield run
        start = flags.find(least, end)


def _with_next_lines(raw: bytes, flags: bytes, start: int, end: int) -> tuple[bytes, int]:
    """Return a run with the lines below it that go on with it, and where they end: all are as long
    but the last.
    """
    width, lines = end - start, [raw[start:end]]
    while width >= _LINE and len(lines[-1]) == width:
        gap = 2 if raw[end : end + 2] == b"\r\n" else 1
        if raw[end + gap - 1 : end + gap] != b"\n":
            break
        at = end + gap
        stop = flags.find(b"\0", at, at + width + 1)
        stop = min(at + width, len(raw)) if stop < 0 else stop
        if stop == at or raw[stop : stop + 1] not in _LINE_ENDS or _goes_on(raw, stop):
            break
        lines.append(raw[at:stop])
        end = stop
    return b"".join(lines), end


def _goes_on(raw: bytes, stop: int) -> bool:
    """True where what looks like padding assigns a value: `page=`, `page==`."""
    behind = raw[stop : stop + 3].lstrip(b"=")[:1]
    return raw[stop : stop + 1] == b"=" and behind.isalnum()


def is_sequence(run: bytes) -> bool:
    """Return True for a sequence of a protein or of DNA: no encoding of so many letters does
    without six of them, without digits and in one case.
    """
    if len(run) < _SHORTEST_SEQUENCE:
        return False
    return not run.translate(None, _ACIDS) or not run.translate(None, _ACIDS.lower())
