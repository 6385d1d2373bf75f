"""Everything the evidence tells of one script: its versions, who approved which, where it sends
what, what it is made of.

Pure but for `read_script`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from core.review import (
    Action,
    Case,
    ReviewEvent,
    ScriptVersion,
    last_said,
    script_key,
    signed,
)
from core.review_ports import CaseStore
from core.stored import UnreadableEntry
from core.vocabulary.sizes import counted, number
from core.vocabulary.times import clock_time
from tui.rows import Row, Section
from tui.wording import case_found, case_meaning, case_place, case_words, safe

_CASES = 100
_PARTS = 30
"""Of so many versions, the newest, it is read what they are made of."""
_NAMES = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptParts:
    """What one version of a script is made of."""

    imports: tuple[str, ...] | None
    """None when its source could not be read."""
    installed: tuple[str, ...]
    """Distributions with their versions, of the environment that it ran in last."""
    history: str | None = None
    """Its repository, and whether the file is what was committed there."""
    where: str = "in the environment that it ran in last"
    """In which environment that is so: the end of a sentence."""


PartsOf = Callable[[str], ScriptParts | None]
"""What the version with this hash is made of, or None when that was not kept.

Blocks on the disk.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptReading:
    """What was read of one script."""

    path: str
    cases: tuple[Case, ...]
    """By risk, open and closed."""
    versions: tuple[ScriptVersion, ...]
    """All, newest first."""
    said: Mapping[str | None, ReviewEvent]
    """By a version's hash: its approval, or the withdrawal of that."""
    events: tuple[ReviewEvent, ...] = ()
    """All that was said of it, oldest first."""
    unreadable: tuple[UnreadableEntry, ...] = ()
    """What else was said of the script, in words that this version does not know."""
    parts: Mapping[str, ScriptParts]
    """By a version's hash; of the newest versions only."""
    more_cases: bool = False
    """There are more cases than those, which are the gravest."""

    def approved(self, version: ScriptVersion) -> bool:
        """Return True when this very version is approved now."""
        event = self.said.get(version.sha256)
        return event is not None and event.action is Action.APPROVE_SCRIPT


def read_script(store: CaseStore, path: str, parts_of: PartsOf | None = None) -> ScriptReading:
    """Read the cases of the script at this path, its versions and what was said of them.

    Blocks on the disk.
    """
    found = store.cases_of(path, _CASES + 1)
    newest = sorted(store.script_versions(path), key=lambda v: v.last_at, reverse=True)
    hashes = [version.sha256 for version in newest[:_PARTS] if version.sha256 is not None]
    parts = {
        sha256: known
        for sha256 in hashes
        if parts_of is not None and (known := parts_of(sha256)) is not None
    }
    history = store.history(script_key(path))
    events = tuple(event for event in history if isinstance(event, ReviewEvent))
    return ScriptReading(
        path=path,
        cases=tuple(found[:_CASES]),
        more_cases=len(found) > _CASES,
        versions=tuple(newest),
        said=last_said(events),
        events=events,
        parts=parts,
        unreadable=tuple(event for event in history if isinstance(event, UnreadableEntry)),
    )


def describe_script(
    reading: ScriptReading, now: datetime, zone: tzinfo | None = None, chosen: int = 0
) -> list[Section]:
    """Return what there is to say, in sections; `chosen` is the version that the cursor is on. All
    text is inert.
    """
    cases = reading.cases
    total = sum(case.count for case in cases)
    first = min((version.first_at for version in reading.versions), default=None)
    since = "" if first is None else f", first seen {clock_time(first, now, zone)}"
    many = counted(len(cases), "case")
    where = f"its {number(len(cases))} gravest cases, of more" if reading.more_cases else many
    what = f"{counted(total, 'request')} in {where}{since}."
    note = "Requests that needed no review are not counted here."
    versions = [
        row
        for n, v in enumerate(reading.versions)
        for row in _version(reading, v, n, now, zone, chosen)
    ]
    versions += [Row("", safe(e.for_officer(), 300), "unknown") for e in reading.unreadable]
    here = reading.versions[chosen] if reading.versions else None
    return [
        Section(
            "", (Row("", safe(reading.path, 600), "strong"), Row("", what), Row("", note, "quiet"))
        ),
        Section("Versions", tuple(versions)),
        Section("Sends to", tuple(row for case in cases for row in _sends(case, now, zone))),
        Section("Made of", _made_of(reading, here, told=chosen < _PARTS)),
    ]


def digest_shown(version: ScriptVersion) -> str:
    """Return as much of a version's hash as its row tells."""
    return safe(version.sha256 or "not known", 64)[:12]


def _version(
    reading: ScriptReading,
    version: ScriptVersion,
    place: int,
    now: datetime,
    zone: tzinfo | None,
    chosen: int,
) -> Iterator[Row]:
    event, approved = reading.said.get(version.sha256), reading.approved(version)
    if approved:
        sign, tone = "✓", "allowed"
    elif event is None:
        sign, tone = "·", "plain"
    else:
        sign, tone = "✕", "blocked"
    seen = f"{clock_time(version.first_at, now, zone)} to {clock_time(version.last_at, now, zone)}"
    cursor, age = "❯" if place == chosen else " ", "now" if place == 0 else "before"
    told = digest_shown(version)
    yield Row(f"{cursor} {age}", f"{told} {sign} {_state(event, now, zone)} · {seen}", tone)
    if event is not None and event.note:
        yield Row("", f"  “{safe(event.note, 600)}”", "quiet")


_DONE = {
    Action.APPROVE_SCRIPT: "approved by",
    Action.ASK_APPROVE_SCRIPT: "not approved: a second person has to confirm, asked for by",
}


def _state(event: ReviewEvent | None, now: datetime, zone: tzinfo | None) -> str:
    if event is None:
        return "not approved"
    done = _DONE.get(event.action, "approval taken back by")
    return f"{done} {safe(signed(event, 40), 100)}, {clock_time(event.at, now, zone)}"


def _made_of(reading: ScriptReading, here: ScriptVersion | None, *, told: bool) -> tuple[Row, ...]:
    parts = None if here is None else reading.parts.get(here.sha256 or "")
    if parts is None:
        newest = f"This is read of the newest {_PARTS} versions only."
        return (Row("", "Not kept of this version." if told else newest, "quiet"),)
    imports = (
        "not readable"
        if parts.imports is None
        else _listed(parts.imports) or "nothing but Python's own"
    )
    history = () if parts.history is None else (Row("Git", safe(parts.history, 600)),)
    return (
        *history,
        Row("Imports", imports),
        Row("Installed", _listed(parts.installed) or "nothing"),
        Row(
            "",
            f"{counted(len(parts.installed), 'package')} {parts.where}.",
            "quiet",
        ),
    )


def _listed(names: Sequence[str]) -> str:
    more = f" and {number(len(names) - _NAMES)} more" if len(names) > _NAMES else ""
    return ", ".join(safe(name, 100) for name in names[:_NAMES]) + more


def _sends(case: Case, now: datetime, zone: tzinfo | None) -> tuple[Row, ...]:
    words = case_words(case)
    times = f", {number(case.count)} times" if case.count > 1 else ""
    last = clock_time(case.last_at, now, zone)
    return (
        Row("", f"{words.sign} {case_place(case)}: {case_found(case)}", case_meaning(case)),
        Row("", f"  {words.word}{times}, last {last}; host {safe(case.host, 255)}", "quiet"),
    )
