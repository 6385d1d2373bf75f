"""What a person calls a destination: one name in refusals, tables, screens, replays, exports."""

from core.text import printable
from destinations.catalogue import SERVICES, find
from destinations.vendors import VENDORS

_MAX_NAME = 60


def service_name(service: str) -> str:
    """Return the proper name of a service by its id; of an id that no entry has, made from it."""
    known = find(service)
    if known is not None:
        return known.name
    words = printable(service, _MAX_NAME)
    if "." in words:
        return words
    words = words.replace("-", " ").replace("_", " ")
    return words[:1].upper() + words[1:]


def place_name(service: str | None, host: str) -> str:
    """Return the service's name, or the host where no service is known."""
    if service:
        return service_name(service)
    return printable(host, 100) or "an unnamed host"


def services_called(words: str) -> tuple[str, ...]:
    """Return the ids of the services whose proper name holds these words, in any case."""
    part = words.casefold()
    return tuple(one.id for one in (*SERVICES, *VENDORS) if part in one.name.casefold())
