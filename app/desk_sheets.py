"""What the tabs beside the review's queue show: read from the sums by the hour, the cases and the
policy in force.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

from app.desk_tables import (
    MOST,
    Hits,
    accounts_table,
    cases_table,
    first_of,
    ranked_line,
    rule_line,
)
from app.epochs import key_ends
from app.home import Home
from app.policy_in_force import deciding_path
from core.decision import Verdict
from core.fate import Fate
from core.risk import HIGH
from core.vocabulary.sizes import counted, dollars, number, size
from core.vocabulary.times import ago, clock_time
from evidence.case_rankings import day_numbers, named_in_cases, requests_of
from evidence.holds import HeldRequests
from evidence.hours import (
    By,
    Measure,
    Total,
    Wanted,
    course,
    oldest,
    ranked,
    total,
    unread_names,
)
from evidence.people_lately import PeopleLately, PeopleSince
from evidence.store import Store
from policy.rule_list import listed_rules
from tui.case_inside import bars
from tui.holds import waiting_now
from tui.rows import Row
from tui.sheet import NOTHING_YET, Sheet, Table

_MONTH = timedelta(days=30)
_DAYS_BEFORE = timedelta(days=6)
"""Today and these are the week."""
_TOP = 5


def file_bytes(path: Path) -> int:
    """Return how long a file is; nothing where it is gone."""
    return path.stat().st_size if path.exists() else 0


@dataclass(slots=True, kw_only=True)
class DeskSheets:
    """Reads the sheets of one store. For one thread."""

    store: Store
    home: Home
    watching: Callable[[], bool]
    """Whether a gate runs now."""
    _counting: PeopleLately = field(init=False)
    """Remembers what it has read of the week."""

    def __post_init__(self) -> None:
        """Nothing of the week is read yet."""
        self._counting = PeopleLately(self.store)

    def read(self, name: str, now: datetime) -> Sheet:
        """Return one sheet. Blocks on the disk; raises OutgateError."""
        sheets: Mapping[str, Callable[[datetime], Sheet]] = {
            "overview": self._overview,
            "scripts": self._scripts,
            "destinations": self._destinations,
            "llm": self._llm,
            "users": self._users,
            "rules": self._rules,
            "evidence": self._evidence,
            "health": self._health,
        }
        return sheets[name](now)

    def _overview(self, now: datetime) -> Sheet:
        here = now.astimezone()
        today = here.replace(hour=0, minute=0, second=0, microsecond=0)
        week, first = today - _DAYS_BEFORE, today.replace(day=1)
        day = day_numbers(self.store, today, HIGH)
        held = self._held_now(now)
        month = total(self.store, Wanted(since=first))
        before = (
            Row("Held now", number(held.total()), "held" if held else "quiet"),
            Row(
                "To look at", f"{counted(day.open_cases, 'case')}, {number(day.high)} of high risk"
            ),
            Row("New today", counted(day.new_cases, "case")),
        )
        after = (Row("LLM cost", f"this month {_cost(month)}"), *self._charts(now))
        top = Wanted(since=week)
        unread = unread_names(self.store, top)
        sheet = Sheet(
            tables=(
                self._ranked(
                    "Most requests of the week, by script", "script", top, unread, limit=_TOP
                ),
                self._ranked("… by destination", "destination", top, unread, limit=_TOP),
                self._ranked("… by outcome", "outcome", top, unread, limit=_TOP, prefix=""),
            ),
        )

        def counted_on() -> Sheet:
            known = self._counting.read_on(week, key_ends(self.home))
            facts = (*before, Row("People", _people_words(known)), *after)
            return replace(sheet, facts=facts, more=None if known.whole else counted_on)

        return counted_on()

    def _held_now(self, now: datetime) -> Counter[str]:
        """Return how many requests wait for a person, by rule; what cannot be read by none."""
        found = waiting_now(HeldRequests(self.store).waiting(), now)
        by_rule = Counter(one.record.decision.rule or "" for one in found.held)
        by_rule[""] += len(found.unreadable)
        return +by_rule

    def _charts(self, now: datetime) -> Sequence[Row]:
        """Return the last thirty days as bars, today last."""
        today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        days = [(today - timedelta(days=back)).date() for back in range(29, -1, -1)]
        month = Wanted(since=today - timedelta(days=29))
        by_day = {one.begins.date(): one.total for one in course(self.store, month, days=True)}
        totals = [by_day.get(day, Total()) for day in days]

        stopped = Counter[date]()
        for ending in (Verdict.BLOCK, Verdict.HOLD, Fate.FOREIGN):
            for span in course(self.store, replace(month, outcome=ending), days=True):
                # What was held and left was released; of what was blocked, a part may have left.
                released = span.total.sent if ending is Verdict.HOLD else 0
                stopped[span.begins.date()] += span.total.exchanges - released

        def chart(label: str, values: Sequence[int]) -> Row:
            most = max(values, default=0)
            told = f"at most {number(most)} a day" if most else "none"
            return Row(label, f"{bars(list(values))}  30 days, {told}")

        return (
            chart("Requests", [one.exchanges for one in totals]),
            chart("Stopped", [stopped[day] for day in days]),
            chart("Values", [one.found for one in totals]),
            chart("Tokens", [one.tokens for one in totals]),
        )

    def _ranked(
        self,
        title: str,
        by: By,
        wanted: Wanted,
        unread: Mapping[By, frozenset[str]],
        *,
        measure: Measure = "exchanges",
        limit: int = MOST,
        prefix: str | None = None,
    ) -> Table:
        """Return a ranking; `prefix` is that of the filter for a row, nothing for none."""
        word = {"script": "script", "destination": "to"}.get(by, "") if prefix is None else prefix
        rows, names = ranked(self.store, by, wanted, measure=measure, limit=limit)
        columns = ("Name", " Requests", " Left", " Sent", " Values", " Tokens", " US dollars")
        return Table(
            title=first_of(title, len(rows), names) if limit == MOST else title,
            columns=columns,
            lines=tuple(ranked_line(row, by, word, unread[by]) for row in rows),
            empty="No language model." if measure == "tokens" else NOTHING_YET,
        )

    def _scripts(self, now: datetime) -> Sheet:
        month = Wanted(since=now - _MONTH)
        unread = unread_names(self.store, month)
        return Sheet(tables=(self._ranked("Scripts, 30 days", "script", month, unread),))

    def _destinations(self, now: datetime) -> Sheet:
        month = Wanted(since=now - _MONTH)
        unread = unread_names(self.store, month)
        whose = "Whose accounts, 30 days"
        return Sheet(
            tables=(
                self._ranked("Destinations, 30 days", "destination", month, unread),
                self._ranked(whose, "account", month, unread, prefix="account"),
            )
        )

    def _llm(self, now: datetime) -> Sheet:
        first = now.astimezone().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        month, whole = Wanted(since=first), total(self.store, Wanted(since=first))
        unread = unread_names(self.store, month)
        by_tokens = partial(self._ranked, wanted=month, unread=unread, measure="tokens")
        sheet = Sheet(
            facts=(Row("This month", _cost(whole)),),
            tables=(
                by_tokens("By script, this month", "script"),
                by_tokens("By provider, this month", "destination"),
            ),
        )

        def with_models() -> Sheet:
            # Their requests stand within each case, which takes as long as all sums before.
            models = named_in_cases(self.store, "models")
            table = cases_table("Models in cases", models, "model", now)
            return replace(sheet, tables=(*sheet.tables, table))

        awaited = Table(title="Models in cases", columns=(), lines=(), empty="Counting…")
        return replace(sheet, tables=(*sheet.tables, awaited), more=with_models)

    def _users(self, now: datetime) -> Sheet:
        return Sheet(
            tables=(
                cases_table(
                    "People who run scripts", named_in_cases(self.store, "users"), "user", now
                ),
            )
        )

    def _rules(self, now: datetime) -> Sheet:
        rules = listed_rules(deciding_path(self.home) or self.home.policy)
        seen = {one.name: one for one in named_in_cases(self.store, "rules")}
        hits, held = requests_of(self.store, "rules"), self._held_now(now)
        lines = tuple(
            rule_line(rule, seen.get(rule.id), Hits(hits.get(rule.id, 0), held[rule.id]), now)
            for rule in rules.rules
        )
        known = {rule.id for rule in rules.rules}
        gone = [one for name, one in seen.items() if name not in known]
        never = sum(
            rule.enabled and rule.then != "allow" and rule.id not in hits and not held[rule.id]
            for rule in rules.rules
        )
        facts = (
            Row("Policy", f"{rules.source}, mode {rules.mode}"),
            Row("Never hit", counted(never, "rule") if never else "none"),
        )
        columns = ("Rule", "State", "Then", "Until", " Hits", " Cases", " Open", "Last")
        tables = [
            Table(title="Rules, in the order in which they are asked", columns=columns, lines=lines)
        ]
        if gone:
            tables.append(
                cases_table("In cases, and not in the policy any more", gone, "rule", now)
            )
        tables.append(accounts_table(rules.accounts))
        return Sheet(facts=facts, tables=tuple(tables))

    def _evidence(self, now: datetime) -> Sheet:
        newest, marks = self.store.newest(), self.store.checkpoints()
        first = oldest(self.store)
        since = "nothing yet" if first is None else clock_time(first, now)
        acts = sum(1 for _ in self.store.iter_act_entries())
        return Sheet(
            facts=(
                Row(
                    "Records",
                    f"{number(self.store.kept())} of requests and of what was "
                    f"observed, sums since {since}",
                ),
                Row("Last record", f"no. {number(newest.seq)}, {newest.head.hex()[:16] or 'none'}"),
                Row("Acts", f"{number(acts)} of reviewers and of the gate"),
                Row("Checkpoints", f"{number(len(marks))} signed"),
                Row("File", f"{self.store.path}, {size(file_bytes(self.store.path))}"),
                Row(
                    "Proof",
                    "v in the queue and outgate verify recompute it; till then sums are unproven.",
                ),
            )
        )

    def _health(self, now: datetime) -> Sheet:
        here = now.astimezone()
        today = here.replace(hour=0, minute=0, second=0, microsecond=0)
        totals, runs = self.store.totals(today), self.watching()
        last = totals["last_at_epoch"]
        seen = "none today" if not last else ago(now - datetime.fromtimestamp(last, now.tzinfo))
        skipped = totals["degraded"]
        state = "A gate runs." if runs else "No gate runs: nothing is watched."
        missed = counted(skipped, "case") if skipped else "no case"
        return Sheet(
            facts=(
                Row("Gate", state, "allowed" if runs else "blocked"),
                Row("Last request", seen),
                Row("Today", counted(totals["requests"], "request")),
                Row(
                    "Not checked",
                    f"{missed} today with something that was not fully checked",
                    "blocked" if skipped else "quiet",
                ),
                Row("More", "outgate doctor says what is wrong, and how to mend it.", "quiet"),
            )
        )


def _people_words(known: PeopleSince) -> str:
    """Return how many people the week's requests are about."""
    if known.whole and not known.people and not known.unknown:
        return "none found in the requests of 7 days"
    least = "" if known.exact else "at least "
    told = f"{least}{number(known.people)} in the requests of 7 days"
    if not known.whole:
        return f"{told}; still counting"
    unknown = counted(known.unknown, "request")
    return f"{told}; of {unknown} not all is known" if known.unknown else told


def _cost(whole: Total) -> str:
    """Of a call whose price is not known, nothing is in the sum."""
    least = "at least " if whole.tokens else ""
    return f"{least}{dollars(whole.cost_usd)} US dollars, {number(whole.tokens)} tokens"
