"""What the hub hands out for inspection: to each machine an intermediate of its own, below one of
the organisation's, good for few names and a short time. Its key is made on the machine.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from certs.chain import Authority, key_usage
from certs.checking import checked_authority
from certs.files import refuse_if_others_read
from core.errors import CertificateError, InputError, SettingsError
from core.text import printable
from hub.database import Connection
from hub.enrolment import MOST_CERTIFIED

_BACKDATED = timedelta(minutes=10)
_MOST_DAYS = 397
_MOST_NAMES = 500
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-.")
_NAMES = frozenset({"chain", "key", "permit", "exclude", "days"})
_KEEP = """INSERT INTO inspection_certificates (serial, endpoint, made_at, ends_at)
    VALUES (%s, %s, %s, %s)"""
_MANY = """SELECT count(*) >= %s FROM inspection_certificates
    WHERE endpoint = %s AND made_at > %s"""
_OF = """SELECT serial, ends_at FROM inspection_certificates
    WHERE endpoint = %s AND ends_at > %s ORDER BY made_at"""


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionSettings:
    """`inspection` of `hub.yaml`."""

    chain: Path
    """PEM: an authority that may make others below it, up to the organisation's root."""
    key: Path
    """Its key, PEM, or where it is in a token (RFC 7512)."""
    permit: tuple[str, ...]
    """Domains that machines may sign for, with what is below them; empty: all but `exclude`."""
    exclude: tuple[str, ...]
    days: int


def read_inspection(value: Any, folder: Path) -> InspectionSettings:
    """Return what `hub.yaml` says. Raises SettingsError."""
    if not isinstance(value, dict) or not set(value) <= _NAMES:
        raise _wrong("it has chain, key, permit, exclude and days")
    chain, key, days = value.get("chain"), value.get("key"), value.get("days", 30)
    if not (isinstance(chain, str) and chain and isinstance(key, str) and key):
        raise _wrong("chain and key are files")
    if type(days) is not int or not 1 <= days <= _MOST_DAYS:
        raise _wrong(f"days is a number from 1 to {_MOST_DAYS}")
    permit, exclude = (_domains(value, name) for name in ("permit", "exclude"))
    if not permit and not exclude:
        raise _wrong("permit or exclude names domains: a key for every name belongs on no machine")
    return InspectionSettings(
        chain=folder / chain, key=folder / key, permit=permit, exclude=exclude, days=days
    )


def _domains(value: Mapping[str, Any], name: str) -> tuple[str, ...]:
    found = value.get(name, [])
    texts = [found] if isinstance(found, str) else found
    if not isinstance(texts, list) or len(texts) > _MOST_NAMES:
        raise _wrong(f"{name} is a list of domains")
    for text in texts:
        if not isinstance(text, str) or not _is_domain(text):
            raise _wrong(f"{name} is a list of domains, as corp.example")
    return tuple(text.lower() for text in texts)


def _is_domain(text: str) -> bool:
    labels = text.lower().split(".")
    right = all(0 < len(one) < 64 and not one.startswith("-") for one in labels)
    return right and set(text.lower()) <= _LETTERS and len(text) < 254


def _wrong(what: str) -> SettingsError:
    return SettingsError(f"inspection of hub.yaml: {what}.", remedy="See docs/fleet.md.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """Signs intermediates of machines."""

    issuer: Authority
    settings: InspectionSettings

    @classmethod
    def at(cls, settings: InspectionSettings, now: datetime) -> "Inspection":
        """Open the organisation's authority. Raises SettingsError."""
        try:
            refuse_if_others_read(settings.key)
            key, chain = settings.key.read_bytes(), settings.chain.read_bytes()
            issuer = checked_authority(key, chain, passphrase=None, now=now, source="its key")
            basic = issuer.signer.extensions.get_extension_for_class(x509.BasicConstraints).value
        except OSError as error:
            raise _wrong(f"{error.filename} cannot be read ({error.strerror})") from None
        except CertificateError as error:
            raise _wrong(error.message.rstrip(".")) from None
        if basic.path_length == 0:
            raise _wrong("the authority may make none below it (its path length is 0)")
        return cls(issuer=issuer, settings=settings)

    def give(
        self, connection: Connection, endpoint: int, name: str, request: bytes, now: datetime
    ) -> bytes:
        """Return the chain, PEM, of an intermediate for the key of a request, and note it.

        Raises InputError for what is no request, and for an endpoint that asks ever more.
        """
        told = (MOST_CERTIFIED, endpoint, now - timedelta(days=1))
        row = connection.execute(_MANY, told).fetchone()
        if row is not None and row[0]:
            raise InputError("This endpoint was given too many authorities today.")
        made = self._signed(_key(request), name, now)
        values = (f"{made.serial_number:x}", endpoint, now, made.not_valid_after_utc)
        connection.execute(_KEEP, values)
        chain = (made, *self.issuer.chain)
        return b"".join(one.public_bytes(Encoding.PEM) for one in chain)

    def _signed(self, key: ec.EllipticCurvePublicKey, name: str, now: datetime) -> x509.Certificate:
        issuer = self.issuer.signer
        named = f"Outgate {printable(name, 40)} {os.urandom(4).hex()}"
        identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        authority = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
        until = min(now + timedelta(days=self.settings.days), self.issuer.not_after)
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, named[:64])]))
            .issuer_name(issuer.subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(max(now - _BACKDATED, issuer.not_valid_before_utc))
            .not_valid_after(until)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(key_usage(sign_certificates=True), critical=True)
            .add_extension(self._names(), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(authority, critical=False)
            .sign(self.issuer.key, hashes.SHA256())
        )

    def _names(self) -> x509.NameConstraints:
        permit = [x509.DNSName(one) for one in self.settings.permit]
        exclude = [x509.DNSName(one) for one in self.settings.exclude]
        return x509.NameConstraints(permit or None, exclude or None)


def _key(request: bytes) -> ec.EllipticCurvePublicKey:
    try:
        asked = x509.load_pem_x509_csr(request)
        key, whole = asked.public_key(), asked.is_signature_valid
    except (ValueError, TypeError, InvalidSignature):
        raise InputError("The certificate request is none.") from None
    if not whole or not isinstance(key, ec.EllipticCurvePublicKey):
        raise InputError("The certificate request is not signed by a key of this kind.")
    return key


def given_to(connection: Connection, endpoint: int, now: datetime) -> list[str]:
    """Return the serial numbers, hex, of the intermediates of an endpoint that are valid still: for
    the organisation's list of revoked certificates.
    """
    return [serial for serial, _ in connection.execute(_OF, (endpoint, now)).fetchall()]
