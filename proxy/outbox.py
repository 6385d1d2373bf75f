"""Evidence on its way to the writer: in groups, journaled when an answer takes its time.

Each hand-over wakes the writer's thread and each commit wakes the loop, so alike things travel
together. An exchange whose answer is there before it was journaled needs no journal row: its
finished record is made durable instead, before the client gets that answer.
"""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Protocol

from core.duties import OWNER, Duty
from core.errors import EvidenceError
from core.ports import Done, EvidenceWriter
from core.record import Record
from proxy.foreseen import Foreseen
from proxy.life_cycle import State
from proxy.transaction import Acknowledgement, Transaction

log = logging.getLogger("outgate.gate")
HURRY_S = 0.001
"""Finished records that somebody waits for wait for each other so long."""
TICK_S = 0.006
"""Finished records wait at most so long for company; what went out is journalled after 1 to 2."""
_NO_HURRY = float("inf")

RENEWED_S = 1.0
"""So often the journal is told how much of a long exchange has left."""


class Timer(Protocol):
    """Calls back once, later. An event loop is one."""

    def call_later(self, delay: float, callback: Callable[[], object], /) -> object:
        """Call back after so many seconds, on the event loop's thread."""


class Outbox:
    """What is on its way to the writer. For the event loop's thread only."""

    def __init__(
        self,
        writer: EvidenceWriter,
        loop: asyncio.AbstractEventLoop,
        timer: Timer | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._writer = writer
        self._loop = loop
        self._timer = loop if timer is None else timer
        self._acknowledged: deque[tuple[Acknowledgement, EvidenceError | None]] = deque()
        self._lock = threading.Lock()
        self._woken = False
        self._sent: dict[str, Transaction] = {}
        """Went out since the last tick, not journaled."""
        self._sent_before: dict[str, Transaction] = {}
        """Went out before the last tick, not journaled."""
        self._clock = clock
        self._renewed: dict[str, float] = {}
        """When the journal was told last how much of an exchange had left."""
        self._foreseen = Foreseen()
        self._closing: list[tuple[Record, Done]] = []
        self._ticking = self._stopping = False
        self._hurrying = _NO_HURRY
        """After how many seconds, of those since it was asked for, a hand-over is due."""

    def sent(self, transaction: Transaction) -> None:
        """Journal this exchange soon, unless it ends first; at once where an answer is likely to
        stream, which nothing of may leave before that is durable.
        """
        if self._foreseen.streams(transaction.exchange):
            self._journal_each([transaction])
            if transaction.journalled:
                return
        transaction.journal()
        self._sent[transaction.reference] = transaction
        self._tick_soon()

    def journal(self, transaction: Transaction) -> Acknowledgement:
        """Journal this exchange now."""
        acknowledgement, done = self._expect()
        self._forget(transaction)
        record = transaction.record()
        transaction.journal(acknowledgement)
        self._renewed[transaction.reference] = self._clock()
        try:
            self._writer.open(record, done)
        except BaseException as error:  # noqa: BLE001 - boundary: whoever waits is answered
            OWNER.lost(Duty.HAND_OVER, error)
            done(_not_taken(error))
        else:
            OWNER.done(Duty.HAND_OVER)
        return acknowledgement

    def close(self, transaction: Transaction, record: Record) -> Acknowledgement:
        """Hand a finished record over: with the next group, or now.

        It is awaited where it was not journalled. It goes with those that end in the same turn of
        the loop; a little later where others are out that may end as soon.
        """
        awaited = not transaction.journalled
        if transaction.known:
            streamed = transaction.state is State.STREAMING
            self._foreseen.note(transaction.exchange, streamed=streamed)
        acknowledgement, done = self._expect()
        transaction.close(acknowledgement)
        self._forget(transaction)
        self._renewed.pop(transaction.reference, None)
        self._closing.append((record, done))
        if self._stopping:
            self._hand_over()
        elif awaited:
            self._hurry(HURRY_S if self._sent or self._sent_before else 0.0)
        else:
            self._tick_soon()
        return acknowledgement

    def renew(self, transaction: Transaction) -> None:
        """More of what stands in the journal has left: write that down, once in so many seconds. A
        gate that is killed then tells how much left at least.
        """
        reference, now = transaction.reference, self._clock()
        written = transaction.journalled and not transaction.over
        if not written or now < self._renewed.get(reference, now) + RENEWED_S:
            return
        self._renewed[reference] = now
        try:
            self._writer.open(transaction.record(), _unwaited)
        except BaseException as error:  # noqa: BLE001 - boundary: what stands there stays true
            OWNER.lost(Duty.HAND_OVER, error)
        else:
            OWNER.done(Duty.HAND_OVER)

    async def durable(self, transaction: Transaction) -> None:
        """See that it is in the journal, or in the chain, and wait for it. Raises EvidenceError."""
        if transaction.evidence is None:
            self.journal(transaction)
        await transaction.proven()

    def flush(self) -> None:
        """Hand everything over: the gate stops. What ends from now on is handed over at once."""
        self._stopping = True
        self._journal_each([*self._sent_before.values(), *self._sent.values()])
        self._hand_over()

    def _forget(self, transaction: Transaction) -> None:
        if self._sent.pop(transaction.reference, None) is None:
            self._sent_before.pop(transaction.reference, None)

    def _hand_over(self) -> None:
        closing, self._closing = self._closing, []
        close_record = self._writer.close_record
        for record, done in closing:
            try:
                close_record(record, done)
            except BaseException as error:  # noqa: BLE001
                # boundary: the others go on, nobody waits in vain
                OWNER.lost(Duty.HAND_OVER, error)
                done(_not_taken(error))
            else:
                OWNER.done(Duty.HAND_OVER)

    def _hurry(self, delay: float) -> None:
        """Hand over after so many seconds at most; with 0, once what is ready now was done. Where
        its loop does not run, now: a timer that is set from elsewhere wakes nobody.
        """
        if self._timer is self._loop and asyncio._get_running_loop() is not self._loop:
            self._hand_over()
        elif delay < self._hurrying:
            self._hurrying = delay
            self._timer.call_later(delay, self._hurried)

    def _hurried(self) -> None:
        self._hurrying = _NO_HURRY
        self._hand_over()

    def _tick_soon(self) -> None:
        if not self._ticking:
            self._ticking = True
            self._timer.call_later(TICK_S, self._tick)

    def _tick(self) -> None:
        self._ticking = False
        due, self._sent_before, self._sent = self._sent_before, self._sent, {}
        if self._sent_before:
            self._tick_soon()
        self._hand_over()
        self._journal_each(due.values())

    def _journal_each(self, due: Iterable[Transaction]) -> None:
        for transaction in due:
            try:
                self.journal(transaction)
            except BaseException as error:  # noqa: BLE001
                # boundary: the evidence of the others goes on; without its journal this one waits
                # for its record
                log.error(
                    "an exchange could not be journaled: %s; reference %s",
                    type(error).__name__,
                    transaction.reference,
                )

    def _expect(self) -> tuple[Acknowledgement, Done]:
        """Return a future and the callback, callable from any thread, that resolves it."""
        future: Acknowledgement = self._loop.create_future()

        def done(error: EvidenceError | None) -> None:
            self._acknowledged.append((future, error))
            with self._lock:
                wake, self._woken = not self._woken, True
            if wake and not self._loop.is_closed():
                self._wake()

        return future, done

    def _wake(self) -> None:
        """Have the loop serve all that were acknowledged; once more where that fails."""
        for again in True, False:
            try:
                self._loop.call_soon_threadsafe(self._resolve)
            except BaseException:
                if again:
                    continue
                with self._lock:
                    self._woken = False  # the next one wakes it
                raise
            return

    def _resolve(self) -> None:
        """One wake-up of the loop serves all that were acknowledged since."""
        with self._lock:
            self._woken = False
        while self._acknowledged:
            future, error = self._acknowledged.popleft()
            if not future.done():
                future.set_result(error)


def _unwaited(_: EvidenceError | None) -> None:
    """Nobody waits for this: what the journal said before is true as well."""


def _not_taken(error: BaseException) -> EvidenceError:
    return EvidenceError(f"The evidence writer took no record ({type(error).__name__}).")
