"""Which cases are closed, by the review events alone, and whether their closings hold still."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from core.case_inside import Reach, Scope, beyond
from core.record import Record
from core.review import Action, CaseStatus, case_of_key, key_before
from evidence.case_sums import CaseSums
from evidence.database import Connection
from evidence.review_entries import StoredReview, review_of
from evidence.rollup import COMES_BACK
from evidence.scopes import scope_json, scope_of
from evidence.times import micros

OPEN: Mapping[str, Any] = {
    "status": CaseStatus.OPEN.value,
    "disposition": None,
    "until_us": None,
    "closed": None,
}
"""The columns that closing changes, of a case that nobody closed."""


def closed_columns(disposition: str | None, scope: Scope | None) -> dict[str, Any]:
    """Return these columns of a case that is closed up to there."""
    return {
        "status": CaseStatus.CLOSED.value,
        "disposition": disposition,
        "until_us": None if scope is None or scope.until is None else micros(scope.until),
        "closed": None if scope is None else orjson.dumps(scope_json(scope)).decode(),
    }


def closed_up_to(text: object) -> Scope | None:
    """Return up to where a case was closed; None where that is not known."""
    if not isinstance(text, str):
        return None
    try:
        return scope_of(orjson.loads(text))
    except (orjson.JSONDecodeError, ValueError):
        return None


def comes_back(row: Mapping[Any, Any], reach: Reach) -> bool:
    """Return whether a closed case is open again, now that more of it has come."""
    scope = closed_up_to(row["closed"])
    return row["disposition"] in COMES_BACK or scope is None or bool(beyond(scope, reach))


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


class Closings:
    """Reads the review events at once, then is told the records in the order of their chain."""

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

    def see(self, record: Record, key: str | None, seq: int, at_us: int) -> None:
        """Take one record and the key of its case."""
        before = None if key is None else self._before.get(key)
        if before is None or key is None:
            return
        sums = CaseSums(key=key, first_us=at_us, last_us=at_us)
        sums.add(record, at_us)
        script = record.sender.script
        sha256 = "" if script is None or script.sha256 is None else script.sha256
        before.see(key_before(record), sums, {sha256: seq})

    def see_past(self, key: str, sums: CaseSums, versions: Mapping[str, int]) -> None:
        """Take what records that expired added up to under a key of an earlier version."""
        before = self._before.get(case_of_key(key))
        if before is not None and versions:
            before.see(key, sums, versions)

    @property
    def keys(self) -> frozenset[str]:
        """The cases that were closed."""
        return frozenset({*self._closed, *self._before})

    def standing(self, key: str, reach: Reach, newest: Callable[[str], int]) -> Mapping[str, Any]:
        """Return the columns of `OPEN` as they have to be; `newest` gives a case's newest entry."""
        review, scope = self._closed.get(key), None
        before = self._before.get(key)
        if review is not None:
            scope = review.event.scope
        elif before is not None:
            review = before.newest
            scope = None if before.known is None or before.more else before.known.reach.scope()
        if review is None:
            return OPEN
        columns = closed_columns(_why(review), scope)
        again = scope is None or bool(beyond(scope, reach))
        if again or (_why(review) in COMES_BACK and newest(key) > review.up_to):
            columns["status"] = CaseStatus.OPEN.value
        return columns


def with_scope(review: StoredReview, reach: Reach) -> StoredReview:
    """Return a closing that says up to where it holds: for what there is, where nothing is said."""
    if review.event.action is not Action.CLOSE or review.event.scope is not None:
        return review
    return replace(review, event=replace(review.event, scope=reach.scope()))
