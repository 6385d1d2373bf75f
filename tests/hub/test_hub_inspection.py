"""Authorities for inspection that machines are given: of few names, below the organisation's."""

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError
from fleet_world import FleetWorld, Member

from app.fleet_authority import ask_authority, renew_authority
from app.home import Home
from certs.authority import load_authority, replace_authority
from certs.chain import Authority, key_usage
from certs.rotation import trusted_besides
from core.errors import InputError, SettingsError
from core.ids import utc_now
from fleet.line import HubRefusesError
from hub.enrolment import MOST_CERTIFIED
from hub.inspection import Inspection, given_to, read_inspection


@dataclass
class Corp:
    """The organisation's authority, in files of a hub's folder."""

    folder: Path

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.write(path_length=None)

    def write(self, *, path_length: int | None, lasts: timedelta = timedelta(days=300)) -> None:
        root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        root = self._made("Corp root", "Corp root", root_key, root_key, timedelta(days=900), None)
        signer = self._made("Corp inspection", "Corp root", key, root_key, lasts, path_length)
        pem = b"".join(one.public_bytes(Encoding.PEM) for one in (signer, root))
        (self.folder / "inspection.pem").write_bytes(pem)
        told = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (self.folder / "inspection.key").write_bytes(told)
        (self.folder / "inspection.key").chmod(0o600)
        self.root = root

    @staticmethod
    def _made(
        name: str,
        issuer: str,
        key: ec.EllipticCurvePrivateKey,
        by: ec.EllipticCurvePrivateKey,
        lasts: timedelta,
        path_length: int | None,
    ) -> x509.Certificate:
        now, above = utc_now() - timedelta(days=1), by.public_key()
        names = [
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in (name, issuer)
        ]
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(above)
        builder = x509.CertificateBuilder().subject_name(names[0]).issuer_name(names[1])
        builder = builder.public_key(key.public_key()).not_valid_before(now)
        builder = builder.serial_number(x509.random_serial_number()).not_valid_after(now + lasts)
        for extension, critical in (
            (x509.BasicConstraints(ca=True, path_length=path_length), True),
            (key_usage(sign_certificates=True), True),
            (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
            (authority, False),
        ):
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(by, hashes.SHA256())

    def gives(self, **more: Any) -> Inspection:
        value = {"chain": "inspection.pem", "key": "inspection.key", **more}
        return Inspection.at(read_inspection(value, self.folder), utc_now())


@pytest.fixture(name="corp")
def corp_fixture(tmp_path: Path) -> Corp:
    return Corp(tmp_path / "corp")


@pytest.fixture(name="till")
def till_fixture(world: FleetWorld) -> Member:
    world.clock.now = utc_now()
    return world.member("till-1 \x1b[2J" + "x" * 80)


def with_hub(member: Member, world: FleetWorld, inspection: Inspection | None) -> Home:
    member.line.hub = replace(world.hub, inspection=inspection)
    return Home(root=member.home)


def trusts(root: x509.Certificate, made: Authority, host: str) -> bool:
    """Whether a client of this root takes what the machine signs for this host."""
    key, now = ec.generate_private_key(ec.SECP256R1()), utc_now()
    identifier = x509.SubjectKeyIdentifier.from_public_key(made.signer.public_key())
    above = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
    leaf = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(made.signer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=True)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(above, critical=False)
        .sign(made.key, hashes.SHA256())
    )
    verifier = PolicyBuilder().store(Store([root])).build_server_verifier(x509.DNSName(host))
    try:
        verifier.verify(leaf, list(made.chain[:-1]))
    except VerificationError:
        return False
    return True


def test_a_machine_inspects_with_what_the_hub_gives(
    world: FleetWorld, till: Member, corp: Corp
) -> None:
    """A key made there, good for the names that the hub's settings say and no other; what clients
    trusted before stays trusted, and the hub knows what to have revoked.
    """
    home = with_hub(till, world, corp.gives(permit=["Corp.example"], exclude=["pay.corp.example"]))
    before = replace_authority(home.authority)
    made = ask_authority(home, till.line)
    assert load_authority(home.authority).signer == made.signer
    assert trusted_besides(home.authority) == (before.root,)
    hosts = (
        "api.corp.example",
        "corp.example",
        "pay.corp.example",
        "bank.example",
        "xcorp.example",
    )
    assert [trusts(corp.root, made, host) for host in hosts] == [True, True, False, False, False]
    length = made.signer.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length
    assert length == 0
    assert timedelta(days=29) < made.not_after - utc_now() < timedelta(days=31)
    again = ask_authority(home, till.line)
    with world.hub.database.work() as connection:
        serials = given_to(connection, 1, world.clock())
    assert serials == [f"{one.signer.serial_number:x}" for one in (made, again)]
    key = made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    assert not any(b"PRIVATE" in body for _, body in till.line.sent)
    assert key not in b"".join(body for _, body in till.line.sent)


def test_it_is_renewed_at_two_thirds_and_only_what_the_hub_gave(
    world: FleetWorld, till: Member, corp: Corp
) -> None:
    """What somebody put in its place is left alone; it never outlasts the organisation's own."""
    corp.write(path_length=1, lasts=timedelta(days=10))
    home = with_hub(till, world, corp.gives(exclude="bank.example"))
    now = utc_now()
    assert not renew_authority(home, till.line, now)
    first = ask_authority(home, till.line)
    assert first.signer.not_valid_after_utc == first.chain[1].not_valid_after_utc
    assert not renew_authority(home, till.line, now + timedelta(days=5))
    assert renew_authority(home, till.line, now + timedelta(days=7))
    second = load_authority(home.authority)
    assert second.signer.serial_number != first.signer.serial_number
    replace_authority(home.authority)
    assert not renew_authority(home, till.line, now + timedelta(days=7))


def test_an_endpoint_is_given_few_a_day(world: FleetWorld, till: Member, corp: Corp) -> None:
    """One whose clock is a month ahead finds each over as it comes, and asks at every round: there
    would be more of them every minute. What it has stays in use, and others are given theirs.
    """
    home = with_hub(till, world, corp.gives(exclude="bank.example"))
    ask_authority(home, till.line)
    ahead = utc_now() + timedelta(days=29)
    for _ in range(MOST_CERTIFIED - 1):
        assert renew_authority(home, till.line, ahead)
    last = load_authority(home.authority).signer
    with pytest.raises(HubRefusesError, match="too many authorities today"):
        renew_authority(home, till.line, ahead)
    assert load_authority(home.authority).signer == last
    other = world.member("till-2")
    ask_authority(with_hub(other, world, till.line.hub.inspection), other.line)
    world.rows(
        "UPDATE inspection_certificates SET made_at = made_at - interval '1 day' RETURNING 1"
    )
    assert renew_authority(home, till.line, ahead)


def test_a_hub_that_gives_none_says_so_and_nothing_is_changed(
    world: FleetWorld, till: Member
) -> None:
    """Nor is anything where its answer is no authority for this machine's key."""
    home = with_hub(till, world, None)
    before = replace_authority(home.authority)
    with pytest.raises(HubRefusesError, match="gives nothing to inspect with"):
        ask_authority(home, till.line)

    class Lying:
        def send(self, path: str, body: bytes) -> Any:
            chain = before.chain_pem().decode()
            return type("Answer", (), {"value": {"chain": chain}})

    with pytest.raises(InputError, match="no authority"):
        ask_authority(home, Lying())  # type: ignore[arg-type]
    assert load_authority(home.authority).signer == before.signer


def test_what_is_no_request_gets_nothing(world: FleetWorld, till: Member, corp: Corp) -> None:
    """In one line; nothing is noted."""
    member = replace(world.hub, inspection=corp.gives(permit=["a.example"]))
    with world.hub.database.work() as connection:
        for request in (b"", b"x", b"\xff" * 100):
            assert member.inspection is not None
            with pytest.raises(InputError, match="request is none"):
                member.inspection.give(connection, 1, "x", request, utc_now())
    assert world.value("SELECT count(*) FROM inspection_certificates") == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "belongs on no machine"),
        ({"permit": ["a b"]}, "list of domains"),
        ({"permit": ["*.corp.example"]}, "list of domains"),
        ({"permit": [7]}, "list of domains"),
        ({"permit": {"a": 1}}, "list of domains"),
        ({"exclude": ["a..b"]}, "list of domains"),
        ({"permit": ["a"], "days": 0}, "days is a number"),
        ({"permit": ["a"], "days": True}, "days is a number"),
        ({"permit": ["a"], "days": 400}, "days is a number"),
        ({"permit": ["a"], "chain": ""}, "are files"),
        ({"permit": ["a"], "more": 1}, "it has chain"),
        ({"permit": ["a"], "key": "gone.key"}, "cannot be read"),
        ({"permit": ["a"], "chain": "inspection.key"}, "no readable certificate"),
    ],
)
def test_what_is_wrong_with_the_settings_is_named(
    corp: Corp, change: dict[str, Any], words: str
) -> None:
    """Before the hub serves."""
    with pytest.raises(SettingsError, match=words):
        corp.gives(**change)


def test_an_authority_that_may_make_none_is_refused(corp: Corp) -> None:
    """Clients would refuse what is below it; and a key that others read is none."""
    corp.write(path_length=0)
    with pytest.raises(SettingsError, match="path length is 0"):
        corp.gives(permit=["a.example"])
    corp.write(path_length=1)
    (corp.folder / "inspection.key").chmod(0o644)
    with pytest.raises(SettingsError, match="inspection of hub"):
        corp.gives(permit=["a.example"])
