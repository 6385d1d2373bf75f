"""Opens the review over a fleet: the hub's cases and held requests at the usual desk."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from app import directory_desk
from app.home import open_home
from app.hub_access import acting, asked_of_approvals, database_of, hub_settings
from app.permission import permitted, refusal
from app.settings import load_settings
from core.errors import ForbiddenError, InputError
from core.ids import utc_now
from core.rights import Actor, Deed

if TYPE_CHECKING:
    from hub.settings import HubSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sitting:
    """Who sits at the desk, and what he or she may do."""

    who: Actor
    refusal: Callable[[Deed], str | None]


def open_desk(
    folder: Path | None, key: Path | None, certificate: tuple[Path, Path] | None = None
) -> int:
    """Open it on this terminal, for this user or whom a certificate (with its key) names, or for
    the browser whose ticket this process was given; return the exit code. Raises ForbiddenError,
    InputError, SettingsError.
    """
    ticket = os.environ.pop(directory_desk.TICKET, None)
    named = ticket is not None or certificate is not None
    hub = hub_settings(folder, None if named else Deed.READ)
    from hub.deeds import Word, chained
    from hub.review_holds import HubHolds
    from hub.review_store import HubCases
    from tui.app import run
    from tui.fleet_review import FleetReview

    if ticket is not None:
        sitting = _signed_in(hub, ticket)
    else:
        sitting = _at_this_machine() if certificate is None else _shown(hub, *certificate)
    who = sitting.who
    with database_of(hub) as database:
        if named:
            with database.work() as connection:
                chained(connection, Word.SIGNED_IN, "desk", who=who, note="", now=utc_now())
        store = HubCases(
            database=database,
            folder=hub.folder,
            actor=who,
            refusal=sitting.refusal,
            key=key,
            asks=asked_of_approvals(),
        )
        return run(
            store,
            who.name,
            role=who.role,
            refusal=store.refusal,
            holds=HubHolds(database, hub.folder),
            app_class=FleetReview,
        )


def _at_this_machine() -> _Sitting:
    settings = load_settings(open_home().settings)
    in_browser = "OUTGATE_REVIEW_IN_A_BROWSER" in os.environ
    who = replace(acting(), channel="browser" if in_browser else "review")
    return _Sitting(who=who, refusal=lambda deed: refusal(settings, who.name, deed))


def _signed_in(hub: "HubSettings", text: str) -> _Sitting:
    """Return whom the directory let in, by the ticket of the desk's server."""
    from hub.desk_ticket import read

    ticket = read(hub.folder, text, utc_now())
    if hub.sign_in is None:
        raise ForbiddenError("This hub has no sign_in.")
    rights, person = hub.sign_in.rights(), hub.sign_in.person(ticket.name, ticket.groups)
    refused = rights.refusal(person, Deed.READ)
    if refused is not None:
        raise ForbiddenError(refused)
    role = ", ".join(rights.roles_of(person))
    who = Actor(name=ticket.name, role=role, channel="browser", subject=ticket.subject)
    return _Sitting(who=who, refusal=lambda deed: rights.refusal(person, deed))


def _shown(hub: "HubSettings", certificate: Path, key: Path) -> _Sitting:
    """Return whom a certificate of the organisation's names; only what it says counts, not which
    user of this machine shows it.
    """
    from hub.authority import load_authority, server_files
    from hub.desk_certificate import shown

    wanted = hub.desk_certificates
    if wanted is None:
        raise InputError(
            "This hub lets nobody in by certificate.",
            remedy="`desk_certificates` of hub.yaml says whose count. See docs/fleet.md.",
        )
    authority = load_authority(hub.folder)
    server = server_files(authority, hub.folder, list(hub.names), utc_now())
    found = shown(certificate, key, server, wanted.ca)
    rights, person = wanted.rights(), found.person
    refused = rights.refusal(person, Deed.READ)
    if refused is not None:
        raise ForbiddenError(refused)
    role = ", ".join(rights.roles_of(person))
    who = Actor(name=found.name, role=role, channel="review", subject=found.subject)
    return _Sitting(who=who, refusal=lambda deed: rights.refusal(person, deed))


def _refuse_no_database(hub: "HubSettings") -> None:
    """Ask it once: what is wrong is told here, not on a dark page."""
    with database_of(hub) as database, database.at_once() as connection:
        connection.execute("SELECT 1 FROM endpoints LIMIT 1")


def serve_desk(
    folder: Path | None, key: Path | None, *, port: int, idle_minutes: float, tls: bool
) -> int:
    """Serve it to a browser of this machine, or to those whom the organisation's directory lets in;
    return the exit code. Raises ForbiddenError, SettingsError, DatabaseDownError.
    """
    import typer

    from app.web_review import serve

    hub = hub_settings(folder)
    # Who starts a desk with a directory sees nothing of it by that.
    permitted(Deed.READ if hub.sign_in is None else Deed.OPERATE)
    _refuse_no_database(hub)
    words = ["--hub", str(hub.folder.absolute())]
    words += ["--key", str(key.absolute())] if key is not None else []
    if hub.sign_in is not None:
        if port or tls:
            raise InputError(
                "Where sign_in is set, --port and --tls are not used.",
                remedy="`address` and `listen` of sign_in in hub.yaml say it.",
            )
        return directory_desk.serve(hub, hub.sign_in, words, typer.echo, idle_minutes=idle_minutes)
    return serve(
        open_home(),
        words,
        typer.echo,
        port=port,
        idle_minutes=idle_minutes,
        tls=tls,
        command=("hub", "review"),
    )
