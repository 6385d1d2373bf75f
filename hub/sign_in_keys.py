"""The keys that a directory signs its tokens with, as it publishes them, and tokens read by them.

Only keys of two parts count (RSA from 2,048 bits, EC, OKP), and only algorithms of such: neither an
unsigned token nor one signed with a public key as a secret is any.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import ECKey, JWKRegistry, KeySet, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

ALGORITHMS: tuple[str, ...] = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
)
_KEPT = timedelta(hours=1)
"""A key that the directory withdrew counts for so long at most."""
_MOST_KEYS = 100
_LEAST_BITS = 2048
_PLAIN = "jwt"
_SELDOM = timedelta(minutes=1)
"""Between questions for keys that a stranger's token names."""


class Keys:
    """The published keys of one directory."""

    def __init__(
        self,
        address: str,
        fetch: Callable[[str], Awaitable[Mapping[str, Any]]],
        clock: Callable[[], datetime],
    ) -> None:
        self._address, self._fetch, self._clock = address, fetch, clock
        self._known: KeySet | None = None
        self._at = clock()

    async def claims(
        self,
        token: str,
        announced: object,
        kinds: frozenset[str] = frozenset({_PLAIN}),
        *,
        seldom: bool = False,
    ) -> Mapping[str, Any]:
        """Return what a token says whose signature fits; keys that are not known are asked for, and
        with `seldom` only a while after the last time.

        `announced`: algorithms that the directory says it uses, where it says so. `kinds`: what its
        head may call it. Raises JoseError, ValueError.
        """
        wanted = ALGORITHMS
        if isinstance(announced, list):
            wanted = tuple(one for one in ALGORITHMS if one in announced)
        if not wanted:
            raise ValueError("no algorithm that is taken")
        is_stale = self._known is None or self._clock() - self._at > _KEPT
        keys = await self._asked() if is_stale else self._known
        assert keys is not None
        try:
            return _read(token, keys, wanted, kinds)
        except InvalidKeyIdError:
            if is_stale or (seldom and self._clock() - self._at < _SELDOM):
                raise
            return _read(token, await self._asked(), wanted, kinds)

    async def _asked(self) -> KeySet:
        found = (await self._fetch(self._address)).get("keys")
        listed = found[:_MOST_KEYS] if isinstance(found, list) else []
        self._known = KeySet([key for one in listed if (key := _key(one)) is not None])
        self._at = self._clock()
        return self._known


def _read(
    token: str, keys: KeySet, wanted: tuple[str, ...], kinds: frozenset[str]
) -> Mapping[str, Any]:
    registry = JWSRegistry(algorithms=wanted, strict_check_header=False)
    found = jwt.decode(token, keys, algorithms=wanted, registry=registry)
    kind = found.header.get("typ", _PLAIN)
    if not isinstance(kind, str) or kind.lower() not in kinds:
        raise ValueError("a token of another kind")
    return found.claims


def _key(value: object) -> RSAKey | ECKey | OKPKey | None:
    """Return a key that signatures are checked with; None for any other."""
    if not isinstance(value, dict) or value.get("use", "sig") != "sig":
        return None
    try:
        key = JWKRegistry.import_key(value)
        if isinstance(key, RSAKey) and key.raw_value.key_size < _LEAST_BITS:
            return None
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return key if isinstance(key, RSAKey | ECKey | OKPKey) else None
