"""The code that sent a request: the masked lines around it, from the kept version. Pure."""

from collections.abc import Iterator

from core.attribution import Attribution, Certainty, CodeLine, Script
from tui.kept_code import Kept, beginning, lines_around
from tui.rows import Row, Section
from tui.wording import safe

NO_HASH = "Not kept: the content of the script could not be read when it sent this."
NOT_PROVEN = "Not kept: a copy is kept only of a script that is proven to be the sender."


def code_section(sender: Attribution, kept: Kept | None) -> Section:
    """Return the lines around the one that sent; `kept` is None while nobody looked, and where
    nothing keeps sources.
    """
    if sender.script is None or kept is None:
        return Section("Code", ())
    return Section("Code", tuple(_rows(sender, sender.script, kept)))


def _rows(sender: Attribution, script: Script, kept: Kept) -> Iterator[Row]:
    if kept.text is None:
        yield Row("", _why_not(sender, script, kept), "quiet")
        return
    line = None if sender.line is None else _line_in(sender.line, script)
    rows = tuple(lines_around(kept.text, line)) if line is not None else ()
    if rows:
        if line is not None and sender.line is not None:
            yield from _said(sender.line, line)
        yield from rows
    else:
        yield Row("", f"{_unknown(sender.line)} The script begins:", "quiet")
        yield from beginning(kept.text)
    version = safe(script.sha256 or "", 64)[:12]
    told = f"Version {version} as it ran; secrets and personal values in it are masked."
    yield Row("", told, "quiet")
    if kept.note:
        yield Row("", f"Of this copy: {kept.note}", "held")


def _why_not(sender: Attribution, script: Script, kept: Kept) -> str:
    if script.sha256 is None:
        return NO_HASH
    return kept.why if sender.certainty is Certainty.EXACT else NOT_PROVEN


def _line_in(line: CodeLine, script: Script) -> int | None:
    """Return the number of the line in the script itself that sent, or that called what did."""
    if script.path is None:
        return None
    if line.file == script.path:
        return line.line
    own = f"{script.path}:"
    for frame in line.stack:
        number = frame.removeprefix(own).partition(" ")[0]
        if frame.startswith(own) and number.isascii() and number.isdigit():
            return int(number)
    return None


def _said(line: CodeLine, shown: int) -> Iterator[Row]:
    likely = "" if line.certainty is Certainty.EXACT else "Likely: it is how the program stood. "
    function = safe(line.function, 100)
    if shown == line.line:
        yield Row("", f"{likely}Line {shown} in {function} sent it.", "quiet")
        return
    where = f"{safe(line.file, 300)}:{line.line} in {function}"
    yield Row("", f"{likely}Sent by {where}, of which no copy is kept; the script:", "quiet")


def _unknown(line: CodeLine | None) -> str:
    if line is None:
        return "Which line sent it is not known."
    where = f"{safe(line.file, 300)}:{line.line} in {safe(line.function, 100)}"
    return f"Sent by {where}, of which no copy is kept."
