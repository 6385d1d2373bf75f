"""What the directory tells of somebody who signed out there, and every token that tells nothing."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import directory as fake
import pytest
from directory import CLIENT, ISSUER, a_key
from fleet_world import HandClock

from hub.sign_in import Directory, SignInError
from hub.sign_in_settings import read_sign_in
from hub.sign_out import SignedOut, signed_out

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
EVENT = "http://schemas.openid.net/event/backchannel-logout"
SETTINGS = {
    "issuer": ISSUER,
    "client_id": CLIENT,
    "address": "https://hub.corp.example:8444",
    "roles": {"reviewer": ["privacy"]},
}
GOOD: dict[str, Any] = {
    "iss": ISSUER,
    "aud": CLIENT,
    "iat": int(NOW.timestamp()),
    "exp": int(NOW.timestamp()) + 120,
    "jti": "j1",
    "sub": "8f3",
    "sid": "s-1",
    "events": {EVENT: {}},
}


class Desk:
    """A desk before a directory."""

    def __init__(self) -> None:
        self.clock = HandClock(NOW)
        self.there = fake.Directory(now=int(NOW.timestamp()))
        self.here = Directory(read_sign_in(SETTINGS, Path("/hub")), self.there, self.clock)

    def token(self, change: dict[str, Any], **header: Any) -> str:
        claims = {name: v for name, v in {**GOOD, **change}.items() if v is not None}
        return self.there.signature(claims, self.there.keys[-1], **header)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, SignedOut(subject="8f3", session="s-1")),
        ({"sid": None}, SignedOut(subject="8f3", session=None)),
        ({"sub": None}, SignedOut(subject=None, session="s-1")),
        ({"exp": None}, SignedOut(subject="8f3", session="s-1")),
        ({"aud": [CLIENT, "other"]}, SignedOut(subject="8f3", session="s-1")),
        ({"events": {EVENT: {"x": 1}, "urn:x": {}}}, SignedOut(subject="8f3", session="s-1")),
    ],
)
@pytest.mark.parametrize("kind", ["logout+jwt", "JWT"])
async def test_somebody_signed_out_there(
    change: dict[str, Any], told: SignedOut, kind: str
) -> None:
    """Whose desks end is the directory's word, of a person or of one session."""
    desk = Desk()
    assert await signed_out(desk.here, desk.token(change, typ=kind)) == told


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://other.example"},
        {"aud": "other"},
        {"iat": None},
        {"iat": int(NOW.timestamp()) - 601},
        {"iat": int(NOW.timestamp()) + 61},
        {"iat": True},
        {"iat": "x"},
        {"exp": int(NOW.timestamp()) - 61},
        {"jti": None},
        {"events": None},
        {"events": {}},
        {"events": [EVENT]},
        {"events": {EVENT: True}},
        {"nonce": "n"},
        {"sub": None, "sid": None},
        {"sub": 7},
        {"sid": ""},
        {"sid": "x" * 256},
    ],
)
async def test_what_tells_of_nobody_ends_nothing(change: dict[str, Any]) -> None:
    """Another desk's, another time's, without its event, or one to sign in with."""
    desk = Desk()
    with pytest.raises(SignInError):
        await signed_out(desk.here, desk.token(change))


async def test_a_stranger_ends_nothing_and_asks_the_directory_seldom() -> None:
    """Keys that the directory has not published sign nothing, however often somebody tries; those
    that it changed to are known a minute later.
    """
    desk = Desk()
    assert await signed_out(desk.here, desk.token({}))
    mine = desk.there.signature(GOOD, a_key("mine", "EC"), alg="ES256")
    for token in (*[mine] * 20, "", "x.y.z", desk.token({}, typ="at+jwt")):
        with pytest.raises(SignInError):
            await signed_out(desk.here, token)
    assert len(desk.there.asked) == 2
    desk.there.keys.append(a_key("two"))
    with pytest.raises(SignInError):
        await signed_out(desk.here, desk.token({}))
    desk.clock.on(minutes=1)
    assert await signed_out(desk.here, desk.token({}))
    assert len(desk.there.asked) == 3


async def test_a_token_to_sign_out_with_lets_nobody_in() -> None:
    """Though it is the directory's own, and fresh."""
    desk = Desk()
    desk.there.signed = lambda claims: desk.token({"nonce": None})
    left = await desk.here.begin()
    with pytest.raises(SignInError):
        await desk.here.finish(desk.there.visited(left.address), left.cookie)
    desk.there.signed = None
    desk.there.claims = {"sid": "s-9"}
    left = await desk.here.begin()
    found = await desk.here.finish(desk.there.visited(left.address), left.cookie)
    assert (found.session, found.until) == ("s-9", NOW + timedelta(hours=1))
