"""`review`: the officer's desk, on a terminal, in a browser, by commands or as plain lines."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from io import TextIOWrapper
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.desk_options import IDLE, IdleMinutes, Port, Tls, Web, none_ignored, of_web

if TYPE_CHECKING:
    from app.home import Home
    from app.settings import Settings
    from evidence.holds import HeldRequests
    from evidence.store import Store


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
            metavar="ID",
            help="Open this case, or the request that is held, as a notice or a refusal names it.",
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
    web: Web = False,
    port: Port = 0,
    tls: Tls = False,
    idle_minutes: IdleMinutes = IDLE,
) -> int:
    """Review what was sent; answer held requests.

    A queue of cases, each with who, what, where and why.

    \b
    Example: outgate review
    Example: outgate review --plain held to:openai since:monday
    Example: outgate review --case 3f9a1c02b7de
    """
    none_ignored(
        {
            "--demo": (
                demo,
                {"--commands": commands, "--read-only": read_only, "--case": case, "--view": view},
            ),
            "--web": (web, {"--plain": plain, "--commands": commands}),
            "--plain": (plain, {"--commands": commands}),
        },
        of_web(web=web, port=port, tls=tls, idle_minutes=idle_minutes),
    )
    in_browser = "OUTGATE_REVIEW_IN_A_BROWSER" in os.environ
    typed = words or []
    if demo and not web:
        from app.current_user import reviewer
        from app.demo.tour import show

        return show(reviewer(), " ".join(typed), plain=plain, in_browser=in_browser)
    at_terminal = sys.stdout.isatty() and sys.stdin.isatty()
    as_words = plain or commands or not (in_browser or at_terminal)
    desk = _Desk.opened(
        " ".join(typed),
        view,
        case,
        in_browser=in_browser,
        changes=not read_only,
        asks_for_evidence=as_words and not web,
    )
    if web:
        from app.web_review import serve

        desk.store.close()
        shown = _given_again(typed, view, case, demo=demo, read_only=read_only)
        return serve(desk.home, shown, typer.echo, port=port, idle_minutes=idle_minutes, tls=tls)
    if as_words:
        return desk.by_commands() if commands or at_terminal else desk.as_lines()
    return desk.on_screen(case)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """The queue that one person looks at, in each of its ways."""

    home: "Home"
    settings: "Settings"
    who: str
    store: "Store"
    holds: "HeldRequests"
    line: str
    """The filter that is on at first."""
    changes: bool
    """Whether anything may be decided from here."""

    @classmethod
    def opened(
        cls,
        words: str,
        view: str | None,
        case: str | None,
        *,
        in_browser: bool,
        changes: bool,
        asks_for_evidence: bool,
    ) -> "_Desk":
        """Return the desk of whoever asks. `asks_for_evidence`: where no gate ever kept any, lines
        that nothing needs anybody would be read as an answer. Raises InputError, SettingsError,
        EvidenceError.
        """
        from app.case_opening import case_line
        from app.home import open_home
        from app.permission import permitted
        from app.settings import load_settings
        from app.views import line_of
        from app.wiring import store_of
        from core.rights import Deed
        from evidence.holds import HeldRequests

        home = open_home()
        settings = load_settings(home.settings)
        who = permitted(Deed.READ, settings)
        if asks_for_evidence:
            home.kept_evidence()
        store = store_of(home, settings, "browser" if in_browser else "review")
        holds = HeldRequests(store)
        line = line_of(home, lambda: who, view, words) or ""
        if case is not None:
            line = case_line(store, holds, case, line)
        return cls(
            home=home,
            settings=settings,
            who=who,
            store=store,
            holds=holds,
            line=line,
            changes=changes,
        )

    def by_commands(self) -> int:
        """Take commands from standard input until it ends; return the exit code."""
        from app.case_list import list_problem
        from app.case_rules import CaseRules
        from app.kept_sources import KeptSources
        from app.permission import refusal
        from app.policy_in_force import deciding_path
        from core.ids import utc_now
        from tui.plain_commands import Speaker, converse
        from tui.rule_making import RuleMaking

        policy = deciding_path(self.home) or self.home.policy
        rules = CaseRules(store=self.store, policy=policy, who=lambda: self.who)
        speaker = Speaker(
            rules=RuleMaking(propose=rules.propose, write=rules.write),
            list_problem=partial(list_problem, self.store.path),
            who=self.who,
            clock=utc_now,
            read_only=not self.changes,
            refusal=lambda deed: refusal(self.settings, self.who, deed),
            grows=self.settings.closing_grows,
            unread_too=self.settings.approve_unread,
            kept=KeptSources(home=self.home, keeps=self.settings.keep_scripts).of,
        )
        if isinstance(sys.stdin, TextIOWrapper):
            sys.stdin.reconfigure(errors="replace")
        return converse(self.store, self.holds, speaker, sys.stdin, sys.stdout, self.line)

    def as_lines(self) -> int:
        """Print the queue; return the exit code."""
        from app.case_list import list_problem
        from tui.plain import print_queue

        problem = partial(list_problem, self.store.path)
        return print_queue(
            self.store, sys.stdout, self.line, holds=self.holds, list_problem=problem
        )

    def on_screen(self, case: str | None) -> int:
        """Run the review on the terminal, with this case open; return the exit code."""
        from app.desk_acts import acts_of
        from app.gate_registry import find
        from app.permission import refusal, roles_told
        from tui.app import run

        return run(
            self.store,
            self.who,
            role=roles_told(self.settings, self.who) or "",
            refusal=lambda deed: refusal(self.settings, self.who, deed),
            grows=self.settings.closing_grows,
            read_only=not self.changes,
            watching=lambda: find(self.home.running) is not None,
            holds=self.holds,
            filter_line=self.line,
            case=case,
            acts=acts_of(self.store, self.home, self.settings),
        )


def _given_again(
    words: Sequence[str], view: str | None, case: str | None, *, demo: bool, read_only: bool
) -> list[str]:
    """Return the options and words that the review in a browser is started with."""
    given = ["--demo"] if demo else []
    given += ["--read-only"] if read_only else []
    given += ["--case", case] if case else []
    given += ["--view", view] if view else []
    return [*given, *words]
