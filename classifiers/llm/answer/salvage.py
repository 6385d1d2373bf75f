"""Finds a complete usage object inside a JSON answer that was cut off."""

import re

import orjson

from classifiers.llm.answer.families import of_answer
from classifiers.llm.answer.usage import Usage

_KEY = re.compile(rb'(?<!\\)"(usage|usageMetadata)"\s*:\s*\{')
_MAX_OBJECT = 16 * 1024


def salvage(data: bytes) -> Usage | None:
    """Return the last complete usage in these bytes, or None. Quotes inside strings are escaped, so
    keys are keys.
    """
    for match in reversed(list(_KEY.finditer(data))[-20:]):
        piece = _object_at(data, match.end() - 1)
        if piece is None:
            continue
        try:
            found = of_answer({match[1].decode(): orjson.loads(piece)})
        except orjson.JSONDecodeError:
            continue
        if found is not None and not found.empty:
            return found
    return None


def _object_at(data: bytes, start: int) -> bytes | None:
    depth = 0
    for at in range(start, min(len(data), start + _MAX_OBJECT)):
        depth += (data[at] == 0x7B) - (data[at] == 0x7D)
        if depth == 0:
            return data[start : at + 1]
    return None
