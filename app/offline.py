"""Recorded traffic, inspected offline by the same code as the live gate; nothing is stored."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.home import Home
from app.settings import Settings
from app.wiring import classifier_of, engine_setup, policy_of, pool_of
from core.attribution import unknown_sender
from core.decision import Decision, Verdict
from core.errors import InputError
from core.exchange import Answer, Exchange
from core.ids import uuid7
from core.ports import Classifier, ClassifierPool, Policy
from core.record import Record, RequestSummary, ResponseSummary
from core.situation import situation_of
from proxy.classifying import classified

_PACK_S = 120.0
"""Compiling the whole rule pack takes some ten seconds, once; a recording deserves all of it."""
_SENDER = unknown_sender("recording", "a recording does not tell which process sent it")


def inspect_files(
    home: Home, settings: Settings, files: Sequence[Path], policy: Path | None, *, names: bool = True
) -> Iterator[dict[str, Any]]:
    """Yield one record for each exchange, chained among themselves. Raises InputError at the file that cannot be read."""
    chosen = policy_of(home, policy)
    setup = engine_setup(home, chosen, names=names)
    classifier = classifier_of(setup)
    classifier.warm(wait_s=_PACK_S)
    pool = pool_of(setup, settings)
    with asyncio.Runner() as runner:
        try:
            yield from _chained(
                runner.run(_record(exchange, answer, classifier, pool, chosen, settings)).to_json()
                for exchange, answer in _exchanges(files)
            )
        finally:
            runner.run(pool.close())


def _chained(records: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Chain records that are not stored, so that the output verifies by itself: `outgate verify FILE`."""
    from evidence.chain import Link, canonical, genesis, link

    name = f"inspect-{uuid7()}"
    head = genesis(name)
    for seq, record in enumerate(records, 1):
        before, head = head, link(head, seq, canonical(record))
        yield {**record, "chain": Link(chain_id=name, seq=seq, prev=before, hash=head).to_json()}


def explain_exchange(home: Home, settings: Settings, files: Sequence[Path], number: int) -> Iterator[str]:
    """Yield one line for every candidate of the exchange with this number, counted from 1."""
    from classifiers.engine import build_worker

    engine = build_worker(engine_setup(home, policy_of(home, None), names=True))
    for position, (exchange, _) in enumerate(_exchanges(files), 1):
        if position == number:
            seen = engine.classify(exchange, explain=True)
            yield f"{exchange.method} {seen.destination.host}{seen.destination.path}"
            yield from seen.explanation or ("no candidates",)
            return
    raise InputError(f"There is no exchange {number}.", remedy="Exchanges are counted from 1.")


def _exchanges(files: Iterable[Path]) -> Iterator[tuple[Exchange, Answer | None]]:
    from proxy.recordings import read_recording

    for path in files:
        yield from read_recording(path)


async def _record(
    exchange: Exchange,
    answer: Answer | None,
    classifier: Classifier,
    pool: ClassifierPool,
    policy: Policy,
    settings: Settings,
) -> Record:
    seen = await classified(exchange, classifier, pool, settings.classify_seconds)
    ended = seen if answer is None else classifier.tap(exchange, seen, answer).finish(answer)
    undecided = Record(
        id=exchange.id,
        at=exchange.at,
        sender=_SENDER,
        destination=seen.destination,
        request=RequestSummary(
            method=exchange.method,
            content_type=exchange.header("content-type"),
            bytes=exchange.body_bytes,
            complete=exchange.complete,
        ),
        response=ResponseSummary()
        if answer is None
        else ResponseSummary(status=answer.status, bytes=answer.body_bytes),
        llm=seen.llm,
        findings=seen.findings,
        decision=Decision(verdict=Verdict.ALLOW, degraded=seen.degraded),
    )
    decision = policy.decide(situation_of(undecided))
    return replace(undecided, decision=decision, destination=ended.destination, llm=ended.llm)
