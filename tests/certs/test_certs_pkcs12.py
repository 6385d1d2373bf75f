"""Key and chain out of one PKCS#12 file."""

import random
from pathlib import Path

import pytest
from certs_samples import make
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, NoEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates

from certs.authority import import_pkcs12
from core.errors import CertificateError


def packed(passphrase: bytes | None, *, with_key: bool = True) -> bytes:
    """Pack an intermediate with its issuers, in no order, and a root of the same name beside."""
    root, other = make("Corp root", days=900), make("Corp root", days=900)
    middle = make("Corp issuing", root, days=850)
    own = make("Corp endpoint", middle, path_length=0, days=800)
    others = [other.certificate, root.certificate, middle.certificate]
    random.Random(3).shuffle(others)
    encryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    key = own.key if with_key else None
    certificate = own.certificate if with_key else None
    return serialize_key_and_certificates(b"x", key, certificate, others, encryption)


@pytest.mark.parametrize("passphrase", [None, b"open sesame"])
def test_a_file_of_a_certificate_service_is_taken(tmp_path: Path, passphrase: bytes | None) -> None:
    """Whatever order the certificates have, the chain goes from the intermediate to its root."""
    file = tmp_path / "endpoint.p12"
    file.write_bytes(packed(passphrase))
    authority = import_pkcs12(tmp_path / "authority", file=file, passphrase=passphrase)
    names = [subject.removeprefix("CN=") for subject in authority.facts().chain]
    assert names == ["Corp endpoint", "Corp issuing", "Corp root"]


@pytest.mark.parametrize(
    ("content", "passphrase", "words"),
    [
        (packed(b"one"), b"another", "passphrase is wrong"),
        (packed(b"one"), None, "passphrase is wrong"),
        (b"no such file", None, "cannot be read"),
        (packed(None, with_key=False), None, "no private key"),
    ],
)
def test_what_cannot_be_taken_is_said(
    tmp_path: Path, content: bytes, passphrase: bytes | None, words: str
) -> None:
    """A wrong passphrase, a file of another kind and one without a key are told apart in words."""
    file = tmp_path / "endpoint.p12"
    file.write_bytes(content)
    with pytest.raises(CertificateError, match=words):
        import_pkcs12(tmp_path / "authority", file=file, passphrase=passphrase)
    assert not (tmp_path / "authority" / "authority.pem").exists()


def test_a_root_with_its_key_is_refused(tmp_path: Path) -> None:
    """The key of the organisation's root belongs on no endpoint."""
    root = make("Corp root", days=900)
    file = tmp_path / "root.p12"
    file.write_bytes(
        serialize_key_and_certificates(b"x", root.key, root.certificate, None, NoEncryption())
    )
    with pytest.raises(CertificateError, match="is a root"):
        import_pkcs12(tmp_path / "authority", file=file)
