"""Pages of the desk's list: a filter and an order of the review as SQL over it. Builds text and
values, touches no connection.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, LiteralString

from core.attribution import Certainty
from core.case_vocabulary import shown_as
from core.decision import HoldOutcome, hold_word
from core.fate import Fate
from core.findings import NOT_INSPECTED
from core.observation import OBSERVED
from core.review import About, CaseFilter, CaseStatus, Condition, Order
from core.vocabulary.desk import State
from evidence.case_queries import plain
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
    About.USER: ("user",),
    About.SCRIPT: ("script",),
    About.DESTINATION: ("host", "service"),
    About.CASE: ("case",),
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
_ENDINGS = frozenset(map(hold_word, HoldOutcome))
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


def where(wanted: CaseFilter) -> Clause:
    """Return what a filter shows, as a condition and its values."""
    clauses = list(_clauses(wanted))
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
    return about in _OF_HOWS or (about is About.OUTCOME and value in _ENDINGS)


def _untold(about: About, values: Sequence[str]) -> str:
    if about is About.STATE and all(value in _STATES for value in values):
        return ""
    return _UNTOLD.get(about, "")


def in_order(order: Order | None) -> LiteralString:
    """Return by what it is listed; without an order, and of equals, those that are open on most
    machines first.
    """
    return ("" if order is None else _BY.get(order, "")) + _DEFAULT


def _clauses(wanted: CaseFilter) -> Iterator[Clause]:
    if wanted.status is not None:
        yield "is_open = %s", (wanted.status is CaseStatus.OPEN,)
    if wanted.since is not None:
        yield "last_at >= %s", (wanted.since,)
    if wanted.until is not None:
        yield "last_at < %s", (wanted.until,)
    for one in plain(wanted):
        yield _condition(one)


def _condition(condition: Condition) -> Clause:
    text, values = _HOLDS.get(condition.about, _never)(condition.about, condition.values)
    return ("NOT (" + text + ")" if condition.negated else text), values


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


def _outcome(_: About, values: Sequence[str]) -> Clause:
    """Some record had one of these outcomes, however its hold ended."""
    return "(outcomes || endings) && %s::text[]", ([value.casefold() for value in values],)


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


def _shown(_: About, values: Sequence[str]) -> Clause:
    """One of the words of the screen, or what it stands for."""
    parts = [_HOLDS.get(about, _never)(about, (value,)) for about, value in map(shown_as, values)]
    text: LiteralString = " OR ".join(f"({one})" for one, _ in parts)
    return text, tuple(value for _, told in parts for value in told)


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
    About.SHOWN: _shown,
    **dict.fromkeys(_NUMBERS, _at_least),
    About.STATE: _state,
    About.HASH: _version,
    About.RETURNED: _returned,
}
