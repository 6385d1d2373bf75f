"""A script's passport: one page that says all that is known of it, as text, JSON or HTML (pure)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from core.text import printable

FORMATS = ("text", "json", "html")
_LONGEST = 600
_STYLE = """
:root{color-scheme:light dark;--line:#8884;--ink:#667}
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.3rem;overflow-wrap:anywhere}table{border-collapse:collapse;width:100%}
td,th{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
th{font-weight:600;width:11rem}.soft{color:var(--ink)}p{margin:.2rem 0}
@media print{tr{break-inside:avoid}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing that is known, or said not to be."""

    key: str
    """In JSON."""
    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passport:
    """All that is known of one script."""

    script: str
    made_at: str
    parts: tuple[Part, ...]

    def part(self, key: str) -> tuple[str, ...]:
        """Return the lines of a part; none where it is not there."""
        return next((part.lines for part in self.parts if part.key == key), ())


def as_text(page: Passport) -> str:
    """Return the page for a terminal. All text is inert."""
    return "\n".join([_inert(page.script), *_text_lines(page)]) + "\n"


def _text_lines(page: Passport) -> Iterator[str]:
    for part in page.parts:
        for number, line in enumerate(part.lines):
            yield f"  {part.title if number == 0 else '':<13} {_inert(line)}"


def as_json(page: Passport) -> str:
    """Return the page for machines: each part as a list of lines, by its key."""
    value = {
        "schema": "outgate.passport/1",
        "script": _inert(page.script),
        "made_at": page.made_at,
        "parts": {part.key: [_inert(line) for line in part.lines] for part in page.parts},
    }
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def as_html(page: Passport) -> str:
    """Return the page for a browser or a printer, complete in itself: nothing that is fetched."""
    name = escape(_inert(page.script))
    rows = (
        f"<tr><th>{escape(part.title)}</th><td>"
        + "".join(f"<p>{escape(_inert(line))}</p>" for line in part.lines)
        + "</td></tr>"
        for part in page.parts
    )
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta http-equiv="Content-Security-Policy" content="default-src \'none\';'
            " style-src 'unsafe-inline'\">",
            f"<title>{name}</title><style>{_STYLE}</style></head><body>",
            f"<h1>{name}</h1>",
            f'<p class="soft">What Outgate knows of this script, {escape(page.made_at)}.</p>',
            "<table>",
            *rows,
            "</table></body></html>\n",
        ]
    )


def written(page: Passport, format_name: str) -> str:
    """Return the page in one of `FORMATS`."""
    return {"text": as_text, "json": as_json, "html": as_html}[format_name](page)


def _inert(text: str) -> str:
    return printable(text, _LONGEST)
