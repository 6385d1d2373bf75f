"""`hub`: the fleet's service, and what is asked of it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from hub.database import Connection, Database
    from hub.settings import HubSettings

application = typer.Typer(
    no_args_is_help=True,
    help="The fleet's service on PostgreSQL: who sends what, on all machines.",
    rich_markup_mode=None,
)

_Folder = Annotated[
    Path | None,
    typer.Option(
        "--hub", metavar="FOLDER", envvar="OUTGATE_HUB", help="The hub's folder.", show_envvar=True
    ),
]
_Json = Annotated[bool, typer.Option("--json", help="As JSON.")]
_Endpoint = Annotated[str, typer.Argument(metavar="ENDPOINT", help="Its name, or its id.")]
_Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept.")]


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
    Example: outgate hub init /etc/outgate-hub --database postgresql://outgate@db/outgate --name hub.corp.example
    """
    from core.ids import utc_now

    settings_module, database_module = _modules()
    made = settings_module.init(folder, database, tuple(name), listen, utc_now())
    before, after = database_module.bring_forward(made.database)
    typer.echo(f"The hub's folder is {folder}; its database has schema {after} (before: {before}).")
    typer.echo(f"Give endpoints {made.authority_file}, and each a token: outgate hub token")
    typer.echo(f"Start it: outgate hub serve --hub {folder}")
    return 0


@application.command()
def serve(hub: _Folder = None) -> int:
    """Serve endpoints until it is stopped.

    Several hubs may serve one database.

    \b
    Example: outgate hub serve --hub /etc/outgate-hub
    """
    import asyncio
    import signal
    import sys

    from app.safe_logging import quieten
    from core.ids import utc_now

    settings = _settings(hub)
    _, database_module = _modules()
    from hub.authority import load_authority, server_files
    from hub.service import Hub, serve, server_context
    from hub.settings import policy_public

    quieten(sys.stderr)
    database_module.bring_forward(settings.database)
    authority = load_authority(settings.folder)
    server = server_files(authority, settings.folder, list(settings.names), utc_now())
    context = server_context(server, settings.authority_file)
    with _database(settings) as database:
        running = Hub(
            database=database, authority=authority, policy_key=policy_public(settings.folder)
        )

        async def until_stopped() -> None:
            stop = asyncio.Event()
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, stop.set)
            await serve(running, context, settings.listen, _told_ready(settings.listen[0]), stop)

        asyncio.run(until_stopped())
    return 0


def _told_ready(host: str) -> "Callable[[int], None]":
    def ready(port: int) -> None:
        typer.echo(f"The hub serves on {host}:{port}.")

    return ready


@application.command()
def token(
    hub: _Folder = None,
    group: Annotated[str, typer.Option(help="The group of the endpoint that uses it.")] = "all",
    minutes: Annotated[int, typer.Option(min=1, max=10_080, help="How long it is valid.")] = 15,
) -> int:
    """Print a token with which one endpoint may enrol, once.

    \b
    Example: outgate hub token --group finance
    """
    from datetime import timedelta

    from core.ids import utc_now

    settings = _settings(hub)
    _modules()
    from hub.authority import load_authority
    from hub.enrolment import Enrolment

    with _database(settings) as database:
        enrolment = Enrolment(database, load_authority(settings.folder), utc_now)
        typer.echo(enrolment.token(group, timedelta(minutes=minutes)))
    return 0


@application.command()
def status(hub: _Folder = None, as_json: _Json = False) -> int:
    """Say how the fleet is; 1 when an alarm is open.

    \b
    Example: outgate hub status --json
    """
    from core.ids import utc_now

    with _work(hub) as connection:
        from hub import questions, telling

        found = questions.status(connection, utc_now())
    _told(found, telling.status(found), as_json=as_json)
    return 1 if found["alarms"] else 0


@application.command()
def endpoints(hub: _Folder = None, as_json: _Json = False) -> int:
    """List the endpoints: when they were heard of, and whether they are well.

    \b
    Example: outgate hub endpoints
    """
    from core.ids import utc_now

    with _work(hub) as connection:
        from hub import questions, telling

        now = utc_now()
        found = questions.endpoints(connection, now)
    _told(found, telling.endpoints(found, now), as_json=as_json)
    return 0


@application.command()
def scripts(
    hub: _Folder = None,
    as_json: _Json = False,
    most: Annotated[int, typer.Option(min=1, max=100_000, help="How many.")] = 100,
) -> int:
    """List scripts, each once for all machines: versions, people, spread, what they sent.

    \b
    Example: outgate hub scripts --json
    """
    with _work(hub) as connection:
        from hub import questions, telling

        found = questions.scripts(connection, most)
    _told(found, telling.scripts(found), as_json=as_json)
    return 0


@application.command()
def cases(
    hub: _Folder = None,
    as_json: _Json = False,
    all_: Annotated[bool, typer.Option("--all", help="Also those that are closed.")] = False,
    most: Annotated[int, typer.Option(min=1, max=100_000, help="How many.")] = 100,
) -> int:
    """List cases, alike ones of all machines as one.

    \b
    Example: outgate hub cases
    """
    with _work(hub) as connection:
        from hub import questions, telling

        found = questions.cases(connection, closed_too=all_, most=most)
    _told(found, telling.cases(found), as_json=as_json)
    return 0


@application.command()
def hunt(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A distribution.")],
    version: Annotated[
        str | None, typer.Argument(metavar="[VERSION]", help="One version, or a range: '<2.31'.")
    ] = None,
    hub: _Folder = None,
    as_json: _Json = False,
) -> int:
    """Say who had a package: on which machines, which scripts, what left, to whom; 1 when anybody.

    \b
    Example: outgate hub hunt litellm 1.82.7
    Example: outgate hub hunt requests '<2.31'
    """
    from packaging.utils import canonicalize_name

    from inventory.hunting import Wanted

    wanted = Wanted(name=name, version=version)
    with _work(hub) as connection:
        from hub import questions, telling

        known = questions.versions_of(connection, canonicalize_name(name))
        matching = [row["number"] for row in known if wanted.matches(row["name"], row["version"])]
        found = questions.hunt(connection, matching)
    value = {"name": name, "version": version, "had": found.had, "unknown": found.unknown}
    _told(value, telling.hunted(name, version, found.had, found.unknown), as_json=as_json)
    return 1 if found.had else 0


@application.command()
def alarms(
    hub: _Folder = None,
    as_json: _Json = False,
    all_: Annotated[bool, typer.Option("--all", help="Also those that ended.")] = False,
) -> int:
    """List alarms: evidence that was cut, rewritten or exchanged, endpoints that are silent.

    \b
    Example: outgate hub alarms
    """
    from core.ids import utc_now

    with _work(hub) as connection:
        from hub import questions, telling

        found = questions.alarms(connection, ended_too=all_)
    _told(found, telling.alarms(found, utc_now()), as_json=as_json)
    if not found and not as_json:
        typer.echo("No alarm is open.")
    return 0


@application.command()
def resolve(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="Of the alarm.")],
    reason: _Reason,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Take the evidence as it is now, beside what was kept.")
    ] = False,
    hub: _Folder = None,
) -> int:
    """End an alarm, with who and why; `--adopt` goes on with evidence that was set aside.

    \b
    Example: outgate hub resolve 12 --reason "restored from backup, ticket 4711" --adopt
    """
    from app.current_user import reviewer
    from core.ids import utc_now

    _refuse_empty(reason)
    with _work(hub) as connection:
        from hub.resolving import resolve

        told = resolve(connection, number, reviewer(), reason, utc_now(), adopt=adopt)
    typer.echo(told)
    return 0


@application.command()
def revoke(endpoint: _Endpoint, hub: _Folder = None) -> int:
    """Take no more from an endpoint, and tell it nothing; what it shipped stays.

    \b
    Example: outgate hub revoke till-17
    """
    from core.ids import utc_now

    with _work(hub) as connection:
        from hub.enrolment import revoke

        name = revoke(connection, endpoint, utc_now())
    from core.text import printable

    typer.echo(f"{printable(name, 200)} is revoked.")
    return 0


@application.command()
def publish(
    policy: Annotated[Path, typer.Argument(metavar="FILE", help="A policy.")],
    group: Annotated[str, typer.Option(help="Only for this group.")] = "",
    percent: Annotated[
        int, typer.Option(min=0, max=100, help="For so many percent of the fleet.")
    ] = 100,
    key: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where policy.key is, if elsewhere.")
    ] = None,
    hub: _Folder = None,
) -> int:
    """Sign a policy and offer it to the fleet, or to a part of it at first.

    \b
    Example: outgate hub publish outgate.yaml --percent 1
    Example: outgate hub publish outgate.yaml --group finance
    """
    from app.current_user import reviewer
    from core.errors import InputError
    from core.ids import utc_now
    from policy.loading import load_bytes

    try:
        content = policy.read_bytes()
    except OSError as error:
        raise InputError(f"Cannot read {policy}: {error.strerror}.") from None
    load_bytes(content, str(policy))
    settings = _settings(hub)
    with _work(hub) as connection:
        from hub.orders import publish_policy
        from hub.settings import policy_key

        version = publish_policy(
            connection,
            policy_key(key or settings.folder),
            content.decode(),
            grouped=group,
            percent=percent,
            who=reviewer(),
            now=utc_now(),
        )
    to = f"group {group}" if group else "all"
    typer.echo(f"Version {version} of the fleet's policy is offered to {percent} % of {to}.")
    return 0


@application.command()
def widen(
    version: Annotated[int, typer.Argument(metavar="VERSION", help="Of the fleet's policy.")],
    percent: Annotated[int, typer.Option(min=0, max=100)],
    hub: _Folder = None,
) -> int:
    """Offer a version of the policy to another share of the fleet; 0 offers it to nobody new.

    \b
    Example: outgate hub widen 7 --percent 10
    """
    with _work(hub) as connection:
        from hub.orders import widen

        widen(connection, version, percent)
    typer.echo(f"Version {version} of the fleet's policy is offered to {percent} %.")
    return 0


@application.command()
def approve(
    sha256: Annotated[str, typer.Argument(metavar="SHA256", help="Of a version of a script.")],
    reason: _Reason,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take an approval back.")] = False,
    key: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where policy.key is, if elsewhere.")
    ] = None,
    hub: _Folder = None,
) -> int:
    """Approve a version of a script on all machines, by its hash.

    \b
    Example: outgate hub approve 9f2c… --reason "reviewed with finance"
    """
    import string

    from app.current_user import reviewer
    from core.errors import InputError
    from core.ids import utc_now

    _refuse_empty(reason)
    sha256 = sha256.lower()
    if len(sha256) != 64 or not set(sha256) <= set(string.hexdigits):
        raise InputError(
            "That is no SHA-256: 64 hex digits.", remedy="outgate hub scripts --json lists them."
        )
    settings = _settings(hub)
    with _work(hub) as connection:
        from hub.orders import approve
        from hub.settings import policy_key

        approve(
            connection,
            policy_key(key or settings.folder),
            sha256,
            approved=not withdraw,
            note=reason,
            who=reviewer(),
            now=utc_now(),
        )
    typer.echo(f"{'Withdrawn' if withdraw else 'Approved'} for the fleet: {sha256[:12]}.")
    return 0


@application.command()
def sweep(hub: _Folder = None) -> int:
    """Do what endpoints erased, and write anew what it stood in. Locks tables meanwhile.

    \b
    Example: outgate hub sweep
    """
    from core.ids import utc_now
    from core.vocabulary.sizes import counted

    settings = _settings(hub)
    _modules()
    with _database(settings) as database:
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

    _modules()
    from app.demo.fleet import tell

    return tell(endpoints_, sys.stdout)


def _modules() -> tuple[Any, Any]:
    """Return the hub's modules. Raises SettingsError where its extra is not installed."""
    from core.errors import SettingsError

    try:
        import aiohttp  # noqa: F401 - asks whether it is there
        import psycopg  # noqa: F401
    except ImportError:
        raise SettingsError(
            "The hub is not installed.", remedy="Install outgate[hub] on its machine."
        ) from None
    from hub import database, settings

    return settings, database


def _settings(hub: Path | None) -> "HubSettings":
    from core.errors import SettingsError

    settings, _ = _modules()
    if hub is None:
        raise SettingsError(
            "Which hub?", remedy="Name its folder with --hub, or in OUTGATE_HUB; init makes one."
        )
    found: HubSettings = settings.load(hub)
    return found


def _database(settings: "HubSettings") -> "AbstractContextManager[Database]":
    from contextlib import closing

    from hub.database import Database

    return closing(Database(settings.database))


def _work(hub: Path | None) -> "AbstractContextManager[Connection]":
    from contextlib import contextmanager

    settings = _settings(hub)

    @contextmanager
    def work() -> "Iterator[Connection]":
        with _database(settings) as database, database.work() as connection:
            yield connection

    return work()


def _refuse_empty(reason: str) -> None:
    from core.errors import InputError

    if not reason.strip():
        raise InputError("A reason is needed.", remedy="--reason says why.")


def _told(value: Any, lines: "Iterator[str]", *, as_json: bool) -> None:
    """Print an answer."""
    import json
    from datetime import date

    if not as_json:
        for line in lines:
            typer.echo(line)
        return

    def plain(one: object) -> str | int:
        if isinstance(one, date):
            return one.isoformat()
        return int(str(one))  # sums come as Decimal

    typer.echo(json.dumps(value, ensure_ascii=False, indent=1, default=plain))
