"""Telling real values from placeholders, examples and identifiers."""

from datetime import UTC, datetime

import pytest

from classifiers.credentials.judging.quality import (
    checksum62,
    entropy,
    is_example,
    is_masked,
    is_placeholder,
)
from classifiers.credentials.rules.generic import is_secret_name
from classifiers.credentials.rules.structures import jwt_claims


@pytest.mark.parametrize(
    ("text", "bits"), [("", 0.0), ("aaaa", 0.0), ("ab", 1.0), ("abcd", 2.0), ("ab" * 600, 1.0)]
)
def test_entropy_is_in_bits_per_character(text: str, bits: float) -> None:
    """Two equally frequent characters are one bit, four are two."""
    assert entropy(text) == pytest.approx(bits)


@pytest.mark.parametrize(
    "value",
    [
        "<key>",
        "${KEY}",
        "$KEY",
        "{{ key }}",
        "%KEY%",
        "your-api-key",
        "YOUR_TOKEN_HERE",
        "my_secret_key",
        "********",
        "changeme",
        "null",
        "os.environ['X']",
        "config.api_key",
        "get_secret(x)",
        "password123",
        "None",
    ],
)
def test_placeholders_are_known(value: str) -> None:
    """What stands where a secret would is no secret."""
    assert is_placeholder(value) or is_masked(value)


@pytest.mark.parametrize(
    "value",
    [
        "kV7!rq9Zt2",
        "Sommer2024!",
        "a8f5f167f44f4964e6c998dee827110c",
        "newYork1999x",
        "theta-9X2",
        "use4Ever!x",
    ],
)
def test_real_values_are_no_placeholders(value: str) -> None:
    """A real password may begin like a word."""
    assert not is_placeholder(value)
    assert not is_masked(value)


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        ("sk-xxxxxxxxxxxx", True),
        ("ghp_****abcd", True),
        ("sk-ab...yz", True),
        ("[REDACTED]", True),
        ("aXxXb1", False),
    ],
)
def test_masked_values_are_known(value: str, masked: bool) -> None:
    """A value of which only the ends are shown is no leak."""
    assert is_masked(value) is masked


def test_examples_say_so() -> None:
    """Published values and such with long runs or `example` in them are test data."""
    assert is_example("AKIA" + "IOSFODNN7EXAMPLE")
    assert is_example("sk_" + "test_" + "4eC39HqLyjWDarjtT1zdp7dc")
    assert not is_example("kV7!rq9Zt2aB3dE6gH9j")


def test_a_checksum_that_was_changed_does_not_agree() -> None:
    """The checksum covers every character."""
    assert checksum62("", "000000")
    assert not checksum62("a", "000000")


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "db_password",
        "apiKey",
        "API_KEY",
        "client_secret",
        "userToken",
        "x-auth-token",
        "aws_secret_access_key",
        "signing_key",
        "tokenSecret",
    ],
)
def test_names_of_secrets(name: str) -> None:
    """These names promise a secret."""
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "max_tokens",
        "token_type",
        "next_page_token",
        "secretName",
        "password_hash",
        "tokenCount",
        "api_key_id",
        "idempotency_key",
        "csrf_token",
        "public_key",
        "token_expires_at",
        "secret_arn",
        "passwordPolicy",
        "completion_tokens",
        "tokenizer",
        "pad_token",
    ],
)
def test_names_that_only_mention_one(name: str) -> None:
    """These names speak of a secret and hold none."""
    assert not is_secret_name(name)


def test_claims_of_a_web_token_are_read_without_its_signature() -> None:
    """Issuer and expiry say whose token it is and whether it still matters."""
    token = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2xvZ2luLmNvcnAiLCJleHAiOjEwMDB9.x"

    claims = jwt_claims(token)

    assert claims is not None
    assert (claims.algorithm, claims.issuer) == ("RS256", "https://login.corp")
    assert claims.expired(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "eyJ",
        "eyJhbGciOiJSUzI1NiJ9",
        "eyJhbGciOiJSUzI1NiJ9.W10.x",
        "e30.e30.x",
        "é.é.é",
        "eyJhbGciOiJSUzI1NiJ9.eyJleHAiOnRydWV9.x",
    ],
)
def test_what_is_no_web_token_gives_no_wrong_claims(token: str) -> None:
    """Broken tokens never raise and never claim an expiry."""
    claims = jwt_claims(token)

    assert claims is None or claims.expires is None
