"""`scripts`: which scripts were seen, in which versions, what changed between them, and which are
approved.
"""

import shlex
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from app.home import Home
    from app.kept_sources import KeptSources
    from app.settings import Settings
    from core.review import ReviewEvent, ScriptVersion
    from evidence.store import Store
    from habits.passport import Passport
    from tui.version_changes import Changes


def scripts(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATH | owner PATH | export FOLDER]", help="One script; without it, all."
        ),
    ] = None,
    diff: Annotated[
        bool,
        typer.Option(
            "--diff",
            help="Show what changed since the approved version, or since the one before.",
        ),
    ] = False,
    source: Annotated[
        bool, typer.Option("--source", help="Show the masked source of a version.")
    ] = False,
    approve: Annotated[
        bool,
        typer.Option(
            "--approve", help="Show what is new in a version, and approve it; needs --reason."
        ),
    ] = False,
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="Take an approval back; needs --reason.")
    ] = False,
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="Why. It stays in the evidence.")
    ] = "",
    version: Annotated[
        str,
        typer.Option(
            metavar="HASH", help="Which one, by its first digits. Default: newest; --approve asks."
        ),
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
    Example: outgate scripts --source --version 9f2c41 /srv/jobs/report.py
    Example: outgate scripts --approve --version 9f2c41 --reason "Read it" /srv/jobs/report.py
    Example: outgate scripts --format html --out report.html /srv/jobs/report.py
    Example: outgate scripts owner /srv/jobs/report.py --successor bo
    """
    from app.commands.passport import checked_format, hand_on, name_successor, page_of
    from app.contracts import script_meant
    from app.home import open_home
    from app.kept_sources import KeptSources
    from app.permission import permitted
    from app.script_options import consistent, does_what
    from app.settings import load_settings
    from app.wiring import store_of
    from core.errors import InputError
    from core.rights import Deed

    judges = approve or withdraw
    deeds = {"export": Deed.EXPORT, "owner": Deed.APPROVE}
    deed, path = _meant(words or [])
    checked_format(format_name)
    does = does_what(deed, path, diff=diff, source=source, approve=approve, withdraw=withdraw)
    given = {
        "--reason": bool(reason),
        "--version": bool(version),
        "--successor": bool(successor),
        "--accounts": accounts is not None,
        "--format": format_name != "text",
        "--out": out is not None,
    }
    consistent(does, [name for name, is_given in given.items() if is_given])
    home = open_home()
    settings = load_settings(home.settings)
    permitted(deeds.get(deed, Deed.APPROVE if judges else Deed.READ), settings)
    home.kept_evidence()
    store = store_of(home, settings, "command line")
    if deed == "export":
        hand_on(home, settings, store, Path(path or ""), accounts)
        return 0
    script = None if path is None else script_meant(store, path)
    versions = store.script_versions(script)
    kept = KeptSources(home=home, keeps=settings.keep_scripts)
    if deed == "owner":
        name_successor(store, script or "", successor, reason)
    elif judges:
        if script is None:
            raise InputError("Name one script: outgate scripts PATH --approve.")
        chosen = _chosen(versions, version)
        _judge(store, kept, settings, chosen, reason, approve=approve, given=version)
    elif diff or source:
        _read(store, kept, script, versions, version, diff=diff)
    elif script is None:
        _list(home, store, versions)
    else:
        page = page_of(home, settings, store, script, accounts)
        _show(home, store, versions, page, format_name, out)
    return 0


def _show(
    home: "Home",
    store: "Store",
    versions: "Sequence[ScriptVersion]",
    page: "Passport",
    format_name: str,
    out: Path | None,
) -> None:
    """Print a script's page below the list of its versions, or give it in another format."""
    from app.commands.passport import give, rest_of_page

    if format_name != "text" or out is not None:
        give(page, format_name, out)
        return
    _list(home, store, versions)
    _show_parts(home, versions)
    _echo(rest_of_page(page))


def _echo(lines: Iterable[str]) -> None:
    for line in lines:
        typer.echo(line)


def _judge(
    store: "Store",
    kept: "KeptSources",
    settings: "Settings",
    version: "ScriptVersion",
    reason: str,
    *,
    approve: bool,
    given: str,
) -> None:
    """Approve a version that was read and named, `given` as it was typed; or take its approval
    back. Raises InputError.
    """
    from app.reading_versions import to_read

    unread = False
    if approve:
        _why(reason)
        found = to_read(store, kept, version)
        unread = _shown_to_approve(found, allowed=settings.approve_unread)
        _named(version, given, version.script)
    _say(store, version, reason, approve=approve, unread=unread)


def _read(
    store: "Store",
    kept: "KeptSources",
    script: str | None,
    versions: "Sequence[ScriptVersion]",
    version: str,
    *,
    diff: bool,
) -> None:
    """Print the source of a version, or what changed in it. Raises InputError."""
    from app.reading_versions import told_of
    from core.errors import InputError

    if script is None:
        raise InputError("Name one script: outgate scripts PATH --diff.")
    _echo(told_of(store, kept, script, _chosen(versions, version), diff=diff))


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


def _list(home: "Home", store: "Store", versions: "Sequence[ScriptVersion]") -> None:
    from core.review import ReviewEvent, last_said, script_key
    from core.text import printable
    from fleet.approvals import FleetApprovals

    fleet = FleetApprovals(home.fleet)
    if not versions:
        typer.echo("No script was seen yet.")
    for version in versions:
        seen = f"{version.first_at:%Y-%m-%d %H:%M} to {version.last_at:%Y-%m-%d %H:%M}"
        history = store.history(script_key(version.script))
        said = last_said([event for event in history if isinstance(event, ReviewEvent)])
        here, everywhere = said.get(version.sha256), fleet.said(version.sha256)
        by = "; ".join(filter(None, [_said(here) if here or not everywhere else "", everywhere]))
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


def _shown_to_approve(found: "Changes", *, allowed: bool) -> bool:
    """Print what is to be read of a version; return whether it cannot be. Raises InputError where
    it may not be approved then.
    """
    from core.errors import InputError

    if found.unread is not None and not allowed:
        raise InputError(
            f"Only what can be read is approved. {found.unread}",
            remedy="Let the script run once more, so that its source is kept; or set"
            " approve_unread, which marks the approval.",
        )
    for line in (found.said, *(row.text for row in found.lines)):
        typer.echo(line)
    return found.unread is not None


def _named(version: "ScriptVersion", given: str, script: str) -> None:
    """Let nobody approve what was not named: by its hash, or by a person at a terminal who has the
    lines above. Raises InputError.
    """
    from core.errors import InputError

    if given:
        return
    if sys.stdin.isatty() and sys.stdout.isatty():
        if typer.confirm(f"Approve version {_short(version)}?"):
            return
        raise InputError("Nothing was approved.")
    raise InputError(
        "Nothing is approved yet: read the lines above, then say which version you read.",
        remedy=f"outgate scripts --approve --version {_short(version)} --reason TEXT "
        f"{shlex.quote(script)}",
    )


def _why(reason: str) -> None:
    """Raise InputError where nobody says why."""
    from core.errors import InputError

    if not reason.strip():
        raise InputError(
            "Say why with --reason.",
            remedy="It stays in the evidence: write no personal data into it.",
        )


def _say(
    store: "Store", version: "ScriptVersion", reason: str, *, approve: bool, unread: bool
) -> None:
    from app.current_user import reviewer
    from core.ids import utc_now
    from core.review import Action, script_event
    from core.text import printable

    _why(reason)
    [written] = store.append(
        [
            script_event(
                version,
                approve=approve,
                who=reviewer(),
                at=utc_now(),
                note=reason.strip(),
                unread=unread,
            )
        ]
    )
    if written.action is Action.ASK_APPROVE_SCRIPT:
        typer.echo(
            f"Asked for: version {_short(version)} of {printable(version.script)}. It is approved "
            "once somebody else says the same."
        )
        return
    what = "Approval withdrawn"
    if approve:
        what = "Approved unread" if unread else "Approved"
    typer.echo(
        f"{what}: version {_short(version)} of {printable(version.script)}. A running gate knows "
        "within a second."
    )


def _show_parts(home: "Home", versions: "Sequence[ScriptVersion]") -> None:
    """Say what the newest version of which that was kept is made of."""
    from app.kept_sources import source_store
    from app.made_of import made_of

    kept = source_store(home)
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
