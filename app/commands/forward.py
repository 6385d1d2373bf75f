"""`forward` and `metrics`: evidence for collectors that others run."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.forwarding import Route
    from evidence.store import Store


def forward(
    list_only: Annotated[
        bool, typer.Option("--list", help="Only say what waits for each collector.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> int:
    """Send what the collectors of the settings have not taken yet; a gate does so by itself.

    Nothing is lost while a collector is away: it gets everything when it is back. Exit code 1 when
    one did not take all.

    \b
    Example: outgate forward --list
    """
    import json

    from core.errors import InputError, OutgateError
    from core.vocabulary.sizes import counted

    store, routes = _opened()
    if not routes:
        raise InputError(
            "No collector is set.",
            remedy="Name one in the settings: collectors: {siem: syslog+tls://siem.example:6514}.",
        )
    told, code = [], 0
    for route in routes:
        problem = doubt = None
        try:
            doubt = route.outbox.doubt()
            waiting = route.outbox.waiting() if list_only else route.send_all()
        except OutgateError as error:
            problem, code = error.for_officer(), 1
            waiting = route.outbox.waiting()
        line: dict[str, object] = {
            "collector": route.outbox.name,
            "problem": problem,
            "doubt": doubt,
        }
        told.append(line | {"records": waiting.records, "acts": waiting.acts})
        if not as_json:
            left = f"{counted(waiting.records, 'record')} and {counted(waiting.acts, 'act')} wait"
            words = (f"{route.outbox.name}: {left}.", doubt, problem)
            typer.echo(" ".join(filter(None, words)))
        elif not list_only and (waiting.records or waiting.acts):
            code = 1
    if as_json:
        typer.echo(json.dumps(told))
    store.close()
    return code


def metrics(
    listen: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS:PORT", help="Serve them on loopback until interrupted."),
    ] = None,
) -> int:
    """Print what was counted, in Prometheus' text format.

    \b
    Example: outgate metrics
    Example: outgate metrics --listen 127.0.0.1:9464
    """
    from exports.outbox.metrics import families, prometheus

    store, routes = _opened()

    def text() -> str:
        waiting = {route.outbox.name: route.outbox.waiting().records for route in routes}
        return prometheus(families(store, waiting))

    if listen is None:
        typer.echo(text(), nl=False)
        store.close()
        return 0
    from app.metrics_listener import serve

    return serve(listen, text, typer.echo)


def _opened() -> "tuple[Store, Sequence[Route]]":
    from app.forwarding import routes_of
    from app.home import open_home
    from app.settings import load_settings
    from app.wiring import store_of

    home = open_home()
    settings = load_settings(home.settings)
    home.kept_evidence()
    store = store_of(home, settings, "command line")
    return store, routes_of(home, settings, store)
