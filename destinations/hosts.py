"""Which service owns a host and path: whole names, label by label, so that no look-alike does."""

import hashlib
import re
from collections.abc import Iterable

from destinations.catalogue import SERVICES
from destinations.service import Service

MAX_CACHED = 4096
_MAX_HOST = 253
_DIGITS = 24


class HostTable[T]:
    """Maps host patterns to values. Of several patterns that own a host the most specific is first.

    A pattern is an exact host (`api.openai.com`), the digest of one (`sha256:` and the first 24
    hex digits), a whole-host regular expression between slashes
    (`/bedrock-runtime\\.[a-z0-9-]+\\.amazonaws\\.com/`), or a suffix (`*.openai.azure.com`: at
    least one label before it). Exact beats the expressions, these beat the longest suffix.
    Look-ups are remembered up to a fixed number of hosts.
    """

    __slots__ = ("_cache", "_digests", "_exact", "_expressions", "_suffixes")

    def __init__(self, entries: Iterable[tuple[str, T]]) -> None:
        self._exact: dict[str, list[T]] = {}
        self._digests: dict[str, list[T]] = {}
        self._expressions: dict[str, tuple[re.Pattern[str], list[T]]] = {}
        self._suffixes: dict[str, list[T]] = {}
        self._cache: dict[str, tuple[T, ...]] = {}
        for pattern, value in entries:
            self._add(pattern, value)

    def _add(self, pattern: str, value: T) -> None:
        if pattern.startswith("/"):
            compiled = re.compile(pattern.strip("/"))
            self._expressions.setdefault(pattern, (compiled, []))[1].append(value)
        elif pattern.startswith("*."):
            self._suffixes.setdefault(pattern[1:], []).append(value)
        elif pattern.startswith("sha256:"):
            self._digests.setdefault(pattern.removeprefix("sha256:"), []).append(value)
        else:
            self._exact.setdefault(pattern, []).append(value)

    def find(self, host: str) -> tuple[T, ...]:
        """Return the values of all patterns that own this host (lower case, no port)."""
        try:
            return self._cache[host]
        except KeyError:
            if len(self._cache) >= MAX_CACHED:
                self._cache.clear()
            found = self._cache[host] = self._search(host.rstrip("."))
            return found

    def _search(self, host: str) -> tuple[T, ...]:
        if len(host) > _MAX_HOST:
            return ()
        found = [*self._exact.get(host, ()), *self._digests.get(_digest(host), ())]
        for expression, values in self._expressions.values():
            if expression.fullmatch(host):
                found += values
        dot = host.find(".")
        while dot > 0:
            found += self._suffixes.get(host[dot:], ())
            dot = host.find(".", dot + 1)
        return tuple(found)


def _digest(host: str) -> str:
    return hashlib.sha256(host.encode("utf-8", "replace")).hexdigest()[:_DIGITS]


class Sites:
    """Where the services of a catalogue are met: by host and path, else by port."""

    __slots__ = ("_ports", "_table")

    def __init__(self, services: Iterable[Service]) -> None:
        sites = [(site, service) for service in services for site in service.sites]
        sites.sort(key=lambda pair: pair[0].paths is None)
        self._table = HostTable(
            (host, (None if site.paths is None else re.compile(site.paths), service))
            for site, service in sites
            for host in site.hosts
        )
        self._ports = {site.port: service for site, service in sites if site.port is not None}

    def owner(self, host: str, path: str, port: int = 443) -> Service | None:
        """Return the service that owns this host (lower case) and path, else this port, or None."""
        candidates = self._table.find(host)
        if not candidates:
            return self._ports.get(port)
        for paths, service in candidates:
            if paths is None or paths.match(path):
                return service
        return None


service_at = Sites(SERVICES).owner
"""Host, path and port → the service of the catalogue that owns them: see `Sites.owner`."""
