"""The one writer of exchange evidence: a thread that takes all that waits and commits it as one group."""

import contextlib
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue

from core.errors import EvidenceError
from core.ports import Done
from core.record import Record
from evidence.batch import Appender, Batch, Item, Items
from evidence.database import BUSY_TIMEOUT_S, Connection, connect, transaction
from evidence.files import identity
from evidence.gate_liveness import Presence
from evidence.recovery import recover
from evidence.schema import prepare
from evidence.sqlite_errors import DatabaseFault, evidence_error

MOST_IN_A_BATCH = 512
MOST_OWED = 10_000
PROBE_S = 1.0


@dataclass(frozen=True, slots=True)
class _Task:
    record: Record
    done: Done
    closes: bool


@dataclass(frozen=True, slots=True)
class _Ready:
    item: Item
    done: Done
    closes: bool


class Writer:
    """Implements `core.ports.EvidenceWriter` on the file at `path`.

    When a batch cannot be written, all who wait for it are told, `failure` is set, and the writer tries again every
    second by itself. Finished records that could not be written are kept (10,000 at most) and written then.
    """

    def __init__(
        self,
        path: Path,
        *,
        strict: bool = False,
        busy_timeout_s: float = BUSY_TIMEOUT_S,
        observe: Callable[[int, Sequence[Item]], None] = lambda first_seq, items: None,
    ) -> None:
        """Open the file, chain what an earlier gate left open, start the thread. Raises EvidenceError.

        `observe` is called from the thread with what was committed and its first place in the chain; it must not raise.
        """
        self._path = path
        self._observe = observe
        self._open_file = partial(connect, path, strict=strict, busy_timeout_s=busy_timeout_s)
        prepare(path, busy_timeout_s=busy_timeout_s)
        self._items = Items()
        self._waiting: SimpleQueue[_Task | None] = SimpleQueue()
        self._entry = threading.Lock()
        self._in_flight = 0
        self._failure: EvidenceError | None = None
        self._owed: OrderedDict[str, Item] = OrderedDict()
        self._lost = 0
        self._stopping = False
        self._connection: Connection | None = None
        self._identity = identity(path)
        try:
            self._presence = Presence(path)
            self._appender = self._connect()
            self.recovered = recover(self._live(), self._appender, path)
            """Exchanges that an earlier gate left open and that were chained now."""
        except DatabaseFault as error:
            raise evidence_error(error) from None
        self._thread = threading.Thread(target=self._run, name="outgate-evidence", daemon=True)
        self._thread.start()

    def open(self, record: Record, done: Done) -> None:
        """Journal an exchange that goes out; `done` is called from the writer's thread when it is durable."""
        self._hand_over(_Task(record, done, closes=False))

    def close_record(self, record: Record, done: Done) -> None:
        """Append the finished record to the chain and drop its journal row."""
        self._hand_over(_Task(record, done, closes=True))

    @property
    def backlog(self) -> int:
        """Entries handed over and not yet durable."""
        return self._waiting.qsize() + self._in_flight

    @property
    def failure(self) -> EvidenceError | None:
        """Why evidence cannot be written now, if so."""
        return self._failure

    @property
    def owed(self) -> int:
        """Finished records that could not be written yet and are kept in memory."""
        return len(self._owed)

    def stop(self) -> None:
        """Write everything handed over, then stop. May be called twice."""
        with self._entry:
            self._stopping = True
            self._waiting.put(None)
        self._thread.join()

    def _hand_over(self, task: _Task) -> None:
        with self._entry:
            if not self._stopping:
                self._waiting.put(task)
                return
        task.done(EvidenceError("The evidence writer has stopped.", remedy="Start the gate again."))

    def _run(self) -> None:
        try:
            running = True
            while running:
                tasks, running = self._take()
                self._write(tasks)
                self._in_flight = 0
        finally:
            self._close()

    def _take(self) -> tuple[list[_Task], bool]:
        """Wait for work; return all there is, up to a group, and False once nothing can come any more."""
        taken: list[_Task] = []
        with contextlib.suppress(Empty):
            one = self._waiting.get(timeout=None if self._failure is None else PROBE_S)
            while one is not None:
                taken.append(one)
                self._in_flight = len(taken)
                if len(taken) == MOST_IN_A_BATCH:
                    return taken, True
                one = self._waiting.get_nowait()
            return taken, False
        return taken, True

    def _write(self, tasks: Sequence[_Task]) -> None:
        ready = []
        for task in tasks:
            try:
                item = (
                    self._items.closed(task.record)
                    if task.closes
                    else self._items.opened(task.record)
                )
                ready.append(_Ready(item, task.done, task.closes))
            except ValueError:
                _tell(
                    [task], EvidenceError("A record holds something that cannot be stored as text.")
                )
        self._write_ready(ready)

    def _write_ready(self, ready: Sequence[_Ready]) -> None:
        try:
            if self._failure is not None or self._owed:
                self._mend()
            if ready:
                self._commit(ready)
        except sqlite3.IntegrityError as error:
            if len(ready) == 1:
                _tell(ready, evidence_error(error))
                return
            for one in ready:
                self._write_ready([one])
        except (*DatabaseFault, EvidenceError) as error:
            self._fail(ready, evidence_error(error))
        except Exception as error:  # noqa: BLE001 - boundary: a bug must not end the thread that others wait for
            self._fail(
                ready, EvidenceError(f"The evidence writer failed ({type(error).__name__}).")
            )
        else:
            _tell(ready, None)

    def _commit(self, ready: Sequence[_Ready]) -> None:
        batch = Batch(
            opens={one.item.id: one.item for one in ready if not one.closes},
            closes=[one.item for one in ready if one.closes],
        )
        self._refuse_moved_file()
        appender = self._appender if self._connection is not None else self._connect()
        self._observe(appender.write(batch), batch.closes)
        self._failure = None

    def _fail(self, ready: Sequence[_Ready], problem: EvidenceError) -> None:
        for one in ready:
            if one.closes:
                self._owe(one.item)
        if self._lost:
            problem = EvidenceError(
                f"{problem.message} {self._lost} records are lost.", remedy=problem.remedy
            )
        self._failure = problem
        self._disconnect()
        _tell(ready, problem)

    def _owe(self, item: Item) -> None:
        self._owed[item.id] = item
        if len(self._owed) > MOST_OWED:
            self._owed.popitem(last=False)
            self._lost += 1

    def _mend(self) -> None:
        """Write what is owed, or an empty mark: succeeds only when the file can be written again."""
        self._refuse_moved_file()
        appender = self._appender if self._connection is not None else self._connect()
        with transaction(self._live()):
            mark = "INSERT OR REPLACE INTO meta (key, value) VALUES ('probe', hex(randomblob(8)))"
            self._live().execute(mark)
        while self._owed:
            self._pay(appender, list(self._owed.values())[:MOST_IN_A_BATCH])
        self._failure = None

    def _pay(self, appender: Appender, items: Sequence[Item]) -> None:
        try:
            self._observe(appender.write(Batch(closes=list(items))), items)
        except sqlite3.IntegrityError:
            if len(items) > 1:
                for item in items:
                    self._pay(appender, [item])
                return
            # It is in the chain already: nothing is owed.
        for item in items:
            del self._owed[item.id]

    def _refuse_moved_file(self) -> None:
        if identity(self._path) != self._identity:
            message = "The evidence file was moved or deleted while the gate was running."
            raise EvidenceError(
                message, remedy="Put it back, or restart the gate to begin a new one."
            )

    def _connect(self) -> Appender:
        self._connection = self._open_file()
        appender = Appender(self._connection, self._presence.gate)
        if hasattr(self, "_appender"):
            appender.adopt(self._appender.journaled)
        self._appender = appender
        return appender

    def _live(self) -> Connection:
        assert self._connection is not None
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(*DatabaseFault):
                self._connection.close()
            self._connection = None

    def _close(self) -> None:
        self._disconnect()
        self._presence.leave()


def _tell(tasks: Iterable[_Task | _Ready], problem: EvidenceError | None) -> None:
    for task in tasks:
        try:
            task.done(problem)
        except Exception:  # noqa: BLE001, S112 - boundary: one caller's bug is not another's
            continue
