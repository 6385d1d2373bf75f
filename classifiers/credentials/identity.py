"""Which credential authenticates a request: normal use at its own service becomes an identity, not a leak."""

# ruff: noqa: E501 - rows of tables and patterns are easier to read on one line

from dataclasses import dataclass

from classifiers.credentials.hosts import is_own_host
from classifiers.credentials.rule import Rule
from classifiers.payload import Carrier, Segment

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

_AUTH_NAMES = AUTH_HEADERS | AUTH_PARAMETERS
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


def is_authentication(segment: Segment) -> bool:
    """True for a header or query parameter whose job is to authenticate."""
    return segment[3] is not Carrier.BODY and segment[1] is not None and segment[1].lower() in _AUTH_NAMES


def credential_of(text: str) -> tuple[str, str | None]:
    """Return the credential in the value of an authentication header, and the class its scheme tells."""
    scheme, space, rest = text.partition(" ")
    if not space:
        return text, None
    lower = scheme.lower()
    if lower.startswith("aws4-hmac-sha256"):
        start = rest.find("Credential=")
        return (rest[start + 11 :].split("/", 1)[0] if start >= 0 else rest), "sigv4"
    known = {"basic": "basic", "bearer": None, "token": None, "apikey": None, "key": None, "bot": "bot", "sharedkey": "shared-key"}
    return (rest.strip(), known[lower]) if lower in known else (text, None)


def is_normal_use(rule: Rule, carrier: Carrier, host: str, *, authentication: bool) -> bool:
    """True when a key found outside the body is there to authenticate at `host` and its form names nobody else."""
    if carrier is Carrier.BODY:
        return False
    if rule.rank <= 1 or rule.name in {"jwt", "basic-auth-header", "session-cookie"}:
        return True
    if rule.provider is None:
        return authentication and rule.name not in {"private-key", "encrypted-private-key", "connection-string"}
    own = is_own_host(rule.provider, host)
    return bool(own) if own is not None else authentication
