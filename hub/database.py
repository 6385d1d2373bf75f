"""Connections to PostgreSQL: one for each thread, made again when it broke; the schema brought
forward; a partition for each month.
"""

import contextlib
import threading
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from core.errors import InputError, OutgateError, SettingsError
from hub.patience import LATE_S, MIGRATION, PEOPLE, Patience
from hub.silence import Attended, SilentError

type Connection = psycopg.Connection[tuple[Any, ...]]
type _Attended = Attended[tuple[Any, ...]]

SCHEMA = Path(__file__).parent / "schema"
_LOCK = 0x4F474855
"""Number of the lock under which hubs change the schema."""
_PARTED = ("uploads", "records")
_CONNECT_S = 5
_NOTICED = {
    "keepalives_idle": "15",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
"""A database that went away without a word (its machine, the network) is noticed within half a
minute, whatever was asked; seconds, but for the last, which is in milliseconds. The system's own
patience is two hours, in which a thread of the hub serves nobody.
"""
_FAULTS = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.errors.InternalError,
    psycopg.errors.InsufficientPrivilege,
)
_KNOWN = sum(1 for _ in SCHEMA.glob("*.sql"))
"""The newest schema that this hub knows."""
_SESSION = f"""SELECT set_config('TimeZone', 'UTC', false),
    set_config('outgate.hub', '{_KNOWN}', false), set_config('jit', 'off', false),
    CASE WHEN current_setting('synchronous_commit') = 'off'
        THEN set_config('synchronous_commit', 'on', false) END"""
"""What is acknowledged is on the database's disk, whatever its settings say; which hub it is, the
database knows. No question here runs for so long that compiling it pays.
"""
_LIMIT = "SELECT set_config(name, value, false) FROM unnest(%s::text[], %s::text[]) t (name, value)"
_LIMITED = "SELECT extract(epoch FROM current_setting('statement_timeout')::interval)"
_LEAST = "SELECT max(least) FROM hub_schema"


class DatabaseDownError(OutgateError):
    """PostgreSQL does not answer, or cannot write now: try again later."""


class DatabaseSilentError(DatabaseDownError):
    """PostgreSQL has taken what was asked and says nothing: it, or its machine, was halted."""


class TooLongError(DatabaseDownError):
    """The database worked on something for longer than it may; nothing of it was kept."""

    def __init__(self, patience: Patience) -> None:
        told = f"{patience.what} was stopped: the database may work on it for {patience.told}."
        OutgateError.__init__(
            self, told, remedy="Nothing of it was kept. Ask for less, or when less is to do."
        )


class Database:
    """One database, used from several threads. Faults leave it as DatabaseDownError."""

    def __init__(self, url: str, patience: Patience = PEOPLE) -> None:
        self._url = url
        self.patience = patience
        """How long it may work on what is asked, on connections that are made from now on."""
        self._local = threading.local()
        self._open: set[_Attended] = set()
        self._lock = threading.Lock()
        self._months: set[date] = set()

    @property
    def url(self) -> str:
        """Its address; may hold a password."""
        return self._url

    @contextlib.contextmanager
    def work(self) -> Iterator[Connection]:
        """A connection for this thread; all of the block is one transaction, or none of it is."""
        connection = self._mine()
        with self._faults(connection), connection.transaction():
            yield connection

    @contextlib.contextmanager
    def at_once(self) -> Iterator[Connection]:
        """A connection for this thread on which each statement stands for itself."""
        connection = self._mine()
        with self._faults(connection):
            yield connection

    @contextlib.contextmanager
    def _faults(self, connection: Connection) -> Iterator[None]:
        try:
            yield
        except (UnicodeEncodeError, psycopg.DataError):
            # What was given is no text that PostgreSQL keeps, or no number of its size.
            raise InputError(
                "What was given holds characters or numbers that cannot be kept.",
                remedy="Nothing was changed.",
            ) from None
        except psycopg.errors.UndefinedTable:
            self._drop(connection)
            raise SettingsError(
                "The database holds no hub, or one of an older version.",
                remedy="outgate hub init, with the same words as before, brings it forward.",
            ) from None
        except (*_FAULTS, psycopg.errors.CheckViolation) as error:  # no partition: one was dropped
            self._drop(connection)
            raise _down(error, self.patience) from None

    def close(self) -> None:
        """Let go of all connections."""
        with self._lock:
            for connection in self._open:
                connection.close()
            self._open.clear()

    def let_go(self) -> None:
        """End what waits for an answer on any thread, for the database answers nobody."""
        with self._lock:
            for connection in self._open:
                connection.given_up = True

    def _mine(self) -> Connection:
        known: _Attended | None = getattr(self._local, "connection", None)
        if known is not None and not known.closed and not known.given_up:
            return known
        if known is not None:
            self._drop(known)
        made = connect(self._url, self.patience)
        _refuse_newer_database(made)
        with self._lock:
            self._open.add(made)
        self._local.connection = made
        return made

    def _drop(self, connection: Connection) -> None:
        with contextlib.suppress(psycopg.Error):
            connection.close()
        with self._lock:
            self._open = {one for one in self._open if one is not connection}
            self._months.clear()
        self._local.connection = None

    def month_ready(self, at: datetime) -> None:
        """Make the partitions of this month where there are none."""
        month = date(at.year, at.month, 1)
        if month in self._months:
            return
        with self.work() as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            for table in _PARTED:
                _make_partition(connection, table, month)
        self._months.add(month)


def connect(url: str, patience: Patience | None = None) -> _Attended:
    """Return a connection on which statements may take so long (None: as the database has it).
    Raises DatabaseDownError, SettingsError for what is no address.
    """
    try:
        made = Attended[tuple[Any, ...]].connect(
            _patient(url),
            autocommit=True,
            connect_timeout=_CONNECT_S,
            application_name="outgate hub",
        )
        made.silent_s = _CONNECT_S
        made.execute(_SESSION)
        _limit(made, patience)
        return made
    except psycopg.OperationalError as error:
        raise _down(error) from None
    except (psycopg.Error, ValueError):
        raise SettingsError(
            "That is no address of a PostgreSQL database.",
            remedy="For example postgresql://outgate@db.corp.example/outgate",
        ) from None


def _limit(connection: _Attended, patience: Patience | None) -> None:
    """Say how long statements may take; what its address says itself counts more. What the
    database has to end by then, and has not, is given up.
    """
    if patience is not None:
        said = connection.info.get_parameters().get("options", "")
        limits = {name: value for name, value in patience.settings().items() if name not in said}
        connection.execute(_LIMIT, (list(limits), list(limits.values())))
    row = connection.execute(_LIMITED).fetchone()
    connection.silent_s = float(row[0]) + LATE_S if row is not None and row[0] else None


def _patient(url: str) -> str:
    """Return an address with what it does not say itself of how soon silence is noticed."""
    said = conninfo_to_dict(url)
    return make_conninfo(url, **{k: v for k, v in _NOTICED.items() if k not in said})


def _refuse_newer_database(connection: Connection) -> None:
    """Raise SettingsError where a step that a later hub took needs hubs to know of it."""
    try:
        row = connection.execute(_LEAST).fetchone()
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
        return  # no hub yet, or one of before such steps
    except psycopg.OperationalError as error:
        raise _down(error) from None
    if row is not None and row[0] is not None and int(row[0]) > _KNOWN:
        connection.close()
        raise SettingsError(
            f"The database needs a hub that knows its schema {int(row[0])}; "
            f"this one knows {_KNOWN}.",
            remedy="Update Outgate on this machine; nothing was changed.",
        )


def _down(error: psycopg.Error, patience: Patience = PEOPLE) -> DatabaseDownError:
    """Say what is wrong without what the server says: it may quote addresses and values."""
    if isinstance(error, psycopg.errors.QueryCanceled):
        return TooLongError(patience)
    if isinstance(error, (SilentError, psycopg.errors.ConnectionTimeout)):
        return DatabaseSilentError(
            "The database does not answer.",
            remedy="Look whether its machine and its processes go on, and for its log.",
        )
    code = error.sqlstate or type(error).__name__
    words = {
        "53100": "The disk of the database is full.",
        "57P03": "The database is starting.",
        "28P01": "The database does not accept the password.",
        "3D000": "There is no such database.",
        "42501": "The database does not allow that.",
        "55P03": "It waits for somebody who works there for long; start it again.",
        "55000": "The database is a newer hub's: update this one.",
    }
    said = words.get(code, "The database cannot be used now.")
    return DatabaseDownError(f"{said} ({code})", remedy="Check that PostgreSQL runs, and its log.")


def _make_partition(connection: Connection, table: str, month: date) -> None:
    after = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    statement = sql.SQL(
        "CREATE TABLE IF NOT EXISTS {part} PARTITION OF {table} FOR VALUES FROM ({a}) TO ({b})"
    ).format(
        part=sql.Identifier(f"{table}_{month:%Y_%m}"),
        table=sql.Identifier(table),
        a=sql.Literal(f"{month:%Y-%m-%d} 00:00:00+00"),
        b=sql.Literal(f"{after:%Y-%m-%d} 00:00:00+00"),
    )
    connection.execute(statement)


def bring_forward(url: str) -> tuple[int, int]:
    """Bring the schema forward; return the versions before and after. A database of a later hub is
    left as it is: steps only add, so that old and new hubs run side by side.
    """
    steps = sorted(SCHEMA.glob("*.sql"))
    with contextlib.closing(connect(url, MIGRATION)) as connection:
        _refuse_other_encoding(connection)
        _refuse_newer_database(connection)
        try:
            with connection.transaction():
                connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
                return _stepped(connection, steps)
        except (psycopg.OperationalError, psycopg.errors.InsufficientPrivilege) as error:
            raise _down(error, MIGRATION) from None


def _refuse_other_encoding(connection: Connection) -> None:
    row = connection.execute("SHOW server_encoding").fetchone()
    if row is None or row[0] != "UTF8":
        raise SettingsError(
            "The database does not hold every text: its encoding is not UTF-8.",
            remedy="CREATE DATABASE outgate ENCODING 'UTF8' TEMPLATE template0",
        )


def _stepped(connection: Connection, steps: list[Path]) -> tuple[int, int]:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS hub_schema (version int PRIMARY KEY, at timestamptz NOT NULL)"
    )
    row = connection.execute("SELECT coalesce(max(version), 0) FROM hub_schema").fetchone()
    before = int(row[0]) if row is not None else 0
    for number, step in enumerate(steps, 1):
        if number > before:
            connection.execute(step.read_bytes())
            connection.execute("INSERT INTO hub_schema VALUES (%s, now())", (number,))
    return before, max(before, len(steps))
