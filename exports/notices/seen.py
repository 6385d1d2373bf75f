"""What in the evidence needs a person: requests that are held, new cases of high risk, trouble with
the evidence itself.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from core.attribution import Certainty
from core.case_keys import called, case_id
from core.happenings import Event, Happening
from core.ids import utc_now, uuid7
from core.record import Record
from core.review import Case
from core.risk import HIGH, risk_of
from core.vocabulary.desk import PROBABLY, UNKNOWN_SENDER, UNREAD
from core.vocabulary.happenings import HAPPENED
from core.vocabulary.kinds import by_gravity, kind_of
from core.vocabulary.sizes import capital, counted
from destinations.naming import place_name
from evidence.acts import read_act
from evidence.case_marks import marked
from evidence.case_queries import case_of
from evidence.database import Connection
from evidence.entries import under_way
from evidence.holds import WAITING
from evidence.times import micros
from exports.notices.notice import About, Notice, notice

TROUBLES = (Event.EVIDENCE_GAP, Event.GATE_LOST, Event.KEY_CHANGED)
_MOST_KINDS = 3
_HIGH = """SELECT id FROM cases WHERE risk >= ? AND (status = 'open' OR until_us <= ?)
    ORDER BY id"""
_CASE = "SELECT * FROM cases WHERE id = ?"
_ACTS = """SELECT seq, CAST(body AS BLOB) FROM review_entries
    WHERE seq > ? AND action IN (?, ?, ?) ORDER BY seq LIMIT 100"""


def held_now(connection: Connection) -> Iterator[Record]:
    """Yield what waits for a person and can be read."""
    for id_, text in connection.execute(WAITING):
        if isinstance(entry := under_way(id_, text), Record) and entry.decision.hold_seconds:
            yield entry


def ends_at(record: Record) -> datetime:
    """Return until when a held request waits."""
    return record.at + timedelta(seconds=record.decision.hold_seconds or 0)


def held_notice(record: Record) -> Notice:
    """Return what to tell of a request that waits."""
    ends = ends_at(record)
    destination = record.destination
    where = place_name(destination.service, destination.host)
    kinds = sorted({finding.kind for finding in record.findings if not finding.test_data})
    return notice(
        About.HELD,
        f"held-{record.id}",
        record.at,
        f"Held: {_sender(record)} to {where}",
        f"{capital(_kinds(kinds, unread=record.unread))}. It waits for an answer until "
        f"{ends:%H:%M:%S} UTC, and is refused then.",
        f"outgate review --case {record.id}",
    )


def _sender(record: Record) -> str:
    likely = record.sender.certainty is Certainty.LIKELY
    return _named(called(record), likely=likely)


def _named(name: str, *, likely: bool) -> str:
    """Return a sender as surely as it is known."""
    if not name:
        return f"an {UNKNOWN_SENDER}"
    return f"{PROBABLY} {name}" if likely else name


def _called(case: Case) -> str:
    nameless = case.script == "unknown" and case.script_path is None
    return _named("" if nameless else case.script, likely=case.likely)


def high_cases(connection: Connection, now_us: int) -> Sequence[int]:
    """Return the numbers of the cases of high risk that are open at this time."""
    return [int(row[0]) for row in connection.execute(_HIGH, (HIGH, now_us))]


def case_notice(connection: Connection, number: int, now: datetime) -> Notice | None:
    """Return what to tell of a case; None where it is gone. One that comes back is told under
    another id, by its newest request: whoever leaves out what came twice has not had it.
    """
    row = connection.named(_CASE, (number,)).fetchone()
    if row is None:
        return None
    [case] = marked(connection, [(case_of(row, micros(now)), row["script_sha256"])])
    return notice(
        About.HIGH_RISK,
        f"case-{case_id(case.key)}-{case.last_record}",
        now,
        f"High risk: {_called(case)} to {place_name(case.service, case.host)}",
        f"{capital(', '.join(risk_of(case).because) or _kinds(case.kinds, unread=case.unread))}; "
        f"{counted(case.count, 'request')}.",
        f"outgate review --case {case_id(case.key)}",
    )


def many_notice(count: int, at: datetime) -> Notice:
    """Return what to tell where so many cases came at once."""
    return notice(
        About.HIGH_RISK,
        f"cases-{uuid7(at)}",
        at,
        f"{counted(count, 'new case')} of high risk",
        "So many came at once that they are told together.",
        "outgate review risk:high",
    )


def troubles_after(connection: Connection, seq: int) -> Iterator[tuple[int, Notice]]:
    """Yield what befell the evidence behind this act, each with its number."""
    for number, text in connection.execute(_ACTS, (seq, *(event.value for event in TROUBLES))):
        try:
            act = read_act(text).act
        except ValueError:
            continue
        if isinstance(act, Happening):
            yield number, trouble_notice(f"act-{act.id}", act.at, HAPPENED[act.event])


def trouble_notice(id_: str, at: datetime, what: str) -> Notice:
    """Return what to tell of trouble with the evidence."""
    return notice(
        About.EVIDENCE,
        id_,
        at,
        "Evidence needs a look",
        f"{capital(what.rstrip('.'))}.",
        "outgate verify",
    )


def trial_notice() -> Notice:
    """Return a notice that somebody asked for, to try the way."""
    at = utc_now()
    text = "Nothing has happened: somebody tried whether notices arrive."
    return notice(About.TRIAL, f"trial-{uuid7(at)}", at, "Trial", text, "outgate review")


def _kinds(kinds: Iterable[str], *, unread: bool) -> str:
    names = [kind_of(kind).many for kind in by_gravity(kinds)]
    more = len(names) - _MOST_KINDS
    told = ", ".join(names[:_MOST_KINDS])
    nothing = f"it {UNREAD}" if unread else "nothing found"
    return (told + (f" and {counted(more, 'more kind')}" if more > 0 else "")) or nothing
