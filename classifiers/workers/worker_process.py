"""One worker process as the gate sees it: started, fed with exchanges, listened to with distrust,
ended.
"""

import asyncio
import contextlib
import io
import pickle
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from classifiers.workers.worker import (
    DONE,
    FAILED,
    HEADER,
    REDACTION,
    SOFAR,
    TOKENS,
    WHOLE,
    Setup,
)
from core.classification import Classification
from core.errors import DegradedError
from core.exchange import Exchange
from core.redaction import RedactionStep, RedactionTask
from core.uncounted import TokenCount, Uncounted

STAGE = "classifier"
_SLICE = 1 << 20
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


class WorkerProcess:
    """One process and its two pipes."""

    def __init__(self) -> None:
        self.outdated = False
        self.ready = False
        """Its classifier is built."""
        self._process: asyncio.subprocess.Process | None = None
        self.sofar: Classification | None = None
        """What the task under way has found until now."""
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
        self.ready = True

    async def classify(
        self, exchange: Exchange, seconds: float, task: str = WHOLE
    ) -> Classification:
        """Send one exchange, return its classification. Raises DegradedError when classifying it
        raised.
        """
        asked = replace(exchange, body=b""), seconds, task
        return await self._asked(asked, exchange.body, Classification)

    async def count(self, uncounted: Uncounted, seconds: float) -> TokenCount:
        """Return the tokens of what is sent. Raises DegradedError as `classify` does."""
        return await self._asked((uncounted, seconds, TOKENS), b"", TokenCount)

    async def redact(self, task: RedactionTask, seconds: float) -> RedactionStep:
        """Return what comes of one step. Raises DegradedError as `classify` does."""
        bare = replace(task, exchange=replace(task.exchange, body=b""))
        return await self._asked((bare, seconds, REDACTION), task.exchange.body, RedactionStep)

    async def _asked[T](self, asked: tuple[object, float, str], body: bytes, kind: type[T]) -> T:
        head = pickle.dumps(asked, protocol=5)
        self.sofar = None
        sending = asyncio.gather(self._send(head, body), self._last_answer())
        try:
            _, (status, value) = await sending
        except BaseException:
            sending.cancel()
            raise
        self._tasks_done += 1
        if status == DONE and isinstance(value, kind):
            return value
        why = value if status == FAILED and isinstance(value, str) else "no classification"
        raise DegradedError(STAGE, f"classifying failed ({why[:60]})")

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

    async def _last_answer(self) -> tuple[str, object]:
        """Return the answer that ends a task; those before it tell what is known so far."""
        while True:
            status, value = await self._answer()
            if status != SOFAR:
                return status, value
            if isinstance(value, Classification):
                self.sofar = value

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
        return (
            self.outdated
            or self._tasks_done >= limits.recycle_tasks
            or self._resident > limits.recycle_bytes
        )

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
    """Reads answers of a process that parses hostile files: only Outgate's own plain values come
    in.
    """

    def find_class(self, module: str, name: str) -> Any:
        """Return a class of `core`, or a date type. Raises UnpicklingError for anything else."""
        if module.startswith("core.") or (module, name) in _PLAIN:
            found = super().find_class(module, name)
            if isinstance(found, type):
                return found
        raise pickle.UnpicklingError("an answer may hold plain values only")


_PLAIN = frozenset(
    {
        ("datetime", "datetime"),
        ("datetime", "timezone"),
        ("datetime", "timedelta"),
        ("builtins", "frozenset"),
    }
)


def _command() -> list[str]:
    """The worker's command line: isolated from environment and working folder, with this process's
    own import path.
    """
    path = [entry for entry in sys.path if entry]
    return [
        sys.executable,
        "-I",
        "-c",
        f"import sys; sys.path[:] = {path!r};"
        " from classifiers.workers.worker import SOFAR, main; main()",
    ]
