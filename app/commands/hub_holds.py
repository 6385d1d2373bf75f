"""`hub holds` and `hub answer`: requests that wait for a person, on all machines."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.commands.hub_desk import shown_at
from app.hub_access import (
    AsJson,
    HubFolder,
    Reason,
    acting,
    asked_of_approvals,
    at_hub,
    hub_settings,
    print_answer,
    refuse_empty,
)
from core.rights import Deed


class Answer(StrEnum):
    """What is said of a held request."""

    APPROVE = "approve"
    REFUSE = "refuse"


def holds(hub: HubFolder = None, as_json: AsJson = False) -> int:
    """List requests that wait for a person now, the one with the least time first.

    \b
    Example: outgate hub holds
    """
    from core.ids import utc_now

    with at_hub(hub, Deed.READ) as connection:
        from hub import telling_holds
        from hub.held import holds

        now = utc_now()
        shown = shown_at(connection, hub)
        found = [
            {**row, "person": shown.person_there(row["person"])} for row in holds(connection, now)
        ]
    print_answer(found, telling_holds.holds(found, now), as_json=as_json)
    return 0


def answer(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="From outgate hub holds.")],
    what: Annotated[Answer, typer.Argument(metavar="approve|refuse")],
    reason: Reason,
    key: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where policy.key is, if elsewhere.")
    ] = None,
    hub: HubFolder = None,
) -> int:
    """Let a held request go, or refuse it; the gate hears of it within seconds.

    \b
    Example: outgate hub answer 12 approve --reason "agreed with finance"
    """
    from core.ids import utc_now

    refuse_empty(reason)
    settings = hub_settings(hub, Deed.ANSWER)
    with at_hub(hub, Deed.ANSWER) as connection:
        from hub.held import answer as say
        from hub.settings import policy_key

        say(
            connection,
            policy_key(key or settings.folder),
            number,
            approved=what is Answer.APPROVE,
            who=acting(),
            note=reason,
            now=utc_now(),
            asks=asked_of_approvals(),
        )
    typer.echo(f"{'Approved' if what is Answer.APPROVE else 'Refused'}: {number}.")
    return 0
