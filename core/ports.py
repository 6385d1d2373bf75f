"""The ports: what each part of the house offers to the others. Concrete classes are chosen in
app/wiring.py only.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from core.attribution import Attribution, CodeLine
from core.classification import Classification, Scanned
from core.decision import Decision
from core.errors import EvidenceError
from core.exchange import Answer, Connection, Exchange, Message
from core.observation import Observation
from core.organisation import Organisation
from core.record import Record
from core.redaction import Redacted, RedactionStep, RedactionTask, Spelled
from core.review import HoldAnswer
from core.situation import Situation
from core.uncounted import TokenCount, Uncounted


class Attributor(Protocol):
    """Names the sender of a connection. Never raises: a failure is an UNKNOWN attribution with its
    reason.
    """

    def attribute_now(self, connection: Connection) -> Attribution | None:
        """Answer at once, on the event loop (budget 300 µs), or None when it takes a search."""

    def attribute(self, connection: Connection) -> Attribution:
        """Answer thoroughly; may take milliseconds, so call it off the event loop."""

    def ahead(self, connection: Connection, *, beside: bool = False) -> Callable[[], object] | None:
        """Return what to do off the event loop now so that the next request needs no search; None
        where it needs none for some while, a longer one when others are looked at anyway
        (`beside`). Cheap: on the loop.
        """

    def line_of_code(
        self, attribution: Attribution, request: Exchange | None = None, *, look: bool = True
    ) -> CodeLine | None:
        """Sample the sender's stack while it waits (tens of ms; off the loop). None when it cannot
        be had.

        `request`: the one that is meant, by which what the sender itself says of its requests is
        found. Without `look` only that is asked (a millisecond), which is of use only where the
        sender `tells_of_requests`.
        """

    def tells_of_requests(self, attribution: Attribution) -> bool:
        """Return True when the sender itself may say which line sent what. Cheap: on the loop."""

    def forget(self, connection: Connection) -> None:
        """The connection is closed: drop what was kept for it."""

    def close(self) -> None:
        """Release sockets and helper processes."""


class Networks(Protocol):
    """Knows the networks of sealed runs, beside the gate's own, and asks them about sockets."""

    def entered(self, network: int, supervisor: int, asking: Sequence[int]) -> None:
        """A network has come, made by this process: three sockets (descriptors, ours from now on)
        ask the kernel about it, for answers at once, for searches, and for lists. Raises OSError
        where it is not believed: they stay the caller's then. Off the event loop.
        """

    def left(self, network: int) -> None:
        """It has gone."""


class DirectConnections(Protocol):
    """The open connections to other machines, at any port, that do not go through the gate;
    datagrams included.
    """

    def changed(self) -> bool:
        """Return False only where none can have begun since one last asked. Cheap enough for the
        event loop.
        """

    def established(self) -> Sequence[Connection]:
        """Return them, and those that are asked for, the far side standing as the gate's. May take
        milliseconds: call it off the event loop.
        """

    def hear(self, *, wanted: bool) -> bool:
        """Begin, or cease, to hear of those that end. Returns False where nobody tells."""

    def ended(self) -> Sequence[Connection] | None:
        """Return those that ended since one last asked, however short they were: all programs', and
        without a mark of whose. None where some were lost. Cheap enough for the event loop.
        """

    def speaks_quic(self, pid: int) -> bool:
        """Return True when the process has loaded a library for HTTP/3. Off the event loop, like
        the rest.
        """

    def run_of(self, pid: int) -> int | None:
        """Return the process of `outgate run` that this one was started by, be it by others between
        them that have gone; None also where that cannot be seen. Takes some 30 µs.
        """


class AnswerTap(Protocol):
    """Reads an answer as it passes. Never raises."""

    def feed(self, chunk: bytes) -> None:
        """Take the next raw bytes of the answer's body, split anywhere."""

    def message(self, message: Message) -> None:
        """Take one message of a WebSocket, either way."""

    def ended(self) -> bool:
        """Return True when the answer has said itself that it is over: a client may leave then."""

    def foreseen(self) -> Uncounted | None:
        """Return the call, without its answer, where that will likely not say what it used."""

    def uncounted(self, answer: Answer) -> Uncounted | None:
        """Read all that came; return what has to be counted since the answer does not say it.

        Whoever asks counts elsewhere: `finish` does it no more.
        """

    def count(self, tokens: TokenCount) -> None:
        """Learn what was counted of what `uncounted` returned."""

    def finish(self, answer: Answer) -> Classification:
        """Return the request's classification completed with usage, cost and account learnt from
        the answer.

        `answer.body` is None when the body was fed in chunks.
        """


class Restorer(Protocol):
    """Puts values back into an answer as it passes."""

    def feed(self, chunk: bytes) -> bytes:
        """Take the next body bytes; return what is certain."""

    def finish(self) -> bytes:
        """Return what was held back."""


class MessageRestorer(Protocol):
    """Puts values back into a server's WebSocket messages as they pass. Never raises."""

    @property
    def holds_back(self) -> bool:
        """Return True while the end of some text waits for what comes next."""

    def learn(self, values: Mapping[str, str]) -> None:
        """Restore these, too: placeholder → value."""

    def feed(self, content: bytes, *, text: bool) -> list[bytes]:
        """Take one message; return the messages that go on now, the last one in its place."""

    def finish(self) -> list[tuple[bytes, bool]]:
        """Return what was held back as messages of its own, each with whether it is text."""


class Scan(Protocol):
    """Reads one large body as it passes, before it is let go on. Never raises on payload."""

    @property
    def through(self) -> int:
        """How many of the body's first bytes were read, and are needed no more to read what
        follows.
        """

    @property
    def wants(self) -> int:
        """How many more bytes it is worth to feed at once."""

    def reads_as_one(self, start: bytes) -> bool:
        """Return True when a body that begins so must be read as a whole, not as it passes."""

    def feed(self, data: bytes, *, last: bool, settled: bool = False) -> AsyncIterator[Scanned]:
        """Take the next bytes as sent, split anywhere; yield what is known whenever more is.

        Scans may go on when it returns; with `last`, or `settled`, they are over.
        """

    def stop(self) -> None:
        """What is found no longer matters: begin no more scans."""


class Classifier(Protocol):
    """Says where an exchange goes, to whose account, which LLM call it is and what it holds.

    Never raises on payload, however hostile: what cannot be read becomes a `not_inspected` finding,
    and a failed stage stands in `Classification.degraded`.
    """

    def on_headers(self, exchange: Exchange) -> Classification:
        """Classify from host, path and headers alone, before the body is there."""

    def is_cheap(self, exchange: Exchange) -> bool:
        """True when `classify` may run on the event loop, and nobody needs a worker."""

    def is_quick(self, exchange: Exchange) -> bool:
        """True when `classify` takes two milliseconds at most, even if a worker finds more."""

    async def prepared(self) -> None:
        """Wait until `classify` compiles nothing any more; never holds the event loop."""

    def classify(self, exchange: Exchange) -> Classification:
        """Classify the whole exchange; a `deferred` result must be asked of a `ClassifierPool`
        instead.
        """

    def classify_window(self, exchange: Exchange) -> Classification:
        """Find what `classify` would find in a later window of a large body, reading only what may
        hold something.
        """

    def scan(self, head: Exchange, pool: "ClassifierPool", deadline_s: float) -> Scan:
        """Return what reads the body of this request as it passes; windows of it may go to the
        pool.
        """

    def redact(self, exchange: Exchange, kinds: frozenset[str], script: str) -> Redacted:
        """Replace every found value of these kinds by placeholders, stable within script and day.

        Raises CannotRedactError when that cannot be done faithfully. Not for the event loop when
        the body is large.
        """

    def redacts_quickly(self, exchange: Exchange) -> bool:
        """True when `redact` takes two milliseconds at most, and finds all that a worker would."""

    def marks(self, values: Iterable[Spelled], script: str, at: datetime) -> dict[str, str]:
        """Return the placeholder of each value by its spelling, as `redact` gives them."""

    def restorer(self, content_type: str, values: dict[str, str]) -> Restorer:
        """Return what puts values back into an uncompressed answer of this type."""

    def message_restorer(self) -> MessageRestorer:
        """Return what puts values back into the messages of one WebSocket."""

    def tap(self, exchange: Exchange, classification: Classification, answer: Answer) -> AnswerTap:
        """Return a tap for the answer with this head."""

    def organisation_changed(self, organisation: Organisation) -> None:
        """Use another organisation from now on."""


class ClassifierPool(Protocol):
    """Classifies in worker processes that can be killed when late."""

    async def classify(self, exchange: Exchange, deadline_s: float) -> Classification:
        """Classify in a worker. Raises DegradedError, with what was found until then, when it is
        late, killed or crashed.
        """

    async def classify_window(self, exchange: Exchange, deadline_s: float) -> Classification:
        """Find what is in a later window of a large body. Raises DegradedError as `classify`
        does.
        """

    async def close(self) -> None:
        """Stop all workers."""


class RedactionPool(Protocol):
    """Redacts in worker processes what would keep the event loop."""

    async def redact(self, task: RedactionTask, deadline_s: float) -> RedactionStep:
        """Do one step. Raises DegradedError when the worker is late, killed or crashed."""


class TokenCounter(Protocol):
    """Counts tokens in a worker process: the tables that it takes are large."""

    async def count(self, uncounted: Uncounted, deadline_s: float) -> TokenCount:
        """Count them. Raises DegradedError when the worker is late, killed or crashed."""


class Policy(Protocol):
    """Decides. Pure: the same situation gives the same decision."""

    @property
    def version(self) -> str:
        """First 16 hex digits of the policy's SHA-256."""

    @property
    def organisation(self) -> Organisation:
        """What the policy file says of the organisation."""

    @property
    def asks_past(self) -> bool:
        """True when some rule looks at `Situation.history` or `Situation.volume`."""

    @property
    def asks_packages(self) -> bool:
        """True when some rule looks at what a script is made of."""

    @property
    def asks_files(self) -> bool:
        """True when some rule looks at which files were sent."""

    @property
    def asks_habits(self) -> bool:
        """True when some rule looks at what a script does as a rule."""

    @property
    def asks_resources(self) -> bool:
        """True when some rule looks at what a process uses."""

    @property
    def asks_address(self) -> bool:
        """True when some rule looks at the address that is connected to."""

    def country_of(self, address: str) -> str:
        """Return the country of an IP address: ISO 3166 alpha-2, or `unknown`."""

    def decide_on_headers(self, situation: Situation) -> Decision | None:
        """Decide before the body is there, or None when some rule in the way needs the body."""

    def decide(self, situation: Situation) -> Decision:
        """Decide with everything known. `situation.degraded` is an input, never an exception."""

    def needs_whole(self, situation: Situation) -> bool:
        """Return True when a rule in the way wants a large body read to its end before any of it
        leaves.
        """

    def exempts(self, host: str) -> bool:
        """True when some exception names this host, in force or not: only then is `pass_through`
        worth asking.
        """

    def pass_through(self, situation: Situation) -> Decision | None:
        """Decide on an encrypted connection before it is decrypted; None when no exception names
        it.

        A verdict that passes lets it through undecrypted. Any other says why the exception does not
        help; the connection is then inspected like any other.
        """

    def on_gate_failure(self, stage: str, reference: str) -> Decision:
        """Decide what happens when the gate itself failed: see the failure table."""


Done = Callable[[EvidenceError | None], None]


class EvidenceWriter(Protocol):
    """The one writer of exchange evidence. Durable means: in the database, survives kill -9 of the
    gate.
    """

    def open(self, record: Record, done: Done) -> None:
        """Journal an exchange that goes out; `done` is called from the writer's thread when
        durable.
        """

    def close_record(self, record: Record, done: Done) -> None:
        """Append the finished record to the chain (and drop its journal entry, if any)."""

    def observed(self, seen: Observation, done: Done) -> None:
        """Append an observation to the chain of records."""

    @property
    def backlog(self) -> int:
        """Entries handed over and not yet durable."""

    @property
    def failure(self) -> EvidenceError | None:
        """Why evidence cannot be written now, if so."""

    def stop(self) -> None:
        """Write everything handed over, then stop."""


class Holds(Protocol):
    """What people said about held requests. Each call may block on the disk: call it off the event
    loop.
    """

    def answers(self, record_ids: Sequence[str]) -> Mapping[str, HoldAnswer]:
        """Return what people said about these held requests, without those that nobody has
        answered.
        """

    def answered_before(self, hold_key: str, since: datetime) -> HoldAnswer | None:
        """Return what a person said since then about an identical request (same sender, destination
        and content).
        """

    def standing(self, record: Record) -> HoldAnswer | None:
        """Return the approval that stands until a day and covers this request: the version of its
        script, its place and account, its kinds of data, and about so many people and rows.
        """
