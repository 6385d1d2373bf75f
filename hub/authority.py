"""The hub's own authority: signs the hub's certificate and those of endpoints, and nothing else.
Endpoints trust no other for the hub, and the hub no other for endpoints.
"""

import ipaddress
import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certs.files import PRIVATE_FILE, PUBLIC_FILE, create_file, private_folder, replace_file
from core.errors import InputError, SettingsError

AUTHORITY_LIFE = timedelta(days=3650)
SERVER_LIFE = timedelta(days=365)
ENDPOINT_LIFE = timedelta(days=90)
_BACKDATED = timedelta(minutes=10)
_URI = "urn:uuid:"
_KEY, _CERTIFICATE = "authority.key", "authority.pem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A certificate that was signed for an endpoint."""

    pem: bytes
    serial: str
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HubAuthority:
    """The authority's key and certificate."""

    key: ec.EllipticCurvePrivateKey = field(repr=False)
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        """What endpoints are given with the installer."""
        return self.certificate.public_bytes(Encoding.PEM)

    def signed(self, certificate: bytes) -> bool:
        """Return whether a certificate (DER) is one of ours."""
        try:
            x509.load_der_x509_certificate(certificate).verify_directly_issued_by(self.certificate)
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True

    def server(self, hosts: list[str], now: datetime) -> tuple[bytes, bytes]:
        """Return key and certificate, PEM, of a hub that is reached by these names."""
        key = ec.generate_private_key(ec.SECP256R1())
        names: list[x509.GeneralName] = [_name(host) for host in hosts]
        builder = self._builder(hosts[0], key.public_key(), now, SERVER_LIFE)
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        made = builder.add_extension(usage, critical=True).sign(self.key, hashes.SHA256())
        return _pem(key), made.public_bytes(Encoding.PEM)

    def endpoint(self, request: bytes, endpoint: str, now: datetime) -> Signed:
        """Return the certificate of an endpoint: of its request only the key counts.

        Raises InputError for what is no request, or not signed by its own key.
        """
        try:
            asked = x509.load_pem_x509_csr(request)
            key = asked.public_key()
            whole = asked.is_signature_valid
        except (ValueError, TypeError, InvalidSignature):
            raise InputError("The certificate request is none.") from None
        if not whole or not isinstance(key, ec.EllipticCurvePublicKey):
            raise InputError("The certificate request is not signed by a key of this kind.")
        builder = self._builder(endpoint, key, now, ENDPOINT_LIFE)
        uri = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(_URI + endpoint)])
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
        builder = builder.add_extension(uri, critical=False).add_extension(usage, critical=True)
        made = builder.sign(self.key, hashes.SHA256())
        return Signed(
            pem=made.public_bytes(Encoding.PEM),
            serial=f"{made.serial_number:x}",
            ends_at=made.not_valid_after_utc,
        )

    def _builder(
        self, name: str, key: ec.EllipticCurvePublicKey, now: datetime, life: timedelta
    ) -> x509.CertificateBuilder:
        issuer = self.certificate.subject
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])]))
            .issuer_name(issuer)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _BACKDATED)
            .not_valid_after(now + life)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(authority, critical=False)
            .add_extension(_usage(), critical=True)
        )


def speaker(certificate: bytes) -> tuple[str, str, datetime]:
    """Return the endpoint that a certificate (DER) of ours names, its serial number and its end.

    Raises ValueError for one that names none.
    """
    found = x509.load_der_x509_certificate(certificate)
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        raise ValueError("the certificate names no endpoint") from None
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    if len(uris) != 1 or not uris[0].startswith(_URI):
        raise ValueError("the certificate names no endpoint")
    return uris[0][len(_URI) :], f"{found.serial_number:x}", found.not_valid_after_utc


def make_authority(folder: Path, now: datetime) -> HubAuthority:
    """Return the authority in `folder`, made where there is none. Raises SettingsError."""
    try:
        private_folder(folder)
        if not (folder / _KEY).exists():
            key = ec.generate_private_key(ec.SECP256R1())
            create_file(folder / _KEY, _pem(key), PRIVATE_FILE)
        if not (folder / _CERTIFICATE).exists():
            made = _self_signed(_key(folder), now)
            create_file(folder / _CERTIFICATE, made.public_bytes(Encoding.PEM), PUBLIC_FILE)
    except OSError as error:
        raise SettingsError(f"Cannot write in {folder}: {error.strerror}.") from None
    return load_authority(folder)


def load_authority(folder: Path) -> HubAuthority:
    """Return the authority in `folder`. Raises SettingsError."""
    try:
        certificate = x509.load_pem_x509_certificate((folder / _CERTIFICATE).read_bytes())
        return HubAuthority(key=_key(folder), certificate=certificate)
    except OSError:
        raise SettingsError(
            f"There is no hub in {folder}.", remedy=f"Run: outgate hub init {folder}"
        ) from None
    except (ValueError, TypeError):
        raise SettingsError(
            f"The authority in {folder} is damaged.", remedy="Restore it from a backup."
        ) from None


def server_files(authority: HubAuthority, folder: Path, hosts: list[str], now: datetime) -> Path:
    """Return the file with key and certificate of the hub, made anew for other names or when a
    third of its life is left.
    """
    path = folder / "server.pem"
    if not _serves(path, authority, hosts, now):
        key, certificate = authority.server(hosts, now)
        replace_file(path, key + certificate, PRIVATE_FILE)
    return path


def _serves(path: Path, authority: HubAuthority, hosts: list[str], now: datetime) -> bool:
    try:
        found = x509.load_pem_x509_certificate(path.read_bytes())
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        found.verify_directly_issued_by(authority.certificate)
    except (OSError, ValueError, TypeError, x509.ExtensionNotFound, InvalidSignature):
        return False
    same = set(names) == {_name(host) for host in hosts}
    return same and found.not_valid_after_utc - now > SERVER_LIFE / 3


def _self_signed(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Outgate hub"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Outgate hub {os.urandom(4).hex()}"),
        ]
    )
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_usage(authority=True), critical=True)
        .sign(key, hashes.SHA256())
    )


def _usage(*, authority: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _key(folder: Path) -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key((folder / _KEY).read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("no key of this kind")
    return key
