"""Which way a credential goes: to authenticate at its own service is normal use, anywhere else it leaks."""

import re

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
