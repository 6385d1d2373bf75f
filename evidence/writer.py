"""The one writer of exchange evidence: a thread that takes all that waits and commits it as one
group.
"""

import contextlib
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue

from core.beats import until_beat
from core.duties import OWNER, Duty
from core.errors import EvidenceError
from core.happenings import Installation
from core.observation import Observation
from core.ports import Done
from core.record import Record
from evidence.batch import Appender, Batch, Item, Items
from evidence.checkpointing import Checkpointing
from evidence.clock_watch import ClockWatch
from evidence.database import BUSY_TIMEOUT_S, Connection, connect, transaction
from evidence.diary import Diary
from evidence.gate_liveness import Presence
from evidence.held_file import HeldFile
from evidence.notary import Notary
from evidence.owed import Owed
from evidence.recovery import recover
from evidence.rollup import Rollup
from evidence.schema import prepare
from evidence.sqlite_errors import DatabaseFault, EvidenceLostError, evidence_error, whole
from evidence.writer_tasks import Ends, Ready, Task, aside, hangs, has_ended, stopped, tell, trouble

MOST_IN_A_BATCH = 512
LOOK_S = 1.0
"""So often the file is looked at where nothing is written; twice as often while that fails."""
STALLED_S = 20.0
"""Longer than a locked file is waited for."""

log = logging.getLogger("outgate.evidence")


class Writer:
    """Implements `core.ports.EvidenceWriter` on the file at `path`.

    When a batch cannot be written, all who wait for it are told, `failure` is set, and the
    writer tries again by itself. Finished records that could not be written are kept (10,000 at
    most) and written then. Once a second it looks whether the file is still there, whole and
    under its name. Whatever ends its thread is a failure, too, after which another takes over.
    """

    def __init__(
        self,
        path: Path,
        *,
        strict: bool = False,
        busy_timeout_s: float = BUSY_TIMEOUT_S,
        stalled_s: float = STALLED_S,
        observe: Callable[[int, Rollup], None] = lambda first_seq, sums: None,
        installation: Installation | None = None,
        clock: ClockWatch | None = None,
        notary: Notary | None = None,
    ) -> None:
        """Open the file, chain what an earlier gate left open, start the thread. Raises
        EvidenceError.

        `observe` is called from the thread with the first place in the chain of what was
        committed, and what that adds up to. With `installation` the gate's starts and stops are
        chained, too; with `notary` checkpoints are taken.
        """
        self._observe = observe
        self._stalled_s = stalled_s
        prepare(path, busy_timeout_s=busy_timeout_s)
        self._items = Items()
        self._waiting: SimpleQueue[Task | None] = SimpleQueue()
        self._entry = threading.Lock()
        self._taken: list[Task] = []
        self._busy_since: float | None = None
        self._said_at = 0.0
        self._failure: EvidenceError | None = None
        self._ended: EvidenceError | None = None
        self._owed = Owed()
        self._stopping = False
        self._file = HeldFile(
            path, lambda: whole(connect(path, strict=strict, busy_timeout_s=busy_timeout_s))
        )
        self._appender: Appender | None = None
        self._checkpoints = Checkpointing(notary)
        try:
            self._presence = Presence(path)
            self._diary = Diary(self._presence.gate, installation, clock=clock)
            appender = self._connected()
            found = recover(self._file.live, appender, path)
            self.recovered = found.exchanges
            """Exchanges that an earlier gate left open and that were chained now."""
            self._diary.started(found.gates, self._checkpoints.key)
            self._keep_diary()
            self._checkpoints.take(self._file.live, "start")
        except DatabaseFault as error:
            raise evidence_error(error) from None
        self._ends = Ends()
        self._handing_on = threading.Lock()
        self._begin()

    def open(self, record: Record, done: Done) -> None:
        """Journal an exchange that goes out; `done` is called from the writer's thread when it is
        durable.
        """
        self._hand_over(Task(record, done, closes=False))

    def close_record(self, record: Record, done: Done) -> None:
        """Append the finished record to the chain and drop its journal row."""
        self._hand_over(Task(record, done, closes=True))

    def observed(self, seen: Observation, done: Done) -> None:
        """Append an observation to the chain of records."""
        self._hand_over(Task(seen, done, closes=True))

    def policy_changed(self, version: str) -> None:
        """Chain that another policy is in force from now on."""
        self._diary.policy(version)

    @property
    def backlog(self) -> int:
        """Entries handed over and not yet durable."""
        return self._waiting.qsize() + len(self._taken)

    @property
    def failure(self) -> EvidenceError | None:
        """Why evidence cannot be written now, if so."""
        if self._ended is not None:
            return self._ended
        if not self._stopping and not self._thread.is_alive():
            return has_ended("unknown")
        if (since := self._busy_since) and time.monotonic() - since > self._stalled_s:
            return hangs()
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
        while (thread := self._thread).is_alive() or thread is not self._thread:
            thread.join()

    def _hand_over(self, task: Task) -> None:
        with self._entry:
            if not self._stopping and self._ended is None:
                self._waiting.put(task)
                return
        tell(task, self._ended or stopped())

    def _begin(self) -> None:
        """Start the thread, or the one that takes over from the one that ends."""
        body = OWNER.guarded(Duty.EVIDENCE, self._run, self._may_end)
        thread = threading.Thread(target=body, name="outgate-evidence", daemon=True)
        with self._handing_on:
            thread.start()
            self._thread = thread

    def _may_end(self) -> bool:
        with self._handing_on:
            return self._stopping or threading.current_thread() is not self._thread

    def _run(self) -> None:
        kind = None
        try:
            while self._round():
                pass
        except BaseException as error:  # noqa: BLE001 - boundary: nobody waits in vain
            OWNER.lost(Duty.EVIDENCE, error)
            kind = type(error).__name__
        if kind is None or self._stopping or not self._ends.another():
            self._end(kind)
            return
        try:
            self._hand_on(has_ended(kind, again=True))
        except BaseException as error:  # noqa: BLE001 - boundary: as above
            self._end(type(error).__name__)

    def _hand_on(self, problem: EvidenceError) -> None:
        """Another thread takes over: who waits is refused, and what is finished is kept for it."""
        self._failure = problem
        left, self._taken = self._taken, []
        self._busy_since = None
        for task in left:
            if task.closes and not task.told:
                self._keep(task)
            tell(task, problem)
        aside(self._diary.cannot_write, problem.message)
        self._file.close()
        self._begin()

    def _keep(self, task: Task) -> None:
        try:
            self._owed.keep(self._items.made(task.record, ends=True))
        except BaseException:  # noqa: BLE001 - boundary: of one record only
            self._owed.lost += 1

    def _round(self) -> bool:
        running = self._take()
        self._busy_since = time.monotonic()
        self._write(self._taken)
        self._taken = []
        self._say()
        self._keep_diary()
        if (connection := self._well_connected()) is not None:
            self._checkpoints.look(connection, self._head()[0])
        self._busy_since = None
        return running

    def _keep_diary(self) -> None:
        """Chain what the gate has to tell of itself; what cannot be written now waits."""
        if self._diary.waits and (connection := self._well_connected()) is not None:
            aside(self._diary.write, connection)

    def _well_connected(self) -> Connection | None:
        return self._file.connection if self._failure is None else None

    def _take(self) -> bool:
        """Wait for work, but not for long; take all there is, up to a group.

        False once nothing can come any more.
        """
        every_s = LOOK_S if self._failure is None else LOOK_S / 2
        with contextlib.suppress(Empty):
            one = self._waiting.get(timeout=until_beat(time.monotonic(), every_s))
            while one is not None:
                self._taken.append(one)
                if len(self._taken) == MOST_IN_A_BATCH:
                    return True
                one = self._waiting.get_nowait()
            return False
        return True

    def _end(self, kind: str | None) -> None:
        """The thread ends, by `stop` or by an exception of this kind: whoever waits is answered."""
        with self._entry:
            if kind is not None:
                self._ended = has_ended(kind)
                log.error("the evidence writer has ended: %s", kind)
            left = self._taken
            while not self._waiting.empty():
                if (task := self._waiting.get_nowait()) is not None:
                    left.append(task)
            self._taken = []
        self._busy_since = None
        for task in left:
            tell(task, self._ended or has_ended("stopped"))
        self._close()

    def _write(self, tasks: Sequence[Task]) -> None:
        self._write_ready([ready for task in tasks if (ready := self._made(task)) is not None])

    def _made(self, task: Task) -> Ready | None:
        """Make a record's item. One that cannot be made is refused alone, whatever the fault."""
        try:
            return Ready(self._items.made(task.record, ends=task.closes), task)
        except BaseException as error:  # noqa: BLE001 - boundary: of one record only
            why = type(error).__name__
        log.error("a record could not be made: %s", why)
        refused = EvidenceError(f"A record holds something that cannot be stored as text ({why}).")
        try:
            if task.closes and isinstance(task.record, Record):
                return Ready(self._items.bare(task.record, why), task, refused)
        except BaseException:  # noqa: BLE001 - boundary: as above
            self._owed.lost += 1
        tell(task, refused)
        return None

    def _write_ready(self, ready: Sequence[Ready]) -> None:
        try:
            self._file.look()
            if self._failure is not None or self._owed:
                self._mend()
            elif not ready and self._appender is not None:
                self._appender.look()
            if ready:
                self._commit(ready)
        except sqlite3.IntegrityError as error:
            if len(ready) == 1:
                tell(ready[0].task, evidence_error(error))
                return
            for one in ready:
                self._write_ready([one])
        except EvidenceLostError as error:
            self._fail(ready, error)
            self._file.rescue()
        except (*DatabaseFault, EvidenceError) as error:
            self._fail(ready, evidence_error(error))
            self._file.close()
        except BaseException as error:  # noqa: BLE001 - boundary: others wait for it
            kind = type(error).__name__
            self._fail(ready, EvidenceError(f"The evidence writer failed ({kind})."))
            self._file.close()
        else:
            for one in ready:
                tell(one.task, one.refused)

    def _commit(self, ready: Sequence[Ready]) -> None:
        batch = Batch(
            opens={one.item.id: one.item for one in ready if not one.task.closes},
            closes=[one.item for one in ready if one.task.closes],
        )
        appender = self._connected()
        first_seq = appender.write(batch)
        self._file.look()  # only what stands under its name now was written
        self._told_of(first_seq, appender.sums)
        self._well()

    def _told_of(self, first_seq: int, sums: Rollup) -> None:
        """Tell the observer; that it fails makes nothing of what is written undone."""
        aside(self._observe, first_seq, sums, duty=Duty.PAST)

    def _fail(self, ready: Sequence[Ready], problem: EvidenceError) -> None:
        for one in ready:
            if one.task.closes:
                self._owed.keep(one.item)
        problem = self._owed.told(problem)
        self._failure = problem
        aside(self._diary.cannot_write, problem.message)
        for one in ready:
            tell(one.task, problem)

    def _mend(self) -> None:
        """Write what is owed, or an empty mark: succeeds only when the file can be written
        again.
        """
        appender = self._connected()
        appender.look()
        with transaction(self._file.live):
            mark = "INSERT OR REPLACE INTO meta (key, value) VALUES ('probe', hex(randomblob(8)))"
            self._file.live.execute(mark)
        kept = len(self._owed)
        while self._owed:
            self._pay(appender, self._owed.next(MOST_IN_A_BATCH))
            self._busy_since = time.monotonic()
        self._well(kept)

    def _well(self, kept: int = 0) -> None:
        if self._failure is not None:
            self._said_at = 0.0  # what was said of it is taken back at once
        self._failure = None
        OWNER.done(Duty.EVIDENCE)
        self._diary.writes_again(kept=kept, lost=self._owed.lost)

    def _pay(self, appender: Appender, items: Sequence[Item]) -> None:
        try:
            first_seq = appender.write(Batch(closes=list(items)))
            self._file.look()
            self._told_of(first_seq, appender.sums)
        except sqlite3.IntegrityError:
            if len(items) > 1:
                for item in items:
                    self._pay(appender, [item])
                return
            # It is in the chain already: nothing is owed.
        self._owed.paid(items)

    def _say(self) -> None:
        """Now and then, say how far was written and what is lost, and look at the clock."""
        now = time.monotonic()
        if now - self._said_at >= LOOK_S / 2 or self._file.lost:
            self._said_at = now
            aside(self._diary.look)
            aside(self._presence.say, *self._head(), trouble(self._failure, self._owed.missing))

    def _head(self) -> tuple[int, bytes]:
        return (0, b"") if self._appender is None else self._appender.head

    def _connected(self) -> Appender:
        if self._file.connection is not None and self._appender is not None:
            return self._appender
        kept, gate = self._checkpoints, self._presence.gate
        appender = Appender(self._file.open(), gate, kept.journal_seal, kept.lot)
        if self._appender is not None:
            appender.succeed(self._appender)
        self._appender = appender
        return appender

    def _close(self) -> None:
        self._diary.stopped()
        self._keep_diary()
        if (connection := self._well_connected()) is not None:
            self._checkpoints.take(connection, "stop")
        self._file.leave()
        self._presence.say(*self._head(), trouble(self._failure, self._owed.missing))
        self._presence.leave()
