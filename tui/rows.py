"""What screens say of a thing: sections of rows, each a label and plain text."""

from dataclasses import dataclass

from tui.wording import safe


@dataclass(frozen=True, slots=True)
class Row:
    """One fact. `tone` is one of plain, quiet, strong, allowed, held, blocked, unknown."""

    label: str
    text: str
    tone: str = "plain"


@dataclass(frozen=True, slots=True)
class Section:
    """Facts under one heading; the first section has none."""

    title: str
    rows: tuple[Row, ...]


def known(*rows: Row | None) -> tuple[Row, ...]:
    """Return the rows of which something is known."""
    return tuple(row for row in rows if row is not None)


def maybe(label: str, value: str | None, tone: str = "plain") -> Row | None:
    """Return the row of a value, made inert; None where there is none."""
    return Row(label, safe(value, 600), tone) if value else None
