"""`hub stream`, `streams`, `archive`: what goes on from the hub to other systems."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.hub_desk import shown_at
from app.hub_access import (
    AsJson,
    HubFolder,
    at_hub,
    database_of,
    exported,
    hub_settings,
    print_answer,
)
from app.standard_output import standard_output
from core.rights import Deed
from hub.patience import THOROUGH

if TYPE_CHECKING:
    from contextlib import ExitStack

    from hub.streams import Deliverer, Sent


class As(StrEnum):
    """How lines are written."""

    JSONL = "jsonl"
    OCSF = "ocsf"


def stream(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the stream; it has a cursor.")],
    to: Annotated[
        str,
        typer.Option(
            metavar="WHERE",
            help=(
                "A file, - for standard output, https:// (a webhook), otlp+https://, syslog+tls://"
            ),
        ),
    ],
    as_: Annotated[As, typer.Option("--as", help="For files and webhooks.")] = As.JSONL,
    follow: Annotated[bool, typer.Option("--follow", help="Go on until stopped.")] = False,
    authority: Annotated[
        Path | None, typer.Option(metavar="PEM", help="A private authority of the other side.")
    ] = None,
    headers: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Headers, one `Name: value` a line.")
    ] = None,
    secret: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Key that a webhook's messages are signed by."),
    ] = None,
    hub: HubFolder = None,
) -> int:
    """Send what endpoints shipped on to another system, each entry at least once.

    How far it came is kept by its name; 1 where the other side did not take it all.

    \b
    Example: outgate hub stream siem --to https://siem.corp.example/in --as ocsf --follow
    Example: outgate hub stream lake --to - | your-own-loader
    """
    from contextlib import ExitStack

    settings = hub_settings(hub, Deed.EXPORT)
    from hub.streams import is_new, refuse_no_name

    refuse_no_name(name)
    with ExitStack() as stack:
        deliverer = _deliverer(stack, to, as_.value, authority, headers, secret)
        database = stack.enter_context(database_of(settings, THOROUGH))
        with database.work() as connection:
            shown = shown_at(connection, hub)
            if is_new(connection, name):  # once, and not each time that a timer runs it
                exported(connection, f"stream {name}", to=to)
        from core.errors import OutgateError
        from core.ids import utc_now
        from exports.outbox.collectors import NotDeliveredError
        from hub.database import DatabaseDownError
        from hub.streams import send

        def once() -> "Sent":
            return send(database, name, deliverer, shown, utc_now)

        if not follow:
            try:
                _tell(once())
            except NotDeliveredError as error:
                typer.echo(error.for_officer(), err=True)
                return 1
            return 0
        import time

        told = ""
        while True:
            try:
                once()
                said = ""
            except (NotDeliveredError, DatabaseDownError) as error:
                said = OutgateError.for_officer(error)
            if said != told and said:
                typer.echo(said, err=True)
            told = said
            time.sleep(5 if not said else 30)


def _tell(sent: "Sent") -> None:
    from core.vocabulary.sizes import counted

    told = f"Sent {counted(sent.records, 'record')} and {counted(sent.acts, 'act')}."
    typer.echo(told, err=True)
    if sent.refused:
        typer.echo(f"{counted(sent.refused, 'entry', 'entries')} were refused for good.", err=True)
    if sent.gone:
        gone = counted(sent.gone, "entry", "entries")
        typer.echo(
            f"{gone} had been dropped here, or damaged, before they could be sent.", err=True
        )


def _deliverer(
    stack: "ExitStack",
    to: str,
    as_: str,
    authority: Path | None,
    headers: Path | None,
    secret: Path | None,
) -> "Deliverer":
    from dataclasses import replace

    from core.errors import InputError
    from exports.outbox.collectors import collector_at, read_address, read_headers
    from hub.deliverers import ToFile, Webhook, appended

    told = read_headers(headers) if headers is not None else ()
    if authority is not None:
        import ssl

        try:
            ssl.create_default_context().load_verify_locations(authority)
        except OSError as error:  # also of what holds no certificate
            garbage = isinstance(error, ssl.SSLError)
            why = "it holds no certificate" if garbage else error.strerror
            raise InputError(f"Cannot use {authority} as an authority: {why}.") from None
    if to.startswith(("http://", "https://")):
        try:
            key = b"" if secret is None else secret.read_bytes().strip()
        except OSError as error:
            raise InputError(f"Cannot read {secret}: {error.strerror}.") from None
        return Webhook(to, as_, key, told, authority)
    if "://" in to:
        try:
            address = read_address(to)
        except ValueError as error:
            raise InputError(f"{error}.", remedy="Or https:// for a webhook.") from None
        return collector_at(replace(address, authority=authority, headers=told))
    if to == "-":
        return ToFile(standard_output(), as_)
    return ToFile(stack.enter_context(appended(Path(to))), as_)


def streams(hub: HubFolder = None, as_json: AsJson = False) -> int:
    """List streams, and how many entries wait for each.

    \b
    Example: outgate hub streams
    """
    with at_hub(hub, Deed.WATCH) as connection:
        from hub.streams import streams

        found = streams(connection)
    from hub.telling import table

    rows = [(o["name"], f"{o['waiting']:,}", f"{o['at']:%Y-%m-%d %H:%M}") for o in found]
    lines = table(("STREAM", "WAITING", "LAST"), rows) if rows else iter(["There is no stream."])
    print_answer(found, lines, as_json=as_json)
    return 0


def archive(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where it is written.")],
    month: Annotated[str, typer.Option(metavar="YYYY-MM", help="Which month.")],
    hub: HubFolder = None,
) -> int:
    """Write a month as Parquet, with a manifest of every chain in it.

    \b
    Example: outgate hub archive /srv/archive --month 2026-10
    """
    from core.ids import utc_now

    with at_hub(hub, Deed.EXPORT) as connection:
        from hub.archive import archive, damaged_in

        made = archive(connection, folder, month, shown_at(connection, hub), utc_now())
        exported(connection, f"archive {month}", to=str(made))
        damaged = damaged_in(made)
    typer.echo(f"Written, with its manifest: {made}")
    if damaged:
        typer.echo(f"{damaged} of its messages cannot be read at the hub; it names them.", err=True)
    return 1 if damaged else 0
