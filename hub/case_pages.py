"""Pages of the desk's list: a filter and an order of the review as SQL over it. Builds text and
values, and asks for senders where a filter is about them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString, Protocol

from core.attribution import Certainty
from core.case_keys import CASE_DIGITS
from core.case_vocabulary import shown_as
from core.decision import HoldOutcome, Verdict, hold_word, left_by
from core.fate import Delivery, Fate
from core.findings import NOT_INSPECTED
from core.observation import OBSERVED
from core.review import About, CaseFilter, CaseStatus, Condition, Order
from core.vocabulary.desk import State
from evidence.case_queries import plain
from hub.council import PERSONS
from hub.review_cases import FOLDED

_DEFAULT: LiteralString = "closed_here, open_on DESC, last_at DESC, number"
_BY: Mapping[Order, LiteralString] = {
    Order.RISK: "risk DESC, ",
    Order.PEOPLE: "people DESC, ",
    Order.ROWS: "most_rows DESC, ",
    Order.NEWEST: "last_at DESC, ",
    Order.OLDEST: "first_at, ",
    Order.SCRIPT: 'folded[1] COLLATE "C", ',
    Order.DESTINATION: 'folded[2] COLLATE "C", ',
    Order.OUTCOME: 'verdict COLLATE "C", ',
    Order.KIND: 'kinds COLLATE "C", ',
    Order.TIMES: "records DESC, ",
}
"""Else those that are open on most machines first."""
_PARTS: Mapping[About, Sequence[str]] = {
    About.SCRIPT: ("script",),
    About.DESTINATION: ("host", "service"),
    About.TEXT: ("script", "host", "service"),
}
_WHOLE: Mapping[About, str] = {
    About.ACCOUNT: "account",
    About.RISK: "risk",
    About.DISPOSITION: "disposition",
}
"""Compared whole."""
_UNTOLD: Mapping[About, str] = {
    About.OWN: "what a sender did in the own matter",
    About.STATE: "that of a case: open it to see",
}
"""What sums of a fleet do not hold: each machine adds up its own."""
_OF_HOWS = frozenset({About.RULE, About.MODEL, About.CERTAIN})
_BY_HOW = frozenset({Delivery.CUT.value, *map(hold_word, HoldOutcome)})
"""Outcomes that no verdict tells: how holds ended, and which of them let nothing out."""
_STATES: Mapping[str, LiteralString] = {
    State.LIKELY: f"certain = '{Certainty.LIKELY}'",
    State.UNNAMED: "folded[1] IN ('', 'unknown')",
    State.UNREAD: f"kinds = ARRAY['{NOT_INSPECTED}']",
    State.PARTLY_UNREAD: f"'{NOT_INSPECTED}' = ANY(kinds)",
    State.NOTHING_LEFT: f"(went = 0 AND verdict NOT IN ('{Fate.PAST}', '{OBSERVED}'))",
    State.NOTHING_KNOWN: "kinds = '{}'",
    State.FIRST_TIME: "(first_at AT TIME ZONE 'UTC')::date = (last_at AT TIME ZONE 'UTC')::date",
}

type Clause = tuple[LiteralString, tuple[Any, ...]]


class Senders(Protocol):
    """Finds senders by a part of their path or of who ran them (`hub.case_senders`)."""

    def __call__(self, about: About, values: Sequence[str], /) -> list[int]:
        """Return their numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What of senders the list may tell."""

    senders: Senders
    of_few: int = 0
    """A case tells who ran it where so many people did; 0: always, by their names."""


def where(wanted: CaseFilter, told: Told) -> Clause:
    """Return what a filter shows, as a condition and its values."""
    clauses = list(_clauses(wanted, told))
    text: LiteralString = " AND ".join(one for one, _ in clauses) if clauses else "true"
    return text, tuple(value for _, values in clauses for value in values)


def sorts(order: Order) -> bool:
    """Return whether the list is sorted by this; else by on how many machines a case is open."""
    return order in _BY


def untold(condition: Condition) -> str:
    """Return what a condition asks for that the list does not tell, in words; nothing where it
    tells it.
    """
    if condition.about is not About.SHOWN:
        return _untold(condition.about, condition.values)
    meant = [shown_as(value) for value in condition.values[1:]]
    missing = [_untold(about, (value,)) for about, value in meant]
    return "" if not all(missing) else next(iter(missing), "")


def asks_how(condition: Condition) -> bool:
    """Return whether a condition asks how records came about (`hub.how_rows`)."""
    if condition.about is About.SHOWN:
        return any(_asks_how(*shown_as(value)) for value in condition.values[1:])
    return any(_asks_how(condition.about, value) for value in condition.values)


def _asks_how(about: About, value: str) -> bool:
    if about is About.STATE:
        return value == State.LIKELY
    return about in _OF_HOWS or (about is About.OUTCOME and value in _BY_HOW)


def _untold(about: About, values: Sequence[str]) -> str:
    if about is About.STATE and all(value in _STATES for value in values):
        return ""
    if about is About.CASE and any(len(value) > CASE_DIGITS for value in values):
        return "in which case a record is: ask the machine that it is of"
    return _UNTOLD.get(about, "")


def in_order(order: Order | None) -> LiteralString:
    """Return by what it is listed; without an order, and of equals, those that are open on most
    machines first.
    """
    return ("" if order is None else _BY.get(order, "")) + _DEFAULT


def _clauses(wanted: CaseFilter, told: Told) -> Iterator[Clause]:
    if wanted.status is not None:
        yield "is_open = %s", (wanted.status is CaseStatus.OPEN,)
    if wanted.since is not None:
        yield "last_at >= %s", (wanted.since,)
    if wanted.until is not None:
        yield "last_at < %s", (wanted.until,)
    for one in plain(wanted):
        yield _condition(one, told)


def _condition(condition: Condition, told: Told) -> Clause:
    text, values = _one(condition.about, condition.values, told)
    return ("NOT (" + text + ")" if condition.negated else text), values


def _one(about: About, values: Sequence[str], told: Told) -> Clause:
    if about is About.SHOWN:
        return _shown(values, told)
    text, given = _HOLDS.get(about, _never)(about, values)
    for by in _BY_SENDER.get(about, ()):
        more, numbers = _sent_by(by, told.senders(by, values), told)
        text, given = "(" + text + " OR " + more + ")", (*given, *numbers)
    return text, given


_CASE_OF: LiteralString = """SELECT coalesce(x.family, 0), coalesce(x.name, p.path), d.name, a.word
    FROM totals t JOIN places p ON p.number = t.place LEFT JOIN scripts x ON x.number = p.script
        JOIN destinations d ON d.number = t.destination JOIN words a ON a.number = t.account"""
_SEEN: LiteralString = " WHERE t.review"
_KEY: LiteralString = "(family, name, destination, account) IN ("
_BY_SENDER: Mapping[About, Sequence[About]] = {
    About.USER: (About.USER,),
    About.SCRIPT: (About.SCRIPT,),
    About.TEXT: (About.SCRIPT, About.USER),
}
"""What of the senders of a case is looked at, beside what stands in the list."""


def _sent_by(by: About, senders: list[int], told: Told) -> Clause:
    """One of these senders has a part in it; of people only where the case tells of them."""
    if not senders:
        return "false", ()
    if by is About.USER and told.of_few:
        of_many: LiteralString = " LEFT JOIN people w ON w.number = p.person" + _SEEN
        of_many += " GROUP BY 1, 2, 3, 4 HAVING bool_or(t.place = ANY(%s::int[]))"
        of_many += " AND " + PERSONS + " >= %s)"
        return _KEY + _CASE_OF + of_many, (senders, told.of_few)
    return _KEY + _CASE_OF + _SEEN + " AND t.place = ANY(%s::int[]))", (senders,)


def _case(_: About, values: Sequence[str]) -> Clause:
    """The case has this short id."""
    return f"folded[{FOLDED.index('case') + 1}] = ANY(%s::text[])", ([v.lower() for v in values],)


def _has(about: About, values: Sequence[str]) -> Clause:
    """One of the values is in one of the texts."""
    wanted = [value.casefold() for value in values]
    places: LiteralString = " OR ".join(
        f"position(v IN folded[{FOLDED.index(name) + 1}]) > 0" for name in _PARTS[about]
    )
    if about is About.TEXT:
        places += " OR EXISTS (SELECT 1 FROM unnest(folded_kinds) AS k WHERE position(v IN k) > 0)"
    found: LiteralString = "SELECT 1 FROM unnest(%s::text[]) AS v WHERE "
    return "EXISTS (" + found + places + ")", (wanted,)


def _is(about: About, values: Sequence[str]) -> Clause:
    """One of the values is the text."""
    at: LiteralString = f"folded[{FOLDED.index(_WHOLE[about]) + 1}] = ANY(%s::text[])"
    return at, ([value.casefold() for value in values],)


_CUT: LiteralString = (
    _KEY  # noqa: S608 - constants
    + _CASE_OF
    + " JOIN words o ON o.number = t.outcome"
    + _SEEN
    + """ AND t.went > 0 AND o.word <> ALL(%s::text[]) AND (o.word <> %s OR EXISTS (
        SELECT 1 FROM records r JOIN hows h ON h.number = r.how
        WHERE r.place = t.place AND r.destination = t.destination AND r.account = t.account
            AND r.outcome = t.outcome AND r.went AND h.ending = ANY(%s::text[]))))"""
)
_LET_OUT = [verdict.value for verdict in Verdict if left_by(verdict)]
_KEPT_BACK = ["", *(hold_word(ending) for ending in HoldOutcome if not ending.released)]


def _outcome(_: About, values: Sequence[str]) -> Clause:
    """Some record had one of these outcomes, however its hold ended; or it was stopped after a part
    of it had left.
    """
    wanted = [value.casefold() for value in values]
    text: LiteralString = "(outcomes || endings) && %s::text[]"
    if Delivery.CUT not in wanted:
        return text, (wanted,)
    return text + " OR " + _CUT, (wanted, _LET_OUT, Verdict.HOLD.value, _KEPT_BACK)


_NAMES: Mapping[About, LiteralString] = {About.RULE: "rules", About.MODEL: "models"}


def _names(about: About, values: Sequence[str]) -> Clause:
    """One of the values is in one of the names."""
    found: LiteralString = "SELECT 1 FROM unnest(%s::text[]) AS v, unnest("
    found += _NAMES[about] + ") AS n WHERE position(v IN lower(n)) > 0"
    return "EXISTS (" + found + ")", ([value.casefold() for value in values],)


def _certain(_: About, values: Sequence[str]) -> Clause:
    """So sure is the sender of the newest record of which that is known."""
    return "certain = ANY(%s::text[])", (list(values),)


def _kind(_: About, values: Sequence[str]) -> Clause:
    return "folded_kinds && %s::text[]", ([value.casefold() for value in values],)


def _shown(values: Sequence[str], told: Told) -> Clause:
    """One of the words of the screen, or what it stands for."""
    parts = [_one(about, (value,), told) for about, value in map(shown_as, values)]
    text: LiteralString = " OR ".join(f"({one})" for one, _ in parts)
    return text, tuple(value for _, given in parts for value in given)


_NUMBERS: Mapping[About, LiteralString] = {
    About.TIMES: "records",
    About.PEOPLE: "people",
    About.ROWS: "most_rows",
}


def _at_least(about: About, values: Sequence[str]) -> Clause:
    return _NUMBERS[about] + " >= %s", (min(map(int, values)),)


def _state(_: About, values: Sequence[str]) -> Clause:
    text: LiteralString = " OR ".join(_STATES.get(value, "false") for value in values)
    return text or "false", ()


_VERSIONS: LiteralString = """(family, name, destination, account) IN (
    SELECT x.family, x.name, d.name, a.word
    FROM scripts x JOIN places p ON p.script = x.number JOIN totals t ON t.place = p.number
        JOIN destinations d ON d.number = t.destination JOIN words a ON a.number = t.account
    WHERE t.review AND EXISTS (SELECT 1 FROM unnest(%s::text[]) AS v
        WHERE starts_with(encode(x.sha256, 'hex'), v)))"""


def _version(_: About, values: Sequence[str]) -> Clause:
    """One of the versions that sent it begins so."""
    return _VERSIONS, ([value.casefold() for value in values],)


def _returned(_: About, __: Sequence[str]) -> Clause:
    """Whoever reopens a case takes the reason away; what comes back keeps it."""
    return "(is_open AND disposition IS NOT NULL)", ()


def _never(_: About, __: Sequence[str]) -> Clause:
    return "false", ()


_HOLDS: Mapping[About, Callable[[About, Sequence[str]], Clause]] = {
    **dict.fromkeys(_PARTS, _has),
    **dict.fromkeys(_WHOLE, _is),
    About.KIND: _kind,
    About.OUTCOME: _outcome,
    **dict.fromkeys(_NAMES, _names),
    About.CERTAIN: _certain,
    About.CASE: _case,
    **dict.fromkeys(_NUMBERS, _at_least),
    About.STATE: _state,
    About.HASH: _version,
    About.RETURNED: _returned,
}
