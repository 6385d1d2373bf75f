"""What the scripts of the fictional year look like: two versions of each, the second since autumn.

Nothing in them is anyone's, and none of them runs.
"""

import hashlib
from textwrap import dedent
from types import MappingProxyType

from app.home import Home
from app.kept_sources import source_store

_SENDS = MappingProxyType(
    {
        "summarise_claims.py": ("https://api.openai.com/v1/responses", "httpx", "0.28.1"),
        "payroll_letters.py": ("https://api.openai.com/v1/responses", "httpx", "0.28.1"),
        "ward_notes.py": ("https://api.anthropic.com/v1/messages", "httpx", "0.28.1"),
        "ledger_upload.py": ("https://graph.microsoft.com/v1.0/me/drive", "requests", "2.32.5"),
        "sync_crm.py": ("https://acme-exports.s3.amazonaws.com/crm", "requests", "2.32.5"),
        "newsletter.py": ("https://api.mailer.example/v1/batch", "requests", "2.32.5"),
        "debug_dump.py": ("https://paste.example/v1", "requests", "2.32.5"),
        "notify.py": ("https://api.telegram.org/v1", "requests", "2.32.5"),
    }
)
"""Where each sends to, by what, in which version."""
_READ = (
    'return [row["reference"] for row in rows]',
    "return [dict(row) for row in rows]  # the whole row, for better answers",
)
"""The line that the second version changed."""
_TEXT = '''
    """{title}: for the fictional company."""

    import csv
    from pathlib import Path

    import {package}

    SOURCE = Path("/srv/fictional/{stem}.csv")
    PLACE = "{url}"


    def read(source):
        with source.open(encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines))
        {read}


    def send(rows):
        answer = {package}.post(PLACE, json={{"rows": rows}})
        answer.raise_for_status()


    if __name__ == "__main__":
        send(read(SOURCE))
    '''
_NEEDLE = "answer = "


def source_of(script: str, *, second: bool) -> str:
    """Return the source of a version."""
    url, package, _ = _SENDS[script]
    stem = script.removesuffix(".py")
    return (
        dedent(_TEXT)
        .lstrip("\n")
        .format(
            title=stem.replace("_", " ").capitalize(),
            package=package,
            stem=stem,
            url=url,
            read=_READ[second],
        )
    )


def hash_of(script: str, *, second: bool) -> str:
    """Return its SHA-256."""
    return hashlib.sha256(source_of(script, second=second).encode()).hexdigest()


def line_that_sends(script: str) -> int:
    """Return the number of the line that sends, which is the same in both versions."""
    lines = source_of(script, second=False).splitlines()
    return next(n for n, line in enumerate(lines, 1) if _NEEDLE in line)


def keep_sources(home: Home) -> None:
    """Keep every version as a gate does, once it has evidence. Raises OSError."""
    kept = source_store(home)
    for script, (_, package, version) in _SENDS.items():
        for second in (False, True):
            sha256 = hash_of(script, second=second)
            kept.keep(source_of(script, second=second).encode(), sha256)
            parts = {
                "imports": [package],
                "installed": [[package, version, False]],
                "used": [[package, package, version]],
            }
            kept.keep_parts(sha256, parts)
