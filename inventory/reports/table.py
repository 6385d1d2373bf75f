"""A table for the terminal: the gravest scripts first, each with why it stands there."""

from collections.abc import Iterator

from core.scanned import ScannedScript, ScanResult
from core.vocabulary.sizes import counted, size
from inventory import wording
from inventory.reports import ReportFormat

_SHOWN = 40
_DETAILED = 10
_FINDINGS = 6


def _write(result: ScanResult) -> str:
    return "\n".join([*wording.headline(result), "", *_lines(result), ""])


def _lines(result: ScanResult) -> Iterator[str]:
    for number, script in enumerate(result.scripts[:_SHOWN], 1):
        yield f"{script.risk:>4}  {wording.safe(script.path)}"
        yield f"      {_facts(script)}"
        for reason in script.reasons:
            yield f"      +{reason.points:<3} {wording.safe(reason.words)}"
        if number <= _DETAILED:
            for what, where in wording.findings(script)[:_FINDINGS]:
                yield f"       · {what}{f' ({where})' if where else ''}"
    left = len(result.scripts) - _SHOWN
    if left > 0:
        yield (
            f"      {counted(left, 'more script')}: --format json, html or cyclonedx has them all."
        )
    for title, entries in (
        ("Schedules", [wording.starts(entry) for entry in result.schedules]),
        ("Start-up hooks", [wording.hook(hook) for hook in result.hooks]),
        ("Environments", [wording.environment(found) for found in result.environments]),
    ):
        if entries:
            yield from ("", title)
            yield from (f"  {entry}" for entry in entries[:_SHOWN])
            if len(entries) > _SHOWN:
                yield f"  and {counted(len(entries) - _SHOWN, 'more')}"


def _facts(script: ScannedScript) -> str:
    parts = [
        script.kind.value,
        f"owner {wording.owner(script)}",
        f"changed {wording.day(script.changed_at)}",
        size(script.size),
        wording.git(script),
    ]
    if script.seen_running is not None:
        parts.append(wording.seen(script))
    return ", ".join(parts)


FORMAT = ReportFormat(name="table", purpose="for the terminal", write=_write)
