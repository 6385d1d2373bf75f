"""`inspect`: recorded traffic through the classification and decision of the live gate."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.standard_output import standard_output

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.stored import OpenedEntry
    from evidence.entries import Entry


def inspect(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="HAR files or mitmproxy flow files.")
    ],
    format_name: Annotated[str, typer.Option("--format", "-f")] = "table",
    policy: Annotated[
        Path | None, typer.Option("--policy", metavar="FILE", help="Policy file to use.")
    ] = None,
    names: Annotated[bool, typer.Option(help="Look for names and addresses in prose, too.")] = True,
    explain: Annotated[
        int | None,
        typer.Option("--explain", metavar="N", help="Show every candidate of exchange N (from 1)."),
    ] = None,
) -> int:
    """Classify and decide recorded traffic.

    One record for each exchange, by the code of the live gate; nothing is stored.

    \b
    Example: outgate inspect --format jsonl traffic.har
    """
    from app.home import open_home
    from app.offline import explain_exchange, inspect_files
    from app.settings import load_settings
    from app.wiring import names_can_be_found
    from exports.contents import Contents
    from exports.formats import format_named
    from exports.writing import export_bare

    format_ = None if format_name == "table" else format_named(format_name, "table")
    home = open_home()
    settings = load_settings(home.settings)
    if explain is not None:
        for line in explain_exchange(home, settings, files, explain):
            typer.echo(line)
        return 0
    if names and not names_can_be_found():
        typer.echo("Names in running text are not looked for: install outgate[names].", err=True)
    entries = inspect_files(home, settings, files, policy, names=names)
    if format_ is not None:
        export_bare(format_, Contents(entries), standard_output())
        return 0
    return _table(entries)


def _table(entries: "Iterator[Entry]") -> int:
    """Print what was read as a table, even when the reading ends in an error."""
    from app.summary import print_records, print_unreadable
    from core.errors import OutgateError
    from core.stored import StoredRecord

    read: list[OpenedEntry] = []
    fault: OutgateError | None = None
    try:
        read.extend(entry.opened() for entry in entries)
    except OutgateError as error:
        fault = error
    if read:
        print_records([one.record for one in read if isinstance(one, StoredRecord)], sys.stdout)
        print_unreadable(read, sys.stdout)
    elif fault is None:
        typer.echo("There is no exchange in this recording.", err=True)
    if fault is not None:
        raise fault
    return 0
