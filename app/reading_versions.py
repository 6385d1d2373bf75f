"""A version of a script to read on the command line: what changed in it, or its whole source."""

import difflib
from collections.abc import Iterator

from app.kept_sources import KeptSources
from core.errors import InputError
from core.review import ScriptVersion
from core.review_ports import CaseStore
from core.text import printable
from tui.kept_code import source_lines
from tui.script_view import ScriptReading, read_script
from tui.version_changes import (
    LONGEST_LINE,
    Changes,
    base_of,
    changes,
    what_is_new,
    whole,
)


def told_of(
    store: CaseStore, kept: KeptSources, script: str, version: ScriptVersion, *, diff: bool
) -> Iterator[str]:
    """Yield the lines to print; all are inert. Raises InputError where nothing can be read."""
    text = _text(kept, version)
    if not diff:
        yield whole(version, kept.of(version.sha256 or "")).said
        yield from map(_inert, source_lines(text))
        return
    reading = read_script(store, script)
    base = _base(reading, version)
    if base is None:
        raise InputError(
            "There is no version before this one to compare it with.",
            remedy="outgate scripts PATH --source prints it whole.",
        )
    chosen = next(n for n, one in enumerate(reading.versions) if one.sha256 == version.sha256)
    yield changes(
        reading, chosen, kept.of(version.sha256 or ""), base, kept.of(base.sha256 or "")
    ).said
    before = source_lines(_text(kept, base))
    names = ((base.sha256 or "")[:12], (version.sha256 or "")[:12])
    yield from map(_inert, difflib.unified_diff(before, source_lines(text), *names, lineterm=""))


def to_read(store: CaseStore, kept: KeptSources, version: ScriptVersion) -> Changes:
    """Return what is to be read of a version before it is approved."""
    return what_is_new(read_script(store, version.script), version, kept.of)


def _base(reading: ScriptReading, version: ScriptVersion) -> ScriptVersion | None:
    """Return the approved version, else the one that was seen before."""
    chosen = next((n for n, one in enumerate(reading.versions) if one.sha256 == version.sha256), 0)
    if not reading.versions:
        return None
    before = (one for one in reading.versions[chosen + 1 :] if one.sha256)
    return base_of(reading, chosen) or next(before, None)


def _text(kept: KeptSources, version: ScriptVersion) -> str:
    found = kept.of(version.sha256 or "")
    if found.text is None:
        raise InputError(
            f"The source of version {(version.sha256 or '-')[:12]} cannot be read. {found.why}",
            remedy="See keep_scripts in docs/settings.md.",
        )
    return found.text


def _inert(line: str) -> str:
    return printable(line.expandtabs(4), LONGEST_LINE)
