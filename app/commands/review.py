"""`review`: the officer's desk, on a terminal, in a browser, by commands or as plain lines."""

import os
import sys
from io import TextIOWrapper
from typing import Annotated

import typer


def review(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILTER", help="Which cases to show, as after / in the app."),
    ] = None,
    view: Annotated[
        str | None, typer.Option("--view", metavar="NAME", help="Begin with a saved view.")
    ] = None,
    case: Annotated[
        str | None,
        typer.Option(
            metavar="ID", help="Open this case, or the request that is held, as a notice names it."
        ),
    ] = None,
    plain: Annotated[bool, typer.Option("--plain", help="Print the queue as plain lines.")] = False,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Look, but change nothing.")
    ] = False,
    commands: Annotated[
        bool, typer.Option("--commands", help="Take commands, one a line; help lists them.")
    ] = False,
    web: Annotated[
        bool, typer.Option("--web", help="Serve it to a browser of this machine.")
    ] = False,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="With --web: the port; 0 is any free one.")
    ] = 0,
    tls: Annotated[
        bool, typer.Option("--tls", help="With --web: under TLS, by the installation's authority.")
    ] = False,
    idle_minutes: Annotated[
        float, typer.Option(min=0.1, max=1440, help="With --web: ends after so long without a key.")
    ] = 15,
) -> int:
    """Review what was sent; answer held requests.

    A queue of cases, each with who, what, where and why.

    \b
    Example: outgate review
    Example: outgate review --plain held to:openai since:monday
    Example: outgate review --case 3f9a1c02b7de
    """
    from app.case_opening import case_line
    from app.home import open_home
    from app.permission import permitted, refusal, roles_told
    from app.settings import load_settings
    from app.views import line_of
    from app.wiring import store_of
    from core.rights import Deed
    from evidence.holds import HeldRequests

    home = open_home()
    settings = load_settings(home.settings)
    who = permitted(Deed.READ, settings)
    in_browser = "OUTGATE_REVIEW_IN_A_BROWSER" in os.environ
    store = store_of(home, settings, "browser" if in_browser else "review")
    holds = HeldRequests(store)
    line = line_of(home, lambda: who, view, " ".join(words or ())) or ""
    if case is not None:
        line = case_line(store, holds, case, line)
    if web:
        from app.web_review import serve

        store.close()
        given = [*(["--read-only"] if read_only else []), *(["--case", case] if case else [])]
        shown = [*given, *(["--view", view] if view else []), *(words or [])]
        return serve(home, shown, typer.echo, port=port, idle_minutes=idle_minutes, tls=tls)
    if commands:
        from core.ids import utc_now
        from tui.plain_commands import Speaker, converse

        speaker = Speaker(
            who=who,
            clock=utc_now,
            read_only=read_only,
            refusal=lambda deed: refusal(settings, who, deed),
            grows=settings.closing_grows,
        )
        if isinstance(sys.stdin, TextIOWrapper):
            sys.stdin.reconfigure(errors="replace")
        return converse(store, holds, speaker, sys.stdin, sys.stdout, line)
    if plain or not (in_browser or (sys.stdout.isatty() and sys.stdin.isatty())):
        from tui.plain import print_queue

        return print_queue(store, sys.stdout, line, holds=holds)
    from app.desk_acts import acts_of
    from app.gate_registry import find
    from tui.app import run

    return run(
        store,
        who,
        role=roles_told(settings, who) or "",
        refusal=lambda deed: refusal(settings, who, deed),
        grows=settings.closing_grows,
        read_only=read_only,
        watching=lambda: find(home.running) is not None,
        holds=holds,
        filter_line=line,
        case=case,
        acts=acts_of(store, home, settings),
    )
