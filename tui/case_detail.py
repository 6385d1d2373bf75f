"""Everything there is to say about one case, as rows of a label and plain text. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, tzinfo

from core.attribution import Attribution, Certainty, CodeLine, ProcessRef, Script
from core.decision import HoldOutcome
from core.findings import NOT_INSPECTED, SECRET, Finding, is_least
from core.record import Record
from core.review import APPROVAL_LASTS, OWN, Action, Case, CaseStatus, ReviewEvent, signed
from core.stored import ChainLink, StoredObservation, UnreadableEntry
from core.vocabulary.destinations import CATEGORIES
from core.vocabulary.findings import CONFIDENCE, EXAMPLE
from core.vocabulary.kinds import by_gravity
from core.vocabulary.observations import fact_name, fact_words
from core.vocabulary.protocols import NO_PORT
from core.vocabulary.reviews import ACTS
from core.vocabulary.senders import CERTAINTIES, LAUNCHES, METHODS
from core.vocabulary.sizes import at_least, capital, counted, joined, number, size, size_at_least
from core.vocabulary.times import clock_time, lasting, time_left
from core.vocabulary.verdicts import size_left
from policy.exception_lines import exception_lines
from tui.act_events import answering_after
from tui.case_account import account_told
from tui.case_code import code_section
from tui.case_files import files_section
from tui.case_inside import inside_section
from tui.case_model import model_section
from tui.case_reading import Reading
from tui.closing_words import came_back, holds
from tui.exceptions import needed_exception
from tui.holds import Held
from tui.rows import Row, Section, known, maybe
from tui.script_past import past_section
from tui.wording import (
    case_meaning,
    case_sentence,
    disposition_words,
    kind_words,
    outcome,
    record_words,
    risk_once_left,
    risk_words,
    safe,
    sentence,
    service_name,
    worrying,
)


def describe(reading: Reading, now: datetime, zone: tzinfo | None = None) -> list[Section]:
    """Return the case in sections, what matters most first. All text is inert, on one line each."""
    if reading.held is not None:
        sections = _all(reading, reading.held.record, None, now, zone)
    elif reading.newest is None:
        words = "No record of it is left in the evidence." if reading.complete else "Reading…"
        sections = [_bare(reading.case, Row("", words, "quiet"), now, zone)]
        if reading.complete:  # what records added up to is kept longer than they are
            sections += [inside_section(reading.case, now, zone), _history(reading, now, zone)]
    elif isinstance(reading.newest, UnreadableEntry):
        words = safe(reading.newest.for_officer(), 300)
        sections = [
            _bare(reading.case, Row("", words, "unknown"), now, zone),
            _history(reading, now, zone),
            _trace(reading.newest.id, None, reading.newest.link),
        ]
    elif isinstance(reading.newest, StoredObservation):
        sections = _observed(reading, reading.newest, now, zone)
    else:
        sections = _all(reading, reading.newest.record, reading.newest.link, now, zone)
    return [section for section in sections if section.rows]


def _bare(case: Case, row: Row, now: datetime, zone: tzinfo | None) -> Section:
    return Section("", (Row("", case_sentence(case, now, zone), "strong"), row))


def _all(
    reading: Reading, record: Record, link: ChainLink | None, now: datetime, zone: tzinfo | None
) -> list[Section]:
    return [
        _summary(reading, record, now, zone),
        _why(reading, record),
        _found(record.findings, unread=record.unread),
        files_section(record),
        inside_section(reading.case, now, zone),
        code_section(record.sender, reading.kept),
        _sender(record.sender),
        _destination(record),
        model_section(record.llm, record.destination, went=record.went),
        _history(reading, now, zone),
        past_section(reading.past, reading.case, now, zone),
        _trace(record.id, record.decision.policy, link),
    ]


def _observed(
    reading: Reading, stored: StoredObservation, now: datetime, zone: tzinfo | None
) -> list[Section]:
    seen, case = stored.observation, reading.case
    said = Row("", case_sentence(case, now, zone), "strong")
    began = f"{capital(clock_time(seen.at, now, zone))}"
    ended = None if seen.ended is None else capital(clock_time(seen.ended, now, zone))
    facts = (
        Row(fact_name(name), f"{safe(fact_words(name, one.value), 400)} · {safe(one.how, 200)}")
        for name, one in seen.facts.items()
    )
    return [
        Section("", (said,)),
        Section("What was seen", known(Row("Since", began), maybe("Until", ended), *facts)),
        _sender(seen.sender),
        _history(reading, now, zone),
        past_section(reading.past, case, now, zone),
        _trace(seen.id, None, stored.link),
    ]


def _summary(reading: Reading, record: Record, now: datetime, zone: tzinfo | None) -> Section:
    case, held = reading.case, reading.held
    said = Row("", sentence(record, now, zone, waiting=held is not None), "strong")
    if held is not None:
        return Section("", (said, *_waits(case, held, now, zone)))
    times = state = None
    if case.count > 1:
        since = clock_time(case.first_at, now, zone)
        sent = size_at_least(case.bytes_sent, exact=case.bytes_exact)
        went = f"{sent} in all" if case.inside.left else "nothing of them left"
        alike = f"{counted(case.count, 'request')} since {since}, {went}."
        which = "What follows is the newest; . opens the one before."
        if reading.place:
            which = f"What follows is request {number(case.count - reading.place)} of them."
        times = Row("", f"{alike} {which}", "quiet")
    state = _standing(case, now, zone)
    return Section("", known(said, _after_hold(case, now, zone), times, *state))


def _standing(case: Case, now: datetime, zone: tzinfo | None) -> Iterator[Row]:
    """Yield whether it is closed and up to where, or why it came back."""
    back = came_back(case, now)
    if case.status is CaseStatus.CLOSED:
        by = f", by {OWN}" if Action.CLOSE in case.own else ""
        tone = "held" if by else "quiet"
        yield Row("", f"Closed: {disposition_words(case.disposition)}{by}.", tone)
        if standing := holds(case, now, zone):
            yield Row("", standing, "quiet")
    elif back:
        was = disposition_words(case.disposition)
        yield Row("", f"It was closed ({was}) and came back: {back}.", "held")
    elif case.disposition is not None:
        yield Row(
            "", f"It was closed ({disposition_words(case.disposition)}) and came back.", "held"
        )


def _waits(case: Case, held: Held, now: datetime, zone: tzinfo | None) -> Iterable[Row]:
    yield Row(
        "",
        f"{time_left(held.left(now))} left to answer. Nothing of it has left this machine.",
        "held",
    )
    yield Row(
        "", "At 0 the script is refused, and told: have it approved, then run again.", "quiet"
    )
    if case.count > 1 or case.last_record != held.id:
        before = f"{counted(case.count, 'request')} like it before"
        yield Row("", f"{before}, since {clock_time(case.first_at, now, zone)}.", "quiet")


def _after_hold(case: Case, now: datetime, zone: tzinfo | None) -> Row | None:
    if case.hold is None or case.hold.outcome not in {HoldOutcome.TIMED_OUT, HoldOutcome.REFUSED}:
        return None
    said = case.hold.answer
    if case.hold.asked_by:
        who = safe(case.hold.asked_by, 80)
        return Row("", f"{who} asked that it may pass; with a you confirm it.", "held")
    if said is None:
        can = "With a you approve it, so that it passes when the script is run again."
        return Row("", f"Expired unseen. {can}", "held")
    who = f"{safe(said.signed, 80)} at {clock_time(said.at, now, zone)}"
    if not said.approved:
        return Row("", f"Refused by {who}. With a you approve it for the next run.", "quiet")
    again = f"run the script again, within {lasting(APPROVAL_LASTS)} it passes."
    return Row("", f"Approved by {who}: {again}", "allowed")


def _why(reading: Reading, record: Record) -> Section:
    decision, waiting = record.decision, reading.held is not None
    words = record_words(record, waiting=waiting)
    rule = safe(decision.rule, 120) if decision.rule else "no rule matched; the default applies"
    said = outcome(record, waiting=waiting)
    return Section(
        "Why",
        (
            Row("Outcome", f"{words.sign} {said}", worrying(words.meaning, reading.case)),
            Row("Risk", risk_words(reading.case), case_meaning(reading.case)),
            *_once_left(reading),
            Row("Rule", rule),
            *known(maybe("Reason", decision.reason)),
            _how_sure(record.sender),
            *_uncounted(record),
            *_unchecked(record),
            *(Row("Afterwards", capital(safe(note, 300))) for note in record.notes),
            *_exception(record),
        ),
    )


def _once_left(reading: Reading) -> Iterator[Row]:
    """Yield what letting it go would mean, of what a person can let go."""
    can = reading.held is not None or answering_after(reading.case.hold, yes=True) is not None
    once = risk_once_left(reading.case) if can else None
    if once is not None:
        yield Row("Once left", *once)


def _exception(record: Record) -> Iterator[Row]:
    """Yield the lines with which the policy would let pass what could not be inspected."""
    needed = needed_exception(record)
    lines = [] if needed is None else exception_lines([needed], record.at.date())
    if lines:
        yield Row("Exception", "The policy can let it pass undecrypted, on record, by these lines:")
        yield from (Row("", safe(line, 1200)) for line in lines)


def _uncounted(record: Record) -> Iterator[Row]:
    """Yield which kinds the rules did not see, for nothing but examples of them was there."""
    real = {f.kind for f in record.findings if not f.test_data}
    kinds = by_gravity(f.kind for f in record.findings if f.test_data and f.kind not in real)
    if kinds:
        words = capital(joined([kind_words(kind).many for kind in kinds]))
        why = "published examples, nobody's own. A rule counts them with test_data: true."
        yield Row("Not counted", f"{words}: {why}", "quiet")


def _unchecked(record: Record) -> Iterator[Row]:
    unread = [f.note or "no reason given" for f in record.findings if f.kind == NOT_INSPECTED]
    skipped = [f"could not be read: {safe(why, 300)}" for why in unread]
    skipped += [safe(stage, 300) for stage in record.decision.degraded]
    if not record.request.complete:
        skipped.append("the request was not seen to its end.")
    for i, text in enumerate(skipped):
        yield Row("" if i else "Not checked", capital(text), "held")
    if not skipped:
        yield Row("Not checked", "Nothing was skipped.", "quiet")


def _how_sure(sender: Attribution) -> Row:
    how = METHODS.get(sender.method) or safe(sender.method, 60)
    reason = safe(sender.reason or how, 300).rstrip(".")
    sure = capital(CERTAINTIES[sender.certainty])
    match sender.certainty:
        case Certainty.EXACT:
            return Row("Sender", f"{sure}: {how}.")
        case Certainty.UNKNOWN:
            return Row("Sender", f"? {sure}: {reason}.", "unknown")
    others, also = len(sender.candidates), ""
    if others > 1:
        also = f" {counted(others, 'process', 'processes')} could have sent it."
    return Row("Sender", f"{sure}: {reason}.{also}", "unknown")


def _found(findings: Iterable[Finding], *, unread: bool) -> Section:
    known = [f for f in findings if f.kind != NOT_INSPECTED]
    order = by_gravity(f.kind for f in known)
    rows = [row for f in sorted(known, key=lambda f: order.index(f.kind)) for row in _finding(f)]
    where = " in what could be read of it" if unread else ""
    nothing = Row("", f"No personal data or secret that Outgate knows{where}.", "quiet")
    return Section("Found", tuple(rows) or (nothing,))


def _finding(finding: Finding) -> Iterator[Row]:
    words = kind_words(finding.kind)
    distinct, exact = finding.distinct or finding.count, not is_least(finding)
    text = capital(at_least(distinct, words.one, words.many, exact=exact))
    if finding.kind == SECRET:
        text += f" ({safe(finding.detector, 60).replace('-', ' ').replace('_', ' ')})"
    if finding.count > distinct:
        text += f", {number(finding.count)} times"
    if finding.records:
        text += f", in {at_least(finding.records, 'row', exact=exact)}"
    if finding.subjects:
        text += f", of {at_least(finding.subjects, 'person', 'people', exact=exact)}"
    yield Row("", f"{text} · {CONFIDENCE[finding.confidence]}")
    if finding.test_data:
        yield Row("", f"  {EXAMPLE}: rules, sums and the risk leave it out.", "quiet")
    if finding.excerpt:
        yield Row("", f"  {safe(finding.excerpt, 300)}", "strong")
    if finding.where:
        places = joined([safe(place, 120) for place in finding.where[:4]])
        yield Row("", f"  in {places}", "quiet")


def _sender(sender: Attribution) -> Section:
    rows: list[Row | None] = []
    if sender.script is not None:
        rows += _script(sender.script, sender.started_by)
    if sender.line is not None:
        rows += _line(sender.line)
    rows += [maybe("User", sender.user), _process(sender.process), _parents(sender.ancestry)]
    return Section("Script and process", known(*rows))


def _script(script: Script, started_by: str | None) -> Iterator[Row | None]:
    by = f", started by {safe(started_by, 60)}" if started_by else ""
    yield Row("Script", safe(script.path or script.name, 400), "strong")
    yield Row("Started", f"{LAUNCHES[script.launched_as]}{by}")
    yield maybe("SHA-256", script.sha256, "quiet")


_FRAMES = 6
"""Calls of a stack, the nearest first."""


def _line(line: CodeLine) -> Iterator[Row]:
    sure = "" if line.certainty is Certainty.EXACT else ", likely"
    yield Row("Line", f"{safe(line.file, 300)}:{line.line} in {safe(line.function, 100)}{sure}")
    own = f"{line.file}:{line.line} "
    frames = [frame for frame in line.stack if not frame.startswith(own)]
    for i, frame in enumerate(frames[:_FRAMES]):
        yield Row("" if i else "Stack", safe(frame, 300), "quiet")
    if (more := len(frames) - _FRAMES) > 0:
        yield Row("", f"and {counted(more, 'call')} before these", "quiet")


def _process(process: ProcessRef | None) -> Row | None:
    if process is None:
        return None
    exe = f", {safe(process.exe, 300)}" if process.exe else ""
    return Row("Process", f"{safe(process.name or 'process', 64)} (pid {process.pid}){exe}")


def _parents(ancestry: Sequence[ProcessRef]) -> Row | None:
    names = [safe(process.name or process.pid, 64) for process in ancestry[:8]]
    return Row("Parents", " ← ".join(names), "quiet") if names else None


def _destination(record: Record) -> Section:
    place, request, answer = record.destination, record.request, record.response
    port = "" if place.port in {443, 80, NO_PORT} else f":{place.port}"
    address = f"{safe(place.scheme, 12)}://{safe(place.host, 255)}{port}{safe(place.path, 400)}"
    sent = f"{safe(request.method, 32)}, {size_left([record])}"
    sent += "" if request.complete else ", cut"
    sent += f", {safe(request.content_type, 100)}" if request.content_type else ""
    came = "none came"
    if answer.status is not None:
        came = f"{answer.status}, {size(answer.bytes)}"
    name, kind = service_name(place.service, place.host), CATEGORIES[place.category]
    return Section(
        "Sent to" if record.went else "Meant for",
        (
            Row("Service", f"{name} · {kind}"),
            Row("Address", address),
            Row("Account", account_told(place.account)),
            Row("Request", sent),
            Row("Answer", came),
        ),
    )


def _history(reading: Reading, now: datetime, zone: tzinfo | None) -> Section:
    rows = [row for event in reading.history[-20:] for row in _done(event, now, zone)]
    nobody = Row("", "Nobody has looked at it yet.", "quiet")
    return Section("What was done", tuple(rows) or (nobody,))


def _done(
    event: ReviewEvent | UnreadableEntry, now: datetime, zone: tzinfo | None
) -> Iterator[Row]:
    if isinstance(event, UnreadableEntry):
        yield Row("", safe(event.for_officer(), 300), "unknown")
        return
    why = f": {disposition_words(event.disposition)}" if event.disposition else ""
    when = capital(clock_time(event.at, now, zone))
    yield Row("", f"{when} · {safe(signed(event), 120)} {ACTS[event.action]} it{why}.")
    if event.note:
        yield Row("", f"  “{safe(event.note, 600)}”", "quiet")


def _trace(record_id: str, policy: str | None, link: ChainLink | None) -> Section:
    place = None if link is None else f"no. {link.seq}, {link.hash.hex()[:16]}…"
    return Section(
        "Evidence",
        known(
            maybe("Record", record_id, "quiet"),
            maybe("Chain", place, "quiet"),
            maybe("Policy", policy, "quiet"),
        ),
    )
