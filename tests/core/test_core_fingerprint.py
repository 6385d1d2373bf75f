"""Keyed fingerprints."""

import hashlib
import hmac
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.fingerprint import Fingerprinter


@given(st.binary(min_size=32, max_size=100), st.text(max_size=20), st.text(max_size=200))
def test_it_is_hmac_sha256(key: bytes, kind: str, value: str) -> None:
    """A fingerprint is the standard HMAC-SHA-256 of kind and value, so that anyone with the key can
    recompute it.
    """
    message = f"{kind}\0{value}".encode("utf-8", "surrogatepass")
    expected = hmac.new(key, message, hashlib.sha256).hexdigest()[:16]

    assert Fingerprinter(key).of(kind, value) == expected


def test_the_key_does_not_leak() -> None:
    """Neither printing nor pickling a fingerprinter shows its key; a short key is refused."""
    assert repr(Fingerprinter(b"k" * 32)) == "<Fingerprinter>"
    with pytest.raises(TypeError):
        pickle.dumps(Fingerprinter(b"k" * 32))
    with pytest.raises(ValueError, match="32 bytes"):
        Fingerprinter(b"short")
