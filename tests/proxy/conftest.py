"""Fakes that implement the real ports, and a gate that runs with them against the stand-in
internet."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import pytest
from present import there
from socket_echo import Echo

from app.demo.internet import StandInInternet
from certs.authority import open_authority
from certs.leaf import LeafMinter
from classifiers.redaction import MessageRestorer, Restorer
from classifiers.uploads.body_scan import BodyScan
from core.attribution import Attribution, Certainty, CodeLine, ProcessRef
from core.classification import Category, Classification, Destination
from core.decision import Decision, Verdict
from core.errors import DegradedError, EvidenceError
from core.exchange import Answer, Connection, Exchange
from core.findings import Confidence, Finding
from core.fingerprint import Fingerprinter
from core.ids import utc_now
from core.observation import Observation
from core.organisation import Organisation
from core.ports import AnswerTap, Done
from core.record import Record
from core.redaction import CannotRedactError, Redacted, RedactionStep, RedactionTask, Spelled
from core.review import HoldAnswer
from core.situation import Situation
from core.uncounted import TokenCount, Uncounted
from proxy.addon import GateAddon
from proxy.connect_to import parse_route
from proxy.corporate_proxies import CorporateProxies
from proxy.gate import Gate, GateOptions
from proxy.parts import Limits, Parts

MARKED = b"TOP-SECRET"


class FakeAttributor:
    """Knows everyone; can be told to fail, to be slow, or not to know."""

    def __init__(self) -> None:
        self.fail: Exception | None = None
        self.asked: list[Connection] = []

    def attribute_now(self, connection: Connection) -> Attribution | None:
        self.asked.append(connection)
        if self.fail is not None:
            raise self.fail
        process = ProcessRef(pid=4711, started_at=None, name="python", exe="/usr/bin/python3")
        return Attribution(certainty=Certainty.EXACT, method="fake", process=process)

    def attribute(self, connection: Connection) -> Attribution:
        raise AssertionError("not needed")

    def ahead(self, connection: Connection, *, beside: bool = False) -> Any:
        return None

    def line_of_code(
        self, attribution: Attribution, request: Exchange | None = None, *, look: bool = True
    ) -> CodeLine | None:
        if not look:
            return None
        return CodeLine(file="upload.py", line=12, function="main", certainty=Certainty.EXACT)

    def tells_of_requests(self, attribution: Attribution) -> bool:
        return False

    def forget(self, connection: Connection) -> None:
        pass

    def close(self) -> None:
        pass


class FakeTap:
    def __init__(self, seen: Classification, chunks: list[bytes]) -> None:
        self._seen, self._chunks = seen, chunks

    def feed(self, chunk: bytes) -> None:
        self._chunks.append(chunk)

    def message(self, message: Any) -> None:
        pass

    def ended(self) -> bool:
        return False

    def foreseen(self) -> Uncounted | None:
        return None

    def uncounted(self, answer: Answer) -> Uncounted | None:
        return None

    def count(self, tokens: TokenCount) -> None:
        pass

    def finish(self, answer: Answer) -> Classification:
        return self._seen


class FakeClassifier:
    """Finds the marked word; everything larger than `cheap_bytes` goes to the pool."""

    def __init__(self) -> None:
        self.fail: Exception | None = None
        self.cheap_bytes = 1 << 20
        self.tapped: list[bytes] = []
        self.cannot_redact = False
        self.redacts_at_once = True

    def on_headers(self, exchange: Exchange) -> Classification:
        where = Destination(
            scheme=exchange.scheme,
            host=exchange.host,
            port=exchange.port,
            path="/",
            service=None,
            category=Category.OTHER,
        )
        return Classification(destination=where)

    def is_cheap(self, exchange: Exchange) -> bool:
        return len(exchange.body) <= self.cheap_bytes

    def is_quick(self, exchange: Exchange) -> bool:
        return self.is_cheap(exchange)

    async def prepared(self) -> None:
        """Nothing is compiled."""

    def classify(self, exchange: Exchange) -> Classification:
        if self.fail is not None:
            raise self.fail
        seen = self.on_headers(exchange)
        if MARKED not in exchange.body:
            return seen
        found = Finding(
            kind="secret", detector="marked", confidence=Confidence.CERTAIN, count=1, distinct=1
        )
        return replace(seen, findings=(found,))

    def classify_window(self, exchange: Exchange) -> Classification:
        return self.classify(exchange)

    def scan(self, head: Exchange, pool: Any, deadline_s: float) -> BodyScan:
        return BodyScan(head, self, pool, deadline_s)

    def tap(self, exchange: Exchange, classification: Classification, answer: Answer) -> AnswerTap:
        return FakeTap(classification, self.tapped)

    def redact(self, exchange: Exchange, kinds: frozenset[str], script: str) -> Redacted:
        if self.cannot_redact:
            raise CannotRedactError("it is signed")
        mark = "<SECRET_1>"
        body = exchange.body.replace(MARKED, mark.encode())
        return Redacted(body=body, headers=(), values={mark: MARKED.decode()})

    def redacts_quickly(self, exchange: Exchange) -> bool:
        return self.redacts_at_once

    def marks(self, values: Iterable[Spelled], script: str, at: datetime) -> dict[str, str]:
        return {value.spelled: f"<SECRET_{n}>" for n, value in enumerate(values, 1)}

    def restorer(self, content_type: str, values: dict[str, str]) -> Restorer:
        return Restorer(content_type, values)

    def message_restorer(self) -> MessageRestorer:
        return MessageRestorer()

    def organisation_changed(self, organisation: Organisation) -> None:
        pass


class FakeHolds:
    """People's answers about held requests; `asked` keeps each question."""

    def __init__(self) -> None:
        self.fail: Exception | None = None
        self.asked: list[list[str]] = []
        self.said: dict[str, HoldAnswer] = {}
        self.before: dict[str, HoldAnswer] = {}

    def answers(self, record_ids: Sequence[str]) -> dict[str, HoldAnswer]:
        self.asked.append(list(record_ids))
        if self.fail is not None:
            raise self.fail
        return {id_: self.said[id_] for id_ in record_ids if id_ in self.said}

    def answered_before(self, hold_key: str, since: datetime) -> HoldAnswer | None:
        return self.before.get(hold_key)

    def standing(self, record: Record) -> HoldAnswer | None:
        return None

    def say(self, record_id: str, *, approved: bool, own: bool = False) -> None:
        self.said[record_id] = HoldAnswer(approved=approved, who="officer", at=utc_now(), own=own)


class Classifies(Protocol):
    """What a worker does."""

    def classify(self, exchange: Exchange) -> Classification: ...

    def classify_window(self, exchange: Exchange) -> Classification: ...


class FakePool:
    """A pool whose worker answers, or is late."""

    def __init__(self, classifier: Classifies) -> None:
        self._classifier = classifier
        self.late = False
        self.asked = 0
        self.refuses: str | None = None
        """Why nothing is redacted, where that is so."""

    async def classify(self, exchange: Exchange, deadline_s: float) -> Classification:
        self.asked += 1
        if self.late:
            raise DegradedError("classifier", "the worker was late")
        return self._classifier.classify(exchange)

    async def classify_window(self, exchange: Exchange, deadline_s: float) -> Classification:
        self.asked += 1
        if self.late:
            raise DegradedError("classifier", "the worker was late")
        return self._classifier.classify_window(exchange)

    async def redact(self, task: RedactionTask, deadline_s: float) -> RedactionStep:
        self.asked += 1
        if self.late:
            raise DegradedError("classifier", "the worker was late")
        word, body = MARKED.decode(), task.exchange.body
        if task.marks is None:
            return RedactionStep(values=(Spelled("secret", word, word),) if MARKED in body else ())
        if self.refuses is not None:
            return RedactionStep(refused=self.refuses)
        for spelled, mark in task.marks.items():
            body = body.replace(spelled.encode(), mark.encode())
        values = {mark: spelled for spelled, mark in task.marks.items()}
        return RedactionStep(redacted=Redacted(body=body, headers=(), values=values))

    async def close(self) -> None:
        pass


class FakePolicy:
    """Blocks what has findings, what has degraded stages, and one host outright."""

    version = "0123456789abcdef"
    organisation = Organisation()
    asks_past = True
    asks_packages = False
    asks_files = False
    asks_habits = False
    asks_resources = False

    def __init__(self) -> None:
        self.fail: Exception | None = None
        self.whole = False
        self.blocked_host = "blocked.example"
        self.exempted: dict[str, Decision] = {}
        self.situations: list[Situation] = []
        self.for_findings = Decision(
            verdict=Verdict.BLOCK, rule="no-secrets", reason="It holds a secret"
        )

    def decide_on_headers(self, situation: Situation) -> Decision | None:
        if situation.destination.host == self.blocked_host:
            return Decision(
                verdict=Verdict.BLOCK, rule="no-such-host", reason="This host is not allowed"
            )
        return None

    def needs_whole(self, situation: Situation) -> bool:
        return self.whole

    def decide(self, situation: Situation) -> Decision:
        if self.fail is not None:
            raise self.fail
        self.situations.append(situation)
        if (early := self.decide_on_headers(situation)) is not None:
            return early
        if situation.degraded:
            return Decision(
                verdict=Verdict.BLOCK,
                rule="degraded",
                reason="Not inspected",
                degraded=situation.degraded,
            )
        if situation.findings:
            return self.for_findings
        return Decision(verdict=Verdict.ALLOW)

    asks_address = False

    def country_of(self, address: str) -> str:
        return "unknown"

    def exempts(self, host: str) -> bool:
        return host in self.exempted

    def pass_through(self, situation: Situation) -> Decision | None:
        return self.exempted.get(situation.destination.host)

    def on_gate_failure(self, stage: str, reference: str) -> Decision:
        return Decision(
            verdict=Verdict.BLOCK, reason="Outgate itself failed", degraded=(f"{stage}: failed",)
        )


class FakeEvidence:
    """Keeps records in memory; can be broken or slow."""

    def __init__(self) -> None:
        self.broken = False
        self.hold: threading.Event | None = None
        self.opened: list[Record] = []
        self.closed: list[Record] = []
        self.seen: list[Observation] = []
        self._failure: EvidenceError | None = None

    def open(self, record: Record, done: Done) -> None:
        self._later(self.opened, record, done)

    def close_record(self, record: Record, done: Done) -> None:
        self._later(self.closed, record, done)

    def observed(self, seen: Observation, done: Done) -> None:
        self._later(self.seen, seen, done)

    def _later[One](self, kept: list[One], record: One, done: Done) -> None:
        def write() -> None:
            if self.hold is not None:
                self.hold.wait(20)
            if self.broken:
                done(EvidenceError("the disk is full"))
            else:
                kept.append(record)
                done(None)

        threading.Thread(target=write, daemon=True).start()

    @property
    def backlog(self) -> int:
        return 0

    @property
    def failure(self) -> EvidenceError | None:
        return self._failure

    def stop(self) -> None:
        pass


@dataclass
class RunningGate:
    """A gate in a thread, with its fakes at hand."""

    port: int
    roots: Path
    internet: StandInInternet
    attributor: FakeAttributor
    classifier: FakeClassifier
    pool: FakePool
    policy: FakePolicy
    evidence: FakeEvidence
    holds: FakeHolds
    gate: Gate

    @property
    def addon(self) -> GateAddon:
        return there(self.gate.addon)

    def client_context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.roots))

    def connect(self, host: str, alpn: list[str] | None = None) -> ssl.SSLSocket:
        """Open a TLS connection to a host through the gate."""
        context = self.client_context()  # takes long on a busy machine: not while a tunnel waits
        if alpn:
            context.set_alpn_protocols(alpn)
        raw = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        raw.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n".encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += raw.recv(4096)
        assert b" 200 " in head.split(b"\r\n")[0]
        return context.wrap_socket(raw, server_hostname=host)


@dataclass
class _Fakes:
    attributor: FakeAttributor = field(default_factory=FakeAttributor)
    classifier: FakeClassifier = field(default_factory=FakeClassifier)
    policy: FakePolicy = field(default_factory=FakePolicy)
    evidence: FakeEvidence = field(default_factory=FakeEvidence)
    holds: FakeHolds = field(default_factory=FakeHolds)


@pytest.fixture
def internet(tmp_path: Path) -> Iterator[StandInInternet]:
    with StandInInternet(tmp_path / "internet") as internet:
        yield internet


@pytest.fixture
def echo(internet: StandInInternet, monkeypatch: pytest.MonkeyPatch) -> Iterator[Echo]:
    echo = Echo(internet)
    routes = [f"ws.example:443:127.0.0.1:{echo.port}", *internet.routes]
    monkeypatch.setattr(StandInInternet, "routes", routes)
    yield echo
    echo.stop()


class StartsGate(Protocol):
    """Starts a gate with fakes, as `start_gate` below does; the limits are those of `Limits`."""

    def __call__(
        self, *, people: bool = True, proxies: CorporateProxies | None = None, **limits: Any
    ) -> RunningGate: ...


@pytest.fixture
def start_gate(tmp_path: Path, internet: StandInInternet) -> Iterator[StartsGate]:
    """Start gates with fakes; all are stopped at the end. `people`: whether somebody can be
    asked.
    """
    stops: list[Callable[[], None]] = []

    def start(
        *, people: bool = True, proxies: CorporateProxies | None = None, **limits: Any
    ) -> RunningGate:
        running, stop = _start(tmp_path, internet, Limits(**limits), people=people, proxies=proxies)
        stops.append(stop)
        return running

    yield start
    for stop in stops:
        stop()


@pytest.fixture
def gate(start_gate: StartsGate) -> RunningGate:
    return start_gate()


def started(folder: Path, internet: StandInInternet) -> tuple[RunningGate, Callable[[], None]]:
    """Return a gate with fakes, and what stops it: for those that share one."""
    return _start(folder, internet, Limits())


def _start(
    folder: Path,
    internet: StandInInternet,
    limits: Limits,
    *,
    people: bool = True,
    proxies: CorporateProxies | None = None,
) -> tuple[RunningGate, Callable[[], None]]:
    authority = open_authority(folder / "authority")
    roots, upstream, chain = folder / "roots.pem", folder / "upstream.pem", folder / "chain.pem"
    roots.write_bytes(authority.root_pem())
    chain.write_bytes(authority.chain_pem())
    upstream.write_bytes(internet.authority.root_pem())
    minter = LeafMinter(authority)
    fakes = _Fakes()
    pool = FakePool(fakes.classifier)
    parts = Parts(
        attributor=fakes.attributor,
        classifier=fakes.classifier,
        pool=pool,
        policy=fakes.policy,
        evidence=fakes.evidence,
        redaction=pool,
        holds=fakes.holds if people else None,
        fingerprinter=Fingerprinter(b"k" * 32),
    )

    def mint(host: str) -> tuple[Any, Any]:
        leaf = minter.mint(host)
        return leaf.certificate, leaf.key

    options = GateOptions(
        mint=mint,
        chain_file=chain,
        upstream_roots=upstream,
        routes=tuple(parse_route(r) for r in internet.routes),
        limits=limits,
        proxies=proxies or CorporateProxies(),
    )
    gate = Gate(parts, options)
    ports: list[int] = []
    ready = threading.Event()

    def announced(_: str, port: int) -> None:
        ports.append(port)
        ready.set()

    thread = threading.Thread(target=lambda: asyncio.run(gate.run(announced)), daemon=True)
    thread.start()
    assert ready.wait(20)

    def stop() -> None:
        gate.stop()
        thread.join(20)

    running = RunningGate(
        port=ports[0],
        roots=roots,
        internet=internet,
        attributor=fakes.attributor,
        classifier=fakes.classifier,
        pool=pool,
        policy=fakes.policy,
        evidence=fakes.evidence,
        holds=fakes.holds,
        gate=gate,
    )
    return running, stop
