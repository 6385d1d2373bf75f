"""That this endpoint belongs to a fleet: which hub, as whom, and with what keys. A private folder;
the key is made here and never leaves.
"""

import os
import socket
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import orjson
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from certs.files import PRIVATE_FILE, private_folder, replace_file
from core.errors import InputError, SettingsError
from core.json_fields import Fields

_MEMBERSHIP, _IDENTITY, _AUTHORITY = "hub.json", "identity.pem", "hub-authority.pem"
_PENDING, _STAGED = "pending.key", "identity.new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """What an endpoint knows of its fleet."""

    folder: Path
    hub: str
    """`https://hub.corp.example:8443`."""
    endpoint: str
    """Its id, given by the hub."""
    policy_key: bytes = field(repr=False)
    """Public key of the organisation: what travels back is signed with it."""

    @property
    def identity(self) -> Path:
        """Key and certificate, PEM."""
        return self.folder / _IDENTITY

    @property
    def authority(self) -> Path:
        """The hub's authority: no other is trusted for the hub."""
        return self.folder / _AUTHORITY

    @property
    def certificate(self) -> x509.Certificate:
        """The certificate in use. Raises SettingsError."""
        try:
            return x509.load_pem_x509_certificate(self.identity.read_bytes())
        except (OSError, ValueError):
            raise _damaged(self.folder) from None

    def due_for_renewal(self, now: datetime) -> bool:
        """Return whether two thirds of the certificate's life are over."""
        found = self.certificate
        begin, end = found.not_valid_before_utc, found.not_valid_after_utc
        return now >= begin + (end - begin) * 2 / 3

    def context(self) -> ssl.SSLContext:
        """Return the TLS context that shows our certificate and trusts the hub's authority alone.

        Raises SettingsError.
        """
        context = hub_context(self.authority)
        try:
            context.load_cert_chain(self.identity)
        except (OSError, ssl.SSLError):
            raise _damaged(self.folder) from None
        return context


def hub_context(authority: Path) -> ssl.SSLContext:
    """Return a TLS context that trusts this authority alone. Raises InputError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(authority)
    except OSError as error:
        why = error.strerror or "it holds no certificate"
        raise InputError(
            f"{authority} cannot be used as the hub's authority: {why}.",
            remedy="It is authority.pem of the hub's folder.",
        ) from None
    return context


def membership(folder: Path) -> Membership | None:
    """Return the membership in `folder`; None where there is none. Raises SettingsError."""
    try:
        text = (folder / _MEMBERSHIP).read_bytes()
    except FileNotFoundError:
        return None
    except OSError:
        raise _damaged(folder) from None
    try:
        fields = Fields(orjson.loads(text), "hub.json")
        key = bytes.fromhex(fields.text("policy_key"))
        hub, endpoint = fields.text("hub"), fields.text("endpoint")
    except ValueError:
        raise _damaged(folder) from None
    return Membership(folder=folder, hub=hub, endpoint=endpoint, policy_key=key)


def join(
    folder: Path, hub: str, authority: bytes, endpoint: str, certificate: bytes, policy_key: str
) -> Membership:
    """Keep a membership that a hub has granted to the pending request. Raises SettingsError."""
    private_folder(folder)
    staged = _staged(folder, certificate)  # before anything of a membership that is there changes
    replace_file(folder / _AUTHORITY, authority, PRIVATE_FILE)
    _put_in_place(folder, staged)
    value = {"hub": hub, "endpoint": endpoint, "policy_key": policy_key}
    replace_file(folder / _MEMBERSHIP, orjson.dumps(value), PRIVATE_FILE)
    found = membership(folder)
    assert found is not None
    return found


def request(folder: Path) -> bytes:
    """Make a key in `folder` and return the request for its certificate, PEM; an earlier request
    that was not answered is void. Raises SettingsError.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    try:
        private_folder(folder)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        replace_file(folder / _PENDING, pem, PRIVATE_FILE)
    except OSError as error:
        raise SettingsError(f"Cannot write in {folder}: {error.strerror}.") from None
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Outgate endpoint")])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def use_certificate(folder: Path, certificate: bytes) -> None:
    """Put the pending key and its certificate in place of those in use, both in one step.

    Raises InputError for a certificate that is not the pending key's.
    """
    _put_in_place(folder, _staged(folder, certificate))


def _staged(folder: Path, certificate: bytes) -> Path:
    """Return a file with the pending key and its certificate that TLS can use."""
    staged = folder / _STAGED
    try:
        pending = (folder / _PENDING).read_bytes()
        replace_file(staged, pending + certificate, PRIVATE_FILE)
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(staged)
    except (OSError, ssl.SSLError):
        staged.unlink(missing_ok=True)
        raise InputError("The hub's answer holds no certificate of ours.") from None
    return staged


def _put_in_place(folder: Path, staged: Path) -> None:
    staged.replace(folder / _IDENTITY)
    (folder / _PENDING).unlink(missing_ok=True)


def address_of(hub: str) -> tuple[str, int]:
    """Return host and port of a hub's URL. Raises InputError."""
    try:
        parts = urlsplit(hub)
        host, port = parts.hostname, parts.port or 8443
    except ValueError:
        host = None
    if host is None or parts.scheme != "https" or parts.path.strip("/") or parts.username:
        raise InputError("That is no address of a hub.", remedy="For example https://hub.corp:8443")
    return host, port


def machine_name() -> str:
    """Return what people call this machine."""
    return os.environ.get("OUTGATE_FLEET_NAME") or socket.gethostname()


def now_utc() -> datetime:
    """Return the time now."""
    return datetime.now(UTC)


def _damaged(folder: Path) -> SettingsError:
    return SettingsError(
        f"What stands in {folder} is damaged.",
        remedy="Enrol again with a new token: outgate fleet enrol.",
    )
