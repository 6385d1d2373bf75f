"""Signing in by the organisation's directory: who is let in, and every token that is not taken."""

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import directory as fake
import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from directory import CLIENT, ISSUER, a_key, b64
from fleet_world import HandClock
from joserfc.jwk import RSAKey

from core.rights import Deed
from hub.sign_in import Directory, SignedIn, SignInError
from hub.sign_in_settings import SignInSettings, read_sign_in

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
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


async def test_somebody_signs_in_with_code_and_proof() -> None:
    """The directory is asked for a code with state, nonce and S256, and its token says who it is,
    in which groups and for how long.
    """
    desk = Desk()
    left = await desk.here.begin()
    query = {name: one[0] for name, one in parse_qs(urlsplit(left.address).query).items()}
    assert left.address.startswith(f"{ISSUER}/authorize?")
    assert query["response_type"] == "code" and query["code_challenge_method"] == "S256"
    assert query["scope"] == "openid profile" and query["client_id"] == CLIENT
    assert query["redirect_uri"] == "https://hub.corp.example:8444/signed-in"
    assert len({query["state"], query["nonce"], query["code_challenge"], left.cookie}) == 4
    found = await desk.here.finish(desk.there.visited(left.address), left.cookie)
    assert (found.name, found.subject, found.groups) == ("ada", "8f3", ("privacy", "staff"))
    assert found.until == NOW + timedelta(hours=1)
    assert "nonce" not in repr(desk.here) and b64(desk.here._key) not in repr(desk.here)


@pytest.mark.parametrize("secret", ["s3cret", None])
@pytest.mark.parametrize("ways", [["client_secret_post"], ["client_secret_basic"], None])
async def test_the_desk_shows_its_secret_as_the_directory_asks(
    secret: str | None, ways: list[str] | None
) -> None:
    """Where it has one; else the proof is enough."""
    desk = Desk(secret)
    if ways is not None:
        desk.there.metadata = {"token_endpoint_auth_methods_supported": ways}
    assert (await desk.signed_in()).name == "ada"


@pytest.mark.parametrize(
    ("algorithm", "kind"), [("RS256", "RSA"), ("PS256", "RSA"), ("ES256", "EC"), ("EdDSA", "OKP")]
)
async def test_keys_of_two_parts_are_taken(algorithm: str, kind: str) -> None:
    """Whichever the directory signs with."""
    desk = Desk()
    desk.there.algorithm, desk.there.keys = algorithm, [a_key("other"), a_key("one", kind)]
    assert (await desk.signed_in()).name == "ada"


async def test_keys_are_changed_while_people_sign_in() -> None:
    """A new key is asked for when a token names it; a withdrawn one counts no longer, an hour
    later at most; and keys are not fetched anew for each person.
    """
    desk = Desk()
    await desk.signed_in()
    await desk.signed_in()
    assert desk.there.asked.count(f"{ISSUER}/keys") == 1
    old = a_key("old", "EC")
    desk.there.keys = [a_key("two", "EC")]
    desk.there.algorithm = "ES256"
    assert (await desk.signed_in()).name == "ada"
    assert desk.there.asked.count(f"{ISSUER}/keys") == 2
    gone = desk.there.keys[0]
    desk.there.keys, desk.there.claims = [old], {"exp": int(NOW.timestamp()) + 9999}
    desk.there.signed = lambda claims: desk.there.signature(claims, gone)
    desk.clock.on(minutes=61)
    with pytest.raises(SignInError):
        await desk.signed_in()


def unsigned(claims: dict[str, Any], alg: str = "none", signature: str = "") -> str:
    head = b64(json.dumps({"alg": alg, "typ": "JWT", "kid": "one"}).encode())
    return f"{head}.{b64(json.dumps(claims).encode())}.{signature}"


def with_the_public_key(encoding: Encoding, form: PublicFormat) -> Callable[[dict[str, Any]], str]:
    def signed(claims: dict[str, Any]) -> str:
        key = a_key("one").public_key.public_bytes(encoding, form)
        bare = unsigned(claims, "HS256").rpartition(".")[0]
        return f"{bare}.{b64(hmac.digest(key, bare.encode(), hashlib.sha256))}"

    return signed


def with_a_demand(claims: dict[str, Any]) -> str:
    """Sign a token whose head demands that its reader knows of something."""
    head = b64(b'{"alg":"RS256","kid":"one","crit":["x"],"x":1}')
    bare = f"{head}.{b64(json.dumps(claims).encode())}"
    key: Any = a_key("one").private_key
    return f"{bare}.{b64(key.sign(bare.encode(), padding.PKCS1v15(), SHA256()))}"


SIGNED = {
    "alg none": unsigned,
    "alg None": lambda claims: unsigned(claims, "None"),
    "no signature": lambda claims: unsigned(claims, "RS256"),
    "HS256 with the public key, PEM": with_the_public_key(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    ),
    "HS256 with the public key, DER": with_the_public_key(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    ),
    "another's key under the same name": lambda claims: fake.Directory(
        now=0, algorithm="ES256"
    ).signature(claims, a_key("one", "EC")),
    "a key of the token's own": lambda claims: (
        lambda key: fake.Directory(now=0, algorithm="ES256").signature(
            claims, key, jwk=key.as_dict(private=False)
        )
    )(a_key("own", "EC")),
    "an access token": lambda claims: fake.Directory(now=0).signature(
        claims, a_key("one"), typ="at+jwt"
    ),
    "an unknown demand": with_a_demand,
    "two parts": lambda claims: "a.b",
    "nothing": lambda claims: "",
    "not even text": lambda claims: "\ud800.b.c",
    "very long": lambda claims: "a" * 300_000,
    "a list": lambda claims: fake.Directory(now=0).signature(claims, a_key("one")) + ".x",
}


@pytest.mark.parametrize("how", SIGNED)
async def test_what_the_directory_did_not_sign_is_nothing(how: str) -> None:
    """Neither unsigned tokens, nor those under a public key as a secret, nor any other key's."""
    desk = Desk()
    desk.there.signed = SIGNED[how]
    with pytest.raises(SignInError, match="token is not one"):
        await desk.signed_in()


async def test_a_weak_key_signs_nothing() -> None:
    """Even where the directory publishes it."""
    desk = Desk()
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    with pytest.warns(UserWarning):
        desk.there.keys = [RSAKey.import_key(weak, {"kid": "one"})]
        with pytest.raises(SignInError, match="token is not one"):
            await desk.signed_in()


AT = int(NOW.timestamp())
CLAIMS: list[dict[str, Any]] = [
    {"exp": AT - 61},
    {"exp": None},
    {"exp": True},
    {"exp": "9999999999"},
    {"exp": 1e400},
    {"iat": AT + 61},
    {"iat": None},
    {"nbf": AT + 61},
    {"aud": "another"},
    {"aud": []},
    {"aud": None},
    {"aud": [CLIENT, "another"]},
    {"aud": [CLIENT, "another"], "azp": "another"},
    {"azp": "another"},
    {"aud": {CLIENT: 1}},
    {"aud": CLIENT.upper()},
    {"iss": "https://login.evil.example"},
    {"iss": ISSUER + "/"},
    {"iss": None},
    {"iss": [ISSUER]},
    {"nonce": "x"},
    {"nonce": None},
    {"nonce": ["x"]},
    {"sub": None},
    {"sub": ""},
    {"sub": 7},
    {"sub": "x" * 256},
]


@pytest.mark.parametrize("claims", CLAIMS, ids=str)
async def test_a_token_for_another_desk_time_or_browser_is_nothing(claims: dict[str, Any]) -> None:
    """Expired, of the future, for another audience, of another issuer, or the answer to another
    browser; times and names of another type as well.
    """
    desk = Desk()
    desk.there.claims = claims
    with pytest.raises(SignInError, match="token is not"):
        await desk.signed_in()


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": [CLIENT]},
        {"aud": [CLIENT, "another"], "azp": CLIENT},
        {"exp": AT - 30},
        {"iat": AT + 30},
        {"exp": AT + 0.5},
        {"extra": {"a": [1]}},
    ],
    ids=str,
)
async def test_what_a_sound_directory_also_says_is_taken(claims: dict[str, Any]) -> None:
    """Lists of one audience, clocks that are a little off, and claims that nobody asked for."""
    desk = Desk()
    desk.there.claims = claims
    assert (await desk.signed_in()).name == "ada"


async def test_an_answer_counts_once_for_the_browser_that_asked() -> None:
    """Replayed, with another state, in another browser, much later: nobody is let in, and the
    directory is not asked for a token.
    """
    desk = Desk()
    left, other = await desk.here.begin(), await desk.here.begin()
    query = desk.there.visited(left.address)
    for given, cookie in (
        (query, other.cookie),
        (query, ""),
        (query, "x"),
        (query, left.cookie + "x"),
        ({**query, "state": "x"}, left.cookie),
        ({**query, "state": "\udce9"}, left.cookie),
        ({"code": query["code"]}, left.cookie),
    ):
        with pytest.raises(SignInError, match="did not begin"):
            await desk.here.finish(given, cookie)
    assert f"{ISSUER}/token" not in desk.there.asked
    assert (await desk.here.finish(query, left.cookie)).name == "ada"
    with pytest.raises(SignInError, match="used already"):
        await desk.here.finish(query, left.cookie)
    with pytest.raises(SignInError, match="used already"):
        await desk.here.finish({**query, "code": "code-9"}, left.cookie)
    query = desk.there.visited(other.address)
    desk.clock.on(minutes=11)
    with pytest.raises(SignInError, match="too long"):
        await desk.here.finish(query, other.cookie)
    assert len(desk.here._used) == 0


async def test_a_code_of_another_sign_in_is_refused() -> None:
    """A code that was stolen from another browser does not fit this one's proof."""
    desk = Desk()
    left, other = await desk.here.begin(), await desk.here.begin()
    stolen, mine = desk.there.visited(other.address), desk.there.visited(left.address)
    with pytest.raises(SignInError):
        await desk.here.finish({**mine, "code": stolen["code"]}, left.cookie)


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("issuer", ["https://login.evil.example", "", ISSUER + "/"])
async def test_the_answer_of_another_directory_is_refused(told: bool, issuer: str) -> None:
    """So that a code is never given to a directory that did not issue it; where the directory says
    that it names itself, an answer without a name is none either.
    """
    desk = Desk()
    desk.there.metadata = {"authorization_response_iss_parameter_supported": told}
    with pytest.raises(SignInError, match="another directory"):
        await desk.signed_in(iss=issuer)
    assert (await desk.signed_in(iss=ISSUER)).name == "ada"
    if told:
        with pytest.raises(SignInError, match="another directory"):
            await desk.signed_in()


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://login.evil.example"},
        {"issuer": ISSUER + "/"},
        {"issuer": None},
        {"token_endpoint": "http://login.corp.example/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": 7},
        {"token_endpoint": "https://name:secret@login.corp.example/"},
        {"token_endpoint": None},
    ],
    ids=str,
)
async def test_a_directory_that_is_another_is_not_used(metadata: dict[str, Any]) -> None:
    """What it says of itself is held against the setting, and every address of it is https."""
    desk = Desk()
    desk.there.metadata = metadata
    with pytest.raises(SignInError, match="directory"):
        await desk.here.begin()


@pytest.mark.parametrize(
    "answer", [{}, {"id_token": None}, {"id_token": 7}, {"id_token": ["a"]}, {"access_token": "x"}]
)
async def test_an_answer_without_a_token_lets_nobody_in(answer: dict[str, Any]) -> None:
    """An access token says nothing of who somebody is."""
    desk = Desk()
    desk.there.answer = answer
    with pytest.raises(SignInError, match="no token"):
        await desk.signed_in()


async def test_an_error_is_told_by_its_word_alone() -> None:
    """What stands in an address is somebody else's text."""
    desk = Desk()
    with pytest.raises(SignInError, match=r"in: access_denied\.$"):
        await desk.signed_in(error="access_denied")
    with pytest.raises(SignInError, match=r"in: it does not say why\.$"):
        await desk.signed_in(error="<script>alert(1)</script>")


@pytest.mark.parametrize(
    ("person", "groups"),
    [
        ({"groups": "privacy"}, ("privacy",)),
        ({"groups": []}, ()),
        ({}, ()),
        ({"groups": None}, ()),
        ({"groups": {"privacy": True}}, ()),
        ({"groups": [1, None, "x"]}, ("x",)),
        ({"_claim_names": {"groups": "src1"}}, ()),
        ({"roles": ["privacy"]}, ()),
    ],
    ids=str,
)
async def test_groups_are_those_of_the_claim(person: dict[str, Any], groups: Any) -> None:
    """Where it is absent, or is no list of names, somebody has no role and may do nothing."""
    desk = Desk()
    desk.there.person = {"sub": "8f3", "preferred_username": "ada", **person}
    found = await desk.signed_in()
    assert found.groups == groups
    here = desk.here.settings
    refused = here.rights().refusal(here.person(found.name, found.groups), Deed.READ)
    assert (refused is None) is ("privacy" in groups)


async def test_groups_may_stand_deeper() -> None:
    """As some directories nest them; a claim of that very name comes first."""
    desk = Desk(groups_claim="realm_access.roles")
    desk.there.person |= {"realm_access": {"roles": ["privacy"]}}
    assert (await desk.signed_in()).groups == ("privacy",)
    desk.there.person |= {"realm_access.roles": ["other"]}
    assert (await desk.signed_in()).groups == ("other",)


@pytest.mark.parametrize(
    "name", ["", " ", "@privacy", "*", None, 7, ["ada"], "a\x1b[2Jb", "ada ", "x" * 201, "a\u202eb"]
)
async def test_a_name_that_is_none_is_refused(name: Any) -> None:
    """It stands in the chain, and a group's name is not anybody's."""
    desk = Desk()
    desk.there.person["preferred_username"] = name
    with pytest.raises(SignInError, match="name"):
        await desk.signed_in()


async def test_no_desk_is_open_for_ever() -> None:
    """A token of a year ends after half a day."""
    desk = Desk()
    desk.there.claims = {"exp": AT + 365 * 86_400}
    assert (await desk.signed_in()).until == NOW + timedelta(hours=12)


class Breaking:
    """The way to a directory that breaks off once."""

    def __init__(self, there: fake.Directory, at: int) -> None:
        self.there, self.left = there, at

    def _ask(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise SignInError("The directory cannot be reached.")

    async def get(self, address: str) -> Any:
        self._ask()
        return await self.there.get(address)

    async def post(self, address: str, form: Any, basic: Any) -> Any:
        self._ask()
        return await self.there.post(address, form, basic)


@pytest.mark.parametrize("at", [1, 2, 3])
async def test_a_directory_that_breaks_off_lets_nobody_in_and_everybody_later(at: int) -> None:
    """Whether its description, its token or its keys are missing: nobody is in, what was begun does
    not count any more, and who begins anew signs in without the desk being started again.
    """
    desk = Desk()
    desk.here.line = Breaking(desk.there, at)
    with pytest.raises(SignInError, match="cannot be reached"):
        await desk.signed_in()
    assert (await desk.signed_in()).name == "ada"
    desk.clock.on(hours=2)  # all that was remembered of it is asked for anew
    desk.there.now = int(desk.clock().timestamp())
    desk.here.line = Breaking(desk.there, at)
    with pytest.raises(SignInError, match="cannot be reached"):
        await desk.signed_in()
    assert (await desk.signed_in()).name == "ada"
