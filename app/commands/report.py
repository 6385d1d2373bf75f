"""`report`: a month, or any time, for people who never saw Outgate; the draft of a notification."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.standard_output import standard_output
from app.time_arguments import SINCE, UNTIL

if TYPE_CHECKING:
    from datetime import datetime

    from exports.report.period import Period


def report(
    month: Annotated[
        str | None,
        typer.Option(metavar="2026-10", help="The calendar month; else the last 30 days."),
    ] = None,
    since: Annotated[str | None, typer.Option(metavar="TIME", help=SINCE)] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help=UNTIL)] = None,
    form: Annotated[
        str, typer.Option("--format", "-f", metavar="text|html|pdf", help="Form of the report.")
    ] = "text",
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="File to write; else standard output."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    line: Annotated[
        str | None,
        typer.Option("--filter", metavar="WORDS", help="Of the cases that this filter shows."),
    ] = None,
    view: Annotated[
        str | None, typer.Option("--view", metavar="NAME", help="Of the cases of a saved view.")
    ] = None,
    breach: Annotated[
        str | None,
        typer.Option(metavar="CASE", help="Draft a notification by Art. 33 GDPR from this case."),
    ] = None,
) -> int:
    """Tell what Python sent, where, and who approved it.

    The first line answers: how many Python scripts process customer data here, and who approved
    them?

    \b
    Example: outgate report --month 2026-10 --format pdf --out october.pdf
    Example: outgate report --filter "all group:health not account:own"
    """
    from app.case_filter import filtered
    from app.home import open_home
    from app.permission import permitted
    from app.views import line_of
    from core.errors import InputError
    from core.ids import utc_now
    from core.rights import Deed
    from evidence import open_store
    from exports.report.breach import breach as drafted
    from exports.report.cases import case_named
    from exports.report.forms import FORMS, drawn
    from exports.report.monthly import Only
    from exports.report.monthly import report as reported
    from exports.writing import write_file

    if form not in FORMS:
        raise InputError(f"There is no such form of a report. Known: {', '.join(FORMS)}.")
    now = utc_now().astimezone()
    period = _period(month, since, until, now)
    who = permitted(Deed.REPORT)
    home = open_home()
    line = line_of(home, lambda: who, view, line)
    if breach is not None and line is not None:
        raise InputError("--breach names its case.", remedy="Leave --filter and --view out.")
    store = open_store(home.kept_evidence())
    if breach is not None:
        page = drafted(store, case_named(store, breach), by=who, now=now)
    else:
        only = None if line is None else Only(*filtered(store, line))
        page = reported(store, period, by=who, now=now, only=only)
    data = drawn(page, form)
    if out is None or str(out) == "-":
        standard_output().write(data)
        return 0
    write_file(out, lambda file: _written(file.write(data)), overwrite=force)
    typer.echo(f"Written to {out}")
    return 0


def _written(_: int) -> None:
    """Take the count of bytes that a file tells."""


def _period(month: str | None, since: str | None, until: str | None, now: "datetime") -> "Period":
    from datetime import timedelta

    from app.time_arguments import parse_time
    from core.errors import InputError
    from exports.report import period

    if month is not None:
        if since is not None or until is not None:
            raise InputError(
                "--month is a time of its own.", remedy="Leave --since and --until out."
            )
        return period.month(month, now)
    end = parse_time(until) or now
    begin = parse_time(since) or end - timedelta(days=30)
    return period.since(begin, end.astimezone(now.tzinfo))
