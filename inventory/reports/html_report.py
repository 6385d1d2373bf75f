"""One page for people, complete in itself: no script, no link, nothing that a browser would fetch.

Each text of somebody else's goes through `_t`, which leaves plain characters and escapes them.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from html import escape

from core.scanned import ScannedScript, ScanResult
from core.vocabulary.sizes import counted, size
from core.vocabulary.times import lasting
from inventory import wording
from inventory.reports import ReportFormat

_MOST = 2_000
_STYLE = """
:root{color-scheme:light dark;--line:#8884;--soft:#8881;--ink:#667}
body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem;margin:0 0 .5rem}h2{font-size:1.15rem;margin:2rem 0 .5rem}
p{margin:.2rem 0}.soft{color:var(--ink)}
details{border:1px solid var(--line);border-radius:6px;margin:.4rem 0;padding:.4rem .8rem}
summary{cursor:pointer;display:flex;gap:.8rem;align-items:baseline}
summary .path{font-family:ui-monospace,monospace;overflow-wrap:anywhere;flex:1}
.risk{min-width:2.6rem;text-align:center;border-radius:4px;font-weight:600;padding:0 .3rem}
.high{background:#c62828;color:#fff}.mid{background:#f9a825;color:#000}.low{background:#2e7d32;color:#fff}
.none{background:#8883}
table{border-collapse:collapse;width:100%;margin:.5rem 0}
td,th{text-align:left;vertical-align:top;padding:.2rem .5rem;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
th{font-weight:600;width:12rem}ul{margin:.3rem 0;padding-left:1.2rem}li{overflow-wrap:anywhere}
@media print{details{break-inside:avoid}}
"""


def _write(result: ScanResult) -> str:
    took = lasting(timedelta(seconds=round(result.seconds, 1)))
    title = f"Python on {_t(result.host)}, {result.started_at:%Y-%m-%d %H:%M} UTC"
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta http-equiv="Content-Security-Policy" content="default-src \'none\';'
            " style-src 'unsafe-inline'\">",
            '<meta name="viewport" content="width=device-width,initial-scale=1">',
            f"<title>{title}</title><style>{_STYLE}</style></head><body>",
            f"<h1>{title}</h1>",
            *(f"<p>{_t(line)}</p>" for line in wording.headline(result)),
            f'<p class="soft">Looked at: {_t(", ".join(result.roots))}. {took}.'
            " Nothing was sent, and nothing but this page was written.</p>",
            "<h2>Scripts, the most urgent first</h2>",
            *(
                _script(script, is_open=number < 3)
                for number, script in enumerate(result.scripts[:_MOST])
            ),
            *_more(len(result.scripts)),
            *_list("Schedules that start Python", map(wording.starts, result.schedules)),
            *_list(
                "Code that runs at every start of an interpreter", map(wording.hook, result.hooks)
            ),
            *_list("Environments", map(wording.environment, result.environments)),
            *_list("Folders that could not be read", result.unread),
            "</body></html>\n",
        ]
    )


def _t(text: object) -> str:
    return escape(wording.safe(text, 1_000))


def _more(count: int) -> Iterator[str]:
    if count > _MOST:
        yield f"<p>{counted(count - _MOST, 'more script')}: the JSON report has them all.</p>"


def _script(script: ScannedScript, *, is_open: bool) -> str:
    return "\n".join(
        [
            f"<details{' open' if is_open else ''}><summary>"
            f'<span class="risk {_tone(script.risk)}">{script.risk}</span>'
            f'<span class="path">{_t(script.path)}</span>'
            f'<span class="soft">{_t(wording.owner(script))}</span></summary>',
            *_items(f"{reason.words} (+{reason.points})" for reason in script.reasons),
            "<table>",
            *(
                f"<tr><th>{name}</th><td>{_t(told)}</td></tr>"
                for name, told in _facts(script)
                if told
            ),
            "</table>",
            *_items(
                f"{what} ({where})" if where else what for what, where in wording.findings(script)
            ),
            "</details>",
        ]
    )


def _facts(script: ScannedScript) -> Iterator[tuple[str, str]]:
    yield "What it is", f"{script.kind.value}, {size(script.size)}"
    yield "Owner", f"{wording.owner(script)}. {script.owner.why}"
    yield "Last change", wording.day(script.changed_at)
    yield (
        "Last run",
        f"{wording.day(script.last_run)}, {script.last_run_by}" if script.last_run else "",
    )
    yield "Seen by a gate", "" if script.seen_running is None else wording.seen(script)
    yield "Git", wording.git(script)
    yield "Started by", "; ".join(map(wording.starts, script.started_by))
    yield (
        "Environment",
        f"{script.environment} (by {script.environment_by})" if script.environment else "",
    )
    yield "Made of", ", ".join(wording.part(part) for part in script.parts if part.name)
    yield "Not read", script.why_unread or ""
    yield "SHA-256", script.sha256 or ""


def _tone(risk: int) -> str:
    if risk >= 50:
        return "high"
    if risk >= 20:
        return "mid"
    return "low" if risk else "none"


def _items(texts: Iterable[str]) -> Iterator[str]:
    told = [f"<li>{_t(text)}</li>" for text in texts]
    if told:
        yield f"<ul>{''.join(told)}</ul>"


def _list(title: str, texts: Iterable[str]) -> Iterator[str]:
    items = list(_items(texts))
    if items:
        yield f"<h2>{title}</h2>"
        yield from items


FORMAT = ReportFormat(name="html", purpose="one page for people", write=_write)
