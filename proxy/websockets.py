"""WebSockets: what a client sends inside one is inspected message by message, in one record.

A message that waits for a person has a record of its own, for it is a case of its own: its content
and its bytes are not in the sum. Placeholders that replaced values on the way out become values
again in what the server says.
"""

from collections.abc import Iterator
from dataclasses import replace

from core.classification import Classification
from core.decision import Decision, Verdict
from core.exchange import Answer
from core.fate import MESSAGE_REFUSED, MESSAGE_TOO_LARGE
from core.ids import uuid7
from core.ports import MessageRestorer
from core.sent_file import FilesLook
from core.vocabulary.sizes import counted
from proxy import failures, refusals
from proxy.answers import SWITCHING
from proxy.classifying import classified
from proxy.conversation import Conversation
from proxy.inspection import Inspection
from proxy.message import Passing
from proxy.socket_messages import as_exchange, summed
from proxy.transaction import Transaction
from proxy.travel import Reader

_RANK = {verdict: rank for rank, verdict in enumerate(Verdict)}
_NOT_SENT = "the connection ended while the message waited: it was not sent"
_APART = "messages that were held and have records of their own"


class MessageGate:
    """Inspects the clients' messages, and puts values back into the servers'. One per gate."""

    def __init__(self, inspection: Inspection) -> None:
        self._inspection = inspection

    async def on_message(self, message: Passing) -> None:
        """Inspect one message; drop it and end the connection when a rule refuses it."""
        conversation = _conversation(message.transaction)
        _reader(message.transaction).message(message.told())
        if conversation.ending is not None:
            message.dropped = True
        elif message.from_client:
            await self._inspect(message, message.transaction, conversation)
        elif conversation.restorer is not None:
            _restore(message, conversation, conversation.restorer)

    def failed(self, message: Passing, error: BaseException) -> None:
        """The gate failed on this message: it does not go on, and the connection ends."""
        message.dropped = True
        whole = message.transaction
        self._inspection.health.failed("hook", error, whole.reference)
        policy = self._inspection.parts.policy
        whole.fail(failures.answer(policy, "hook", whole.reference))
        whole.note(_end(whole, len(message.content), whole.decision, whole.reference))

    def ended(self, whole: Transaction) -> None:
        """The connection is closed: so is its record, which says if anything stayed here."""
        if whole.over:
            return
        conversation, reader = _conversation(whole), _reader(whole)
        if conversation.too_big and whole.answering:
            whole.left(whole.exchange.body_bytes, whole=False)
            reason = f"{conversation.too_big}."
            whole.cut(
                MESSAGE_TOO_LARGE, replace(whole.decision, verdict=Verdict.BLOCK, reason=reason)
            )
        for note in _stayed(conversation):
            whole.note(note)
        self._inspection.close(whole, reader.answer(), reader.tap)

    async def _inspect(
        self, message: Passing, whole: Transaction, conversation: Conversation
    ) -> None:
        if not self._inspection.deciding.reads(whole.sender):
            _left(whole, len(message.content))
            self._inspection.renew(whole)
            return
        size = len(message.content)
        part, known = await self._judged(message, whole, conversation)
        await self._apply(part, message, whole, conversation)
        if part.decision.hold_key is None:
            whole.learn(known)
            _add(part, whole, message, size)
            self._inspection.renew(whole)
            return
        await self._record(part, message, whole, conversation)
        if message.dropped:
            whole.cut(_end(whole, size, part.decision, part.reference))

    async def _judged(
        self, message: Passing, whole: Transaction, conversation: Conversation
    ) -> tuple[Transaction, Classification]:
        """Return this message on its way, decided on with all that came before it.

        And what is known of the connection with it.
        """
        deciding = self._inspection.deciding
        parts, seconds = deciding.parts, deciding.limits.classify_s
        exchange = as_exchange(whole.exchange, message.content, text=message.text)
        rounds = deciding.rounds
        seen = await classified(exchange, parts.classifier, parts.pool, seconds, rounds)
        known = summed(whole.classification, seen)
        known = replace(known, files_look=FilesLook.CONVERSATION)
        left = whole.exchange.body_bytes + conversation.apart_bytes
        sofar = replace(exchange, body_bytes=left + len(message.content))
        decision = deciding.decide(sofar, whole.sender, known)
        if not decision.verdict.passes:
            now = parts.clock()
            exchange = replace(exchange, id=uuid7(now), at=now)
        if decision.verdict is Verdict.HOLD:
            # An approval is for this very place, and for whoever opened the connection.
            opening = (*exchange.headers, *whole.exchange.headers)
            exchange = replace(exchange, path=whole.exchange.path, headers=opening)
        own = replace(known, findings=seen.findings, degraded=seen.degraded)
        part = Transaction(exchange.id, strict=whole.strict)
        part.decide(exchange, whole.sender, own, decision)
        return part, known

    async def _apply(
        self, part: Transaction, message: Passing, whole: Transaction, conversation: Conversation
    ) -> None:
        if _needs_nothing(part, whole):
            return
        if Verdict.HOLD in {part.decision.verdict, part.decision.on_error}:
            conversation.waiting = True
        try:
            redacted = await self._inspection.enforce(part)
        finally:
            conversation.waiting = False
        if redacted is not None:
            message.content = redacted.body
            self._restores(conversation, dict(part.values))
        message.dropped = not part.leaves

    async def _record(
        self, part: Transaction, message: Passing, whole: Transaction, conversation: Conversation
    ) -> None:
        """Close the record of a held message. Nothing goes on to a connection that has ended."""
        gone = conversation.broken_off or whole.over
        message.dropped = gone or not part.leaves
        conversation.apart += 1
        whole.unsay(_APART)
        whole.note(f"{_APART}: {conversation.apart}")
        if message.dropped:
            _stays(part, gone=gone)
            await self._inspection.closed(part, None)
            return
        await self._inspection.let_out(part)
        conversation.apart_bytes += len(message.content)
        self._inspection.close(part, Answer(status=SWITCHING))

    def _restores(self, conversation: Conversation, values: dict[str, str]) -> None:
        if not values:
            return
        if conversation.restorer is None:
            conversation.restorer = self._inspection.parts.classifier.message_restorer()
        conversation.restorer.learn(values)


def _conversation(whole: Transaction) -> Conversation:
    conversation = whole.travel.conversation
    assert conversation is not None
    return conversation


def _reader(whole: Transaction) -> Reader:
    assert whole.travel.reader is not None
    return whole.travel.reader


def _needs_nothing(part: Transaction, whole: Transaction) -> bool:
    """Return True for a rule that has nothing to do with this message, or was answered before."""
    decision = part.decision
    found = {f.kind for f in part.classification.findings}
    if decision.verdict is Verdict.REDACT:
        return decision.redact_kinds.isdisjoint(found)
    if decision.verdict is Verdict.HOLD:
        return not found and _released(whole.decision, decision)
    return False


def _restore(message: Passing, conversation: Conversation, restorer: MessageRestorer) -> None:
    restored = restorer.feed(message.content, text=message.text)
    *message.before, last = restored or [b""]
    message.dropped = not restored
    if last != message.content:
        message.content = last
    conversation.held_back = restorer.finish if restorer.holds_back else None


def _add(part: Transaction, whole: Transaction, message: Passing, size: int) -> None:
    """Add a message that has no record of its own to that of the connection."""
    for note in part.notes:
        if note not in whole.notes:
            whole.note(note)
    decision = whole.decision
    if message.dropped or part.leaves:  # else a person has let it out with the connection
        decision = stricter(decision, part.decision)
    if message.dropped:
        whole.cut(_end(whole, size, decision, whole.reference), decision)
    else:
        whole.revise(decision)
        _left(whole, size)


def _stays(part: Transaction, *, gone: bool) -> None:
    """A held message does not go on: it was refused, or there is nobody any more."""
    part.left(part.exchange.body_bytes, whole=False)
    if part.leaves:
        part.cut(_NOT_SENT)
        return
    if gone:
        part.note(_NOT_SENT)
    part.refuse()


def _end(whole: Transaction, size: int, decision: Decision, reference: str) -> str:
    """End the connection for a refused message; return what the record says of it."""
    conversation = _conversation(whole)
    left = whole.exchange.body_bytes + conversation.apart_bytes
    whole.left(whole.exchange.body_bytes, whole=False)
    conversation.end(refusals.brief(decision, reference))
    said = f"a message of {counted(size, 'byte')} {MESSAGE_REFUSED}"
    return f"{said}; {counted(left, 'byte')} had left"


def _stayed(conversation: Conversation) -> Iterator[str]:
    """Yield what is to say of bytes beside its messages that the client sent, and that stayed."""
    if conversation.closing_words:
        words = counted(conversation.closing_words, "byte")
        yield f"the client's {words} of closing words were not passed on"
    if conversation.unfinished:
        size = counted(conversation.unfinished, "byte")
        yield f"{size} of a message that never ended were not passed on"
    if code := conversation.misspoke:
        said = f"what the client sent last was no WebSocket message ({code})"
        yield f"{said}: it was not passed on"


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
    """Return True when a person let the connection open under the rule that holds this message."""
    return opening.verdict is Verdict.HOLD and opening.rule == message.rule and opening.left


def _left(whole: Transaction, size: int) -> None:
    whole.forget_body()
    whole.left(whole.exchange.body_bytes + size, whole=whole.exchange.complete)
