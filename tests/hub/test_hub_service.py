"""The hub over real TLS: who may speak, and that nobody speaks for another."""

import contextlib
import gc
import http.client
import ssl
import sys
import threading
from asyncio.sslproto import SSLProtocol
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from cryptography import x509
from fleet_world import FleetWorld, HandClock

from app.demo.simulated_endpoints import made_up_records, parts_of, write_evidence
from core.ids import utc_now
from evidence.shipping import shipped_file
from fleet.enrolling import enrol
from fleet.line import HttpsLine, HubAwayError, HubRefusesError
from fleet.membership import Membership, membership, request
from fleet.shipper import Shipper
from fleet.wire import packed
from hub.answering import Hub
from hub.authority import ENDPOINT_LIFE, make_authority, server_files
from hub.enrolment import Endpoint, Enrolment, revoke
from hub.service import Serving, server_context

MESSAGES = (
    "/v1/check-in",
    "/v1/upload",
    "/v1/parts",
    "/v1/renew",
    "/v1/orders",
    "/v1/holds",
    "/v1/requests",
    "/v1/inspection",
)


@pytest.fixture(name="serving")
def serving_fixture(world: FleetWorld) -> Iterator[Serving]:
    """The hub behind HTTPS on loopback, by the machine's clock."""
    world.clock.now = utc_now()
    folder = world.folder / "hub"
    server = server_files(world.authority, folder, ["127.0.0.1"], utc_now())
    with Serving(world.hub, server_context(server, folder / "authority.pem")) as serving:
        yield serving


def joined(world: FleetWorld, serving: Serving, name: str) -> Membership:
    """An endpoint that enrols as one does."""
    token = world.hub.enrolment.token("all")
    url = f"https://127.0.0.1:{serving.port}"
    authority = world.folder / "hub" / "authority.pem"
    return enrol(world.folder / name / "fleet", url, token, authority, name=name)


def shipper(member: Membership, **more: Any) -> Shipper:
    evidence = member.folder.parent / "evidence.db"
    line = HttpsLine.of(member)
    fields: dict[str, Any] = {"version": "1.0", "parts": parts_of, **more}
    return Shipper(evidence=evidence, membership=member, line=line, **fields)


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
    """The new certificate has a new key and the same name, and the very next message uses it."""
    member = joined(world, serving, "till-1")
    write_evidence(member.folder.parent / "evidence.db", made_up_records(1, 3, utc_now()))
    first, life = member.certificate, ENDPOINT_LIFE
    for share, renewed in ((0.6, False), (0.7, True)):
        ship = shipper(member, clock=HandClock(utc_now() + life * share))
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
    assert second.not_valid_after_utc - utc_now() <= ENDPOINT_LIFE + timedelta(minutes=1)
    assert world.value("SELECT count(*) FROM certificates") == 2


GARBAGE = (b"", b"{}", b"[]", b"null", b"\xff\xfe", b"{" * 10_000, b'{"at": 1}', b"x" * 3_000_000)


@pytest.mark.parametrize("path", [*MESSAGES, "/v1/enrol", "/v1/nothing"])
def test_garbage_is_refused_in_one_line(world: FleetWorld, serving: Serving, path: str) -> None:
    """Whatever is sent, the hub answers with one line that quotes nothing of it, and goes on."""
    member = joined(world, serving, "till-1")
    context = member.context()
    for body in GARBAGE:
        connection = http.client.HTTPSConnection("127.0.0.1", serving.port, context=context)
        connection.request("POST", path, body)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        assert answer.status in {200, 400, 403, 404, 413}, (path, body[:20], text)
        assert (answer.status == 200) <= (path == "/v1/parts" and body[:1] == b"{")
        assert len(text) < 300
    write_evidence(member.folder.parent / "evidence.db", made_up_records(1, 5, utc_now()))
    ship = shipper(member)
    assert ship.round().shipped["records"] == 5
    ship.line.close()


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


@pytest.mark.parametrize(
    ("path", "most"), [("/v1/enrol", 64 << 10), ("/v1/check-in", 4 << 20), ("/v1/upload", 24 << 20)]
)
def test_no_message_fills_the_memory(
    world: FleetWorld, serving: Serving, path: str, most: int
) -> None:
    """A message without a length that does not end is cut off at what such a message may have."""
    member = joined(world, serving, "till-1")
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < most * 3 + (4 << 20):
            sent += 1 << 16
            yield b"{" * (1 << 16)

    connection = http.client.HTTPSConnection(
        "127.0.0.1", serving.port, context=member.context(), timeout=30
    )
    status = 0
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        connection.request("POST", path, endless(), encode_chunked=True)
        status = connection.getresponse().status
    connection.close()
    assert status in {0, 400, 413}
    assert sent <= most + (4 << 20) or status == 400


def test_whoever_sends_slowly_keeps_nobody_waiting(
    world: FleetWorld, serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Uploads that never end do not keep those of others out."""
    monkeypatch.setattr("hub.service._BODY_S", 0.5)
    member, other = joined(world, serving, "till-1"), joined(world, serving, "till-2")
    slow = []
    for _ in range(20):
        connection = http.client.HTTPSConnection(
            "127.0.0.1", serving.port, context=member.context(), timeout=30
        )
        connection.putrequest("POST", "/v1/upload")
        connection.putheader("Content-Length", "1000")
        connection.endheaders(b"x")
        slow.append(connection)
    write_evidence(other.folder.parent / "evidence.db", made_up_records(1, 5, utc_now()))
    ship = shipper(other)
    assert ship.round().shipped["records"] == 5
    ship.line.close()
    assert slow[0].getresponse().status == 400
    for connection in slow:
        connection.close()


def test_an_upload_is_not_taken_whose_sender_is_revoked_while_it_comes(
    world: FleetWorld, serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its certificate was good when the message began, on a connection that was kept."""
    member = joined(world, serving, "till-1")
    evidence = member.folder.parent / "evidence.db"
    write_evidence(evidence, made_up_records(1, 5, utc_now()))
    with shipped_file(evidence) as file:
        run = file.run("records", 0, 5, 1 << 20)
        body = packed(file.standing("records").chain, "records", run) if run else b""
    connection = http.client.HTTPSConnection(
        "127.0.0.1", serving.port, context=member.context(), timeout=30
    )
    connection.request("POST", "/v1/orders", b'{"kind": "policy"}')
    assert connection.getresponse().read() == b"{}"
    taken, ask = threading.Event(), Enrolment.who

    def who(enrolment: Enrolment, certificate: bytes) -> Endpoint:
        found = ask(enrolment, certificate)
        taken.set()
        return found

    monkeypatch.setattr(Enrolment, "who", who)
    connection.putrequest("POST", "/v1/upload")
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body[:-1])
    assert taken.wait(30)
    with world.hub.database.work() as working:
        revoke(working, "till-1", utc_now())
    connection.send(body[-1:])
    assert connection.getresponse().status == 403
    connection.close()
    assert world.value("SELECT count(*) FROM records") == 0


def test_one_endpoint_whose_chain_is_locked_keeps_no_other_waiting(
    world: FleetWorld, serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever works on its evidence for long (an erasure, an officer's command) holds that alone:
    it is asked to come again, however often it comes, and loses nothing.
    """
    monkeypatch.setattr("hub.service._LOCKED_S", 0.3)
    ships = []
    for name in ("till-1", "till-2"):
        member = joined(world, serving, name)
        write_evidence(member.folder.parent / "evidence.db", made_up_records(1, 5, utc_now()))
        ships.append(shipper(member))
        assert ships[-1].round().shipped["records"] == 5
    again = [shipper(ships[0].membership) for _ in range(5)]
    away: list[HubAwayError] = []

    def come(ship: Shipper) -> None:
        try:
            ship.round()
        except HubAwayError as error:
            away.append(error)

    locked = "SELECT 1 FROM chains WHERE endpoint = 1 FOR UPDATE"
    waits = "SELECT count(*)::int FROM pg_locks WHERE NOT granted"
    with world.hub.database.work() as connection:
        connection.execute(locked)
        threads = [threading.Thread(target=come, args=(ship,)) for ship in again]
        for thread in threads:
            thread.start()
        while not world.value(waits) and not away:
            pass
        assert ships[1].round().last["records"] == 5
        for thread in threads:
            thread.join()
    assert len(away) == 5 and all(one.again_s for one in away)
    assert ships[0].round().last["records"] == 5
    assert world.alarms() == []
    for ship in (*ships, *again):
        ship.line.close()


def test_a_connection_keeps_little_memory(world: FleetWorld, serving: Serving) -> None:
    """A thousand endpoints that come at the same moment fill no 256 MB by their buffers alone."""
    member = joined(world, serving, "till-1")
    line = HttpsLine.of(member)
    line.send("/v1/orders", b'{"kind": "policy"}')
    held = [one for one in gc.get_objects() if isinstance(one, SSLProtocol)]
    buffers = [one._ssl_buffer for one in held]  # type: ignore[attr-defined]
    assert held and all(sys.getsizeof(one) < 100_000 for one in buffers)
    line.close()
