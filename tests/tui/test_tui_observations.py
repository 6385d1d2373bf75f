"""What was observed beside the requests, as the officer reads it in the review."""

import io
from collections.abc import Callable
from datetime import UTC
from pathlib import Path

import pytest

from core.observation import Kind
from core.review import CaseFilter
from evidence.store import Store
from tests.evidence.conftest import (
    START,
    make_observation,
    make_record,
    place,
    told,
    write,
    writer,
)
from tui.case_detail import describe
from tui.case_reading import Reading, read_fully
from tui.plain import print_queue

__all__ = ["place", "told", "write", "writer"]


@pytest.mark.parametrize("kind", Kind)
def test_an_observation_is_a_case_in_plain_words(
    write: Callable[..., None], place: Path, kind: Kind
) -> None:
    """Who, what, how much and how it is known stand in the case; nothing says that it was sent."""
    write(make_observation(1, kind=kind), make_observation(2, kind=kind))
    store = Store(place, clock=lambda: START)
    (case,) = store.page(CaseFilter(), 0, 5)
    reading = read_fully(store, Reading(case=case))
    words = "\n".join(
        f"{row.label} {row.text}"
        for section in describe(reading, START, UTC)
        for row in section.rows
    )
    assert "“upload.py”, run by analyst" in words and "(2 times since" in words
    assert "postgresql at db.example:5432" in words
    assert "Bytes received 5.0 MB · the kernel's counters" in words
    assert "User of the server ledger_app · the first message" in words
    assert "Nobody has looked at it yet." in words
    assert "sent what" not in words and "It passed" not in words


def test_the_queue_tells_observations_apart_from_requests(
    write: Callable[..., None], place: Path
) -> None:
    """A filter shows only what was observed, or none of it."""
    write(make_record(1), make_observation(2))
    store = Store(place, clock=lambda: START)
    for line, there, not_there in (
        ("observed", "postgresql", "OpenAI"),
        ("passed", "OpenAI", "postgresql"),
        ("found:connection", "postgresql", "OpenAI"),
        ("to:db.example", "postgresql", "OpenAI"),
    ):
        out = io.StringIO()
        assert print_queue(store, out, line, clock=lambda: START, zone=UTC) == 0
        assert there in out.getvalue() and not_there not in out.getvalue(), line
