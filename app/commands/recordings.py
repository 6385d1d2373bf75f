"""`inspect`: recorded traffic through the classification and decision of the live gate."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator


def inspect(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="HAR files or mitmproxy flow files.")
    ],
    format_name: Annotated[
        str, typer.Option("--format", "-f", metavar="table|jsonl", help="Output format.")
    ] = "table",
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
    from core.errors import SettingsError

    if format_name not in {"table", "jsonl"}:
        raise SettingsError(
            f"There is no format {format_name!r}.", remedy="Use --format table or --format jsonl."
        )
    home = open_home()
    settings = load_settings(home.settings)
    if explain is not None:
        for line in explain_exchange(home, settings, files, explain):
            typer.echo(line)
        return 0
    if names and not names_can_be_found():
        typer.echo("Names in running text are not looked for: install outgate[names].", err=True)
    records = inspect_files(home, settings, files, policy, names=names)
    if format_name == "jsonl":
        write = sys.stdout.write
        for record in records:
            write(
                json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"
            )
        return 0
    return _table(records)


def _table(records: "Iterator[dict[str, Any]]") -> int:
    """Print what was read as a table, even when the reading ends in an error."""
    from app.summary import print_records
    from core.errors import OutgateError

    read: list[dict[str, Any]] = []
    fault: OutgateError | None = None
    try:
        read.extend(records)
    except OutgateError as error:
        fault = error
    if read:
        print_records(read, sys.stdout)
    elif fault is None:
        typer.echo("There is no exchange in this recording.", err=True)
    if fault is not None:
        raise fault
    return 0
