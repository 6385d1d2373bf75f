"""Leaves the long lists of numbers out of a large JSON answer before it is read: embeddings state
their usage behind megabytes of fractions, which would keep the event loop for as long as all else.
"""

_LARGE = 256 * 1024
_LONG = 2000
"""Bytes of a list from where on leaving it out is cheaper than reading it."""
_MOST_LISTS = 20_000
_NUMERIC = b"0123456789+-.eE, \t\r\n"


def without_vectors(data: bytes) -> bytes:
    """Return a JSON text with each long list of nothing but numbers made empty; the same text
    where there is none. Linear, and bounded in steps.
    """
    if len(data) < _LARGE:
        return data
    kept: list[bytes] = []
    begun = end = 0
    start = data.find(b"[") + 1
    for _ in range(_MOST_LISTS):
        end = data.find(b"]", start) if 0 <= end < start else end
        if not start or end < 0:
            break
        following = data.find(b"[", start) + 1
        is_inner = not following or following > end
        if is_inner and end - start >= _LONG and not data[start:end].translate(None, _NUMERIC):
            kept.append(data[begun:start])
            begun = end
        start = following
    return b"".join((*kept, data[begun:])) if kept else data
