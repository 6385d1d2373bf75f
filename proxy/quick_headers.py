"""Headers are put in order once: mitmproxy calls two functions for each header of each look-up.

The same answers: names in any case, several values folded, bytes as UTF-8 with what is none kept.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import proxy.mitmproxy_patches.imports  # noqa: F401 - isort: skip - before anything of mitmproxy
from mitmproxy import http
from mitmproxy.utils import strutils

type _Fields = tuple[tuple[bytes, bytes], ...]
type _Table = tuple[_Fields, dict[bytes, list[bytes]]]

_UTF8, _KEPT = "utf-8", "surrogateescape"
_KEPT_AS = "_outgate_by_name"
"""Where headers keep, beside their fields, what was made of these very fields."""
_PAIRS, _OF_TWO, _OF_BYTES = {tuple}, {2}, {bytes}
_WANTED: dict[str | bytes, bytes] = {}
_MOST_REMEMBERED = 256


_THEIR_INIT = http.Headers.__init__


def made(headers: http.Headers, fields: Any = (), **named: Any) -> None:
    """Make headers of fields. Raises TypeError for what is no pair of bytes."""
    taken = tuple(fields)
    if named or not _are_fields(taken):
        _THEIR_INIT(headers, taken, **named)
    else:
        headers.fields = taken


def _are_fields(taken: tuple[Any, ...]) -> bool:
    """Return whether these are pairs of bytes, without a call for each."""
    if not taken:
        return True
    if set(map(type, taken)) != _PAIRS or set(map(len, taken)) != _OF_TWO:
        return False
    return set(map(type, chain.from_iterable(taken))) == _OF_BYTES


def values_of(headers: http.Headers, name: str | bytes) -> list[str]:
    """Return the values of all headers of this name, in their order. Raises TypeError."""
    return [value.decode(_UTF8, _KEPT) for value in _found(headers, name)]


def _found(headers: http.Headers, name: str | bytes) -> Sequence[bytes]:
    wanted = _WANTED.get(name) or _wanted(name)
    return _in_order(headers).get(wanted, ())


def _in_order(headers: http.Headers) -> dict[bytes, list[bytes]]:
    """Return the values by their names, in lower case."""
    fields = headers.fields
    table: _Table | None = headers.__dict__.get(_KEPT_AS)
    if table is None or table[0] is not fields or type(fields) is not tuple:
        table = headers.__dict__[_KEPT_AS] = fields, _by_name(fields)
    return table[1]


def _by_name(fields: _Fields) -> dict[bytes, list[bytes]]:
    found: dict[bytes, list[bytes]] = {}
    for key, value in fields:
        found.setdefault(key.lower(), []).append(value)
    return found


def _wanted(name: str | bytes) -> bytes:
    """Return a name as it is looked for; those that the code asks for are remembered."""
    if isinstance(name, str):
        wanted = name.encode(_UTF8, _KEPT).lower()
    else:
        wanted = strutils.always_bytes(name, _UTF8, _KEPT).lower()
    if len(_WANTED) < _MOST_REMEMBERED:
        _WANTED[name] = wanted
    return wanted


def value_of(headers: http.Headers, name: str | bytes, default: Any = None) -> Any:
    """Return the values of this name as one, or what stands for none."""
    found = _found(headers, name)
    if len(found) == 1:
        return found[0].decode(_UTF8, _KEPT)
    return ", ".join([one.decode(_UTF8, _KEPT) for one in found]) if found else default


def value_there(headers: http.Headers, name: str | bytes) -> str:
    """Return the values of this name as one. Raises KeyError."""
    if not (found := values_of(headers, name)):
        raise KeyError(name)
    return ", ".join(found)


def is_there(headers: http.Headers, name: object) -> bool:
    """Return True when there is a header of this name."""
    return bool(_found(headers, name))  # type: ignore[arg-type]


def is_one_there(headers: http.Headers, names: frozenset[bytes]) -> bool:
    """Return True when there is a header of one of these names, which are in lower case."""
    return not names.isdisjoint(_in_order(headers))
