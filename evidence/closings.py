"""Which cases are closed, by the review events alone, and whether their closings hold still."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.case_inside import Reach, beyond
from core.case_keys import case_of_key, key_before
from core.review import Action, CaseStatus
from evidence.alike import alike, figures
from evidence.case_sums import CaseSums
from evidence.closed import OPEN, closed_columns
from evidence.database import Connection
from evidence.entries import read_record
from evidence.past import all_past
from evidence.removed import Removed
from evidence.review_entries import StoredReview, review_of
from evidence.rollup import COMES_BACK


@dataclass(slots=True)
class _Before:
    """Closings by an earlier version, of what is one case now: each of some kinds and one
    outcome.
    """

    closed: dict[str, StoredReview] = field(default_factory=dict)
    """Key of that version → what closed it."""
    known: CaseSums | None = None
    """What there was when the last of them was written."""
    more: bool = False
    """Some of that was not closed."""

    @property
    def newest(self) -> StoredReview:
        """The last of them."""
        return max(self.closed.values(), key=lambda review: review.up_to)

    def see(self, key: str, sums: CaseSums, versions: Mapping[str, int]) -> None:
        """Take what came with one key of that version: hash of the script → newest entry."""
        if min(versions.values()) > self.newest.up_to:
            return
        if self.known is None:
            self.known = sums
        else:
            self.known.join(sums)
        review = self.closed.get(key)
        self.more = self.more or review is None or _again(review, versions)


def _again(review: StoredReview, versions: Mapping[str, int]) -> bool:
    """Return whether it came back by the rule of then: another version, or a reason that does not
    hold for what is alike.
    """
    later = {sha256 for sha256, seq in versions.items() if seq > review.up_to}
    return bool(later) and (_why(review) in COMES_BACK or bool(later - {review.sha256 or "", ""}))


def _why(review: StoredReview) -> str | None:
    return None if review.event.disposition is None else review.event.disposition.value


_OF_CASE = """SELECT seq, at_us, unpacked(body) FROM entries
    WHERE case_id = (SELECT id FROM cases WHERE key = ?) AND seq <= ? ORDER BY seq"""


def _see(before: _Before, key: str, seq: int, at_us: int, text: bytes) -> None:
    try:
        record = read_record(text)
    except ValueError:
        return
    kind = alike(record)
    if kind.case is None:
        return
    sums = CaseSums(key=key, first_us=at_us, last_us=at_us)
    sums.add(kind.case, figures(record, went=kind.went), at_us, degraded=kind.degraded)
    before.see(key_before(record), sums, {kind.case.script_sha256 or "": seq})


class Closings:
    """Reads the review events at once; `learn` reads the records that earlier versions closed."""

    def __init__(self, connection: Connection) -> None:
        self._closed: dict[str, StoredReview] = {}
        self._before: dict[str, _Before] = {}
        query = "SELECT CAST(body AS BLOB) FROM review_entries ORDER BY seq"
        for (text,) in connection.execute(query):
            try:
                self._take(review_of(text))
            except ValueError:
                continue  # what it did is not known: the case stays as the events before it left it
        for key in [key for key, before in self._before.items() if not before.closed]:
            del self._before[key]

    def _take(self, review: StoredReview) -> None:
        event = review.event
        key, own = case_of_key(event.case_key), event.case_key
        if event.action not in {Action.CLOSE, Action.REOPEN}:
            return
        if key == own:
            self._before.pop(key, None)
            self._closed.pop(key, None)
            if event.action is Action.CLOSE:
                self._closed[key] = review
            return
        before = self._before.setdefault(key, _Before())
        before.closed.pop(own, None)
        if event.action is Action.CLOSE:
            before.closed[own] = review

    def learn(self, connection: Connection) -> None:
        """Read what there was when an earlier version closed; its cases must be filed by now."""
        past = all_past(connection)
        for key, sums in past.before():
            before = self._before.get(case_of_key(key))
            if before is not None and (versions := past.newest.get(key)):
                before.see(key, sums, versions)
        erased = Removed.of(connection).whole
        for key, before in self._before.items():
            for seq, at_us, text in connection.execute(_OF_CASE, (key, before.newest.up_to)):
                if seq not in erased:
                    _see(before, key, seq, at_us, text)

    @property
    def keys(self) -> frozenset[str]:
        """The cases that were closed."""
        return frozenset({*self._closed, *self._before})

    def standing(
        self,
        key: str,
        reach: Reach,
        newest: Callable[[str], int],
        oldest: Callable[[str], int],
    ) -> Mapping[str, Any]:
        """Return the columns of `OPEN` as they have to be; `newest` and `oldest` give a case's
        entries. A case begins anew where all that was closed was erased, or its time is over.
        """
        review, scope = self._closed.get(key), None
        before = self._before.get(key)
        if review is not None:
            scope = review.event.scope
        elif before is not None:
            review = before.newest
            scope = None if before.known is None or before.more else before.known.reach.scope()
        if review is None or oldest(key) > review.up_to:
            return OPEN
        columns = closed_columns(_why(review), scope)
        again = scope is None or bool(beyond(scope, reach))
        if again or (_why(review) in COMES_BACK and newest(key) > review.up_to):
            columns["status"] = CaseStatus.OPEN.value
        return columns
