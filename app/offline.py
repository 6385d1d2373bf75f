"""Recorded traffic, inspected offline by the same code as the live gate; nothing is stored."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from app.home import Home
from app.settings import Settings
from app.wiring import classifier_of, engine_setup, names_can_be_found, policy_of, pool_of
from core.attribution import unknown_sender
from core.classification import Classification
from core.decision import Decision, Verdict
from core.errors import InputError
from core.exchange import Answer, Exchange, Message
from core.ids import uuid7
from core.ports import Classifier, ClassifierPool, Policy
from core.record import Record
from core.recorded import record_of
from core.situation import situation_of
from core.stored import ChainLink
from proxy.classifying import classified
from proxy.rounds import Rounds
from proxy.socket_messages import as_exchange, summed

if TYPE_CHECKING:
    from evidence.entries import Entry
    from proxy.recordings import Heard, Recorded

_PACK_S = 120.0
"""Compiling the whole rule pack takes some ten seconds, once; a recording deserves all of it."""
_IN_FLIGHT = 4
"""Exchanges under way for each worker: enough to keep it busy, few enough to bound the memory."""
_LEAST_WORKERS = 2
"""Here nobody shares the machine with a gate."""
_SENDER = unknown_sender("recording", "a recording does not tell which process sent it")


def inspect_files(
    home: Home,
    settings: Settings,
    files: Sequence[Path],
    policy: Path | None,
    *,
    names: bool = True,
) -> "Iterator[Entry]":
    """Yield one entry for each exchange, in order and chained among themselves as in a store.

    Raises InputError at the file that cannot be read, after the records of those before it.
    """
    _must_be_there(files)
    chosen = policy_of(home, policy)
    settings = settings.model_copy(update={"workers": max(_LEAST_WORKERS, settings.workers)})
    setup = engine_setup(home, chosen, names=names and names_can_be_found())
    classifier = classifier_of(setup)
    classifier.warm(wait_s=_PACK_S)
    pool = pool_of(setup, settings)

    in_turn = _InTurn(pool, settings.workers)

    def begin(exchange: Exchange, heard: "Heard") -> Coroutine[Any, Any, _Inspected]:
        return _inspected(exchange, heard, classifier, in_turn, settings)

    with asyncio.Runner() as runner:
        try:
            read = _in_order(runner, _exchanges(files), begin, settings.workers * _IN_FLIGHT)
            yield from _chained(_record(one, classifier, chosen) for one in read)
        finally:
            runner.run(pool.close())


class _InTurn:
    """A pool whose deadlines begin when a worker is free: in a recording nobody waits for the
    answer.
    """

    def __init__(self, pool: ClassifierPool, workers: int) -> None:
        self._pool = pool
        self._free = asyncio.Semaphore(workers)

    async def classify(self, exchange: Exchange, deadline_s: float) -> Classification:
        async with self._free:
            return await self._pool.classify(exchange, deadline_s)

    async def classify_window(self, exchange: Exchange, deadline_s: float) -> Classification:
        async with self._free:
            return await self._pool.classify_window(exchange, deadline_s)

    async def close(self) -> None:
        await self._pool.close()


def _must_be_there(files: Iterable[Path]) -> None:
    """Find a mistyped name before the work on the others. Raises InputError."""
    for path in files:
        try:
            path.stat()
        except OSError as error:
            raise InputError(
                f"Cannot read {path}: {error.strerror}.", remedy="Check its name."
            ) from error
        if path.is_dir():
            raise InputError(f"Cannot read {path}: Is a directory.", remedy="Name the files in it.")


def _in_order[E, A, R](
    runner: asyncio.Runner,
    exchanges: Iterator[tuple[E, A]],
    begin: Callable[[E, A], Coroutine[Any, Any, R]],
    at_once: int,
) -> Iterator[R]:
    """Yield the records in the order of their exchanges, `at_once` of which are under way at a
    time.

    What cannot be read ends the work, but only after all that was read before it.
    """
    under_way: deque[asyncio.Task[R]] = deque()
    fault: InputError | None = None
    while True:
        try:
            while (
                fault is None
                and len(under_way) < at_once
                and (pair := next(exchanges, None)) is not None
            ):
                under_way.append(runner.get_loop().create_task(begin(*pair)))
        except InputError as error:
            fault = error
        if not under_way:
            break
        yield runner.run(_result(under_way.popleft()))
    if fault is not None:
        raise fault


async def _result[R](task: asyncio.Task[R]) -> R:
    return await task


def _chained(records: Iterable[Record]) -> "Iterator[Entry]":
    """Chain records that are not stored, so that the output verifies by itself: `outgate verify
    FILE`.
    """
    from evidence.chain import canonical, genesis, link
    from evidence.entries import Entry
    from evidence.times import micros

    name = f"inspect-{uuid7()}"
    head = genesis(name)
    for seq, record in enumerate(records, 1):
        text = canonical(record.to_json())
        before, head = head, link(head, seq, text)
        place = ChainLink(chain_id=name, seq=seq, prev=before, hash=head)
        yield Entry(link=place, id=record.id, at_us=micros(record.at), text=text)


def explain_exchange(
    home: Home, settings: Settings, files: Sequence[Path], number: int
) -> Iterator[str]:
    """Yield one line for every candidate of the exchange with this number, counted from 1."""
    from classifiers.engine import build_worker

    engine = build_worker(engine_setup(home, policy_of(home, None), names=names_can_be_found()))

    def explained(exchange: Exchange, message: Message) -> tuple[str, ...]:
        part = as_exchange(exchange, message.data, text=message.text)
        return engine.classify(part, explain=True).explanation

    for position, (exchange, heard) in enumerate(_exchanges(files), 1):
        if position == number:
            seen = engine.classify(exchange, explain=True)
            yield f"{exchange.method} {seen.destination.host}{seen.destination.path}"
            spoken = [
                line for m in heard.messages if m.from_client for line in explained(exchange, m)
            ]
            yield from (*seen.explanation, *spoken) or ("no candidates",)
            return
    raise InputError(f"There is no exchange {number}.", remedy="Exchanges are counted from 1.")


def _exchanges(files: Iterable[Path]) -> "Iterator[Recorded]":
    from proxy.recordings import read_recording

    for path in files:
        yield from read_recording(path)


class _Inspected(NamedTuple):
    """A recorded exchange with all that its client sent, classified."""

    exchange: Exchange
    heard: "Heard"
    seen: Classification


async def _inspected(
    exchange: Exchange,
    heard: "Heard",
    classifier: Classifier,
    pool: ClassifierPool,
    settings: Settings,
) -> _Inspected:
    seconds, rounds = settings.classify_seconds, Rounds()
    seen = await classified(exchange, classifier, pool, seconds, rounds)
    left = exchange.body_bytes
    for message in heard.messages:
        if message.from_client:
            part = as_exchange(exchange, message.data, text=message.text)
            seen = summed(seen, await classified(part, classifier, pool, seconds, rounds))
            left += len(message.data)
    return _Inspected(replace(exchange, body_bytes=left), heard, seen)


def _record(read: _Inspected, classifier: Classifier, policy: Policy) -> Record:
    """Return the record. Answers are read in the order of the recording: what one used counts where
    it was given first.
    """
    exchange, (answer, messages), seen = read
    if messages and answer is not None:
        answer = replace(answer, body_bytes=sum(len(m.data) for m in messages if not m.from_client))
    ended = seen if answer is None else _told(read, answer, classifier)
    nothing = Decision(verdict=Verdict.ALLOW, degraded=seen.degraded)
    undecided = record_of(exchange, _SENDER, seen, nothing, answer)
    decision = policy.decide(situation_of(undecided))
    return replace(undecided, decision=decision, destination=ended.destination, llm=ended.llm)


def _told(read: _Inspected, answer: Answer, classifier: Classifier) -> Classification:
    tap = classifier.tap(read.exchange, read.seen, answer)
    for message in read.heard.messages:
        tap.message(message)
    return tap.finish(answer)
