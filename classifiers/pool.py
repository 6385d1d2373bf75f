"""Classification in worker processes that are started when needed, killed when late and replaced."""

import asyncio
import contextlib
import io
import os
import pickle
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from classifiers.worker import DONE, FAILED, HEADER, Setup
from core.classification import Classification
from core.errors import DegradedError
from core.exchange import Exchange

STAGE = "classifier"
_SLICE = 1 << 20
_MOST_BACKOFF = 30.0
_ANSWER_LIMIT = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolLimits:
    """What workers may take, and how long they live. Times are seconds, sizes bytes."""

    memory_bytes: int = 1 << 30
    """Of data (Linux) or address space; 0 for no limit."""
    recycle_tasks: int = 2_000
    recycle_bytes: int = 420 << 20
    """A worker that stays larger than this after a task is replaced."""
    idle_s: float = 120.0
    start_s: float = 60.0
    """For imports and models."""


class WorkerPool:
    """Implements `core.ports.ClassifierPool`. All methods belong to one event loop."""

    def __init__(self, factory: str, init: object = None, *, size: int = 2, limits: PoolLimits | None = None) -> None:
        self._factory = factory
        self._init = init
        self._size = size
        self._limits = limits or PoolLimits()
        self._workers: set[_Worker] = set()
        self._idle: list[_Worker] = []
        self._waiting: deque[asyncio.Future[_Worker]] = deque()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._endings: set[asyncio.Task[Any]] = set()
        self._failures = 0
        self._retry_at = 0.0
        self._closed = False

    async def classify(self, exchange: Exchange, deadline_s: float) -> Classification:
        """Classify in a worker. Raises DegradedError when it is late, killed or crashed.

        A caller that is cancelled leaves the worker to finish: a worker is dear, an answer nobody waits for is not.
        """
        deadline = asyncio.get_running_loop().time() + deadline_s
        return await asyncio.shield(self._spawn(self._run(exchange, deadline, deadline_s)))

    async def warm(self) -> None:
        """Start one worker now, and wait until it is ready. Raises DegradedError."""
        worker = await self._take(asyncio.get_running_loop().time() + self._limits.start_s)
        self._give(worker)

    def renew(self, init: object) -> None:
        """Use another init object from now on: workers with the old one finish what they do and are replaced."""
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
        self._fail_waiting("the classifier pool is closed")
        workers = list(self._workers)
        for worker in workers:
            worker.kill()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(worker.ended() for worker in workers), *self._endings)
        self._workers.clear()
        self._idle.clear()

    async def _run(self, exchange: Exchange, deadline: float, seconds: float) -> Classification:
        worker = await self._take(deadline)
        try:
            async with asyncio.timeout_at(deadline):
                answer = await worker.classify(exchange, seconds)
        except TimeoutError:
            self._discard(worker)
            raise DegradedError(STAGE, f"the worker was late (over {seconds:g} s) and was ended") from None
        except pickle.UnpicklingError:
            self._discard(worker)
            raise DegradedError(STAGE, "the worker sent no valid answer and was ended") from None
        except (EOFError, OSError):
            how = await self._post_mortem(worker)
            raise DegradedError(STAGE, f"the worker {how}") from None
        except asyncio.CancelledError:
            self._discard(worker)
            raise
        except DegradedError:
            self._give(worker)
            raise
        self._give(worker)
        return answer

    async def _post_mortem(self, worker: "_Worker") -> str:
        self._discard(worker, kill=False)
        await asyncio.sleep(0)
        worker.close_pipe()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await worker.ended()
        return worker.death()

    async def _take(self, deadline: float) -> "_Worker":
        if self._closed:
            raise DegradedError(STAGE, "the classifier pool is closed")
        while self._idle:
            worker = self._idle.pop()
            worker.cancel_expiry()
            if worker.alive:
                return worker
            self._discard(worker)
        self._start_one()
        future: asyncio.Future[_Worker] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        try:
            async with asyncio.timeout_at(deadline):
                return await future
        except TimeoutError:
            raise DegradedError(STAGE, "no worker was free or ready before the deadline") from None
        finally:
            if future in self._waiting:
                self._waiting.remove(future)
            elif future.cancelled() is False and future.exception() is None and sys.exception() is not None:
                self._give(future.result())

    def _give(self, worker: "_Worker") -> None:
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
        worker = _Worker()
        self._workers.add(worker)
        self._spawn(self._start(worker))

    async def _start(self, worker: "_Worker") -> None:
        setup = Setup(self._factory, self._init, self._limits.memory_bytes, os.getpid())
        try:
            async with asyncio.timeout(self._limits.start_s):
                await worker.start(setup)
        except (TimeoutError, EOFError, OSError, pickle.UnpicklingError):
            self._failures += 1
            pause = min(_MOST_BACKOFF, 0.5 * 2**self._failures)
            self._retry_at = asyncio.get_running_loop().time() + pause
            self._discard(worker)
            self._fail_waiting("a worker cannot be started")
            return
        except asyncio.CancelledError:
            self._discard(worker)
            raise
        self._failures = 0
        self._give(worker)

    def _discard(self, worker: "_Worker", *, kill: bool = True) -> None:
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

    def _retire(self, worker: "_Worker") -> None:
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
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        return task

    def _forget(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()


class _Worker:
    """One process and its two pipes."""

    def __init__(self) -> None:
        self.outdated = False
        self._process: asyncio.subprocess.Process | None = None
        self._tasks_done = 0
        self._resident = 0
        self._expiry: asyncio.TimerHandle | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self, setup: Setup) -> None:
        """Start the process and wait until its classifier is built."""
        self._process = await asyncio.create_subprocess_exec(
            *_command(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=_SLICE,
            start_new_session=True,
        )
        await self._send(pickle.dumps(setup, protocol=5), b"")
        await self._answer()

    async def classify(self, exchange: Exchange, seconds: float) -> Classification:
        """Send one exchange, return its classification. Raises DegradedError when classifying it raised."""
        head = pickle.dumps((replace(exchange, body=b""), seconds), protocol=5)
        sending = asyncio.gather(self._send(head, exchange.body), self._answer())
        try:
            _, (status, value) = await sending
        except BaseException:
            sending.cancel()
            raise
        self._tasks_done += 1
        if status == DONE and isinstance(value, Classification):
            return value
        kind = value if status == FAILED and isinstance(value, str) else "no classification"
        raise DegradedError(STAGE, f"classifying failed ({kind[:60]})")

    async def _send(self, head: bytes, body: bytes) -> None:
        assert self._process is not None
        pipe = self._process.stdin
        assert pipe is not None
        pipe.write(HEADER.pack(len(head), len(body)) + head)
        view = memoryview(body)
        for at in range(0, len(body), _SLICE):
            pipe.write(view[at : at + _SLICE])
            await pipe.drain()
        await pipe.drain()

    async def _answer(self) -> tuple[str, object]:
        assert self._process is not None
        pipe = self._process.stdout
        assert pipe is not None
        size, _ = HEADER.unpack(await pipe.readexactly(HEADER.size))
        if size > _ANSWER_LIMIT:
            raise EOFError
        data = await pipe.readexactly(size)
        try:
            status, value, self._resident = _AnswerUnpickler(io.BytesIO(data)).load()
        except Exception:  # noqa: BLE001 - boundary: what a hostile pickle may raise is not bounded
            raise pickle.UnpicklingError("the answer cannot be read") from None
        return status, value

    def worn_out(self, limits: PoolLimits) -> bool:
        """True when another process should take this one's place."""
        return self.outdated or self._tasks_done >= limits.recycle_tasks or self._resident > limits.recycle_bytes

    def expire_after(self, seconds: float, then: Callable[[], None]) -> None:
        """Call back when idle for so long."""
        self._expiry = asyncio.get_running_loop().call_later(seconds, then)

    def cancel_expiry(self) -> None:
        """It is wanted again."""
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None

    def kill(self) -> None:
        """End the process at once."""
        self.close_pipe()
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    def close_pipe(self) -> None:
        """Close the way in: an idle worker ends by itself."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    async def ended(self) -> None:
        """Wait until the process is gone and its pipes are closed."""
        if self._process is None:
            return
        await self._process.wait()
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(1):
                while self._process.stdout and await self._process.stdout.read(_SLICE):
                    pass
        await asyncio.sleep(0)

    def death(self) -> str:
        """Say how the process ended."""
        code = self._process.returncode if self._process else None
        if code is None:
            self.kill()
            return "closed its pipe and was ended"
        return f"was killed (signal {-code})" if code < 0 else f"crashed (exit code {code})"


class _AnswerUnpickler(pickle.Unpickler):
    """Reads answers of a process that parses hostile files: only Outgate's own plain values come in."""

    def find_class(self, module: str, name: str) -> Any:
        """Return a class of `core`, or a date type. Raises UnpicklingError for anything else."""
        if module.startswith("core.") or (module, name) in _PLAIN:
            found = super().find_class(module, name)
            if isinstance(found, type):
                return found
        raise pickle.UnpicklingError("an answer may hold plain values only")


_PLAIN = frozenset(
    {("datetime", "datetime"), ("datetime", "timezone"), ("datetime", "timedelta"), ("builtins", "frozenset")}
)


def _command() -> list[str]:
    """The worker's command line: isolated from environment and working folder, with this process's own import path."""
    path = [entry for entry in sys.path if entry]
    return [
        sys.executable,
        "-I",
        "-c",
        f"import sys; sys.path[:] = {path!r}; from classifiers.worker import main; main()",
    ]
