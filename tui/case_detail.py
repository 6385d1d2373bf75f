"""Everything there is to say about one case, as rows of a label and plain text. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any

from core.attribution import Certainty
from core.decision import HoldOutcome
from core.ports import CaseStore
from core.review import APPROVAL_LASTS, Case, CaseStatus, ReviewEvent
from core.vocabulary.destinations import CATEGORIES
from core.vocabulary.findings import CONFIDENCE
from core.vocabulary.kinds import by_gravity
from core.vocabulary.reviews import ACTS
from core.vocabulary.senders import CERTAINTIES, LAUNCHES, METHODS
from core.vocabulary.sizes import capital, counted, joined, number, size
from core.vocabulary.times import clock_time, lasting
from tui.holds import Held
from tui.wording import (
    account_words,
    case_sentence,
    decision_words,
    disposition_words,
    kind_words,
    outcome,
    safe,
    sentence,
    service_name,
)


@dataclass(frozen=True, slots=True)
class Row:
    """One fact. `tone` is one of plain, quiet, strong, allowed, held, blocked, unknown."""

    label: str
    text: str
    tone: str = "plain"


@dataclass(frozen=True, slots=True)
class Section:
    """Facts under one heading; the first section has none."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read of one case."""

    case: Case
    records: tuple[Mapping[str, Any], ...] = ()
    """Newest first."""
    history: tuple[ReviewEvent, ...] = ()
    complete: bool = False
    """False while the records are still being read."""
    held: Held | None = None
    """The request itself, while it waits for a person."""

    @property
    def key(self) -> str:
        """What is shown: a case, or one held request."""
        return self.case.key if self.held is None else self.held.id


def read_fully(store: CaseStore, begun: Reading) -> Reading:
    """Read the newest record of a case, or what came before a held request; and what was done. Blocks on the disk."""
    history = tuple(store.history(begun.case.key))
    if begun.held is not None:
        return replace(
            begun, case=store.case(begun.case.key) or begun.case, history=history, complete=True
        )
    return replace(
        begun, records=tuple(store.records(begun.case.key, 1)), history=history, complete=True
    )


def describe(reading: Reading, now: datetime, zone: tzinfo | None = None) -> list[Section]:
    """Return the case in sections, what matters most first. All text is inert, on one line each."""
    case = reading.case
    if not reading.records:
        waiting = "No record of it is left in the evidence." if reading.complete else "Reading…"
        return [
            Section(
                "", (Row("", case_sentence(case, now, zone), "strong"), Row("", waiting, "quiet"))
            )
        ]
    record = reading.records[0]
    sections = [
        _summary(reading, record, now, zone),
        _why(record),
        _found(record),
        _sender(record["sender"]),
        _destination(record),
        _model(record.get("llm")),
        _history(reading, now, zone),
        _trace(record),
    ]
    return [section for section in sections if section.rows]


def _rows(*rows: Row | None) -> tuple[Row, ...]:
    return tuple(row for row in rows if row is not None)


def _maybe(label: str, value: object, tone: str = "plain") -> Row | None:
    return None if value in {None, ""} else Row(label, safe(value, 600), tone)


def _summary(
    reading: Reading, record: Mapping[str, Any], now: datetime, zone: tzinfo | None
) -> Section:
    case, times = reading.case, None
    if reading.held is not None:
        return Section(
            "",
            (
                Row("", sentence(record, now, zone), "strong"),
                *_waits(reading, reading.held, now, zone),
            ),
        )
    if case.count > 1:
        times = Row(
            "",
            f"{number(case.count)} alike since {clock_time(case.first_at, now, zone)}, {size(case.bytes_sent)} in all. "
            "What follows is the newest.",
            "quiet",
        )
    closed = case.status is CaseStatus.CLOSED
    state = Row("", f"Closed: {disposition_words(case.disposition)}.", "quiet") if closed else None
    return Section(
        "",
        _rows(
            Row("", sentence(record, now, zone), "strong"),
            _after_hold(case, now, zone),
            times,
            state,
        ),
    )


def _waits(reading: Reading, held: Held, now: datetime, zone: tzinfo | None) -> Iterable[Row]:
    yield Row(
        "", f"{held.left(now)} s left to answer. Nothing of it has left this machine.", "held"
    )
    yield Row(
        "", "At 0 the script is refused, and told: have it approved, then run again.", "quiet"
    )
    if reading.case.count > 1 or reading.case.last_record != held.id:
        before = f"{counted(reading.case.count, 'request')} like it before"
        yield Row("", f"{before}, since {clock_time(reading.case.first_at, now, zone)}.", "quiet")


def _after_hold(case: Case, now: datetime, zone: tzinfo | None) -> Row | None:
    if case.hold is None or case.hold.outcome not in {HoldOutcome.TIMED_OUT, HoldOutcome.REFUSED}:
        return None
    said = case.hold.answer
    if said is None:
        return Row(
            "",
            "Expired unseen. With a you approve it, so that it passes when the script is run again.",
            "held",
        )
    who = f"{safe(said.who, 60)} at {clock_time(said.at, now, zone)}"
    if not said.approved:
        return Row("", f"Refused by {who}. With a you approve it for the next run.", "quiet")
    return Row(
        "",
        f"Approved by {who}: run the script again, within {lasting(APPROVAL_LASTS)} it passes.",
        "allowed",
    )


def _why(record: Mapping[str, Any]) -> Section:
    decision, sender = record["decision"], record["sender"]
    words = decision_words(decision)
    rule = (
        safe(decision["rule"], 120) if decision["rule"] else "no rule matched; the default applies"
    )
    skipped = [f"could not be read: {safe(f.get('note') or 'no reason given', 300)}"
               for f in record["findings"] if f["kind"] == "not_inspected"]  # fmt: skip
    skipped += [safe(stage, 300) for stage in decision["degraded"]]
    if not record["request"]["complete"]:
        skipped.append("the request was not seen to its end.")
    unchecked = [
        Row("Not checked" if i == 0 else "", capital(text), "held")
        for i, text in enumerate(skipped)
    ]
    return Section(
        "Why",
        (
            *_rows(
                Row("Outcome", f"{words.sign} {outcome(decision)}", words.meaning),
                Row("Rule", rule),
                _maybe("Reason", decision["reason"]),
            ),
            *_how_sure(sender),
            *(unchecked or [Row("Not checked", "Nothing was skipped.", "quiet")]),
            *(Row("Afterwards", capital(safe(note, 300))) for note in record.get("notes", ())),
        ),
    )


def _how_sure(sender: Mapping[str, Any]) -> tuple[Row, ...]:
    how = METHODS.get(str(sender["method"]), safe(sender["method"], 60))
    sure = Certainty(sender["certainty"])
    words = capital(CERTAINTIES[sure])
    if sure is Certainty.EXACT:
        return (Row("Sender", f"{words}: {how}."),)
    reason = safe(sender.get("reason") or how, 300).rstrip(".")
    if sure is Certainty.UNKNOWN:
        return (Row("Sender", f"? {words}: {reason}.", "unknown"),)
    others = len(sender.get("candidates") or ())
    also = f" {counted(others, 'process', 'processes')} could have sent it." if others > 1 else ""
    return (Row("Sender", f"{words}: {reason}.{also}", "unknown"),)


def _found(record: Mapping[str, Any]) -> Section:
    known = [f for f in record["findings"] if f["kind"] != "not_inspected"]
    order = by_gravity(f["kind"] for f in known)
    rows: list[Row] = []
    for finding in sorted(known, key=lambda f: order.index(f["kind"])):
        rows.extend(_finding(finding))
    return Section(
        "Found",
        tuple(rows) or (Row("", "No personal data or secret that Outgate knows.", "quiet"),),
    )


def _finding(finding: Mapping[str, Any]) -> Iterable[Row]:
    words = kind_words(finding["kind"])
    distinct, count = finding["distinct"] or finding["count"], finding["count"]
    text = capital(counted(distinct, words.one, words.many))
    if finding["kind"] == "secret":
        text += f" ({safe(finding['detector'], 60).replace('-', ' ').replace('_', ' ')})"
    if count > distinct:
        text += f", {number(count)} times"
    if finding.get("records"):
        text += f", in {counted(finding['records'], 'row')}"
    if finding.get("subjects"):
        text += f", of {counted(finding['subjects'], 'person', 'people')}"
    sure = CONFIDENCE.get(str(finding["certainty"]), "certainty not stated")
    yield Row("", f"{text} · {sure}")
    if finding.get("test_data"):
        yield Row("", "  A published example value, of no consequence by itself.", "quiet")
    if finding["excerpt"]:
        yield Row("", f"  {safe(finding['excerpt'], 300)}", "strong")
    if finding["where"]:
        yield Row(
            "", f"  in {joined([safe(place, 120) for place in finding['where'][:4]])}", "quiet"
        )


def _sender(sender: Mapping[str, Any]) -> Section:
    script, line = sender.get("script"), sender.get("line")
    rows: list[Row | None] = []
    if script:
        launched = LAUNCHES.get(str(script["launched_as"]), safe(script["launched_as"], 60))
        by = f", started by {safe(sender['started_by'], 60)}" if sender.get("started_by") else ""
        rows += [
            Row("Script", safe(script["path"] or script["name"], 400), "strong"),
            Row("Started", f"{launched}{by}"),
            Row("SHA-256", safe(script["sha256"], 64), "quiet") if script["sha256"] else None,
        ]
    if line:
        sure = "" if line["certainty"] == "exact" else ", likely"
        code = f"{safe(line['file'], 300)}:{line['line']} in {safe(line['function'], 100)}{sure}"
        rows.append(Row("Line", code))
        own = f"{line['file']}:{line['line']} "
        frames = [safe(frame, 300) for frame in line.get("stack", ()) if not frame.startswith(own)][
            :6
        ]
        rows += [Row("Stack" if i == 0 else "", frame, "quiet") for i, frame in enumerate(frames)]
    rows += [
        _maybe("User", sender.get("user")),
        _process(sender),
        _parents(sender.get("ancestry") or ()),
    ]
    return Section("Script and process", _rows(*rows))


def _process(sender: Mapping[str, Any]) -> Row | None:
    if sender.get("pid") is None:
        return None
    exe = f", {safe(sender['exe'], 300)}" if sender.get("exe") else ""
    return Row("Process", f"{safe(sender.get('name') or 'process', 64)} (pid {sender['pid']}){exe}")


def _parents(ancestry: Sequence[Mapping[str, Any]]) -> Row | None:
    names = [safe(p["name"] or p["pid"], 64) for p in ancestry[:8]]
    return Row("Parents", " ← ".join(names), "quiet") if names else None


def _destination(record: Mapping[str, Any]) -> Section:
    place, request, answer = record["destination"], record["request"], record["response"]
    account = place["account"]
    kind = CATEGORIES.get(str(place["category"]), safe(place["category"], 60))
    port = "" if place["port"] in {443, 80} else f":{place['port']}"
    whose = account_words(account["kind"]) or (
        "whose is not known" if account["id"] else "not known"
    )
    told = f" ({safe(account['evidence'], 200)})" if account["evidence"] else ""
    named = f"{safe(account['id'], 200)}, " if account["id"] else ""
    unread = "" if request["complete"] else ", cut"
    media = f", {safe(request['content_type'], 100)}" if request["content_type"] else ""
    return Section(
        "Sent to",
        _rows(
            Row("Service", f"{service_name(place['service'], place['host'])} · {kind}"),
            Row(
                "Address",
                f"{safe(place['scheme'], 12)}://{safe(place['host'], 255)}{port}{safe(place['path'], 400)}",
            ),
            Row("Account", f"{named}{whose}{told}"),
            Row(
                "Request", f"{safe(request['method'], 32)}, {size(request['bytes'])}{unread}{media}"
            ),
            Row(
                "Answer",
                "none came"
                if answer["status"] is None
                else f"{answer['status']}, {size(answer['bytes'])}",
            ),
        ),
    )


def _model(llm: Mapping[str, Any] | None) -> Section:
    if not llm:
        return Section("Language model", ())
    tools = [safe(tool, 100) for tool in llm["tools"][:8]]
    return Section(
        "Language model",
        _rows(
            Row(
                "Model", f"{safe(llm['model'] or 'not named', 200)} · {safe(llm['operation'], 60)}"
            ),
            Row("Tokens", _tokens(llm)),
            Row("Cost", _cost(llm)),
            Row("Tools", joined(tools)) if tools else None,
            Row("Attached", counted(len(llm["attachments"]), "file"))
            if llm["attachments"]
            else None,
            _maybe("Key", llm["key_fingerprint"], "quiet"),
        ),
    )


def _tokens(llm: Mapping[str, Any]) -> str:
    sides = ((llm["input_tokens"], "in"), (llm["output_tokens"], "out"))
    told = [f"{number(tokens)} {side}" for tokens, side in sides if tokens is not None]
    if not told:
        return "not known"
    if llm["tokens_basis"] == "estimated":
        return f"{', '.join(told)} (estimated{' ' + safe(llm['tokens_band'], 20) if llm.get('tokens_band') else ''})"
    return ", ".join(told)


def _cost(llm: Mapping[str, Any]) -> str:
    if llm["cost_basis"] == "local":
        return "none: a model of your own"
    if llm["cost_usd"] is None:
        return "not known"
    how = {"stated": "stated by the provider", "table": "from the price table"}.get(
        str(llm["cost_basis"]), ""
    )
    return f"{safe(llm['cost_usd'], 30)} US dollars{', ' + how if how else ''}"


def _history(reading: Reading, now: datetime, zone: tzinfo | None) -> Section:
    rows: list[Row] = []
    for event in reading.history[-20:]:
        act = ACTS[event.action]
        why = f": {disposition_words(event.disposition.value)}" if event.disposition else ""
        when = clock_time(event.at, now, zone)
        rows.append(Row("", f"{capital(when)} · {safe(event.who, 60)} {act} it{why}."))
        if event.note:
            rows.append(Row("", f"  “{safe(event.note, 600)}”", "quiet"))
    return Section(
        "What was done", tuple(rows) or (Row("", "Nobody has looked at it yet.", "quiet"),)
    )


def _trace(record: Mapping[str, Any]) -> Section:
    chain, policy = record.get("chain") or {}, record["decision"].get("policy")
    digest = safe(chain.get("hash") or "", 64)[:16]
    return Section(
        "Evidence",
        _rows(
            Row("Record", safe(record["id"], 40), "quiet"),
            Row("Chain", f"no. {chain['seq']}{', ' + digest + '…' if digest else ''}", "quiet")
            if chain
            else None,
            _maybe("Policy", policy, "quiet"),
        ),
    )
