"""The story of one request, in the numbered steps of the design. Knows ports only: no mitmproxy, no payload kept.

0. Presumed refused: the addon sets a refusal before it calls anything here.
1. Connect: who sent it.
2. Headers: can a rule decide without the body?
3. Classify: what is in it, inline when cheap, in a worker when not.
4. Decide.
5. Evidence: durable before the client gets its answer; in strict mode before anything leaves.
6. Apply: the addon clears or keeps its refusal.
7. Answer: usage and account are read as it passes; then the record is closed.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from core.attribution import Attribution
from core.classification import Classification
from core.decision import Decision, Verdict
from core.errors import EvidenceError
from core.exchange import Answer, Exchange
from core.fingerprint import Fingerprinter
from core.ids import utc_now
from core.ports import (
    AnswerTap,
    Attributor,
    Classifier,
    ClassifierPool,
    DirectConnections,
    EvidenceWriter,
    Holds,
    Policy,
)
from core.redaction import Redacted
from core.situation import ScriptHistory, Situation, Volume
from core.values import changed
from proxy import enforcement
from proxy.classifying import classified
from proxy.dns_pinning import Places
from proxy.hold_polling import Asking
from proxy.observing import Observations, Observer
from proxy.outbox import Outbox
from proxy.stack_sampling_budget import LineBudget
from proxy.transaction import Acknowledgement, Ruling

_PAIRS_REMEMBERED = 10_000
_NO_HISTORY, _NO_VOLUME = ScriptHistory(), Volume()

type _Place = tuple[str, str | None, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long and how much."""

    hold_bytes: int = 8 * 1024 * 1024
    """Bodies up to this size are held whole until the decision."""
    spool_bytes: int = 4 << 30
    """Larger bodies are refused where a rule wants them read to their end before any of them leaves."""
    spool_folder: Path | None = None
    """Where such bodies are kept, encrypted; None: the system's folder for temporary files."""
    attribution_s: float = 2.0
    classify_s: float = 10.0
    line_s: float = 0.5
    inspect_others: bool = True
    """False: of programs that descend from no Python, only where and how much is recorded."""
    strict: bool = False
    """Evidence is durable before anything leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts that an inspection asks, behind their ports."""

    attributor: Attributor
    classifier: Classifier
    pool: ClassifierPool
    policy: Policy
    evidence: EvidenceWriter
    holds: Holds | None = None
    fingerprinter: Fingerprinter | None = None
    history: Callable[[Attribution, Classification], tuple[ScriptHistory, Volume]] | None = None
    observer: Observer | None = None
    """Told, in a thread, of each process and version of a script of which there is a record, or will be."""
    direct: DirectConnections | None = None
    """Looked at while Python programs use the gate: who goes past it?"""
    clock: Callable[[], datetime] = utc_now


class Inspection:
    """Takes exchanges through the steps. One per gate; all state of an exchange is in its ruling."""

    def __init__(self, parts: Parts, limits: Limits, loop: asyncio.AbstractEventLoop) -> None:
        self.parts = parts
        self.limits = limits
        self._outbox = Outbox(lambda: self.parts.evidence, loop)
        self._asking: Asking | None = None
        self._lines = LineBudget()
        self._observations = Observations(lambda: self.parts.observer, limits.line_s)
        self._lined: dict[_Place, None] = {}
        """Scripts and destinations of which a line was asked for."""
        self.places: Places | None = None
        """Set where addresses are looked up by this gate, and not by another proxy behind it."""

    async def met(self, sender: Attribution) -> None:
        """Have the sender's script looked at; where a rule may ask what it imports, wait for that as for a line."""
        self._observations.begin(sender)
        if self.parts.policy.asks_past:
            await self._observations.learnt(sender)

    async def on_headers(self, exchange: Exchange, sender: Attribution) -> Ruling | None:
        """Step 2. Return a ruling when the headers suffice to refuse; None when the body is needed."""
        await self.met(sender)
        classification = self.placed(exchange, self.parts.classifier.on_headers(exchange))
        situation = self.situation(exchange, sender, classification, headers_only=True)
        decision = self.parts.policy.decide_on_headers(situation)
        if decision is None or decision.verdict.passes:
            return None
        unread = replace(exchange, body=b"", complete=exchange.body_bytes == 0)
        return Ruling(
            exchange=unread, sender=sender, classification=classification, decision=decision
        )

    async def on_request(
        self, exchange: Exchange, sender: Attribution, degraded: tuple[str, ...] = ()
    ) -> Ruling:
        """Steps 3 and 4 for a request whose body is held whole."""
        self._observations.begin(sender)  # while the body is read
        if sender.is_python is False and not self.limits.inspect_others:
            classification = volume_only(self.parts.classifier.on_headers(exchange))
        else:
            classification = await classified(
                exchange, self.parts.classifier, self.parts.pool, self.limits.classify_s
            )
        if degraded:
            classification = replace(classification, degraded=(*classification.degraded, *degraded))
        classification = self.placed(exchange, classification)
        await self.met(sender)
        situation = self.situation(exchange, sender, classification)
        decision = self.parts.policy.decide(situation)
        place = _place(sender, classification)
        notable = decision.verdict is not Verdict.ALLOW or (
            place is not None and place not in self._lined
        )
        if notable:
            self._remember(place)
            sender = await self._with_line(sender, exchange)
        return Ruling(
            exchange=exchange, sender=sender, classification=classification, decision=decision
        )

    def needs_whole(self, ruling: Ruling) -> bool:
        """Return True when none of this large body may leave before all of it was read."""
        situation = self.situation(
            ruling.exchange, ruling.sender, ruling.classification, headers_only=True
        )
        return self.parts.policy.needs_whole(situation)

    async def enforce(self, ruling: Ruling) -> Redacted | None:
        """Step 6 for redact and hold: the decision is final afterwards. Returns the redacted request, if so."""
        redacted = None
        if ruling.decision.verdict is Verdict.REDACT:
            redacted = await enforcement.redact(self.parts.classifier, ruling)
        if ruling.decision.verdict is Verdict.HOLD:
            await self._hold(ruling)
        return redacted

    async def _hold(self, ruling: Ruling) -> None:
        holds, fingerprinter = self.parts.holds, self.parts.fingerprinter
        if holds is None or fingerprinter is None:
            ruling.decision = enforcement.fallen_back(
                ruling.decision, "hold: nobody can be asked here"
            )
            return
        ruling.decision = replace(
            ruling.decision, hold_key=enforcement.hold_key(fingerprinter, ruling)
        )
        if not await enforcement.approved_before(holds, ruling):
            await self.durable(ruling)
            self._asking = self._asking or Asking(holds)
            await enforcement.hold(self._asking, ruling)
            if enforcement.passes(ruling.decision):
                self._outbox.journal(
                    ruling
                )  # again: should the gate die now, the evidence says that it was released
                await self.durable(ruling)

    async def journal(self, ruling: Ruling) -> None:
        """Step 5. See to the evidence; in strict mode wait for it. Raises EvidenceError: then nothing may leave."""
        if (failure := self.parts.evidence.failure) is not None:
            raise failure
        if self.limits.strict:
            await self.durable(ruling)
        else:
            self._outbox.sent(ruling)

    async def durable(self, ruling: Ruling) -> None:
        """Wait until this exchange is in the journal. Raises EvidenceError when it cannot be."""
        if (error := await (ruling.durable or self._outbox.journal(ruling))) is not None:
            raise error

    def tap(self, ruling: Ruling, head: Answer) -> AnswerTap:
        """Step 7. Return what reads the answer as it passes."""
        return self.parts.classifier.tap(ruling.exchange, ruling.classification, head)

    async def ended(self, ruling: Ruling, closed: Acknowledgement | None) -> None:
        """Step 7. Wait until a client may have its answer: its exchange is in the journal or in the chain.

        Raises EvidenceError when it is in neither.
        """
        waited_for = ruling.durable or closed
        if waited_for is not None and (error := await waited_for) is not None:
            raise error

    def close(
        self, ruling: Ruling, answer: Answer | None, tap: AnswerTap | None = None
    ) -> Acknowledgement | None:
        """Step 7. Close the record; await the result where the client has not got its answer yet."""
        if ruling.closed:
            return None
        ruling.closed = True
        if tap is not None and answer is not None:
            try:
                learnt = tap.finish(answer)
                # Findings of a WebSocket or a large upload go on coming after the tap was made.
                ruling.classification = changed(
                    ruling.classification, destination=learnt.destination, llm=learnt.llm
                )
            except Exception as error:  # noqa: BLE001 - boundary: the record is closed with what is known
                ruling.notes.append(f"the answer was not read: {type(error).__name__}")
        return self._outbox.close(ruling, ruling.record(answer), awaited=ruling.durable is None)

    async def close_refused(self, ruling: Ruling, status: int) -> None:
        """Record a refusal before the client hears of it. Raises EvidenceError."""
        acknowledgement = self.close(ruling, Answer(status=status))
        if acknowledgement is not None and (error := await acknowledgement) is not None:
            raise error

    def settle(self) -> None:
        """Hand all evidence over: the gate stops."""
        self._outbox.flush()

    def _remember(self, place: _Place | None) -> None:
        if place is not None:
            self._lined[place] = None
        if len(self._lined) > _PAIRS_REMEMBERED:
            del self._lined[next(iter(self._lined))]

    async def _with_line(self, sender: Attribution, exchange: Exchange) -> Attribution:
        begun, ask = time.monotonic(), self.parts.attributor.line_of_code
        look = self._lines.allows(sender, begun)
        try:
            async with asyncio.timeout(self.limits.line_s):
                line = await asyncio.to_thread(ask, sender, exchange, look=look)
        except TimeoutError:
            return sender
        finally:
            if look:
                self._lines.spent(sender, time.monotonic() - begun)
        return sender if line is None else replace(sender, line=line)

    def undecided(self, exchange: Exchange, sender: Attribution, decision: Decision) -> Ruling:
        """Return the ruling of an exchange that was decided without its content: by a failure, an exception, a bypass."""
        self._observations.begin(sender)
        seen = self.placed(exchange, self.parts.classifier.on_headers(exchange))
        return Ruling(exchange=exchange, sender=sender, classification=seen, decision=decision)

    async def locate(self, connection: str, host: str, port: int) -> str | None:
        """Return the address that this client connection goes to for this host, where some rule asks for its country."""
        if self.places is None or not self.parts.policy.asks_country:
            return None
        return await self.places.locate(connection, host, port)

    def placed(self, exchange: Exchange, seen: Classification) -> Classification:
        """Return the classification with the address that is connected to, and its country, where that was looked up."""
        address = exchange.address
        if address is None:
            return seen
        country = self.parts.policy.country_of(address)
        return replace(
            seen, destination=replace(seen.destination, address=address, country=country)
        )

    def situation(
        self,
        exchange: Exchange,
        sender: Attribution,
        seen: Classification,
        *,
        headers_only: bool = False,
    ) -> Situation:
        """Return what policy looks at for this exchange."""
        history, volume = _NO_HISTORY, _NO_VOLUME
        if self.parts.history is not None and self.parts.policy.asks_past:
            history, volume = self.parts.history(sender, seen)
        return Situation(
            now=self.parts.clock(),
            method=exchange.method,
            request_bytes=exchange.body_bytes,
            sender=sender,
            destination=seen.destination,
            llm=seen.llm,
            findings=seen.findings,
            degraded=seen.degraded,
            headers_only=headers_only,
            history=history,
            volume=volume,
        )


def _place(sender: Attribution, seen: Classification) -> _Place | None:
    script = sender.script
    return (
        None
        if script is None
        else (script.path or script.name, script.sha256, seen.destination.host)
    )


def volume_only(known: Classification) -> Classification:
    """Return what is kept of a program that is none of Outgate's business: where to, not what."""
    return replace(known, destination=replace(known.destination, path="/"), llm=None, findings=())


def gate_failure(policy: Policy, stage: str, reference: str) -> Decision:
    """Return what the failure table says when the gate itself failed; refuse when even that cannot be asked."""
    try:
        return policy.on_gate_failure(stage, reference)
    except Exception:  # noqa: BLE001 - boundary: the last answer of a gate in trouble is no
        return Decision(
            verdict=Verdict.BLOCK,
            reason="Outgate could not decide.",
            degraded=(f"{stage}: failed",),
        )


__all__ = ["EvidenceError", "Inspection", "Limits", "Parts", "Ruling", "gate_failure"]
