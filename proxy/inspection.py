"""The story of one request, in the numbered steps of the design. Knows ports only: no mitmproxy.

0. Presumed refused: an exchange is opened, and nothing but step 6 lets it out.
1. Connect: who sent it?
2. Headers: can a rule refuse without the body? How does the body travel?
3. Classify: what is in it, inline when cheap, in a worker when not.
4. Decide.
5. Evidence: durable before the client has its answer; in strict mode before anything leaves.
6. Apply: pass, redact, hold for a person, or refuse.
7. Answer: usage and account are read as it passes; then the record is closed.

The order is not only written here: each step moves the exchange's transaction, which refuses any
other order (proxy/life_cycle.py). The hooks apply what is returned (proxy/addon.py).
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from core.attribution import UNATTRIBUTED, Attribution, unknown_sender
from core.budgets import INLINE_BYTES
from core.classification import Classification
from core.decision import Decision, Verdict
from core.duties import OWNER, Duty
from core.exchange import Answer, Connection, Exchange
from core.fate import NOT_READ_BACK
from core.findings import Finding
from core.ids import uuid7
from core.ports import AnswerTap
from core.redaction import Redacted
from proxy import enforcement, failures, own_ends
from proxy.answers import AnswerReader, learn
from proxy.boundaries import courtesy, is_ours
from proxy.buffered_upload import WholeTap
from proxy.conversation import Conversation
from proxy.counting import TokenCounts
from proxy.deciding import Deciding
from proxy.dns_pinning import Places
from proxy.enforcement import People
from proxy.health import Health
from proxy.line_of_code import LinesOfCode
from proxy.observing import Observations
from proxy.outbox import Outbox
from proxy.outcome import WAIT, Outcome, Pass, Refuse
from proxy.parts import Limits, Parts
from proxy.refusals import STATUS as REFUSED
from proxy.refusals import status_for
from proxy.senders import Senders
from proxy.transaction import Transaction
from proxy.travel import Kept, KeptBody, PastTap, Reader
from proxy.uploads import UploadTap, answered_early, passes_still, settled

HOW_MUCH = "how much passes is known only when the connection has ended"


class Inspection:
    """Takes exchanges through the steps. One per gate; all state of an exchange is its own."""

    def __init__(
        self, parts: Parts, limits: Limits, loop: asyncio.AbstractEventLoop, health: Health
    ) -> None:
        self.limits = limits
        self.health = health
        self.deciding = Deciding(parts, limits)
        self.senders = Senders(parts.attributor, limits.attribution_s)
        self.lines = LinesOfCode(lambda: self.parts.attributor, limits.line_s)
        self.places: Places | None = None
        """Set where addresses are looked up by this gate, and not by another proxy behind it."""
        self._observations = Observations(lambda: self.parts.observer)
        self._people = People(parts.holds, parts.fingerprinter, self.limits.hold_s)
        self._outbox = Outbox(parts.evidence, loop)
        self._counts = TokenCounts(lambda: self.parts.counter, limits.classify_s)

    @property
    def parts(self) -> Parts:
        """The parts behind their ports."""
        return self.deciding.parts

    # Step 0. Presumed refused.

    def opened(self, connection: str, target: tuple[str, int]) -> Transaction:
        """An exchange begins on this client's connection: refused unless it comes to step 6.

        `target`: host and port that the client has named, and that is connected to.
        """
        transaction = Transaction(uuid7(), strict=self.limits.strict, connection=connection)
        transaction.travel.target = target
        transaction.travel.holds(self.limits.hold_bytes, self.deciding.held.share())
        return transaction

    # Step 1. Connect.

    async def connected(self, connection: Connection) -> None:
        """Ask who it is while the client waits for its first answer, and so cannot have exited."""
        await self.senders.opened(connection)

    async def sender(self, transaction: Transaction) -> Attribution:
        """Return who sent this; that nobody knows is an answer, and never a reason to fail."""
        if not transaction.attributed:
            try:
                found = await self.senders.of(transaction.connection)
            except BaseException as error:
                if not is_ours(error):
                    raise
                reference = self.health.failed("attribution", error)
                found = unknown_sender("none", f"the look-up failed, reference {reference}")
            transaction.attribute(found)
        return transaction.sender

    def sender_now(self, transaction: Transaction) -> None:
        """Have it known who sent this, as far as that is known without a look."""
        if not transaction.attributed:
            transaction.attribute(self.senders.known(transaction.connection))

    async def met(self, sender: Attribution) -> None:
        """Have the sender's script looked at; wait for it where a rule may ask what it imports."""
        async with courtesy(Duty.SCRIPTS):
            self._observations.begin(sender)
            if self.parts.policy.asks_past:
                patience = self.limits.past_s(self.parts.policy)
                await self._observations.learnt(sender, patience)

    def _observed(self, sender: Attribution) -> None:
        with courtesy(Duty.SCRIPTS):
            self._observations.begin(sender)

    # Step 2. Headers.

    async def locate(self, connection: str, host: str, port: int) -> str | None:
        """Return the address that is gone to for this host, where a rule asks for it."""
        if self.places is None or not self.parts.policy.asks_address:
            return None
        async with courtesy(Duty.PLACES):
            return await self.places.locate(connection, host, port)
        return None

    async def _located(self, transaction: Transaction, exchange: Exchange) -> Exchange:
        address = await self.locate(transaction.connection, *transaction.travel.target)
        return exchange if address is None else replace(exchange, address=address)

    async def on_headers(self, transaction: Transaction, head: Exchange) -> Outcome:
        """Refuse where no body could change that; else choose how the body travels."""
        head = await self._located(transaction, head)
        sender = await self.sender(transaction)
        await self.met(sender)
        seen = self.deciding.on_headers(head)
        decision = self.deciding.decide_on_headers(head, sender, seen)
        if decision is not None and not decision.verdict.passes:
            unread = replace(head, complete=head.body_bytes == 0)
            transaction.decide(unread, sender, seen, decision)
            return await self._refuse(transaction)
        if transaction.travel.outgrown(transaction.travel.stated_size or 0):
            return await self.on_large_body(transaction, head)
        return WAIT

    # Steps 3 to 6 for a body that is held whole.

    async def on_request(self, transaction: Transaction, exchange: Exchange) -> Outcome:
        """Return what becomes of a request that is there as a whole."""
        exchange = await self._located(transaction, exchange)
        transaction.decide(exchange, *await self._judged(transaction, exchange))
        redacted = await self.enforce(transaction)
        return await self._apply(transaction, redacted)

    async def _judged(
        self, transaction: Transaction, exchange: Exchange, *, streams: bool = False
    ) -> tuple[Attribution, Classification, Decision]:
        """Steps 3 and 4: what is in it, and what policy says."""
        sender = await self.sender(transaction)
        self._observed(sender)  # while the body is read
        seen = await self.deciding.classify(exchange, sender)
        await self.met(sender)
        seen, decision = await self.deciding.judged(exchange, sender, seen, streams=streams)
        async with courtesy(Duty.LINES):
            sender = await self.lines.added(exchange, sender, seen, decision)
        return sender, seen, decision

    async def enforce(self, transaction: Transaction) -> Redacted | None:
        """Step 6 for redact and hold: the decision is final afterwards."""
        redacted = None
        if transaction.decision.verdict is Verdict.REDACT:
            redacted = await enforcement.redact(self.parts, transaction, self.limits.classify_s)
        if transaction.decision.verdict is Verdict.HOLD:
            await self._hold(transaction)
        return redacted

    async def _hold(self, transaction: Transaction) -> None:
        """Ask a person. Who is asked finds it in the evidence: that is durable before."""
        if not await self._people.hold(transaction):
            return
        await self._outbox.durable(transaction)
        await self._people.ask(transaction)

    async def _apply(
        self, transaction: Transaction, redacted: Redacted | None = None, *, streams: bool = False
    ) -> Pass | Refuse:
        """Steps 5 and 6: evidence first, then out; or refused."""
        if not transaction.leaves:
            return await self._refuse(transaction)
        await self.let_out(transaction)
        return Pass(headers=transaction.decision.headers, redacted=redacted, streams=streams)

    async def let_out(self, transaction: Transaction) -> None:
        """Step 5, then out. Raises EvidenceError: then nothing may leave.

        What waited for a person is journalled again: should the gate die now, the evidence says
        that it was released.
        """
        if (failure := self.parts.evidence.failure or OWNER.failure) is not None:
            raise failure
        if transaction.strict or transaction.journalled:
            self._outbox.journal(transaction)
            await self._outbox.durable(transaction)
        else:
            self._outbox.sent(transaction)
        transaction.pass_on()

    async def _refuse(self, transaction: Transaction) -> Refuse:
        """Step 6. Nothing leaves; the refusal is on record before the client hears of it."""
        transaction.refuse()
        kind = transaction.exchange.header("content-type") or ""
        await self.closed(transaction, Answer(status=status_for(kind)))
        transaction.deliver()
        service = transaction.classification.destination.service
        return Refuse(
            decision=transaction.decision, reference=transaction.reference, service=service
        )

    # Steps 3 to 6 for a body that is larger than what is held.

    async def on_large_body(self, transaction: Transaction, head: Exchange) -> Outcome:
        """Decide by the headers; then the body streams past a tap, or is kept to be read whole."""
        head = await self._located(transaction, head)
        whole = replace(head, complete=True)
        sender, seen, decision = await self._judged(transaction, whole, streams=True)
        begun = replace(head, body_bytes=0, complete=False)
        transaction.decide(begun, sender, seen, settled(decision))
        if not transaction.leaves:
            return await self._refuse(transaction)
        tap = UploadTap(transaction, head, self.deciding, self.close, self.renew)
        if tap.reads and self.deciding.needs_whole(begun, sender, seen):
            transaction.keep()
            transaction.travel.body = Kept(WholeTap(transaction, tap, self.deciding))
            return WAIT
        transaction.travel.body = PastTap(tap)
        return await self._apply(transaction, streams=True)

    async def on_kept(self, transaction: Transaction, kept: KeptBody) -> Outcome:
        """Some more of a body that is kept has come; when it is complete, decide by all of it."""
        await kept.keep()
        if not kept.ended:
            return WAIT
        transaction.read(await kept.judge())
        return await self._apply(transaction)

    def on_unreadable_piece(self, transaction: Transaction, error: BaseException) -> None:
        """A kept body cannot be read back: it ends broken, and nobody takes it for complete."""
        self.health.failed("hook", error, transaction.reference)
        decision = failures.answer(self.parts.policy, "hook", transaction.reference)
        transaction.cut(NOT_READ_BACK, decision)
        self.close(transaction, None)

    # Step 7. Answer.

    def on_answer(self, transaction: Transaction, head: Answer) -> AnswerReader:
        """The head of an answer is there."""
        transaction.answer()
        reader = AnswerReader(transaction, head, self.parts.classifier)
        if transaction.exchange.body_bytes > INLINE_BYTES:
            transaction.forget_body()
        transaction.travel.reader = None if reader.passes else reader
        return reader

    async def on_passing(self, transaction: Transaction, reader: AnswerReader) -> None:
        """An answer passes as it comes: its evidence is durable before its first byte is out."""
        if reader.streams:
            self._counts.foresee(reader.tap)
        await self._outbox.durable(transaction)
        if reader.streams:
            transaction.stream()
        else:
            transaction.converse()
            transaction.travel.conversation = Conversation()
        transaction.travel.reader = reader

    async def on_answer_end(self, transaction: Transaction, content: bytes) -> None:
        """All of the answer is there. Its evidence is durable before the client has it."""
        reader = transaction.travel.reader
        assert reader is not None
        if passes_still(transaction):  # its record waits for the end of the request
            await self._outbox.durable(transaction)
            transaction.travel.late = content
            return
        await self.answered(transaction, reader, content)
        await transaction.proven()
        transaction.deliver()

    async def answered(self, transaction: Transaction, reader: Reader, content: bytes) -> None:
        """No more of its answer comes: hand its record over. `content`: of one that was held."""
        await self._counts.closed(transaction, reader, content, self.close)

    # Evidence, for all of the steps.

    def close(
        self, transaction: Transaction, answer: Answer | None, tap: AnswerTap | None = None
    ) -> None:
        """The exchange is over: hand its record over, with what was learnt from the answer."""
        if transaction.over:
            return
        if tap is not None and answer is not None:
            learn(transaction, answer, tap)
        self._outbox.close(transaction, transaction.record(answer))
        for duty, kind in OWNER.untold():
            decision = own_ends.told(self.parts.policy, duty, kind)
            self.observed(own_ends.as_exchange(self.parts.clock()), UNATTRIBUTED, decision)

    def renew(self, transaction: Transaction) -> None:
        """More of it has left: the evidence hears of that now and then."""
        self._outbox.renew(transaction)

    async def closed(self, transaction: Transaction, answer: Answer | None) -> None:
        """Hand the record over and wait until it is durable. Raises EvidenceError."""
        self.close(transaction, answer)
        await transaction.recorded()

    def settle(self) -> None:
        """Hand all evidence over: the gate stops."""
        self._counts.give_up()
        self._outbox.flush()

    # Beside the steps: failures, and what takes place unread.

    async def failed(
        self, transaction: Transaction, error: BaseException, exchange: Callable[[], Exchange]
    ) -> Refuse:
        """A step failed: refuse, with a reference, and record it where that is possible. `exchange`
        returns what was asked for, where no step had come to know it.
        """
        stage, reference = failures.stage_of(error), transaction.reference
        self.health.failed(stage, error, reference)
        decision = failures.answer(self.parts.policy, stage, reference)
        if transaction.has_left:
            decision = failures.too_late(decision)
        transaction.fail(decision)
        try:
            transaction.travel.discard()
            await self._record_failure(transaction, exchange)
        except BaseException as trouble:
            # boundary: the refusal stands even if it cannot be recorded
            if not is_ours(trouble):
                raise
            self.health.failed("evidence", trouble, reference)
        return Refuse(decision=decision, reference=reference, service=None)

    async def _record_failure(
        self, transaction: Transaction, exchange: Callable[[], Exchange]
    ) -> None:
        if transaction.over:
            return
        answer: Answer | None = Answer(status=REFUSED)
        if transaction.withheld:
            answered_early(transaction)
            answer = None if (reader := transaction.travel.reader) is None else reader.answer()
        if not transaction.known:
            unread = replace(exchange(), complete=False)
            await self.sender(transaction)
            self.describe(transaction, unread)
        await self.closed(transaction, answer)

    def describe(self, transaction: Transaction, unread: Exchange) -> None:
        """Say what is known of one that ended before it was decided on."""
        self._observed(transaction.sender)
        transaction.describe(unread, transaction.sender, self.deciding.on_headers(unread))

    def observed(
        self,
        exchange: Exchange,
        sender: Attribution,
        decision: Decision,
        findings: tuple[Finding, ...] = (),
    ) -> None:
        """Record what took place elsewhere, or not at all."""
        self._observed(sender)
        transaction, seen = Transaction(exchange.id), self.deciding.on_headers(exchange)
        seen = replace(seen, findings=findings) if findings else seen
        transaction.decide(exchange, sender, seen, decision)
        transaction.observe()
        self.close(transaction, None)

    async def pass_unread(
        self, exchange: Exchange, sender: Attribution, decision: Decision, unread: Finding
    ) -> Transaction:
        """Let a connection pass undecrypted; its evidence is durable before anything does."""
        self._observed(sender)
        transaction = Transaction(exchange.id, strict=True)
        seen = replace(self.deciding.on_headers(exchange), findings=(unread,))
        transaction.decide(exchange, sender, seen, decision)
        transaction.note(HOW_MUCH)
        await self.let_out(transaction)
        return transaction
