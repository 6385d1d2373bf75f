"""Who sits at the desk by a certificate: as TLS would take it, and nobody else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from app import fleet_desk
from core.errors import ForbiddenError, InputError, SettingsError
from core.rights import Deed
from hub.authority import make_authority, server_files
from hub.desk_certificate import shown
from hub.settings import load

NOW = datetime.now(UTC)
CLIENT, SERVER = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH
type Name = Sequence[tuple[x509.ObjectIdentifier, str]]


def pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def named(name: Name) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in name])


@dataclass
class Organisation:
    """An authority of its own, in a folder."""

    folder: Path
    name: str

    def __post_init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.issuer = named([(NameOID.COMMON_NAME, self.name)])
        made = self._made(self.issuer, self.key, 100, ca=True).sign(self.key, hashes.SHA256())
        self.ca = self.folder / f"{self.name}.pem"
        self.ca.write_bytes(made.public_bytes(Encoding.PEM))

    def _made(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, days: int, *, ca: bool
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - timedelta(days=10))
            .not_valid_after(NOW + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )

    def gives(
        self, name: Name, *, days: int = 5, use: x509.ObjectIdentifier = CLIENT
    ) -> tuple[Path, Path]:
        """Return files of a certificate and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        built = self._made(named(name), key, days, ca=False)
        built = built.add_extension(x509.ExtendedKeyUsage([use]), critical=False)
        made = built.sign(self.key, hashes.SHA256())
        file = self.folder / f"{self.name}-{made.serial_number:x}.pem"
        file.write_bytes(made.public_bytes(Encoding.PEM))
        file.with_suffix(".key").write_bytes(pem(key))
        return file, file.with_suffix(".key")


ADA: Name = [(NameOID.ORGANIZATIONAL_UNIT_NAME, "Fraud desk"), (NameOID.COMMON_NAME, "ada")]


@pytest.fixture(name="ours")
def ours_fixture(tmp_path: Path) -> Organisation:
    return Organisation(tmp_path, "ours")


@pytest.fixture(name="server")
def server_fixture(tmp_path: Path) -> Path:
    authority = make_authority(tmp_path / "hub", NOW)
    return server_files(authority, tmp_path / "hub", ["127.0.0.1"], NOW)


def test_who_holds_the_key_is_named(ours: Organisation, server: Path) -> None:
    """By name and units; issuer and subject are told with each deed."""
    found = shown(*ours.gives(ADA), server, ours.ca)
    assert (found.name, found.units) == ("ada", frozenset({"Fraud desk"}))
    assert "CN=ours" in found.subject and "CN=ada" in found.subject


def test_what_is_no_certificate_of_ours_lets_nobody_in(
    ours: Organisation, server: Path, tmp_path: Path
) -> None:
    """Another authority of the same name, one that is over, one for servers, another's key, names
    that are none, and the authority's own.
    """
    (tmp_path / "theirs").mkdir()
    theirs = Organisation(tmp_path / "theirs", "ours")
    for files in (
        theirs.gives(ADA),
        ours.gives(ADA, days=-1),
        ours.gives(ADA, use=SERVER),
    ):
        with pytest.raises(ForbiddenError, match="lets nobody in"):
            shown(*files, server, ours.ca)
    (certificate, _), (_, key) = ours.gives(ADA), ours.gives(ADA)
    with pytest.raises(InputError, match="not of one another"):
        shown(certificate, key, server, ours.ca)
    with pytest.raises(InputError):
        shown(certificate, tmp_path / "nothing", server, ours.ca)
    for name in (
        [],
        [(NameOID.ORGANIZATIONAL_UNIT_NAME, "Fraud desk")],
        [(NameOID.COMMON_NAME, "ada"), (NameOID.COMMON_NAME, "bo")],
        [(NameOID.COMMON_NAME, "a\x1b[2Jda")],
        [(NameOID.COMMON_NAME, "  ")],
    ):
        with pytest.raises(ForbiddenError, match="one person"):
            shown(*ours.gives(name), server, ours.ca)
    empty = tmp_path / "empty.pem"
    empty.write_bytes(b"")
    with pytest.raises(SettingsError, match="no authorities"):
        shown(*ours.gives(ADA), server, empty)


HUB = """database: host=/nowhere
names: [127.0.0.1]
listen: 127.0.0.1:8443
"""


def test_roles_go_by_units_alone(ours: Organisation, server: Path, tmp_path: Path) -> None:
    """A unit without a role reads nothing; a role does what it may and no more."""
    told = (
        "desk_certificates:\n  ca: ../ours.pem\n  roles: {reviewer: [Fraud desk], auditor: Audit}"
    )
    (tmp_path / "hub" / "hub.yaml").write_text(HUB + told)
    hub = load(tmp_path / "hub", {})
    sitting = fleet_desk._shown(hub, *ours.gives(ADA))
    assert (sitting.who.name, sitting.who.role, sitting.who.channel) == (
        "ada",
        "reviewer",
        "review",
    )
    assert sitting.refusal(Deed.CLOSE) is None and sitting.refusal(Deed.ERASE)
    audit: Name = [(NameOID.ORGANIZATIONAL_UNIT_NAME, "Audit"), (NameOID.COMMON_NAME, "bo")]
    assert fleet_desk._shown(hub, *ours.gives(audit)).refusal(Deed.CLOSE)
    for unit in ("fraud desk", "Fraud desk ", "reviewer", "ada"):
        other: Name = [(NameOID.ORGANIZATIONAL_UNIT_NAME, unit), (NameOID.COMMON_NAME, "ada")]
        with pytest.raises(ForbiddenError):
            fleet_desk._shown(hub, *ours.gives(other))
    (tmp_path / "hub" / "hub.yaml").write_text(HUB)
    with pytest.raises(InputError, match="nobody in by certificate"):
        fleet_desk._shown(load(tmp_path / "hub", {}), *ours.gives(ADA))


@pytest.mark.parametrize(
    "told",
    [
        "{}",
        "7",
        "{ca: x.pem}",
        "{ca: x.pem, roles: {}}",
        "{ca: x.pem, roles: []}",
        "{ca: '', roles: {reviewer: a}}",
        "{ca: x.pem, roles: {queen: a}}",
        "{ca: x.pem, roles: {reviewer: []}}",
        "{ca: x.pem, roles: {reviewer: a}, more: 1}",
    ],
)
def test_settings_that_say_less_are_refused(told: str, tmp_path: Path, server: Any) -> None:
    """Without roles everybody might do everything."""
    (tmp_path / "hub" / "hub.yaml").write_text(f"{HUB}desk_certificates: {told}\n")
    with pytest.raises(SettingsError, match="desk_certificates"):
        load(tmp_path / "hub", {})
