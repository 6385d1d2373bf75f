"""Who sits at the desk on a terminal, by a certificate of the organisation's: `desk_certificates`
of `hub.yaml` says whose certificates count, and which units have which role.
"""

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

from core.errors import ForbiddenError, InputError, SettingsError
from core.rights import GROUP, Person, Rights, Role
from core.text import printable

_MOST_STEPS = 20
_MOST_NAME, _MOST_UNITS = 100, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskCertificates:
    """Whose certificates let people in at a terminal, and as what."""

    ca: Path
    """Authorities, PEM."""
    roles: Mapping[Role, Sequence[str]]
    """Organisational units (OU of the subject) that have a role."""

    def rights(self) -> Rights:
        """Return who has which role, by units alone."""
        return Rights(
            holders={role: tuple(GROUP + one for one in of) for role, of in self.roles.items()}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Somebody who holds the key of a certificate that counts."""

    name: str
    subject: str
    """Issuer and subject, as certificates write them."""
    units: frozenset[str]

    @property
    def person(self) -> Person:
        """As rights know people."""
        return Person(name=self.name, groups=self.units)


def read_desk_certificates(value: Any, folder: Path, roles: Any) -> DeskCertificates:
    """Return what `desk_certificates` says, with its roles as read; paths are those below the hub's
    folder. Raises SettingsError.
    """
    ca = value.get("ca") if isinstance(value, dict) else None
    # Without roles everybody might do everything.
    if not isinstance(ca, str) or not ca or not roles or set(value) != {"ca", "roles"}:
        raise SettingsError(
            "desk_certificates of hub.yaml has `ca`, a file of PEM, and `roles`.",
            remedy="See docs/fleet.md.",
        )
    return DeskCertificates(ca=folder / ca, roles=roles)


def shown(certificate: Path, key: Path, server: Path, ca: Path) -> Shown:
    """Return who holds this certificate and its key: a TLS handshake with ourselves, in memory,
    shows that the key is the certificate's, that one of the authorities signed it for clients, and
    that it is not over. `server`: any certificate with its key. Raises ForbiddenError, InputError,
    SettingsError.
    """
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    try:
        client.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError):
        raise InputError(
            "The certificate or its key cannot be read, or they are not of one another.",
            remedy="--certificate and --certificate-key are files of PEM.",
        ) from None
    der = _taken(client, _asking(server, ca))
    if der is None:
        raise ForbiddenError(
            "This certificate lets nobody in here.",
            remedy="It is over, not for clients, or of an authority that `desk_certificates` of "
            "hub.yaml does not name.",
        )
    return _named(x509.load_der_x509_certificate(der))


def _asking(server: Path, ca: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(server)
        context.load_verify_locations(ca)
    except (OSError, ssl.SSLError):
        raise SettingsError(
            f"desk_certificates of hub.yaml: {ca} holds no authorities.",
            remedy="`ca` is a file of PEM certificates.",
        ) from None
    context.verify_mode = ssl.CERT_REQUIRED
    context.num_tickets = 0
    return context


def _taken(client: ssl.SSLContext, server: ssl.SSLContext) -> bytes | None:
    """Return the certificate that one side took from the other; None where it took none."""
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    one = client.wrap_bio(back, there, server_side=False)
    other = server.wrap_bio(there, back, server_side=True)
    waiting = [one, other]
    for _ in range(_MOST_STEPS):
        for side in tuple(waiting):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError:
                return None
            waiting.remove(side)
        if not waiting:
            return other.getpeercert(binary_form=True)
    return None


def _named(certificate: x509.Certificate) -> Shown:
    names = _texts(certificate, NameOID.COMMON_NAME)
    name = printable(names[0], _MOST_NAME).strip() if len(names) == 1 else ""
    if not name or name != names[0]:
        raise ForbiddenError("This certificate does not name one person.")
    told = (certificate.issuer, certificate.subject)
    units = _texts(certificate, NameOID.ORGANIZATIONAL_UNIT_NAME)[:_MOST_UNITS]
    return Shown(
        name=name,
        subject=printable(" ".join(one.rfc4514_string() for one in told), 400),
        units=frozenset(units),
    )


def _texts(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> list[str]:
    return [str(one.value) for one in certificate.subject.get_attributes_for_oid(oid)]
