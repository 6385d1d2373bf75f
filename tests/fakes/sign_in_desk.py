"""A desk before an organisation's directory, with a clock that is moved by hand."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import directory as fake
from directory import CLIENT, ISSUER
from fleet_world import HandClock

from hub.sign_in import Directory, SignedIn
from hub.sign_in_settings import SignInSettings, read_sign_in

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
AT = int(NOW.timestamp())
SETTINGS = {
    "issuer": ISSUER,
    "client_id": CLIENT,
    "address": "https://hub.corp.example:8444",
    "roles": {"reviewer": ["privacy"], "policy-editor": "rules"},
}


def settings(**more: Any) -> SignInSettings:
    return read_sign_in({**SETTINGS, **more}, Path("/hub"))


class Desk:
    """A desk before a directory, with a clock that is moved by hand."""

    def __init__(self, secret: str | None = None, **more: Any) -> None:
        self.clock = HandClock(NOW)
        self.there = fake.Directory(now=int(NOW.timestamp()), secret=secret)
        self.here = Directory(settings(**more), self.there, self.clock, secret)

    async def signed_in(self, **more: str) -> SignedIn:
        """Sign in as a browser does; `more`: beside what it brings back."""
        left = await self.here.begin()
        return await self.here.finish({**self.there.visited(left.address), **more}, left.cookie)
