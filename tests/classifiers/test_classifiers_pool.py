"""Workers may hang, crash, starve or lie: the gate learns it in time, and the next exchange is
served.
"""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from patience import soon

from classifiers.workers import patience
from classifiers.workers.pool import PoolLimits, WorkerPool
from core.classification import Classification, LlmCall
from core.duties import OWNER, Duty
from core.errors import DegradedError
from core.exchange import Exchange
from core.uncounted import TokenCount, Uncounted

FACTORIES = Path(__file__).parent / "pool_factories"
BUILD = "pool_test_factories:build"
PATIENT = 30.0


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(FACTORIES))
    yield


@asynccontextmanager
async def pool(
    factory: str = BUILD, init: object = None, size: int = 1, **limits: float
) -> AsyncIterator[WorkerPool]:
    made = WorkerPool(factory, init, size=size, limits=PoolLimits(**limits))  # type: ignore[arg-type]
    try:
        yield made
    finally:
        await made.close()


def exchange(path: str = "/", body: bytes = b"") -> Exchange:
    return Exchange(
        id="1",
        at=datetime.now(UTC),
        scheme="https",
        host="api.example.com",
        port=443,
        method="POST",
        path=path,
        body=body,
        body_bytes=len(body),
    )


def pid_of(classification: Classification) -> int:
    return classification.findings[0].distinct


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")


async def until_gone(pid: int) -> None:
    await soon(lambda: not is_running(pid), f"worker {pid} still runs")


async def test_classifier_runs_in_another_process() -> None:
    """An exchange is classified outside the gate, with what the gate gave the worker at its
    start.
    """
    async with pool(init={"organisation": "Example"}) as workers:
        before = workers.pids
        assert before == (), "no worker runs before one is needed"
        answer = await workers.classify(exchange(body=b"x" * 1000), PATIENT)
        assert answer.destination.host == "api.example.com"
        assert answer.findings[0].count == 1000
        assert answer.findings[0].note == "{'organisation': 'Example'}"
        assert pid_of(answer) == workers.pids[0] != os.getpid()


async def test_worker_is_kept_for_the_next_exchange() -> None:
    """A worker is dear to start, so it serves many exchanges."""
    async with pool() as workers:
        pids = {pid_of(await workers.classify(exchange(), PATIENT)) for _ in range(20)}
        assert len(pids) == 1


async def test_large_bodies_arrive_whole() -> None:
    """A body of many megabytes reaches the worker byte for byte while the gate's loop goes on."""
    async with pool() as workers:
        await workers.warm()
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0)

        ticking = asyncio.ensure_future(tick())
        answer = await workers.classify(exchange(body=bytes(40 << 20)), PATIENT)
        ticking.cancel()
        assert answer.findings[0].count == 40 << 20
        assert ticks > 20, "the loop must turn while a body is handed over"


@pytest.mark.parametrize("path", ["/hang", "/spin"])
async def test_late_worker_is_killed_and_replaced(path: str) -> None:
    """A classification that takes too long is given up, its process ended, and the next exchange is
    served.
    """
    async with pool() as workers:
        await workers.warm()
        (late,) = workers.pids
        with pytest.raises(DegradedError, match="late") as failed:
            await workers.classify(exchange(path), 0.3)
        assert failed.value.stage == "classifier"
        await until_gone(late)
        assert pid_of(await workers.classify(exchange(), PATIENT)) != late


def _for_however_busy_a_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what a worker had of the processor counts, were it never scheduled for a minute."""
    monkeypatch.setattr(patience, "_LEAST_SHARE", 0.0)
    monkeypatch.setattr(patience, "_MOST_TIMES", 1_000_000)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the wall's clock counts")
async def test_a_worker_is_late_by_what_it_had_of_the_processor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On a busy machine it takes several times as long, and what can be read is read."""
    _for_however_busy_a_machine(monkeypatch)
    async with pool() as workers:
        await workers.warm()
        assert (await workers.classify(exchange("/shared", b"abc"), 0.3)).findings[0].count == 3


@pytest.mark.parametrize(("path", "how"), [("/exit", r"exit code 3"), ("/memory", "MemoryError")])
async def test_worker_that_breaks_is_named(path: str, how: str) -> None:
    """A crash and exhausted memory end in a degraded stage that says what happened; the pool goes
    on.
    """
    async with pool(memory_bytes=512 << 20) as workers:
        with pytest.raises(DegradedError, match=how):
            await workers.classify(exchange(path), PATIENT)
        assert await workers.classify(exchange(), PATIENT)


async def test_killed_worker_is_noticed_at_once() -> None:
    """A worker killed from outside in the middle of its work does not make the gate wait for the
    deadline.
    """
    async with pool() as workers:
        await workers.warm()
        (pid,) = workers.pids
        waiting = asyncio.ensure_future(workers.classify(exchange("/hang"), PATIENT))
        await asyncio.sleep(0.1)
        os.kill(pid, signal.SIGKILL)
        started = time.monotonic()
        with pytest.raises(DegradedError, match="signal 9"):
            await waiting
        assert time.monotonic() - started < PATIENT / 2


async def test_idle_worker_killed_from_outside_is_not_used() -> None:
    """A worker that died while idle is replaced without the exchange noticing."""
    async with pool() as workers:
        await workers.warm()
        (pid,) = workers.pids
        os.kill(pid, signal.SIGKILL)
        await until_gone(pid)
        await asyncio.sleep(0.05)
        assert pid_of(await workers.classify(exchange(), PATIENT)) != pid


async def test_errors_tell_their_kind_and_no_payload() -> None:
    """The text of an exception may hold payload, so only its type leaves the worker, and the worker
    goes on.
    """
    async with pool() as workers:
        with pytest.raises(DegradedError) as failed:
            await workers.classify(exchange("/raise"), PATIENT)
        assert "ValueError" in str(failed.value)
        assert "secret" not in str(failed.value)
        (pid,) = workers.pids
        assert pid_of(await workers.classify(exchange(), PATIENT)) == pid


async def test_printing_libraries_do_no_harm() -> None:
    """What a library prints inside a worker never mixes with the answers."""
    async with pool() as workers:
        assert (await workers.classify(exchange("/print"), PATIENT)).findings


async def test_answers_hold_plain_values_only() -> None:
    """A worker taken over by a hostile document cannot make the gate run code."""
    async with pool() as workers:
        with pytest.raises(DegradedError, match="no valid answer"):
            await workers.classify(exchange("/evil"), PATIENT)
        assert await workers.classify(exchange(), PATIENT)


async def test_busy_workers_do_not_hold_an_exchange_past_its_deadline() -> None:
    """When all workers are busy an exchange waits no longer than its deadline."""
    async with pool() as workers:
        await workers.warm()
        first = asyncio.ensure_future(workers.classify(exchange("/slow"), PATIENT))
        await asyncio.sleep(0.02)
        with pytest.raises(DegradedError, match="no worker was free"):
            await workers.classify(exchange(), 0.1)
        assert await first
        assert await workers.classify(exchange(), PATIENT)


async def test_many_exchanges_share_few_workers() -> None:
    """Exchanges in parallel are served by at most as many processes as configured."""
    async with pool(size=2) as workers:
        answers = await asyncio.gather(*(workers.classify(exchange(), PATIENT) for _ in range(40)))
        assert 1 <= len({pid_of(answer) for answer in answers}) <= 2


async def test_dear_bodies_leave_a_worker_to_others() -> None:
    """While bodies that take long wait for one another, a small one is answered at once."""
    async with pool(size=2) as workers:
        await workers.warm()
        dear = [
            asyncio.ensure_future(workers.classify(exchange("/hang", b"a@a." * 15_000), PATIENT))
            for _ in range(3)
        ]
        await asyncio.sleep(0)
        for _ in range(3):
            assert await workers.classify(exchange(body=b"small"), PATIENT)
        assert not any(task.done() for task in dear)
        for task in dear:
            task.cancel()


async def test_dear_bodies_that_waited_too_long_say_so() -> None:
    """Whoever does not get a worker in time is told, and the next one is served."""
    async with pool(size=2) as workers:
        await workers.warm()
        body = b"a@a." * 15_000
        first = asyncio.ensure_future(workers.classify(exchange("/hang", body), 1.0))
        await asyncio.sleep(0)
        with pytest.raises(DegradedError, match="no worker was free"):
            await workers.classify(exchange(body=body), 0.05)
        with pytest.raises(DegradedError):
            await first
        assert await workers.classify(exchange(body=body), PATIENT)


async def test_cancelled_caller_costs_no_worker() -> None:
    """A client that goes away does not cost the gate a worker."""
    async with pool() as workers:
        await workers.warm()
        (pid,) = workers.pids
        leaving = asyncio.ensure_future(workers.classify(exchange("/slow"), PATIENT))
        await asyncio.sleep(0.05)
        leaving.cancel()
        assert pid_of(await workers.classify(exchange(), PATIENT)) == pid


@pytest.mark.parametrize(
    "factory",
    ["pool_test_factories:build_never", "pool_test_factories:missing", "no_such_module:x"],
)
async def test_classifier_that_cannot_be_built_is_said_quickly(factory: str) -> None:
    """A broken classifier does not make exchanges wait for their deadline, nor start a process for
    each of them.
    """
    async with pool(factory) as workers:
        for _ in range(3):
            with pytest.raises(DegradedError, match="cannot be started"):
                await workers.classify(exchange(), PATIENT)


async def test_slow_start_outlives_the_first_deadline() -> None:
    """An exchange that cannot wait for a worker's start is degraded; the worker goes on starting
    for the next.
    """
    async with pool() as workers:
        with pytest.raises(DegradedError, match="free or ready"):
            await workers.classify(exchange(), 0.001)
        assert await workers.classify(exchange(), PATIENT)


async def test_slow_start_on_a_busy_machine_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that gets on, slowly, is waited for while it starts as while it reads: the first
    body of a gate is not left unread because others use the machine.
    """
    told, asked = tmp_path / "told", iter(range(1_000_000))

    def goes_on(_: int | None) -> float:
        if next(asked):  # it is looked at after the deadline: not before may it become ready
            told.touch()
        return 1.0

    monkeypatch.setattr(patience, "processor_seconds", goes_on)
    _for_however_busy_a_machine(monkeypatch)
    async with pool("pool_test_factories:build_when_told", str(told)) as workers:
        assert (await workers.classify(exchange(), 0.02)).findings


async def test_start_that_never_ends_is_given_up() -> None:
    """A worker that does not become ready in time is ended."""
    async with pool("pool_test_factories:build_slowly", start_s=0.5) as workers:
        with pytest.raises(DegradedError, match="cannot be started"):
            await workers.classify(exchange(), PATIENT)
        assert workers.pids == ()


async def test_workers_are_recycled() -> None:
    """After so many exchanges, or grown too large, a worker is replaced by a fresh one."""
    async with pool(recycle_tasks=2) as workers:
        pids = [pid_of(await workers.classify(exchange(), PATIENT)) for _ in range(4)]
        assert pids[0] == pids[1] != pids[2] == pids[3]
    async with pool(recycle_bytes=90 << 20) as workers:
        grown = pid_of(await workers.classify(exchange("/grow"), PATIENT))
        assert pid_of(await workers.classify(exchange(), PATIENT)) != grown
        await until_gone(grown)


async def test_idle_workers_end() -> None:
    """When nothing needs classifying, no worker keeps running."""
    async with pool(idle_s=0.1) as workers:
        pid = pid_of(await workers.classify(exchange(), PATIENT))
        await until_gone(pid)
        assert workers.pids == ()
        assert await workers.classify(exchange(), PATIENT)


async def test_renewed_settings_reach_new_workers() -> None:
    """After a change of settings no exchange is classified by the old ones."""
    async with pool(init="old") as workers:
        assert (await workers.classify(exchange(), PATIENT)).findings[0].note == "'old'"
        workers.renew("new")
        assert (await workers.classify(exchange(), PATIENT)).findings[0].note == "'new'"


async def test_who_waits_as_the_pool_closes_is_told() -> None:
    """It is a check that could not be made, and no end of whoever asked for it."""
    async with pool() as workers:
        await workers.warm()
        waiting = asyncio.ensure_future(workers.classify(exchange("/hang"), PATIENT))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await workers.close()
        with pytest.raises(DegradedError, match="closed"):
            await waiting


async def test_closed_pool_leaves_nothing_behind() -> None:
    """Stopping the gate ends every worker, busy ones too, and tells who waits."""
    async with pool(size=2) as workers:
        busy = asyncio.ensure_future(workers.classify(exchange("/hang"), PATIENT))
        pids = await soon(lambda: workers.pids)
        await workers.close()
        with pytest.raises((DegradedError, asyncio.CancelledError)):
            await busy
        for pid in pids:
            await until_gone(pid)
        with pytest.raises(DegradedError, match="closed"):
            await workers.classify(exchange(), PATIENT)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("path", ["/", "/hang", "/spin"])
async def test_no_worker_outlives_a_killed_gate(path: str) -> None:
    """When the gate is killed without warning its workers end too, idle or in the middle of a
    task.
    """
    gate = textwrap.dedent(f"""
        import asyncio, sys
        sys.path[:0] = {[str(FACTORIES), str(Path(__file__).parents[2])]!r}
        from datetime import UTC, datetime
        from classifiers.workers.pool import WorkerPool
        from core.exchange import Exchange

        async def main():
            pool = WorkerPool({BUILD!r}, size=1)
            await pool.warm()
            print(*pool.pids, flush=True)
            where = dict(scheme="https", host="x", port=1, method="GET", path={path!r})
            await pool.classify(Exchange(id="1", at=datetime.now(UTC), **where), 600)
            await asyncio.sleep(600)

        asyncio.run(main())
    """)
    process = subprocess.Popen([sys.executable, "-c", gate], stdout=subprocess.PIPE, text=True)  # noqa: ASYNC220
    try:
        assert process.stdout is not None
        pid = int(await asyncio.to_thread(process.stdout.readline))
        assert is_running(pid)
        await asyncio.sleep(0.2)
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
    await until_gone(pid)


@pytest.mark.parametrize("where", ["start", "classify"])
@pytest.mark.parametrize(
    "error", [TypeError, MemoryError, RecursionError, BaseException, SystemExit, GeneratorExit]
)
async def test_whatever_is_raised_around_a_worker_nobody_waits_in_vain(
    where: str, error: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of ours while a worker is started or asked degrades that one request at once, is
    told, and leaves room for the next worker."""

    async def fails(*_: object) -> None:
        raise error

    async with pool() as asked:
        with monkeypatch.context() as patched:
            patched.setattr(f"classifiers.workers.pool.WorkerProcess.{where}", fails)
            async with asyncio.timeout(PATIENT):
                with pytest.raises(DegradedError):
                    await asked.classify(exchange(), PATIENT)
        assert OWNER.trouble == (f"no longer {Duty.WORKERS.value.what} ({error.__name__})",)
        assert asked.pids == ()


@pytest.mark.parametrize("path", ["/halfway/hang", "/halfway/exit", "/halfway/evil"])
def test_what_was_found_before_the_end_counts(path: str) -> None:
    """A worker that is late or dies halfway takes nothing with it that it had found."""

    async def story() -> object:
        async with pool() as workers:
            with pytest.raises(DegradedError) as failed:
                await workers.classify(exchange(path, b"abc"), 1.5)
            again = await workers.classify(exchange("/", b"abc"), PATIENT)
            assert again.findings[0].note != "halfway"
            return failed.value.found

    found = asyncio.run(story())
    assert isinstance(found, Classification)
    assert found.findings[0].note == "halfway"


def test_a_worker_that_fails_at_once_has_found_nothing() -> None:
    """What an earlier request had found is never taken for this one's."""

    async def story() -> object:
        async with pool() as workers:
            await workers.classify(exchange("/halfway", b"abc"), PATIENT)
            with pytest.raises(DegradedError) as failed:
                await workers.classify(exchange("/exit"), PATIENT)
            return failed.value.found

    assert asyncio.run(story()) is None


async def test_tokens_are_counted_in_another_process() -> None:
    """What an answer does not state is counted outside the gate, by the worker that is there."""
    asked = Uncounted(
        call=LlmCall(provider="openai", operation="chat", model="gpt-4o", stream=True),
        asked=b'{"messages":[{"role":"user","content":"hello world"}]}',
        sample=b'data: {"choices":[{"delta":{"content":"hello world"}}]}\n\n',
        seen=58,
    )
    async with pool() as workers:
        await workers.warm()
        assert await workers.count(asked, PATIENT) == TokenCount(9, 2, "±12 %")
        broken = replace(asked, asked=b"\xff{", sample=b"\x00", seen=1)
        assert await workers.count(broken, PATIENT) == TokenCount(None, None, None)
        assert len(workers.pids) == 1
        with pytest.raises(DegradedError):
            await workers.count(asked, 0.0)
