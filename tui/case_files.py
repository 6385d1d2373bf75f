"""Which files of the sender's a request holds: a section of a case. Pure."""

from core.record import Record
from core.sent_file import SameAs
from core.vocabulary.files import FOUND_BY, file_words, look_words
from core.vocabulary.sizes import capital
from tui.rows import Row, Section
from tui.wording import safe

_NONE = "The files near the sender were looked at: none is in this request"


def files_section(record: Record) -> Section:
    """Return which files of the sender's a request holds, how that is known, and why more may be
    in it.
    """
    rows: list[Row] = []
    for file in record.files:
        tone = "plain" if file.same is SameAs.OPEN else "strong"
        rows.append(Row("", safe(file_words(file), 300), tone))
        rows.append(Row("", f"  {safe(file.path, 400)} · {FOUND_BY[file.found_by]}", "quiet"))
    look = look_words(record)
    if look is not None:
        rows.append(Row("", capital(look), "quiet" if record.files_look is None else "unknown"))
    elif not rows and record.files_look is not None:
        rows.append(Row("", _NONE, "quiet"))
    return Section("Files", tuple(rows))
