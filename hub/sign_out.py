"""Signing out by the directory: what it tells the desk of somebody who signed out there, or whom it
put out (OpenID Connect Back-Channel Logout 1.0).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwt import JWTClaimsRegistry

from hub.sign_in import Directory, SignInError

_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_KINDS = frozenset({"logout+jwt", "jwt"})
_LEEWAY_S = 60
_OLDEST_S = 600
"""A token that says no end counts for so long."""
_MOST = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOut:
    """Whose desks end: those of the person, or of one session of theirs; both are the directory's
    words, and one of them is there.
    """

    subject: str | None
    session: str | None


async def signed_out(directory: Directory, token: str) -> SignedOut:
    """Return what a token of the directory says. Raises SignInError for what is none, for another
    desk, of another time, or a token by which somebody signs in.
    """
    try:
        claims = await directory.claims_of(token, _KINDS)
        return _checked(claims, int(directory.clock().timestamp()), directory)
    except (JoseError, ValueError, TypeError, OverflowError):
        raise SignInError("That tells nothing of somebody who signed out.") from None


def _checked(claims: Mapping[str, Any], now: int, directory: Directory) -> SignedOut:
    settings = directory.settings
    JWTClaimsRegistry(
        now=now,
        leeway=_LEEWAY_S,
        iss={"essential": True, "value": settings.issuer},
        aud={"essential": True, "value": settings.client_id},
        iat={"essential": True},
        jti={"essential": True},
        events={"essential": True},
    ).validate(dict(claims))
    if isinstance(claims["iat"], bool) or claims["iat"] < now - _OLDEST_S:
        raise ValueError("too old")
    events = claims["events"]
    if not isinstance(events, dict) or not isinstance(events.get(_EVENT), dict):
        raise ValueError("nobody signed out")
    if "nonce" in claims:  # that is how a token to sign in with is told from this one
        raise ValueError("a token of another kind")
    subject, session = (_text(claims.get(name)) for name in ("sub", "sid"))
    if subject is None and session is None:
        raise ValueError("whose?")
    return SignedOut(subject=subject, session=session)


def _text(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= _MOST:
        raise ValueError("no text")
    return value
