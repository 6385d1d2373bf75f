"""The way to the organisation's directory: HTTPS, checked against its authorities, without proxies,
redirections or long answers.
"""

import asyncio
import json
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp

from core.errors import SettingsError
from hub.sign_in import SignInError

_MOST_BYTES = 1 << 20
_WITHIN_S = 10.0
_AT_ONCE = 8


class DirectoryLine:
    """Asks the directory. Implements `hub.sign_in.Line`."""

    def __init__(self, ca: Path | None) -> None:
        try:
            self._context = ssl.create_default_context(cafile=None if ca is None else str(ca))
        except (OSError, ssl.SSLError):
            raise SettingsError(
                f"sign_in: {ca} holds no authorities.", remedy="`ca` is a file of PEM certificates."
            ) from None
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def get(self, address: str) -> Mapping[str, Any]:
        """Fetch."""
        return await self._asked("GET", address, None, None)

    async def post(
        self, address: str, form: Mapping[str, str], basic: tuple[str, str] | None
    ) -> Mapping[str, Any]:
        """Send a form."""
        auth = None if basic is None else aiohttp.BasicAuth(*map(_quoted, basic))
        return await self._asked("POST", address, form, auth)

    async def _asked(
        self,
        method: str,
        address: str,
        form: Mapping[str, str] | None,
        auth: aiohttp.BasicAuth | None,
    ) -> Mapping[str, Any]:
        try:
            async with (
                asyncio.timeout(_WITHIN_S),
                self._places,
                aiohttp.ClientSession(trust_env=False, auth=auth) as session,
                session.request(
                    method,
                    address,
                    data=form,
                    ssl=self._context,
                    allow_redirects=False,
                    headers={"Accept": "application/json"},
                ) as answer,
            ):
                return _object(answer.status, await _body(answer))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            raise SignInError(
                "The directory cannot be reached.", remedy="Try again a little later."
            ) from None


async def _body(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise SignInError("The directory says too much.")
    return bytes(body)


def _object(status: int, body: bytes) -> Mapping[str, Any]:
    if status != 200:
        raise SignInError(f"The directory refuses ({status}).")
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise SignInError("The directory's answer is none.")
    return value


def _quoted(text: str) -> str:
    """Return a name or secret as they stand in a head (RFC 6749, 2.3.1)."""
    from urllib.parse import quote_plus

    return quote_plus(text)
