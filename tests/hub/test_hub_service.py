"""The hub over real TLS: who may speak, and that nobody speaks for another."""

import contextlib
import ssl
import threading
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from cryptography import x509
from fleet_over_tls import MESSAGES, joined, shipper
from fleet_world import FleetWorld

from app.demo.simulated_endpoints import made_up_records, write_evidence
from core.ids import utc_now
from evidence.shipping import shipped_file
from fleet.enrolling import enrol
from fleet.line import HttpsLine, HubAwayError, HubRefusesError
from fleet.membership import membership, request
from fleet.wire import packed
from hub.answering import Hub
from hub.authority import ENDPOINT_LIFE, make_authority, server_files
from hub.enrolment import revoke
from hub.service import Serving, server_context


def test_an_endpoint_enrols_and_ships_over_tls(world: FleetWorld, serving: Serving) -> None:
    """From a token to records at the hub, with nothing but HTTPS in between."""
    member = joined(world, serving, "till-1")
    write_evidence(member.folder.parent / "evidence.db", made_up_records(1, 30, utc_now()))
    ship = shipper(member)
    try:
        assert ship.round().shipped["records"] == 30
        ship.round()
    finally:
        ship.line.close()
    assert world.value("SELECT count(*) FROM records") == 30
    assert world.value("SELECT count(*) FROM had") > 0
    assert world.alarms() == []
    identity = member.identity
    assert identity.stat().st_mode & 0o077 == 0
    assert not (member.folder / "pending.key").exists()


def test_a_token_is_good_once_and_not_for_ever(world: FleetWorld, serving: Serving) -> None:
    """A token that was used, that is too old, or that never was, is refused in the same words."""
    url, authority = f"https://127.0.0.1:{serving.port}", world.folder / "hub" / "authority.pem"
    used, old = world.hub.enrolment.token("all"), world.hub.enrolment.token("all")
    enrol(world.folder / "one", url, used, authority)
    world.clock.on(minutes=16)
    words = set()
    for number, token in enumerate((used, old, "nonsense", "", "x" * 5000)):
        with pytest.raises(HubRefusesError) as refused:
            enrol(world.folder / f"more-{number}", url, token, authority)
        words.add(refused.value.message)
        assert membership(world.folder / f"more-{number}") is None
    assert len(words) == 1
    assert world.value("SELECT count(*) FROM endpoints") == 1
    assert used not in str(world.rows("SELECT * FROM tokens"))


def test_one_token_that_many_use_at_once_enrols_one(world: FleetWorld, serving: Serving) -> None:
    """Of endpoints that use one token at the same moment exactly one is enrolled."""
    url, authority = f"https://127.0.0.1:{serving.port}", world.folder / "hub" / "authority.pem"
    token, done = world.hub.enrolment.token("all"), []

    def try_it(number: int) -> None:
        with contextlib.suppress(HubRefusesError):
            done.append(enrol(world.folder / f"n-{number}", url, token, authority))

    threads = [threading.Thread(target=try_it, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 1
    assert world.value("SELECT count(*) FROM endpoints") == 1


@pytest.mark.parametrize("path", MESSAGES)
def test_nobody_speaks_for_another(world: FleetWorld, serving: Serving, path: str) -> None:
    """Every message that names another endpoint than its certificate is refused, and told."""
    honest, other = joined(world, serving, "till-1"), joined(world, serving, "till-2")
    before = world.rows("SELECT number, seen_at FROM endpoints ORDER BY number")
    line = HttpsLine(other.hub, other.context(), honest)
    with pytest.raises(HubRefusesError) as refused:
        line.send(path, b"{}")
    line.close()
    assert refused.value.status == 403
    assert world.rows("SELECT endpoint, kind FROM alarms") == [(2, "poses")]
    assert world.rows("SELECT number, seen_at FROM endpoints ORDER BY number") == before


@pytest.mark.parametrize("path", MESSAGES)
def test_without_a_certificate_nothing_is_taken(
    world: FleetWorld, serving: Serving, path: str
) -> None:
    """Only enrolment is open to those who have none yet; a certificate of another authority, even
    of one that calls itself the same, is none.
    """
    member = joined(world, serving, "till-1")
    authority = world.folder / "hub" / "authority.pem"
    bare = ssl.create_default_context(cafile=str(authority))
    with pytest.raises(HubRefusesError) as refused:
        HttpsLine(member.hub, bare).send(path, b"{}")
    assert refused.value.status == 403

    foreign = make_authority(world.folder / "foreign", utc_now())
    signed = foreign.endpoint(request(world.folder / "liar"), member.endpoint, utc_now())
    key = (world.folder / "liar" / "pending.key").read_bytes()
    (world.folder / "liar" / "identity.pem").write_bytes(key + signed.pem)
    posing = ssl.create_default_context(cafile=str(authority))
    posing.load_cert_chain(world.folder / "liar" / "identity.pem")
    with pytest.raises(HubAwayError):
        HttpsLine(member.hub, posing).send(path, b"{}")


class Failing(Hub):
    """A hub in which what is done now and then fails in a way that nobody thought of."""

    def watch(self) -> None:
        raise ZeroDivisionError


def test_what_fails_now_and_then_keeps_nobody_out(world: FleetWorld) -> None:
    """The hub goes on serving; its log names the fault and nothing that was sent."""
    world.clock.now = utc_now()
    folder = world.folder / "hub"
    server = server_files(world.authority, folder, ["127.0.0.1"], utc_now())
    hub = Failing(database=world.hub.database, authority=world.authority, clock=world.clock)
    with Serving(hub, server_context(server, folder / "authority.pem")) as serving:
        member = joined(world, serving, "till-1")
        line = HttpsLine.of(member)
        assert line.send("/v1/orders", b'{"kind": "policy"}').status == 200
        world.clock.on(days=91)  # the certificate ran out, on a connection of before
        with pytest.raises(HubRefusesError, match="ran out"):
            line.send("/v1/orders", b'{"kind": "policy"}')
        line.close()


@pytest.mark.parametrize("path", MESSAGES)
def test_a_revoked_endpoint_is_told_nothing(world: FleetWorld, serving: Serving, path: str) -> None:
    """From the moment of its revocation no message of an endpoint is taken, on open connections
    neither; others are not touched.
    """
    member, other = joined(world, serving, "till-1"), joined(world, serving, "till-2")
    lines = HttpsLine.of(member), HttpsLine.of(other)
    told = b'{"kind": "policy"}'
    for line in lines:
        line.send("/v1/orders", told)
    with world.hub.database.work() as connection:
        revoke(connection, "till-1", utc_now())
    with pytest.raises(HubRefusesError) as refused:
        lines[0].send(path, told)
    assert refused.value.status == 403
    assert refused.value.for_officer().count("Ask ") == 1
    assert lines[1].send("/v1/orders", told).status == 200
    for line in lines:
        line.close()


def test_an_endpoint_trusts_no_other_hub(world: FleetWorld, serving: Serving) -> None:
    """Another authority's hub, the hub under another name, and an endpoint that plays hub with its
    own certificate are not spoken to.
    """
    member = joined(world, serving, "till-1")
    foreign = make_authority(world.folder / "foreign", utc_now())
    other_name = server_files(world.authority, world.folder, ["hub.corp.example"], utc_now())
    for file in (
        server_files(foreign, world.folder / "foreign", ["127.0.0.1"], utc_now()),
        other_name,
        joined(world, serving, "till-2").identity,
    ):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        with Serving(world.hub, context) as posing:
            line = HttpsLine(f"https://127.0.0.1:{posing.port}", member.context(), member)
            with pytest.raises(HubAwayError, match="TLS with the hub fails"):
                line.send("/v1/check-in", b"{}")


def test_certificates_are_renewed_at_two_thirds_of_their_life(
    world: FleetWorld, serving: Serving
) -> None:
    """By the hub's clock; the new certificate has a new key and the same name, and the very next
    message uses it.
    """
    member = joined(world, serving, "till-1")
    write_evidence(member.folder.parent / "evidence.db", made_up_records(1, 3, utc_now()))
    first, life = member.certificate, ENDPOINT_LIFE
    for share, renewed in ((0.6, False), (0.7, True)):
        world.clock.now = utc_now() + life * share
        ship = shipper(member, clock=world.clock)
        ship.round()
        assert (member.certificate.serial_number != first.serial_number) is renewed
        ship.line.close()
    second = member.certificate
    assert second.public_key() != first.public_key()
    uris = [
        one.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        for one in (first, second)
    ]
    assert uris[0] == uris[1]
    assert second.not_valid_after_utc - world.clock() <= ENDPOINT_LIFE + timedelta(minutes=1)
    assert world.value("SELECT count(*) FROM certificates") == 2


def test_a_hub_without_its_database_asks_to_come_again(
    world: FleetWorld, serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The endpoint is told to wait, and how long; nothing is lost meanwhile."""
    member = joined(world, serving, "till-1")
    write_evidence(member.folder.parent / "evidence.db", made_up_records(1, 5, utc_now()))
    database = world.hub.database
    ship = shipper(member)
    with monkeypatch.context() as broken:
        broken.setattr(database, "_url", "host=/nowhere dbname=none")
        database.close()
        with pytest.raises(HubAwayError) as away:
            ship.round()
    assert away.value.again_s is not None
    assert ship.round().shipped["records"] == 5
    ship.line.close()


def test_an_upload_for_another_names_no_owner(world: FleetWorld, serving: Serving) -> None:
    """A chain that another endpoint began is refused without saying whose it is."""
    honest, other = joined(world, serving, "till-1"), joined(world, serving, "till-2")
    write_evidence(honest.folder.parent / "evidence.db", made_up_records(1, 5, utc_now()))
    first = shipper(honest)
    first.round()
    with shipped_file(first.evidence) as file:
        run = file.run("records", 0, 5, 1 << 20)
        chain = file.standing("records").chain
    assert run is not None
    line = HttpsLine.of(other)
    with pytest.raises(HubRefusesError) as refused:
        line.send("/v1/upload", packed(chain, "records", run))
    assert "till-1" not in refused.value.message
    assert honest.endpoint not in refused.value.message
    answer = orjson.dumps({"kind": "policy"})
    assert line.send("/v1/orders", answer).value == {}
    for one in (line, first.line):
        one.close()


def test_an_authority_that_is_none_is_named(world: FleetWorld, tmp_path: Path) -> None:
    """A file that is no certificate, or is not there, is named before anything is sent."""
    from core.errors import InputError

    (tmp_path / "none.pem").write_text("nothing")
    for name in ("none.pem", "absent.pem"):
        with pytest.raises(InputError, match=name):
            enrol(tmp_path / "x", "https://127.0.0.1:1", "t", tmp_path / name)
