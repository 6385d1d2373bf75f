"""JSON text to values: bounded, and with every value of a key that is named twice."""

import json
from typing import Any

import orjson

from classifiers.codecs.limits import Limits
from classifiers.codecs.schemaless import put

_CHECKED_FROM = 1 << 18
_CONTAINERS = frozenset({dict, list})


def parse(data: bytes | str, limits: Limits) -> Any:
    """Return the parsed JSON. Raises ValueError when it is none, or larger than is parsed."""
    if len(data) > _CHECKED_FROM:
        _check_size(data, limits)
    parsed = orjson.loads(data)
    return _with_repeated_keys(data) if _repeats_keys(data, parsed) else parsed


def _repeats_keys(data: bytes | str, parsed: Any) -> bool:
    """Return True when an object may name a key twice: parsers keep the last value, a reader at the
    far end may not.
    """
    if type(parsed) is not dict and type(parsed) is not list:
        return False
    named = (
        _names_in(data) if isinstance(data, bytes) else _names_in(data.encode("utf-8", "replace"))
    )
    found = 0
    stack: list[Any] = [parsed]
    while stack:
        node = stack.pop()
        if type(node) is dict:
            found += len(node)
            if found >= named:
                return False
            node = node.values()
        stack += [value for value in node if type(value) in _CONTAINERS]
    return named > found


def _names_in(data: bytes) -> int:
    named = data.count(b'":')
    return named - data.count(b'\\":') if b"\\" in data else named


def _with_repeated_keys(data: bytes | str) -> Any:
    """Parse again and keep every value of a repeated key, the earlier ones under names of their
    own.
    """

    def keep_all(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for name, value in pairs:
            put(kept, name, value)
        return kept

    return json.loads(data, object_pairs_hook=keep_all)


def _check_size(data: bytes | str, limits: Limits) -> None:
    raw = data if isinstance(data, bytes) else data.encode("utf-8", "replace")
    if (
        len(raw) > limits.json_bytes
        or raw.count(b",") + raw.count(b"[") + raw.count(b"{") > limits.json_nodes
    ):
        raise OverflowError("the JSON is larger than is parsed")
