"""Authorities as a company's certificate service would make them, faults included; handshakes in
memory.
"""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certs.chain import key_usage
from certs.leaf import Leaf

NOW = datetime.now(UTC)


@dataclass
class Made:
    """A certificate that a test made, with its key."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def key_pem(self, passphrase: bytes | None = None) -> bytes:
        encryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def make(
    name: str,
    issuer: Made | None = None,
    *,
    ca: bool = True,
    path_length: int | None = None,
    bc_critical: bool = True,
    usage: bool = True,
    can_sign: bool = True,
    ski: bool = True,
    aki: bool = True,
    wrong_aki: bool = False,
    sha256_ski: bool = False,
    purposes: tuple[x509.ObjectIdentifier, ...] = (),
    start: datetime = NOW - timedelta(days=10),
    days: int = 90,
    curve: ec.EllipticCurve | None = None,
    extra: tuple[tuple[x509.ExtensionType, bool], ...] = (),
) -> Made:
    """Make a certificate that is right, but for the faults asked for."""
    key = ec.generate_private_key(curve or ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer = issuer.key if issuer else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
        .add_extension(
            x509.BasicConstraints(ca=ca, path_length=path_length if ca else None), bc_critical
        )
    )
    if usage:
        builder = builder.add_extension(key_usage(sign_certificates=can_sign), critical=True)
    if ski:
        identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        if sha256_ski:
            digest = hashes.Hash(hashes.SHA256())
            digest.update(identifier.digest)
            identifier = x509.SubjectKeyIdentifier(digest.finalize())
        builder = builder.add_extension(identifier, critical=False)
    if issuer and aki:
        value = x509.AuthorityKeyIdentifier(b"\1" * 20, None, None)
        if not wrong_aki:
            found = issuer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
            value = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(found.value)
        builder = builder.add_extension(value, critical=False)
    if purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(list(purposes)), critical=False)
    for added, critical in extra:
        builder = builder.add_extension(added, critical)
    return Made(key=key, certificate=builder.sign(signer, hashes.SHA256()))


def answered(request: x509.CertificateSigningRequest) -> tuple[bytes, bytes]:
    """Sign a request as a certificate service does. Returns the chain and its root, PEM."""
    root = make("Corp root", days=900)
    identifier = x509.SubjectKeyIdentifier.from_public_key(request.public_key())
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(root.key.public_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(request.subject)
        .issuer_name(root.certificate.subject)
        .public_key(request.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW)
        .not_valid_after(root.certificate.not_valid_after_utc)
        .add_extension(identifier, critical=False)
        .add_extension(issuer, critical=False)
    )
    for extension in request.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    own = builder.sign(root.key, hashes.SHA256())
    return own.public_bytes(Encoding.PEM) + root.pem, root.pem


CLIENT_ONLY = (ExtendedKeyUsageOID.CLIENT_AUTH,)


def strict_handshake(leaf: Leaf, roots_pem: bytes, folder: Path, host: str | None = None) -> None:
    """Shake hands in memory with a client as strict as Python 3.13's default; raise what it
    raises.
    """
    served = folder / "served.pem"
    served.write_bytes(leaf.key_pem() + leaf.certificates_pem())
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(served)
    client_side = ssl.create_default_context(cadata=roots_pem.decode())
    client_side.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_side.wrap_bio(to_client, to_server, server_hostname=host or leaf.host)
    server = server_side.wrap_bio(to_server, to_client, server_side=True)
    finished: set[ssl.SSLObject] = set()
    for _ in range(10):
        for side in (client, server):
            try:
                side.do_handshake()
                finished.add(side)
            except ssl.SSLWantReadError:
                pass
        if len(finished) == 2:
            return
    raise AssertionError("the handshake did not end")
