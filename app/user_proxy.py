"""The proxy that the user's own environment names: taken over by a private gate, or said aloud."""

from collections.abc import Mapping

from certs.client_environment import OWN_VARIABLE, PROXY_VARIABLES, dropped_exceptions
from core.text import printable


def user_proxy(environment: Mapping[str, str]) -> str | None:
    """Return the URL of the user's proxy for HTTPS; None where there is none, or it is a gate of
    ours.
    """
    for name in PROXY_VARIABLES:
        if name.lower() == "http_proxy":
            continue
        url = environment.get(name, "").strip()
        if url and url != environment.get(OWN_VARIABLE):
            return url
    return None


def unused_proxy(environment: Mapping[str, str]) -> str | None:
    """Return the URL of the user's proxy for HTTP in clear, where it is another than the one for
    HTTPS; None where there is none, or it is a gate of ours.
    """
    urls = (environment.get(name, "").strip() for name in ("http_proxy", "HTTP_PROXY"))
    url = next(filter(None, urls), None)
    known = {environment.get(OWN_VARIABLE), user_proxy(environment)}
    return None if url in known else url


def user_direct(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the hosts that the user's proxy is not to be asked for, as in NO_PROXY: domains,
    networks, `*`. Exceptions for one port alone are not among them.
    """
    found = dropped_exceptions(environment)
    return tuple(entry for entry in found if entry.count(":") != 1)


def shown(url: str) -> str:
    """Return the address of a proxy without its credentials, for people."""
    scheme, _, rest = url.rpartition("://")
    host = rest.rpartition("@")[2].partition("/")[0]
    return printable(f"{scheme or 'http'}://{host}", 200)
