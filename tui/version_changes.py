"""What is to be read of a script's version before it is approved: what changed since the approved
one, or the whole of it where none is. Pure.
"""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.review import Action, ReviewEvent, ScriptVersion, signed
from core.vocabulary.sizes import capital, counted
from tui.kept_code import Kept, KeptOf, source_lines
from tui.rows import Row
from tui.script_view import ScriptReading
from tui.wording import safe

LONGEST_LINE = 4_000
MOST_LINES = 10_000
MOST_COMPARED = 20_000
"""Lines of a version that are compared with another: the time grows with their square at worst."""
NOT_AT_HAND = "No sources of scripts are at hand here."
_MASKED = (
    "No line differs: the two versions differ in values that are masked, or in the ends of lines."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is to be read of one version."""

    said: str
    """With what it is compared, in a sentence."""
    lines: tuple[Row, ...] = ()
    """Every line to read, inert."""
    unread: str | None = None
    """Why it cannot be read whole; None where it can."""
    legend: str = "Secrets and personal values are masked; + is new, - is gone."
    """How the lines are to be read."""


def base_of(reading: ScriptReading, chosen: int) -> ScriptVersion | None:
    """Return the version to compare with: the one approved last that is approved still, else None.

    Of an approved version it is the one that was seen before.
    """
    version = reading.versions[chosen]
    if reading.approved(version):
        return next((v for v in reading.versions[chosen + 1 :] if v.sha256), None)
    others = [v for v in reading.versions if v.sha256 != version.sha256 and reading.approved(v)]
    return max(others, key=lambda v: reading.said[v.sha256].at, default=None)


def changes(
    reading: ScriptReading, chosen: int, new: Kept, base: ScriptVersion | None, old: Kept | None
) -> Changes:
    """Return what is to be read of the chosen version; `old` is the source of `base`."""
    version = _short(reading.versions[chosen])
    if new.text is None or base is None or old is None:
        return whole(reading.versions[chosen], new, "No other version of it is approved.")
    if old.text is None:
        named = capital(_named(reading, base))
        because = f"{named}, is not kept." + _note(base, old)
        return whole(reading.versions[chosen], new, because)
    if max(old.text.count("\n"), new.text.count("\n")) > MOST_COMPARED:
        return whole(reading.versions[chosen], new, "It is too long to be compared.")
    said = f"What is different in {version} from {_named(reading, base)}."
    said += _note(reading.versions[chosen], new) + _note(base, old)
    return _difference(said, old.text, new.text)


def what_is_new(reading: ScriptReading, version: ScriptVersion, kept_of: KeptOf) -> Changes:
    """Return what is to be read of a version before it is approved. Blocks on the disk."""
    places = [n for n, one in enumerate(reading.versions) if one.sha256 == version.sha256]
    if not places:
        return whole(version, _kept(version, kept_of))
    base = base_of(reading, places[0])
    old = None if base is None else _kept(base, kept_of)
    return changes(reading, places[0], _kept(version, kept_of), base, old)


def _kept(version: ScriptVersion, kept_of: KeptOf) -> Kept:
    return Kept() if version.sha256 is None else kept_of(version.sha256)


def whole(version: ScriptVersion, new: Kept, because: str = "") -> Changes:
    """Return the whole of a version, and why not only what changed."""
    if new.text is None:
        why = new.why or "Its content could not be read."
        return Changes(said=f"Version {_short(version)} cannot be read here.", unread=why)
    said = f"{because} This is the whole of version {_short(version)}.{_note(version, new)}"
    return _whole(said.strip(), new.text)


def _note(version: ScriptVersion, kept: Kept) -> str:
    return f" Of version {_short(version)}: {kept.note}" if kept.note else ""


def _short(version: ScriptVersion) -> str:
    return safe(version.sha256 or "not known", 64)[:12]


def _named(reading: ScriptReading, base: ScriptVersion) -> str:
    event = reading.said.get(base.sha256)
    if event is not None and event.action is Action.APPROVE_SCRIPT:
        return f"version {_short(base)}, which {_by(event)} approved"
    return f"version {_short(base)}, the one before"


def _by(event: ReviewEvent) -> str:
    return safe(signed(event, 40), 100)


def _whole(said: str, text: str) -> Changes:
    lines = source_lines(text)
    width = len(str(len(lines)))
    rows = (Row("", f"\u00a0 {n:>{width}} │ {_inert(line)}") for n, line in enumerate(lines, 1))
    return _readable(said, lines, rows)


def _difference(said: str, old: str, new: str) -> Changes:
    before, after = source_lines(old), source_lines(new)
    found = list(difflib.unified_diff(before, after, lineterm="", n=3))[2:]
    if not found:
        return Changes(said=f"{said} {_MASKED}")
    added = sum(line.startswith("+") for line in found)
    gone = sum(line.startswith("-") for line in found)
    told = f"{said} {counted(added, 'line')} more, {counted(gone, 'line')} fewer."
    return _readable(told, found, map(_changed, found))


def _changed(line: str) -> Row:
    sign, text = line[:1], line[1:]
    match sign:
        case "+":
            return Row("", f"+ {_inert(text)}", "allowed")
        case "-":
            return Row("", f"- {_inert(text)}", "blocked")
        case "@":
            return Row("", _place(line), "quiet")
    return Row("", f"\u00a0 {_inert(text)}")


def _place(hunk: str) -> str:
    """Return `@@ -3,7 +3,9 @@` in words."""
    begins = hunk.split("+")[-1].split(" ")[0].split(",")[0]
    return f"… at line {begins}"


def _inert(text: str) -> str:
    return safe(text.expandtabs(4).rstrip(), LONGEST_LINE)


def _readable(said: str, lines: Sequence[str], rows: Iterator[Row]) -> Changes:
    """Keep what fits on a screen; what does not is no reading."""
    unread = None
    if len(lines) > MOST_LINES:
        unread = f"It is {counted(len(lines), 'line')} long: more than can be read here."
    elif any(len(line.expandtabs(4)) > LONGEST_LINE for line in lines):
        unread = f"A line of it is longer than {LONGEST_LINE:,} characters: it cannot be read here."
    kept = tuple(row for _, row in zip(range(MOST_LINES), rows, strict=False))
    return Changes(said=said, lines=kept, unread=unread)
