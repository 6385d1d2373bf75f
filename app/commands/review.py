"""`review`: the officer's desk, on a terminal, in a browser, by commands or as plain lines."""

import os
import sys
from collections.abc import Mapping
from io import TextIOWrapper
from typing import Annotated

import typer

from core.errors import InputError

_IDLE = 15.0


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
    plain: Annotated[
        bool,
        typer.Option(
            "--plain", help="Print the queue as plain lines; at a terminal as --commands does."
        ),
    ] = False,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Look, but change nothing.")
    ] = False,
    commands: Annotated[
        bool, typer.Option("--commands", help="Take commands, one a line; help lists them.")
    ] = False,
    demo: Annotated[
        bool, typer.Option("--demo", help="A guided tour over a fictional year; F1 guides.")
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
    ] = _IDLE,
) -> int:
    """Review what was sent; answer held requests.

    A queue of cases, each with who, what, where and why.

    \b
    Example: outgate review
    Example: outgate review --plain held to:openai since:monday
    Example: outgate review --case 3f9a1c02b7de
    """
    from app.case_opening import case_line
    from app.desk_acts import acts_of
    from app.home import open_home
    from app.permission import permitted, refusal, roles_told
    from app.settings import load_settings
    from app.views import line_of
    from app.wiring import store_of
    from core.rights import Deed
    from evidence.holds import HeldRequests

    _none_ignored(
        {
            "--demo": (
                demo,
                {"--commands": commands, "--read-only": read_only, "--case": case, "--view": view},
            ),
            "--web": (web, {"--plain": plain, "--commands": commands}),
            "--plain": (plain, {"--commands": commands}),
        },
        {"--port": port, "--tls": tls, "--idle-minutes": idle_minutes != _IDLE} if not web else {},
    )
    in_browser = "OUTGATE_REVIEW_IN_A_BROWSER" in os.environ
    if demo and not web:
        from app.current_user import reviewer
        from app.demo.tour import show

        return show(reviewer(), " ".join(words or ()), plain=plain, in_browser=in_browser)
    home = open_home()
    settings = load_settings(home.settings)
    who = permitted(Deed.READ, settings)
    store = store_of(home, settings, "browser" if in_browser else "review")
    holds = HeldRequests(store)
    line = line_of(home, lambda: who, view, " ".join(words or ())) or ""
    if case is not None:
        line = case_line(store, holds, case, line)
    if web:
        from app.web_review import serve

        store.close()
        given = ["--demo"] if demo else []
        given += [*(["--read-only"] if read_only else []), *(["--case", case] if case else [])]
        shown = [*given, *(["--view", view] if view else []), *(words or [])]
        return serve(home, shown, typer.echo, port=port, idle_minutes=idle_minutes, tls=tls)
    at_terminal = sys.stdout.isatty() and sys.stdin.isatty()
    if commands or (plain and at_terminal):
        from app.kept_sources import KeptSources
        from core.ids import utc_now
        from tui.plain_commands import Speaker, converse

        speaker = Speaker(
            who=who,
            clock=utc_now,
            read_only=read_only,
            refusal=lambda deed: refusal(settings, who, deed),
            grows=settings.closing_grows,
            unread_too=settings.approve_unread,
            kept=KeptSources(home=home, keeps=settings.keep_scripts).of,
        )
        if isinstance(sys.stdin, TextIOWrapper):
            sys.stdin.reconfigure(errors="replace")
        return converse(store, holds, speaker, sys.stdin, sys.stdout, line)
    if plain or not (in_browser or at_terminal):
        from tui.plain import print_queue

        return print_queue(store, sys.stdout, line, holds=holds)
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


def _none_ignored(
    beside: Mapping[str, tuple[object, Mapping[str, object]]], of_web: Mapping[str, object]
) -> None:
    """Refuse options of which one would be passed over in silence. Raises InputError.

    `beside`: option → whether it was given, and those that do not go with it.
    """
    for option, (given, others) in beside.items():
        for other in (name for name, wanted in others.items() if given and wanted):
            raise InputError(
                f"{option} and {other} do not go together.", remedy="Leave one of them away."
            )
    for option in (name for name, wanted in of_web.items() if wanted):
        raise InputError(f"{option} is for --web only.", remedy="Add --web, or leave it away.")
