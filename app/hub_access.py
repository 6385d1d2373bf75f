"""How commands get at a hub: its folder, its database, and how its answers are printed."""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.errors import InputError, SettingsError

if TYPE_CHECKING:
    from hub.database import Connection, Database
    from hub.settings import HubSettings

HubFolder = Annotated[
    Path | None,
    typer.Option(
        "--hub", metavar="FOLDER", envvar="OUTGATE_HUB", help="The hub's folder.", show_envvar=True
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept.")]


def refuse_not_installed() -> None:
    """Raise SettingsError where the hub's extra is not installed."""
    if find_spec("aiohttp") is None or find_spec("psycopg") is None:
        raise SettingsError(
            "The hub is not installed.", remedy="Install outgate[hub] on its machine."
        )


def hub_settings(hub: Path | None) -> "HubSettings":
    """Return the settings of a hub. Raises SettingsError."""
    refuse_not_installed()
    from hub.settings import load

    if hub is None:
        raise SettingsError(
            "Which hub?", remedy="Name its folder with --hub, or in OUTGATE_HUB; init makes one."
        )
    return load(hub)


def database_of(settings: "HubSettings") -> "AbstractContextManager[Database]":
    """Return the database, to be closed."""
    from hub.database import Database

    return closing(Database(settings.database))


@contextmanager
def at_hub(hub: Path | None) -> "Iterator[Connection]":
    """One transaction in the database of a hub. Raises SettingsError, DatabaseDownError."""
    with database_of(hub_settings(hub)) as database, database.work() as connection:
        yield connection


def refuse_empty(reason: str) -> None:
    """Raise InputError where nothing is said."""
    if not reason.strip():
        raise InputError("A reason is needed.", remedy="--reason says why.")


def print_answer(value: Any, lines: Iterator[str], *, as_json: bool) -> None:
    """Print an answer."""
    if not as_json:
        for line in lines:
            typer.echo(line)
        return
    typer.echo(json.dumps(value, ensure_ascii=False, indent=1, default=_plain))


def _plain(one: object) -> str | int:
    if isinstance(one, date):
        return one.isoformat()
    return int(str(one))  # sums come as Decimal
