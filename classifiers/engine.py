"""The engine: decodes an exchange once, asks every detector, and sums up. The same in the gate, in workers and offline."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from classifiers.credentials import CredentialDetector
from classifiers.decoding import DEFAULT, INLINE, decode
from classifiers.destinations import AccountTap, Bindings, destination
from classifiers.hits import Hit, one_per_kind, summarise
from classifiers.llm import UsageTap, label, recognise
from classifiers.payload import Carrier, Payload
from classifiers.personal import PersonalDetector, table_findings
from classifiers.redaction import MessageRestorer, Placeholders, Restorer, refuse_signed, rewrite
from core.budgets import INLINE_BYTES
from core.classification import Category, Classification, Destination, LlmCall
from core.exchange import Answer, Exchange, Message
from core.findings import NOT_INSPECTED, Confidence, Finding
from core.fingerprint import Fingerprinter
from core.organisation import Organisation
from core.redaction import CannotRedactError, Redacted
from core.values import changed

if TYPE_CHECKING:
    from classifiers.personal.prose.presidio import OrganisationRecognisers

_DOCUMENT_TYPES = (
    "multipart/",
    "application/pdf",
    "application/zip",
    "application/vnd.",
    "application/x-",
    "application/gzip",
)
_INLINE_TYPES = (
    "application/x-www-form-urlencoded",
    "application/x-ndjson",
    "application/x-json",
    "application/vnd.api+json",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSetup:
    """What an engine is made of; can be sent to a worker process. Its repr shows no key."""

    key: bytes
    """Of the fingerprints, 32 bytes."""
    organisation: Organisation
    cache: Path | None = None
    in_worker: bool = False
    """True where documents may be read and names looked for: in a process that can be killed."""
    names: bool = False
    """True when names and addresses in prose are looked for: then every body with prose goes to a worker."""

    long_tail: bool = True
    """False leaves Outgate's own rules for secrets only: nothing is compiled in the background."""

    def __repr__(self) -> str:
        return f"<EngineSetup in_worker={self.in_worker}>"


class Engine:
    """Implements `core.ports.Classifier`."""

    def __init__(self, setup: EngineSetup) -> None:
        self._setup = setup
        self._fingerprinter = Fingerprinter(setup.key)
        self._organisation = setup.organisation
        self._credentials = CredentialDetector(
            setup.cache, setup.organisation, long_tail=setup.long_tail
        )
        self._personal = PersonalDetector()
        self._bindings = Bindings(self._fingerprinter)
        self._placeholders = Placeholders(self._fingerprinter)
        self._recognisers: OrganisationRecognisers | None = None

    @property
    def _asks_workers(self) -> bool:
        return self._setup.names or bool(self._organisation.recognizers)

    def organisation_changed(self, organisation: Organisation) -> None:
        """Use another organisation from now on."""
        self._organisation = organisation
        self._credentials.organisation_changed(organisation)
        self._recognisers = None

    def warm(self, wait_s: float = 0.0) -> None:
        """Compile what would make the first request slow; wait so long for the whole rule pack."""
        self._credentials.warm(wait_s)
        self._personal.warm()

    def on_headers(self, exchange: Exchange) -> Classification:
        """Classify from host, path and headers alone."""
        llm = recognise(exchange, None, self._fingerprinter)
        where = destination(exchange, self._organisation, self._bindings)
        return Classification(destination=_llm_destination(where, llm), llm=llm)

    def is_cheap(self, exchange: Exchange) -> bool:
        """True when the body is small and no document by its type."""
        if len(exchange.body) > INLINE_BYTES or (exchange.body and self._asks_workers):
            return False
        kind = (exchange.header("content-type") or "").lower()
        return not kind.startswith(_DOCUMENT_TYPES) or kind.startswith(_INLINE_TYPES)

    def classify(self, exchange: Exchange, *, explain: bool = False) -> Classification:
        """Classify the whole exchange; outside a worker, documents inside it make the result `deferred`."""
        payload = decode(exchange, DEFAULT if self._setup.in_worker else INLINE)
        stages = _Stages()
        if payload.documents or payload.cut:
            if not self._setup.in_worker:
                return replace(self.on_headers(exchange), deferred=True)
            if payload.json is not None:
                stages.run("labels", lambda: label(payload, ()))
            stages.run("documents", lambda: self._read_documents(payload))
        llm = stages.run("llm", lambda: recognise(exchange, payload, self._fingerprinter))
        return self._inspected(exchange, payload, stages, llm, explain=explain)

    def classify_window(self, exchange: Exchange) -> Classification:
        """Return the findings of a later window of a large body: those of `classify`, at the cost of what may hold any."""
        from classifiers.uploads.window import window_payload

        payload = window_payload(exchange, self._credentials.places)
        if payload is None:
            return self.on_headers(exchange)
        if payload.documents or payload.cut:
            return replace(self.on_headers(exchange), deferred=True)
        return self._inspected(exchange, payload, _Stages(), None)

    def _inspected(
        self,
        exchange: Exchange,
        payload: Payload,
        stages: "_Stages",
        llm: LlmCall | None,
        *,
        explain: bool = False,
    ) -> Classification:
        where = destination(exchange, self._organisation, self._bindings)
        hits: list[Hit] = []
        hits += (
            stages.run(
                "secrets", lambda: self._credentials.detect(payload, exchange.host, explain=explain)
            )
            or []
        )
        hits += (
            stages.run("personal data", lambda: self._personal.detect(payload, explain=explain))
            or []
        )
        if self._setup.in_worker:
            hits += self._slow_hits(payload, hits, stages, explain)
        if llm is not None and (hits or payload.tables):
            stages.run("labels", lambda: label(payload, {hit.segment for hit in hits}))
        findings = summarise(hits, payload, self._fingerprinter, self._organisation.exceptions)
        for table in payload.tables:
            found = stages.run("tables", partial(table_findings, table, self._fingerprinter))
            findings = one_per_kind([*findings, *(found or ())])
        return Classification(
            destination=_llm_destination(where, llm),
            llm=llm,
            findings=(*findings, *_unread(payload)) if findings or payload.unread else (),
            degraded=tuple(stages.failed),
            explanation=self._explained(payload, hits) if explain else (),
        )

    def _slow_hits(
        self, payload: Payload, hits: list[Hit], stages: "_Stages", explain: bool
    ) -> list[Hit]:
        """Return what only workers look for: names in prose, and what the organisation's own recognisers find."""
        found: list[Hit] = []
        if self._setup.names:
            found += stages.run("names", lambda: self._names(payload, hits, explain)) or []
        if self._organisation.recognizers:
            found += (
                stages.run(
                    "organisation's recognisers", lambda: self._own_recognisers().detect(payload)
                )
                or []
            )
        return found

    def _own_recognisers(self) -> "OrganisationRecognisers":
        if self._recognisers is None:
            from classifiers.personal.prose.presidio import recognisers_of

            self._recognisers = recognisers_of(self._organisation.recognizers)
        return self._recognisers

    def _explained(self, payload: Payload, hits: list[Hit]) -> tuple[str, ...]:
        from classifiers.explaining import explained

        return explained(payload, hits, self._fingerprinter, self._organisation.exceptions)

    def redact(self, exchange: Exchange, kinds: frozenset[str], script: str) -> Redacted:
        """Replace every found value of these kinds. Raises CannotRedactError when one would stay or change its meaning."""
        headers = dict(reversed(exchange.headers))
        refuse_signed(headers)
        payload = decode(exchange)
        if payload.documents:
            raise CannotRedactError("a file inside the request is not rewritten")
        plain = replace(
            exchange,
            body=payload.plain,
            body_bytes=len(payload.plain),
            headers=_identity(exchange.headers),
        )
        values: dict[str, str] = {}
        for hit in self._to_redact(plain, kinds):
            values[hit[1]] = self._placeholders.of(script, exchange.at, hit[0].kind, hit[0].value)
        body = rewrite(plain.body, payload.media_type, values)
        left = {
            f.kind for f in self.classify(replace(plain, body=body, body_bytes=len(body))).findings
        } & kinds
        if left:
            raise CannotRedactError(f"{', '.join(sorted(left))} would still be in it")
        changed = (("content-encoding", ""), ("accept-encoding", "identity"))
        return Redacted(
            body=body,
            headers=changed,
            values={mark: value for value, mark in reversed(values.items())},
        )

    def _to_redact(self, exchange: Exchange, kinds: frozenset[str]) -> Iterator[tuple[Hit, str]]:
        payload = decode(exchange)
        payload.segments[:] = [segment._replace(tabular=False) for segment in payload.segments]
        hits = [*self._credentials.detect(payload, exchange.host), *self._personal.detect(payload)]
        for hit in hits:
            if hit.kind not in kinds or hit.rejected is not None:
                continue
            segment = payload.segments[hit.segment]
            if segment.carrier is not Carrier.BODY:
                raise CannotRedactError("a value stands in the address or in a header")
            yield hit, segment.text[hit.start : hit.end]

    def restorer(self, content_type: str, values: dict[str, str]) -> Restorer:
        """Return what puts the values back into an answer of this type."""
        return Restorer(content_type, values)

    def message_restorer(self) -> MessageRestorer:
        """Return what puts values back into the messages of one WebSocket."""
        return MessageRestorer()

    def tap(
        self, exchange: Exchange, classification: Classification, answer: Answer
    ) -> "EngineTap":
        """Return what reads the answer to this exchange."""
        return EngineTap(exchange, classification, answer, self._bindings)

    def _read_documents(self, payload: Payload) -> None:
        from classifiers.documents import read_document

        waiting, payload.documents = payload.documents, []
        for document in waiting:
            inner = read_document(document)
            payload.segments += inner.segments
            payload.tables += inner.tables
            payload.unread += inner.unread

    def _names(self, payload: Payload, known: list[Hit], explain: bool) -> list[Hit]:
        from classifiers.personal.prose.names import shared_recogniser

        taken: dict[int, list[Hit]] = {}
        for hit in known:
            if hit.rejected is None:
                taken.setdefault(hit.segment, []).append(hit)
        found = shared_recogniser().detect(payload, explain=explain)
        return [hit for hit in found if not _overlaps(hit, taken.get(hit.segment, ()))]


def _identity(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in headers if pair[0] != "content-encoding")


class EngineTap:
    """Reads one answer: usage of an LLM call, and whose account it was."""

    def __init__(
        self, exchange: Exchange, seen: Classification, head: Answer, bindings: Bindings
    ) -> None:
        self._seen = seen
        self._account = AccountTap(exchange, seen.destination, bindings)
        self._usage = UsageTap(seen.llm, head, exchange) if seen.llm is not None else None

    def feed(self, chunk: bytes) -> None:
        """Take the next raw bytes of the body."""
        self._account.feed(chunk)
        if self._usage is not None:
            self._usage.feed(chunk)

    def message(self, message: Message) -> None:
        """Take one WebSocket message."""
        if self._usage is not None:
            self._usage.message(message)

    def finish(self, answer: Answer) -> Classification:
        """Return the classification with what the answer told."""
        seen = self._seen
        llm = self._usage.finish(answer) if self._usage is not None else None
        account = self._account.finish(answer)
        where = seen.destination if account is None else changed(seen.destination, account=account)
        return changed(seen, llm=llm, destination=where)


class _Stages:
    """Runs stages so that one that fails is named in the record and stops none of the others."""

    def __init__(self) -> None:
        self.failed: list[str] = []

    def run[T](self, name: str, stage: Callable[[], T]) -> T | None:
        try:
            return stage()
        except Exception as error:  # noqa: BLE001 - boundary: a bug in a detector degrades the record, it never passes unseen
            self.failed.append(f"{name}: {type(error).__name__}")
            return None


def build_worker(setup: EngineSetup) -> Engine:
    """Return the engine of a worker process: it may read documents and look for names."""
    return Engine(replace(setup, in_worker=True))


def _llm_destination(where: Destination, llm: LlmCall | None) -> Destination:
    if llm is None or where.category is not Category.OTHER:
        return where
    return changed(where, category=Category.LLM, service=where.service or llm.provider)


def _overlaps(hit: Hit, others: Iterable[Hit]) -> bool:
    return any(hit.start < other.end and other.start < hit.end for other in others)


def _unread(payload: Payload) -> list[Finding]:
    reasons: dict[str, list[str]] = {}
    for unread in payload.unread:
        place = ".".join(map(str, unread.path)) or "body"
        reasons.setdefault(unread.reason, []).append(place)
    return [
        Finding(
            kind=NOT_INSPECTED,
            detector="decoder",
            confidence=Confidence.CERTAIN,
            count=len(places),
            distinct=1,
            where=tuple(dict.fromkeys(places))[:10],
            note=reason,
        )
        for reason, places in reasons.items()
    ]
