"""The organisation's own proxies behind the gate: which host goes through which, and their
credentials. Pure.
"""

import base64
import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import unquote, urlsplit

from core.errors import SettingsError
from core.text import printable
from destinations.networks import is_loopback

DIRECT = "direct"
"""Instead of a proxy's address: the host is reached without one."""
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class CorporateProxy:
    """One proxy."""

    scheme: str
    host: str
    port: int
    credentials: str | None = field(default=None, repr=False)
    """`user:password`, for HTTP Basic."""

    @property
    def url(self) -> str:
        """Its address, without credentials."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class CorporateProxies:
    """All of them. Patterns are those of NO_PROXY: a domain with what is below it, or a network."""

    default: CorporateProxy | None = None
    by_host: Sequence[tuple[str, CorporateProxy | None]] = ()

    def __bool__(self) -> bool:
        return self.default is not None or bool(self.by_host)

    def of(self, host: str) -> CorporateProxy | None:
        """Return the proxy for this host, by the first pattern that fits; None: direct.

        No proxy elsewhere can reach what listens on this machine.
        """
        if is_loopback(host):
            return None
        for pattern, proxy in self.by_host:
            if fits(pattern, host):
                return proxy
        return self.default

    def authorization(self, address: tuple[str, int]) -> bytes | None:
        """Return what to say to the proxy at this address."""
        for proxy in (self.default, *(proxy for _, proxy in self.by_host)):
            if proxy is not None and (proxy.host, proxy.port) == address and proxy.credentials:
                return b"Basic " + base64.b64encode(proxy.credentials.encode())
        return None


def parse_proxy(text: str, credentials: str | None = None, *, own: bool = False) -> CorporateProxy:
    """Return the proxy at this URL. Raises SettingsError, which quotes no credentials.

    `own`: the URL comes from the environment, where credentials stand in it by custom.
    """
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), 0
    if parts.scheme not in _PORTS or not parts.hostname or port == 0:
        whose = "in HTTPS_PROXY" if own else "of upstream_proxy"
        raise SettingsError(
            f"The address {whose} is not http://HOST:PORT, and no other kind of proxy can be used.",
            remedy="For example http://proxy.corp.example:3128",
        )
    if parts.username is not None and not own:
        raise SettingsError(
            "Credentials do not belong into the address of the upstream proxy.",
            remedy="Name a file in upstream_proxy_credentials, or set"
            " OUTGATE_UPSTREAM_PROXY_CREDENTIALS.",
        )
    if parts.username is not None:
        credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return CorporateProxy(
        parts.scheme, parts.hostname, port or _PORTS[parts.scheme], credentials or None
    )


def parse_proxies(
    default: str | None, by_host: Mapping[str, str], credentials: str | None
) -> CorporateProxies:
    """Return what the settings say. `credentials`: `USER:PASSWORD` for all of them; or lines of
    `URL USER:PASSWORD`, each for the proxy at that address and no other. Raises SettingsError,
    which quotes none.
    """
    common, own = _read_credentials(credentials or "")
    found = CorporateProxies(
        None if default is None else _with_its_own(parse_proxy(default, common), own),
        [
            (pattern, None if url == DIRECT else _with_its_own(parse_proxy(url, common), own))
            for pattern, url in by_host.items()
        ],
    )
    named = {proxy.url for proxy in (found.default, *(one for _, one in found.by_host)) if proxy}
    if unknown := sorted(own.keys() - named):
        raise SettingsError(
            f"There are credentials for {printable(unknown[0], 200)}, and no setting names that"
            " proxy.",
            remedy="Write its address as it stands in upstream_proxy or upstream_proxies.",
        )
    return found


def _with_its_own(proxy: CorporateProxy, own: Mapping[str, str]) -> CorporateProxy:
    return replace(proxy, credentials=own[proxy.url]) if proxy.url in own else proxy


def _read_credentials(text: str) -> tuple[str | None, dict[str, str]]:
    """Return those for all proxies, and those for one: its address → credentials."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    words = [line.split(None, 1) for line in lines]
    if any(first.startswith(("http://", "https://")) for first, *_ in words):
        if all(len(pair) == 2 and ":" in pair[1] for pair in words):
            return None, {parse_proxy(url).url: said for url, said in words}
    elif len(lines) < 2 and all(":" in line for line in lines):
        return next(iter(lines), None), {}
    raise SettingsError(
        "The credentials of the upstream proxy are not USER:PASSWORD.",
        remedy="Write both on one line, with a colon between them; where proxies have their own, a"
        " line for each: http://HOST:PORT USER:PASSWORD",
    )


def fits(pattern: str, host: str) -> bool:
    """Return whether a host falls under a pattern."""
    wanted, name = pattern.strip().lower(), host.lower().rstrip(".")
    if wanted == "*":
        return True
    try:
        return ipaddress.ip_address(name) in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        domain = wanted.removeprefix("*").lstrip(".")
        return bool(domain) and (name == domain or name.endswith(f".{domain}"))
