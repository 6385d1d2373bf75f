"""Held requests as text for a terminal. Pure; whatever an endpoint sent is made inert."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from core.findings import NOT_INSPECTED
from core.text import printable
from core.vocabulary.findings import named
from core.vocabulary.sizes import joined, number, size
from fleet.held import Became
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
            _said(row),
        )
        for row in rows
    ]
    yield from table(heads, lines)


def _said(row: Row) -> str:
    """Return what was said, and what became of it at the endpoint, where it told that."""
    said = {None: "", True: "approved", False: "refused"}[row["approved"]]
    match row["became"]:
        case Became.DONE:
            return f"{said}, taken"
        case Became.ASKED:
            return f"asked by {printable(row['who'], 60)}: a second person has to say the same"
        case Became.REFUSED:
            return f"{said}, not taken: {row['became_why']}"
    return said


def _kinds(kinds: Sequence[str], found: int) -> str:
    known = [kind for kind in kinds if kind != NOT_INSPECTED]
    words = f"{named(known, 2)} ({number(found)})" if known else ""
    return joined([w for w in (words, "unread content" if len(known) < len(kinds) else "") if w])
