"""The environment of a program behind the gate: proxy and trust variables, and no way past it."""

import ipaddress
from collections.abc import Iterable, Mapping
from pathlib import Path

PROXY_VARIABLES = (
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
)
"""gRPC reads the lower-case names only, others the upper-case ones."""

OWN_VARIABLE = "OUTGATE_GATE"
"""Says that the proxy in the environment is a gate, so that no run takes it for the user's."""

BUNDLE_VARIABLES = (
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "AWS_CA_BUNDLE",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
    "NODE_EXTRA_CA_CERTS",
    "PIP_CERT",
    "GIT_SSL_CAINFO",
    "CARGO_HTTP_CAINFO",
    "DENO_CERT",
    "HTTPLIB2_CA_CERTS",
    "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE",
    "CODEX_CA_CERTIFICATE",
    "NIX_SSL_CERT_FILE",
)
"""Most of them replace a client's own roots, so the bundle holds the public roots too."""

WGET_VARIABLE = "SYSTEM_WGETRC"
"""GNU wget reads no variable for its roots. This names the file that it reads in place of the
machine's settings, before the user's own; where there is none it reads the machine's.
"""

SWITCHES = {"NODE_USE_ENV_PROXY": "1", "UV_SYSTEM_CERTS": "1"}

_LOOPBACK = (
    "localhost",
    "127.0.0.1",
    "::1",
    "localhost.",
    ".localhost",
    "127.0.1.1",
    "127.0.0.0/8",
    "0.0.0.0",  # noqa: S104 - nothing listens here: to a client it is this machine
    "::ffff:127.0.0.1",
)
"""In the forms that one client or another compares with: some know no networks, some no domains.
Not `[::1]`: httpx 0.28 raises on it. 127.0.1.1 is the machine's own name in Debian's /etc/hosts.
"""


def client_environment(
    proxy_url: str,
    bundle_path: Path | str,
    base_env: Mapping[str, str],
    no_proxy: Iterable[str] = (),
    *,
    loopback_through_proxy: bool = False,
) -> dict[str, str]:
    """Return `base_env` with every variable that sends a client through the gate and makes it trust
    it.

    Loopback hosts go direct unless asked otherwise, and so do the hosts in `no_proxy`. Other
    exceptions that the user had are dropped, for each is a way past the gate:
    `dropped_exceptions` names them.
    """
    direct = dict.fromkeys(() if loopback_through_proxy else _LOOPBACK)
    if not loopback_through_proxy:
        direct.update(dict.fromkeys(e for e in _exceptions(base_env) if _is_loopback(e)))
    direct.update(dict.fromkeys(no_proxy))
    exceptions = ",".join(direct)
    return {
        **base_env,
        **dict.fromkeys(PROXY_VARIABLES, proxy_url),
        OWN_VARIABLE: proxy_url,
        "NO_PROXY": exceptions,
        "no_proxy": exceptions,
        **dict.fromkeys(BUNDLE_VARIABLES, str(bundle_path)),
        WGET_VARIABLE: str(wgetrc_beside(bundle_path)),
        **SWITCHES,
    }


def wgetrc_beside(bundle: Path | str) -> Path:
    """Return the settings for wget that lie beside a bundle and name it."""
    return Path(bundle).parent / "wgetrc"


def dropped_exceptions(base_env: Mapping[str, str]) -> tuple[str, ...]:
    """Return the user's proxy exceptions that `client_environment` does not keep."""
    return tuple(e for e in _exceptions(base_env) if not _is_loopback(e))


def _exceptions(env: Mapping[str, str]) -> list[str]:
    entries = ",".join((env.get("no_proxy", ""), env.get("NO_PROXY", ""))).split(",")
    return [e for e in dict.fromkeys(entry.strip() for entry in entries) if e]


def _is_loopback(entry: str) -> bool:
    from destinations.networks import is_loopback  # brings the whole catalogue: not for nothing

    host = entry.lower().removeprefix("*").lstrip(".")
    try:
        return is_loopback(host) or ipaddress.ip_network(host, strict=False).is_loopback
    except ValueError:
        return False
