"""Steps 2 to 4 as questions: what is in an exchange, and what does policy say of it?

Holds nothing of any exchange; the answers go into its transaction.
"""

import asyncio
from dataclasses import replace
from functools import partial

from core.attribution import Attribution
from core.classification import Classification
from core.decision import Decision
from core.duties import OWNER, Duty
from core.exchange import Exchange
from core.findings import not_inspected
from core.sent_file import are_all
from core.situation import ScriptHistory, Situation, Volume
from proxy.boundaries import courtesy
from proxy.classifying import classified
from proxy.held_bodies import HeldBodies
from proxy.lineage import Lineage, failed, is_worth_it
from proxy.parts import Limits, Parts
from proxy.rounds import Rounds

OTHER_NAME = "destination: the request names another host or port inside"
"""Which ones stands with the destination."""
_UPLOADS = 3
"""Of so many large bodies some is scanned at the same time: each takes ten times a window of memory
meanwhile, and there are as many cores as there are. The others' clients wait, not their windows: of
those none is late before it is begun.
"""
_NO_HISTORY, _NO_VOLUME = ScriptHistory(), Volume()


class Deciding:
    """Asks the classifiers and the policy. One per gate."""

    def __init__(self, parts: Parts, limits: Limits) -> None:
        self.parts = parts
        self.limits = limits
        self.rounds = Rounds()
        self.uploads = asyncio.Semaphore(_UPLOADS)
        """Held while some of a large body is scanned."""
        self.held = HeldBodies(limits.hold_total_bytes)
        self.files = Lineage(parts.tracer, limits.files_s)

    def reads(self, sender: Attribution) -> bool:
        """Return False for programs that are none of Outgate's business."""
        return self.limits.inspect_others or sender.is_python is not False

    def on_headers(self, exchange: Exchange) -> Classification:
        """Return what is known without the body."""
        return self.placed(exchange, self.parts.classifier.on_headers(exchange))

    def decide_on_headers(
        self, exchange: Exchange, sender: Attribution, seen: Classification
    ) -> Decision | None:
        """Return a decision that no body can change, or None."""
        situation = self.situation(exchange, sender, seen, headers_only=True)
        return self.parts.policy.decide_on_headers(situation)

    async def classify(self, exchange: Exchange, sender: Attribution) -> Classification:
        """Return what is in a body that is there."""
        if self.reads(sender):
            parts, seconds = self.parts, self.limits.classify_s
            rounds = self.rounds
            seen = await classified(exchange, parts.classifier, parts.pool, seconds, rounds)
        else:
            seen = _volume_only(self.parts.classifier.on_headers(exchange))
        return self.placed(exchange, seen)

    async def judged(
        self,
        exchange: Exchange,
        sender: Attribution,
        seen: Classification,
        *,
        streams: bool = False,
    ) -> tuple[Classification, Decision]:
        """Return what is known with the files that were sent, where that matters, and what policy
        says. `streams`: the body goes past, and is not there.
        """
        looks = partial(self._with_files, exchange, sender, streams=streams)
        asked = self.parts.policy.asks_files
        if asked:
            seen = await looks(seen, asked=True)
        decision = self.decide(exchange, sender, seen)
        if not asked and is_worth_it(exchange, seen, decision):
            seen = await looks(seen, asked=False)
        return seen, decision

    async def _with_files(
        self,
        exchange: Exchange,
        sender: Attribution,
        seen: Classification,
        *,
        asked: bool,
        streams: bool,
    ) -> Classification:
        if not self.reads(sender):
            return seen
        async with courtesy(Duty.FILES):
            return await self.files.added(exchange, sender, seen, asked=asked, streams=streams)
        return failed(seen, asked=asked)

    def decide(self, exchange: Exchange, sender: Attribution, seen: Classification) -> Decision:
        """Return what policy says with everything known."""
        return self.parts.policy.decide(self.situation(exchange, sender, seen))

    def needs_whole(self, exchange: Exchange, sender: Attribution, seen: Classification) -> bool:
        """Return True when none of a large body may leave before all of it was read."""
        situation = self.situation(exchange, sender, seen, headers_only=True)
        return self.parts.policy.needs_whole(situation)

    def pass_through(self, exchange: Exchange, sender: Attribution) -> Decision | None:
        """Return what policy says of letting a connection pass undecrypted; None: no exception."""
        seen = self.on_headers(exchange)
        situation = self.situation(exchange, sender, seen, headers_only=True)
        return self.parts.policy.pass_through(situation)

    def placed(self, exchange: Exchange, seen: Classification) -> Classification:
        """Add the address that is connected to, and its country, where that was looked up.

        A destination that is contradicted is in doubt, and the record says so.
        """
        doubtful = any(name.in_doubt for name in exchange.other_names)
        if doubtful and OTHER_NAME not in seen.degraded:
            seen = replace(seen, degraded=(*seen.degraded, OTHER_NAME))
        address, country = exchange.address, None
        if address is None:
            return seen
        with courtesy(Duty.PLACES):
            country = self.parts.policy.country_of(address)
        place = partial(replace, address=address, country=country)
        others = tuple(place(name) for name in seen.destination.other_names)
        return replace(seen, destination=place(seen.destination, other_names=others))

    def situation(
        self,
        exchange: Exchange,
        sender: Attribution,
        seen: Classification,
        *,
        headers_only: bool = False,
    ) -> Situation:
        """Return what policy looks at for this exchange."""
        history, volume, degraded = _NO_HISTORY, _NO_VOLUME, seen.degraded
        if self.parts.history is not None and self.parts.policy.asks_past:
            try:
                history, volume = self.parts.history(sender, seen)
            except BaseException as error:  # noqa: BLE001
                # boundary: rules that ask for the past answer with `on_error`, the others as ever
                OWNER.lost(Duty.PAST, error)
                degraded = (*degraded, f"history: {type(error).__name__}")
            else:
                OWNER.done(Duty.PAST)
        return Situation(
            now=self.parts.clock(),
            method=exchange.method,
            request_bytes=exchange.body_bytes,
            sender=sender,
            destination=seen.destination,
            host=exchange.host,
            llm=seen.llm,
            findings=() if seen.findings == PASSED_OVER else seen.findings,
            files=seen.files,
            files_are_all=not self.reads(sender)
            or are_all(seen.files_look, sender, exchange.body_bytes, complete=exchange.complete),
            degraded=degraded,
            headers_only=headers_only,
            history=history,
            volume=volume,
        )


PASSED_OVER = (
    not_inspected(
        "not read: its sender is not Python, and nothing in its ancestry is",
        "attribution",
        ("request",),
    ),
)
"""Stands in the record of what was not read; rules are not asked about it."""


def _volume_only(known: Classification) -> Classification:
    """Return what is kept of a program that is none of Outgate's business: where to, not what."""
    return replace(
        known, destination=replace(known.destination, path="/"), llm=None, findings=PASSED_OVER
    )
