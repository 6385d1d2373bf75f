"""Saved hunts and what advisories name as text for a terminal. Pure; foreign text is made inert."""

from collections.abc import Iterator, Sequence

from core.text import printable
from core.vocabulary.sizes import counted, number
from hub.telling import Row, table


def hunts(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the saved hunts."""
    if not rows:
        yield "No hunt is saved: outgate hub hunt NAME VERSION --save"
        return
    lines = [
        (
            str(row["number"]),
            f"{row['name']} {row['version'] or 'in any version'}",
            "ended" if row["ended_at"] is not None else "goes on",
            number(row["endpoints"]),
            number(row["scripts"]),
            "–" if row["last_at"] is None else f"{row['last_at']:%Y-%m-%d %H:%M}",
            row["made_by"],
            row["note"],
        )
        for row in rows
    ]
    yield from table(("HUNT", "FOR", "", "ENDPOINTS", "SCRIPTS", "LAST", "BY", "WHY"), lines)


def named(rows: Sequence[Row]) -> Iterator[str]:
    """Yield what advisories name of what anybody had."""
    if not rows:
        yield "Advisories name nothing that any machine told of."
        return
    yield f"{counted(len(rows), 'version')} of packages that machines had are named by advisories:"
    for row in rows:
        what = f"{printable(row['name'], 100)} {printable(row['version'], 60)}"
        bad = "MALICIOUS, " if row["malicious"] else ""
        where = f"{counted(row['scripts'], 'script')} on {counted(row['endpoints'], 'endpoint')}"
        used = f", imported by {number(row['imported_by'])}" if row["imported_by"] else ""
        mended = f"; mended in {', '.join(map(printable, row['fixed']))}" if row["fixed"] else ""
        ids = ", ".join(printable(one, 40) for one in row["advisories"][:4])
        yield f"  {what}: {bad}{where}{used} ({ids}){mended}"
