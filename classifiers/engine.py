"""The engine: decodes an exchange once, asks every detector, and sums up. The same in the gate, in
workers and offline.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from classifiers.cost import LEAST_DEAR, is_quick
from classifiers.credentials import CredentialDetector
from classifiers.decoding import DEFAULT, INLINE, WINDOW, decode
from classifiers.destinations import Bindings, destination
from classifiers.found_values import without_values
from classifiers.hidden_hosts import HostMasks
from classifiers.hits import Hit, counting, one_per_kind, summarise, told_once
from classifiers.llm import label, recognise
from classifiers.payload import Payload, Table
from classifiers.personal import PersonalDetector, pasted_findings, table_findings, tallied
from classifiers.personal.tables.joining import tallies_of
from classifiers.personal.tables.pasted import stands_in_several
from classifiers.shapes.long_form import upright_table
from classifiers.shapes.stage import pasted_in
from classifiers.stages import Stages
from classifiers.warming import Warmed
from core.budgets import INLINE_BYTES
from core.classification import Category, Classification, Destination, LlmCall, Tally, at_model
from core.discreet import name_shown
from core.errors import DegradedError
from core.exchange import WEBSOCKET, Exchange
from core.findings import DECODER, Finding, not_inspected
from core.fingerprint import Fingerprinter
from core.organisation import Organisation
from core.told_apart import told_apart
from core.vocabulary.unread import UnreadKind

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


_PACKED = 256
"""Bytes of a packed body that unpack to little, whatever they are."""


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
    """True when names and addresses in prose are looked for: then every body with prose goes to a
    worker."""

    long_tail: bool = True
    """False leaves Outgate's own rules for secrets only: nothing is compiled in the background."""

    def __repr__(self) -> str:
        return f"<EngineSetup in_worker={self.in_worker}>"


class Engine(Warmed):
    """The pipeline: exchange → payload → hits → findings."""

    def __init__(self, setup: EngineSetup) -> None:
        secrets = CredentialDetector(setup.cache, setup.organisation, long_tail=setup.long_tail)
        super().__init__(secrets, PersonalDetector())
        self._setup = setup
        self.fingerprinter = Fingerprinter(setup.key)
        self._organisation = setup.organisation
        self.bindings = Bindings(self.fingerprinter)
        self._host_masks = HostMasks(self.hits)
        self._recognisers: OrganisationRecognisers | None = None

    @property
    def _asks_workers(self) -> bool:
        return self._setup.names or bool(self._organisation.recognizers)

    def organisation_changed(self, organisation: Organisation) -> None:
        """Use another organisation from now on."""
        self._organisation = organisation
        self.credentials.organisation_changed(organisation)
        self._recognisers = None

    def on_headers(self, exchange: Exchange) -> Classification:
        """Classify from host, path and headers alone."""
        llm = recognise(exchange, None, self.fingerprinter)
        where = self._where(exchange)
        seen = Classification(destination=_llm_destination(where, llm), llm=llm)
        return without_values(seen, Payload(), (), self._organisation)

    def _where(self, exchange: Exchange) -> Destination:
        where = destination(exchange, self._organisation, self.bindings)
        return self._host_masks.applied(where, exchange)

    def is_cheap(self, exchange: Exchange) -> bool:
        """True when it is quick, and nothing asks for a worker."""
        return not (exchange.body and self._asks_workers) and self.is_quick(exchange)

    def is_quick(self, exchange: Exchange) -> bool:
        """True when what the event loop looks for takes two milliseconds at most, by what stands in
        the request: it is small, no document by its type, and not packed.
        """
        body = exchange.body
        if len(body) > INLINE_BYTES:
            return False
        kind = (exchange.header("content-type") or "").lower()
        if kind.startswith(_DOCUMENT_TYPES) and not kind.startswith(_INLINE_TYPES):
            return False
        around = sum([len(name) + len(value) for name, value in exchange.headers])
        around += len(exchange.path)
        if len(body) <= LEAST_DEAR and around <= LEAST_DEAR:
            return exchange.header("content-encoding") is None or len(body) <= _PACKED
        if exchange.header("content-encoding") is not None and len(body) > _PACKED:
            return False
        return is_quick(parts(exchange))

    def classify(
        self,
        exchange: Exchange,
        *,
        explain: bool = False,
        progress: Callable[[Classification], None] | None = None,
    ) -> Classification:
        """Classify the whole exchange; outside a worker, documents inside it make the result
        `deferred`. `progress` is told what is known before each part that may take long.
        """
        payload = decode(exchange, DEFAULT if self._setup.in_worker else INLINE)
        stages = Stages(progress, tally=exchange.method == WEBSOCKET)
        if payload.documents or payload.cut:
            if not self._setup.in_worker:
                return replace(self.on_headers(exchange), deferred=True)
            if payload.json is not None:
                stages.run("labels", partial(label, payload, ()))
            if progress is not None and payload.segments:
                progress(self._inspected(exchange, payload, Stages(), None, quick=True))
            stages.run("documents", partial(_read_documents, payload))
        recognised = partial(recognise, exchange, payload, self.fingerprinter)
        llm = stages.run("llm", recognised)
        return self._inspected(exchange, payload, stages, llm, explain=explain)

    def classify_window(self, exchange: Exchange) -> Classification:
        """Return the findings of a later window of a large body: those of `classify`, at the cost
        of what may hold any. `deferred`: files in it are not read.
        """
        from classifiers.uploads.window import window_payload

        limits = WINDOW if self._setup.in_worker else INLINE
        payload = window_payload(exchange, self.credentials.places, limits)
        if payload is None:
            return self.on_headers(exchange)
        deferred = bool(payload.documents or payload.cut)
        if deferred and not self._setup.in_worker:
            return replace(self.on_headers(exchange), deferred=True)
        return replace(
            self._inspected(exchange, payload, Stages(tally=True), None), deferred=deferred
        )

    def hits(self, payload: Payload, host: str) -> list[Hit]:
        """Return what the detectors of the event loop find. Raises what they raise."""
        return [*self.credentials.detect(payload, host), *self._personal.detect(payload)]

    def hits_in(self, payload: Payload, exchange: Exchange) -> list[Hit]:
        """Return what `classify` counts of these, by each host that is named. Raises what detectors
        raise.
        """
        found = [*self._secrets(payload, exchange), *self._personal.detect(payload)]
        if not (self._setup.in_worker and self._asks_workers):
            return found
        stages = Stages()
        found += self._slow_hits(payload, found, stages, explain=False)
        if stages.failed:
            raise DegradedError("redaction", stages.failed[0])
        return found

    def kinds_in(self, exchange: Exchange) -> frozenset[str]:
        """Return the kinds of all that is found in it. Raises DegradedError where a worker would
        have to read it.
        """
        seen = self.classify(exchange)
        if seen.deferred:
            raise DegradedError("redaction", "what would be sent instead could not be read")
        return frozenset(finding.kind for finding in seen.findings)

    def _inspected(
        self,
        exchange: Exchange,
        payload: Payload,
        stages: Stages,
        llm: LlmCall | None,
        *,
        explain: bool = False,
        quick: bool = False,
    ) -> Classification:
        """`quick`: without what takes long."""
        where = self._where(exchange)
        payload.pasted = stages.run("shapes", partial(pasted_in, payload)) or []
        hits = stages.hits("secrets", partial(self._secrets, payload, exchange, explain=explain))
        hits += stages.hits(
            "personal data", partial(self._personal.detect, payload, explain=explain)
        )
        if self._setup.in_worker and self._asks_workers and not quick:
            if stages.progress is not None:
                stages.progress(self._summed(exchange, payload, hits, stages, (where, llm)))
            hits += self._slow_hits(payload, hits, stages, explain=explain)
        return self._summed(exchange, payload, hits, stages, (where, llm), explain=explain)

    def _summed(
        self,
        exchange: Exchange,
        payload: Payload,
        hits: list[Hit],
        stages: Stages,
        call: tuple[Destination, LlmCall | None],
        *,
        explain: bool = False,
    ) -> Classification:
        """Return what these hits come to, sent there and as that call."""
        where, llm = call
        hits = told_once(hits, payload)
        if llm is not None:
            _label_found(payload, hits, stages)
        tally = stages.tally or stands_in_several(payload, hits)
        apart = stages.run(
            "tables", partial(pasted_findings, payload, hits, self.fingerprinter, tally=tally)
        )
        alone, told, tallies = apart or (hits, [], [])
        exceptions = self._organisation.exceptions
        findings = summarise(alone, payload, self.fingerprinter, exceptions)
        for table in map(upright_table, payload.tables):
            told += self._in_table(table, stages, tallies, tally=tally)
        if tally and (told or stages.tally):
            tallies += tallies_of(counting(alone, payload, self.fingerprinter, exceptions))
        if told:
            findings = told_apart(one_per_kind([*findings, *told]), tallies)
        seen = Classification(
            destination=_llm_destination(where, llm),
            llm=llm,
            findings=(*findings, *_unread(payload, _is_models(where, llm)), *stages.unread())
            if findings or payload.unread or stages.failed
            else (),
            degraded=tuple(stages.failed),
            tallies=tuple(tallies) if stages.tally else (),
            explanation=self._explained(payload, hits) if explain else (),
        )
        return without_values(seen, payload, hits, self._organisation)

    def _in_table(
        self, table: Table, stages: Stages, tallies: list[Tally], *, tally: bool
    ) -> list[Finding]:
        """Return what a table holds; where values are tallied, add its own."""
        if not tally:
            return stages.run("tables", partial(table_findings, table, self.fingerprinter)) or []
        counted = stages.run("tables", partial(tallied, table, self.fingerprinter))
        if counted is None:
            return []
        tallies += counted.tallies
        return counted.findings

    def _secrets(self, payload: Payload, exchange: Exchange, *, explain: bool = False) -> list[Hit]:
        """Return what leaks at any host that the request names: a key may go to its own only."""
        found = self.credentials.detect(payload, exchange.host, explain=explain)
        for name in exchange.other_names:
            if name.in_doubt:
                there = self.credentials.detect(payload, name.host)
                found += [hit for hit in there if hit not in found]
        return found

    def _slow_hits(
        self, payload: Payload, hits: list[Hit], stages: Stages, *, explain: bool
    ) -> list[Hit]:
        """Return what only workers look for: names in prose, and what the organisation's own
        recognisers find.
        """
        found: list[Hit] = []
        if self._setup.names:
            found += stages.hits("names", partial(self._names, payload, hits, explain))
        if self._organisation.recognizers:
            own = stages.run("organisation's recognisers", self._own_recognisers)
            if own is not None:
                found += stages.hits("organisation's recognisers", partial(own.detect, payload))
        return found

    def _own_recognisers(self) -> "OrganisationRecognisers":
        if self._recognisers is None:
            from classifiers.personal.prose.presidio import recognisers_of

            self._recognisers = recognisers_of(self._organisation.recognizers)
        return self._recognisers

    def _explained(self, payload: Payload, hits: list[Hit]) -> tuple[str, ...]:
        from classifiers.explaining import explained

        return explained(payload, hits, self.fingerprinter, self._organisation.exceptions)

    def _names(self, payload: Payload, known: list[Hit], explain: bool) -> list[Hit]:
        from classifiers.personal.prose.names import shared_recogniser

        taken: dict[int, list[Hit]] = {}
        for hit in known:
            if hit.rejected is None:
                taken.setdefault(hit.segment, []).append(hit)
        found = shared_recogniser().detect(payload, explain=explain)
        return [hit for hit in found if not _overlaps(hit, taken.get(hit.segment, ()))]


def _label_found(payload: Payload, hits: list[Hit], stages: Stages) -> None:
    """Say in which parts of a call the segments stand that hold something."""
    pasted = payload.pasted or ()
    if hits or payload.tables or pasted:
        found_in = {hit.segment for hit in hits} | {table.segment for table in pasted}
        stages.run("labels", partial(label, payload, found_in))


def parts(exchange: Exchange) -> tuple[bytes, bytes]:
    """Return the body, and what stands around it."""
    values = (exchange.path, *(f"{name}: {value}" for name, value in exchange.headers))
    return exchange.body, "\n".join(values).encode("utf-8", "replace")


def build_worker(setup: EngineSetup) -> Engine:
    """Return the engine of a worker process: it may read documents and look for names."""
    return Engine(replace(setup, in_worker=True))


def _read_documents(payload: Payload) -> None:
    """Read the files in a payload into it."""
    from classifiers.documents import read_document

    waiting, payload.documents = payload.documents, []
    payload.controls = True
    for document in waiting:
        inner = read_document(document)
        payload.segments += inner.segments
        payload.tables += inner.tables
        payload.unread += inner.unread


def _llm_destination(where: Destination, llm: LlmCall | None) -> Destination:
    return where if llm is None else at_model(where, llm)


def _overlaps(hit: Hit, others: Iterable[Hit]) -> bool:
    return any(hit.start < other.end and other.start < hit.end for other in others)


def _is_models(where: Destination, llm: LlmCall | None) -> bool:
    """True for a known service of language models, by each name: it can open what it has sealed."""
    return llm is not None and where.category is Category.LLM and not where.contradicted


def _unread(payload: Payload, to_model: bool) -> list[Finding]:
    """`to_model`: what the receiver has sealed goes back to it."""
    reasons: dict[tuple[str, UnreadKind], list[str]] = {}
    for unread in payload.unread:
        place = ".".join(name_shown(str(part)) for part in unread.path) or "body"
        sealed = unread.kind is UnreadKind.SEALED and not to_model
        kind = UnreadKind.CONTENT if sealed else unread.kind
        reasons.setdefault((unread.reason, kind), []).append(place)
    return [
        not_inspected(
            reason,
            DECODER,
            tuple(dict.fromkeys(places))[:10],
            len(places),
            None if kind is UnreadKind.CONTENT else kind.value,
        )
        for (reason, kind), places in reasons.items()
    ]
