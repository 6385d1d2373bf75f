"""What a service is, and which service owns a host and path."""

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache

from classifiers.destinations.host_table import HostTable
from core.classification import AccountKind, Category


@dataclass(frozen=True, slots=True)
class Service:
    """One service. Host patterns are those of `classifiers.destinations.host_table.HostTable`."""

    id: str
    category: Category
    hosts: tuple[str, ...]
    upload: str | None = None
    """Regular expression on `METHOD path` of requests that store content; None for every POST, PUT and PATCH."""
    reader: str | None = None
    """Name of the function in `signals.READERS` that reads the account from a request."""
    paths: str | None = None
    """Regular expression that the start of the path must match; None for any path."""
    nature: AccountKind | None = None
    """What every account of this service is, when the service has one kind only."""
    family: str | None = None
    """Second name under which an organisation may list its accounts: `microsoft`, `google`, `aws`…"""
    hidden: str | None = None
    """Regular expression whose first group is a secret in the path."""


@lru_cache(maxsize=1024)
def pattern(expression: str) -> re.Pattern[str]:
    """Return the compiled form of a table's expression."""
    return re.compile(expression)


@lru_cache(maxsize=1)
def _table() -> HostTable[list[Service]]:
    from classifiers.destinations.catalogue import SERVICES

    grouped: dict[str, list[Service]] = {}
    for service in SERVICES:
        for host in service.hosts:
            grouped.setdefault(host, []).append(service)
    return HostTable(grouped)


def service_at(host: str, path: str) -> Service | None:
    """Return the service that owns this host and path, or None."""
    for service in _table().find(host) or ():
        if service.paths is None or pattern(service.paths).match(path):
            return service
    return _package_index(host)


@lru_cache(maxsize=4096)
def _package_index(host: str) -> Service | None:
    from classifiers.destinations.catalogue import PACKAGE_INDEXES

    return PACKAGE_INDEXES.get(hashlib.sha256(host.encode("utf-8", "replace")).hexdigest()[:24])


def stores(service: Service, method: str, path: str) -> bool:
    """Return True when this request stores content with the service."""
    if service.upload is None:
        return method in {"POST", "PUT", "PATCH"}
    return pattern(service.upload).match(f"{method} {path.partition('?')[0]}") is not None
