"""Leaf certificates: one for each host that a client asks for, minted on demand and kept a
while.
"""

import ipaddress
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certs.chain import BACKDATED, Authority, Clock, key_usage, utc_now
from core.errors import CertificateError
from core.text import printable

LEAF_LIFE = timedelta(days=199)
"""From the backdated start; browsers refuse 200 days and more."""
_FRESH = timedelta(days=2)
"""A cached leaf that ends sooner is minted again."""
_KEPT = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A certificate for one host, its key, and the chain that goes with it."""

    host: str
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)
    chain: tuple[x509.Certificate, ...]
    """The authority's certificates, signer first: to be sent whole."""

    def certificates_pem(self) -> bytes:
        """Return the leaf and its chain as a server sends them, PEM."""
        return b"".join(c.public_bytes(Encoding.PEM) for c in (self.certificate, *self.chain))

    def key_pem(self) -> bytes:
        """Return the leaf's private key, PEM. For the gate's own memory only."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


class LeafMinter:
    """Mints leaves under one authority, with a key of their own that lives in memory only.

    Thread-safe.
    """

    def __init__(self, authority: Authority, *, clock: Clock = utc_now, kept: int = _KEPT) -> None:
        self._authority = authority
        self._clock = clock
        self._kept = kept
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._leaves: OrderedDict[str, Leaf] = OrderedDict()
        self._lock = threading.Lock()
        self._extensions = self._common_extensions()

    @property
    def authority(self) -> Authority:
        """The authority that signs."""
        return self._authority

    def mint(self, host: str) -> Leaf:
        """Return a leaf for this host name or IP address.

        Raises CertificateError when there can be none.
        """
        name = _normalised(host)
        with self._lock:
            leaf = self._leaves.get(name)
            if leaf is None or leaf.certificate.not_valid_after_utc - self._clock() < _FRESH:
                leaf = self._leaves[name] = self._sign(name)
                if len(self._leaves) > self._kept:
                    self._leaves.popitem(last=False)
            self._leaves.move_to_end(name)
            return leaf

    def _common_extensions(self) -> tuple[tuple[x509.ExtensionType, bool], ...]:
        signer = self._authority.signer.extensions.get_extension_for_class(
            x509.SubjectKeyIdentifier
        ).value
        return (
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (key_usage(sign_certificates=False), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
            (x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), False),
            # The signer's own SKI, byte for byte: enterprise authorities do not all derive it by
            # SHA-1.
            (x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(signer), False),
        )

    def _sign(self, name: str) -> Leaf:
        start = self._clock() - BACKDATED
        signer = self._authority.signer
        builder = (
            x509.CertificateBuilder()
            .subject_name(_subject(name))
            .issuer_name(signer.subject)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(max(start, signer.not_valid_before_utc))
            .not_valid_after(min(start + LEAF_LIFE, self._authority.not_after))
            .add_extension(x509.SubjectAlternativeName([_general_name(name)]), critical=False)
        )
        for extension, critical in self._extensions:
            builder = builder.add_extension(extension, critical=critical)
        certificate = builder.sign(self._authority.key, hashes.SHA256())
        return Leaf(host=name, certificate=certificate, key=self._key, chain=self._authority.chain)


def _normalised(host: str) -> str:
    bare = host.strip().removeprefix("[").removesuffix("]").rstrip(".").lower()
    try:
        return ipaddress.ip_address(bare).compressed
    except ValueError:
        pass
    try:
        name = bare if bare.isascii() else bare.encode("idna").decode("ascii")
    except UnicodeError:
        name = ""
    labels = name.split(".")
    if len(name) > 253 or not all(_is_label(label) for label in labels):
        raise CertificateError(
            f"No certificate can be made for the host name “{printable(host, 80)}”.",
            remedy="Check the address that the script uses.",
        )
    return name


def _is_label(label: str) -> bool:
    """Underscores occur in real host names; wildcards and spaces must never reach a certificate."""
    return 0 < len(label) <= 63 and all(c.isalnum() or c in "-_" for c in label)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _subject(name: str) -> x509.Name:
    """A common name holds at most 64 characters; longer hosts are named in the SAN only."""
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Outgate")]
    if len(name) <= 64:
        attributes.append(x509.NameAttribute(NameOID.COMMON_NAME, name))
    return x509.Name(attributes)
