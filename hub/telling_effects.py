"""What a policy would have done as text for a terminal. Pure."""

from collections.abc import Iterator

from core.text import printable
from core.vocabulary.sizes import counted, number
from hub.telling import Row

_MOST = 12


def effect(row: Row) -> Iterator[str]:
    """Yield what a policy would have done; `row` as `Effect.to_json` tells it."""
    records = counted(row["records"], "record")
    newest = "the newest of each, " if row["left_out"] else ""
    machines = counted(row["endpoints"], "endpoint")
    yield f"Replayed over {records} of {machines} ({newest}policy {printable(row['policy'])}):"
    yield (
        f"{counted(row['newly_stopped'], 'request')} that went out would be stopped, on "
        f"{counted(row['newly_stopped_on'], 'endpoint')}; {number(row['no_longer_stopped'])} that "
        "were stopped would go out."
    )
    for one in row["affected"][:_MOST]:
        people = counted(one["people"], "person", "people")
        yield (
            f"  {printable(one['script'], 80)} → {printable(one['place'], 80)}: {one['verdict']} "
            f"({printable(one['rule'] or '-', 80)}), {counted(one['records'], 'request')} on "
            f"{counted(one['endpoints'], 'endpoint')}, {people}"
        )
    if len(row["affected"]) > _MOST:
        yield f"  and {number(len(row['affected']) - _MOST)} more: --json"
    if row["untold"]:
        yield (
            f"Of {counted(row['untold'], 'record')} nobody can tell: rules ask for what the records"
            " do not hold."
        )
    if row["unreadable"]:
        yield f"{counted(row['unreadable'], 'record')} cannot be read by this version."
