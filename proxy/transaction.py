"""One exchange on its way: the only holder of what is known of it, decided on it and proven of it.

Its life is the table of `proxy/life_cycle.py`: the methods below "the decision" are its events, and
what comes in the wrong order raises OrderError. Knows no mitmproxy (proxy/binding.py).
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from core.attribution import Attribution
from core.classification import Classification
from core.decision import Decision, HoldOutcome
from core.errors import EvidenceError
from core.exchange import Answer, Exchange
from core.record import Record
from core.recorded import record_of
from core.values import changed
from proxy.held_bodies import sender_of
from proxy.life_cycle import (
    ANY_WAY,
    ENDS,
    STEPS,
    Event,
    OrderError,
    Proof,
    State,
    out_of_order,
    way_of,
)
from proxy.travel import Travel

Acknowledgement = asyncio.Future[EvidenceError | None]
"""Resolved when evidence is durable, or cannot be made so."""
_OUT = frozenset({State.PASSING, State.ANSWERING, State.STREAMING})
WITHHELD = "it had left when the gate failed: only its answer was withheld"
_ANSWERING = frozenset({State.ANSWERING, State.STREAMING, State.CONVERSING})


class Transaction:
    """One exchange on its way. Drops the payload early; its repr shows none."""

    __slots__ = tuple(
        (
            "_classification _closing _decision _exchange _handed _journalled _let_out_by "
            "_sender _values connection failed notes reference state stopped strict travel"
        ).split()
    )

    def __init__(self, reference: str, *, strict: bool = False, connection: str = "") -> None:
        """Presume that it is refused.

        `strict`: it may leave only when its evidence is durable. `connection`: the id of the
        client's connection that it came on.
        """
        self.reference = reference
        """What an analyst quotes and an officer finds: the id of the record."""
        self.strict = strict
        self.connection = connection
        self.state = State.OPEN
        self.failed = False
        """True once the gate itself failed on it: whatever comes, its client is refused."""
        self.stopped = False
        """True once it was cut: no more of it leaves, whatever comes."""
        self.notes: list[str] = []
        self.travel = Travel()
        self._exchange: Exchange | None = None
        self._sender: Attribution | None = None
        self._classification: Classification | None = None
        self._decision: Decision | None = None
        self._let_out_by: Decision | None = None
        """Of one that the gate failed on when it had left: what it had left by."""
        self._values: Mapping[str, str] = {}
        self._handed = False
        self._journalled: Acknowledgement | None = None
        self._closing: Acknowledgement | None = None

    def __repr__(self) -> str:
        return f"<Transaction {self.reference} {self.state}>"

    # what is known

    @property
    def exchange(self) -> Exchange:
        """The request, as far as it is kept."""
        if self._exchange is None:
            raise self._unknown()
        return self._exchange

    @property
    def sender(self) -> Attribution:
        """Who sent it."""
        if self._sender is None:
            raise self._unknown()
        return self._sender

    @property
    def classification(self) -> Classification:
        """What is in it."""
        if self._classification is None:
            raise self._unknown()
        return self._classification

    @property
    def decision(self) -> Decision:
        """What was decided."""
        if self._decision is None:
            raise self._unknown()
        return self._decision

    @property
    def attributed(self) -> bool:
        """Whether it is known who sent it, or that nobody knows."""
        return self._sender is not None

    @property
    def known(self) -> bool:
        """Whether enough is known of it for a record."""
        return self._exchange is not None

    @property
    def leaves(self) -> bool:
        """Whether it goes out by the decision as it stands: as it is, redacted, or released."""
        return self.decision.left

    @property
    def values(self) -> Mapping[str, str]:
        """Placeholder → value, for as long as the answer lasts."""
        return self._values

    @property
    def undecided(self) -> bool:
        """True as long as nothing has happened to it."""
        return self.state is State.OPEN

    @property
    def passing(self) -> bool:
        """True while it is out and no answer has begun."""
        return self.state is State.PASSING

    @property
    def answering(self) -> bool:
        """True while its answer is on the way."""
        return self.state in _ANSWERING

    @property
    def has_left(self) -> bool:
        """True once it is out as it was let out, and is answered as a whole."""
        closed = self.state is State.CLOSED and self._decision is not None
        return self.state in _OUT or (closed and self.leaves and not self.failed)

    @property
    def withheld(self) -> bool:
        """True where the gate failed on its answer, before its record was closed."""
        return self._let_out_by is not None

    @property
    def over(self) -> bool:
        """True when nothing is expected any more."""
        return self.state in ENDS

    @property
    def proof(self) -> Proof:
        """What there is of its evidence."""
        said = (*_said(self._journalled), *_said(self._closing))
        if said:
            return Proof.DURABLE if None in said else Proof.LOST
        return Proof.HANDED if self._handed else Proof.NONE

    @property
    def evidence(self) -> Acknowledgement | None:
        """What to wait for until its evidence is durable: the journal's word, else the record's."""
        return self._closing if self._journalled is None else self._journalled

    @property
    def journalled(self) -> bool:
        """Whether it stands in the journal, or is on its way there."""
        return self._journalled is not None

    # facts: no steps of its life; what comes after the record is handed over is in no record

    def attribute(self, sender: Attribution) -> None:
        """It is known who sent it."""
        self._sender = sender
        self.travel.share.belongs_to(sender_of(sender))

    def note(self, text: str) -> None:
        """Add to what the record says in words."""
        self.notes.append(text)

    def unsay(self, beginning: str) -> None:
        """Take back the notes that begin so."""
        self.notes[:] = [note for note in self.notes if not note.startswith(beginning)]

    def learn(self, classification: Classification) -> None:
        """More is known of what is in it."""
        if self._classification is None:
            raise self._unknown()
        self._classification = classification

    def left(self, size: int, *, whole: bool) -> None:
        """So many bytes of its body have left; `whole`: that is all of it."""
        self._exchange = changed(self.exchange, body_bytes=size, complete=whole)

    def forget_body(self) -> None:
        """Drop the payload: nothing asks for it any more."""
        self._exchange = changed(self.exchange, body=b"")

    # the decision

    def answer_here(self) -> None:
        """The gate itself answers: nothing leaves, nothing is recorded."""
        self._move(Event.ANSWER_HERE)

    def abandon(self, decision: Decision) -> None:
        """It ended before anything of it left: its client is gone, or the gate stops. The decision
        is taken where policy has taken none.
        """
        self._move(Event.ABANDON)
        self._decision = self._decision or decision

    def decide(
        self, exchange: Exchange, sender: Attribution, seen: Classification, decision: Decision
    ) -> None:
        """Policy has decided on this exchange."""
        self._move(Event.DECIDE)
        self._exchange, self._sender = exchange, sender
        self._classification, self._decision = seen, decision

    def fall_back(self, decision: Decision) -> None:
        """It cannot be treated as asked: the rule's answer to that stands."""
        self._move(Event.FALL_BACK)
        self._decision = decision

    def keep(self) -> None:
        """Its body is kept until all of it was read."""
        self._move(Event.KEEP)

    def read(self, decision: Decision) -> None:
        """All of its body was read, and this is the outcome."""
        self._move(Event.READ)
        self._decision = decision

    def revise(self, decision: Decision) -> None:
        """More of it was read: this is the decision now. One that refuses what passes cuts it."""
        self._move(Event.REVISE, decision)
        self._decision = decision

    def redact(self, values: Mapping[str, str]) -> None:
        """Its values are replaced by placeholders."""
        self._move(Event.REDACT)
        self.note(f"{len(values)} values replaced by placeholders")
        self._values = values if self.decision.restore else {}

    def hold(self, key: str, seconds: float) -> None:
        """A person has to say yes within the time; identical requests share the key."""
        self._move(Event.HOLD)
        self._decision = replace(self.decision, hold_key=key, hold_seconds=seconds)

    def recall(self, who: str) -> None:
        """This person has said yes to an identical request lately."""
        self._move(Event.RECALL)
        self.note(f"an identical request was approved by {who}")
        self._decision = replace(self.decision, hold_outcome=HoldOutcome.APPROVED_BEFORE)

    def wait(self) -> None:
        """It stands where a person can see it, and waits."""
        self._move(Event.WAIT)

    def hear(self, outcome: HoldOutcome, note: str, reason: str) -> None:
        """A person has answered, or nobody did in time."""
        self._move(Event.HEAR)
        self.note(note)
        self._decision = replace(self.decision, hold_outcome=outcome, reason=reason)

    # evidence, and what it allows

    def journal(self, acknowledgement: Acknowledgement | None = None) -> None:
        """Its evidence is handed over; with an acknowledgement: to the writer itself."""
        self._move(Event.JOURNAL)
        self._handed = True
        if acknowledgement is not None:
            self._journalled = acknowledgement

    async def proven(self) -> None:
        """Wait until its evidence is durable, in the journal or in the chain.

        Raises EvidenceError.
        """
        await _come(self.evidence)

    async def recorded(self) -> None:
        """Wait until its record is durable. Raises EvidenceError."""
        await _come(self._closing)

    def pass_on(self) -> None:
        """It leaves."""
        self._move(Event.PASS_ON)

    def refuse(self) -> None:
        """Nothing of it leaves."""
        self._move(Event.REFUSE)

    def answer(self) -> None:
        """The head of an answer is there."""
        self._move(Event.ANSWER)

    def stream(self) -> None:
        """The answer streams to the client."""
        self._move(Event.STREAM)

    def converse(self) -> None:
        """The connection becomes a WebSocket."""
        self._move(Event.CONVERSE)

    # ends

    def cut(self, note: str, decision: Decision | None = None) -> None:
        """It ends here; what has left of it stands in the exchange."""
        self._move(Event.CUT)
        self.stopped = True
        self.note(note)
        if decision is not None:
            self._decision = decision

    def fail(self, decision: Decision) -> None:
        """The gate itself failed on it: this is what the failure table says.

        The client is told so; the record of one that had left says that it did, and by what.
        """
        known = self._decision if self.state in _OUT else None
        self._move(Event.FAIL)
        self.failed = True
        self._decision = decision
        if known is not None:
            self.note(WITHHELD)
            stages = (*known.degraded, *decision.degraded)
            self._let_out_by = replace(known, degraded=stages)

    def describe(self, exchange: Exchange, sender: Attribution, seen: Classification) -> None:
        """What is known of an exchange that ended before it was decided on."""
        self._move(Event.DESCRIBE)
        self._exchange, self._sender, self._classification = exchange, sender, seen

    def observe(self) -> None:
        """It took place elsewhere, or not at all: there is only a record of it."""
        self._move(Event.OBSERVE)

    def close(self, acknowledgement: Acknowledgement) -> None:
        """Its record is handed over. Placeholders are not put back any more."""
        self._move(Event.CLOSE)
        self._values = {}
        self._handed, self._closing = True, acknowledgement

    def deliver(self) -> None:
        """Its client has the answer, or the refusal."""
        self._move(Event.DELIVER)

    def record(self, answer: Answer | None = None) -> Record:
        """Return the record as far as it is known."""
        decision = self._let_out_by or self.decision
        known = self.exchange, self.sender, self.classification, decision
        return record_of(*known, answer, tuple(self.notes))

    def _move(self, event: Event, by: Decision | None = None) -> None:
        step = STEPS[event].get(self.state)
        if step is None:
            raise out_of_order(event, self.state)
        if step.needs is not Proof.NONE:
            self._must_have(step.needs, event)
        if step.by is not ANY_WAY and (way := way_of(by or self.decision)) not in step.by:
            raise out_of_order(event, self.state, f"by the decision its way is {way}")
        self.state = step.to

    def _must_have(self, needed: Proof, event: Event) -> None:
        if self.strict and event is Event.PASS_ON:
            needed = Proof.DURABLE
        if (proof := self.proof) < needed:
            why = f"its evidence must be {needed.name.lower()} and is {proof.name.lower()}"
            raise out_of_order(event, self.state, why)

    def _unknown(self) -> OrderError:
        return OrderError(f"Nothing was decided on this exchange: it is {self.state}.")


def _said(acknowledgement: Acknowledgement | None) -> tuple[EvidenceError | None, ...]:
    """Return the writer's word if it has come; one whose waiter was cancelled never comes."""
    if acknowledgement is None or not acknowledgement.done() or acknowledgement.cancelled():
        return ()
    return (acknowledgement.result(),)


async def _come(acknowledgement: Acknowledgement | None) -> None:
    if acknowledgement is None:
        raise OrderError("Nothing was handed to the writer that could be waited for.")
    if (error := await acknowledgement) is not None:
        raise error
