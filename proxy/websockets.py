"""WebSockets: what a client sends inside one is inspected message by message and summed up in one record.

A message that waits for a person has a record of its own, for it is a case of its own: its content and its bytes are
not in the sum. Placeholders that replaced values on the way out become values again in what the server says.
"""

from dataclasses import replace

from mitmproxy import http

from core.classification import Classification
from core.decision import Decision, Verdict
from core.exchange import Answer, Exchange
from core.findings import merged
from core.ids import uuid7
from core.ports import MessageRestorer
from core.vocabulary.sizes import counted
from proxy import enforcement, refusals
from proxy.classifying import classified
from proxy.inspection import Inspection, gate_failure
from proxy.transaction import Ruling
from proxy.websocket_direction import ENDED, HELD_BACK, Passing
from proxy.websocket_layer import CLIENT_GONE, CLOSING_WORDS, TOO_BIG, WAITING, end_socket

_RANK = {verdict: rank for rank, verdict in enumerate(Verdict)}
_SWITCHED = 101
_JSON_BEGINS = (b"{", b"[", b'"')


class MessageGate:
    """Inspects the client's messages of one WebSocket, and puts values back into the server's."""

    def __init__(self, flow: http.HTTPFlow, inspection: Inspection) -> None:
        self._flow = flow
        self._inspection = inspection
        self._restorer: MessageRestorer | None = None
        self._apart = 0
        """Messages that have records of their own."""
        self._apart_bytes = 0
        """Of those that left."""

    async def on_message(self, message: Passing, ruling: Ruling) -> None:
        """Inspect one message; drop it and end the connection when a rule refuses it."""
        if ENDED in self._flow.metadata:
            message.dropped = True
        elif message.from_client:
            await self._inspect(message, ruling)
        elif self._restorer is not None:
            self._restore(message, self._restorer)

    def failed(self, message: Passing, ruling: Ruling, reference: str) -> None:
        """The gate failed on this message: it does not go on, and the connection ends."""
        message.dropped = True
        ruling.decision = gate_failure(self._inspection.parts.policy, "hook", reference)
        self._refuse(ruling, len(message.content), ruling)

    async def _inspect(self, message: Passing, ruling: Ruling) -> None:
        limits, size = self._inspection.limits, len(message.content)
        if ruling.sender.is_python is False and not limits.inspect_others:
            _passed(ruling, size)
            return
        part, summed = await self._judged(message, ruling)
        await self._apply(part, message, ruling)
        apart = part.decision.hold_key is not None
        if apart:
            await self._record(part, message, ruling)
        else:
            ruling.classification = summed
            ruling.decision = stricter(ruling.decision, part.decision)
            ruling.notes += [note for note in part.notes if note not in ruling.notes]
        if message.dropped:
            self._refuse(ruling, size, part if apart else ruling)
        elif not apart:
            _passed(ruling, size)

    async def _judged(self, message: Passing, ruling: Ruling) -> tuple[Ruling, Classification]:
        """Return the ruling on this message, decided with all that came before it, and what is known with it."""
        parts = self._inspection.parts
        exchange = _as_exchange(message, ruling)
        seen = await classified(
            exchange, parts.classifier, parts.pool, self._inspection.limits.classify_s
        )
        summed = _summed(ruling.classification, seen)
        left = ruling.exchange.body_bytes + self._apart_bytes
        sofar = replace(exchange, body_bytes=left + len(message.content))
        decision = parts.policy.decide(self._inspection.situation(sofar, ruling.sender, summed))
        if not decision.verdict.passes:
            now = parts.clock()
            exchange = replace(exchange, id=uuid7(now), at=now)
        if decision.verdict is Verdict.HOLD:
            exchange = replace(
                exchange, path=ruling.exchange.path
            )  # an approval is for this very place
        own = replace(summed, findings=seen.findings, degraded=seen.degraded)
        return Ruling(
            exchange=exchange, sender=ruling.sender, classification=own, decision=decision
        ), summed

    async def _apply(self, part: Ruling, message: Passing, ruling: Ruling) -> None:
        found = {f.kind for f in part.classification.findings}
        if part.decision.verdict is Verdict.REDACT and part.decision.redact_kinds.isdisjoint(found):
            return
        if (
            part.decision.verdict is Verdict.HOLD
            and not found
            and _released(ruling.decision, part.decision)
        ):
            return
        if Verdict.HOLD in {part.decision.verdict, part.decision.on_error}:
            self._flow.metadata[WAITING] = True
        try:
            redacted = await self._inspection.enforce(part)
        finally:
            self._flow.metadata.pop(WAITING, None)
        if redacted is not None:
            message.content = redacted.body
            self._restores(redacted.values if part.decision.restore else {})
        message.dropped = not enforcement.passes(part.decision)

    async def _record(self, part: Ruling, message: Passing, ruling: Ruling) -> None:
        """Close the record of a message that was held. Nothing goes on to a connection that ended meanwhile."""
        size = len(message.content)
        if CLIENT_GONE in self._flow.metadata or ENDED in self._flow.metadata or ruling.closed:
            message.dropped = True
            part.notes.append("the connection ended while the message waited: it was not sent")
        if not message.dropped and part.durable is None:
            await self._inspection.journal(part)
        self._apart += 1
        self._apart_bytes += 0 if message.dropped else size
        counted = f"messages that were held and have records of their own: {self._apart}"
        ruling.notes = [
            *(n for n in ruling.notes if not n.startswith(counted.partition(":")[0])),
            counted,
        ]
        part.exchange = replace(part.exchange, complete=not message.dropped)
        acknowledged = self._inspection.close(
            part, None if message.dropped else Answer(status=_SWITCHED)
        )
        if (
            message.dropped
            and acknowledged is not None
            and (error := await acknowledged) is not None
        ):
            raise error

    def _restores(self, values: dict[str, str]) -> None:
        if not values:
            return
        if self._restorer is None:
            self._restorer = self._inspection.parts.classifier.message_restorer()
        self._restorer.learn(values)

    def _restore(self, message: Passing, restorer: MessageRestorer) -> None:
        restored = restorer.feed(message.content, text=message.text)
        *message.before, last = restored or [b""]
        message.dropped = not restored
        if last != message.content:
            message.content = last
        self._flow.metadata.pop(HELD_BACK, None)
        if restorer.holds_back:
            self._flow.metadata[HELD_BACK] = restorer.finish

    def _refuse(self, ruling: Ruling, size: int, because: Ruling) -> None:
        left = ruling.exchange.body_bytes + self._apart_bytes
        ruling.exchange = replace(ruling.exchange, complete=False)
        ruling.notes.append(
            f"a message of {counted(size, 'byte')} was refused and the connection ended; "
            f"{counted(left, 'byte')} had left"
        )
        end_socket(self._flow, refusals.brief(because.decision, because.reference))


def note_end(flow: http.HTTPFlow, ruling: Ruling) -> None:
    """Say in the record that a message was refused for its size, or that the client's closing words stayed here, if so."""
    if (reason := flow.metadata.get(TOO_BIG)) is not None:
        ruling.exchange = replace(ruling.exchange, complete=False)
        ruling.notes.append("what was too large to be held was refused and the connection ended")
        ruling.decision = replace(ruling.decision, verdict=Verdict.BLOCK, reason=f"{reason}.")
    if CLOSING_WORDS in flow.metadata:
        ruling.notes.append(
            f"the client's {counted(flow.metadata[CLOSING_WORDS], 'byte')} of closing words "
            "were not passed on"
        )


def stricter(known: Decision, new: Decision) -> Decision:
    """Return the decision that stands for the connection: the strictest of its messages."""
    return new if _strictness(new) > _strictness(known) else known


def _strictness(decision: Decision) -> tuple[int, int, bool]:
    return (
        _RANK[decision.verdict],
        _RANK[decision.intended or decision.verdict],
        decision.rule is not None,
    )


def _released(opening: Decision, message: Decision) -> bool:
    """Return True when a person let the connection open under the rule that would hold this message, too."""
    return (
        opening.verdict is Verdict.HOLD
        and opening.rule == message.rule
        and enforcement.passes(opening)
    )


def _passed(ruling: Ruling, size: int) -> None:
    ruling.exchange = replace(
        ruling.exchange, body_bytes=ruling.exchange.body_bytes + size, body=b""
    )


def _as_exchange(message: Passing, ruling: Ruling) -> Exchange:
    """The address and headers of the upgrade were inspected with it: here they would be counted with every message."""
    return replace(
        ruling.exchange,
        method="WEBSOCKET",
        path="/",
        headers=(("content-type", _type_of(message)),),
        body=message.content,
        body_bytes=len(message.content),
        complete=True,
    )


def _type_of(message: Passing) -> str:
    """Some services send their JSON as binary messages."""
    if message.content.lstrip()[:1] in _JSON_BEGINS:
        return "application/json"
    return "text/plain; charset=utf-8" if message.text else "application/octet-stream"


def _summed(known: Classification, seen: Classification) -> Classification:
    degraded = tuple(dict.fromkeys((*known.degraded, *seen.degraded)))
    return replace(known, findings=merged(known.findings, seen.findings), degraded=degraded)
