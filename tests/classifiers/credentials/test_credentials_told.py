"""Secrets that a header or a query tells in words of its own, and those that only authenticate."""

import pytest

from classifiers.credentials.detector import CredentialDetector
from classifiers.payload import Carrier, Payload, Segment
from core.organisation import Organisation

VALUE = "Tz7" + "#qLw92Bx!vR4"


@pytest.fixture(scope="module")
def detector() -> CredentialDetector:
    """All rules but those of the long tail."""
    return CredentialDetector(None, Organisation(), long_tail=False)


@pytest.mark.parametrize("carrier", [Carrier.HEADER, Carrier.QUERY])
@pytest.mark.parametrize("text", [f"password={VALUE}", f"the password: {VALUE}"])
def test_a_password_told_in_a_note_is_found_in_every_carrier(
    detector: CredentialDetector, carrier: Carrier, text: str
) -> None:
    """A note in a header or in the address tells a password as well as one in a body does."""
    segment = Segment(text, "x-note", ("x-note",), carrier)
    assert [hit.kind for hit in detector.detect(Payload(segments=[segment]), "a.example")]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("authorization", f'Digest username="a", response="{VALUE}"'),
        ("x-sentry-auth", f"Sentry sentry_key={VALUE}, sentry_version=7"),
        ("cookie", f"session={VALUE}; token={VALUE}"),
        ("baggage", f"sentry-public_key={VALUE}"),
        ("x-note", "see the password page for the rules: twelve signs at least"),
    ],
)
def test_what_authenticates_by_its_header_is_no_leak(
    detector: CredentialDetector, name: str, text: str
) -> None:
    """Headers that carry named values of their own to the service they are for are left alone."""
    segment = Segment(text, name, (name,), Carrier.HEADER)
    assert not detector.detect(Payload(segments=[segment]), "a.example")
