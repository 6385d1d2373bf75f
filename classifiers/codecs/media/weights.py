"""Numbers with a fraction: weights of models in safetensors, embeddings as they are sent."""

import struct
from itertools import islice

from classifiers.codecs.media.file import Media, whole
from core.vocabulary.unread import UnreadKind

_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1}
"""Numbers with a fraction only: whole numbers may be identifiers."""
_LARGEST_HEAD = 1 << 22


def safetensors(data: bytes) -> Media | None:
    """Check that the table of contents names every byte behind it, as numbers with a fraction."""
    if len(data) < 10 or data[8:9] != b"{":
        return None
    size = int.from_bytes(data[:8], "little")
    if not 2 <= size <= min(_LARGEST_HEAD, len(data) - 8):
        return None
    import orjson

    try:
        listed = orjson.loads(data[8 : 8 + size])
        spans = sorted(
            (*tensor["data_offsets"], tensor["dtype"], tensor["shape"])
            for name, tensor in listed.items()
            if name != "__metadata__"
        )
        at = 0
        for start, end, kind, shape in spans:
            count = 1
            for length in shape:
                count *= int(length)
            if start != at or end - start != count * _BYTES[kind]:
                return None
            at = end
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    if not at or 8 + size + at > len(data):
        return None
    return whole(UnreadKind.WEIGHTS, [], data[8 + size + at :])


def are_fractions(data: bytes) -> bool:
    """Return True when data are numbers of four bytes as embeddings have them: text and random
    bytes are far larger or smaller numbers.
    """
    if len(data) % 4 or len(data) < 4 * _FEWEST:
        return False
    step = max(1, len(data) // 4 // _LOOKED_AT)
    values = [abs(v[0]) for v in islice(struct.iter_unpack("<f", data), 0, None, step)]
    fitting = [value for value in values if _SMALLEST < value < _LARGEST]
    return len(fitting) * 100 >= len(values) * 97


_FEWEST, _LOOKED_AT = 64, 2048
_SMALLEST, _LARGEST = 1e-7, 64.0
