"""`scripts`: which scripts were seen, in which versions, what changed between them, and which are
approved.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from core.review import ReviewEvent, ScriptVersion
    from evidence.store import Store


def scripts(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATH | owner PATH | export FOLDER]", help="One script; without it, all."
        ),
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
    successor: Annotated[
        str, typer.Option(metavar="NAME", help="With owner: who answers for it from now on.")
    ] = "",
    accounts: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="CSV of the organisation's accounts, as for scan."),
    ] = None,
    format_name: Annotated[
        str, typer.Option("--format", "-f", help="Of one script's page: text, json or html.")
    ] = "text",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the page to this file.")
    ] = None,
) -> int:
    """List scripts seen; show one on a page with all that is known of it; approve a version.

    `owner` names who follows an owner who is gone. `export` writes all approved scripts to a new
    folder: masked source, pinned requirements.

    \b
    Example: outgate scripts --diff /srv/jobs/report.py
    Example: outgate scripts --approve --reason "Reviewed with finance" /srv/jobs/report.py
    Example: outgate scripts --format html --out report.html /srv/jobs/report.py
    Example: outgate scripts owner /srv/jobs/report.py --successor bo
    """
    from app.commands.passport import (
        checked_format,
        give,
        hand_on,
        name_successor,
        page_of,
        rest_of_page,
    )
    from app.contracts import script_meant
    from app.home import open_home
    from app.permission import permitted
    from app.settings import load_settings
    from app.wiring import store_of
    from core.errors import InputError
    from core.rights import Deed

    deeds = {"export": Deed.EXPORT, "owner": Deed.APPROVE}
    deed, path = _meant(words or [])
    checked_format(format_name)
    home = open_home()
    settings = load_settings(home.settings)
    permitted(deeds.get(deed, Deed.APPROVE if approve or withdraw else Deed.READ), settings)
    store = store_of(home, settings, "command line")
    if deed == "export":
        hand_on(home, store, Path(path or ""))
        return 0
    script = None if path is None else script_meant(store, path)
    versions = store.script_versions(script)
    if deed == "owner":
        name_successor(store, script or "", successor, reason)
    elif approve or withdraw:
        if script is None or approve is withdraw:
            raise InputError("Name one script, and either --approve or --withdraw.")
        _say(store, _chosen(versions, version), reason, approve=approve)
    elif diff:
        _show_diff(home.scripts, versions, one=script is not None)
    elif script is None:
        _list(store, versions)
    elif format_name != "text" or out is not None:
        give(page_of(home, settings, store, script, accounts), format_name, out)
    else:
        _list(store, versions)
        _show_parts(home.scripts, versions)
        for line in rest_of_page(page_of(home, settings, store, script, accounts)):
            typer.echo(line)
    return 0


def _meant(words: list[str]) -> tuple[str, str | None]:
    """Return what is to be done, and with which script or folder. Raises InputError."""
    from core.errors import InputError

    if len(words) == 2 and words[0] in {"owner", "export"}:
        return words[0], words[1]
    if len(words) > 1:
        raise InputError(
            "That is more than one script.",
            remedy="outgate scripts PATH, scripts owner PATH, or scripts export FOLDER",
        )
    if words and words[0] in {"owner", "export"} and not Path(words[0]).exists():
        what = "PATH --successor NAME" if words[0] == "owner" else "FOLDER"
        raise InputError(f"Say more: outgate scripts {words[0]} {what}")
    return "show", words[0] if words else None


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
    if event.action is Action.ASK_APPROVE_SCRIPT:
        return f"asked for by {signed(event)}"
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
    from core.review import Action, script_event
    from core.text import printable

    if not reason.strip():
        raise InputError(
            "Say why with --reason.",
            remedy="It stays in the evidence: write no personal data into it.",
        )
    [written] = store.append(
        [script_event(version, approve=approve, who=reviewer(), at=utc_now(), note=reason.strip())]
    )
    if written.action is Action.ASK_APPROVE_SCRIPT:
        typer.echo(
            f"Asked for: version {_short(version)} of {printable(version.script)}. It is approved "
            "once somebody else says the same."
        )
        return
    what = "Approved" if approve else "Approval withdrawn"
    typer.echo(
        f"{what}: version {_short(version)} of {printable(version.script)}. A running gate knows "
        "within a second."
    )


def _show_diff(folder: Path, versions: "Sequence[ScriptVersion]", *, one: bool) -> None:
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


def _show_parts(folder: Path, versions: "Sequence[ScriptVersion]") -> None:
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
        typer.echo(f"  {'Git':<13} {told.history or 'in no repository'}")
        imports = "not readable" if told.imports is None else ", ".join(told.imports)
        typer.echo(f"  {'Imports':<13} {imports or 'nothing but Python itself'}")
        typer.echo(f"  {'Installed':<13} {', '.join(told.installed) or 'nothing'}")
        return
    typer.echo("\nWhat it is made of was not kept; see keep_scripts in docs/settings.md.")


def _short(version: "ScriptVersion") -> str:
    return version.sha256[:12] if version.sha256 else "-"
