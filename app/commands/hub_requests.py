"""`hub ask` and `hub asked`: the fleet is asked about a person or a value."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.hub_access import (
    AsJson,
    HubFolder,
    Reason,
    acting,
    at_hub,
    hub_settings,
    print_answer,
    refuse_empty,
)
from core.rights import Deed


class What(StrEnum):
    """What is asked for."""

    FIND = "find"
    ERASE = "erase"


def ask(
    what: Annotated[What, typer.Argument(metavar="find|erase")],
    reason: Reason,
    group: Annotated[str, typer.Option(help="Only endpoints of this group.")] = "",
    key: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where policy.key is, if elsewhere.")
    ] = None,
    hub: HubFolder = None,
) -> int:
    """Ask all endpoints about a user, or somebody's value, typed without echo.

    Each looks for it under its own keys, of all epochs that it keeps, and answers with numbers of
    entries; erase takes it out of the evidence there and here.

    \b
    Example: outgate hub ask find --reason "request 12"
    Example: outgate hub ask erase --reason "Art. 17, request 12"
    """
    from app.commands.people import asked_without_echo
    from core.ids import utc_now

    refuse_empty(reason)
    deed = Deed.FIND if what is What.FIND else Deed.ERASE
    settings = hub_settings(hub, deed)
    from fleet.requests import Kind
    from hub.council import agreed, key_of, refuse_unnamed
    from hub.groups import refuse_unknown_group
    from hub.requests import KEY_FILE
    from hub.requests import ask as make
    from hub.settings import policy_key

    with at_hub(hub, deed) as connection:
        refuse_unknown_group(connection, group)
        found, signing = agreed(connection), policy_key(key or settings.folder)
        if found.pseudonyms:
            refuse_unnamed(found, acting())
    value = asked_without_echo("Person or value: ")
    with at_hub(hub, deed) as connection:
        number = make(
            connection,
            signing,
            key_of(settings.folder, KEY_FILE),
            Kind(what.value),
            value,
            grouped=group,
            who=acting(),
            note=reason,
            now=utc_now(),
        )
    typer.echo(f"Asked as request {number}; endpoints answer at their next check-in.")
    typer.echo(f"See: outgate hub asked {number}")
    return 0


def asked(
    number: Annotated[
        int | None, typer.Argument(metavar="[NUMBER]", help="One request, with what was found.")
    ] = None,
    hub: HubFolder = None,
    as_json: AsJson = False,
) -> int:
    """List what the fleet was asked, or show what one request found: where, which scripts, to whom.

    \b
    Example: outgate hub asked 3
    """
    with at_hub(hub, Deed.FIND) as connection:
        from hub import requests, telling_requests

        if number is None:
            found = requests.requests(connection)
            lines = telling_requests.requests(found)
        else:
            found = requests.found_for(connection, number)
            lines = telling_requests.found(found)
    print_answer(found, lines, as_json=as_json)
    return 0
