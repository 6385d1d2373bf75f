"""Sends evidence on to the collectors that the settings name: by command, or beside a gate."""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app.home import Home, installation_id
from app.settings import Settings
from core.errors import OutgateError
from core.ids import utc_now

if TYPE_CHECKING:
    from evidence.store import Store
    from exports.outbox.collectors import Address, Collector
    from exports.outbox.forwarding import Outbox, Waiting

log = logging.getLogger("outgate.forwarding")
EVERY_S = 5.0
METRICS_EVERY_S = 60.0
_LONGEST_REST_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One collector and what goes to it."""

    outbox: "Outbox"
    collector: "Collector"

    def send_all(self) -> "Waiting":
        """Deliver all that waits; return what waits still. Raises OutgateError."""
        before = self.outbox.waiting()
        while before.records or before.acts:
            after = self.outbox.forward(self.collector)
            if after.records >= before.records and after.acts >= before.acts:
                return after  # another process is at it, or nothing goes on
            before = after
        return before


def routes_of(home: Home, settings: Settings, store: "Store") -> Sequence[Route]:
    """Return the collectors that the settings name. Raises SettingsError."""
    from exports.outbox.collectors import collector_at, read_address
    from exports.outbox.forwarding import Outbox

    machine = installation_id(home.installation)
    return [
        Route(
            outbox=Outbox(store, name, machine),
            collector=collector_at(_completed(read_address(text), settings)),
        )
        for name, text in sorted(settings.collectors.items())
    ]


def _completed(address: "Address", settings: Settings) -> "Address":
    from exports.outbox.collectors import read_headers

    headers = () if settings.collector_headers is None else read_headers(settings.collector_headers)
    return replace(address, authority=settings.upstream_ca, headers=headers)


def send_metrics(route: Route, waiting: dict[str, int]) -> None:
    """Send the metrics of now, where the collector takes metrics. Raises OutgateError."""
    from evidence.times import micros
    from exports.outbox.metrics import families, post
    from exports.outbox.otlp import Otlp

    if isinstance(route.collector, Otlp):
        store = route.outbox.store
        found = families(store, waiting)
        post(route.collector, found, store, route.outbox.machine, micros(utc_now()))


class Courier:
    """Sends on to one collector, again and again; rests longer each time that it is away."""

    def __init__(self, route: Route, clock: Callable[[], float] = time.monotonic) -> None:
        self._route = route
        self._clock = clock
        self._failures = 0
        self._next = 0.0
        self._metrics_at = 0.0

    def look(self) -> None:
        """Send what waits, where it is time. Raises nothing that a collector causes."""
        now = self._clock()
        if now < self._next:
            return
        try:
            waiting = self._route.send_all()
            if now >= self._metrics_at:
                send_metrics(self._route, {self._route.outbox.name: waiting.records})
                self._metrics_at = now + METRICS_EVERY_S
        except OutgateError as error:
            self._rest(now, error)
            return
        if self._failures:
            log.warning("collector %s takes evidence again", self._route.outbox.name)
        self._failures = 0
        self._next = now + EVERY_S

    def _rest(self, now: float, error: OutgateError) -> None:
        if not self._failures:
            log.warning("collector %s: %s", self._route.outbox.name, error)
        self._failures += 1
        longest = min(_LONGEST_REST_S, EVERY_S * 2.0 ** min(self._failures, 10))
        self._next = now + longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads, hides nothing


async def keep_forwarding(couriers: Sequence[Courier]) -> None:
    """Send on until cancelled; without collectors, nothing is done."""
    from proxy.threads import COURTESIES

    while couriers:
        for courier in couriers:
            await COURTESIES.run(courier.look)
        await asyncio.sleep(EVERY_S)
