"""`scripts`: which scripts were seen, in which versions, what changed between them, and which are
approved.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from app.home import Home
    from core.review import ReviewEvent, ScriptVersion
    from evidence.store import Store


def scripts(
    script: Annotated[
        str | None, typer.Argument(metavar="PATH", help="One script; without it, all.")
    ] = None,
    diff: Annotated[
        bool, typer.Option("--diff", help="Show what changed in the newest version.")
    ] = False,
    approve: Annotated[
        bool, typer.Option("--approve", help="Approve a version; needs --reason.")
    ] = False,
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="Take an approval back; needs --reason.")
    ] = False,
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="Why. It stays in the evidence.")
    ] = "",
    version: Annotated[
        str, typer.Option(metavar="HASH", help="Which one, by its first digits. Default: newest.")
    ] = "",
) -> int:
    """List scripts seen, their versions and changes; approve a version.

    \b
    Example: outgate scripts --diff /srv/jobs/report.py
    Example: outgate scripts --approve --reason "Reviewed with finance" /srv/jobs/report.py
    """
    from app.home import open_home
    from app.settings import load_settings
    from app.wiring import store_of
    from core.errors import InputError
    from core.text import printable

    home = open_home()
    store = store_of(home, load_settings(home.settings), "command line")
    versions = store.script_versions(script)
    if script is not None and not versions:
        raise InputError(
            f"No script {printable(script)} was seen.",
            remedy="outgate scripts lists those that were.",
        )
    if approve or withdraw:
        if script is None or approve is withdraw:
            raise InputError("Name one script, and either --approve or --withdraw.")
        _say(store, _chosen(versions, version), reason, approve=approve)
    elif diff:
        _show_diff(home.scripts, versions, one=script is not None)
    else:
        _list(store, versions)
        if script is not None:
            _show_parts(home.scripts, versions)
            for title, entries in risks_of(home, versions):
                typer.echo(f"  {title:<10} {entries[0]}")
                for entry in entries[1:]:
                    typer.echo(f"             {entry}")
    return 0


def risks_of(
    home: "Home", versions: "Sequence[ScriptVersion]"
) -> "Iterator[tuple[str, list[str]]]":
    """Yield what is dangerous in the newest version: packages that advisories name, as they were
    kept; flaws, where the file still lies there as it ran.
    """
    from app.script_risks import flaws_of, packages_at_risk

    newest = max(versions, key=lambda version: version.last_at, default=None)
    if newest is None or newest.sha256 is None:
        return
    if packages := packages_at_risk(home, newest.sha256):
        yield "At risk", packages
    if flaws := flaws_of(newest.script, newest.sha256):
        yield "Flaws", flaws


def _list(store: "Store", versions: "Sequence[ScriptVersion]") -> None:
    from core.review import ReviewEvent, last_said, script_key
    from core.text import printable

    for version in versions:
        seen = f"{version.first_at:%Y-%m-%d %H:%M} to {version.last_at:%Y-%m-%d %H:%M}"
        history = store.history(script_key(version.script))
        said = last_said([event for event in history if isinstance(event, ReviewEvent)])
        by = _said(said.get(version.sha256))
        typer.echo(f"{_short(version):<12}  {seen}  {by:<20}  {printable(version.script)}")


def _said(event: "ReviewEvent | None") -> str:
    from core.review import Action, signed

    if event is None:
        return "-"
    done = "approved" if event.action is Action.APPROVE_SCRIPT else "withdrawn"
    return f"{done} by {signed(event)}"


def _chosen(versions: "Sequence[ScriptVersion]", prefix: str) -> "ScriptVersion":
    """Return the version that is meant. Raises InputError when that is none, or more than one."""
    from core.errors import InputError

    known = [version for version in versions if version.sha256]
    if not prefix and known:
        return max(known, key=lambda version: version.last_at)
    found = [
        version for version in known if prefix and (version.sha256 or "").startswith(prefix.lower())
    ]
    if len(found) != 1:
        raise InputError(
            "That names no version of this script."
            if not found
            else "That names several versions of this script.",
            remedy="outgate scripts PATH lists them; give more digits.",
        )
    return found[0]


def _say(store: "Store", version: "ScriptVersion", reason: str, *, approve: bool) -> None:
    from app.current_user import reviewer
    from core.errors import InputError
    from core.ids import utc_now
    from core.review import script_event
    from core.text import printable

    if not reason.strip():
        raise InputError(
            "Say why with --reason.",
            remedy="It stays in the evidence: write no personal data into it.",
        )
    store.append(
        [script_event(version, approve=approve, who=reviewer(), at=utc_now(), note=reason.strip())]
    )
    what = "Approved" if approve else "Approval withdrawn"
    typer.echo(
        f"{what}: version {_short(version)} of {printable(version.script)}. A running gate knows "
        "within a second."
    )


def _show_diff(folder: "Path", versions: "Sequence[ScriptVersion]", *, one: bool) -> None:
    from attribution.identity.contents import ContentStore
    from core.errors import InputError

    hashes = [version.sha256 for version in versions if version.sha256]
    if not one or len(hashes) < 2:
        raise InputError("A diff takes one script with at least two versions.")
    lines = ContentStore(folder, lambda text: text).diff(hashes[-2], hashes[-1])
    if lines is None:
        raise InputError(
            "The source of these versions was not kept.",
            remedy="See keep_scripts in docs/settings.md.",
        )
    for line in lines:
        typer.echo(line)


def _show_parts(folder: "Path", versions: "Sequence[ScriptVersion]") -> None:
    """Say what the newest version of which that was kept is made of."""
    from app.made_of import made_of
    from attribution.identity.contents import ContentStore

    kept = ContentStore(folder, lambda text: text)
    newest = sorted(versions, key=lambda version: version.last_at, reverse=True)
    for version in newest:
        parts = None if version.sha256 is None else kept.parts(version.sha256)
        if parts is None:
            continue
        told = made_of(parts)
        typer.echo(f"\nVersion {_short(version)}")
        typer.echo(f"  Git        {told.history or 'in no repository'}")
        imports = "not readable" if told.imports is None else ", ".join(told.imports)
        typer.echo(f"  Imports    {imports or 'nothing but Python itself'}")
        typer.echo(f"  Installed  {', '.join(told.installed) or 'nothing'}")
        return
    typer.echo("\nWhat it is made of was not kept; see keep_scripts in docs/settings.md.")


def _short(version: "ScriptVersion") -> str:
    return version.sha256[:12] if version.sha256 else "-"
