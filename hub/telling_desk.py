"""The desk of the fleet as text for a terminal. Pure; whatever an endpoint sent is made inert."""

from collections.abc import Iterator, Mapping, Sequence

from core.text import printable
from core.vocabulary.sizes import counted, number, size_at_least
from hub.review_cases import ended
from hub.telling import Row, bytes_exact, kinds_told, table


def review(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the queue of cases."""
    if not rows:
        yield "No case is open."
        return
    heads = ("CASE", "SCRIPT", "TO", "ACCOUNT", "WITH", "OUTCOME", "ENDPOINTS", "OPEN ON")
    lines = [
        (
            str(row["number"]),
            row["name"],
            row["destination"],
            row["account"],
            kinds_told(row["kinds"]),
            _outcomes(ended(row)),
            number(row["endpoints"]),
            number(row["open_on"]),
            number(row["records"]),
            f"{row['last_at']:%Y-%m-%d %H:%M}",
            row["assigned_to"] or "–",
            number(row["comments"]) if row["comments"] else "–",
        )
        for row in rows
    ]
    yield from table((*heads, "RECORDS", "LAST", "WITH WHOM", "SAID"), lines)


def _outcomes(ended: Mapping[str, int]) -> str:
    """Return how often each outcome was, where there are several."""
    if len(ended) < 2:
        return ", ".join(ended)
    return ", ".join(f"{number(count)} {word}" for word, count in ended.items())


def case(row: Row) -> Iterator[str]:
    """Yield all of one case."""
    where = f"{printable(row['name'])} → {printable(row['destination'])}"
    yield f"Case {row['number']}: {where}, account {printable(row['account'])}"
    yield f"  with     {kinds_told(row['kinds']) or '–'}; {_outcomes(row['ended'])}"
    sent = size_at_least(row["bytes"], exact=bytes_exact(row))
    yield f"  sent     {counted(row['records'], 'request')}, {sent} left"
    machines = ", ".join(printable(name, 60) for name in row["machines"])
    yield f"  machines {number(row['endpoints'])}" + (f": {machines}" if machines else "")
    people = ", ".join(map(printable, row["people"]))
    yield f"  people   {row['people_told']}" + (f": {people}" if people else "")
    yield f"  groups   {', '.join(map(printable, row['groups'])) or '–'}"
    for path in row["paths"]:
        yield f"  path     {printable(path)}"
    for one in row["versions"]:
        sha256 = one["sha256"][:12] or "unknown"
        yield f"  version  {sha256} since {one['since']} on {counted(one['on'], 'machine')}"
    days = [f"{day} on {number(count)}" for day, count in list(row["spread"].items())[-7:]]
    yield f"  spread   {', '.join(days) or '–'}"
    yield f"  with whom {printable(row['assigned_to'] or 'nobody yet')}"
    for said in row["said"]:
        note = f": {printable(said['note'], 400)}" if said["note"] else ""
        yield f"  {said['at'][:16].replace('T', ' ')} {printable(said['who'])} {said['word']}{note}"
