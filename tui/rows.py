"""What screens say of a thing: sections of rows, each a label and plain text."""

from dataclasses import dataclass


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
