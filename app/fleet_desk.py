"""Opens the review over a fleet: the hub's cases and held requests at the usual desk."""

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.home import open_home
from app.hub_access import acting, database_of
from app.permission import refusal
from app.settings import load_settings

if TYPE_CHECKING:
    from hub.settings import HubSettings


def open_desk(hub: "HubSettings", key: Path | None) -> int:
    """Open it on this terminal; return the exit code. Raises SettingsError."""
    from hub.review_holds import HubHolds
    from hub.review_store import HubCases
    from tui.app import run
    from tui.fleet_review import FleetReview

    settings = load_settings(open_home().settings)
    in_browser = "OUTGATE_REVIEW_IN_A_BROWSER" in os.environ
    who = replace(acting(), channel="browser" if in_browser else "review")
    with database_of(hub) as database:
        store = HubCases(
            database=database,
            folder=hub.folder,
            actor=who,
            refusal=lambda deed: refusal(settings, who.name, deed),
            key=key,
        )
        return run(
            store,
            who.name,
            role=who.role,
            refusal=store.refusal,
            holds=HubHolds(database, hub.folder),
            app_class=FleetReview,
        )


def serve_desk(
    hub: "HubSettings", key: Path | None, *, port: int, idle_minutes: float, tls: bool
) -> int:
    """Serve it to a browser of this machine; return the exit code. Raises SettingsError,
    DatabaseDownError.
    """
    import typer

    from app.web_review import serve

    with database_of(hub) as database, database.at_once() as connection:
        connection.execute("SELECT 1 FROM endpoints LIMIT 1")  # told here, not on a dark page
    words = ["--hub", str(hub.folder.absolute())]
    words += ["--key", str(key.absolute())] if key is not None else []
    return serve(
        open_home(),
        words,
        typer.echo,
        port=port,
        idle_minutes=idle_minutes,
        tls=tls,
        command=("hub", "review"),
    )
