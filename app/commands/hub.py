"""`hub`: the fleet's service: made, served, told what to do."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands import (
    hub_desk,
    hub_holds,
    hub_hunting,
    hub_months,
    hub_out,
    hub_policies,
    hub_questions,
    hub_requests,
)
from app.hub_access import (
    HubFolder,
    Reason,
    acting,
    at_hub,
    database_of,
    hub_settings,
    refuse_empty,
    refuse_not_installed,
)
from core.rights import Deed
from hub.patience import THOROUGH

if TYPE_CHECKING:
    from collections.abc import Callable

    from hub.answering import Hub
    from hub.authority import HubAuthority
    from hub.database import Database
    from hub.settings import HubSettings

application = typer.Typer(
    no_args_is_help=True,
    help="The fleet's service on PostgreSQL: who sends what, on all machines.",
    rich_markup_mode=None,
)
for _question in (
    hub_questions.status,
    hub_questions.metrics,
    hub_questions.endpoints,
    hub_questions.scripts,
    hub_questions.cases,
    hub_hunting.hunt,
    hub_hunting.hunts,
    hub_hunting.advisories,
    hub_requests.ask,
    hub_requests.asked,
    hub_questions.alarms,
    hub_holds.holds,
    hub_holds.answer,
    hub_desk.review,
    hub_desk.case,
    hub_desk.council,
    hub_desk.reveal,
    hub_desk.confirm,
    hub_out.stream,
    hub_out.streams,
    hub_out.archive,
    hub_policies.preview,
    hub_policies.policies,
    hub_policies.publish,
    hub_policies.widen,
    hub_policies.approve,
    hub_policies.retention,
    hub_policies.settings,
    hub_months.months,
):
    application.command()(_question)

_Endpoint = Annotated[str, typer.Argument(metavar="ENDPOINT", help="Its name, or its id.")]


@application.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where its keys are kept.")],
    database: Annotated[
        str, typer.Option(metavar="ADDRESS", help="postgresql://user@host/database")
    ],
    name: Annotated[
        list[str],
        typer.Option("--name", metavar="HOST", help="By which endpoints reach it; several may be."),
    ],
    listen: Annotated[str, typer.Option(metavar="ADDRESS:PORT")] = "0.0.0.0:8443",
) -> int:
    """Make a hub: its authority, the key that signs orders, and the tables in its database.

    What is there already stays; run it again after an update, too.

    \b
    Example: outgate hub init /etc/hub --database postgresql://hub@db/hub --name hub.corp.example
    """
    from app.permission import permitted
    from core.ids import utc_now

    permitted(Deed.OPERATE)
    refuse_not_installed()
    from hub.database import bring_forward
    from hub.settings import init
    from hub.totals import AT_ONCE_S, make_totals

    made = init(folder, database, tuple(name), listen, utc_now())
    before, after = bring_forward(made.database)
    with database_of(made) as brought:
        make_totals(brought, AT_ONCE_S)
    typer.echo(f"The hub's folder is {folder}; its database has schema {after} (before: {before}).")
    typer.echo(f"Give endpoints {made.authority_file}, and each a token: outgate hub token")
    typer.echo(f"Start it: outgate hub serve --hub {folder}")
    return 0


@application.command()
def serve(
    hub: HubFolder = None,
    processes: Annotated[
        int, typer.Option(min=1, max=64, help="So many on one port, each on a core of its own.")
    ] = 1,
) -> int:
    """Serve endpoints until it is stopped.

    Several hubs may serve one database.

    \b
    Example: outgate hub serve --hub /etc/outgate-hub --processes 2
    """
    import asyncio
    import signal
    import sys

    from app.hub_processes import command, serve_beside, stop_with_the_first
    from app.safe_logging import quieten
    from core.errors import InputError
    from core.ids import utc_now

    settings = hub_settings(hub)
    if processes > 1 and settings.listen[1] == 0:
        raise InputError("Several processes need a port of their own.", remedy="listen in hub.yaml")
    from hub.authority import load_authority, server_files
    from hub.database import bring_forward
    from hub.service import serve, server_context
    from hub.totals import AT_ONCE_S, make_totals

    quieten(sys.stderr)
    bring_forward(settings.database)
    authority = load_authority(settings.folder)
    server = server_files(authority, settings.folder, list(settings.names), utc_now())
    context = server_context(server, settings.authority_file, settings.own_authorities)
    with database_of(settings) as database:
        make_totals(database, AT_ONCE_S)
        running = _hub_of(settings, database, authority)

        async def until_stopped() -> None:
            stop = asyncio.Event()
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, stop.set)
            stop_with_the_first(stop)
            ready = _told_ready(settings.listen[0])
            serving = serve(running, context, settings.listen, ready, stop)
            await serve_beside(serving, command(settings.folder), processes - 1)

        asyncio.run(until_stopped())
    return 0


def _hub_of(settings: "HubSettings", database: "Database", authority: "HubAuthority") -> "Hub":
    """Return what answers endpoints."""
    from core.ids import utc_now
    from hub.answering import Hub
    from hub.council import key_of
    from hub.inspection import Inspection
    from hub.requests import KEY_FILE
    from hub.settings import policy_public

    given = settings.inspection
    return Hub(
        database=database,
        authority=authority,
        policy_key=policy_public(settings.folder),
        own_group=settings.own_group,
        inspection=None if given is None else Inspection.at(given, utc_now()),
        sealing=key_of(settings.folder, KEY_FILE),
    )


def _told_ready(host: str) -> "Callable[[int], None]":
    def ready(port: int) -> None:
        typer.echo(f"The hub serves on {host}:{port}.")

    return ready


@application.command()
def token(
    hub: HubFolder = None,
    group: Annotated[str, typer.Option(help="The group of the endpoint that uses it.")] = "all",
    minutes: Annotated[int, typer.Option(min=1, max=10_080, help="How long it is valid.")] = 15,
) -> int:
    """Print a token with which one endpoint may enrol, once.

    \b
    Example: outgate hub token --group finance
    """
    from datetime import timedelta

    from core.ids import utc_now

    settings = hub_settings(hub, Deed.OPERATE)
    from hub.authority import load_authority
    from hub.deeds import Word, chained
    from hub.enrolment import Enrolment

    with database_of(settings) as database:
        enrolment = Enrolment(database, load_authority(settings.folder), utc_now)
        made = enrolment.token(group, timedelta(minutes=minutes))
        told = {"group": group, "minutes": minutes}
        with database.work() as connection:
            chained(
                connection,
                Word.TOKEN_MADE,
                "token",
                who=acting(),
                note="",
                now=utc_now(),
                facts=told,
            )
    typer.echo(made)
    return 0


@application.command()
def resolve(
    numbers: Annotated[list[int], typer.Argument(metavar="NUMBER...", help="Of alarms.")],
    reason: Reason,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Take the evidence as it is now, beside what was kept.")
    ] = False,
    hub: HubFolder = None,
) -> int:
    """End alarms, all or none, with who and why; `--adopt` goes on with what was set aside.

    \b
    Example: outgate hub resolve 12 --reason "restored from backup, ticket 4711" --adopt
    """
    from core.ids import utc_now

    refuse_empty(reason)
    with at_hub(hub, Deed.WORK) as connection:
        from hub.resolving import resolve

        who, now = acting(), utc_now()
        told = [resolve(connection, one, who, reason, now, adopt=adopt) for one in numbers]
    typer.echo("\n".join(told))
    return 0


@application.command()
def revoke(endpoint: _Endpoint, hub: HubFolder = None) -> int:
    """Take no more from an endpoint, and tell it nothing; what it shipped stays.

    \b
    Example: outgate hub revoke till-17
    """
    from core.ids import utc_now
    from core.text import printable

    with at_hub(hub, Deed.OPERATE) as connection:
        from hub.deeds import Word, chained
        from hub.enrolment import found, revoke
        from hub.inspection import given_to

        now = utc_now()
        given = given_to(connection, found(connection, endpoint)[0], now)
        name = revoke(connection, endpoint, now)
        about = f"endpoint {printable(name, 100)}"
        chained(connection, Word.REVOKED, about, who=acting(), note="", now=now)
    typer.echo(f"{printable(name, 200)} is revoked.")
    if given:
        typer.echo(
            "It inspects with authorities of these serial numbers; have the organisation revoke "
            f"them, too: {', '.join(given)}"
        )
    return 0


@application.command()
def restored(reason: Reason, hub: HubFolder = None) -> int:
    """Say that the database was restored from a backup: certificates of before now that it does not
    know are taken again. Revoke again who was revoked since the backup.

    \b
    Example: outgate hub restored --reason "disk failure, backup of Monday"
    """
    from core.ids import utc_now

    refuse_empty(reason)
    with at_hub(hub, Deed.OPERATE) as connection:
        from hub.enrolment import restored

        restored(connection, acting(), reason, utc_now())
    typer.echo("Noted. Endpoints ship again what is missing. Revoke again who was revoked since.")
    return 0


@application.command()
def verify(hub: HubFolder = None) -> int:
    """Recompute every chain from what the hub holds; 1 when something does not fit.

    \b
    Example: outgate hub verify
    """
    from core.vocabulary.sizes import counted

    with at_hub(hub, Deed.VERIFY) as connection:
        from hub.verification import verify

        found = verify(connection)
    for problem in found.problems:
        typer.echo(problem)
    if found.deeds:
        deeds = counted(found.deeds, "deed")
        typer.echo(f"{deeds} of people at the hub, the newest {found.deeds_head.hex()[:16]}.")
    if found.unread:
        read = counted(found.unread, "record")
        typer.echo(f"{read} whose rows an older hub wrote are still to be read again: status")
    if found.removed:
        gone = counted(found.removed, "entry", "entries")
        typer.echo(f"{gone} of months that were removed: outgate hub months")
    told = f"{counted(found.entries, 'entry', 'entries')} in {counted(found.chains, 'chain')}"
    typer.echo(f"{told}: {'not whole' if found.problems else 'whole'}.")
    return 1 if found.problems else 0


@application.command()
def sweep(hub: HubFolder = None) -> int:
    """Do what endpoints erased, and write anew what it stood in. Locks tables meanwhile.

    \b
    Example: outgate hub sweep
    """
    from core.ids import utc_now
    from core.vocabulary.sizes import counted

    settings = hub_settings(hub, Deed.OPERATE)
    with database_of(settings, THOROUGH) as database:
        from hub.erasing import erase_pending, sweep

        done, swept = erase_pending(database, utc_now()), sweep(database, utc_now())
    typer.echo(f"{counted(done, 'erasure')} done, {counted(swept, 'erasure')} swept.")
    return 0


@application.command()
def demo(
    endpoints_: Annotated[
        int, typer.Option("--endpoints", min=1, max=200, help="How many endpoints.")
    ] = 20,
) -> int:
    """Show a fleet: a PostgreSQL of its own, a hub, and endpoints that really ship.

    \b
    Example: outgate hub demo
    """
    import sys

    refuse_not_installed()
    from app.demo.fleet import tell

    return tell(endpoints_, sys.stdout)
