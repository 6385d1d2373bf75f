"""A payload once decoded: text segments with their places, tables, attached files, and what could
not be read.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from core.discreet import name_shown
from core.vocabulary.unread import UnreadKind

Path = tuple[str | int, ...]


class Carrier(StrEnum):
    """Which part of an exchange a segment comes from."""

    BODY = "body"
    HEADER = "header"
    QUERY = "query"
    PATH = "path"
    HOST = "host"


class Segment(NamedTuple):
    """One piece of decoded text, such as one JSON string. Holds payload: never log it."""

    text: str
    key: str | None
    """Nearest name: JSON key, form field, header name, column header."""
    path: Path = ()
    """Keys and indexes from the root of the payload; made readable by `place()` only when something
    is found."""
    carrier: Carrier = Carrier.BODY
    label: str | None = None
    """What the place means, where known: `system prompt`, `tool result 2`, `attachment
    customers.csv`."""
    quoted: bool = True
    """False for bare numbers: no digits of a decimal number or float may be read as an
    identifier."""
    tabular: bool = False
    """True when this text holds cells that also stand in a `Table`: whoever counts by column skips
    it here, whoever looks for patterns anywhere (secrets, own words) scans it. For long tables one
    segment holds a whole column, one value a line."""

    def __repr__(self) -> str:
        return f"<Segment {self.carrier} {len(self.text)} characters>"


class Table(NamedTuple):
    """Records with named columns: a CSV, a sheet, an array of JSON objects. Holds payload."""

    columns: tuple[str, ...]
    rows: int
    """Exact number of records."""
    values: dict[str, list[str]]
    """Column → its values as text (all of them up to the limit of the reader; empty for null)."""
    path: Path = ()
    label: str | None = None
    complete: bool = True
    """False when `values` is a sample, or when there are more rows than the payload holds."""
    spread: bool = False
    """The sample is of all parts of the table, so that it tells of the rows between."""

    def __repr__(self) -> str:
        return f"<Table {len(self.columns)} columns, {self.rows} rows>"


class Pasted(NamedTuple):
    """A table that stands in the text of a segment. Holds payload."""

    segment: int
    """Index into `Payload.segments`."""
    columns: tuple[str, ...]
    rows: Sequence[Sequence["PlacedText | None"]]
    """As long as `columns`; None for an empty cell."""
    start: int
    end: int
    total: int | None = None
    """How many rows the text says there are, where it shows only some; 0: more, but not how
    many."""

    def __repr__(self) -> str:
        return f"<Pasted {len(self.columns)} columns, {len(self.rows)} rows>"

    def table(self, segment: Segment) -> Table:
        """Return its values by column."""
        values = {
            name: ["" if (cell := row[index]) is None else cell.text for row in self.rows]
            for index, name in enumerate(self.columns)
        }
        # Rows that a text only counts and does not show have not been sent.
        whole = self.total is None or self.total == len(self.rows)
        return Table(self.columns, len(self.rows), values, segment.path, place(segment), whole)


class PlacedText(NamedTuple):
    """A value and where it stands in the text of its segment. Holds payload."""

    text: str
    start: int
    end: int

    def __repr__(self) -> str:
        return f"<PlacedText {self.start}:{self.end}>"


class Document(NamedTuple):
    """A file inside the payload that needs a reader of its own. Holds payload."""

    data: bytes
    media_type: str | None
    name: str | None
    path: Path = ()
    label: str | None = None

    def __repr__(self) -> str:
        return f"<Document {self.media_type} {len(self.data)} bytes>"


class Unread(NamedTuple):
    """Something that could not be read, and why, in plain words: becomes a `not_inspected`
    finding.
    """

    reason: str
    path: Path = ()
    kind: UnreadKind = UnreadKind.CONTENT


@dataclass(slots=True, kw_only=True)
class Payload:
    """All that was read from one exchange. Holds payload: repr shows counts only."""

    segments: list[Segment] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    json: object = None
    """The parsed JSON of the body, when it is JSON: shared with the LLM classifier."""
    media_type: str = ""
    """Of the body, lower case, without parameters."""
    cut: bool = False
    """True when a limit of size ended the reading: a reading with more room (in a worker) may read
    more."""
    controls: bool = True
    """False when no text holds a control character but white space: decoders know, and detectors
    need not look."""
    pasted: list[Pasted] | None = None
    """The tables that stand in the texts; None where nobody looked for them yet."""
    plain: bytes = b""
    """The body with its content-encoding undone (as far as the limits allow)."""

    def __repr__(self) -> str:
        return (
            f"<Payload {len(self.segments)} segments, {len(self.tables)} tables, "
            f"{len(self.documents)} documents, {len(self.unread)} unread>"
        )


def place(segment: Segment) -> str:
    """Return where a segment stands, for a person: `body.messages[0].content`, `header x-key`,
    `query token`. Names that may be values themselves are masked.
    """
    text = segment.carrier.value
    for part in segment.path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif text == "body" or "." in text:
            text += f".{name_shown(part)}"
        else:
            text += f" {name_shown(part)}"
    return f"{name_shown(segment.label)} ({text})" if segment.label else text
