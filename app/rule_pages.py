"""The page of one rule: what it asks, how often it decided, what missed it by one condition, and
which rules decide before it.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from app.home import Home
from app.newest_requests import newest_requests
from app.policy_in_force import deciding_path
from core.vocabulary.sizes import counted, number
from core.vocabulary.times import clock_time
from evidence.case_rankings import requests_of
from evidence.store import Store
from policy import load
from policy.compiled import CompiledRule
from policy.near_misses import NearMiss, Stands, stands
from policy.rule_list import ListedRule, listed_rules
from tui.rows import Row, Section, known, maybe
from tui.wording import safe

_SHOWN = 8
_NAMES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePages:
    """Makes pages of the rules in force, over one store."""

    store: Store
    home: Home

    def page(self, rule_id: str, now: datetime) -> list[Section]:
        """Return the page of a rule. Takes a second or two; raises OutgateError."""
        path = deciding_path(self.home)
        listed = next(
            (one for one in listed_rules(path or self.home.policy).rules if one.id == rule_id), None
        )
        policy = load(path)
        told = stands(policy, rule_id, newest_requests(self.store))
        hits = requests_of(self.store, "rules").get(rule_id, 0)
        rule = next((one for one in policy.rules if one.id == rule_id), None)
        return [section for section in _sections(listed, rule, told, hits, now) if section.rows]


def _sections(
    listed: ListedRule | None,
    rule: CompiledRule | None,
    told: Stands | None,
    hits: int,
    now: datetime,
) -> Iterator[Section]:
    yield Section("", _head(listed, rule))
    if told is None:
        words = "It is switched off, or its end has come: it decides nothing now."
        yield Section("What it would do", (Row("", words, "quiet"),))
        return
    yield Section("What it decides", tuple(_decides(told, hits)))
    near = tuple(row for one in told.near[:_SHOWN] for row in _near(one, now))
    if (more := len(told.near) - _SHOWN) > 0:
        near += (
            Row("", f"and {counted(more, 'other sort')} of near misses, less frequent", "quiet"),
        )
    nothing = Row("", "No request missed it by one condition alone.", "quiet")
    yield Section("Near misses: all held but this", near or (nothing,))


def _head(listed: ListedRule | None, rule: CompiledRule | None) -> tuple[Row, ...]:
    if listed is None:
        return (Row("", "This rule stands in no policy that is in force.", "unknown"),)
    state = f"{listed.mode}, then {listed.then}" if listed.enabled else "switched off"
    asks = None if rule is None else rule.when.words
    return known(
        maybe("", listed.description, "strong"),
        Row("State", state),
        maybe("Until", listed.until),
        maybe("Holds when", asks),
    )


def _decides(told: Stands, hits: int) -> Iterator[Row]:
    of = f"the newest {number(told.records)} requests" if told.records else "no request yet"
    yield Row("In cases", f"{counted(hits, 'request')} that it decided then")
    yield Row("Now", f"{number(told.decided)} of {of}", "strong" if told.decided else "plain")
    for rule, count in told.others.most_common(_NAMES):
        text = f"{counted(count, 'request')}: {safe(rule, 80)} decides before it"
        yield Row("Otherwise", text, "held")
    if told.untold:
        text = f"of {counted(told.untold, 'request')}: the past that it asks for is on no record"
        yield Row("Nobody can tell", text, "unknown")
    if told.records and not (told.decided or told.untold or told.others):
        yield Row("", "It holds for none of them.", "held")


def _near(one: NearMiss, now: datetime) -> Iterator[Row]:
    last = "" if one.last_at is None else f", last {clock_time(one.last_at, now)}"
    yield Row("", f"{safe(one.condition, 300)}: {counted(one.count, 'request')}{last}", "strong")
    yield Row("", f"  by {_most(one.scripts)}; to {_most(one.places)}", "quiet")


def _most(names: Counter[str]) -> str:
    told = [f"{safe(name, 120)} ×{number(count)}" for name, count in names.most_common(_NAMES)]
    more = f" and {number(len(names) - _NAMES)} more" if len(names) > _NAMES else ""
    return ", ".join(told) + more
