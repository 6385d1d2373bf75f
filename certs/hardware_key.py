"""The authority's key in a token (PKCS#11): it signs there and never leaves.

Named by a URI of RFC 7512: `pkcs11:token=NAME;object=KEY?module-path=FILE&pin-source=FILE`. The PIN
stands in a file of its own, never in the URI.
"""

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, Self
from urllib.parse import unquote

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from certs.chain import SigningKey
from certs.files import refuse_if_others_read
from core.errors import CertificateError
from core.text import printable

SCHEME = "pkcs11:"
_PATH, _QUERY = (
    frozenset({"token", "object", "id", "serial"}),
    frozenset({"module-path", "pin-source"}),
)
_LONGEST, _PROOF = 2000, b"Outgate asks whether this key belongs to this certificate."
_NO_PIN = (
    "Put the PIN into a file that only the gate's user can read, and name that: pin-source=FILE"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which key, in which token, by which module."""

    uri: str
    module: Path
    token: str | None
    serial: str | None
    label: str | None
    identity: bytes | None
    pin_file: Path | None

    @classmethod
    def parse(cls, uri: str) -> Self:
        """Read a URI. Raises CertificateError with what is wrong with it."""
        if len(uri) > _LONGEST or not uri.isascii() or not uri.isprintable():
            raise _bad("it is too long, or has characters that belong into percent signs")
        path, _, query = uri.removeprefix(SCHEME).partition("?")
        named, asked = _pairs(path, ";"), _pairs(query, "&")
        if "pin-value" in asked:
            raise CertificateError("A PIN in the address could be read by others.", remedy=_NO_PIN)
        if unknown := sorted(({*named} - _PATH) | ({*asked} - _QUERY)):
            raise _bad(f"{printable(unknown[0], 40)} means nothing here")
        if "module-path" not in asked:
            raise _bad("module-path is missing: the library that speaks to the token")
        if not {"object", "id"} & {*named}:
            raise _bad("object (or id) is missing: which key")
        return cls(
            uri=uri,
            module=Path(asked["module-path"]),
            token=named.get("token"),
            serial=named.get("serial"),
            label=named.get("object"),
            identity=named["id"].encode("latin-1") if "id" in named else None,
            pin_file=Path(asked["pin-source"].removeprefix("file:"))
            if "pin-source" in asked
            else None,
        )

    @property
    def words(self) -> str:
        """Return where the key is, for a person."""
        name = self.token or self.serial or "?"
        return f"in the token “{printable(name, 60)}” ({printable(self.module.name, 60)})"


@dataclass(slots=True)
class _Token:
    """Signs with the key of one place; a token that was away is asked once more."""

    place: Place
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _key: Any = None

    def sign(self, data: bytes, mechanism: str) -> bytes:
        """Return the token's signature. Raises CertificateError in plain words."""
        with self._lock:
            for fresh in (False, True):
                if self._key is None or fresh:
                    self._key = _opened(self.place)
                try:
                    return self._signed(data, mechanism)
                except Exception as error:  # boundary: of a library of others'
                    self._key = None
                    if fresh:
                        raise _silent(self.place, error) from error
        raise AssertionError

    def close(self) -> None:
        """Let go of the token."""
        with self._lock, suppress(Exception):
            key, self._key = self._key, None
            if key is not None:
                key.session.close()

    def _signed(self, data: bytes, mechanism: str) -> bytes:
        import pkcs11

        return bytes(self._key.sign(data, mechanism=getattr(pkcs11.Mechanism, mechanism)))


class HardwareKey:
    """What both kinds have in common."""

    _token: _Token
    _public: Any

    @property
    def place(self) -> Place:
        """Where it is."""
        return self._token.place

    def public_key(self) -> Any:
        """Return the public key, as its certificate has it."""
        return self._public

    @property
    def key_size(self) -> int:
        """In bits."""
        return int(self._public.key_size)

    def _never(self, *_: object, **__: object) -> NoReturn:
        raise CertificateError(
            "The authority's key is in a token and cannot be taken out.",
            remedy="Only its certificates can be written.",
        )

    private_bytes = _never
    private_numbers = _never
    exchange = _never
    decrypt = _never

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self


class HardwareEcKey(HardwareKey, ec.EllipticCurvePrivateKey):
    """An elliptic-curve key."""

    def __init__(self, token: _Token, public: ec.EllipticCurvePublicKey) -> None:
        self._token, self._public = token, public

    @property
    def curve(self) -> ec.EllipticCurve:
        """Its curve."""
        curve: ec.EllipticCurve = self._public.curve
        return curve

    def sign(self, data: Any, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        """Return the signature of data, in DER."""
        algorithm = signature_algorithm.algorithm
        assert isinstance(algorithm, hashes.HashAlgorithm)
        digest = hashes.Hash(algorithm)
        digest.update(bytes(data))
        raw = self._token.sign(digest.finalize(), "ECDSA")
        half = len(raw) // 2
        return encode_dss_signature(
            int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big")
        )


class HardwareRsaKey(HardwareKey, rsa.RSAPrivateKey):
    """An RSA key."""

    def __init__(self, token: _Token, public: rsa.RSAPublicKey) -> None:
        self._token, self._public = token, public

    def sign(self, data: Any, padding: Any, algorithm: Any) -> bytes:
        """Return the signature of data by PKCS#1 v1.5 and SHA-256, which leaves are signed by."""
        del padding
        assert isinstance(algorithm, hashes.SHA256)
        return self._token.sign(bytes(data), "SHA256_RSA_PKCS")


def hardware_key(uri: str, certificate: x509.Certificate) -> SigningKey:
    """Return the key of a token that belongs to this certificate. Raises CertificateError where it
    cannot be had, or is another one's.
    """
    token, public = _Token(Place.parse(uri)), certificate.public_key()
    if isinstance(public, ec.EllipticCurvePublicKey):
        key: SigningKey = HardwareEcKey(token, public)
        _proven(token, lambda: _prove_ec(key, public))
        return key
    if isinstance(public, rsa.RSAPublicKey) and public.key_size >= 2048:
        other = HardwareRsaKey(token, public)
        _proven(token, lambda: _prove_rsa(other, public))
        return other
    raise CertificateError(
        "The certificate's key is of a kind that many TLS clients refuse.",
        remedy="Use an elliptic-curve key (P-256) or RSA of at least 2048 bits.",
    )


def hardware_uri(content: bytes) -> str | None:
    """Return the URI with which what stands for a key in a file begins; None for a key itself."""
    line = content.partition(b"\n")[0].strip()
    return line.decode("ascii", "replace") if line.startswith(SCHEME.encode()) else None


def _prove_ec(key: Any, public: ec.EllipticCurvePublicKey) -> None:
    how = ec.ECDSA(hashes.SHA256())
    public.verify(key.sign(_PROOF, how), _PROOF, how)


def _prove_rsa(key: HardwareRsaKey, public: rsa.RSAPublicKey) -> None:
    how = padding.PKCS1v15(), hashes.SHA256()
    public.verify(key.sign(_PROOF, *how), _PROOF, *how)


def _proven(token: _Token, prove: Callable[[], None]) -> None:
    try:
        prove()
    except (InvalidSignature, ValueError) as error:
        token.close()
        raise CertificateError(
            "The key in the token does not belong to the first certificate of the chain.",
            remedy="Name the key that was made together with that certificate.",
        ) from error


def _opened(place: Place) -> Any:
    """Return the private key's handle. Raises CertificateError."""
    try:
        import pkcs11
    except ImportError as error:
        raise CertificateError(
            "Keys in a token (PKCS#11) take outgate[hsm], which is not installed.",
            remedy="Install it beside Outgate: pip install 'outgate[hsm]'",
        ) from error
    if not place.module.is_file():
        raise CertificateError(
            f"There is no PKCS#11 module {printable(str(place.module), 200)}.",
            remedy="Install the token's own library, and name its file after module-path=",
        )
    pin = _pin(place)
    session = None
    try:
        session = _session(pkcs11, place, pin)
        return session.get_key(
            object_class=pkcs11.ObjectClass.PRIVATE_KEY,
            **_given(label=place.label, id=place.identity),
        )
    except Exception as error:  # boundary: of a library of others'
        if session is not None:
            session.close()
        raise _silent(place, error) from error


def _session(pkcs11: Any, place: Place, pin: str | None) -> Any:
    """A token has one login for the whole process: who comes second has it already."""
    token = pkcs11.lib(str(place.module)).get_token(
        **_given(token_label=place.token, token_serial=place.serial and place.serial.encode())
    )
    try:
        return token.open(user_pin=pin)
    except pkcs11.exceptions.UserAlreadyLoggedIn:
        return token.open()


def _given(**values: object) -> Mapping[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _pin(place: Place) -> str | None:
    if place.pin_file is None:
        return None
    with suppress(FileNotFoundError):
        refuse_if_others_read(place.pin_file)
    try:
        return place.pin_file.read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        raise CertificateError(
            f"The file with the token's PIN, {printable(str(place.pin_file), 200)}, cannot be"
            f" read: {getattr(error, 'strerror', None) or 'it is no text'}.",
            remedy=_NO_PIN,
        ) from error


_WORDS = {
    "NoSuchToken": "there is no such token",
    "TokenNotPresent": "the token is not there",
    "TokenNotRecognised": "the token is not known",
    "MultipleTokensReturned": "several tokens are called so: name its serial",
    "PinIncorrect": "the PIN is wrong; a token locks itself after a few tries",
    "PinLenRange": "the PIN is wrong",
    "PinInvalid": "the PIN is wrong",
    "PinLocked": "the token has locked its PIN",
    "PinExpired": "the PIN has expired",
    "UserPinNotInitialized": "the token has no PIN yet",
    "UserNotLoggedIn": "the token wants its PIN: name a file with it, pin-source=FILE",
    "NoSuchKey": "the token has no such private key (it may want its PIN: pin-source=FILE)",
    "MultipleObjectsReturned": "several keys are called so: name its id",
    "DeviceRemoved": "the token was taken away",
    "MechanismInvalid": "the token cannot sign with such a key",
    "KeyFunctionNotPermitted": "the key may not sign",
    "KeyTypeInconsistent": "the key is of another kind than its certificate says",
}


def _silent(place: Place, error: Exception) -> CertificateError:
    if isinstance(error, CertificateError):
        return error
    kind = type(error).__name__
    why = _WORDS.get(kind, f"its module says {printable(kind, 60)}")
    return CertificateError(
        f"The authority's key {place.words} cannot be used: {why}.",
        remedy="Check the token, the key and the file with the PIN; then start the gate again.",
    )


def _pairs(text: str, between: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in filter(None, text.split(between)):
        name, is_pair, value = part.partition("=")
        if not is_pair or not value or name in found:
            raise _bad(f"{printable(name, 40)} has no value, or two")
        found[name] = unquote(value, "latin-1" if name == "id" else "utf-8")
    return found


def _bad(why: str) -> CertificateError:
    return CertificateError(
        f"This is no address of a key in a token: {why}.",
        remedy="For example 'pkcs11:token=outgate;object=gate?module-path=/usr/lib/softhsm/"
        "libsofthsm2.so&pin-source=/etc/outgate/pin'",
    )
