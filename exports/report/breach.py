"""A draft of a notification by Art. 33 GDPR, from one case: what the evidence knows, and where a
person has to write.
"""

from collections import Counter
from datetime import datetime

from core.case_keys import case_id
from core.fate import Fate
from core.findings import NOT_INSPECTED, is_least
from core.ids import rfc3339
from core.record import Record
from core.review import Case, ReviewEvent, signed
from core.stored import OpenedEntry, StoredRecord, changed_among
from core.vocabulary.destinations import ACCOUNTS, whose
from core.vocabulary.findings import is_people_exact, people_told
from core.vocabulary.kinds import by_gravity, kind_of
from core.vocabulary.reviews import done
from core.vocabulary.sizes import capital, counted, joined, number, size_at_least
from core.vocabulary.verdicts import became
from destinations.naming import place_name
from evidence.bygone import Bygone, bygone
from evidence.cases_check import case_list_problem
from evidence.store import Store
from exports.report.cases import case_words
from exports.report.kept import NOT_TRUE
from exports.report.page import Page, Section, Table, changed_told

_TO_FILL = "[to be written by the controller]"


def breach(store: Store, case: Case, *, by: str, now: datetime) -> Page:
    """Return the draft. Raises EvidenceError."""
    newest = store.newest()
    read = [entry.opened() for entry in store.iter_of_cases(frozenset({case.key}))]
    records = [one.record for one in read if isinstance(one, StoredRecord)]
    went = [record for record in records if record.went]
    past = bygone(store)
    gone = past.cases[case.key].count if case.key in past.cases else 0
    less = _less(past, gone, case.count - gone - len(read), case_list_problem(store))
    return Page(
        title="Draft of a notification of a personal data breach (Art. 33 GDPR)",
        answer="".join(f"{one} " for one in less) + _answer(case, records, went, whole=not less),
        sections=(
            _nature(records, went, read),
            _recipients(records),
            _when(records),
            _stopped(records),
            _reviewed(store, case),
            *_by_hand(),
        ),
        made_at=now,
        made_by=by,
        evidence=f"case {case_id(case.key)} of chain {store.chain_id}, entry {newest.seq}, "
        f"head {newest.head.hex() or 'none'}",
    )


def _less(past: Bygone, gone: int, missing: int, cases: str | None) -> list[str]:
    """Return what has to be said before all else where not all records of the case are there."""
    told = []
    if past.problem is not None:
        told.append(f"{NOT_TRUE}{past.problem}.")
    elif missing > 0:
        told.append(
            f"{NOT_TRUE}{counted(missing, 'entry', 'entries')} of this case, which its sums count, "
            "are not there; outgate verify names what was done."
        )
    elif cases is not None:
        told.append(f"{NOT_TRUE}{cases}.")
    if gone:
        told.append(
            f"The records of {counted(gone, 'request')} of this case expired ({past.told}): what "
            "follows is of the others only, so all numbers are the least."
        )
    return told


def _answer(case: Case, records: list[Record], went: list[Record], *, whole: bool) -> str:
    ways = Counter(map(_way, records))
    told = f"{case_words(case.key)}: {counted(len(records), 'request')}, "
    told += joined(
        [f"{ways[_LEFT]} of which left"]
        + [f"{ways[way]} {way}" for way in (_IN_PART, _PAST) if ways[way]]
    )
    if not went and not whole:
        return f"{told}. Whether something left the machine cannot be told from what is kept."
    if not went:
        return f"{told}. Nothing left the machine, so it may be no breach: a person decides."
    return f"{told}, with data of {_people(went)}."


_LEFT, _IN_PART, _STAYED = "left", "left in part before it was stopped", "did not leave"
_PAST = "went past the gate, which nobody read"


def _way(record: Record) -> str:
    """Return whether it left, in words."""
    if record.fate is Fate.PAST:
        return _PAST
    if record.left_in_part:
        return _IN_PART
    return _LEFT if record.left else _STAYED


def _people(went: list[Record]) -> str:
    """Return of how many people something may have left."""
    each = [people_told(record.findings) for record in went]
    return _range(max(each, default=0), sum(each), exact=_are_people_exact(went))


def _are_people_exact(went: list[Record]) -> bool:
    return all(one.fate is not Fate.PAST and is_people_exact(one.findings) for one in went)


def _range(least: int, most: int, *, exact: bool) -> str:
    if not exact:
        some = f"at least {counted(least, 'person', 'people')}"
        return some if least else "an unknown number of people"
    if least == most:
        return counted(most, "person", "people")
    return f"between {number(least)} and {number(most)} people"


def _amounts(went: list[Record]) -> tuple[Counter[str], Counter[str], frozenset[str]]:
    """Return how many values and how many rows of each kind left, at most, and the kinds of which
    some request held more than were counted.
    """
    values: Counter[str] = Counter()
    rows: Counter[str] = Counter()
    for record in went:
        for finding in record.findings:
            if finding.kind != NOT_INSPECTED and not finding.test_data:
                values[finding.kind] += finding.distinct
                rows[finding.kind] += finding.records or 0
    least = {f.kind for record in went for f in record.findings if is_least(f) and not f.test_data}
    return values, rows, frozenset(least)


def _nature(records: list[Record], went: list[Record], read: list[OpenedEntry]) -> Section:
    values, rows, least = _amounts(went)
    of = "the most in one request"
    if _are_people_exact(went):
        of += ", and the sum, in which the same person counts again"
    amount = number(sum(rows.values()) or sum(values.values()))
    told = [
        f"Approximate number of people: {_people(went)} ({of}).",
        f"Approximate number of records: {'at least ' if least else ''}{amount}.",
    ]
    untold = sum(record.unread for record in records)
    if untold:
        told.append(f"{counted(untold, 'request')} could not be read in whole: it may be more.")
    changed = changed_among(read)
    told += changed_told(changed, "entry", "entries")
    unread = len(read) - len(records) - changed
    if unread:
        told.append(f"{counted(unread, 'entry', 'entries')} of the case cannot be read any more.")
    special = sorted({kind_of(k).many for k in values if "special_category" in kind_of(k).groups})
    if special:
        told.append(f"Special categories (Art. 9): {joined(special)}.")
    table = Table(
        headings=("Category of data", "Values, at most", "Rows, at most"),
        rows=tuple(
            (
                kind_of(kind).many,
                _amount(values[kind], kind in least),
                _amount(rows[kind], kind in least),
            )
            for kind in by_gravity(values)
        ),
        numbers=frozenset({1, 2}),
    )
    return Section(
        title="Nature of the breach: categories and numbers (Art. 33(3)(a))",
        sentences=tuple(told),
        table=table if values else None,
    )


def _amount(value: int, least: bool) -> str:
    if not value:
        return "–"
    return f"at least {number(value)}" if least else number(value)


def _recipients(records: list[Record]) -> Section:
    found: Counter[tuple[str, str, str]] = Counter()
    for record in records:
        to = record.destination
        name = place_name(to.service, to.host)
        called = whose(name, to.account.kind, to.category, service=bool(to.service))
        found[called, f"{ACCOUNTS[to.account.kind].meaning} ({to.host})", _way(record)] += 1
    return Section(
        title="Recipients",
        table=Table(
            headings=("Recipient", "Account", "Requests that", "Number"),
            rows=tuple((*key, number(count)) for key, count in sorted(found.items())),
            numbers=frozenset({3}),
        ),
    )


def _when(records: list[Record]) -> Section:
    times = sorted(record.at for record in records)
    sent = sum(record.bytes_went for record in records)
    left = capital(size_at_least(sent, exact=all(record.bytes_exact for record in records)))
    users = sorted({record.sender.user for record in records if record.sender.user})
    if not times:
        return Section(title="When", sentences=("No request of the case can be read.",))
    return Section(
        title="When, and by what",
        sentences=(
            f"From {rfc3339(times[0])} to {rfc3339(times[-1])}.",
            f"{left} left. User: {', '.join(users) or 'not known'}.",
            "72 hours (Art. 33(1)) run from when the controller became aware: " + _TO_FILL,
        ),
    )


def _stopped(records: list[Record]) -> Section:
    found = Counter(map(became, records))
    return Section(
        title="What was stopped, and other measures (Art. 33(3)(d))",
        sentences=(f"Further measures taken or proposed: {_TO_FILL}",),
        table=Table(
            headings=("What became of it", "Requests"),
            rows=tuple((words, number(count)) for words, count in found.most_common()),
            numbers=frozenset({1}),
        ),
    )


def _reviewed(store: Store, case: Case) -> Section:
    rows = tuple(
        (rfc3339(act.at)[:16], signed(act), done(act.action), act.note)
        for act in store.history(case.key)
        if isinstance(act, ReviewEvent)
    )
    return Section(
        title="What reviewers did",
        sentences=() if rows else ("Nobody has reviewed it.",),
        table=Table(headings=("When (UTC)", "Who", "What", "Why"), rows=rows) if rows else None,
    )


def _by_hand() -> tuple[Section, ...]:
    asked = (
        ("Contact (Art. 33(3)(b))", "Name and contact of the data protection officer"),
        ("Likely consequences (Art. 33(3)(c))", "What may follow for the people concerned"),
        ("Notice to the people concerned (Art. 34)", "Whether, when and how they are told"),
    )
    return tuple(Section(title=title, sentences=(f"{what}: {_TO_FILL}",)) for title, what in asked)
