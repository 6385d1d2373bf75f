"""Leaves: one host each, short-lived, with a key of their own."""

import ssl
from datetime import timedelta
from pathlib import Path

import pytest
from certs_samples import NOW, strict_handshake
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from certs.authority import open_authority
from certs.chain import Authority
from certs.leaf import LeafMinter
from core.errors import CertificateError


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return open_authority(tmp_path_factory.mktemp("ca"))


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("api.openai.com", "api.openai.com"),
        ("API.OpenAI.com.", "api.openai.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("my_bucket.s3.amazonaws.com", "my_bucket.s3.amazonaws.com"),
        ("127.0.0.1", "127.0.0.1"),
        ("[::1]", "::1"),
        ("a" * 60 + "." + "b" * 60 + ".example", "a" * 60 + "." + "b" * 60 + ".example"),
    ],
)
def test_a_leaf_serves_the_host_that_was_asked_for(
    authority: Authority, tmp_path: Path, asked: str, name: str
) -> None:
    """Clients accept the gate for exactly the host they wanted."""
    leaf = LeafMinter(authority).mint(asked)
    assert leaf.host == name
    strict_handshake(leaf, authority.root_pem(), tmp_path, host=name)


def test_a_leaf_serves_no_other_host(authority: Authority, tmp_path: Path) -> None:
    """A certificate minted for one service cannot stand for another."""
    leaf = LeafMinter(authority).mint("api.openai.com")
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        strict_handshake(leaf, authority.root_pem(), tmp_path, host="bank.example")


def test_a_leaf_is_complete_and_short_lived(authority: Authority) -> None:
    """Strict verifiers and browsers find everything that they look for."""
    leaf = LeafMinter(authority, clock=lambda: NOW).mint("api.openai.com")
    certificate, found = leaf.certificate, leaf.certificate.extensions
    names = found.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["api.openai.com"]
    assert len(list(names)) == 1
    assert not found.get_extension_for_class(x509.BasicConstraints).value.ca
    assert found.get_extension_for_class(x509.BasicConstraints).critical
    assert found.get_extension_for_class(x509.KeyUsage).value.digital_signature
    assert list(found.get_extension_for_class(x509.ExtendedKeyUsage).value) == [
        ExtendedKeyUsageOID.SERVER_AUTH
    ]
    issuer = authority.signer.extensions.get_extension_for_class(
        x509.SubjectKeyIdentifier
    ).value.digest
    assert found.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier == issuer
    assert found.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest != issuer
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc <= timedelta(days=199)
    assert certificate.not_valid_before_utc <= NOW - timedelta(days=1, hours=23)
    assert certificate.not_valid_before_utc >= authority.signer.not_valid_before_utc


def test_the_authoritys_key_never_serves_a_connection(authority: Authority) -> None:
    """The key in daily use is not the one that signs."""
    leaf = LeafMinter(authority).mint("api.openai.com")
    assert leaf.key.public_key() != authority.key.public_key()
    assert leaf.certificate.public_key() == leaf.key.public_key()
    assert "key" not in repr(leaf)


def test_a_leaf_never_outlives_its_authority(authority: Authority) -> None:
    """Near the authority's end the leaves end with it."""
    late = authority.not_after - timedelta(days=5)
    assert LeafMinter(authority, clock=lambda: late).mint(
        "a.example"
    ).certificate.not_valid_after_utc == (authority.not_after)


def test_leaves_are_kept_and_renewed(authority: Authority) -> None:
    """The second connection costs nothing, and no client ever sees an expired leaf."""
    now = [NOW]
    minter = LeafMinter(authority, clock=lambda: now[0], kept=2)
    first = minter.mint("a.example")
    assert minter.mint("A.example") is first
    now[0] += timedelta(days=196)
    renewed = minter.mint("a.example")
    assert renewed is not first
    minter.mint("b.example")
    assert minter.mint("a.example") is renewed
    minter.mint("c.example")
    assert minter.mint("a.example") is renewed
    assert len(minter._leaves) == 2


@pytest.mark.parametrize(
    "host", ["", "*", "*.example", "a b.example", "a..b", "x" * 64 + ".example", "a/b", "é" * 300]
)
def test_impossible_hosts_get_no_certificate(authority: Authority, host: str) -> None:
    """A hostile name never becomes a wildcard or a broken certificate."""
    with pytest.raises(CertificateError, match="No certificate"):
        LeafMinter(authority).mint(host)
