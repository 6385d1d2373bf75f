"""`export` and `verify`: what was recorded, for officers and auditors."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.standard_output import standard_output
from app.time_arguments import SINCE, UNTIL

if TYPE_CHECKING:
    from app.home import Home
    from evidence.passage import Progress
    from evidence.verify_report import VerifyReport


def export(
    out: Annotated[
        Path,
        typer.Option("--out", "-o", metavar="FILE", help="File to write; - for standard output."),
    ],
    format_name: Annotated[str, typer.Option("--format", "-f")] = "jsonl",
    since: Annotated[str | None, typer.Option(metavar="TIME", help=SINCE)] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help=UNTIL)] = None,
    case: Annotated[
        list[str] | None,
        typer.Option(
            "--case", metavar="CASE", help="Of this case only, as in reports; repeatable."
        ),
    ] = None,
    line: Annotated[
        str | None,
        typer.Option("--filter", metavar="WORDS", help="Of the cases that this filter shows."),
    ] = None,
    view: Annotated[
        str | None, typer.Option("--view", metavar="NAME", help="Of the cases of a saved view.")
    ] = None,
    also: Annotated[
        list[str] | None,
        typer.Option(
            "--also",
            metavar="FORMAT",
            help="Into a pack, beside JSONL and CSV: ocsf, parquet, …; repeatable.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> int:
    """Write the records, and what reviewers did, to a file, masked as stored.

    \b
    Example: outgate export --format csv --out october.csv --since 2026-10-01
    Example: outgate export --filter "all risk:high group:health" --out health.jsonl
    Example: outgate export --format pack --also ocsf --out evidence.zip
    """
    from app.case_filter import filtered
    from app.home import open_home
    from app.packing import pack
    from app.permission import permitted
    from app.settings import load_settings
    from app.time_arguments import parse_span
    from app.views import line_of
    from app.wiring import store_of
    from core.errors import InputError
    from core.happenings import Event, happening
    from core.ids import rfc3339
    from core.rights import Deed
    from core.vocabulary.sizes import counted
    from evidence.cases_check import case_list_problem
    from exports.report.cases import case_named
    from exports.selection import Selection
    from exports.writing import Written
    from exports.writing import export as write_export

    _refuse_unknown(format_name, also or ())
    if str(out) != "-" and out.exists() and not force:
        raise InputError(f"{out} exists already.", remedy="Choose another name, or add --force.")
    span = parse_span(since, until)
    home = open_home()
    settings = load_settings(home.settings)
    who = permitted(Deed.EXPORT, settings)
    home.kept_evidence()
    store = store_of(home, settings, "command line")
    cases = None if not case else frozenset(case_named(store, name).key for name in case)
    line = line_of(home, lambda: who, view, line)
    if line is not None:
        shown, _ = filtered(store, line)
        cases = shown if cases is None else cases & shown
    selection = Selection(since=span[0], until=span[1], cases=cases)
    to = standard_output() if str(out) == "-" else out
    written: Written
    if format_name == _PACK:
        written = pack(home, store, selection, to, by=who, also=also or (), overwrite=force)
    else:
        written = write_export(format_name, store, selection, to, by=who, overwrite=force)
    count = written.records
    since, until = (None if at is None else rfc3339(at) for at in span)
    facts = {"format": format_name, "since": since, "until": until, "records": count}
    store.tell(happening(Event.EXPORTED, facts, who=who))
    to_stream = str(out) == "-"
    place = "standard output" if to_stream else out
    typer.echo(f"{counted(count, 'record')} written to {place}", err=to_stream)
    return _told_of(written.changed, case_list_problem(store))


_PACK = "pack"


def _refuse_unknown(format_name: str, also: Sequence[str]) -> None:
    """Raise InputError for a format that there is not, or that goes with no pack."""
    from core.errors import InputError
    from exports.formats import format_named

    if format_name != _PACK:
        format_named(format_name, last=[_PACK])
        if also:
            raise InputError("--also is for packs.", remedy="Add --format pack.")
    for name in also:
        format_named(name)


def _told_of(changed: int, cases: str | None) -> int:
    """Return the exit code of an export with so many entries that are not what was chained, from a
    store with this wrong in its list of cases, and say it.
    """
    from core.vocabulary.sizes import counted

    if cases is not None:
        typer.echo(f"The evidence was changed: {cases}.", err=True)
    if not changed:
        return 0 if cases is None else 1
    typer.echo(
        f"{counted(changed, 'entry', 'entries')} changed in the evidence after writing: "
        "the export does not verify; outgate verify names what was done.",
        err=True,
    )
    return 1


def verify(
    file: Annotated[
        Path | None, typer.Argument(help="An exported file; without it, the database.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="First make the list of cases anew from the records.")
    ] = False,
    witness: Annotated[
        list[Path] | None,
        typer.Option(
            "--witness", metavar="FILE", help="Compare with checkpoints kept elsewhere; repeatable."
        ),
    ] = None,
    since_checkpoint: Annotated[
        bool,
        typer.Option(
            "--since-checkpoint",
            help="Read only the records behind the newest signed checkpoint, and say so.",
        ),
    ] = False,
    full: Annotated[
        bool,
        typer.Option(
            "--full",
            help="Read every text again, also where the gate's own word for its bytes holds.",
        ),
    ] = False,
) -> int:
    """Recompute the evidence chain, and compare with its checkpoints and their witnesses.

    Exit code 1 when a record or an act was changed, removed or put in, when the newest were cut
    off, or when this is an older copy or another file.

    \b
    Example: outgate verify --witness /mnt/audit/outgate-witness
    """
    import json
    from dataclasses import asdict

    from app.home import open_home
    from evidence.verify_report import VerifyReport
    from exports.own import Own
    from exports.verification import ExportReport, verify_export

    report: VerifyReport | ExportReport
    if file is None:
        _refuse_both(full=full, newest=since_checkpoint)
        report = _verified(
            open_home(), witness or (), rebuild=rebuild, newest=since_checkpoint, full=full
        )
    else:
        _is_export(file, rebuild=rebuild, newest=since_checkpoint)
        report = verify_export(file, Own(open_home().evidence))
    if as_json:
        told = asdict(report)
        if isinstance(report, ExportReport):
            told |= {"result": report.result, "missing": report.missing}
        typer.echo(json.dumps(told))
    else:
        typer.echo(report.text())
    return 0 if report.ok else 1


def _refuse_both(*, full: bool, newest: bool) -> None:
    """Raise InputError where all is to be read, and not all."""
    from core.errors import InputError

    if full and newest:
        raise InputError(
            "--full reads all records, --since-checkpoint some.", remedy="Leave one of them out."
        )


def _is_export(file: Path, *, rebuild: bool, newest: bool) -> None:
    """Raise InputError where there is no such file, or for an option that an export has not."""
    from core.errors import InputError

    if not file.is_file():
        raise InputError(
            f"There is no file “{file}”.", remedy="Name a file that `outgate export` wrote."
        )
    if rebuild:
        raise InputError("An export holds no list of cases.", remedy="Leave --rebuild out.")
    if newest:
        raise InputError("An export is read whole.", remedy="Leave --since-checkpoint out.")


def _verified(
    home: "Home", witnesses: Sequence[Path], *, rebuild: bool, newest: bool, full: bool
) -> "VerifyReport":
    """Return what the chain says; `newest`: of what is behind its last checkpoint only."""
    from app.permission import permitted
    from app.settings import load_settings
    from app.wiring import store_of
    from core.happenings import Event, happening
    from core.rights import Deed
    from evidence import verify as verify_database
    from evidence.verification import sightings

    settings = load_settings(home.settings)
    who = permitted(Deed.REBUILD if rebuild else Deed.VERIFY, settings)
    elsewhere = [] if settings.witness_file is None else [settings.witness_file]
    seen_by = [*elsewhere, *witnesses]
    if not home.evidence.is_file() and not sightings(home.evidence, seen_by):
        home.kept_evidence()
    if rebuild and home.evidence.is_file():
        store = store_of(home, settings, "command line")
        store.rebuild_cases(happening(Event.REBUILT, {}, who=who))
    return verify_database(
        home.evidence,
        seen_by,
        stamp_roots=settings.stamp_root,
        since_checkpoint=newest,
        full=full,
        progress=_progress(),
    )


def _progress() -> "Progress | None":
    """Return what tells how far a verification came: on one line of a terminal, else nowhere."""
    if not sys.stderr.isatty():
        return None

    def tell(done: int, of: int) -> None:
        end = "\n" if done >= of else ""
        sys.stderr.write(f"\rRecords verified: {done} of {of}{end}")
        sys.stderr.flush()

    return tell


def checkpoint(
    append: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also append it to this witness, such as on a stick."),
    ] = None,
    stamp: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Have it stamped with the time by this server (RFC 3161)."
        ),
    ] = None,
    stamp_root: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="PEM file with the root of that server."),
    ] = None,
) -> int:
    """Sign what the evidence holds now, and print it: a head to note elsewhere.

    A C2SP signed note; the key that verifies it stands below. With `stamp_url` in the settings, or
    --stamp, a server stamps it with the time; `outgate verify` checks the stamp without a network.

    \b
    Example: outgate checkpoint --append /media/stick/outgate-witness
    Example: outgate checkpoint --stamp https://tsa.example/tsr --stamp-root tsa-root.pem
    """
    from app.current_user import reviewer
    from app.home import open_home
    from app.permission import permitted
    from app.settings import load_settings
    from app.wiring import store_of
    from core.errors import InputError
    from core.rights import Deed
    from evidence.notary import Notary
    from evidence.witness import FileWitness, Sighting

    home = open_home()
    permitted(Deed.VERIFY)
    settings, server = load_settings(home.settings), None
    if (url := stamp or settings.stamp_url) is not None:
        from app.stamping import stamp_server, stamped

        server = stamp_server(url, stamp_root or settings.stamp_root)
    taken = Notary(home.kept_evidence()).take_now("printed")
    if append is not None:
        try:
            FileWitness(append).tell(Sighting.of(taken, "printed"))
        except OSError as error:
            raise InputError(f"Cannot append to {append}: {error.strerror}.") from None
    typer.echo(taken.note)
    typer.echo(taken.verifier_key)
    if server is not None:
        store = store_of(home, settings, "command line")
        typer.echo(f"Time stamp: {stamped(store, taken, server, who=reviewer())}")
    return 0
