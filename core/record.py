"""The record: one exchange as the world sees it, JSON schema `outgate.record/1` (see
docs/record.md).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.attribution import Attribution
from core.classification import Destination, LlmCall
from core.decision import Decision, Verdict, hold_word
from core.fate import TUNNEL, UNSTOPPED, Delivery, Fate, fate_of, left_more, was_cut
from core.findings import NOT_INSPECTED, Finding
from core.ids import rfc3339
from core.json_fields import Fields, by_word
from core.record_reading import (
    Recall,
    anew,
    read_decision,
    read_destination,
    read_findings,
    read_llm,
    read_sender,
)
from core.record_writing import (
    Rendered,
    afresh,
    decision_json,
    destination_json,
    findings_json,
    llm_json,
    media_type,
    named,
    sender_json,
    told,
)
from core.sent_file import FilesLook, SentFile, are_all, read_sent_file
from core.values import quick

SCHEMA = "outgate.record/1"
_LACKS = frozenset({"notes", "files", "files_look"})
"""What records of the first version, or of requests without a known file, do not hold."""
_LOOKS = by_word(FilesLook)


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSummary:
    """What is kept of a request."""

    method: str
    content_type: str | None
    bytes: int
    complete: bool


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseSummary:
    """What is kept of an answer; `status` is None when none came."""

    status: int | None = None
    bytes: int = 0


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One exchange with its sender, destination, findings and decision. Holds nothing in clear."""

    id: str
    at: datetime
    sender: Attribution
    destination: Destination
    request: RequestSummary
    response: ResponseSummary
    llm: LlmCall | None
    findings: tuple[Finding, ...]
    decision: Decision
    files: tuple[SentFile, ...] = ()
    """Files of the sender's that the request holds, or that were open when it was sent."""
    files_look: FilesLook | None = None
    """Whether these are all; None: nobody looked, or it is an early record."""
    notes: tuple[str, ...] = ()
    """What befell the exchange after the decision: `the client left`, `the gate stopped`, …"""

    @property
    def fate(self) -> Fate | None:
        """What became of it, where the verdict does not tell."""
        return fate_of(self.request.method, self.decision.degraded, self.notes)

    @property
    def outcome(self) -> str:
        """The word that says what became of it: of a `Fate`, else of its `Verdict`."""
        return (self.fate or self.decision.verdict).value

    @property
    def ending(self) -> str:
        """As `outcome`; of a hold that ended how it ended, too: see `hold_word`."""
        held, ended = self.outcome, self.decision.hold_outcome
        return held if held != Verdict.HOLD or ended is None else hold_word(ended)

    @property
    def left(self) -> bool:
        """Whether it left through the gate."""
        return self.fate is None and self.decision.left

    @property
    def left_in_part(self) -> bool:
        """Whether the gate stopped it after a part of it had left: as many bytes as it tells."""
        return self.stopped and was_cut(self.notes)

    @property
    def delivery(self) -> Delivery:
        """Did it leave? The one answer; the properties around it are parts of it."""
        if self.fate is Fate.PAST:
            return Delivery.PAST
        if self.left:
            return Delivery.SENT if self.response.status is None else Delivery.DELIVERED
        if not self.stopped:
            return Delivery.NOT_SENT
        return Delivery.CUT if was_cut(self.notes) else Delivery.REFUSED

    @property
    def went(self) -> bool:
        """Whether anything of it may have left the machine: through the gate, whole or in part, or
        past it. The one answer to “did nothing leave?”.
        """
        return self.delivery.went

    @property
    def bytes_went(self) -> int:
        """How many of its bytes left the machine; so many at least unless `bytes_exact`."""
        return self.request.bytes if self.went else 0

    @property
    def bytes_exact(self) -> bool:
        """Whether the bytes of the request are all that left; else they are so many at least: of
        what went past the gate, nobody knows how many.
        """
        return not (self.bytes_least or self.fate is Fate.PAST)

    @property
    def bytes_least(self) -> bool:
        """Whether it left through the gate, and more of it may have left than its bytes."""
        return left_more(self.notes)

    @property
    def read_whole(self) -> bool:
        """Whether the request was seen to its end; nothing was of what came to no inspection."""
        tunnel = self.request.method == TUNNEL and self.fate is not None
        return self.request.complete and not tunnel

    @property
    def unread(self) -> bool:
        """Whether not all of it was read: a part could not be, or a check of it failed."""
        unread = any(finding.kind == NOT_INSPECTED for finding in self.findings)
        return unread or bool(self.decision.degraded)

    @property
    def files_are_all(self) -> bool:
        """See core.sent_file.are_all."""
        return are_all(
            self.files_look,
            self.sender,
            self.request.bytes,
            complete=self.request.complete and not self.bytes_least,
        )

    @property
    def stopped(self) -> bool:
        """Whether the gate kept it from leaving. The one answer to “was it stopped?”."""
        return not self.left and self.fate not in UNSTOPPED

    def to_json(self, known: Rendered | None = None) -> dict[str, Any]:
        """Return the record as JSON values, without its chain.

        Do not change them when `known` is given.
        """
        of = afresh if known is None else known.of
        return {
            "schema": SCHEMA,
            "id": self.id,
            "at": rfc3339(self.at),
            "sender": of(self.sender, sender_json),
            "destination": of(self.destination, destination_json),
            "request": {
                "method": named(self.request.method, 32),
                "content_type": media_type(self.request.content_type),
                "bytes": self.request.bytes,
                "complete": self.request.complete,
            },
            "response": {"status": self.response.status, "bytes": self.response.bytes},
            "llm": None if self.llm is None else llm_json(self.llm),
            **({"files": [file.to_json() for file in self.files]} if self.files else {}),
            **({"files_look": self.files_look.value} if self.files_look else {}),
            "findings": of(self.findings, findings_json) if self.findings else [],
            "decision": of(self.decision, decision_json),
            "notes": [told(note) for note in self.notes],
        }

    @classmethod
    def from_json(cls, value: object, known: Recall | None = None) -> "Record":
        """Rebuild a record from `to_json`; `known` spares reading what many have in common. Raises
        ValueError.
        """
        of = anew if known is None else known.of
        fields = Fields(value, "record", _LACKS)
        if fields.text("schema") != SCHEMA:
            raise fields.wrong("schema")
        return cls(
            id=fields.text("id"),
            at=fields.time("at"),
            sender=of(fields.value("sender"), read_sender),
            destination=of(fields.value("destination"), read_destination),
            request=fields.part("request", read_request),
            response=fields.part("response", read_response),
            llm=fields.part_or_none("llm", lambda llm: of(llm, read_llm)),
            findings=of(fields.many("findings"), read_findings),
            files=tuple(map(read_sent_file, fields.many("files"))),
            files_look=fields.word_or_none("files_look", _LOOKS),
            decision=of(fields.value("decision"), read_decision),
            notes=fields.texts("notes"),
        )


def read_request(value: object) -> RequestSummary:
    """Return what is kept of a request. Raises ValueError."""
    fields = Fields(value, "request")
    return RequestSummary(
        method=fields.text("method"),
        content_type=fields.text_or_none("content_type"),
        bytes=fields.whole("bytes"),
        complete=fields.flag("complete"),
    )


def read_response(value: object) -> ResponseSummary:
    """Return what is kept of an answer. Raises ValueError."""
    fields = Fields(value, "response")
    return ResponseSummary(status=fields.whole_or_none("status"), bytes=fields.whole("bytes"))
