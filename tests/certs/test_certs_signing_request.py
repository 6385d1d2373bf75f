"""A request for an intermediate: its key stays here, and the answer is used with it."""

from pathlib import Path

import pytest
from certs_samples import answered
from cryptography import x509

from certs.authority import import_authority
from certs.leaf import LeafMinter
from certs.remarks import remarks
from certs.signing_request import pending_key, signing_request
from core.errors import CertificateError


def test_the_answer_to_a_request_makes_an_authority(tmp_path: Path) -> None:
    """What the organisation signs is taken with the key that waited for it."""
    folder = tmp_path / "authority"
    request = x509.load_pem_x509_csr(signing_request(folder, "Outgate pc-7"))
    assert request.is_signature_valid
    assert pending_key(folder).stat().st_mode & 0o777 == 0o600
    chain = tmp_path / "chain.pem"
    chain.write_bytes(answered(request)[0])
    authority = import_authority(folder, key_file=pending_key(folder), chain_files=(chain,))
    assert "Outgate pc-7" in authority.facts().subject
    assert LeafMinter(authority).mint("api.openai.com").certificate.issuer == request.subject


def test_what_is_asked_for_is_narrow(tmp_path: Path) -> None:
    """The request asks for an authority that can make no other, for the named domains only."""
    asked = x509.load_pem_x509_csr(signing_request(tmp_path, "x", ["openai.com", "corp.example"]))
    basic = asked.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (basic.critical, basic.value.ca, basic.value.path_length) == (True, True, 0)
    names = asked.extensions.get_extension_for_class(x509.NameConstraints)
    assert names.critical
    permitted = names.value.permitted_subtrees or []
    assert [str(name.value) for name in permitted] == ["openai.com", "corp.example"]
    without = x509.load_pem_x509_csr(signing_request(tmp_path, "x"))
    with pytest.raises(x509.ExtensionNotFound):
        without.extensions.get_extension_for_class(x509.NameConstraints)


def test_a_second_request_has_another_key(tmp_path: Path) -> None:
    """A request that was not answered leaves no key that could be answered later."""
    first, second = (x509.load_pem_x509_csr(signing_request(tmp_path, "x")) for _ in range(2))
    assert first.public_key() != second.public_key()


def test_an_authority_for_some_names_is_told_of(tmp_path: Path) -> None:
    """Whoever uses a constrained authority hears for which names clients trust it."""
    request = x509.load_pem_x509_csr(signing_request(tmp_path, "x", ["corp.example"]))
    chain = tmp_path / "chain.pem"
    chain.write_bytes(answered(request)[0])
    authority = import_authority(tmp_path, key_file=pending_key(tmp_path), chain_files=(chain,))
    now = authority.signer.not_valid_before_utc
    assert any("only for corp.example" in line for line in remarks(authority, now))


@pytest.mark.parametrize(
    ("domain", "mend"),
    [
        ("", "Write a domain"),
        (" ", "Write a domain"),
        ("*", "Write a domain"),
        ("a b", "Write a domain"),
        ("10.0.0.0/8", "Write 10.0.0.0"),
        ("10.0.0.1", "Write a domain"),
        ("a..example", "Write a domain"),
        (f"{'a' * 64}.example", "Write a domain"),
        (".corp.example", "Write corp.example"),
        ("*.corp.example", "Write corp.example"),
        ("https://corp.example/x", "Write corp.example"),
        ("corp.example:443", "Write corp.example"),
    ],
)
def test_what_is_no_domain_is_not_asked_for(tmp_path: Path, domain: str, mend: str) -> None:
    """An empty one would permit everything, one with a scheme nothing; no key is made for it."""
    with pytest.raises(CertificateError, match="is no domain") as told:
        signing_request(tmp_path, "x", ["corp.example", domain])
    assert told.value.remedy.startswith(mend)
    assert not pending_key(tmp_path).exists()


def test_domains_are_asked_for_in_the_spelling_of_certificates(tmp_path: Path) -> None:
    """Whatever letters they were typed in."""
    asked = x509.load_pem_x509_csr(signing_request(tmp_path, "x", ["CORP.example.", "bücher.de"]))
    names = asked.extensions.get_extension_for_class(x509.NameConstraints).value
    permitted = names.permitted_subtrees or []
    assert [str(name.value) for name in permitted] == ["corp.example", "xn--bcher-kva.de"]


def test_a_request_that_cannot_be_handed_out_leaves_the_earlier_one(tmp_path: Path) -> None:
    """The organisation may be signing that one now."""
    signing_request(tmp_path, "x")
    kept = pending_key(tmp_path).read_bytes()

    def full(_: bytes) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        signing_request(tmp_path, "x", hand_out=full)
    assert pending_key(tmp_path).read_bytes() == kept
