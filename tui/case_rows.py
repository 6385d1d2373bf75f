"""What a case is told in: rows under headings; and those of the files that were sent. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from core.sent_file import SameAs, SentFile
from core.vocabulary.files import FOUND_BY, file_words
from core.vocabulary.sizes import capital
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


def files_section(files: Iterable[SentFile]) -> Section:
    """Return which files of the sender's a request holds, and how that is known."""
    rows: list[Row] = []
    for file in files:
        tone = "plain" if file.same is SameAs.OPEN else "strong"
        rows.append(Row("", capital(safe(file_words(file), 300)), tone))
        rows.append(Row("", f"  {safe(file.path, 400)} · {FOUND_BY[file.found_by]}", "quiet"))
    return Section("Files", tuple(rows))
