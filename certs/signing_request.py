"""A request for an intermediate of the organisation's own: a key made here, which never leaves."""

from collections.abc import Callable, Iterable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from certs.chain import key_usage
from certs.files import PRIVATE_FILE, private_folder, replace_file
from core.errors import CertificateError
from core.host_names import address_of, host_meant, host_of
from core.text import printable

PENDING_FILE = "requested.key"


def pending_key(folder: Path) -> Path:
    """Where the key of the last request waits for its certificate."""
    return folder / PENDING_FILE


def signing_request(
    folder: Path,
    name: str,
    domains: Iterable[str] = (),
    hand_out: Callable[[bytes], object] | None = None,
) -> bytes:
    """Make a key in `folder` and return the request for its certificate, PEM.

    `name`: of the intermediate. `domains`: the only ones that it is to sign for, with what is
    below them; none: any. `hand_out` gets the request before the key is kept: where it raises, an
    earlier request stays good; else one that was not answered is void.

    Raises CertificateError for what is no domain, ValueError for a name that is too long.
    """
    permitted = [x509.DNSName(_domain(domain)) for domain in domains]
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Outgate"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    builder = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(subject)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(key_usage(sign_certificates=True), critical=True)
    )
    if permitted:
        constraints = x509.NameConstraints(permitted_subtrees=permitted, excluded_subtrees=None)
        builder = builder.add_extension(constraints, critical=True)
    request = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    private_folder(folder)
    if hand_out is not None:
        hand_out(request)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    replace_file(pending_key(folder), pem, PRIVATE_FILE)
    return request


def _domain(text: str) -> str:
    """Return a domain as name constraints spell it (RFC 5280, 4.2.1.10). Raises CertificateError:
    of what is none, clients would trust the authority for nothing, and of an empty one for all.
    """
    spelt = host_of(text)
    labels = spelt.split(".")
    fits = all(
        label.isascii() and label.replace("-", "").replace("_", "").isalnum() and len(label) < 64
        for label in labels
    )
    if fits and len(spelt) < 254 and address_of(spelt) is None:
        return spelt
    meant = host_of(host_meant(text) or text).removeprefix("*").lstrip(".")
    better = f"Write {printable(meant, 100)}" if meant and meant != spelt else "Write a domain"
    raise CertificateError(
        f"“{printable(text, 100)}” is no domain that a certificate can be for.",
        remedy=f"{better}: it stands for itself and all that is below.",
    )
