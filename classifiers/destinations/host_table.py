"""Anchored host matching: a host is an entry's own, or one label-wise below it, or it is not that entry's at all."""

import re
from collections.abc import Iterable, Mapping

MAX_CACHED = 4096


class HostTable[T]:
    """Maps host patterns to values.

    A pattern is an exact host (`api.openai.com`), a suffix (`*.openai.azure.com`: at least one label before it), or a
    whole-host regular expression between slashes (`/bedrock-runtime\\.[a-z0-9-]+\\.amazonaws\\.com/`). Exact beats the
    regular expression, which beats the longest suffix. Look-ups are remembered up to a fixed number of hosts.
    """

    __slots__ = ("_cache", "_exact", "_patterns", "_suffix")

    def __init__(self, entries: Mapping[str, T] | Iterable[tuple[str, T]]) -> None:
        self._exact: dict[str, T] = {}
        self._suffix: dict[str, T] = {}
        self._patterns: list[tuple[re.Pattern[str], T]] = []
        self._cache: dict[str, T | None] = {}
        for pattern, value in entries.items() if isinstance(entries, Mapping) else entries:
            self._add(pattern, value)

    def _add(self, pattern: str, value: T) -> None:
        if pattern.startswith("/"):
            self._patterns.append((re.compile(pattern.strip("/")), value))
        elif pattern.startswith("*."):
            self._suffix[pattern[1:]] = value
        else:
            self._exact[pattern] = value

    def find(self, host: str) -> T | None:
        """Return the value of the pattern that owns this host (lower case, no port), or None."""
        try:
            return self._cache[host]
        except KeyError:
            if len(self._cache) >= MAX_CACHED:
                self._cache.clear()
            found = self._cache[host] = self._search(host.rstrip("."))
            return found

    def _search(self, host: str) -> T | None:
        if host in self._exact:
            return self._exact[host]
        if len(host) > 253:
            return None
        for pattern, value in self._patterns:
            if pattern.fullmatch(host):
                return value
        dot = host.find(".")
        while dot > 0:
            if host[dot:] in self._suffix:
                return self._suffix[host[dot:]]
            dot = host.find(".", dot + 1)
        return None
