"""`capture`: what all programs of this machine send comes to its gate."""

import json
from typing import Annotated, Literal

import typer

application = typer.Typer(
    help="Bring what all programs of this machine send to its gate (Linux, root).",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@application.command()
def on(
    user: Annotated[
        list[str] | None, typer.Option(metavar="USER", help="Of this user; repeatable.")
    ] = None,
    cgroup: Annotated[
        list[str] | None,
        typer.Option(metavar="PATH", help="Of this cgroup and what is below it; repeatable."),
    ] = None,
    fail: Annotated[
        Literal["open", "closed"] | None,
        typer.Option(help="Without a gate: past it and counted, or refused."),
    ] = None,
    foreground: Annotated[
        bool, typer.Option("--foreground", help="Stay here until a signal; for services.")
    ] = False,
) -> int:
    """Capture the connections of everybody, or of those who are named; the gate's user never.

    Programs that descend from no Python go on unread, and are counted.

    \b
    Example: sudo outgate capture on --user anna --fail open
    """
    from app.capturing import begin, keep, plan_of, refuse_without_rights
    from app.home import open_home
    from app.settings import load_settings
    from app.systemd_notify import notify

    refuse_without_rights()
    home = open_home()
    plan = plan_of(home, load_settings(home.settings), user or (), cgroup or (), fail)
    if not foreground:
        given = [word for name in user or () for word in ("--user", name)]
        given += [word for path in cgroup or () for word in ("--cgroup", path)]
        typer.echo(begin([*given, *(("--fail", fail) if fail else ())]))
        return 0

    def ready(with_gate: bool) -> None:
        without = "refused" if plan.closed else "let past, counted"
        told = "" if with_gate else f" No gate is there yet: until then connections are {without}."
        print(f"Captured: {plan.words}.{told}", flush=True)  # noqa: T201
        notify("READY=1")

    keep(plan, ready)
    return 0


@application.command()
def off() -> int:
    """Capture nothing more; every rule is taken away, also those of a keeper that was killed.

    \b
    Example: sudo outgate capture off
    """
    from app.capturing import end, refuse_without_rights

    refuse_without_rights()
    there = end()
    typer.echo("Nothing is captured any more." if there else "Nothing was captured.")
    return 0


@application.command()
def status(as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False) -> int:
    """Say whose connections are captured, and whether a gate takes them.

    Exit code 1 when nothing is captured, or no gate is there.

    \b
    Example: outgate capture status --json
    """
    from dataclasses import asdict

    from app.capturing import known, lines

    state = known()
    alive = state is not None and state.is_alive
    if as_json:
        told = {} if state is None else asdict(state)
        typer.echo(json.dumps({**told, "captured": alive}))
    else:
        for line in lines(state):
            typer.echo(line)
    return 0 if state is not None and alive and not state.open else 1
