"""Answers of the hub as text for a terminal. Pure; whatever an endpoint sent is made inert."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from core.fate import Fate
from core.findings import NOT_INSPECTED
from core.observation import OBSERVED, Kind
from core.text import printable
from core.vocabulary.findings import named
from core.vocabulary.fleet import ALARMS
from core.vocabulary.observations import KINDS as OBSERVATIONS
from core.vocabulary.sizes import counted, joined, number, size_at_least, size_or_more
from core.vocabulary.times import ago
from core.vocabulary.verdicts import not_sent, words_of_ending

type Row = dict[str, Any]

_SHOWN = 4


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield lines with columns as wide as they must be."""
    lines = [list(heads), *[[printable(cell, 60) for cell in row] for row in rows]]
    widths = [max(len(line[at]) for line in lines) for at in range(len(heads))]
    for line in lines:
        yield "  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip()


def status(row: Row) -> Iterator[str]:
    """Yield the state of the fleet."""
    gone = f", {number(row['silent'])} silent for a day" if row["silent"] else ""
    revoked = f", {number(row['revoked'])} revoked" if row["revoked"] else ""
    yield f"{counted(row['endpoints'], 'endpoint')}{gone}{revoked}."
    records = counted(int(row["records"]), "record")
    acts, scripts = counted(int(row["acts"]), "act"), counted(row["scripts"], "script")
    yield f"{records} and {acts} of {scripts}, each chain checked as it came."
    if row["hub_away_since"] is not None:
        since = f"{row['hub_away_since']:%Y-%m-%d %H:%M}"
        yield f"No hub has been there since {since} UTC: outgate hub serve"
    if row["totals_to_make"]:
        lacking = counted(row["totals_to_make"], "endpoint")
        yield f"After the update, what {lacking} sent is still being added up; lists wait for it."
    if row["hows_to_read"]:
        how = f"how {counted(row['hows_to_read'], 'record')} came about"
        yield f"After the update, {how} is still being read; some words of filters wait for it."
    if row["rows_to_read"]:
        read = counted(row["rows_to_read"], "record")
        yield f"After the update, {read} that an older hub took are still being read again."
    if row["alarms"]:
        yield f"{counted(row['alarms'], 'alarm')} to look at: outgate hub alarms"
    if row["erasures_open"] or row["erasures_unswept"]:
        waiting = counted(row["erasures_unswept"], "erasure")
        yield (
            f"{number(row['erasures_open'])} erasures to do; {waiting} to sweep: outgate hub sweep"
        )


def endpoints(rows: Sequence[Row], now: datetime) -> Iterator[str]:
    """Yield the list of endpoints."""
    heads = ("NAME", "GROUP", "SEEN", "RECORDS", "POLICY", "STATE", "ID")
    lines = [
        (
            row["name"],
            row["group"],
            ago(max(now - row["seen_at"], timedelta())),
            number(int(row["records"])),
            str(row["policy"] or "–"),
            _state(row),
            row["id"][:8],
        )
        for row in rows
    ]
    yield from table(heads, lines)


def _state(row: Row) -> str:
    if row["revoked_at"] is not None:
        return "revoked"
    told = list(dict.fromkeys(row["alarms"]))  # one of each of its chains
    if row["silent"] and "silent" not in told:
        told.append("silent")
    if row["trouble"]:
        told.append("orders not followed")
    return ", ".join(told) or "well"


def scripts(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the list of scripts."""
    heads = ("SCRIPT", "ENDPOINTS", "VERSIONS", "APPROVED", "PEOPLE", "RECORDS", "LEFT", "TO")
    lines = [
        (
            row["name"],
            number(row["endpoints"]),
            number(len(row["versions"])),
            _approved(row["approved"]),
            row["people_told"],
            number(row["records"]),
            size_or_more(row["bytes"], exact=bytes_exact(row)),
            _some(row["destinations"]),
            kinds_told(row["kinds"]),
            f"{row['last_at']:%Y-%m-%d %H:%M}",
        )
        for row in rows
    ]
    yield from table((*heads, "WITH", "LAST"), lines)


def _approved(by: Mapping[str, str]) -> str:
    """Return how many versions are approved for the fleet, and by whom."""
    return f"{number(len(by))} by {_some(sorted(set(by.values())))}" if by else "–"


def cases(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the list of cases."""
    heads = (
        "SCRIPT",
        "TO",
        "ACCOUNT",
        "WITH",
        "OUTCOME",
        "ENDPOINTS",
        "OPEN ON",
        "RECORDS",
        "LAST",
    )
    lines = [
        (
            row["script"],
            row["destination"],
            row["account"],
            _seen(row["kinds"]) if row["outcome"] == OBSERVED else kinds_told(row["kinds"]),
            words_of_ending(row["outcome"]).word,
            number(row["endpoints"]),
            number(row["open_on"]),
            number(row["records"]),
            f"{row['last_at']:%Y-%m-%d %H:%M}",
        )
        for row in rows
    ]
    yield from table(heads, lines)


def settings_versions(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the versions of the fleet's settings."""
    if not rows:
        yield "The fleet has no settings of its own: outgate hub settings FILE --reason …"
        return
    yield from policies(rows)


def policies(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the versions of the fleet's policy."""
    if not rows:
        yield "No policy was published yet: outgate hub publish"
        return
    lines = [
        (
            str(row["version"]),
            row["group"] or "all",
            f"{row['percent']} %",
            number(row["followed_by"]),
            number(row["troubles"]),
            f"{row['made_at']:%Y-%m-%d %H:%M}",
            row["made_by"],
        )
        for row in rows
    ]
    yield from table(("VERSION", "FOR", "OF IT", "FOLLOW", "CANNOT", "MADE", "BY"), lines)


def alarms(rows: Sequence[Row], now: datetime) -> Iterator[str]:
    """Yield the list of alarms; those of one kind of an endpoint, of its chains, on one line."""
    alike: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        ended = (row["ended_at"] is not None, row["ended_by"])
        alike.setdefault((row["endpoint_id"], row["kind"], *ended), []).append(row)
    for some in alike.values():
        row, most = some[0], max(one["times"] for one in some)
        times = f", {number(most)} times" if most > 1 else ""
        ended_by = ""
        if row["ended_at"] is not None:
            ended_by = f" [ended by {printable(row['ended_by'] or '', 60)}]"
        when = ago(max(now - max(one["last_at"] for one in some), timedelta()))
        numbers = _some([str(n) for n in sorted(one["number"] for one in some)])
        told = f"{printable(row['endpoint'], 60)}: {_alarm_words(some)}"
        yield f"{numbers:>5}  {told} ({when}{times}){ended_by}"


def _alarm_words(some: Sequence[Row]) -> str:
    """Return what alarms of one kind say: their sentence once, then what each adds to it."""
    sentence = ALARMS.get(some[0]["kind"], "")
    added = [row["words"].removeprefix(sentence).removeprefix(": ") for row in some]
    told = [printable(one, 200) for one in dict.fromkeys(added) if one]
    more = f"; and {number(len(told) - _SHOWN)} more" if len(told) > _SHOWN else ""
    return ": ".join(one for one in (sentence, "; ".join(told[:_SHOWN]) + more) if one)


def hunted(
    name: str, version: str | None, had: Sequence[Row], unknown: int, untold: int
) -> Iterator[str]:
    """Yield who had a package, which scripts, what left, to whom."""
    what = f"{printable(name, 100)} {printable(version or 'in any version', 60)}"
    if not had:
        yield f"No script on any endpoint had {what}."
    else:
        machines = len({row["on_endpoint"] for row in had})
        versions = len({row["sha256"] for row in had})
        told = counted(versions, "version of scripts", "versions of scripts")
        yield f"{told} on {counted(machines, 'endpoint')} had {what}."
    for row in had:
        how = "imports it" if row["imported"] else "lay in its environment"
        place = (
            f"{printable(row['name'], 100)} {row['sha256'][:12]} on {printable(row['on_endpoint'])}"
        )
        yield f"{place}: {printable(row['package'])} {printable(row['version'])}, {how}"
        for sent in row["sent"]:
            by = f", by {_some(sent['people'])}" if sent["people"] else ""
            kinds = kinds_told(sent["kinds"])
            held = f", with {kinds}" if kinds else ""
            kept = unsent(sent)
            left = size_at_least(sent["bytes"], exact=bytes_exact(sent))
            yield (
                f"    to {printable(sent['place'], 255)}: {counted(sent['requests'], 'request')}, "
                f"{left} left{held}{kept}{by}"
            )
    if unknown:
        yield (
            f"Of {counted(unknown, 'version')} of scripts on endpoints nobody knows what they are "
            "made of: whether they had it is unknown."
        )
    if untold:
        yield (
            f"On {counted(untold, 'endpoint')} there are more senders than the hub tells apart: "
            "whether those had it is unknown, too."
        )


def _seen(kinds: Sequence[str]) -> str:
    """Return what was only seen, in words."""
    words = {kind.value: text for kind, text in OBSERVATIONS.items()}
    return joined([words.get(kind, kind) for kind in kinds])


def unsent(row: Row) -> str:
    """Return what did not leave through the gate, in words: behind what left."""
    return not_sent(row["requests"] - row["went"] - row["past"], row["past"])


def bytes_exact(row: Row) -> bool:
    """Return whether the bytes of a row are all that left. The hub does not keep of which records
    more may have left; of each of them a part could not be read, or it went past the gate. Nor does
    it add up what connections sent that were only seen.
    """
    kinds, outcomes = row["kinds"], row.get("outcomes", ())
    past = row.get("past") or Fate.PAST in outcomes
    seen = OBSERVED in outcomes and Kind.CONNECTION in kinds
    return not (NOT_INSPECTED in kinds or past or seen)


def kinds_told(kinds: Sequence[str]) -> str:
    """Return kinds in words, what was not read among them."""
    known = [kind for kind in kinds if kind != NOT_INSPECTED]
    unread = len(known) < len(kinds)
    words = named(known, 2) if known else ""
    return joined([w for w in (words, "unread content" if unread else "") if w])


def _some(names: Sequence[str]) -> str:
    shown = [printable(name, 60) for name in names[:_SHOWN]]
    left = len(names) - len(shown)
    return ", ".join(shown) + (f" and {left} more" if left else "")


def retentions(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the orders of how long evidence is kept."""
    if not rows:
        yield "Each endpoint keeps evidence as its own settings say: outgate hub retention --days N"
        return
    lines = [
        (
            str(row["version"]),
            row["group"] or "all",
            f"{number(row['days'])} d",
            number(row["meant_for"]),
            number(row["followed_by"]),
            number(row["removed_on"]),
            f"{row['made_at']:%Y-%m-%d %H:%M}",
            row["made_by"],
        )
        for row in rows
    ]
    heads = ("ORDER", "FOR", "KEEP", "MEANT FOR", "FOLLOW", "REMOVED ON", "MADE", "BY")
    yield from table(heads, lines)
