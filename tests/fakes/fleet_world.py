"""A hub on a real PostgreSQL and endpoints with real evidence files, for the tests of the fleet."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from in_memory import scratch_place

from app.demo.simulated_endpoints import made_up_records, write_evidence
from core.errors import OutgateError
from core.record import Record
from fleet.line import Answer, HubAwayError, HubRefusesError
from fleet.membership import Membership, join, request
from fleet.shipper import Round, Shipper
from hub.answering import Hub
from hub.authority import HubAuthority, make_authority
from hub.database import Connection, Database, bring_forward, connect
from hub.enrolment import Endpoint
from hub.intake import Gap, Refused
from hub.own_postgres import OwnPostgres, binaries, own_postgres

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@dataclass
class HandClock:
    """A clock that is moved by hand."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def on(self, **span: float) -> None:
        self.now += timedelta(**span)


@contextmanager
def a_server() -> Iterator[OwnPostgres]:
    """A PostgreSQL of the test's own, in a folder whose path is short, as those of sockets are."""
    if binaries() is None:
        pytest.skip("no PostgreSQL on this machine")
    folder = Path(tempfile.mkdtemp(prefix="og-pg-", dir=scratch_place()))
    folder.chmod(0o755)
    try:
        with own_postgres(folder / "pg", durable=False) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class DirectLine:
    """The line without the network: hands each message to the hub as its server would."""

    hub: Hub
    membership: Membership
    sent: list[tuple[str, bytes]] = field(default_factory=list)
    broken: Callable[[str, int], bool] = lambda path, number: False
    """Whether the answer to a message, by its number, is lost on the way back."""
    endpoint: str | None = None

    def send(self, path: str, body: bytes) -> Answer:
        self.sent.append((path, body))
        try:
            answer = self._answer(path, body)
        except HubRefusesError:
            raise
        except OutgateError as error:
            raise HubRefusesError(error.message, 400) from None
        if self.broken(path, len(self.sent)):
            raise HubAwayError("the line broke")
        return answer

    def _answer(self, path: str, body: bytes) -> Answer:
        value = None if path == "/v1/upload" else orjson.loads(body)
        if path == "/v1/check-in" and self.endpoint is None:
            serial = f"{self.membership.certificate.serial_number:x}"
            answer = self.hub.check_in_at_once((self.membership.endpoint, serial), value)
            if answer is not None:
                return Answer(200, answer)
        speaker = who(self.hub, self.endpoint or self.membership.endpoint)
        if path == "/v1/upload":
            taken = self.hub.intake.take(speaker.number, body)
            if isinstance(taken, Gap):
                return Answer(409, {"wanted": taken.wanted})
            if isinstance(taken, Refused):
                raise HubRefusesError(taken.why, 422)
            return Answer(200, {"next": taken.next, "new": taken.new})
        work = {
            "/v1/check-in": self.hub.check_in,
            "/v1/parts": self.hub.parts,
            "/v1/renew": self.hub.renew,
            "/v1/orders": self.hub.orders,
            "/v1/holds": self.hub.held,
            "/v1/requests": self.hub.requests,
            "/v1/inspection": self.hub.inspect,
        }[path]
        return Answer(200, work(speaker, value))

    def renewed(self) -> None:
        pass

    def close(self) -> None:
        pass


def who(hub: Hub, endpoint: str) -> Endpoint:
    with hub.database.at_once() as connection:
        query = "SELECT number, name, grouped FROM endpoints WHERE id = %s"
        row = connection.execute(query, (endpoint,)).fetchone()
    assert row is not None
    return Endpoint(number=row[0], id=endpoint, name=row[1], grouped=row[2])


@dataclass
class Member:
    """One endpoint: its evidence, its membership, its shipper."""

    home: Path
    membership: Membership
    line: DirectLine
    clock: HandClock

    @property
    def evidence(self) -> Path:
        return self.home / "evidence.db"

    def shipper(self, **more: Any) -> Shipper:
        return Shipper(
            evidence=self.evidence,
            membership=self.membership,
            line=self.line,
            version="1.0",
            clock=self.clock,
            **more,
        )

    def round(self, **more: Any) -> Round:
        return self.shipper(**more).round()

    def records(self, count: int, seed: int = 0) -> list[Record]:
        """Write so many records into the evidence."""
        made = list(made_up_records(seed, count, self.clock()))
        write_evidence(self.evidence, iter(made))
        return made


@dataclass
class FleetWorld:
    """A hub with nobody in it yet."""

    folder: Path
    server: OwnPostgres
    hub: Hub
    clock: HandClock
    authority: HubAuthority

    def member(self, name: str, group: str = "all") -> Member:
        """Return an endpoint that has enrolled."""
        home = self.folder / (name if name.isprintable() else "hostile")
        token = self.hub.enrolment.token(group)
        told = {"token": token, "name": name, "version": "1.0"}
        told["request"] = request(home / "fleet").decode()
        answer = self.hub.enrol(told)
        membership = join(
            home / "fleet",
            "https://127.0.0.1:1",
            self.authority.pem,
            answer["endpoint"],
            answer["certificate"].encode(),
            answer["policy_key"],
        )
        return Member(home, membership, DirectLine(self.hub, membership), self.clock)

    def rows(self, query: str, values: Mapping[str, Any] | tuple[Any, ...] = ()) -> list[Any]:
        """Ask the database."""
        connection: Connection = connect(self.hub.database.url)
        with connection:
            return connection.execute(query.encode(), values).fetchall()

    def value(self, query: str, values: tuple[Any, ...] = ()) -> Any:
        return self.rows(query, values)[0][0]

    def alarms(self) -> list[str]:
        """The kinds of alarms that are open."""
        query = "SELECT kind FROM alarms WHERE ended_at IS NULL ORDER BY kind"
        return [kind for (kind,) in self.rows(query)]

    database: str = "postgres"
    """Its name on the server."""
    schema: str = "public"


_NUMBER = iter(range(1, 10_000))
_TEMPLATE = "hub_template"
_with_template: set[str] = set()
"""The servers that have one."""


def address_of(server: OwnPostgres, database: str) -> str:
    """Return the address of one of a server's databases."""
    return server.url.replace("dbname=postgres", f"dbname={database}")


@contextmanager
def a_database(server: OwnPostgres) -> Iterator[str]:
    """A database of its own, with a hub's tables and nothing in them: copied from one that was made
    once, which takes a quarter of what making it takes.
    """
    name = f"hub_{next(_NUMBER)}"
    with connect(server.url) as connection:
        if server.url not in _with_template:
            connection.execute(f"CREATE DATABASE {_TEMPLATE}".encode())
            bring_forward(address_of(server, _TEMPLATE))
            _with_template.add(server.url)
        # Since PostgreSQL 15 what is copied goes through the journal unless told otherwise.
        told = " STRATEGY FILE_COPY" if connection.info.server_version >= 150_000 else ""
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}{told}".encode())
    try:
        yield name
    finally:
        with connect(server.url) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@contextmanager
def a_world(server: OwnPostgres, folder: Path) -> Iterator[FleetWorld]:
    """A hub with a database of its own."""
    clock = HandClock()
    authority = make_authority(folder / "hub", clock())
    with a_database(server) as name:
        database = Database(f"{address_of(server, name)} options='-c search_path=public'")
        hub = Hub(database=database, authority=authority, clock=clock, sealing=b"s" * 32)
        try:
            yield FleetWorld(folder, server, hub, clock, authority, name)
        finally:
            database.close()
