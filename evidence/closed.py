"""The columns of a case that closing changes: up to where it is closed, and whether that holds
still. Pure.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from core.case_inside import Reach, Scope, beyond
from core.review import Action, CaseStatus
from evidence.review_entries import StoredReview
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


def with_scope(review: StoredReview, reach: Reach) -> StoredReview:
    """Return a closing that says up to where it holds: for what there is, where nothing is said."""
    if review.event.action is not Action.CLOSE or review.event.scope is not None:
        return review
    return replace(review, event=replace(review.event, scope=reach.scope()))
