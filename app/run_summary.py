"""What an analyst reads when a program behind the gate has ended: place by place, in plain words.

For each place at most three lines: what, what became of it and why, and what to do about it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TextIO

from app.elsewhere import Elsewhere
from app.leftovers import Leftovers
from app.run_totals import dollars, totals_of
from app.run_unknowns import places_of, unchecked, unknown_told
from app.short_connections import ShortConnections
from app.summary import print_unreadable
from core.classification import CostBasis, LlmCall, TokensBasis
from core.decision import Verdict
from core.fate import (
    BAD_CERTIFICATE,
    CUT_NOTE,
    DATAGRAMS,
    LEFT_EARLY_NOTE,
    LEFT_NOTE,
    NO_ANSWER_NOTE,
    NOT_FOUND,
    PROXYS_FAULT,
    TUNNEL,
    UNANSWERED,
    UNFINISHED_NOTE,
    UNREACHED_NOTE,
    UNTRUSTED_SERVER,
    WANTS_CERTIFICATE,
    Fate,
)
from core.ids import utc_now
from core.record import Record
from core.review import needs_review
from core.run_members import has_no_sender
from core.stored import OpenedEntry, StoredObservation, StoredRecord
from core.text import printable
from core.vocabulary.findings import Amount, found, most_of
from core.vocabulary.protocols import NO_PORT
from core.vocabulary.sizes import counted, number, size_at_least
from core.vocabulary.verdicts import size_left
from tui.wording import outcome, place, record_words

if TYPE_CHECKING:
    from evidence.entries import Entry

_REMEDIES: Mapping[str, str] = {
    Fate.PAST: (
        "What it uses there does not follow the proxy settings. outgate doctor names the setting"
        " that most clients need."
    ),
    Fate.UNTRUSTED: (
        "It trusts other certificates than Outgate's. outgate doctor shows how to mend that; a"
        " client that accepts one certificate only needs an exception: pass_through, as below."
    ),
    Fate.FOREIGN: "Only HTTP can be inspected. An exception is a rule: see pass_through.",
    Fate.UNREACHED: "Check the address, the network, and whether the server answers.",
    Fate.UNFINISHED: "It ended by itself: look there for an error, or for a limit of time.",
}
"""What to do about what no rule decided."""
_UNANSWERED = (
    "It does not follow the proxy settings, and nothing answers where it goes by itself: often a"
    " firewall. outgate doctor names the setting that most clients need."
)
_UNKNOWN_NAME = (
    "Check how it is spelled, and whether this machine finds it: in a seal, names are those that"
    " the gate finds."
)
_UDP = "Clients of HTTP/3 take TCP instead. What needs UDP cannot run sealed."
_BY_STAGE = ((UNANSWERED, _UNANSWERED), (NOT_FOUND, _UNKNOWN_NAME), (DATAGRAMS, _UDP))
_OF_THE_PROXY = "Check the way out and its password: upstream_proxy in settings, or HTTPS_PROXY."
_OWN_CERTIFICATE = (
    "The server wants a certificate that only the program has. An exception lets it show its own:"
    " pass_through, as below."
)
_UNTRUSTED_SERVER = (
    "Where its authority is your organisation's own, name its PEM file: upstream_ca in settings, or"
    " outgate run --upstream-ca FILE."
)
_BAD = "Whoever keeps the server has to mend its certificate."
_ENDED = "the program ended the connection before an answer came"
_LEAST_DOLLARS = Decimal("0.0001")
_NOTHING_SEEN = "until then this program sent nothing through the gate"
_UNINSPECTED = frozenset({Fate.PAST, Fate.UNTRUSTED, Fate.FOREIGN})
"""Connections of which there is nothing to tell but why."""
_NOT_SENT = frozenset({Fate.UNREACHED, Fate.UNFINISHED})
_FAULTS = frozenset({NO_ANSWER_NOTE, LEFT_NOTE, CUT_NOTE, WANTS_CERTIFICATE})
"""Notes of requests that were let out, and did not do what their program wanted."""
_OUTCOMES = frozenset({UNREACHED_NOTE, UNFINISHED_NOTE, NO_ANSWER_NOTE, CUT_NOTE})
"""Notes of what became of a request, beside those of why."""


def print_session(
    entries: Sequence["Entry"],
    code: int,
    *,
    as_json: bool,
    out: TextIO,
    contact: str | None = None,
    left: Leftovers | None = None,
    short: ShortConnections | None = None,
    elsewhere: Elsewhere | None = None,
) -> None:
    """Print the summary of one `run`. `contact`: whom the policy says to ask. `left`: what the
    program leaves behind. `short`: what the gate could tell nobody's. `elsewhere`: the gate that
    keeps the records, where that is not ours.
    """
    left, short = left or Leftovers(), short or ShortConnections()
    entries, opened, unknown = _apart(entries, elsewhere)
    if as_json:
        told = {"exit_code": code, **_as_json(entries, opened, left, short, unknown, elsewhere)}
        out.write(json.dumps(told, ensure_ascii=False) + "\n")
        return
    _say(left.sentences(), out)
    if elsewhere is not None and elsewhere.entries is None:
        out.write(f"outgate: {elsewhere.sentence()}\n")
        return
    _say(short.sentences(), out)
    _say(unknown_told(unknown), out)
    _say(() if elsewhere is None else elsewhere.told_of_detached(), out)
    cut = left.gate_ended or (elsewhere is not None and not elsewhere.whole)
    if not all(map(_is_observed, opened)):
        _say_what_was_sent(opened, out, contact, cut=cut, own=elsewhere is None)
        _say(short.missed(), out)
        print_unreadable(opened, out)
    elif not unknown and (elsewhere is None or elsewhere.is_complete):
        out.write(f"outgate: {_NOTHING_SEEN if left.gate_ended else short.nothing_seen()}\n")
    _say(() if elsewhere is None else elsewhere.at_the_end(), out)


def _as_json(
    entries: Sequence["Entry"],
    opened: Sequence[OpenedEntry],
    left: Leftovers,
    short: ShortConnections,
    unknown: Mapping[str, int],
    elsewhere: Elsewhere | None,
) -> dict[str, Any]:
    """Return what the summary of one `run` is made of, as JSON values."""
    return {
        "totals": totals_of([one.record for one in opened if isinstance(one, StoredRecord)]),
        "still_running": left.processes,
        "gate_ended": left.gate_ended,
        **_exported(entries, opened),
        "short_connections": None if short.places is None else dict(short.places),
        "unknown_senders": unknown,
        "detached_senders": 0 if elsewhere is None else elsewhere.detached,
        "recorded_by": None if elsewhere is None else elsewhere.url,
        "records_whole": elsewhere is None or elsewhere.whole,
    }


def _say_what_was_sent(
    opened: Sequence[OpenedEntry], out: TextIO, contact: str | None, *, cut: bool, own: bool
) -> None:
    records = [one.record for one in opened if isinstance(one, StoredRecord)]
    head = _headline(records, totals_of(records), cut=cut, own=own)
    out.write(f"outgate: {', '.join(head)}\n")
    for same in _by_place(records):
        for line in _told(same, contact):
            out.write(f"{line}\n")
    for line in _exceptions(records):
        out.write(f"{line}\n")


def _apart(
    entries: Sequence["Entry"], elsewhere: Elsewhere | None
) -> tuple[list["Entry"], list[OpenedEntry], dict[str, int]]:
    """Return the program's, those opened, and the places of what is nobody's in particular: no
    places where they may be another user's.
    """
    both = [(entry, entry.opened()) for entry in entries]
    known = [(entry, one) for entry, one in both if not has_no_sender(one)]
    unknown = places_of([one for _, one in both if has_no_sender(one)])
    if elsewhere is not None and elsewhere.unknown:
        unknown = {"": elsewhere.unknown}
    return [entry for entry, _ in known], [one for _, one in known], unknown


def _exported(
    entries: Sequence["Entry"], opened: Sequence[OpenedEntry]
) -> dict[str, list[dict[str, Any]]]:
    told = [(entry.exported(), one) for entry, one in zip(entries, opened, strict=True)]
    return {
        "records": [value for value, one in told if not _is_observed(one)],
        "observations": [value for value, one in told if _is_observed(one)],
    }


def _say(lines: Iterable[str], out: TextIO) -> None:
    for line in lines:
        out.write(f"outgate: {line}\n")


def _is_observed(entry: OpenedEntry) -> bool:
    return isinstance(entry, StoredObservation)


def _exceptions(records: Sequence[Record]) -> Iterator[str]:
    """Yield the lines that the policy would need for what cannot be inspected."""
    from policy.exception_lines import exception_lines
    from tui.exceptions import needed_exception

    needed = [one for record in records if (one := needed_exception(record)) is not None]
    if lines := exception_lines(needed, utc_now().date()):
        yield (
            "outgate: whoever keeps the policy can let it pass, undecrypted and on record, by these"
            " lines:"
        )
        yield from (f"  {line}" for line in lines)


def _headline(
    records: Sequence[Record], totals: Mapping[str, Any], *, cut: bool, own: bool
) -> Iterator[str]:
    """Yield the parts of the first line. `cut`: the gate ended before all was counted, or told not
    all. `own`: the records can be read by whoever reads this.
    """
    yield counted(totals["requests"], "request")
    exact = not (cut or totals["bytes_at_least"])
    yield f"{size_at_least(totals['bytes_sent'], exact=exact)} sent"
    for fate, words in (("stopped", "stopped"), ("unsent", "not sent"), ("past", "past Outgate")):
        if totals[fate]:
            yield f"{number(totals[fate])} {words}"
    if unsure := sum(1 for record in records if unchecked(record)):
        yield f"{number(unsure)} not wholly checked"
    asked = sum(1 for record in records if needs_review(record))
    command = ": outgate review" if own else ""
    none = "nothing of that to review" if cut else "nothing to review"
    yield f"{number(asked)} to review{command}" if asked else none


def _is_worth_a_word(record: Record) -> bool:
    stopped = record.decision.verdict is not Verdict.ALLOW or record.fate is not None
    if unchecked(record) or (record.fate is None and record.decision.degraded):
        return True
    if CUT_NOTE in record.notes:
        return stopped or _is_cut(record)
    return stopped or not _FAULTS.isdisjoint(record.notes)


def _is_cut(record: Record) -> bool:
    """Return whether an answer broke off that the program would have read on."""
    return CUT_NOTE in record.notes and LEFT_EARLY_NOTE not in record.notes


def _by_place(records: Iterable[Record]) -> list[list[Record]]:
    """Return what went to one place with one outcome by one rule together, as it first came."""
    found: dict[tuple[object, ...], list[Record]] = {}
    for record in records:
        if _is_worth_a_word(record) or record.llm is not None:
            decision, faults = record.decision, _FAULTS.intersection(record.notes)
            why = _causes(record) if faults or record.fate in _NOT_SENT else ""
            became = record.outcome, record.left_in_part, decision.rule, decision.reason
            key = (_place(record), *became, unchecked(record), faults, why)
            found.setdefault(key, []).append(record)
    return list(found.values())


def _place(record: Record) -> str:
    to = record.destination
    name = place(to.service, to.host, to.category, to.account.kind)
    by_port = record.fate in {Fate.PAST, Fate.FOREIGN} or _is_unanswered(record)
    return f"{name}, port {to.port}" if by_port and to.port != NO_PORT else name


def _is_unanswered(record: Record) -> bool:
    """Return whether it asked for a connection past the gate, and had no answer."""
    return _is_told_as(record, UNANSWERED)


def _is_told_as(record: Record, first: str) -> bool:
    stages = record.decision.degraded
    return record.fate is not None and any(one.startswith(f"{first}:") for one in stages)


def _told(same: Sequence[Record], contact: str | None) -> Iterator[str]:
    newest = same[-1]
    words = record_words(newest)
    yield f"  {words.sign} {_place(newest)}: {', '.join(_amounts(same))}"
    if not _is_worth_a_word(newest):
        return
    yield f"      {_why(newest)}"
    if why := unchecked(newest):
        yield f"      Not all of it was checked: {why.rstrip('.')}."
    if (remedy := _remedy(newest, contact)) is not None:
        yield f"      {remedy}"


def _is_told_by_its_reason(record: Record) -> bool:
    by_name = _is_unanswered(record) or _is_told_as(record, NOT_FOUND)
    in_its_head = record.fate is Fate.UNFINISHED and record.request.method == TUNNEL
    return record.fate in _UNINSPECTED or by_name or in_its_head


def _why(record: Record) -> str:
    decision = record.decision
    reason = printable(decision.reason, 300).rstrip(".")
    if _is_told_by_its_reason(record):
        return f"{reason}."
    if record.fate in _NOT_SENT:
        return f"Nothing was sent: {_causes(record) or 'it was not reached'}."
    if record.left and NO_ANSWER_NOTE in record.notes:
        return f"{_how_much(record)} was sent, and no answer came{_because(record)}."
    if record.left and LEFT_NOTE in record.notes:
        return f"{_how_much(record)} was sent, and {_ENDED}."
    if record.left and _is_cut(record):
        return f"{_how_much(record)} was sent, and the answer is not whole{_because(record)}."
    if record.left and WANTS_CERTIFICATE in record.notes:
        return f"It was answered with {record.response.status}: {_causes(record)}."
    rule = f" ({printable(decision.rule, 100)})" if decision.rule else ""
    return f"{outcome(record).rstrip('.')}{rule}. {reason}{'.' if reason else ''}".rstrip()


def _how_much(record: Record) -> str:
    """Return the subject of what was sent: of a body that broke off, no more than is known."""
    if record.request.complete:
        return "It"
    return "A part of it" if record.bytes_exact else "At least a part of it"


def _because(record: Record) -> str:
    return f": {cause}" if (cause := _causes(record)) else ""


def _causes(record: Record) -> str:
    why = [note for note in record.notes if note not in _OUTCOMES]
    return printable(", ".join(why), 200)


def _amounts(same: Sequence[Record]) -> Iterator[str]:
    if _is_told_as(same[0], DATAGRAMS):
        yield "datagrams"
        return
    if same[0].fate in _UNINSPECTED or _is_unanswered(same[0]):
        yield counted(len(same), "connection")
        return
    if _is_told_as(same[0], NOT_FOUND):
        yield counted(len(same), "question") + " for its address"
        return
    yield counted(len(same), "request")
    yield size_left(same)
    most: list[Amount] = []
    for record in same:
        most = most_of(most, record.findings)
    if phrase := found(most):
        yield printable(phrase, 300)
    calls = [record.llm for record in same if record.llm is not None]
    yield from _tokens(calls)
    yield from _cost(calls)


def _tokens(calls: Sequence[LlmCall]) -> Iterator[str]:
    used = [(call.input_tokens, call.output_tokens) for call in calls]
    if any(amount is not None for pair in used for amount in pair):
        about = "≈" if any(call.tokens_basis is TokensBasis.ESTIMATED for call in calls) else ""
        sums = (sum(pair[side] or 0 for pair in used) for side in (0, 1))
        yield f"{about}{' + '.join(map(number, sums))} tokens"


def _cost(calls: Sequence[LlmCall]) -> Iterator[str]:
    billed = [call for call in calls if call.cost_basis is not CostBasis.COUNTED]
    costs = [dollars(call.cost_usd) for call in billed]
    known = [cost for cost in costs if cost is not None]
    whole = len(known) == len(costs) and not any(call.cost_left_out for call in billed)
    if sum(known) >= _LEAST_DOLLARS:
        yield f"{'' if whole else 'at least '}${sum(known):.4f}"
    elif known and whole:
        yield f"less than ${_LEAST_DOLLARS}" if any(known) else "$0"


def _by_cause(record: Record) -> str | None:
    """Return what to do about what did not get there, where the cause tells it."""
    if any(PROXYS_FAULT in note for note in record.notes):
        return _OF_THE_PROXY
    if UNTRUSTED_SERVER in record.notes:
        return _UNTRUSTED_SERVER
    is_bad = any(note.startswith(BAD_CERTIFICATE) for note in record.notes)
    return _BAD if is_bad else None


def _remedy(record: Record, contact: str | None) -> str | None:
    if WANTS_CERTIFICATE in record.notes:
        return _OWN_CERTIFICATE
    if record.fate is not None:
        told = (words for first, words in _BY_STAGE if _is_told_as(record, first))
        return next(told, None) or _by_cause(record) or _REMEDIES[record.fate]
    if record.left:
        is_fault = NO_ANSWER_NOTE in record.notes or _is_cut(record)
        return _REMEDIES[Fate.UNREACHED] if is_fault else None
    whom = record.decision.contact or contact
    ask = f"Ask {printable(whom, 100)}" if whom else "Ask your privacy officer"
    allowed = f"{ask} and quote reference {record.id}"
    if record.decision.verdict is Verdict.HOLD:
        return f"{allowed}; they answer it in: outgate review. Then run it again."
    return f"{allowed}; they look at it with: outgate review --case {record.id}"
