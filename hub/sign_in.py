"""Signing in by the organisation's directory: OpenID Connect, authorization code with PKCE (S256).

What a browser needs to come back stands in its own cookie; state, nonce and verifier are derived
from that under a key of this process, so that nobody fills a memory here. Tokens are checked by
joserfc against the directory's published keys; nothing else is believed (OpenID Connect Core
3.1.3.7, RFC 7636, RFC 9207, RFC 9700).
"""

import base64
import hashlib
import hmac
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlencode

from joserfc.errors import JoseError
from joserfc.jwt import JWTClaimsRegistry

from core.errors import OutgateError
from core.rights import GROUP
from core.text import printable
from hub.sign_in_keys import Keys
from hub.sign_in_settings import SignInSettings, is_https

LASTS = timedelta(minutes=10)
"""How long somebody may take at the directory."""
_LONGEST = timedelta(hours=12)
"""No desk is open for longer, whatever the token says."""
_LEEWAY_S = 60
_METADATA_FOR = timedelta(hours=1)
_MOST_USED = 100_000
_MOST_NAME = 200
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class SignInError(OutgateError):
    """Somebody is not let in, or the directory cannot be asked; says nothing of what was sent."""


class Line(Protocol):
    """The way to the directory. Each raises SignInError where it gives no JSON object."""

    async def get(self, address: str) -> Mapping[str, Any]:
        """Fetch."""

    async def post(
        self, address: str, form: Mapping[str, str], basic: tuple[str, str] | None
    ) -> Mapping[str, Any]:
        """Send a form; `basic`: name and secret in the head."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """A browser on its way to the directory."""

    address: str
    cookie: str
    """Kept by this browser until it comes back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Somebody whom the directory knows."""

    name: str
    subject: str
    groups: tuple[str, ...]
    until: datetime
    """When the token ends, and the desk with it."""
    session: str = ""
    """As the directory calls it, where it does."""


@dataclass(slots=True)
class Directory:
    """The organisation's directory, as one desk asks it. One loop at a time."""

    settings: SignInSettings
    line: Line
    clock: Callable[[], datetime]
    secret: str | None = field(default=None, repr=False)
    _key: bytes = field(default_factory=lambda: os.urandom(32), repr=False)
    _used: dict[str, datetime] = field(default_factory=dict, repr=False)
    _known: tuple[datetime, Mapping[str, Any]] | None = None
    _keys: Keys | None = None

    @property
    def redirect(self) -> str:
        """Where the directory sends browsers back to."""
        return f"{self.settings.address}/signed-in"

    async def begin(self) -> Leaving:
        """Send a browser there. Raises SignInError."""
        metadata = await self._metadata()
        cookie = f"{int(self.clock().timestamp())}.{_words(os.urandom(32))}"
        challenge = hashlib.sha256(self._derived("verifier", cookie).encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": self.redirect,
            "scope": " ".join(self.settings.scopes),
            "state": self._derived("state", cookie),
            "nonce": self._derived("nonce", cookie),
            "code_challenge": _words(challenge),
            "code_challenge_method": "S256",
        }
        to = metadata["authorization_endpoint"]
        return Leaving(address=f"{to}{'&' if '?' in to else '?'}{urlencode(query)}", cookie=cookie)

    async def finish(self, query: Mapping[str, str], cookie: str) -> SignedIn:
        """Take a browser that comes back, once. Raises SignInError."""
        self._take(query, cookie)
        metadata = await self._metadata()
        issuer = query.get("iss")
        told = metadata.get("authorization_response_iss_parameter_supported") is True
        if (issuer is None and told) or (issuer is not None and issuer != self.settings.issuer):
            raise SignInError("This answer is another directory's.")
        if "error" in query:
            raise SignInError(f"The directory lets nobody in: {_word(query['error'])}.")
        if not query.get("code"):
            raise SignInError("The directory's answer has no code.")
        answer = await self._exchanged(metadata, query["code"], cookie)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise SignInError("The directory gave no token that says who you are.")
        return self._signed_in(await self._claims(metadata, token, cookie))

    async def claims_of(self, token: str, kinds: frozenset[str]) -> Mapping[str, Any]:
        """Return what a token of another kind says whose signature is the directory's. Whoever
        sends it is nobody yet: keys are asked for seldom. Raises SignInError, JoseError,
        ValueError.
        """
        metadata = await self._metadata()
        assert self._keys is not None
        announced = metadata.get("id_token_signing_alg_values_supported")
        return await self._keys.claims(token, announced, kinds, seldom=True)

    def _take(self, query: Mapping[str, str], cookie: str) -> None:
        """Raise SignInError where this browser did not begin here, a while ago at most, or came
        back already.
        """
        now = self.clock()
        for old in [one for one, ends in self._used.items() if ends < now]:
            del self._used[old]
        begun = cookie.partition(".")[0]
        state = query.get("state", "")
        known = _is_same(self._derived("state", cookie), state)
        if not known or not (begun.isascii() and begun.isdigit()):
            raise SignInError("This browser did not begin to sign in here.")
        ends = datetime.fromtimestamp(int(begun), UTC) + LASTS
        if ends < now:
            raise SignInError("Signing in took too long.")
        if cookie in self._used or len(self._used) >= _MOST_USED:
            raise SignInError("This answer was used already.")
        self._used[cookie] = ends

    async def _metadata(self) -> Mapping[str, Any]:
        now = self.clock()
        if self._known is not None and now - self._known[0] < _METADATA_FOR:
            return self._known[1]
        issuer = self.settings.issuer
        found = await self.line.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != issuer:
            raise SignInError("The directory names itself otherwise than `issuer` says.")
        if not all(is_https(found.get(name)) for name in _ENDPOINTS):
            raise SignInError("The directory does not say where it is asked, under https.")
        self._known, self._keys = (now, found), Keys(found["jwks_uri"], self.line.get, self.clock)
        return found

    async def _exchanged(
        self, metadata: Mapping[str, Any], code: str, cookie: str
    ) -> Mapping[str, Any]:
        name, secret = self.settings.client_id, self.secret
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect,
            "client_id": name,
            "code_verifier": self._derived("verifier", cookie),
        }
        ways = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if secret is None:
            return await self.line.post(metadata["token_endpoint"], form, None)
        if "client_secret_basic" in ways:
            return await self.line.post(metadata["token_endpoint"], form, (name, secret))
        form["client_secret"] = secret
        return await self.line.post(metadata["token_endpoint"], form, None)

    async def _claims(
        self, metadata: Mapping[str, Any], token: str, cookie: str
    ) -> Mapping[str, Any]:
        assert self._keys is not None
        now, client = int(self.clock().timestamp()), self.settings.client_id
        announced = metadata.get("id_token_signing_alg_values_supported")
        try:
            claims = await self._keys.claims(token, announced)
            _checked(claims, now, self.settings.issuer, client)
        except (JoseError, ValueError, TypeError, OverflowError):
            raise SignInError("The directory's token is not one for this desk, now.") from None
        nonce = claims.get("nonce")
        if not isinstance(nonce, str) or not _is_same(nonce, self._derived("nonce", cookie)):
            raise SignInError("The directory's token is not the answer to this browser.")
        return claims

    def _signed_in(self, claims: Mapping[str, Any]) -> SignedIn:
        name = _claim(claims, self.settings.name_claim)
        if not isinstance(name, str) or printable(name.strip(), _MOST_NAME) != name or not name:
            raise SignInError(f"The directory says no name ({self.settings.name_claim}).")
        if name.startswith((GROUP, "*")):
            raise SignInError("That name is none that is taken here.")
        groups = _claim(claims, self.settings.groups_claim)
        listed = groups if isinstance(groups, list) else [groups]
        ends = datetime.fromtimestamp(float(claims["exp"]), UTC)
        return SignedIn(
            name=name,
            subject=claims["sub"],
            groups=tuple(one for one in listed if isinstance(one, str)),
            until=min(ends, self.clock() + _LONGEST),
            session=_session(claims.get("sid")),
        )

    def _derived(self, what: str, cookie: str) -> str:
        told = f"{what}\0{cookie}".encode("utf-8", "replace")
        return _words(hmac.digest(self._key, told, "sha256"))


def _checked(claims: Mapping[str, Any], now: int, issuer: str, client: str) -> None:
    """Raise JoseError or ValueError where a token is another directory's, for somebody else, or of
    another time.
    """
    JWTClaimsRegistry(
        now=now,
        leeway=_LEEWAY_S,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": client},
        exp={"essential": True},
        iat={"essential": True},
        sub={"essential": True},
    ).validate(dict(claims))
    if isinstance(claims["exp"], bool) or isinstance(claims["iat"], bool):
        raise ValueError("a time is none")
    audience = claims["aud"]
    others = isinstance(audience, list) and set(audience) != {client}
    if (others or "azp" in claims) and claims.get("azp") != client:
        raise ValueError("given to somebody else")
    subject = claims["sub"]
    if not 0 < len(subject) <= 255 or not subject.isprintable():
        raise ValueError("a subject is none")


def _session(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= 255 else ""


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    """Return a claim by its name, else by its path of names with dots between."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _word(text: str) -> str:
    """Return the word of an error (RFC 6749: plain letters), or that it is none."""
    plain = text.isascii() and text.replace("_", "").isalnum() and len(text) <= 40
    return text if plain else "it does not say why"


def _is_same(one: str, other: str) -> bool:
    return hmac.compare_digest(*(text.encode("utf-8", "replace") for text in (one, other)))


def _words(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
