"""The sections of a report on what is unusual: what is new, and what was outside working hours."""

from datetime import datetime

from core.vocabulary.sizes import counted, number
from evidence.store import Store
from exports.report.page import Section, rest, table_of
from exports.report.sums import Sums


def news(sums: Sums, store: Store) -> Section:
    """Return what was seen for the first time. Raises EvidenceError."""
    period = sums.period
    first: dict[str, datetime] = {}
    for version in store.script_versions():
        known = first.get(version.script)
        first[version.script] = min(known, version.first_at) if known else version.first_at
    seen = {"script": first, "destination": store.destinations_first_seen()}
    of_requests = {"script": frozenset(sums.scripts), "destination": sums.places}
    new = {
        what: sorted(
            name
            for name, at in known.items()
            if name in of_requests[what] and period.since <= at < period.until
        )
        for what, known in seen.items()
    }
    scripts, places = new["script"], new["destination"]
    rows = [("script", one) for one in scripts] + [("destination", one) for one in places]
    told = (
        f"{counted(len(scripts), 'script')} and {counted(len(places), 'destination')} were seen "
        "for the first time.",
    )
    return Section(
        title="New scripts and destinations",
        sentences=told + rest(rows, "are new and"),
        table=table_of("What|Name", rows),
    )


def off_hours(sums: Sums) -> Section:
    """Return what was sent outside working hours."""
    found = sorted(
        (one for one in sums.scripts.values() if one.off_hours),
        key=lambda one: (-one.off_hours, one.script),
    )
    rows = [(one.script, number(one.off_hours), number(one.requests)) for one in found]
    none = () if rows else ("No request that is told here was made outside of them.",)
    return Section(
        title="Outside working hours",
        sentences=(
            "Working hours are taken as weekdays from 7 to 19 o'clock.",
            *none,
            *rest(rows, "scripts"),
        ),
        table=table_of("Script|Requests then|Requests in all", rows, 1, 2),
    )
