"""The parts of a record read back from JSON values, strictly: what is not of its type is no record.

Fields that this version does not know are left alone, and those that records of early versions lack
are None. A word that this version does not know makes the whole record one that cannot be read:
half of it would be a guess.
"""

from collections.abc import Callable
from typing import Protocol

from core.attribution import (
    Attribution,
    Certainty,
    CodeLine,
    LaunchedAs,
    ProcessRef,
    Script,
    SenderPeer,
)
from core.classification import (
    Account,
    AccountKind,
    Attachment,
    Category,
    CostBasis,
    Destination,
    LlmCall,
    TokensBasis,
)
from core.decision import Decision, HoldOutcome, Verdict
from core.findings import Confidence, Finding
from core.json_fields import Fields, by_word

_PROCESS_LACKS = frozenset({"started_at"})
_SENDER_LACKS = frozenset(
    (
        "reason started_at script_process candidates started_by is_python script_candidates"
        " on_behalf"
    ).split()
)
_PEER_LACKS = frozenset({"started_at", "is_python"})
_SCRIPT_LACKS = frozenset({"version"})
_LINE_LACKS = frozenset({"stack"})
_DESTINATION_LACKS = frozenset(
    {"upload", "address", "country", "named_by", "in_doubt", "other_names"}
)
_LLM_LACKS = frozenset({"evidence", "cost_left_out", "response_id", "tier"})
_FINDING_LACKS = frozenset({"test_data", "note", "subjects", "unread"})
_DECISION_LACKS = frozenset({"intended", "policy", "headers", "hold"})
"""What was added to the format after its first records."""

_CERTAINTY = by_word(Certainty)
_LAUNCHED_AS = by_word(LaunchedAs)
_CATEGORY = by_word(Category)
_ACCOUNT_KIND = by_word(AccountKind)
_TOKENS_BASIS = by_word(TokensBasis)
_COST_BASIS = by_word(CostBasis)
_CONFIDENCE = by_word(Confidence)
_VERDICT = by_word(Verdict)
_HOLD_OUTCOME = by_word(HoldOutcome)


class Recall(Protocol):
    """Remembers parts that records have in common."""

    def of[Value, Part](self, value: Value, read: Callable[[Value], Part]) -> Part:
        """Return what `read` makes, or made, of these very JSON values."""


def anew[Value, Part](value: Value, read: Callable[[Value], Part]) -> Part:
    """Return what `read` makes of it; stands in for `Recall.of` where nothing is remembered."""
    return read(value)


def read_sender(value: object) -> Attribution:
    """Return who sent it. Raises ValueError."""
    fields = Fields(value, "sender", _SENDER_LACKS)
    return Attribution(
        certainty=fields.word("certainty", _CERTAINTY),
        method=fields.text("method"),
        reason=fields.text_or_none("reason"),
        process=_own_process(fields),
        user=fields.text_or_none("user"),
        script=fields.part_or_none("script", _script),
        script_process=fields.part_or_none("script_process", _process),
        line=fields.part_or_none("line", _line),
        ancestry=tuple(map(_process, fields.many("ancestry"))),
        candidates=tuple(map(_process, fields.many("candidates"))),
        script_candidates=fields.texts("script_candidates"),
        on_behalf=fields.part_or_none("on_behalf", _peers),
        started_by=fields.text_or_none("started_by"),
        is_python=fields.flag_or_none("is_python"),
    )


def _peers(value: object) -> tuple[SenderPeer, ...]:
    return tuple(map(_peer, Fields({"peers": value}, "sender").many("peers")))


def _peer(value: object) -> SenderPeer:
    fields = Fields(value, "peer", _PEER_LACKS)
    return SenderPeer(
        process=_process(value),
        script=fields.part_or_none("script", _script),
        certainty=fields.word("certainty", _CERTAINTY),
        is_python=fields.flag_or_none("is_python"),
    )


def _own_process(fields: Fields) -> ProcessRef | None:
    """Return the process that owns the socket: its fields stand in the sender itself."""
    pid = fields.whole_or_none("pid")
    if pid is None:
        return None
    return ProcessRef(
        pid=pid,
        name=fields.text_or_none("name") or "",
        exe=fields.text_or_none("exe"),
        started_at=fields.time_or_none("started_at"),
    )


def _process(value: object) -> ProcessRef:
    fields = Fields(value, "process", _PROCESS_LACKS)
    return ProcessRef(
        pid=fields.whole("pid"),
        name=fields.text("name"),
        exe=fields.text_or_none("exe"),
        started_at=fields.time_or_none("started_at"),
    )


def _script(value: object) -> Script:
    fields = Fields(value, "script", _SCRIPT_LACKS)
    return Script(
        path=fields.text_or_none("path"),
        sha256=fields.text_or_none("sha256"),
        launched_as=fields.word("launched_as", _LAUNCHED_AS),
        name=fields.text("name"),
        version=fields.values("version"),
    )


def _line(value: object) -> CodeLine:
    fields = Fields(value, "line", _LINE_LACKS)
    return CodeLine(
        file=fields.text("file"),
        line=fields.whole("line"),
        function=fields.text("function"),
        certainty=fields.word("certainty", _CERTAINTY),
        stack=fields.texts("stack"),
    )


def read_destination(value: object) -> Destination:
    """Return where it went. Raises ValueError."""
    fields = Fields(value, "destination", _DESTINATION_LACKS)
    return Destination(
        scheme=fields.text("scheme"),
        host=fields.text("host"),
        port=fields.whole("port"),
        path=fields.text("path"),
        service=fields.text_or_none("service"),
        category=fields.word("category", _CATEGORY),
        account=fields.part("account", _account),
        upload=fields.flag("upload"),
        address=fields.text_or_none("address"),
        country=fields.text_or_none("country"),
        named_by=fields.text_or_none("named_by"),
        in_doubt=fields.flag("in_doubt"),
        other_names=tuple(map(read_destination, fields.many("other_names"))),
    )


def _account(value: object) -> Account:
    fields = Fields(value, "account")
    return Account(
        kind=fields.word("kind", _ACCOUNT_KIND),
        id=fields.text_or_none("id"),
        evidence=fields.text_or_none("evidence"),
    )


def read_llm(value: object) -> LlmCall:
    """Return the call of a language model. Raises ValueError."""
    fields = Fields(value, "llm", _LLM_LACKS)
    return LlmCall(
        provider=fields.text_or_none("provider"),
        operation=fields.text("operation"),
        model=fields.text_or_none("model"),
        stream=fields.flag("stream"),
        input_tokens=fields.whole_or_none("input_tokens"),
        output_tokens=fields.whole_or_none("output_tokens"),
        cache_read_tokens=fields.whole_or_none("cache_read_tokens"),
        cache_write_tokens=fields.whole_or_none("cache_write_tokens"),
        reasoning_tokens=fields.whole_or_none("reasoning_tokens"),
        tokens_basis=fields.word("tokens_basis", _TOKENS_BASIS),
        tokens_band=fields.text_or_none("tokens_band"),
        cost_usd=fields.text_or_none("cost_usd"),
        cost_basis=fields.word("cost_basis", _COST_BASIS),
        cost_left_out=fields.texts("cost_left_out"),
        response_id=fields.text_or_none("response_id"),
        tier=fields.text_or_none("tier"),
        key_fingerprint=fields.text_or_none("key_fingerprint"),
        key_class=fields.text_or_none("key_class"),
        organisation=fields.text_or_none("organisation"),
        project=fields.text_or_none("project"),
        tools=fields.texts("tools"),
        attachments=tuple(map(_attachment, fields.many("attachments"))),
        messages=fields.whole_or_none("messages"),
        evidence=fields.texts("evidence"),
    )


def _attachment(value: object) -> Attachment:
    fields = Fields(value, "attachment")
    return Attachment(
        media_type=fields.text_or_none("media_type"),
        bytes=fields.whole("bytes"),
        sha256=fields.text("sha256"),
    )


def read_findings(values: list[object]) -> tuple[Finding, ...]:
    """Return what was found. Raises ValueError."""
    return tuple(map(_finding, values))


def _finding(value: object) -> Finding:
    fields = Fields(value, "finding", _FINDING_LACKS)
    return Finding(
        kind=fields.text("kind"),
        detector=fields.text("detector"),
        confidence=fields.word("certainty", _CONFIDENCE),
        count=fields.whole("count"),
        distinct=fields.whole("distinct"),
        records=fields.whole_or_none("records"),
        where=fields.texts("where"),
        excerpt=fields.text("excerpt"),
        fingerprints=fields.texts("fingerprints"),
        test_data=fields.flag("test_data"),
        note=fields.text_or_none("note"),
        subjects=fields.whole_or_none("subjects"),
        unread=fields.text_or_none("unread"),
    )


def read_decision(value: object) -> Decision:
    """Return what was decided. Raises ValueError."""
    fields = Fields(value, "decision", _DECISION_LACKS)
    hold = fields.part_or_none("hold", lambda hold: Fields(hold, "hold"))
    return Decision(
        verdict=fields.word("verdict", _VERDICT),
        rule=fields.text_or_none("rule"),
        reason=fields.text("reason"),
        degraded=fields.texts("degraded"),
        intended=fields.word_or_none("intended", _VERDICT),
        policy=fields.text_or_none("policy"),
        headers=tuple((name, "") for name in fields.texts("headers")),
        hold_key=None if hold is None else hold.text_or_none("key"),
        hold_seconds=None if hold is None else hold.number_or_none("seconds"),
        hold_outcome=None if hold is None else hold.word_or_none("outcome", _HOLD_OUTCOME),
    )
