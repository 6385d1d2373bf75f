"""Held requests as text for a terminal. Pure; whatever an endpoint sent is made inert."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from core.findings import NOT_INSPECTED
from core.vocabulary.findings import named
from core.vocabulary.sizes import joined, number, size
from hub.telling import Row, table


def holds(rows: Sequence[Row], now: datetime) -> Iterator[str]:
    """Yield what is held now."""
    if not rows:
        yield "Nothing is held now."
        return
    heads = ("NUMBER", "LEFT", "SCRIPT", "ENDPOINT", "PERSON", "TO", "WITH", "SIZE", "RULE", "SAID")
    lines = [
        (
            str(row["number"]),
            f"{max(0, int((row['ends_at'] - now).total_seconds()))} s",
            row["script"],
            row["endpoint"],
            row["person"] or "–",
            row["place"],
            _kinds(row["kinds"], row["found"]),
            size(row["bytes"]),
            row["rule"] or "–",
            {None: "", True: "approved", False: "refused"}[row["approved"]],
        )
        for row in rows
    ]
    yield from table(heads, lines)


def _kinds(kinds: Sequence[str], found: int) -> str:
    known = [kind for kind in kinds if kind != NOT_INSPECTED]
    words = f"{named(known, 2)} ({number(found)})" if known else ""
    return joined([w for w in (words, "unread content" if len(known) < len(kinds) else "") if w])
