"""Saved hunts and what advisories name as text for a terminal. Pure; foreign text is made inert."""

from collections.abc import Iterator, Sequence

from core.text import printable
from core.vocabulary.fleet import Over
from core.vocabulary.sizes import counted, number, size_at_least
from hub.telling import Row, bytes_exact, kinds_told, table, unsent


def hunts(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the saved hunts."""
    if not rows:
        yield "No hunt is saved: outgate hub hunt NAME VERSION --save"
        return
    lines = [
        (
            str(row["number"]),
            _for(row),
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


def _for(row: Row) -> str:
    if row["over"] == Over.PACKAGES:
        return f"{row['name']} {row['version'] or 'in any version'}"
    return f"{row['name']} in {row['over']}"


def sought(
    name: str, over: Over, rows: Sequence[Row], left: Sequence[tuple[str, int]] = ()
) -> Iterator[str]:
    """Yield who was found by a hunt over anything but packages, where it went and how often, and of
    which endpoints so many records were not read.
    """
    yield from _found(name, over, rows)
    for endpoint, records in left:
        yield (
            f"Of {printable(endpoint, 60)}, {counted(records, 'older record')} that no list tells "
            "of were not read. To read all: --whole"
        )


def _found(name: str, over: Over, rows: Sequence[Row]) -> Iterator[str]:
    if not rows:
        yield f"Nothing in the {over.value} is {printable(name, 300)}."
        return
    machines = len({row["endpoint"] for row in rows})
    yield f"{printable(name, 300)} was found on {counted(machines, 'endpoint')}:"
    for row in rows:
        version = f" {row['sha256'][:12]}" if row["sha256"] else ""
        by = (
            f", by {', '.join(printable(one, 60) for one in row['people'])}"
            if row["people"]
            else ""
        )
        yield f"{printable(row['script'], 100)}{version} on {printable(row['endpoint'], 60)}{by}"
        yield f"    {_what(row)}, last {row['last_at']:%Y-%m-%d %H:%M}"


def _what(row: Row) -> str:
    place = printable(row["place"], 255)
    if row["observed"]:
        return f"{place}, seen {counted(row['requests'], 'time')}"
    held = kinds_told(row["kinds"])
    file = f"{printable(row['what'], 255)} " if row["what"] else ""
    left = size_at_least(row["bytes"], exact=bytes_exact(row))
    return (
        f"{file}to {place}: {counted(row['requests'], 'request')}, {left} left"
        f"{f', with {held}' if held else ''}{unsent(row)}"
    )


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
