"""Everything the cases tell of one script: its versions, and where it sends what. Pure but for `read_script`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from core.ports import CaseStore
from core.review import Case, CaseFilter
from tui.case_detail import Row, Section
from tui.measures import clock_time, counted, number
from tui.wording import case_found, case_place, case_words, safe

_CASES = 100
_RECORDS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptReading:
    """What was read of one script."""

    path: str
    cases: tuple[Case, ...]
    """Newest first, open and closed."""
    records: tuple[Mapping[str, Any], ...]
    """The newest of each case."""


def read_script(store: CaseStore, path: str) -> ScriptReading:
    """Read the cases of the script at this path, and their newest records. Blocks on the disk."""
    found = store.page(CaseFilter(status=None, script=path), 0, _CASES)
    mine = tuple(case for case in found if case.script_path == path)
    records = tuple(record for case in mine for record in store.records(case.key, _RECORDS))
    return ScriptReading(path=path, cases=mine, records=records)


def describe_script(reading: ScriptReading, now: datetime, zone: tzinfo | None = None) -> list[Section]:
    """Return what there is to say, in sections. All text is inert."""
    cases = reading.cases
    total = sum(case.count for case in cases)
    first = min((case.first_at for case in cases), default=None)
    since = "" if first is None else f", first seen {clock_time(first, now, zone)}"
    what = f"{counted(total, 'request')} in {counted(len(cases), 'case')}{since}."
    note = "Requests that needed no review are not counted here."
    return [
        Section("", (Row("", safe(reading.path, 600), "strong"), Row("", what), Row("", note, "quiet"))),
        Section("Versions", _versions(reading.records, now, zone)),
        Section("Sends to", tuple(row for case in cases for row in _sends(case, now, zone))),
    ]


def _versions(records: Sequence[Mapping[str, Any]], now: datetime, zone: tzinfo | None) -> tuple[Row, ...]:
    seen: dict[str, list[datetime]] = {}
    for record in records:
        sha256 = (record["sender"]["script"] or {}).get("sha256") or "not known"
        seen.setdefault(sha256, []).append(datetime.fromisoformat(record["at"]))
    newest_first = sorted(seen.items(), key=lambda item: max(item[1]), reverse=True)
    return tuple(
        Row(
            "now" if n == 0 else "before",
            f"{safe(sha256, 64)[:16]} · {clock_time(min(times), now, zone)} to {clock_time(max(times), now, zone)}",
        )
        for n, (sha256, times) in enumerate(newest_first)
    )


def _sends(case: Case, now: datetime, zone: tzinfo | None) -> tuple[Row, ...]:
    words = case_words(case)
    times = f", {number(case.count)} times" if case.count > 1 else ""
    return (
        Row("", f"{words.sign} {case_place(case)}: {case_found(case)}", words.meaning),
        Row(
            "",
            f"  {words.word}{times}, last {clock_time(case.last_at, now, zone)}; host {safe(case.host, 255)}",
            "quiet",
        ),
    )
