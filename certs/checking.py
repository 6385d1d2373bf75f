"""Whether a key and a chain make an authority that clients accept: every later fault is named
now.
"""

import itertools
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from certs.chain import Authority, SigningKey
from certs.hardware_key import hardware_key, hardware_uri
from core.errors import CertificateError
from core.text import printable

_ANOTHER = "Make another in its place: outgate ca rotate"
_ANOTHER_ISSUED = "Have a new one issued: outgate ca csr, then outgate ca import."
_REISSUE = "Ask whoever issued it for a new one with this mended."


def checked_authority(
    key_pem: bytes,
    chain_pem: bytes,
    *,
    passphrase: bytes | None,
    now: datetime,
    source: str,
    chain_source: str = "",
) -> Authority:
    """Return the authority that this key and chain make, or raise CertificateError saying why
    not. `source`, `chain_source`: where they are from; one place where the latter is not given.
    """
    uri = hardware_uri(key_pem)
    key = None if uri is not None else _load_key(key_pem, passphrase, source)
    try:
        # A root that is in two of the files is one root.
        chain = tuple(dict.fromkeys(x509.load_pem_x509_certificates(chain_pem)))
    except ValueError as error:
        raise CertificateError(
            f"{chain_source or source}: no readable certificate in PEM form.",
            remedy="Give the certificate and its chain as PEM (-----BEGIN CERTIFICATE-----).",
        ) from error
    if key is None:
        assert uri is not None
        key = hardware_key(uri, chain[0])
    _check_key_belongs(key, chain)
    for certificate in chain:
        _check_extensions(certificate)
        _check_algorithms(certificate)
        _check_dates(certificate, now, own=len(chain) == 1)
    _check_links(chain)
    _check_path_lengths(chain)
    return Authority(key=key, chain=chain)


def refuse_root_key(authority: Authority) -> None:
    """Raise CertificateError when what is imported is a root with its own key: whoever takes it
    from this machine is everybody, for every client of the organisation.
    """
    if len(authority.chain) == 1:
        raise CertificateError(
            f"{_name(authority.signer)} is a root, and its key belongs on no endpoint.",
            remedy="Have an intermediate issued for this machine: outgate ca csr",
        )


def _load_key(pem: bytes, passphrase: bytes | None, source: str) -> SigningKey:
    try:
        key = load_pem_private_key(pem, passphrase or None)
    except TypeError as error:
        if not passphrase:
            raise CertificateError(
                f"The private key in {source} is encrypted.",
                remedy="Give its passphrase in a file: --passphrase-file FILE",
            ) from error
        key = load_pem_private_key(pem, None)
    except ValueError as error:
        reason = "or the passphrase is wrong" if passphrase else "in PEM form"
        raise CertificateError(
            (
                f"No private key can be read from {source}, {reason}."
                if passphrase
                else f"No private key {reason} can be read from {source}."
            ),
            remedy="Check the file and the passphrase.",
        ) from error
    if isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) and _is_usual(key):
        return key
    raise CertificateError(
        f"The private key in {source} is of a kind that many TLS clients refuse.",
        remedy="Use an elliptic-curve key (P-256) or RSA of at least 2048 bits.",
    )


def _check_key_belongs(key: SigningKey, chain: tuple[x509.Certificate, ...]) -> None:
    def public(holder: SigningKey | x509.Certificate) -> bytes:
        return holder.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    if public(chain[0]) == public(key):
        return
    if any(public(c) == public(key) for c in chain):
        raise CertificateError(
            f"The certificates are out of order: the first one, {_name(chain[0])}, is not the "
            "signer's own.",
            remedy=(
                "Put the intermediate's own certificate first, then its issuer, and the root last."
            ),
        )
    raise CertificateError(
        f"The private key does not belong to the certificate {_name(chain[0])}.",
        remedy="Give the key that was made together with this certificate.",
    )


def _check_extensions(certificate: x509.Certificate) -> None:
    """Check what Python 3.13's strict verification and RFC 5280 ask of an authority."""
    name = _name(certificate)
    try:
        extensions = certificate.extensions
    except ValueError as error:
        raise CertificateError(
            f"{name}: its extensions cannot be read.", remedy=_REISSUE
        ) from error
    basic = _extension(extensions, x509.BasicConstraints)
    usage = _extension(extensions, x509.KeyUsage)
    purposes = _extension(extensions, x509.ExtendedKeyUsage)
    server = {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
    self_signed = certificate.subject == certificate.issuer
    faults = (
        (
            basic is None or not basic.value.ca,
            "it is no certificate authority (basic constraints lack CA)",
        ),
        (basic is not None and not basic.critical, "its basic constraints are not marked critical"),
        (usage is None, "it has no key usage"),
        (
            usage is not None and not usage.value.key_cert_sign,
            "its key usage does not allow it to sign",
        ),
        (
            _extension(extensions, x509.SubjectKeyIdentifier) is None,
            "it has no subject key identifier (SKI)",
        ),
        (
            not self_signed and _extension(extensions, x509.AuthorityKeyIdentifier) is None,
            "it has no authority key identifier (AKI)",
        ),
        (
            purposes is not None and not server & set(purposes.value),
            "its extended key usage does not allow server certificates",
        ),
    )
    for faulty, words in faults:
        if faulty:
            raise CertificateError(f"Clients would refuse {name}: {words}.", remedy=_REISSUE)


def _check_algorithms(certificate: x509.Certificate) -> None:
    name = _name(certificate)
    key = certificate.public_key()
    usual = isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey) and _is_usual(key)
    if not usual:
        raise CertificateError(
            f"Clients would refuse {name}: its key is none that they know, or is too short.",
            remedy=_REISSUE,
        )
    # What signs a root proves nothing, and no client asks.
    signed_with = certificate.signature_hash_algorithm
    if certificate.subject != certificate.issuer and isinstance(
        signed_with, hashes.SHA1 | hashes.MD5
    ):
        raise CertificateError(
            f"Clients would refuse {name}: it is signed with {signed_with.name.upper()}.",
            remedy=_REISSUE,
        )
    for extension in certificate.extensions:
        if extension.critical and extension.oid not in _UNDERSTOOD:
            raise CertificateError(
                f"Clients would refuse {name}: its extension {extension.oid.dotted_string} is"
                " marked critical, and they do not know it.",
                remedy=_REISSUE,
            )


def _is_usual(
    key: rsa.RSAPrivateKey
    | rsa.RSAPublicKey
    | ec.EllipticCurvePrivateKey
    | ec.EllipticCurvePublicKey,
) -> bool:
    if isinstance(key, rsa.RSAPrivateKey | rsa.RSAPublicKey):
        return key.key_size >= 2048
    return isinstance(key.curve, ec.SECP256R1 | ec.SECP384R1 | ec.SECP521R1)


_UNDERSTOOD = frozenset(
    (
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.NAME_CONSTRAINTS,
        ExtensionOID.CERTIFICATE_POLICIES,
        ExtensionOID.POLICY_CONSTRAINTS,
        ExtensionOID.POLICY_MAPPINGS,
        ExtensionOID.INHIBIT_ANY_POLICY,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        ExtensionOID.CRL_DISTRIBUTION_POINTS,
    )
)
"""Extensions that may be critical: those that OpenSSL handles."""


def _check_dates(certificate: x509.Certificate, now: datetime, *, own: bool) -> None:
    if now > certificate.not_valid_after_utc:
        raise CertificateError(
            f"{_name(certificate)} expired on {certificate.not_valid_after_utc:%d %B %Y}.",
            remedy=_ANOTHER if own else _ANOTHER_ISSUED,
        )
    if now < certificate.not_valid_before_utc:
        raise CertificateError(
            f"{_name(certificate)} is valid only from {certificate.not_valid_before_utc:%d %B %Y}.",
            remedy="Check this machine's clock.",
        )


def _check_links(chain: tuple[x509.Certificate, ...]) -> None:
    for lower, upper in itertools.pairwise(chain):
        if lower.issuer != upper.subject:
            raise CertificateError(
                f"The chain is out of order or incomplete: {_name(upper)} did not issue "
                f"{_name(lower)}.",
                remedy="List the intermediate first, then each issuer in turn, and the root last.",
            )
        try:
            lower.verify_directly_issued_by(upper)
        except (InvalidSignature, ValueError, TypeError) as error:
            raise CertificateError(
                f"{_name(upper)} has the right name but did not sign {_name(lower)}.",
                remedy="Look for the issuer's certificate that was in force then.",
            ) from error
        _check_identifiers(lower, upper)
    if chain[-1].subject != chain[-1].issuer:
        raise CertificateError(
            f"The chain is incomplete: the issuer of {_name(chain[-1])} is missing.",
            remedy="Add the certificates up to and including the root.",
        )


def _check_path_lengths(chain: tuple[x509.Certificate, ...]) -> None:
    for below, certificate in enumerate(chain):
        allowed = certificate.extensions.get_extension_for_class(
            x509.BasicConstraints
        ).value.path_length
        if allowed is not None and allowed < below:
            raise CertificateError(
                f"Clients would refuse {_name(certificate)}: its path length forbids the "
                "authorities below it.",
                remedy=_REISSUE,
            )


def _check_identifiers(lower: x509.Certificate, upper: x509.Certificate) -> None:
    authority = lower.extensions.get_extension_for_class(
        x509.AuthorityKeyIdentifier
    ).value.key_identifier
    subject = upper.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    if authority is not None and authority != subject:
        raise CertificateError(
            f"Clients would refuse {_name(lower)}: its AKI is not its issuer's key identifier "
            "(SKI).",
            remedy=_REISSUE,
        )


def _extension[T: x509.ExtensionType](
    extensions: x509.Extensions, kind: type[T]
) -> x509.Extension[T] | None:
    try:
        return extensions.get_extension_for_class(kind)
    except x509.ExtensionNotFound:
        return None


def _name(certificate: x509.Certificate) -> str:
    return (
        "“"
        + printable(certificate.subject.rfc4514_string() or "a certificate without a name", 120)
        + "”"
    )
