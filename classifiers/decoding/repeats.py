"""A text that repeats itself over megabytes is read once: packed, it is small, and reading all of
it would cost seconds.
"""

_FROM = 1 << 20
"""Bytes of data, and of a repetition in it, from which on it is looked for."""
_LONGEST = 1 << 16
"""Bytes of the longest part that is repeated."""
_KEPT = 1 << 17
"""Bytes of a repetition that are kept at each end."""
_UNIT = 32
_STEP = 1 << 16


def without_repeats(data: bytes) -> bytes:
    """Return the data with the middle of a repetition cut out; the same data where there is none.
    What is left reads as before: whole repeats are missing, and nothing else.
    """
    size = len(data)
    if size < 2 * _FROM:
        return data
    middle = size // 2
    period = data.find(data[middle : middle + _UNIT], middle + 1, middle + _LONGEST) - middle
    if period <= 0:
        return data
    start, end = _extent(memoryview(data), middle, period)
    if end - start < _FROM:
        return data
    spare = (end - start - 2 * _KEPT) // period * period
    return data[: start + _KEPT] + data[start + _KEPT + spare :]


def _extent(view: memoryview, middle: int, period: int) -> tuple[int, int]:
    """Return where the repetition begins and ends, as far as whole steps tell."""
    start = end = middle
    while end + _STEP + period <= len(view) and _same(view, end, period):
        end += _STEP
    while start >= _STEP and _same(view, start - _STEP, period):
        start -= _STEP
    return start, end


def _same(view: memoryview, at: int, period: int) -> bool:
    return view[at : at + _STEP] == view[at + period : at + period + _STEP]
