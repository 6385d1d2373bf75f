"""Signing in by the organisation's directory: who is let in, and every token that is not taken."""

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import directory as fake
import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from directory import CLIENT, ISSUER, a_key, b64
from joserfc.jwk import RSAKey
from sign_in_desk import AT, NOW, Desk

from hub.sign_in import SignInError


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


async def test_no_desk_is_open_for_ever() -> None:
    """A token of a year ends after half a day."""
    desk = Desk()
    desk.there.claims = {"exp": AT + 365 * 86_400}
    assert (await desk.signed_in()).until == NOW + timedelta(hours=12)
