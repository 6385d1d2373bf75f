"""Enrolment by certificates of the organisation's own: which are taken, and for nothing else."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
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
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from fleet_world import FleetWorld
from ruamel.yaml import YAML

from app.demo.simulated_endpoints import made_up_records, write_evidence
from core.errors import InputError, SettingsError
from core.ids import utc_now
from fleet.enrolling import enrol
from fleet.line import HttpsLine, HubAwayError, HubRefusesError
from fleet.membership import Membership, hub_context
from fleet.shipper import Shipper
from hub.authority import make_authority, server_files
from hub.enrolment import revoke
from hub.service import Serving, server_context
from hub.settings import load

BARE = NoEncryption()
ROUTES = ("check-in", "upload", "parts", "renew", "orders", "holds", "requests", "inspection")


class Organisation:
    """An authority of the organisation's, which gives machines certificates."""

    def __init__(self, folder: Path, name: str = "Corp devices") -> None:
        folder.mkdir()
        self.folder, self.key = folder, ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = self._builder(self.name, self.key.public_key(), utc_now()).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        self.ca = folder / "ca.pem"
        self.ca.write_bytes(made.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM))

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime
    ) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self.name)
        builder = builder.public_key(key).serial_number(x509.random_serial_number())
        return builder.not_valid_before(now - timedelta(days=1)).not_valid_after(
            now + timedelta(days=1)
        )

    def gives(
        self,
        machine: str,
        *,
        purpose: x509.ObjectIdentifier = ExtendedKeyUsageOID.CLIENT_AUTH,
        uri: str | None = None,
        serial: int | None = None,
        late: timedelta = timedelta(),
        hidden: KeySerializationEncryption = BARE,
    ) -> tuple[Path, Path]:
        """Return the files of a certificate and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        named = [x509.NameAttribute(NameOID.COMMON_NAME, machine)] if machine else []
        builder = self._builder(x509.Name(named), key.public_key(), utc_now() - late)
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        if uri is not None:
            names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)])
            builder = builder.add_extension(names, critical=False)
        if serial is not None:
            builder._serial_number = serial
        made = builder.sign(self.key, hashes.SHA256())
        files = self.folder / f"{machine or 'nobody'}.pem", self.folder / f"{machine}.key"
        files[0].write_bytes(made.public_bytes(Encoding.PEM))
        files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, hidden))
        return files


@pytest.fixture(name="organisation")
def organisation_fixture(tmp_path: Path) -> Organisation:
    return Organisation(tmp_path / "organisation")


@pytest.fixture(name="serving")
def serving_fixture(world: FleetWorld, organisation: Organisation) -> Iterator[Serving]:
    """A hub that takes this organisation's certificates, for the group `devices`."""
    world.clock.now = utc_now()
    folder = world.folder / "hub"
    server = server_files(world.authority, folder, ["127.0.0.1"], utc_now())
    world.hub = replace(world.hub, own_group="devices")
    context = server_context(server, folder / "authority.pem", organisation.ca)
    with Serving(world.hub, context) as serving:
        yield serving


def joins(
    world: FleetWorld, serving: Serving, own: tuple[Path, Path], where: str, token: str = ""
) -> Membership:
    url, authority = f"https://127.0.0.1:{serving.port}", world.folder / "hub" / "authority.pem"
    return enrol(world.folder / where / "fleet", url, token, authority, name=where, own=own)


def test_a_machine_of_the_organisation_enrols_by_its_certificate(
    world: FleetWorld, serving: Serving, organisation: Organisation
) -> None:
    """Once for each name in such certificates: installed anew it is the same endpoint, revoked it
    does not come back by another certificate of that name; others are not touched.
    """
    member = joins(world, serving, organisation.gives("pc-7"), "pc-7")
    evidence = member.folder.parent / "evidence.db"
    write_evidence(evidence, made_up_records(1, 20, utc_now()))
    line = HttpsLine.of(member)
    done = Shipper(evidence=evidence, membership=member, line=line, version="1").round()
    line.close()
    assert done.shipped["records"] == 20
    again = joins(world, serving, organisation.gives("pc-7"), "pc-7-anew")
    other = joins(world, serving, organisation.gives("pc-8"), "pc-8")
    assert again.endpoint == member.endpoint != other.endpoint
    assert world.rows("SELECT name, grouped FROM endpoints ORDER BY number") == [
        ("pc-7", "devices"),
        ("pc-8", "devices"),
    ]
    with world.hub.database.work() as connection:
        revoke(connection, "pc-7", utc_now())
    with pytest.raises(HubRefusesError, match="revoked"):
        joins(world, serving, organisation.gives("pc-7"), "pc-7-more")
    with pytest.raises(HubRefusesError, match="names nobody"):
        joins(world, serving, organisation.gives(""), "nobody")
    assert joins(world, serving, organisation.gives("pc-9"), "pc-9")


def test_no_other_certificate_enrols(
    world: FleetWorld, serving: Serving, organisation: Organisation, tmp_path: Path
) -> None:
    """Neither one of another authority of the same name, nor one that ran out, nor one for servers,
    nor that of an endpoint; and a token that is none is none beside a good certificate.
    """
    foreign = Organisation(tmp_path / "foreign")
    late = organisation.gives("late", late=timedelta(days=9))
    server = organisation.gives("www", purpose=ExtendedKeyUsageOID.SERVER_AUTH)
    for number, own in enumerate((foreign.gives("pc-7"), late, server)):
        with pytest.raises((InputError, HubAwayError)):
            joins(world, serving, own, f"no-{number}")
    assert world.value("SELECT count(*) FROM endpoints") == 0
    with pytest.raises(HubRefusesError, match="token is not valid"):
        joins(world, serving, organisation.gives("pc-1"), "no-token", token="zonk")
    member = joins(world, serving, organisation.gives("pc-1"), "pc-1")
    with pytest.raises(HubRefusesError, match="Without a token"):
        joins(world, serving, (member.identity, member.identity), "no-own")
    assert world.value("SELECT count(*) FROM endpoints") == 1


def test_a_certificate_of_the_organisation_says_nothing_for_an_endpoint(
    world: FleetWorld, serving: Serving, organisation: Organisation
) -> None:
    """Though it names an endpoint as ours do, with the very number of its certificate, and after a
    restoration, when certificates that are not known are taken: at no address of the hub.
    """
    member = joins(world, serving, organisation.gives("pc-1"), "pc-1")
    uri, serial = f"urn:uuid:{member.endpoint}", member.certificate.serial_number
    world.rows("INSERT INTO restorations VALUES (now() + interval '1 day', 'x', 'x') RETURNING 1")
    for uri_ in (uri, "urn:uuid:0198f3c0-0000-4000-8000-000000000001"):
        own = organisation.gives("liar", uri=uri_, serial=serial)
        context = hub_context(member.authority)
        context.load_cert_chain(*own)
        line = HttpsLine(member.hub, context)
        for route in ROUTES:
            with pytest.raises(HubRefusesError, match="for enrolment alone") as refused:
                line.send(f"/v1/{route}", b'{"kind": "policy"}')
            assert refused.value.status == 403
        line.close()
    assert world.value("SELECT count(*) FROM endpoints") == 1
    assert world.alarms() == []


def test_a_hub_that_was_not_told_takes_none(world: FleetWorld, organisation: Organisation) -> None:
    """Without own_certificates the organisation's authority is nobody to the hub."""
    world.clock.now = utc_now()
    folder = world.folder / "hub"
    server = server_files(world.authority, folder, ["127.0.0.1"], utc_now())
    with (
        Serving(world.hub, server_context(server, folder / "authority.pem")) as serving,
        pytest.raises((InputError, HubAwayError)),
    ):
        joins(world, serving, organisation.gives("pc-7"), "pc-7")
    assert world.value("SELECT count(*) FROM endpoints") == 0


def test_files_that_hold_no_certificate_are_named(
    world: FleetWorld, serving: Serving, organisation: Organisation, tmp_path: Path
) -> None:
    """Nothing is asked at the terminal, and nothing is sent."""
    (tmp_path / "junk.pem").write_bytes(b"\xff junk")
    good = organisation.gives("pc-1")
    locked = organisation.gives("pc-2", hidden=BestAvailableEncryption(b"secret"))
    other = organisation.gives("pc-3")
    junk, gone = tmp_path / "junk.pem", tmp_path / "gone.pem"
    for own in ((junk, junk), (gone, gone), (good[0], other[1]), locked, (tmp_path, tmp_path)):
        with pytest.raises(InputError, match="cannot be used to enrol"):
            joins(world, serving, own, "pc-1")


@pytest.mark.parametrize(
    "value", [7, [], {}, {"ca": ""}, {"ca": 1}, {"ca": "x", "more": 1}, {"ca": "x", "group": " "}]
)
def test_what_is_no_setting_of_own_certificates_is_named(tmp_path: Path, value: object) -> None:
    """In one line, at every command of the hub."""
    told = {"database": "postgresql://x/y", "names": ["a"], "listen": "127.0.0.1:1"}
    with (tmp_path / "hub.yaml").open("w") as out:
        YAML().dump({**told, "own_certificates": value}, out)
    with pytest.raises(SettingsError, match="own_certificates"):
        load(tmp_path, {})
    with pytest.raises(SettingsError, match="holds no authorities"):
        folder = tmp_path / "hub"
        authority = make_authority(folder, utc_now())
        file = server_files(authority, folder, ["a"], utc_now())
        server_context(file, folder / "authority.pem", tmp_path / "hub.yaml")


def test_an_id_means_its_endpoint_whatever_others_are_called(world: FleetWorld) -> None:
    """Nobody keeps another from being revoked by taking its id, or its name, for a name."""
    one, other = world.member("till-1"), world.member("till-1")
    world.member(one.membership.endpoint)
    with world.hub.database.work() as connection:
        with pytest.raises(InputError, match="2 endpoints are called so"):
            revoke(connection, "till-1", world.clock())
        assert revoke(connection, one.membership.endpoint, world.clock()) == "till-1"
    query = "SELECT id::text FROM endpoints WHERE revoked_at IS NOT NULL"
    assert world.rows(query) == [(one.membership.endpoint,)]
    assert other.membership.endpoint
