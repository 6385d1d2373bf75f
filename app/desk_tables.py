"""Rows of the tabs beside the review's queue: rankings, names in cases, rules, accounts. Pure."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from core.classification import AccountKind
from core.decision import Verdict
from core.risk import level_of
from core.vocabulary.desk import UNKNOWN_SENDER
from core.vocabulary.destinations import ACCOUNTS
from core.vocabulary.sizes import dollars, number, size_or_more
from core.vocabulary.times import clock_time
from core.vocabulary.verdicts import words_of
from destinations.naming import place_name
from evidence.case_rankings import InCases
from evidence.hours import By, Ranked
from policy.rule_list import ListedRule
from tui.sheet import Line, Table, filter_for
from tui.wording import RISKS

MOST = 200
"""Rows of a table."""
_HELD = "held at first"
"""Sums by the hour do not tell how holds ended; what left tells how many were released."""
_SHOWN: Mapping[By, Callable[[str], str]] = {
    "destination": lambda name: place_name(None if "." in name else name, name),
    "script": lambda name: UNKNOWN_SENDER if name == "unknown" else name,
    "outcome": lambda name: _HELD if name == Verdict.HOLD else words_of(name).word,
    "account": lambda name: ACCOUNTS[AccountKind(name)].meaning if name in AccountKind else name,
}


def ranked_line(row: Ranked, by: By, prefix: str, unread: frozenset[str]) -> Line:
    """Return a row; `unread`: of whose requests not all was read, so that a sum is the least."""
    one, name, past = row.total, row.name, row.past
    shown = _SHOWN[by](name) if by in _SHOWN else name
    word = _script_word(name, shown) if by == "script" else name
    line = "" if not prefix else filter_for(prefix, word)
    return Line(
        cells=(
            shown or "unknown",
            number(one.exchanges),
            number(one.sent),
            size_or_more(one.bytes, exact=not one.least),
            number(one.found) + ("+" if past or name in unread else ""),
            number(one.tokens),
            dollars(one.cost_usd) + ("+" if one.tokens and not one.cost_usd else ""),
        ),
        filter=line,
        script=name if by == "script" else "",
    )


_LONGEST_WORD = 100
"""Of a filter that a row leads to."""


def _script_word(name: str, shown: str) -> str:
    """Return what finds the cases of this script and, where its path is not too long, of no other
    whose name ends alike.
    """
    whole = name.startswith("/") and len(name) <= _LONGEST_WORD
    return name if whole else shown.rsplit("/", 1)[-1]


def cases_table(title: str, found: Sequence[InCases], prefix: str, now: datetime) -> Table:
    """Return who or what stands in cases; each row leads to them by this prefix of filters."""
    lines = []
    for one in found[:MOST]:
        level = level_of(one.risk)
        sign, tone = RISKS[level]
        people = number(one.people) + ("+" if one.people else "")
        lines.append(
            Line(
                cells=(
                    one.name,
                    f"{sign} {level}",
                    number(one.cases),
                    number(one.open_cases),
                    number(one.requests),
                    people,
                    clock_time(one.last_at, now),
                ),
                tone=tone,
                filter=filter_for(prefix, one.name),
            )
        )
    columns = ("Name", "Gravest", " Cases", " Open", " Requests", " People", "Last")
    title = first_of(title, len(lines), len(found))
    return Table(title=title, columns=columns, lines=tuple(lines))


def first_of(title: str, shown: int, count: int) -> str:
    """Return the title of a table, which says how many of its rows there is room for."""
    return title if shown == count else f"{title}: the first {shown} of {number(count)}"


def accounts_table(accounts: Sequence[tuple[str, str]]) -> Table:
    """Return the accounts that the policy lists: each with the service it is of."""
    lines = tuple(
        Line(
            cells=(account, place_name(service, service)),
            filter=f"{filter_for('to', service)} account:own",
        )
        for service, account in accounts
    )
    return Table(
        title="The organisation's own accounts",
        columns=("Account", "Of"),
        lines=lines,
        empty="None is listed: m on a case, then 4, lists its account.",
    )


class Hits(NamedTuple):
    """Requests that a rule decided."""

    ended: int
    """Those of the evidence."""
    held: int
    """Those that wait for a person now."""


def rule_line(rule: ListedRule, seen: InCases | None, hits: Hits, now: datetime) -> Line:
    """Return a rule; `seen`: where it stands in cases."""
    state = rule.mode if rule.enabled else "off"
    # What a rule allows makes no case, so that nothing here tells how often that was.
    told = [number(hits.ended)] if hits.ended else []
    told += [f"{number(hits.held)} held now"] if hits.held else []
    never = "–" if rule.then == "allow" else "never"
    return Line(
        cells=(
            rule.id,
            state,
            rule.then,
            rule.until,
            ", ".join(told) or never,
            "" if seen is None else number(seen.cases),
            "" if seen is None else number(seen.open_cases),
            "" if seen is None else clock_time(seen.last_at, now),
        ),
        tone="quiet" if not rule.enabled or seen is None else "plain",
        filter="" if seen is None else filter_for("rule", rule.id),
        name=rule.id,
    )
