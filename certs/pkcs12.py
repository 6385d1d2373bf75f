"""PKCS#12 files: key and certificates as Windows and most certificate services hand them out."""

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from core.errors import CertificateError


def unpacked(content: bytes, passphrase: bytes | None, source: str) -> tuple[bytes, bytes]:
    """Return the key and the chain from its signer upwards, both PEM. Raises CertificateError."""
    try:
        key, own, others = pkcs12.load_key_and_certificates(content, passphrase)
    except (ValueError, TypeError) as error:
        raise CertificateError(
            f"{source} cannot be read as PKCS#12, or its passphrase is wrong.",
            remedy="Check the file, and give its passphrase in one: --passphrase-file FILE",
        ) from error
    if key is None or own is None:
        raise CertificateError(
            f"{source} holds no private key with its certificate.",
            remedy="Export the intermediate together with its key.",
        )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    chain = upwards(own, others)
    return pem, b"".join(certificate.public_bytes(Encoding.PEM) for certificate in chain)


def upwards(own: x509.Certificate, others: list[x509.Certificate]) -> list[x509.Certificate]:
    """Return the certificates from one up to its root, as far as they are there."""
    chain, left = [own], list(others)
    while chain[-1].subject != chain[-1].issuer:
        issuer = next((one for one in left if _issued(chain[-1], one)), None)
        if issuer is None:
            break
        left.remove(issuer)
        chain.append(issuer)
    return chain


def _issued(lower: x509.Certificate, upper: x509.Certificate) -> bool:
    """Return whether one issued the other: by key, for a renewed authority has the same name."""
    try:
        lower.verify_directly_issued_by(upper)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True
