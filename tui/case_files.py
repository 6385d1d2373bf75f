"""Which files of the sender's a request holds: a section of a case. Pure."""

from collections.abc import Iterable

from core.sent_file import SameAs, SentFile
from core.vocabulary.files import FOUND_BY, file_words
from core.vocabulary.sizes import capital
from tui.rows import Row, Section
from tui.wording import safe


def files_section(files: Iterable[SentFile]) -> Section:
    """Return which files of the sender's a request holds, and how that is known."""
    rows: list[Row] = []
    for file in files:
        tone = "plain" if file.same is SameAs.OPEN else "strong"
        rows.append(Row("", capital(safe(file_words(file), 300)), tone))
        rows.append(Row("", f"  {safe(file.path, 400)} · {FOUND_BY[file.found_by]}", "quiet"))
    return Section("Files", tuple(rows))
