"""`observations`: what programs did beside their requests."""

from typing import TYPE_CHECKING, Annotated

import typer

from app.standard_output import standard_output
from app.time_arguments import SINCE, UNTIL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from core.observation import Kind, Observation
    from evidence.entries import Entry
    from evidence.store import Store


def observations(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="KIND", help="listener, connection, run, unusual, orphan; without: all."
        ),
    ] = None,
    format_name: Annotated[str, typer.Option("--format", "-f")] = "table",
    script: Annotated[
        str, typer.Option(metavar="TEXT", help="Part of the script's path or name.")
    ] = "",
    since: Annotated[str | None, typer.Option(metavar="TIME", help=SINCE)] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help=UNTIL)] = None,
) -> int:
    """List what programs did beside their requests.

    Ports at which they take connections, databases and servers that they talk to, runs; each with
    how it is known.

    \b
    Example: outgate observations --since 7d
    Example: outgate observations connection --script invoice --format csv
    """
    from app.home import home_there
    from app.permission import permitted
    from app.time_arguments import parse_span
    from core.errors import InputError
    from core.rights import Deed
    from evidence import open_store
    from exports.contents import Contents
    from exports.formats import format_named
    from exports.writing import export_bare

    format_ = None if format_name == "table" else format_named(format_name, "table")
    kinds, times = _kinds(words or []), parse_span(since, until)
    home = home_there()
    if home is None or not home.evidence.is_file():
        raise InputError("No gate has kept evidence here.", remedy="outgate start runs one.")
    permitted(Deed.READ)
    found = _found(open_store(home.evidence), times, kinds, script.casefold())
    if format_ is not None:
        export_bare(format_, Contents(entry for entry, _ in found), standard_output())
        return 0
    return _table(seen for _, seen in found)


def _kinds(words: list[str]) -> "frozenset[Kind]":
    from core.errors import InputError
    from core.observation import Kind
    from core.text import printable

    known = {kind.value: kind for kind in Kind}
    for word in words:
        if word not in known:
            raise InputError(
                f"{printable(word, 60)!r} is nothing that is observed.",
                remedy=f"Known: {', '.join(known)}.",
            )
    return frozenset(known[word] for word in words) or frozenset(Kind)


def _found(
    store: "Store",
    times: "tuple[datetime | None, datetime | None]",
    kinds: "frozenset[Kind]",
    script: str,
) -> "Iterator[tuple[Entry, Observation]]":
    from core.case_keys import called, sender_of
    from core.stored import UnreadableEntry
    from core.text import printable

    for entry, seen in store.observed_entries(*times):
        if isinstance(seen, UnreadableEntry):
            typer.echo(printable(seen.for_officer()), err=True)
            continue
        names = f"{called(seen)}\n{sender_of(seen)}".casefold()
        if seen.kind in kinds and script in names:
            yield entry, seen


def _table(found: "Iterator[Observation]") -> int:
    from core.case_keys import sender_of
    from core.ids import rfc3339
    from core.text import printable
    from core.vocabulary.observations import KINDS, fact_name, fact_words

    nothing = True
    for seen in found:
        nothing = False
        who = f"{sender_of(seen)}, {seen.sender.certainty.value}"
        typer.echo(f"{rfc3339(seen.at)[:19]}Z  {printable(who, 300)}")
        typer.echo(f"  {printable(f'{KINDS[seen.kind]}: {seen.about}', 400)}")
        for name, one in seen.facts.items():
            told = f"{fact_name(name)}: {fact_words(name, one.value)} ({one.how})"
            typer.echo(f"    {printable(told, 500)}")
    if nothing:
        typer.echo("Nothing was observed.")
    return 0
