"""Headers found in one pass: mitmproxy calls two functions for each header of each look-up.

The same answers: names in any case, several values folded, bytes as UTF-8 with what is none kept.
"""

from typing import Any

import proxy.mitmproxy_patches.imports  # noqa: F401 - isort: skip - before anything of mitmproxy
from mitmproxy import http
from mitmproxy.utils import strutils

_UTF8, _KEPT = "utf-8", "surrogateescape"


def values_of(headers: http.Headers, name: str | bytes) -> list[str]:
    """Return the values of all headers of this name, in their order. Raises TypeError."""
    if isinstance(name, str):
        wanted = name.encode(_UTF8, _KEPT).lower()
    else:
        wanted = strutils.always_bytes(name, _UTF8, _KEPT).lower()
    size = len(wanted)
    return [
        value.decode(_UTF8, _KEPT)
        for key, value in headers.fields
        if len(key) == size and key.lower() == wanted
    ]


def value_of(headers: http.Headers, name: str | bytes, default: Any = None) -> Any:
    """Return the values of this name as one, or what stands for none."""
    found = values_of(headers, name)
    return ", ".join(found) if found else default


def value_there(headers: http.Headers, name: str | bytes) -> str:
    """Return the values of this name as one. Raises KeyError."""
    if not (found := values_of(headers, name)):
        raise KeyError(name)
    return ", ".join(found)


def is_there(headers: http.Headers, name: object) -> bool:
    """Return True when there is a header of this name."""
    return bool(values_of(headers, name))  # type: ignore[arg-type]
