"""Whoever sends rubbish, giants, slowly or too much keeps nobody else from the hub."""

import contextlib
import gc
import http.client
import resource
import select
import socket
import ssl
import sys
import threading
from asyncio.sslproto import SSLProtocol
from collections.abc import Iterator
from dataclasses import replace

import pytest
from fleet_over_tls import MESSAGES, joined, over_tls, shipper, unended
from fleet_world import FleetWorld, a_world

from app.demo.simulated_endpoints import made_up_records, write_evidence
from core.ids import utc_now
from evidence.shipping import shipped_file
from fleet.line import HttpsLine, HubAwayError
from fleet.shipper import Shipper
from fleet.wire import packed
from hub import admission, service
from hub.enrolment import Endpoint, Enrolment, revoke
from hub.own_postgres import OwnPostgres
from hub.patience import ENDPOINTS
from hub.service import Serving

type Stays = tuple[FleetWorld, Serving]

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


@pytest.fixture(scope="module")
def stays(postgres: OwnPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stays]:
    """A hub for all messages that do not end: at its stop it waits ten seconds for what comes."""
    with a_world(postgres, tmp_path_factory.mktemp("stays")) as world, over_tls(world) as serving:
        yield world, serving


@pytest.mark.parametrize(
    ("path", "most"), [("/v1/enrol", 64 << 10), ("/v1/check-in", 4 << 20), ("/v1/upload", 24 << 20)]
)
def test_no_message_fills_the_memory(stays: Stays, path: str, most: int) -> None:
    """A message without a length that does not end is cut off at what such a message may have."""
    world, serving = stays
    member = joined(world, serving, f"till{path.replace('/', '-')}")
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
    monkeypatch.setattr(world.hub.database, "patience", replace(ENDPOINTS, locked_s=0.3))
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


@pytest.mark.parametrize(
    ("path", "most"),
    [("/v1/upload", admission.MOST_UPLOADS_OF_ONE), ("/v1/check-in", admission.MOST_OF_ONE)],
)
def test_one_endpoint_takes_no_place_of_others(
    world: FleetWorld, serving: Serving, path: str, most: int
) -> None:
    """However many messages it begins and never ends: of one endpoint few are taken at once, and
    the others are asked to come again, while everybody else is served.
    """
    member, other = joined(world, serving, "till-1"), joined(world, serving, "till-2")
    slow = [unended(serving, path, member.context()) for _ in range(40)]
    refused: list[http.client.HTTPSConnection] = []
    while len(refused) < len(slow) - most:
        answered, _, _ = select.select([one.sock for one in slow], [], [], 30)
        refused = [one for one in slow if one.sock in answered]
    for one in refused:
        answer = one.getresponse()
        assert answer.status == 503 and int(answer.headers["Retry-After"]) > 0
    write_evidence(other.folder.parent / "evidence.db", made_up_records(1, 5, utc_now()))
    ship = shipper(other)
    assert ship.round().shipped["records"] == 5
    ship.line.close()
    for one in slow:
        one.close()


def test_who_connects_and_says_nothing_is_let_go(
    world: FleetWorld, serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither whoever only shakes hands, nor who begins a line and does not end it."""
    monkeypatch.setattr(service, "_KEEP_ALIVE_S", 0.3)
    bare = ssl.create_default_context(cafile=str(world.folder / "hub" / "authority.pem"))
    with over_tls(world) as other:
        for begun in (b"", b"POST /v1/check-in HTTP/1.1\r\nHost: x\r\nX-Long: "):
            plain = socket.create_connection(("127.0.0.1", other.port), timeout=30)
            with bare.wrap_socket(plain, server_hostname="127.0.0.1") as silent:
                silent.sendall(begun)
                with contextlib.suppress(ConnectionError, ssl.SSLError):
                    assert silent.recv(1) == b""
    assert serving.port


def test_who_connects_and_begins_no_tls_is_let_go(
    world: FleetWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each such connection is an open file of the hub, and a buffer."""
    monkeypatch.setattr(service, "_HANDSHAKE_S", 0.3)
    with over_tls(world) as other:
        silent = socket.create_connection(("127.0.0.1", other.port), timeout=20)
        with silent, contextlib.suppress(ConnectionError):
            assert silent.recv(1) == b""  # asyncio's own patience is a minute


def test_a_hub_may_have_as_many_connections_as_its_process(world: FleetWorld) -> None:
    """A thousand open files are fewer than endpoints that come back together."""
    few, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(1024, most), most))
    try:
        with over_tls(world):
            assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == most
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (few, most))
