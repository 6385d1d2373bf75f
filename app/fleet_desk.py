"""Opens the review over a fleet: the hub's cases and held requests at the usual desk."""

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
    who = replace(acting(), channel="review")
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
