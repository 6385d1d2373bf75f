"""Exchanges as a Python script would send them."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from core.exchange import Exchange

Send = Callable[..., Exchange]


@pytest.fixture(scope="session")
def send() -> Send:
    """Return a function that makes an exchange from a body, its type and whatever else matters."""

    def make(
        body: bytes = b"",
        content_type: str | None = None,
        *,
        path: str = "/v1",
        encoding: str | None = None,
        headers: tuple[tuple[str, str], ...] = (),
        complete: bool = True,
    ) -> Exchange:
        named = [("content-type", content_type), ("content-encoding", encoding)]
        return Exchange(
            id="1",
            at=datetime(2026, 1, 1, tzinfo=UTC),
            scheme="https",
            host="api.example.com",
            port=443,
            method="POST",
            path=path,
            headers=(*((name, value) for name, value in named if value), *headers),
            body=body,
            body_bytes=len(body),
            complete=complete,
        )

    return make
