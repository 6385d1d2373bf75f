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
from core.rights import Actor, Deed
from core.text import printable
from hub.patience import PEOPLE, THOROUGH, Patience

if TYPE_CHECKING:
    from hub.approvals import Asks
    from hub.database import Connection, Database
    from hub.settings import HubSettings

HubFolder = Annotated[
    Path | None,
    typer.Option(
        "--hub", metavar="FOLDER", envvar="OUTGATE_HUB", help="The hub's folder.", show_envvar=True
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
_THOROUGH = frozenset({Deed.EXPORT, Deed.VERIFY, Deed.ERASE})
"""Deeds for which much is read."""
Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept.")]


def refuse_not_installed() -> None:
    """Raise SettingsError where the hub's extra is not installed."""
    if find_spec("aiohttp") is None or find_spec("psycopg") is None:
        raise SettingsError(
            "The hub is not installed.", remedy="Install outgate[hub] on its machine."
        )


def hub_settings(hub: Path | None, deed: Deed | None = None) -> "HubSettings":
    """Return the settings of a hub, for who may do this; without `deed` nobody is asked.

    Raises ForbiddenError, SettingsError.
    """
    if deed is not None:
        from app.permission import permitted

        permitted(deed)
    refuse_not_installed()
    from hub.settings import load

    if hub is None:
        raise SettingsError(
            "Which hub?", remedy="Name its folder with --hub, or in OUTGATE_HUB; init makes one."
        )
    return load(hub)


def database_of(
    settings: "HubSettings", patience: Patience = PEOPLE
) -> "AbstractContextManager[Database]":
    """Return the database, to be closed, which works for so long on one question."""
    from hub.database import Database

    return closing(Database(settings.database, patience))


def acting() -> Actor:
    """Return who is at the keyboard, in which role. Raises SettingsError."""
    from app.current_user import reviewer
    from app.home import open_home
    from app.permission import roles_told
    from app.settings import load_settings

    name = reviewer()
    role = roles_told(load_settings(open_home().settings), name)
    return Actor(name=name, role=role or "", channel="command line")


def asked_of_approvals() -> "Asks":
    """Return what the settings of the hub's machine ask of approvals of scripts. Raises
    SettingsError.
    """
    from app.home import open_home
    from app.settings import load_settings
    from hub.approvals import Asks

    settings = load_settings(open_home().settings)
    return Asks(second_person=settings.second_person, two=settings.second_person_approvals)


@contextmanager
def at_hub(
    hub: Path | None, deed: Deed, patience: Patience | None = None
) -> "Iterator[Connection]":
    """One transaction in the database of a hub, for who may do this; statements may take so long
    (None: as long as what is done is worth).

    Raises ForbiddenError, SettingsError, DatabaseDownError.
    """
    told = patience or (THOROUGH if deed in _THOROUGH else PEOPLE)
    with database_of(hub_settings(hub, deed), told) as database, database.work() as connection:
        yield connection


def exported(connection: "Connection", what: str, **facts: str) -> None:
    """Chain that somebody took data out of the hub, and where to."""
    from core.ids import utc_now
    from hub.deeds import Word, chained

    told = {name: printable(value, 300) for name, value in facts.items()}
    chained(connection, Word.EXPORTED, what, who=acting(), note="", now=utc_now(), facts=told)


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
