"""A request for an intermediate of the organisation's own: a key made here, which never leaves."""

from collections.abc import Iterable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from certs.chain import key_usage
from certs.files import PRIVATE_FILE, private_folder, replace_file

PENDING_FILE = "requested.key"


def pending_key(folder: Path) -> Path:
    """Where the key of the last request waits for its certificate."""
    return folder / PENDING_FILE


def signing_request(folder: Path, name: str, domains: Iterable[str] = ()) -> bytes:
    """Make a key in `folder` and return the request for its certificate, PEM.

    `name`: of the intermediate. `domains`: the only ones that it is to sign for, with what is
    below them; none: any. An earlier request that was not answered is void.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    private_folder(folder)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    replace_file(pending_key(folder), pem, PRIVATE_FILE)
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
    permitted = [x509.DNSName(domain) for domain in domains]
    if permitted:
        constraints = x509.NameConstraints(permitted_subtrees=permitted, excluded_subtrees=None)
        builder = builder.add_extension(constraints, critical=True)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
