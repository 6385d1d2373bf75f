"""The sections of a report that say who answered for it, and what nobody can answer for."""

from collections import Counter
from collections.abc import Iterable, Sequence

from core.case_keys import case_id
from core.happenings import Event, Happening
from core.ids import rfc3339
from core.review import Action, ReviewEvent, signed
from core.stored import UnreadableEntry, changed_among
from core.vocabulary.happenings import HAPPENED
from core.vocabulary.reviews import DISPOSITIONS, done
from core.vocabulary.sizes import counted, number
from evidence.acts import StoredAct
from exports.report.cases import case_words
from exports.report.page import Section, changed_told, rest, table_of
from exports.report.period import Period
from exports.report.sums import Sums

_TROUBLES = frozenset(
    {
        Event.EVIDENCE_GAP,
        Event.GATE_LOST,
        Event.CLOCK_JUMPED,
        Event.KEY_CHANGED,
        Event.WITNESS_MISSED,
        Event.CAPTURE_WINDOW,
    }
)
_GIVEN = frozenset(
    {
        Action.APPROVE,
        Action.REFUSE,
        Action.APPROVE_SCRIPT,
        Action.WITHDRAW_SCRIPT,
        Action.ASK_APPROVE,
        Action.ASK_APPROVE_SCRIPT,
    }
)

type Acts = Sequence[StoredAct | UnreadableEntry]


def approvals(acts: Acts, period: Period) -> Section:
    """Return who approved what, and why."""
    rows = []
    for act in _in(acts, period):
        if isinstance(act, ReviewEvent):
            why = [] if act.disposition is None else [DISPOSITIONS[act.disposition].words]
            about = act.script or act.record_id or case_words(act.case_key)
            reason = ": ".join([*why, *([act.note] if act.note else [])])
            rows.append((rfc3339(act.at)[:16], signed(act), done(act.action), about, reason))
    gone = [stored.is_erased for stored in acts if isinstance(stored, UnreadableEntry)]
    emptied, unreadable = sum(gone), gone.count(False)
    own = sum(
        isinstance(a, ReviewEvent) and bool(a.own) and a.action in _GIVEN for a in _in(acts, period)
    )
    told = [] if rows else ["Nobody reviewed anything."]
    if own:
        told.append(
            f"{counted(own, 'approval or answer', 'approvals or answers')} came from the sender of "
            "what was asked for."
        )
    told += changed_told(changed_among(acts), "act", "acts")
    if emptied:
        told.append(f"Of {counted(emptied, 'act')} only the place is left: their time was over.")
    if unreadable:
        told.append(f"{counted(unreadable, 'act')} cannot be read by this version.")
    return Section(
        title="Approvals and other acts of reviewers",
        sentences=(*told, *rest(rows, "acts")),
        table=table_of("When (UTC)|Who|What|About|Why", rows),
    )


def _in(acts: Acts, period: Period) -> Iterable[ReviewEvent | Happening]:
    for stored in acts:
        if isinstance(stored, StoredAct) and period.since <= stored.act.at < period.until:
            yield stored.act


def cases(sums: Sums) -> Section:
    """Return the cases, by the people affected."""
    found = sorted(sums.cases.items(), key=lambda item: (-item[1], item[0]))
    rows = [
        (case_id(key), case_words(key), number(people) + ("+" if key in sums.untold_cases else ""))
        for key, people in found
    ]
    more = ("A + is an at least: some request told of more than were counted.",)
    return Section(
        title="Cases",
        sentences=(
            "`outgate report --breach CASE` drafts a notification from one of them. What was only "
            "observed, and is no request, is not among them: outgate observations lists it.",
            *(more if sums.untold_cases else ()),
            *rest(rows, "cases"),
        ),
        table=table_of("Case|What|People at most", rows, 2),
    )


def uninspected(sums: Sums) -> Section:
    """Return what nobody read."""
    rows = [("not read", why, number(count)) for why, count in sums.unread.most_common()]
    rows += [
        ("check that failed", why, number(count)) for why, count in sums.degraded.most_common()
    ]
    told = [] if rows else ["Everything that was seen was inspected."]
    if sums.unknown_senders:
        told.append(f"Of {counted(sums.unknown_senders, 'request')} the sender is not known.")
    return Section(
        title="What could not be inspected",
        sentences=(*told, *rest(rows, "reasons")),
        table=table_of("What|Why|Times", rows, 2),
    )


def past(sums: Sums, acts: Acts, period: Period) -> Section:
    """Return what no gate saw."""
    rows = [
        ("connection past the gate", f"{sender} to {host}", number(count))
        for (sender, host), count in sums.past.most_common()
    ]
    troubles = Counter(
        act.event
        for act in _in(acts, period)
        if isinstance(act, Happening) and act.event in _TROUBLES
    )
    rows += [("time without gate or evidence", HAPPENED[e], number(n)) for e, n in troubles.items()]
    told = (
        "Nothing that went past was seen. What neither used the gate nor was open when the table "
        "of connections was read cannot be seen."
    )
    return Section(
        title="What went past",
        sentences=rest(rows, "rows") if rows else (told,),
        table=table_of("What|Which|Times", rows, 2),
    )
