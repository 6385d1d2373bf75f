"""A signing authority as a value: its key, its chain, and what may be shown of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from core.text import printable

type SigningKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
type Clock = Callable[[], datetime]

BACKDATED = timedelta(days=2)
"""For clients whose clock is behind."""
_LONGEST_NAME = 400
"""Letters shown of a name; whoever issued a certificate chose it."""


def utc_now() -> datetime:
    """Return the present as an aware UTC time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityFacts:
    """What may be shown of an authority."""

    subject: str
    fingerprint_sha256: str
    """Of the root that clients must trust: upper-case hex pairs with colons."""
    signer_sha256: str
    """Of the certificate whose subject this is."""
    not_before: datetime
    not_after: datetime
    """The earliest end in the chain: from then on clients refuse what it signs."""
    imported: bool
    """True for an enterprise intermediate, False for a root of our own."""
    chain: tuple[str, ...]
    """Subjects from the signer to the root."""
    key_place: str = "in a file"
    """Where its key is, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """A signing key with its certificates, signer first and root last."""

    key: SigningKey = field(repr=False)
    chain: tuple[x509.Certificate, ...]

    @property
    def signer(self) -> x509.Certificate:
        """The certificate whose key signs leaves."""
        return self.chain[0]

    @property
    def root(self) -> x509.Certificate:
        """The certificate that clients must trust."""
        return self.chain[-1]

    @property
    def not_after(self) -> datetime:
        """When the first certificate of the chain ends."""
        return min(c.not_valid_after_utc for c in self.chain)

    def facts(self) -> AuthorityFacts:
        """Return what may be shown."""
        return AuthorityFacts(
            subject=printable(self.signer.subject.rfc4514_string(), _LONGEST_NAME),
            fingerprint_sha256=fingerprint(self.root),
            signer_sha256=fingerprint(self.signer),
            not_before=max(c.not_valid_before_utc for c in self.chain),
            not_after=self.not_after,
            imported=len(self.chain) > 1,
            chain=tuple(printable(c.subject.rfc4514_string(), _LONGEST_NAME) for c in self.chain),
            key_place=str(getattr(getattr(self.key, "place", None), "words", "in a file")),
        )

    def root_pem(self) -> bytes:
        """Return the root for people and trust stores, PEM."""
        return self.root.public_bytes(Encoding.PEM)

    def root_der(self) -> bytes:
        """Return the root, DER."""
        return self.root.public_bytes(Encoding.DER)

    def chain_pem(self) -> bytes:
        """Return the chain that clients are sent, PEM, signer first."""
        return b"".join(c.public_bytes(Encoding.PEM) for c in self.chain)


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of a certificate as people compare it."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def key_usage(*, sign_certificates: bool) -> x509.KeyUsage:
    """Return the key usage of an authority, or of a leaf with an elliptic-curve key."""
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
