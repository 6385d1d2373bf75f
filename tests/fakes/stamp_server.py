"""A time stamp server (RFC 3161) of the test's own, on loopback: it really signs, with a
certificate below a root that was made for it.
"""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_SHA256 = bytes.fromhex("0609608648016503040201")
_ECDSA = bytes.fromhex("06082a8648ce3d040302")
_SIGNED = bytes.fromhex("06092a864886f70d010702")
_TST_INFO = bytes.fromhex("060b2a864886f70d0109100104")
_CONTENT_TYPE = bytes.fromhex("06092a864886f70d010903")
_DIGEST = bytes.fromhex("06092a864886f70d010904")
_CERTIFICATE = bytes.fromhex("060b2a864886f70d010910022f")
_POLICY = bytes.fromhex("06032a0304")


def der(tag: int, *parts: bytes) -> bytes:
    """Return a value of DER."""
    body = b"".join(parts)
    if len(body) < 128:
        return bytes((tag, len(body))) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + body


def _number(value: int) -> bytes:
    return der(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


@dataclass
class Authority:
    """A root and the certificate of one server below it."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        root_key, self.key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        name, server = (
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
            for text in ("Root of the test", "Clock of the test")
        )
        self.root = self._certificate(name, name, root_key, root_key, ca=True)
        self.certificate = self._certificate(server, name, self.key, root_key, ca=False)

    def _certificate(
        self,
        subject: x509.Name,
        issuer: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        signer: ec.EllipticCurvePrivateKey,
        *,
        ca: bool,
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now - timedelta(days=1))
            .not_valid_after(self.now + timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        usage = x509.KeyUsage(not ca, False, False, False, False, ca, ca, False, False)
        builder = builder.add_extension(usage, critical=True)
        if not ca:
            purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
            builder = builder.add_extension(purpose, critical=True)
        return builder.sign(signer, hashes.SHA256())

    def write_root(self, file: Path) -> Path:
        """Put the root down in PEM."""
        file.write_bytes(self.root.public_bytes(serialization.Encoding.PEM))
        return file

    def token(self, message: bytes, nonce: int | None = None) -> bytes:
        """Return the answer over a message."""
        return self.answer(hashlib.sha256(message).digest(), nonce)

    def answer(self, digest: bytes, nonce: int | None) -> bytes:
        """Return the answer over the hash of a message."""
        algorithm = der(0x30, _SHA256)
        at = der(0x18, self.now.strftime("%Y%m%d%H%M%SZ").encode())
        told = [_number(1), _POLICY, der(0x30, algorithm, der(4, digest)), _number(7), at]
        told += [] if nonce is None else [_number(nonce)]
        info = der(0x30, *told)
        own = self.certificate.public_bytes(serialization.Encoding.DER)
        named = der(0x30, der(0x30, der(0x30, der(4, hashlib.sha256(own).digest()))))
        attributes = sorted(
            (
                der(0x30, _CONTENT_TYPE, der(0x31, _TST_INFO)),
                der(0x30, _DIGEST, der(0x31, der(4, hashlib.sha256(info).digest()))),
                der(0x30, _CERTIFICATE, der(0x31, named)),
            )
        )
        signature = self.key.sign(der(0x31, *attributes), ec.ECDSA(hashes.SHA256()))
        issuer = self.certificate.issuer.public_bytes()
        signer = der(
            0x30, _number(1), der(0x30, issuer, _number(self.certificate.serial_number)),
            algorithm, der(0xA0, *attributes), der(0x30, _ECDSA), der(4, signature),
        )  # fmt: skip
        content = der(0x30, _TST_INFO, der(0xA0, der(4, info)))
        signed = der(0x30, _number(3), der(0x31, algorithm), content, der(0xA0, own),
                     der(0x31, signer))  # fmt: skip
        return der(0x30, der(0x30, _number(0)), der(0x30, _SIGNED, der(0xA0, signed)))


@contextmanager
def stamp_server(authority: Authority, answer: bytes | None = None) -> Iterator[str]:
    """Serve the authority on loopback, or always the same answer; yield its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            body = authority.answer(*asked(query)) if answer is None else answer
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/tsr"
        server.shutdown()
        thread.join()


def asked(query: bytes) -> tuple[bytes, int | None]:
    """Return the hash and the nonce of a query that was made here: of its own few shapes."""
    at = query.index(b"\x04\x20") + 2
    digest, rest = query[at : at + 32], query[at + 32 :]
    nonce = int.from_bytes(rest[2 : 2 + rest[1]], "big") if rest[:1] == b"\x02" else None
    return digest, nonce
