"""A record or a case in an officer's words. Pure; shared by the app's summary tables."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo

from core.attribution import Attribution, Certainty
from core.classification import AccountKind
from core.decision import Decision, left_by, left_by_ending
from core.fate import Fate
from core.findings import NOT_INSPECTED, SECRET, Finding
from core.observation import OBSERVED
from core.observation import Kind as Observed
from core.record import Record
from core.review import Case, Disposition
from core.risk import Level, Risk, risk_of
from core.text import printable
from core.vocabulary.desk import NOTHING_KNOWN, PROBABLY, UNKNOWN_SENDER, UNREAD
from core.vocabulary.destinations import ACCOUNTS, whose
from core.vocabulary.findings import amounts, content, found, named
from core.vocabulary.kinds import Kind, by_gravity, kind_of
from core.vocabulary.observations import KINDS as OBSERVATIONS
from core.vocabulary.reviews import DISPOSITIONS
from core.vocabulary.sizes import at_least, capital, counted, number
from core.vocabulary.times import ago, at_time, clock_time
from core.vocabulary.verdicts import (
    FATES,
    UNKNOWN,
    WAITING,
    Words,
    became,
    counts_told,
    cut_words,
    words_of,
    words_of_ending,
    words_of_record,
)
from destinations.naming import place_name

_MARKS_KEPT = 2


def safe(text: object, limit: int = 400) -> str:
    """Return anything from a record as inert text on one line that keeps to its own cells."""
    shown = printable(str(text), limit)
    return shown if shown.isascii() else _few_marks(shown)


def _few_marks(text: str) -> str:
    kept: list[str] = []
    run = 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) else 0
        if run <= _MARKS_KEPT:
            kept.append(character)
    return "".join(kept)


def kind_words(kind: str) -> Kind:
    """Return how a kind of finding is called; an unlisted one is called by its own name."""
    return kind_of(safe(kind, 60))


def service_name(service: str | None, host: str) -> str:
    """Return the name a person uses for a destination."""
    return safe(place_name(service, host), 80)


def place(service: str | None, host: str, category: str, account_kind: str) -> str:
    """Return whose account of which service: `a personal OneDrive`, `OpenAI`, `files.example`."""
    return whose(service_name(service, host), account_kind, category, service=bool(service))


def account_words(account_kind: str) -> str:
    """Return a word for the queue: `personal`, `own`, `other's`, `no account` or nothing."""
    return ACCOUNTS[AccountKind(account_kind)].word if account_kind in AccountKind else ""


def record_words(record: Record, *, waiting: bool = False) -> Words:
    """Return word, sign and meaning of what became of a request, or that it waits still."""
    return words_of_record(record, WAITING if waiting else None)


def case_words(case: Case) -> Words:
    """Return word, sign and meaning of a case: of its newest request, or where that did not leave
    and others did, of those. A held one goes by how its newest hold ended.
    """
    ending = None if case.hold is None else case.hold.outcome
    if Fate.PAST in case.inside.outcomes:
        return FATES[Fate.PAST]
    if left_by(case.verdict, ending):
        return words_of(case.verdict, ending)
    if (led := _led(case)) is not None:
        return words_of_ending(led)
    if case.cut:
        return cut_words(case.bytes_sent, exact=case.bytes_exact, times=case.cut)
    return words_of(case.verdict, ending)


def _led(case: Case) -> str | None:
    """Return the outcome of most of those that left whole; None where none did."""
    went = {word: n for word, n in case.inside.outcomes.items() if left_by_ending(word)}
    return max(sorted(went), key=lambda word: went[word], default=None)


def case_outcomes(case: Case) -> str:
    """Return how often each outcome was, where there are several: `146 passed, 3 blocked`."""
    told = counts_told(case.inside.outcomes, case.cut)
    return ", ".join(f"{number(n)} {word}" for word, n in told.items()) if len(told) > 1 else ""


def case_sender(case: Case) -> str:
    """Return what a person calls the sender of a case; nothing where it is not known."""
    known = case.script and (case.script_path is not None or case.script != "unknown")
    return safe(case.script, 100) if known else ""


RISKS: Mapping[Level, tuple[str, str]] = {
    Level.HIGH: ("▲", "blocked"),
    Level.MEDIUM: ("△", "held"),
    Level.LOW: ("·", "quiet"),
}
"""Sign and colour of each level."""
_WORRYING = {Level.HIGH: "blocked", Level.MEDIUM: "held"}
"""Colours of what left and should worry: never that of what was allowed."""


def case_meaning(case: Case) -> str:
    """Return what the colour of a case goes by: of what left, how much it should worry."""
    return worrying(case_words(case).meaning, case)


def worrying(meaning: str, case: Case) -> str:
    """Return the colour of an outcome in this case: what left is never drawn as harmless where it
    should worry.
    """
    return _WORRYING.get(risk_of(case).level, meaning) if meaning == "allowed" else meaning


def risk_is_low(case: Case) -> bool:
    """True of what need not worry."""
    return risk_of(case).level is Level.LOW


def risk_words(case: Case, *, if_left: bool = False) -> str:
    """Return `high: bank account numbers, 15,000 rows in one request, a personal account`."""
    return _risk_told(risk_of(case, if_left=if_left))


def _risk_told(risk: Risk) -> str:
    return f"{risk.level}: {safe(', '.join(risk.because)) or 'nothing known was found'}"


def risk_once_left(case: Case) -> tuple[str, str] | None:
    """Return the risk of what can be let go, once it has left, and its colour; None where it has
    left, or where that changes nothing.
    """
    before, after = risk_of(case), risk_of(case, if_left=True)
    if after.points == before.points:
        return None
    return _risk_told(after), RISKS[after.level][1]


def disposition_words(disposition: str | None) -> str:
    """Return why a case was closed, in words."""
    if disposition is None:
        return "no reason given"
    if disposition in Disposition:
        return DISPOSITIONS[Disposition(disposition)].words
    return safe(disposition, 60).replace("_", " ")


def found_phrase(findings: Iterable[Finding]) -> str:
    """Return what was found: `15,000 rows with bank account numbers`, `2 phone numbers`, or
    nothing.
    """
    return safe(found(amounts(findings)))


def sender_name(sender: Attribution) -> str:
    """Return what a person calls the sender; never a name that was not found."""
    if sender.script is not None:
        return safe(sender.script.name, 80)
    name = "" if sender.process is None else safe(sender.process.name, 64)
    return f"{name} (script not known)" if name else UNKNOWN_SENDER


def _subject(sender: Attribution) -> str:
    named = sender.process is not None and sender.process.name
    if sender.script is None and not named:
        who = "A program that could not be identified"
    else:  # a name keeps its first letter as it is
        who = sender_name(sender) if sender.script is None else f"“{sender_name(sender)}”"
        who = f"{capital(PROBABLY)} {who}" if sender.certainty is Certainty.LIKELY else who
    user = f", run by {safe(sender.user, 60)}," if sender.user else ""
    return who + user


def outcome(record: Record, *, waiting: bool = False) -> str:
    """Return what happened and, where policy only watched, what the rule would have done."""
    return became(record, WAITING if waiting else None)


def sentence(
    record: Record, now: datetime, zone: tzinfo | None = None, *, waiting: bool = False
) -> str:
    """Return one exchange as two sentences: who sent what where when, and what happened.

    `waiting`: it is held at this moment.
    """
    decision, destination = record.decision, record.destination
    who, when = _subject(record.sender), at_time(record.at, now, zone)
    if record.request.method == "CONNECT":
        host = safe(destination.host, 200)
        return (
            f"{who} {_UNINSPECTED.get(record.outcome, 'tried to reach')} {host} {when}. "
            f"{_why(decision)}"
        )
    told, unread, exact = amounts(record.findings), record.unread, record.bytes_exact
    what = safe(content(told, record.request.bytes, unread=unread, exact=exact))
    account = destination.account.kind
    where = place(destination.service, destination.host, destination.category, account)
    if record.llm is not None and record.llm.model:
        where += f" ({safe(record.llm.model, 60)})"
    verb = _BEGAN
    if not record.left_in_part:
        verb = _verb(record.outcome, WAITING if waiting else decision.hold_outcome)
    return f"{who} {verb} {what} to {where} {when}. {outcome(record, waiting=waiting)}"


def _verb(verdict: str, hold: str | None) -> str:
    if left_by(verdict, hold):
        return "sent"
    return "wants to send" if hold == WAITING else _TRIED


_UNINSPECTED: Mapping[str, str] = {
    Fate.PAST: "went past Outgate to",
    Fate.UNTRUSTED: "tried to reach",
    Fate.FOREIGN: "tried to reach",
}
"""What a client did that came to no inspection: it never sent the gate a request."""
_TRIED, _BEGAN = "tried to send", "began to send"
"""Of what did not leave, and of that of which a part did."""


def _why(decision: Decision) -> str:
    return safe(decision.reason, 300).rstrip(".") + "."


def case_found(case: Case) -> str:
    """Return what was found in a case, short: `15,000 rows · bank account numbers`."""
    if case.verdict == OBSERVED:
        return safe(", ".join(case.kinds), 60)
    kinds = _found_kinds(case)
    if not kinds:
        return UNREAD if case.unread else NOTHING_KNOWN
    inside, more = case.inside, "" if case.inside.most_exact else "+"
    if case.records and case.records > 1 and case.records >= inside.people:
        return f"{number(case.records)}{more} rows · {_named(kinds)}"
    # The queue's number is that of one detector; secrets have many.
    if len(kinds) == 1 and kinds[0] != SECRET:
        return _values_found(case, kinds)
    if case.count > 1 and inside.people > 1:
        more = "" if inside.people_exact else "+"
        return f"{number(inside.people)}{more} people · {_named(kinds)}"
    return _named(kinds)


def _values_found(case: Case, kinds: Sequence[str]) -> str:
    """Return how many values of its one kind were found, where anybody knows."""
    words, known = kind_words(kinds[0]), case.inside.kinds.get(kinds[0])
    values, exact = case.values, case.inside.most_exact
    if known is not None:
        values, exact = max(values, known.distinct), known.exact and exact
    if not values:
        return _named(kinds)
    return counted(values, words.one, words.many) if exact else f"{number(values)}+ {words.many}"


def _found_kinds(case: Case) -> list[str]:
    return [kind for kind in by_gravity(case.kinds) if kind != NOT_INSPECTED]


def _named(kinds: Sequence[str]) -> str:
    return safe(named(kinds, 2))


def case_place(case: Case) -> str:
    """Return where a case went, short: `OneDrive, personal`."""
    account = account_words(case.account_kind)
    name = service_name(case.service, case.host)
    return f"{name}, {account}" if account else name


def _amount_sent(case: Case, kinds: Sequence[str]) -> str:
    """Return how much was found; of several requests, whether in one of them or in all."""
    words, inside = case_found(case), case.inside
    if " people · " in words:
        people = at_least(inside.people, "person", "people", exact=inside.people_exact)
        return f"data of {people} ({_named(kinds)}) in all"
    told, least = words.replace("+ ", " ", 1).replace(" · ", " with "), "+ " in words
    if case.count == 1 or told == _named(kinds):
        return f"at least {told}" if least else told
    known = inside.kinds.get(kinds[0])
    if " · " not in words and known is not None and (least or known.distinct > case.values):
        return f"at least {told} in all" if least else f"{told} in all"
    return f"{'at least' if least else 'up to'} {told} at once"


def _sent_words(case: Case) -> str:
    """Return what a case sent, as it stands between `sent` and `to`."""
    kinds = _found_kinds(case)
    if kinds:
        told = _amount_sent(case, kinds)
        return f"{told}, partly unread," if case.unread else told
    if case.unread:
        return "what could not all be read"
    return "data without known personal data or secrets"


def _named_sender(sender: str, *, likely: bool) -> str:
    if not sender:
        return "An unknown sender"
    return f"Probably “{safe(sender, 80)}”" if likely else f"“{safe(sender, 80)}”"


def case_sentence(case: Case, now: datetime, zone: tzinfo | None = None) -> str:
    """Return a case as a sentence, from what the queue knows of it."""
    who = _named_sender(case_sender(case), likely=case.likely)
    ran = "on" if case.inside.machines else "run by"
    by = f", {ran} {safe(case.user, 60)}," if case.user else ""
    words = case_words(case)
    hold = None if case.hold is None else case.hold.outcome
    verb = "sent" if words.meaning == "allowed" else _verb(case.verdict, hold)
    where = place(case.service, case.host, case.category, case.account_kind)
    if verb == _TRIED and case.bytes_sent and words is not UNKNOWN:  # nothing left whole
        verb = _BEGAN
    when = at_time(case.last_at, now, zone)
    since = f" ({counted(case.count, 'time')} since {clock_time(case.first_at, now, zone)})"
    last, times = (f", last {when}", since) if case.count > 1 else (f" {when}", "")
    told = words.outcome + (f" In all: {several}." if (several := case_outcomes(case)) else "")
    tried = next(
        (_UNINSPECTED[f] for f, w in FATES.items() if w is words and f in _UNINSPECTED), ""
    )
    if tried:
        return f"{who}{by} {tried} {safe(case.host, 200)} {when}{times}. {told}"
    if case.verdict == OBSERVED:
        did = (
            OBSERVATIONS[Observed(case.kinds[0])] if case.kinds[0] in Observed else "did something"
        )
        return f"{who}{by} {did}: {safe(case.host, 300)}, seen {when}{times}. {words.outcome}"
    what = _sent_words(case)
    return f"{who}{by} {verb} {what} to {where}{last}{times}. {told}"


READING = "Reading the evidence …"
"""What the first lines say before anything is known."""


def health(
    totals: Mapping[str, int],
    now: datetime,
    problem: str | None = None,
    watching: bool | None = None,
    *,
    changed: bool = False,
) -> tuple[str, str]:
    """Return the meaning (allowed, quiet or blocked) and the words of the health line.

    `totals` are those of today, nothing before they were read; `watching` is None when nobody could
    say whether a gate runs, and is then not claimed. `changed`: somebody edited the list of cases.
    """
    if problem:
        return "blocked", f"Not reading evidence · {safe(problem, 120)}"
    if changed:
        return "blocked", "The list of cases was changed in the file: v says what"
    if not totals:
        return "quiet", READING
    state = {True: "Watching · ", False: "No gate runs · ", None: ""}[watching]
    meaning, missed = "allowed", " · nothing skipped today" if "degraded" in totals else ""
    if watching is False or not missed:
        meaning = "quiet"
    if skipped := totals.get("degraded"):
        meaning, missed = "blocked", f" · {number(skipped)} not fully checked today"
    seen = "no request today"
    if last := totals.get("last_at_epoch"):
        seen = f"last request {ago(now - datetime.fromtimestamp(last, now.tzinfo))}"
    return meaning, capital(f"{state}{seen}{missed}")


def tally(open_cases: int, held: int) -> str:
    """Return the first words of the screen: how many cases need a person, and how many requests
    wait for one at this moment.
    """
    need = f"{counted(open_cases, 'case needs', 'cases need')} you" if open_cases else ""
    wait = f"{number(held)} held now" if held else ""
    return ", ".join(filter(None, (need, wait))) or "Nothing needs you."
