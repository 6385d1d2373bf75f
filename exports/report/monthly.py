"""What a report says: its sections, in the words of a board, a privacy officer and an auditor."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from core.case_keys import case_key
from core.classification import AccountKind
from core.record import Record
from core.review import Action, ReviewEvent, needs_review, signed
from core.sent_file import SameAs
from core.stored import StoredEntry, StoredRecord
from core.text import printable
from core.vocabulary.destinations import ACCOUNTS
from core.vocabulary.files import SAME
from core.vocabulary.kinds import kind_of
from core.vocabulary.sizes import counted, dollars, joined, number, size_or_more
from core.vocabulary.verdicts import words_of_ending
from evidence.acts import StoredAct
from evidence.bygone import bygone
from evidence.cases_check import all_lists_problem
from evidence.store import Store
from exports.pack.verify import FIGURES, named
from exports.report.answering import Acts, approvals, cases, past, uninspected
from exports.report.kept import Counted, Kept, whether_all
from exports.report.page import (
    MOST_ROWS,
    Bar,
    Chart,
    Page,
    Section,
    Table,
    changed_told,
    rest,
    table_of,
)
from exports.report.period import Period
from exports.report.sums import ScriptSums, Sums
from exports.report.unusual import news, off_hours
from exports.selection import Selection

_MOST_BARS = 31
_MORE_BYTES = "A + behind what was sent is an at least: more may have left than was counted."


@dataclass(frozen=True, slots=True)
class Only:
    """The cases that a report is about, where not all."""

    keys: frozenset[str]
    called: str
    """The filter that chose them."""

    def of(self, entries: Iterable[StoredEntry]) -> Iterator[StoredEntry]:
        """Yield the records of these cases."""
        for entry in entries:
            if isinstance(entry, StoredRecord) and self._takes(entry.record):
                yield entry

    def _takes(self, record: Record) -> bool:
        return needs_review(record) and case_key(record) in self.keys


def report(
    store: Store,
    period: Period,
    *,
    by: str,
    now: datetime,
    only: Only | None = None,
    held: Selection | None = None,
) -> Page:
    """Return the report of a time, of some cases only where these are given, and of what stands in
    both chains up to where `held` reaches. Raises EvidenceError.
    """
    held, before = (held or Selection()).held(store), period.before
    newest = store.newest(held.records_up_to)

    def fed(one: Period) -> tuple[Sums, Counted]:
        told = Counted(store, one, held)
        every = told.count(store.iter_records(one.since, one.until))
        return Sums(one).feed(every if only is None else only.of(every)), told

    (sums, now_told), (earlier, earlier_told) = fed(period), fed(before)
    gone = bygone(store)
    kept, kept_earlier = now_told.kept(gone, all_lists_problem(store)), earlier_told.kept(gone)
    acts = [one for one in store.iter_acts() if held.reaches_act(one)]
    said = _Approvals(acts, period.until)
    return Page(
        title=f"What Python sent: {period.called}{_only(only)}",
        answer=_of_what(only) + kept.answer + ("" if kept.nothing else _answer(sums, said)),
        sections=(
            _totals(sums, earlier, kept_earlier if kept_earlier.is_less else kept),
            whether_all(kept),
            _scripts(sums, said),
            _destinations(sums),
            _files(sums),
            _models(sums),
            _personal_accounts(sums),
            news(sums, store),
            off_hours(sums),
            approvals(acts, period),
            cases(sums),
            uninspected(sums),
            past(sums, acts, period),
        ),
        made_at=now,
        made_by=by,
        evidence=f"chain {store.chain_id}, entry {newest.seq}, head {newest.head.hex() or 'none'}",
    )


def _of_what(only: Only | None) -> str:
    """The first line is read alone: of some cases it must not sound as if it were of all."""
    return "" if only is None else f"Of what was chosen only ({printable(only.called, 200)}): "


def _only(only: Only | None) -> str:
    return "" if only is None else f" (only {printable(only.called, 200)})"


class _Approvals:
    """What was said last of each version of a script, by the end of the time."""

    def __init__(self, acts: Acts, until: datetime) -> None:
        self._last: dict[tuple[str, str | None], ReviewEvent] = {}
        for stored in acts:
            act = stored.act if isinstance(stored, StoredAct) else None
            if not isinstance(act, ReviewEvent) or act.action is Action.ASK_APPROVE_SCRIPT:
                continue
            if act.script is not None and act.at < until:
                self._last[act.script, act.script_sha256] = act

    def approved_by(self, script: ScriptSums) -> list[str] | None:
        """Return who approved all versions that sent something; None where one is not approved."""
        found = [self._last.get((script.script, version)) for version in sorted(script.versions)]
        if not found:
            return None
        names = []
        for event in found:
            if event is None or event.action is not Action.APPROVE_SCRIPT:
                return None
            names.append(signed(event))
        return list(dict.fromkeys(names))


def _with_personal(sums: Sums) -> list[ScriptSums]:
    found = (one for one in sums.scripts.values() if one.personal and one.is_python)
    return sorted(found, key=lambda one: (-one.most, -one.personal, one.script))


def _answer(sums: Sums, said: _Approvals) -> str:
    scripts = _with_personal(sums)
    who: Counter[str] = Counter()
    open_ = 0
    for script in scripts:
        names = said.approved_by(script)
        open_ += names is None
        who.update(names or ())
    first = counted(len(scripts), "Python script processes", "Python scripts process")
    told = f"{first} customer data here, as far as the gate saw: "
    if not scripts:
        return f"{told}no request of a Python script held personal data."
    approved = len(scripts) - open_
    by = joined([f"{name} ({count})" for name, count in who.most_common()])
    if not approved:
        return f"{told}{'it is not approved' if open_ == 1 else 'none of them approved'}."
    told += f"{approved} approved by {by}"
    return f"{told}; {open_} not approved." if open_ else f"{told}."


def _files(sums: Sums) -> Section:
    rows = [
        (path, SAME[SameAs(same)], script, where, number(count))
        for (path, same, script, where), count in sums.files.most_common()
    ]
    told = [] if rows else ["No file of a sender's was found in the requests that were looked at."]
    if sums.unlooked:
        reasons = "; ".join(
            f"{why} ({number(count)})" for why, count in sums.unlooked.most_common()
        )
        count = sums.unlooked.total()
        told.append(
            f"Of {counted(count, 'request')} nobody can tell which files, or which more, "
            f"{'it holds' if count == 1 else 'they hold'}: {reasons}."
        )
    return Section(
        title="Files that were sent",
        sentences=(*told, *rest(rows, "files")),
        table=table_of("File|Proven|Script|To|Requests", rows, 4),
    )


def _totals(sums: Sums, before: Sums, less: Kept) -> Section:
    rows = [
        ("Requests", sums.records, before.records),
        ("… that left the machine", sums.left, before.left),
        ("… with personal data", sums.personal, before.personal),
        ("… with passwords or keys", sums.secrets, before.secrets),
        ("Scripts and programs", len(sums.scripts), len(before.scripts)),
        ("Destinations", len(sums.places), len(before.places)),
        ("Calls of language models", _calls(sums), _calls(before)),
        ("Requests to personal accounts", _personal(sums), _personal(before)),
        ("Connections past the gate", sums.past.total(), before.past.total()),
        ("Requests not wholly inspected", sums.not_whole, before.not_whole),
    ]
    table = Table(
        headings=("", "This time", "The time before", "Change"),
        rows=tuple(
            (name, number(now), number(was), "?" if less.is_less else _change(now, was))
            for name, now, was in rows
        ),
        numbers=frozenset({1, 2, 3}),
    )
    words: Counter[str] = Counter()
    for ending, count in sums.outcomes.items():
        words[words_of_ending(ending).word] += count
    told = [f"What became of them: {_listed(words)}."] if words else []
    told += _unsure(sums, less)
    days = sorted(sums.days)[-_MOST_BARS:]
    chart = Chart(
        title="Requests a day",
        bars=tuple(Bar(label=d, value=sums.days[d], part=sums.stopped_days[d]) for d in days),
        part_is="stopped",
    )
    return Section(
        title="In figures, and the trend", sentences=tuple(told), table=table, chart=chart
    )


def _unsure(sums: Sums, less: Kept) -> Iterator[str]:
    """Yield what an auditor should know of the figures."""
    yield (
        f"In an evidence pack that is of all requests of its time, its verify.py counts these of "
        f"this time again from the records in it: {joined([_quoted(name) for name in FIGURES])}. "
        "All else in this report is as true as who signed the pack."
    )
    if less.is_less:
        yield "? stands where of one of the two times not all is known."
    if sums.unreadable:
        yield (
            f"{counted(sums.unreadable, 'entry', 'entries')} cannot be read by this version and "
            "are counted as requests only."
        )
    if sums.erased:
        yield (
            f"Of {counted(sums.erased, 'entry', 'entries')} only the place is left: erased, or "
            "expired behind a legal hold. No figure here counts them."
        )
    yield from changed_told(sums.changed, "entry", "entries")


def _quoted(figure: str) -> str:
    return f"“{named(figure)}”"


def _calls(sums: Sums) -> int:
    return sum(model.calls for model in sums.models.values())


def _personal(sums: Sums) -> int:
    return sums.personal_accounts.total()


def _change(now: int, was: int) -> str:
    if was == 0:
        return "new" if now else "–"
    return f"{round(100 * (now - was) / was):+d} %"


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(
        f"{number(counts[key])} {key}" for key in sorted(counts, key=lambda k: -counts[k])
    )


def _scripts(sums: Sums, said: _Approvals) -> Section:
    scripts = _with_personal(sums)
    rows = [
        (
            one.script,
            ", ".join(sorted(one.users)) or "not known",
            number(one.fewest),
            number(one.most) + ("" if one.people_exact else "+"),
            ", ".join(kind_of(kind).many for kind, _ in one.kinds.most_common(4)),
            ", ".join(sorted(one.destinations)[:4]),
            number(one.stopped),
            ", ".join(said.approved_by(one) or ()) or "not approved",
        )
        for one in scripts
    ]
    headings = "Script|User|People at least|People at most|Kinds|To|Stopped|Approved by".split("|")
    table = Table(
        headings=tuple(headings), rows=tuple(rows[:MOST_ROWS]), numbers=frozenset({2, 3, 6})
    )
    told: tuple[str, ...] = (
        "At least: the most people in one request. At most: the sum over all requests, in which "
        "the same person counts again.",
    )
    if not all(one.people_exact for one in scripts):
        told += ("A + is an at least: some request told of more than were counted.",)
    bars = tuple(Bar(label=one.script, value=one.most) for one in scripts[:12])
    return Section(
        title="Scripts by people affected",
        sentences=(told if rows else ("No script sent personal data.",)) + rest(rows, "scripts"),
        table=table if rows else None,
        chart=Chart(title="People affected, at most", bars=bars) if rows else None,
    )


def _destinations(sums: Sums) -> Section:
    found = sorted(sums.destinations.values(), key=lambda d: (-d.requests, d.called, d.account))
    rows = [
        (
            one.called,
            ACCOUNTS[kind].meaning if (kind := _account(one.account)) else one.account,
            number(one.requests),
            number(one.left),
            size_or_more(one.bytes, exact=one.bytes_exact),
            number(one.personal),
            number(len(one.scripts)),
        )
        for one in found
    ]
    told = rest(rows, "destinations") if rows else ("Nothing went anywhere.",)
    if not all(one.bytes_exact for one in found):
        told += (_MORE_BYTES,)
    headings = "Destination|Account|Requests|Left|Sent|With personal data|Scripts".split("|")
    table = Table(
        headings=tuple(headings), rows=tuple(rows[:MOST_ROWS]), numbers=frozenset({2, 3, 4, 5, 6})
    )
    return Section(
        title="Destinations and whose accounts they are",
        sentences=told,
        table=table if rows else None,
    )


def _account(word: str) -> AccountKind | None:
    return AccountKind(word) if word in AccountKind else None


def _models(sums: Sums) -> Section:
    found = sorted(sums.models.items(), key=lambda item: (-item[1].cost, -item[1].calls, item[0]))
    rows = [
        (
            provider,
            model,
            script,
            number(one.calls),
            number(one.input_tokens),
            number(one.output_tokens),
            dollars(one.cost) + (f" + {one.unknown_cost} not known" if one.unknown_cost else ""),
        )
        for (provider, model, script), one in found
    ]
    headings = "Provider|Model|Script|Calls|Tokens in|Tokens out|Cost in USD".split("|")
    table = Table(
        headings=tuple(headings), rows=tuple(rows[:MOST_ROWS]), numbers=frozenset({3, 4, 5, 6})
    )
    unknown = sum(one.unknown_tokens for _, one in found)
    told = [f"Of {counted(unknown, 'call')} the tokens are not known."] if unknown else []
    total = sum((one.cost for _, one in found), Decimal())
    told = [f"In all: {dollars(total)} USD, by list prices.", *told] if rows else []
    calls: Counter[str] = Counter()
    for (_, model, _), one in found:
        calls[model] += one.calls
    bars = tuple(Bar(label=model, value=count) for model, count in calls.most_common(12))
    return Section(
        title="Language models",
        sentences=(*(told or ["No language model was called."]), *rest(rows, "rows")),
        table=table if rows else None,
        chart=Chart(title="Calls by model", bars=bars) if rows else None,
    )


def _personal_accounts(sums: Sums) -> Section:
    rows = [
        (script, where, words_of_ending(ending).word, number(count))
        for (script, where, ending), count in sorted(
            sums.personal_accounts.items(), key=lambda item: (-item[1], item[0])
        )
    ]
    return Section(
        title="Personal accounts: attempts to use them",
        sentences=rest(rows, "rows") if rows else ("None was seen.",),
        table=table_of("Script|Where|What became of it|Requests", rows, 3),
    )
