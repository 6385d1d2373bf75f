"""A database that was halted takes what it is given and says nothing: nobody waits for it without
end, everybody is told, and nothing is lost.
"""

import http.client
import os
import signal
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from fleet_over_tls import joined, over_tls, shipper
from fleet_world import FleetWorld

from app.demo.simulated_endpoints import made_up_records, write_evidence
from core.ids import utc_now
from fleet.line import HubAwayError
from fleet.shipper import Shipper
from hub.database import Connection, Database, DatabaseSilentError, connect
from hub.own_postgres import OwnPostgres
from hub.patience import ENDPOINTS, PULSE
from hub.service import Serving

SOON = replace(ENDPOINTS, statement_s=0.2)
COPY = "COPY words (word) FROM STDIN"


@pytest.fixture(name="late", autouse=True)
def late_fixture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence is noticed soon."""
    monkeypatch.setattr("hub.database.LATE_S", 0.1)
    monkeypatch.setattr("hub.database._CONNECT_S", 2)  # the least that libpq knows


def backends(server: OwnPostgres) -> list[int]:
    """The server and all that it started."""
    found = [server.pid]
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == server.pid:
            found.append(int(path.parent.name))
    return found


@contextmanager
def halted(*pids: int) -> Iterator[None]:
    """These processes stand still."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def _asks(connection: Connection) -> None:
    connection.execute("SELECT 1")


def _copies(connection: Connection) -> None:
    with connection.cursor() as cursor, cursor.copy(COPY) as copy:
        for number in range(200_000):
            copy.write(f"a word to be kept {number}\n")


def _asks_together(connection: Connection) -> None:
    with connection.pipeline():
        connection.execute("SELECT 1")
        connection.execute("SELECT 2")


def _goes(connection: Connection) -> None:
    """Ask nothing: the end of the transaction is what is waited for."""


@pytest.mark.parametrize("ask", [_asks, _copies, _asks_together, _goes])
def test_no_answer_is_waited_for_without_end(
    world: FleetWorld, ask: Callable[[Connection], None]
) -> None:
    """Whatever it is; what was begun is not kept, and the next question has another connection."""
    with closing(Database(world.hub.database.url, SOON)) as database:
        with database.at_once() as connection:
            pid = connection.info.backend_pid
        with halted(pid):
            with pytest.raises(DatabaseSilentError, match="does not answer"):
                told(database, ask, pid)
            with database.work() as connection:
                assert connection.info.backend_pid != pid
                assert connection.execute("SELECT 1").fetchone() == (1,)
    assert world.value("SELECT count(*) FROM words") == 0


def told(database: Database, ask: Callable[[Connection], None], pid: int) -> None:
    """Begin, halt, ask."""
    os.kill(pid, signal.SIGCONT)
    with database.work() as connection:
        connection.execute("SELECT 1")
        os.kill(pid, signal.SIGSTOP)
        ask(connection)


def test_nobody_waits_for_a_connection_without_end(world: FleetWorld) -> None:
    with halted(world.server.pid), pytest.raises(DatabaseSilentError):
        connect(world.hub.database.url, SOON)


def test_what_its_address_says_counts_for_silence_too(world: FleetWorld) -> None:
    """Whoever gives a question five hours waits for it as long; without a limit for ever."""
    for said, silent_s in (("5h", 18_000.1), ("0", None)):
        option = f"-c statement_timeout={said} -c search_path"
        url = world.hub.database.url.replace("-c search_path", option)
        with closing(connect(url, SOON)) as connection:
            assert connection.silent_s == silent_s


def health(serving: Serving, context: ssl.SSLContext) -> int:
    connection = http.client.HTTPSConnection("127.0.0.1", serving.port, context=context, timeout=30)
    connection.request("GET", "/v1/health")
    status = connection.getresponse().status
    connection.close()
    return status


def test_a_hub_whose_database_is_halted_says_so_to_everybody(
    world: FleetWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More endpoints than the hub has threads come while it is; each is asked to come again long
    before its question would have taken too long, and health is red. When the database goes on so
    does the hub, and each record is there once.
    """
    monkeypatch.setattr("hub.service.PULSE", replace(PULSE, statement_s=0.3))
    monkeypatch.setattr("hub.pulse._EVERY_S", 0.1)
    with over_tls(world) as serving:
        ships = [_with_records(world, serving, number) for number in range(6)]
        context = ships[0].membership.context()
        assert health(serving, context) == 200
        for ship in ships[:3]:
            assert ship.round().shipped["records"] == 5
        away: list[HubAwayError] = []

        def come(ship: Shipper) -> None:
            try:
                ship.round()
            except HubAwayError as error:
                away.append(error)

        with halted(*backends(world.server)):
            threads = [threading.Thread(target=come, args=(ship,)) for ship in ships]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(25)  # an endpoint's question may take thirty seconds
            assert len(away) == 6 and all(one.again_s for one in away)
            assert health(serving, context) == 503
        while health(serving, context) != 200:
            pass
        for ship in ships:
            assert ship.round().last["records"] == 5
            ship.line.close()
    assert world.value("SELECT count(*) FROM records") == 30
    assert world.alarms() == []


def _with_records(world: FleetWorld, serving: Serving, number: int) -> Shipper:
    member = joined(world, serving, f"till-{number}")
    write_evidence(member.folder.parent / "evidence.db", made_up_records(number, 5, utc_now()))
    return shipper(member)
