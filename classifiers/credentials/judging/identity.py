"""Which credential authenticates a request: normal use at its own service becomes an identity, not a leak."""

import re
from dataclasses import dataclass

from classifiers.credentials.rules.rule import Rule
from classifiers.destinations.key_hosts import is_own_host
from classifiers.payload import Carrier, Segment

_HEADER, _QUERY, _PATH = Carrier.HEADER, Carrier.QUERY, Carrier.PATH

AUTH_HEADERS = frozenset(
    {"authorization", "proxy-authorization", "x-api-key", "api-key", "apikey", "x-goog-api-key", "x-auth-token", "x-access-token",
     "private-token", "job-token", "deploy-token", "x-api-token", "x-token", "x-vault-token", "x-figma-token", "x-shopify-access-token",
     "x-amz-security-token", "x-ms-authorization-auxiliary", "ocp-apim-subscription-key", "xi-api-key", "x-portkey-api-key", "helicone-auth",
     "x-auth-key", "x-auth-email", "dd-api-key", "dd-application-key", "x-honeycomb-team", "x-postmark-server-token", "x-subscription-token",
     "x-snowflake-authorization-token-type", "cookie", "x-csrf-token", "x-xsrf-token", "x-session-token", "x-github-token", "x-rapidapi-key",
     "cf-access-client-secret", "cf-access-client-id", "x-functions-key", "x-cdata-authtoken", "x-consul-token", "x-n8n-api-key"}
)  # fmt: skip
"""Headers whose job is to authenticate, lower case."""

AUTH_PARAMETERS = frozenset(
    {"key", "api_key", "apikey", "api-key", "access_token", "token", "auth", "auth_token", "sig", "signature", "x-amz-signature",
     "x-amz-credential", "x-amz-security-token", "x-goog-signature", "x-goog-credential", "client_secret", "code", "appid", "subscription-key"}
)  # fmt: skip
"""Query parameters whose job is to authenticate."""

TOKEN_FIELDS = frozenset(
    {"client_secret", "password", "refresh_token", "assertion", "client_assertion", "code", "code_verifier", "subject_token", "device_code",
     "actor_token", "passcode", "token"}
)  # fmt: skip
"""Fields of an OAuth token request: sent there is what they are for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A credential in normal use. Holds the credential, for fingerprinting only: its repr does not."""

    provider: str | None
    """Our id of the provider that issued the key, where its form tells."""
    key_class: str | None
    """`api-key`, `oauth`, `personal`, `session`, `basic`, `sigv4`…"""
    value_for_fingerprinting: str
    header: str
    """Name of the header or query parameter it came in."""

    def __repr__(self) -> str:
        return f"<Identity {self.provider} {self.key_class} in {self.header}>"


_SESSION_COOKIE = re.compile(r"(?i)sess|token|auth|sid$|jwt|remember|login")
_SCHEMES = {
    "basic": "basic",
    "bot": "bot",
    "sharedkey": "shared-key",
    "digest": "digest",
    "negotiate": "negotiate",
}


def is_authentication(segment: Segment) -> bool:
    """True for a header, cookie, query parameter or path segment whose job is to authenticate."""
    carrier, key, path = segment[3], segment[1], segment[2]
    if carrier is _HEADER:
        return (path[0] if path else key) in AUTH_HEADERS or key in AUTH_HEADERS
    if carrier is _QUERY:
        return key is not None and key.lower() in AUTH_PARAMETERS
    return carrier is _PATH and segment[0].startswith("bot") and ":AA" in segment[0]


def identifies(segment: Segment) -> bool:
    """True for an authentication segment that holds the credential itself, not a part or a by-product of it."""
    if not segment.text or segment.key in {"x-csrf-token", "x-xsrf-token", "x-auth-email"}:
        return False
    if segment.path[:1] == ("cookie",) or segment.key == "cookie":
        return segment.key is not None and _SESSION_COOKIE.search(segment.key) is not None
    return segment.carrier is not _HEADER or len(segment.path) <= 2


def source_of(segment: Segment) -> str:
    """Return the name of the header or query parameter that an authentication segment comes from, or `path`."""
    if segment.carrier is _PATH:
        return "path"
    return (
        str(segment.path[0])
        if segment.path and segment.carrier is _HEADER
        else segment.key or "unknown"
    )


def credential_of(segment: Segment) -> tuple[str, str | None]:
    """Return the credential in an authentication segment, and the class that its scheme tells."""
    text = segment.text
    if segment.carrier is _PATH:
        return text.removeprefix("bot"), "bot"
    scheme = (
        str(segment.path[1]).lower()
        if len(segment.path) == 2 and segment.carrier is _HEADER
        else ""
    )
    if not scheme:
        first, space, rest = text.partition(" ")
        if space and first.lower() in {
            *_SCHEMES,
            "bearer",
            "token",
            "apikey",
            "key",
            "aws4-hmac-sha256",
        }:
            scheme, text = first.lower(), rest.strip()
    if segment.path[:1] == ("cookie",):
        return text, "session"
    if scheme.startswith("aws4-hmac-sha256"):
        start = text.find("Credential=")
        return (text[start + 11 :].split("/", 1)[0] if start >= 0 else text), "sigv4"
    return text, _SCHEMES.get(scheme)


_NEVER_IN_A_QUERY = re.compile(
    r"(?i:passw|pwd|passphrase|secret|private[_-]?key)|^[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+$"
)
"""Names that no service asks for in an address: passwords, and variables of an environment such as `COHERE_API_KEY`."""


def is_normal_use(
    rule: Rule, carrier: Carrier, host: str, *, authentication: bool, key: str | None = None
) -> bool:
    """True when a key found outside the body is there to authenticate at `host` and its form names nobody else."""
    if carrier is Carrier.BODY:
        return False
    if (
        carrier is _QUERY
        and rule.rank <= 1
        and not authentication
        and key
        and _NEVER_IN_A_QUERY.search(key)
    ):
        return False
    if rule.rank <= 1 or rule.name in {"jwt", "basic-auth-header", "session-cookie", "sk-api-key"}:
        return True
    if rule.provider is None:
        return authentication and rule.name not in {
            "private-key",
            "encrypted-private-key",
            "connection-string",
        }
    own = is_own_host(rule.provider, host)
    return bool(own) if own is not None else authentication
