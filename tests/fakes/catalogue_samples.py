"""Samples made from the catalogue itself: hosts and paths that an entry's own patterns describe."""

import re
from collections.abc import Iterable, Iterator
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from destinations.service import Service

INDEX_HOSTS = {
    "python-index": "py" + "pi.org",
    "npm": "registry.npm" + "js.org",
    "conda": "conda.ana" + "conda.org",
    "crates": "crates" + ".io",
    "docker-hub": "registry-1.dock" + "er.io",
    "ghcr": "gh" + "cr.io",
    "rubygems": "ruby" + "gems.org",
}
"""Hosts whose digests the catalogue holds, written so that no registry is named."""


def met_at(service: Service) -> Iterator[tuple[str, str]]:
    """Yield hosts and paths at which a service is met: at least one for each pattern."""
    for site in service.sites:
        for pattern in site.hosts:
            for turn in range(3):
                path = "/" if site.paths is None else match_of(site.paths, turn)
                yield host_of(service, pattern, turn), path


def host_of(service: Service, pattern: str, turn: int = 0) -> str:
    """Return a host that a pattern describes."""
    if pattern.startswith("sha256:"):
        return INDEX_HOSTS[service.id]
    if pattern.startswith("/"):
        return match_of(pattern.strip("/"), turn)
    return pattern.replace("*.", ("acme.", "a.b.", "x9.")[turn % 3])


def exact_hosts(service: Service) -> set[str]:
    """Return the host names that an entry spells, without those that a pattern describes."""
    hosts = {host.removeprefix("*.") for site in service.sites for host in site.hosts}
    return {host for host in hosts if not host.startswith(("/", "sha256:"))}


def match_of(expression: str, turn: int = 0) -> str:
    """Return a text that matches; `turn` chooses among alternatives and lengths."""
    text = "".join(_pieces(_parser.parse(expression), turn))
    assert re.match(expression, text), (expression, text)
    return text


def _pieces(tree: Iterable[tuple[Any, Any]], turn: int) -> Iterator[str]:
    for operation, argument in tree:
        match str(operation):
            case "LITERAL":
                yield chr(argument)
            case "ANY" | "NOT_LITERAL":
                yield "x"
            case "IN":
                yield _one_of(argument)
            case "MAX_REPEAT":
                least, most, inner = argument
                yield "".join(_pieces(inner, turn)) * max(least, min(int(most), turn % 3))
            case "SUBPATTERN":
                yield from _pieces(argument[3], turn)
            case "BRANCH":
                yield from _pieces(argument[1][turn % len(argument[1])], turn)


def _one_of(members: list[tuple[Any, Any]]) -> str:
    kind, value = members[0]
    match str(kind):
        case "LITERAL":
            return chr(value)
        case "RANGE":
            return chr(value[0])
        case "NEGATE":
            return "x"
        case _:
            return "1"
