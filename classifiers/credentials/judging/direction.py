"""Which credential authenticates a request: normal at its own service, a leak anywhere else."""

import re

from classifiers.credentials.rules.rule import Rule
from classifiers.payload import Carrier, Segment
from destinations.credentials import KEY_HEADERS, is_own_host

_HEADER, _QUERY, _PATH = Carrier.HEADER, Carrier.QUERY, Carrier.PATH

AUTH_HEADERS = frozenset(
    {
        *KEY_HEADERS,
        "authorization",
        "proxy-authorization",
        "cookie",
        "apikey",
        "x-access-token",
        "x-amz-security-token",
        "x-api-token",
        "x-auth-email",
        "x-auth-token",
        "x-cdata-authtoken",
        "x-consul-token",
        "x-csrf-token",
        "x-ms-authorization-auxiliary",
        "x-rapidapi-key",
        "x-session-token",
        "x-snowflake-authorization-token-type",
        "x-subscription-token",
        "x-token",
        "x-xsrf-token",
    }
)
"""Headers whose job is to authenticate, lower case: of known issuers, and those that many share."""

AUTH_PARAMETERS = frozenset(
    {
        "key",
        "api_key",
        "apikey",
        "api-key",
        "access_token",
        "token",
        "auth",
        "auth_token",
        "sig",
        "signature",
        "x-amz-signature",
        "x-amz-credential",
        "x-amz-security-token",
        "x-goog-signature",
        "x-goog-credential",
        "client_secret",
        "code",
        "appid",
        "subscription-key",
    }
)
"""Query parameters whose job is to authenticate."""

TOKEN_FIELDS = frozenset(
    {
        "client_secret",
        "password",
        "refresh_token",
        "assertion",
        "client_assertion",
        "code",
        "code_verifier",
        "subject_token",
        "device_code",
        "actor_token",
        "passcode",
        "token",
    }
)
"""Fields of an OAuth token request: sent there is what they are for."""


def is_authentication(segment: Segment) -> bool:
    """True for a header, cookie, query parameter or path segment whose job is to authenticate."""
    carrier, key, path = segment[3], segment[1], segment[2]
    if carrier is _HEADER:
        return (path[0] if path else key) in AUTH_HEADERS or key in AUTH_HEADERS
    if carrier is _QUERY:
        return key is not None and key.lower() in AUTH_PARAMETERS
    return carrier is _PATH and segment[0].startswith("bot") and ":AA" in segment[0]


_NEVER_IN_A_QUERY = re.compile(
    r"(?i:passw|pwd|passphrase|secret|private[_-]?key)|^[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+$"
)
"""Names that no service asks for in an address: passwords, and environment variables."""


_SIGNS = (
    "auth",
    "cookie",
    "baggage",
    "signature",
    "sentry",
    "digest",
    "token",
    "referer",
    "forward",
)
"""Parts of names of headers that hold named values of their own."""


def is_told(segment: Segment, start: int) -> bool:
    """True for a value that a header or query names itself, as a note does that says `password:
    …`: it is told to whoever reads it, and authenticates nothing.
    """
    carrier, key = segment[3], (segment[1] or "").lower()
    if carrier is _HEADER and any(sign in key for sign in _SIGNS):
        return False
    text = segment[0]
    before = text[:start]
    is_named = any(mark in before for mark in "=: ") and any(map(str.isalpha, before))
    return carrier in (_HEADER, _QUERY) and is_named and not text.startswith(("http:", "https:"))


_OF_NO_ISSUER = frozenset({"jwt", "basic-auth-header", "session-cookie", "sk-api-key"})
_NEVER_NORMAL = frozenset({"private-key", "encrypted-private-key", "connection-string"})


def is_normal_use(
    rule: Rule, carrier: Carrier, host: str, *, authentication: bool, key: str | None = None
) -> bool:
    """True when a key outside the body authenticates at `host`, and its form names nobody else."""
    if carrier is Carrier.BODY:
        return False
    if rule.rank <= 1 and carrier is _QUERY and not authentication:
        return not (key and _NEVER_IN_A_QUERY.search(key))
    if rule.rank <= 1 or rule.name in _OF_NO_ISSUER:
        return True
    if rule.provider is None:
        return authentication and rule.name not in _NEVER_NORMAL
    own = is_own_host(rule.provider, host)
    return bool(own) if own is not None else authentication
