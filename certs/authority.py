"""The authority that signs what clients see: made at first use, loaded, imported, replaced."""

from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from certs.chain import BACKDATED, Authority, Clock, key_usage, utc_now
from certs.checking import checked_authority, refuse_root_key
from certs.files import (
    PRIVATE_FILE,
    create_file,
    private_folder,
    refuse_if_others_read,
    replace_file,
)
from certs.hardware_key import HardwareKey, Place
from certs.pkcs12 import unpacked
from core.errors import CertificateError

AUTHORITY_FILE = "authority.pem"
NEXT_FILE = "next.pem"
ROOT_LIFE = timedelta(days=5 * 365)


def open_authority(
    folder: Path, *, passphrase: bytes | None = None, clock: Clock = utc_now
) -> Authority:
    """Return the authority kept in `folder`; make one at first use.

    Several processes may start at once.
    """
    if not (folder / AUTHORITY_FILE).exists():
        private_folder(folder)
        create_file(folder / AUTHORITY_FILE, _serialise(new_root(clock()), None), PRIVATE_FILE)
    return load_authority(folder, passphrase=passphrase, clock=clock)


def load_authority(
    folder: Path, *, passphrase: bytes | None = None, clock: Clock = utc_now
) -> Authority:
    """Return the authority kept in `folder`.

    Raises CertificateError when missing, broken or expired.
    """
    path = folder / AUTHORITY_FILE
    try:
        refuse_if_others_read(path)
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise CertificateError(
            f"There is no certificate authority in {folder}.", remedy="Run: outgate ca create"
        ) from error
    except OSError as error:
        raise CertificateError(f"{path} cannot be read: {error.strerror}.") from error
    return checked_authority(content, content, passphrase=passphrase, now=clock(), source=str(path))


def replace_authority(folder: Path, *, clock: Clock = utc_now) -> Authority:
    """Make a new root in `folder` in place of what is there; clients must trust it anew."""
    authority = new_root(clock())
    save_authority(folder, authority)
    return authority


def import_authority(
    folder: Path,
    *,
    key_file: Path,
    chain_files: tuple[Path, ...],
    passphrase: bytes | None = None,
    keep_encrypted: bool = False,
    clock: Clock = utc_now,
) -> Authority:
    """Check an enterprise intermediate and keep it in `folder` in place of what is there.

    `chain_files` hold, in this order, the intermediate's own certificate and its issuers up to
    the root; one file may hold several. With `keep_encrypted` the key stays under its
    passphrase on disk, and every start needs it.
    """
    chain_pem = b"\n".join(_read(path) for path in chain_files)
    authority = checked_authority(
        _read(key_file),
        chain_pem,
        passphrase=passphrase,
        now=clock(),
        source=str(key_file),
        chain_source=", ".join(map(str, chain_files)),
    )
    refuse_root_key(authority)
    save_authority(folder, authority, passphrase=passphrase if keep_encrypted else None)
    return authority


def import_hardware(
    folder: Path, *, uri: str, chain_files: tuple[Path, ...], clock: Clock = utc_now
) -> Authority:
    """Check an enterprise intermediate whose key is in a token, and keep where that is (never the
    key, never the PIN) in place of what is there. `uri`: see `hardware_key`.
    """
    chain_pem = b"\n".join(_read(path) for path in chain_files)
    Place.parse(uri)
    authority = checked_authority(
        uri.encode(),
        chain_pem,
        passphrase=None,
        now=clock(),
        source=", ".join(map(str, chain_files)),
    )
    refuse_root_key(authority)
    save_authority(folder, authority)
    return authority


def import_pkcs12(
    folder: Path, *, file: Path, passphrase: bytes | None = None, clock: Clock = utc_now
) -> Authority:
    """Check an enterprise intermediate in a PKCS#12 file, which holds key and chain, and keep it in
    place of what is there.
    """
    key_pem, chain_pem = unpacked(_read(file), passphrase, str(file))
    source = str(file)
    authority = checked_authority(key_pem, chain_pem, passphrase=None, now=clock(), source=source)
    refuse_root_key(authority)
    save_authority(folder, authority)
    return authority


def save_authority(
    folder: Path,
    authority: Authority,
    *,
    passphrase: bytes | None = None,
    file: str = AUTHORITY_FILE,
) -> None:
    """Keep `authority` in `folder`, its key encrypted when a passphrase is given."""
    private_folder(folder)
    replace_file(folder / file, _serialise(authority, passphrase), PRIVATE_FILE)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CertificateError(f"{path} cannot be read: {error.strerror}.") from error


def _serialise(authority: Authority, passphrase: bytes | None) -> bytes:
    """Key and chain share one file, so that they can never be out of step."""
    if isinstance(authority.key, HardwareKey):
        return authority.key.place.uri.encode() + b"\n" + authority.chain_pem()
    encryption: KeySerializationEncryption = (
        BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    )
    key = authority.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    return key + authority.chain_pem()


def new_root(now: datetime) -> Authority:
    """Return a new root of our own."""
    key = ec.generate_private_key(ec.SECP256R1())
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    # The name holds part of the key's digest: two roots of one name but different keys break chain
    # building.
    mark = identifier.digest.hex()[:8]
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Outgate"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Outgate local authority {mark}"),
        ]
    )
    start = now - BACKDATED
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + ROOT_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(key_usage(sign_certificates=True), critical=True)
        .add_extension(identifier, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier(identifier.digest, None, None), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Authority(key=key, chain=(certificate,))
