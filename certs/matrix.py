"""The client matrix: which variables each client reads, whether it honours the proxy, how strict it
is.

One row a client. Measured on Linux unless a note says otherwise; `outgate doctor` tries those it
finds.
"""

from dataclasses import dataclass
from enum import StrEnum


class ProxyUse(StrEnum):
    """How a client takes the proxy from its environment."""

    YES = "yes"
    LOWER_CASE_ONLY = "lower-case variables only"
    WHEN_ASKED = "only when the program asks for it"
    NO = "no: goes direct"


class Family(StrEnum):
    """What kind of client it is."""

    PYTHON = "python"
    TOOL = "tool"


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One HTTP client and how it is brought behind the gate."""

    name: str
    family: Family
    module: str
    """What to look for: a Python module, or a program on the path."""
    proxy: ProxyUse
    trust: tuple[str, ...]
    """Trust variables that it reads, the first being the one to set; empty when it reads none."""
    os_store: bool
    """True when a root in the operating system's store is enough."""
    strict: bool
    """True when on Python 3.13 it insists on critical basic constraints, key usage, SKI and AKI."""
    remedy: str = ""
    """What a user does when it goes past the gate or does not trust it."""
    measured: bool = True
    """False when taken from its documentation only."""


_OPENSSL = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_REQUESTS = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_DIRECT = "It goes past the gate. Let its program use the proxy, or deny it direct HTTPS."


def _python(
    name: str,
    module: str,
    trust: tuple[str, ...],
    *,
    proxy: ProxyUse = ProxyUse.YES,
    os_store: bool = False,
    strict: bool = True,
    remedy: str = "",
) -> Client:
    return Client(
        name=name,
        family=Family.PYTHON,
        module=module,
        proxy=proxy,
        trust=trust,
        os_store=os_store,
        strict=strict,
        remedy=remedy,
    )


def _tool(
    name: str,
    trust: tuple[str, ...],
    *,
    proxy: ProxyUse = ProxyUse.YES,
    os_store: bool = False,
    remedy: str = "",
    measured: bool = True,
) -> Client:
    return Client(
        name=name,
        family=Family.TOOL,
        module=name,
        proxy=proxy,
        trust=trust,
        os_store=os_store,
        strict=False,
        remedy=remedy,
        measured=measured,
    )


CLIENTS: tuple[Client, ...] = (
    _python("urllib", "urllib.request", _OPENSSL, os_store=True),
    _python(
        "http.client", "http.client", _OPENSSL, proxy=ProxyUse.NO, os_store=True, remedy=_DIRECT
    ),
    _python(
        "urllib3",
        "urllib3",
        _OPENSSL,
        proxy=ProxyUse.WHEN_ASKED,
        os_store=True,
        remedy="Use urllib3.ProxyManager, or requests.",
    ),
    _python("requests", "requests", _REQUESTS),
    _python("requests with truststore", "truststore", _OPENSSL + _REQUESTS, os_store=True),
    _python("httpx 0.28", "httpx", _OPENSSL),
    _python(
        "httpx with trust_env=False",
        "httpx",
        (),
        proxy=ProxyUse.NO,
        remedy="Remove trust_env=False from the script: it trusts its own roots only.",
    ),
    _python("httpx2 (newer openai and anthropic SDKs)", "httpx2", _OPENSSL, os_store=True),
    _python(
        "aiohttp",
        "aiohttp",
        _OPENSSL,
        proxy=ProxyUse.WHEN_ASKED,
        os_store=True,
        remedy="Pass trust_env=True to aiohttp.ClientSession; by default it goes past the gate.",
    ),
    _python("websockets", "websockets", _OPENSSL, os_store=True),
    _python("boto3", "boto3", ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"), strict=False),
    _python("google-auth", "google.auth", _REQUESTS),
    _python(
        "grpcio",
        "grpc",
        ("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",),
        proxy=ProxyUse.LOWER_CASE_ONLY,
        strict=False,
        remedy="Set https_proxy in lower case; gRPC ignores HTTPS_PROXY.",
    ),
    _python("pip", "pip", ("PIP_CERT", *_OPENSSL, *_REQUESTS), os_store=True, strict=False),
    _tool("uv", _OPENSSL, remedy="Set UV_SYSTEM_CERTS=1, or SSL_CERT_FILE."),
    _tool("curl", ("SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE"), os_store=True),
    _tool("git", ("GIT_SSL_CAINFO",), os_store=True),
    _tool(
        "node",
        ("NODE_EXTRA_CA_CERTS",),
        proxy=ProxyUse.NO,
        remedy="Node's fetch honours the proxy from version 24 on, with NODE_USE_ENV_PROXY=1.",
    ),
    _tool("deno", ("DENO_CERT",), measured=False),
    _tool("cargo", ("CARGO_HTTP_CAINFO", "SSL_CERT_FILE"), os_store=True, measured=False),
    _tool("gcloud", ("CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE", "REQUESTS_CA_BUNDLE")),
    _tool("az", ("REQUESTS_CA_BUNDLE",)),
    _tool("go", _OPENSSL, os_store=True),
    _tool("codex", ("CODEX_CA_CERTIFICATE", "SSL_CERT_FILE"), os_store=True, measured=False),
    _tool(
        "conda",
        ("REQUESTS_CA_BUNDLE",),
        measured=False,
        remedy="Run: conda config --set ssl_verify truststore",
    ),
)


def past_the_gate() -> tuple[Client, ...]:
    """Return the clients that do not go through the gate by variables alone."""
    return tuple(c for c in CLIENTS if c.proxy in {ProxyUse.NO, ProxyUse.WHEN_ASKED})
