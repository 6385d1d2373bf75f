"""Many large uploads at the same time: a few are scanned at once, and the others wait with what
has come of them, so that memory does not grow with every window."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from core.attribution import UNATTRIBUTED
from core.classification import Scanned
from core.decision import Decision, Verdict
from core.exchange import Exchange
from core.ids import utc_now
from proxy.transaction import Transaction
from proxy.uploads import UploadTap
from tests.proxy.conftest import RunningGate

_BODIES = 7
_PIECE = b"x" * 1000


@dataclass
class Scans:
    """What is scanned now, of all bodies."""

    may_end: asyncio.Event = field(default_factory=asyncio.Event)
    now: int = 0
    most: int = 0
    settled: list[bool] = field(default_factory=list)


class Scan:
    """One body's, which ends when it may."""

    def __init__(self, scans: Scans) -> None:
        self._scans = scans
        self.through, self.wants = 0, 1

    async def feed(self, data: bytes, *, last: bool, settled: bool) -> AsyncIterator[Scanned]:
        scans = self._scans
        scans.settled.append(settled)
        scans.now += 1
        scans.most = max(scans.most, scans.now)
        await scans.may_end.wait()
        scans.now -= 1
        self.through += len(data)
        yield Scanned()

    def stop(self) -> None:
        pass


def a_tap(gate: RunningGate) -> UploadTap:
    exchange = Exchange(
        id="a",
        at=utc_now(),
        scheme="https",
        host="files.example",
        port=443,
        method="PUT",
        path="/big",
        body_bytes=900_000,
        complete=False,
    )
    transaction = Transaction("a")
    seen = gate.classifier.on_headers(exchange)
    transaction.decide(exchange, UNATTRIBUTED, seen, Decision(verdict=Verdict.ALLOW))
    transaction.journal()
    transaction.pass_on()
    deciding = gate.addon.inspection.deciding
    return UploadTap(transaction, exchange, deciding, lambda *_: None, lambda _: None)


async def test_few_bodies_are_scanned_at_the_same_time(gate: RunningGate) -> None:
    """Of seven bodies that come at once three are scanned; no window of theirs stays under way when
    their turn is over. The others wait, and all are let go on in the end."""
    scans = Scans()
    classifier: Any = gate.classifier
    classifier.scan = lambda *_: Scan(scans)
    taps = [a_tap(gate) for _ in range(_BODIES)]
    for tap in taps:
        tap.take(_PIECE)
    inspected = [asyncio.ensure_future(tap.inspect()) for tap in taps]
    for _ in range(10 * _BODIES):  # rounds of the loop: all that can begin has begun
        await asyncio.sleep(0)
    at_once = scans.now
    scans.may_end.set()
    await asyncio.gather(*inspected)

    assert at_once == scans.most == 3
    assert len(scans.settled) == _BODIES
    assert any(scans.settled)
    assert [tap.release() for tap in taps] == [_PIECE] * _BODIES


async def test_one_that_is_given_up_lets_the_next_go_on(gate: RunningGate) -> None:
    """Whose client has left keeps no place."""
    scans = Scans()
    classifier: Any = gate.classifier
    classifier.scan = lambda *_: Scan(scans)
    taps = [a_tap(gate) for _ in range(_BODIES)]
    for tap in taps:
        tap.take(_PIECE)
    inspected = [asyncio.ensure_future(tap.inspect()) for tap in taps]
    for _ in range(10 * _BODIES):
        await asyncio.sleep(0)
    for task in inspected[:-1]:
        task.cancel()
    scans.may_end.set()
    await asyncio.gather(*inspected, return_exceptions=True)
    assert taps[-1].release() == _PIECE
