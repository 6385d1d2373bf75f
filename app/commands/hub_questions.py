"""`hub status`, `endpoints`, `scripts`, `cases`, `alarms`: what is asked of the fleet."""

from typing import Annotated

import typer

from app.commands.hub_desk import shown_at
from app.hub_access import AsJson, HubFolder, at_hub, database_of, hub_settings, print_answer
from core.rights import Deed


def status(hub: HubFolder = None, as_json: AsJson = False) -> int:
    """Say how the fleet is; 1 when an alarm is open.

    \b
    Example: outgate hub status --json
    """
    from core.ids import utc_now

    with at_hub(hub, Deed.WATCH) as connection:
        from hub import questions, telling

        found = questions.status(connection, utc_now())
    print_answer(found, telling.status(found), as_json=as_json)
    return 1 if found["alarms"] else 0


def metrics(hub: HubFolder = None) -> int:
    """Print what a hub is watched by, as Prometheus reads it: numbers only, no names.

    \b
    Example: outgate hub metrics > /var/lib/node_exporter/outgate_hub.prom
    """
    from core.ids import utc_now

    # Nobody is asked: a timer runs it, and it tells numbers alone.
    with database_of(hub_settings(hub)) as database, database.work() as connection:
        from hub.metrics import metrics

        found = metrics(connection, utc_now())
    typer.echo(found, nl=False)
    return 0


def endpoints(hub: HubFolder = None, as_json: AsJson = False) -> int:
    """List the endpoints: when they were heard of, and whether they are well.

    \b
    Example: outgate hub endpoints
    """
    from core.ids import utc_now

    with at_hub(hub, Deed.WATCH) as connection:
        from hub import questions, telling

        now = utc_now()
        found = questions.endpoints(connection, now)
    print_answer(found, telling.endpoints(found, now), as_json=as_json)
    return 0


def scripts(
    hub: HubFolder = None,
    as_json: AsJson = False,
    most: Annotated[int, typer.Option(min=1, max=100_000, help="How many.")] = 100,
) -> int:
    """List scripts, each once for all machines: versions, people, spread, what they sent.

    \b
    Example: outgate hub scripts --json
    """
    from core.ids import utc_now

    with at_hub(hub, Deed.READ) as connection:
        from hub import questions, telling

        shown = shown_at(connection, hub)
        found = questions.scripts(connection, most)
        if as_json:
            questions.add_spread(connection, found, utc_now())
        found = [shown.script(row) for row in found]
    print_answer(found, telling.scripts(found), as_json=as_json)
    return 0


def cases(
    hub: HubFolder = None,
    as_json: AsJson = False,
    all_: Annotated[bool, typer.Option("--all", help="Also those that are closed.")] = False,
    most: Annotated[int, typer.Option(min=1, max=100_000, help="How many.")] = 100,
) -> int:
    """List cases, alike ones of all machines as one.

    \b
    Example: outgate hub cases
    """
    with at_hub(hub, Deed.READ) as connection:
        from hub import questions, telling

        found = questions.cases(connection, closed_too=all_, most=most)
    print_answer(found, telling.cases(found), as_json=as_json)
    return 0


def alarms(
    hub: HubFolder = None,
    as_json: AsJson = False,
    all_: Annotated[bool, typer.Option("--all", help="Also those that ended.")] = False,
) -> int:
    """List alarms: evidence that was cut, rewritten or exchanged, endpoints that are silent.

    \b
    Example: outgate hub alarms
    """
    from core.ids import utc_now

    with at_hub(hub, Deed.WATCH) as connection:
        from hub import questions, telling

        found = questions.alarms(connection, ended_too=all_)
    print_answer(found, telling.alarms(found, utc_now()), as_json=as_json)
    if not found and not as_json:
        typer.echo("No alarm is open.")
    return 0
