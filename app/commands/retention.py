"""`retention`: how long each kind of evidence is kept, and what goes when."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evidence.retention_plan import Kept, Plan

_WHAT = {
    "records": ("records and observations", "retention_days"),
    "sums": ("sums (hours, cases, versions of scripts)", "sums_days"),
    "reviews": ("reviews, approvals, events", "reviews_days"),
}


def retention(
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> int:
    """Say how long each kind of evidence is kept, how old the oldest is, and what goes next.

    \b
    Example: outgate retention
    """
    import json

    from app.home import open_home
    from app.permission import permitted
    from app.retention import terms_of
    from app.settings import load_settings
    from core.ids import utc_now
    from core.rights import Deed
    from evidence import open_store
    from evidence.retention_plan import plan

    home = open_home()
    settings = load_settings(home.settings)
    permitted(Deed.READ, settings)
    store = open_store(home.kept_evidence())
    with store.reading() as connection:
        terms = terms_of(home, settings)
        found = plan(
            connection,
            utc_now(),
            records=terms.records,
            sums=terms.sums,
            reviews=terms.reviews,
        )
    store.close()
    if as_json:
        typer.echo(json.dumps(_as_json(found)))
    else:
        for line in _lines(found):
            typer.echo(line)
    return 0


def _lines(found: "Plan") -> "Iterator[str]":
    from core.text import printable

    for one in found.kinds:
        what, setting = _WHAT[one.kind]
        yield f"{what}: {_term(one)} ({setting})"
        if one.oldest is None:
            yield "  nothing is kept"
            continue
        yield f"  {one.count:,} kept, the oldest of {one.oldest:%Y-%m-%d}{_next(one)}"
        if one.over:
            held = ", but for what a legal hold keeps" if found.holds else ""
            yield f"  {one.over:,} past their time: a running gate removes them{held}"
        if one.stays:
            yield f"  {one.stays:,} past it and stay: in force, under a legal hold, or not signed"
    yield "masked copies of scripts: as records, from when the version was last seen"
    yield "keys of marks: until the last record of their time is gone"
    yield "checkpoints and what tells how the evidence was cut: for ever (they name no person)"
    for hold in found.holds:
        yield f"legal hold {printable(hold.id, 80)}: keeps what it covers, and sums since then"


def _term(one: "Kept") -> str:
    from core.vocabulary.sizes import counted

    return counted(one.days, "day") if one.days else "kept for ever"


def _next(one: "Kept") -> str:
    if one.next is None or one.over or one.stays:
        return ""
    return f", which goes on {one.next:%Y-%m-%d}"


def _as_json(found: "Plan") -> dict[str, object]:
    from core.ids import rfc3339

    return {
        "kinds": [
            {
                "kind": one.kind,
                "setting": _WHAT[one.kind][1],
                "days": one.days,
                "count": one.count,
                "oldest": None if one.oldest is None else rfc3339(one.oldest),
                "goes": None if one.next is None else rfc3339(one.next),
                "over": one.over,
                "stays": one.stays,
            }
            for one in found.kinds
        ],
        "holds": [hold.id for hold in found.holds],
    }
