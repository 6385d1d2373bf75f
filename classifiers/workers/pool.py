"""Classification in worker processes that are started when needed, killed when late and
replaced.
"""

import asyncio
import contextlib
import os
import pickle
import sys
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from classifiers.cost import is_dear
from classifiers.workers.patience import Patience
from classifiers.workers.worker import WHOLE, WINDOW, Setup
from classifiers.workers.worker_process import STAGE, PoolLimits, WorkerProcess
from core.classification import Classification
from core.duties import OWNER, Duty
from core.errors import DegradedError
from core.exchange import Exchange
from core.redaction import RedactionStep, RedactionTask
from core.uncounted import TokenCount, Uncounted

__all__ = ["PoolLimits", "WorkerPool"]

_MOST_BACKOFF = 30.0
_CLOSED = "the classifier pool is closed"
_NONE_FREE = "no worker was free or ready before the deadline"


type Ask[T] = Callable[[WorkerProcess], Awaitable[T]]
"""What is asked of whichever worker is free."""


class WorkerPool:
    """Implements `core.ports.ClassifierPool`, `RedactionPool` and `TokenCounter`. Belongs to one
    event loop.
    """

    def __init__(
        self, factory: str, init: object = None, *, size: int = 2, limits: PoolLimits | None = None
    ) -> None:
        self._factory = factory
        self._init = init
        self._size = size
        self._limits = limits or PoolLimits()
        self._workers: set[WorkerProcess] = set()
        self._idle: list[WorkerProcess] = []
        self._waiting: deque[asyncio.Future[WorkerProcess]] = deque()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._endings: set[asyncio.Task[Any]] = set()
        self._dear = asyncio.Semaphore(max(1, size - 1))
        """Held by what keeps a worker for long: where there are several, one stays for others."""
        self._failures = 0
        self._retry_at = 0.0
        self._closed = False

    async def classify(self, exchange: Exchange, deadline_s: float) -> Classification:
        """Classify in a worker. Raises DegradedError when it is late, killed or crashed.

        `deadline_s`: seconds of the processor; a busy machine may take several times as long.

        A caller that is cancelled leaves the worker to finish: a worker is dear, an answer nobody
        waits for is not.
        """
        return await self._asked(exchange, deadline_s, WHOLE)

    async def classify_window(self, exchange: Exchange, deadline_s: float) -> Classification:
        """Find what is in a later window of a large body. Raises DegradedError as `classify`
        does.
        """
        return await self._asked(exchange, deadline_s, WINDOW)

    async def count(self, uncounted: Uncounted, deadline_s: float) -> TokenCount:
        """Count tokens in a worker. Raises DegradedError as `classify` does."""

        async def ask(worker: WorkerProcess) -> TokenCount:
            return await worker.count(uncounted, deadline_s)

        return await self._in_time(ask, None, deadline_s)

    async def redact(self, task: RedactionTask, deadline_s: float) -> RedactionStep:
        """Do one step of redaction in a worker. Raises DegradedError as `classify` does."""

        async def ask(worker: WorkerProcess) -> RedactionStep:
            return await worker.redact(task, deadline_s)

        return await self._in_time(ask, task.exchange, deadline_s)

    async def _asked(self, exchange: Exchange, deadline_s: float, task: str) -> Classification:
        async def ask(worker: WorkerProcess) -> Classification:
            return await worker.classify(exchange, deadline_s, task)

        return await self._in_time(ask, exchange if task == WHOLE else None, deadline_s)

    async def _in_time[T](self, ask: Ask[T], weighed: Exchange | None, seconds: float) -> T:
        """Ask a worker within so many seconds. `weighed`: what may keep it for long."""
        deadline = asyncio.get_running_loop().time() + seconds
        work = (
            self._answer(ask, deadline, seconds)
            if weighed is None
            else self._run(ask, weighed, deadline, seconds)
        )
        asked = self._spawn(work)
        try:
            answer: T = await asyncio.shield(asked)
        except asyncio.CancelledError:
            me = asyncio.current_task()
            if asked.cancelled() and me is not None and not me.cancelling():
                raise DegradedError(STAGE, _CLOSED) from None  # the caller was not meant
            raise
        return answer

    async def warm(self) -> None:
        """Start one worker now, and wait until it is ready. Raises DegradedError."""
        seconds = self._limits.start_s
        worker = await self._take(asyncio.get_running_loop().time() + seconds, seconds)
        self._give(worker)

    def renew(self, init: object) -> None:
        """Use another init object from now on: workers with the old one finish what they do and are
        replaced.
        """
        self._init = init
        for worker in self._workers:
            worker.outdated = True
        for worker in list(self._idle):
            self._retire(worker)

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the live workers."""
        return tuple(worker.pid for worker in self._workers if worker.pid)

    async def close(self) -> None:
        """Stop all workers."""
        self._closed = True
        self._fail_waiting(_CLOSED)
        workers = list(self._workers)
        for worker in workers:
            worker.kill()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(worker.ended() for worker in workers), *self._endings)
        self._workers.clear()
        self._idle.clear()

    async def _run[T](self, ask: Ask[T], exchange: Exchange, deadline: float, seconds: float) -> T:
        """Ask a worker; what is dear leaves one to others."""
        if self._size < 2 or not _is_dear(exchange):
            return await self._answer(ask, deadline, seconds)
        try:
            async with asyncio.timeout_at(deadline):
                await self._dear.acquire()
        except TimeoutError:
            raise DegradedError(STAGE, _NONE_FREE) from None
        try:
            return await self._answer(ask, deadline, seconds)
        finally:
            self._dear.release()

    async def _answer[T](self, ask: Ask[T], deadline: float, seconds: float) -> T:
        worker = await self._take(deadline, seconds)
        try:
            async with Patience(lambda: worker.pid, deadline, seconds):
                answer = await ask(worker)
        except TimeoutError:
            self._discard(worker)
            raise _ended(worker, f"was late (over {seconds:g} s) and was ended") from None
        except pickle.UnpicklingError:
            self._discard(worker)
            raise _ended(worker, "sent no valid answer and was ended") from None
        except (EOFError, OSError):
            raise _ended(worker, await self._post_mortem(worker)) from None
        except asyncio.CancelledError:
            self._discard(worker)
            raise
        except DegradedError:
            self._give(worker)
            raise
        except BaseException as error:  # noqa: BLE001
            # boundary: a fault of ours; the worker may be in the middle of something
            OWNER.lost(Duty.WORKERS, error)
            self._discard(worker)
            raise DegradedError(
                STAGE, f"the worker could not be asked ({type(error).__name__})"
            ) from None
        self._give(worker)
        return answer

    async def _post_mortem(self, worker: WorkerProcess) -> str:
        self._discard(worker, kill=False)
        await asyncio.sleep(0)
        worker.close_pipe()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await worker.ended()
        return worker.death()

    async def _take(self, deadline: float, seconds: float) -> WorkerProcess:
        """Return a free worker. One that is being started is waited for as one that reads is: by
        its processor time.
        """
        if self._closed:
            raise DegradedError(STAGE, _CLOSED)
        while self._idle:
            worker = self._idle.pop()
            worker.cancel_expiry()
            if worker.alive:
                return worker
            self._discard(worker)
        self._start_one()
        future: asyncio.Future[WorkerProcess] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        try:
            async with Patience(self._awaited(), deadline, seconds):
                return await future
        except TimeoutError:
            raise DegradedError(STAGE, _NONE_FREE) from None
        finally:
            if future in self._waiting:
                self._waiting.remove(future)
            elif (
                future.cancelled() is False
                and future.exception() is None
                and sys.exception() is not None
            ):
                self._give(future.result())

    def _give(self, worker: WorkerProcess) -> None:
        """Hand a worker to the next one who waits, else keep it for a while."""
        if self._closed or worker.worn_out(self._limits) or not worker.alive:
            self._retire(worker)
            return
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(worker)
                return
        self._idle.append(worker)
        worker.expire_after(self._limits.idle_s, lambda: self._retire(worker))

    def _start_one(self) -> None:
        loop = asyncio.get_running_loop()
        if len(self._workers) >= self._size:
            return
        if loop.time() < self._retry_at:
            raise DegradedError(STAGE, "workers cannot be started (trying again soon)")
        worker = WorkerProcess()
        self._workers.add(worker)
        self._spawn(self._start(worker))

    def _awaited(self) -> Callable[[], int | None]:
        """Return what tells the process that becomes a worker; None where none does."""
        begun = next((worker for worker in self._workers if not worker.ready), None)
        return lambda: begun.pid if begun is not None else None

    async def _start(self, worker: WorkerProcess) -> None:
        setup = Setup(self._factory, self._init, self._limits.memory_bytes, os.getpid())
        try:
            async with asyncio.timeout(self._limits.start_s):
                await worker.start(setup)
        except asyncio.CancelledError:
            self._discard(worker)
            raise
        except BaseException as error:  # noqa: BLE001 - boundary: whatever it is, who waits is told
            if not isinstance(error, (TimeoutError, EOFError, OSError, pickle.UnpicklingError)):
                OWNER.lost(Duty.WORKERS, error)
            self._failures += 1
            pause = min(_MOST_BACKOFF, 0.5 * 2**self._failures)
            self._retry_at = asyncio.get_running_loop().time() + pause
            self._discard(worker)
            self._fail_waiting("a worker cannot be started")
            return
        self._failures = 0
        OWNER.done(Duty.WORKERS)
        self._give(worker)

    def _discard(self, worker: WorkerProcess, *, kill: bool = True) -> None:
        """Forget a worker (by default ending it), and start another when somebody waits."""
        self._workers.discard(worker)
        if worker in self._idle:
            self._idle.remove(worker)
        worker.cancel_expiry()
        if kill:
            worker.kill()
            ending = self._spawn(worker.ended())
            self._tasks.discard(ending)
            self._endings.add(ending)
            ending.add_done_callback(self._endings.discard)
        self._replace()

    def _retire(self, worker: WorkerProcess) -> None:
        """End a worker that does nothing."""
        self._discard(worker)

    def _replace(self) -> None:
        if self._waiting and not self._closed:
            with contextlib.suppress(DegradedError):
                self._start_one()

    def _fail_waiting(self, message: str) -> None:
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_exception(DegradedError(STAGE, message))

    def _spawn(self, work: Any) -> "asyncio.Task[Any]":
        task = asyncio.get_running_loop().create_task(
            OWNER.task(Duty.WORKERS, work, (DegradedError,))
        )
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        return task

    def _forget(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()


def _ended(worker: WorkerProcess, how: str) -> DegradedError:
    """Return the failure, with what this worker had found before it."""
    error = DegradedError(STAGE, f"the worker {how}")
    error.found = worker.sofar
    return error


def _is_dear(exchange: Exchange) -> bool:
    return is_dear(exchange.body, packed=exchange.header("content-encoding") is not None)
