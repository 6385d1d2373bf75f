"""Weights of models in safetensors: a table of contents in JSON, then numbers to the byte."""

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
    return whole(UnreadKind.WEIGHTS, [data[8 : 8 + size]], data[8 + size + at :])
