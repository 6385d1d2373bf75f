"""`advisories` and `hunt`: known holes in packages, and who had a package."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from inventory.advisories.kept import Imported
    from inventory.hunting import Had

application = typer.Typer(
    no_args_is_help=True,
    help="Import and ask advisories on Python packages.",
    rich_markup_mode=None,
)


@application.command("import")
def import_(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="OSV export (zip, tar, jsonl, packed or not), or a folder of advisories.",
        ),
    ],
) -> int:
    """Take advisories from a file, in place of those before.

    Nothing is downloaded. Records that were withdrawn are left out; malicious packages are taken.

    \b
    Example: outgate advisories import all.zip
    """
    from app.home import open_home
    from core.errors import InputError
    from core.ids import utc_now
    from inventory.advisories.kept import import_advisories

    if not source.exists():
        raise InputError(f"There is no {source}.", remedy="Check its name.")
    imported = import_advisories(source, open_home().advisories, utc_now())
    for line in _told(imported):
        typer.echo(line)
    return 0


@application.command()
def status() -> int:
    """Say which advisories are in use, and how old they are.

    \b
    Example: outgate advisories status
    """
    from app.home import home_there
    from core.errors import InputError
    from inventory.advisories.kept import load

    home = home_there()
    known = None if home is None else load(home.advisories)
    if known is None:
        raise InputError(
            "No advisories were imported.", remedy="outgate advisories import FILE (an OSV export)."
        )
    for line in _told(known.imported):
        typer.echo(line)
    return 0


@application.command()
def check(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A distribution.")],
    version: Annotated[str, typer.Argument(metavar="VERSION", help="Its version.")],
) -> int:
    """List the advisories that name a version of a package; 1 when there are any.

    \b
    Example: outgate advisories check pyyaml 5.3
    """
    from app.home import home_there
    from core.errors import InputError
    from core.text import printable
    from inventory.advisories.kept import load
    from inventory.advisories.versions import is_version
    from inventory.hunting import Wanted, refuse_no_version

    Wanted(name=name)
    refuse_no_version(version)
    home = home_there()
    known = None if home is None else load(home.advisories)
    if known is None:
        raise InputError(
            "No advisories were imported.", remedy="outgate advisories import FILE (an OSV export)."
        )
    if not is_version(version):
        shown = printable(version, 60)
        typer.echo(f"{shown} is no version by PEP 440: it counts as older than all.", err=True)
    found = known.of(name, version)
    for advisory in found:
        what = "malicious" if advisory.malicious else "known hole"
        typer.echo(f"{advisory.id}  {what}  {', '.join(advisory.aliases)}  {advisory.summary}")
    if not found:
        typer.echo(f"No advisory names {printable(name, 100)} {printable(version, 60)}.")
    for line in stale(known.imported):
        typer.echo(line, err=True)
    return 1 if found else 0


def hunt(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A distribution.")],
    version: Annotated[
        str | None, typer.Argument(metavar="[VERSION]", help="One version, or a range: '<2.31'.")
    ] = None,
    format_name: Annotated[
        Literal["table", "json"], typer.Option("--format", "-f", help="table or json.")
    ] = "table",
) -> int:
    """Say who had a package: which scripts, when, what left, to whom. 1 when anybody had it.

    From what a gate kept of the scripts it saw; the past counts.

    \b
    Example: outgate hunt litellm 1.82.7
    Example: outgate hunt requests '<2.31'
    """
    from app.home import home_there
    from app.kept_sources import source_store
    from app.permission import permitted
    from core.errors import InputError
    from core.rights import Deed
    from core.stored import StoredRecord
    from evidence import open_store
    from inventory.hunting import Wanted, what_left, who_had

    wanted = Wanted(name=name, version=version)
    home = home_there()
    if home is None or not home.evidence.is_file():
        raise InputError(
            "No gate has kept evidence here.",
            remedy="outgate scan looks at what lies on the machine.",
        )
    permitted(Deed.READ)
    store = open_store(home.evidence)
    kept = source_store(home)
    versions = store.script_versions()
    hads = who_had(wanted, versions, kept.parts)
    if hads:
        since = min(had.first_at for had in hads)
        entries = store.iter_records(since)
        hads = what_left(hads, (e.record for e in entries if isinstance(e, StoredRecord)))
    unknown = sum(v.sha256 is None or kept.parts(v.sha256) is None for v in versions)
    if format_name == "json":
        _print_json(wanted.name, version, hads, unknown)
    else:
        _print_table(name, version, hads, len(versions), unknown)
    return 1 if hads else 0


def _print_json(name: str, version: str | None, hads: "list[Had]", unknown: int) -> None:
    import json

    from inventory.reports.json_report import as_json

    found = [as_json(had) for had in hads]
    for one in found:
        for sent in one["sent"]:
            del sent["amounts"]
    document = {
        "name": as_json(name),
        "version": as_json(version),
        "had": found,
        "unknown": unknown,
    }
    typer.echo(json.dumps(document, ensure_ascii=False, indent=1))


def _print_table(
    name: str, version: str | None, hads: "list[Had]", versions: int, unknown: int
) -> None:
    from core.text import printable
    from core.vocabulary.sizes import counted, size_at_least
    from core.vocabulary.verdicts import not_sent

    what = f"{printable(name, 100)} {printable(version or 'in any version', 60)}"
    if not hads:
        typer.echo(f"No script that a gate saw had {what}.")
    for had in hads:
        how = "imports it" if had.imported else "lay in its environment"
        typer.echo(f"{printable(had.script)}  {had.sha256[:12]}")
        seen = f"{had.first_at:%Y-%m-%d %H:%M} to {had.last_at:%Y-%m-%d %H:%M}"
        typer.echo(
            f"  {printable(had.distribution, 100)} {printable(had.version, 60)}, {how}; sent {seen}"
        )
        for sent in had.sent:
            found = f", with {sent.found}" if sent.found else ""
            unsent = not_sent(sent.stopped, sent.past)
            left = size_at_least(sent.bytes, exact=sent.bytes_exact)
            typer.echo(
                f"    to {printable(sent.place, 255)}: {counted(sent.requests, 'request')},"
                f" {left} left{found}{unsent}"
            )
    if unknown:
        typer.echo(
            f"Of {counted(versions, 'version')} of scripts the parts of {unknown} were not "
            "kept: whether they had it is unknown."
        )


def _told(imported: "Imported") -> list[str]:
    from core.vocabulary.sizes import counted, number

    newest = "" if imported.newest is None else f", the newest of {imported.newest:%Y-%m-%d}"
    lines = [
        f"{counted(imported.advisories, 'advisory', 'advisories')} on "
        f"{counted(imported.packages, 'package')}{newest}; {number(imported.malicious)} on "
        "malicious packages.",
        f"From {imported.source}, imported {imported.imported_at:%Y-%m-%d %H:%M} UTC.",
    ]
    if imported.withdrawn:
        lines.append(
            f"Withdrawn, or about other than Python packages: {number(imported.withdrawn)}."
        )
    if imported.unreadable:
        lines.append(f"Records that could not be read: {number(imported.unreadable)}.")
    return lines + stale(imported)


def stale(imported: "Imported") -> list[str]:
    """Return the sentence that says that the advisories are old, where they are."""
    from core.ids import utc_now
    from core.vocabulary.sizes import counted

    now = utc_now()
    if not imported.is_stale(now):
        return []
    days = counted(imported.age(now).days, "day")
    return [f"These advisories are older than 7 days ({days}): newer holes are not known here."]
