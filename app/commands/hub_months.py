"""`hub months`: how long the hub itself keeps what it took, and what was removed."""

from typing import Annotated

import typer

from app.hub_access import (
    AsJson,
    HubFolder,
    acting,
    database_of,
    hub_settings,
    print_answer,
    refuse_empty,
)
from core.rights import Deed
from hub.patience import THOROUGH


def months(
    keep: Annotated[
        int | None,
        typer.Option("--keep", metavar="N", help="Keep so many whole months; 0 keeps all."),
    ] = None,
    note_dropped: Annotated[
        bool,
        typer.Option("--note-dropped", help="Note that what is missing was dropped by hand."),
    ] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is chained.")] = "",
    hub: HubFolder = None,
    as_json: AsJson = False,
) -> int:
    """List the months that the hub keeps and those it removed; or say how many it keeps.

    Messages and records of older months go, now and while the hub serves. Sums, acts and alarms
    stay, chains still verify, and what is under a legal hold of an endpoint stays with its month.

    \b
    Example: outgate hub months --keep 12 --reason "agreed with the works council"
    """
    from core.errors import InputError
    from core.ids import utc_now

    if keep is not None and note_dropped:
        raise InputError("Either --keep or --note-dropped.")
    changes = keep is not None or note_dropped
    settings = hub_settings(hub, Deed.ERASE if changes else Deed.WATCH)
    if changes:
        refuse_empty(reason)
    with database_of(settings, THOROUGH) as database:
        from hub import months as own
        from hub import telling_months
        from hub.erasing import erase_pending

        now = utc_now()
        with database.work() as connection:
            if keep is not None:
                own.keep_months(connection, keep, note=reason, who=acting(), now=now)
            if note_dropped:
                own.note_dropped(connection, note=reason, who=acting(), now=now)
        if changes:
            erase_pending(database, now)
            own.remove_old(database, now)
        with database.work() as connection:
            found, kept = own.months(connection, now), own.kept_months(connection)
    print_answer(found, telling_months.months(found, kept), as_json=as_json)
    return 0
