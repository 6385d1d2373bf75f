"""All entries as one catalogue, by the ids that records hold and rules name."""

from collections.abc import Iterable
from types import MappingProxyType

from destinations.amazon import AMAZON
from destinations.anonymous import ANONYMOUS, HOOKS
from destinations.code_hosts import CODE_HOSTS
from destinations.google import GOOGLE
from destinations.llm.apis import APIS
from destinations.llm.applications import APPLICATIONS
from destinations.llm.clouds import CLOUDS
from destinations.llm.gateways import GATEWAYS
from destinations.llm.regional import REGIONAL
from destinations.messaging import MESSAGING
from destinations.microsoft import MICROSOFT
from destinations.package_indexes import PACKAGE_INDEXES
from destinations.protocols import PROTOCOLS
from destinations.service import Llm, Service
from destinations.stores import STORES
from destinations.telemetry import PROMPT_TRACES, TELEMETRY
from destinations.vendors import VENDORS

SERVICES: tuple[Service, ...] = (
    *APIS,
    *REGIONAL,
    *CLOUDS,
    *GATEWAYS,
    *APPLICATIONS,
    *MICROSOFT,
    *GOOGLE,
    *AMAZON,
    *STORES,
    *ANONYMOUS,
    *HOOKS,
    *CODE_HOSTS,
    *MESSAGING,
    *TELEMETRY,
    *PROMPT_TRACES,
    *PACKAGE_INDEXES,
    *PROTOCOLS,
)
"""What a destination can be. Order matters for nothing but lists."""


def by_name(services: Iterable[Service]) -> dict[str, Service]:
    """Return services by id and by alias; of entries that share an id, the first.

    Raises ValueError on a clash.
    """
    services = tuple(services)
    found: dict[str, Service] = {}
    for service in services:
        found.setdefault(service.id, service)
    for service in services:
        for alias in service.aliases:
            if found.setdefault(alias, service) is not service:
                raise ValueError(f"{alias} names {found[alias].id} and {service.id}")
    return found


_BY_NAME = MappingProxyType(by_name((*SERVICES, *VENDORS)))


_LLM = MappingProxyType(by_name(s for s in SERVICES if s.llm is not None))


def find(name: str) -> Service | None:
    """Return the entry of an id or alias, or None."""
    return _BY_NAME.get(name)


def llm_of(provider: str | None) -> Llm | None:
    """Return what is known of a provider of language models, by its id or alias, or None."""
    service = None if provider is None else _LLM.get(provider)
    return None if service is None else service.llm


def canonical(name: str) -> str:
    """Return the id of a service by any name of it; of an unknown one, the name in lower case."""
    name = name.lower()
    service = _BY_NAME.get(name)
    return name if service is None else service.id


def destination_names() -> frozenset[str]:
    """Return the ids and aliases that the service of a destination can have."""
    return frozenset(name for service in SERVICES for name in (service.id, *service.aliases))


def account_names() -> frozenset[str]:
    """Return the names under which accounts may be listed: of services, and of families."""
    return destination_names() | {s.family for s in SERVICES if s.family is not None}
