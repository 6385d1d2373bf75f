"""Whose credential may go where, and in which headers keys and names of organisations travel."""

from collections.abc import Iterable, Iterator, Mapping

from destinations.catalogue import SERVICES, find
from destinations.service import Service
from destinations.vendors import VENDORS

_ALL = (*SERVICES, *VENDORS)
_COMMON_FORMS = frozenset({"jwt", "sk"})
"""Forms of keys that many issue: their name is no vendor's."""
_GATEWAYS = frozenset(
    domain
    for service in SERVICES
    if service.llm is not None and service.llm.hands_on_keys
    for domain in service.keys.domains
)

KEY_HEADERS: tuple[str, ...] = tuple(
    dict.fromkeys(header for service in _ALL for header in service.keys.headers)
)
"""Headers that carry a key of a known issuer, lower case."""

KEY_CLASSES: Mapping[str, str] = dict(
    sorted(
        (pair for service in _ALL for pair in service.keys.classes),
        key=lambda pair: (-len(pair[0]), pair[0]),
    )
)
"""Published prefix of a key → its class; the longer before the shorter."""

_ORGANISATION_HEADERS = tuple(h for service in _ALL for h in service.organisation_headers)
_PROJECT_HEADERS = tuple(h for service in _ALL for h in service.project_headers)
_NAMES_ORGANISATION, _NAMES_PROJECT = frozenset(_ORGANISATION_HEADERS), frozenset(_PROJECT_HEADERS)

ISSUERS: Mapping[str, str] = {
    name: service.id
    for service in _ALL
    if service.keys.domains
    for name in (service.id, *service.aliases)
}
"""Names of those whose keys are known to belong somewhere → their id."""


def organisation_in(headers: Mapping[str, str]) -> str | None:
    """Return the organisation that the headers of a request or an answer name, or None.

    Names are lower case.
    """
    return _first(headers, _ORGANISATION_HEADERS, _NAMES_ORGANISATION)


def project_in(headers: Mapping[str, str]) -> str | None:
    """Return the project that the headers of a request or an answer name, or None.

    Names are lower case.
    """
    return _first(headers, _PROJECT_HEADERS, _NAMES_PROJECT)


def _first(headers: Mapping[str, str], names: Iterable[str], same: frozenset[str]) -> str | None:
    """`same`: the names again; most requests have none of them."""
    for name in () if same.isdisjoint(headers) else names:
        if headers.get(name):
            return headers[name]
    return None


def is_own_host(issuer: str, host: str) -> bool | None:
    """Return whether keys of this issuer are meant for this host (lower case), None if unknown."""
    service = find(issuer)
    if service is not None and _accepts(service, host):
        return True
    if issuer in _COMMON_FORMS or (service is not None and service.keys.anywhere):
        return None
    if service is not None and service.keys.domains:
        return False
    return _resembles(issuer, host) or None


def _accepts(service: Service, host: str) -> bool:
    domains = frozenset(service.keys.domains)
    if service.llm is not None and domains and not service.llm.hands_on_keys:
        domains |= _GATEWAYS
    return any(parent in domains for parent in _parents(host))


def _parents(host: str) -> Iterator[str]:
    """Yield the host and every domain above it."""
    while host:
        yield host
        host = host.partition(".")[2]


def _resembles(issuer: str, host: str) -> bool:
    """A guess for issuers that nobody listed: one of the last labels is named like it."""
    labels = host.split(".")[-3:]
    return any(issuer == label or issuer in label.split("-") for label in labels)
