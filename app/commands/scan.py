"""`scan`: what Python lies on this machine, whose it is, how dangerous, and what it would send."""

from pathlib import Path
from typing import Annotated

import typer


def scan(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PATH...]", help="Folders or files. Default: the whole machine."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the report to this file.")
    ] = None,
    format_name: Annotated[str, typer.Option("--format", "-f")] = "table",
    accounts: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="CSV of the organisation's accounts: account, enabled, perhaps successor.",
        ),
    ] = None,
    record: Annotated[
        bool,
        typer.Option(
            "--record",
            help="Note the scan in the evidence, and a case for each script without an owner.",
        ),
    ] = False,
    at_once: Annotated[
        bool,
        typer.Option(
            "--at-once", help="Run as fast as others; else only when nobody needs the CPU."
        ),
    ] = False,
) -> int:
    """Look at every script at rest: owner, parts, flaws, passwords, destinations, schedules.

    Needs no gate, no rights and no network; writes nothing but the report, unless --record says
    so.

    \b
    Example: outgate scan /srv /home
    Example: outgate scan --format html --out report.html /srv
    """
    from app.scan_record import evidence_there, record_scan
    from app.scanning import must_be_writable, scan_machine, stand_back, write_report
    from inventory.reports import format_named

    format_ = format_named(format_name)
    must_be_writable(out)
    if record:
        evidence_there()
    if not at_once:
        stand_back()
    result = scan_machine(paths or [], accounts)
    write_report(format_.write(result), out)
    if record:
        typer.echo(record_scan(result), err=True)
    return 0
