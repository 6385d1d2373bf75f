"""`review`: the officer's desk, on a terminal, in a browser, by commands or as plain lines."""

import os
import sys
from contextlib import closing
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from datetime import datetime

    from app.home import Home
    from app.settings import Settings
    from evidence.store import Store
    from habits.passport import Passport
    from tui.evidence_acts import EvidenceActs


def review(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILTER", help="Which cases to show, as after / in the app."),
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
    from app.wiring import store_of
    from core.rights import Deed
    from evidence.holds import HeldRequests

    in_browser = "OUTGATE_REVIEW_IN_A_BROWSER" in os.environ
    if demo and not web:
        from app.current_user import reviewer
        from app.demo.tour import show

        return show(reviewer(), " ".join(words or ()), plain=plain, in_browser=in_browser)
    home = open_home()
    settings = load_settings(home.settings)
    who = permitted(Deed.READ, settings)
    store = store_of(home, settings, "browser" if in_browser else "review")
    holds, line = HeldRequests(store), " ".join(words or ())
    if case is not None:
        line = case_line(store, holds, case, line)
    if web:
        from app.web_review import serve

        store.close()
        given = ["--demo"] if demo else []
        given += [*(["--read-only"] if read_only else []), *(["--case", case] if case else [])]
        shown = [*given, *(words or [])]
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


def acts_of(store: "Store", home: "Home", settings: "Settings") -> "EvidenceActs":
    """Return what the review does with the evidence as a whole."""
    from app.current_user import reviewer
    from app.kept_sources import KeptSources
    from app.made_of import made_of
    from app.passport import passport_of
    from attribution.identity.contents import ContentStore
    from evidence import open_store, verify
    from exports.formats import formats
    from exports.selection import Selection
    from exports.writing import export
    from tui.evidence_acts import EvidenceActs, ExportChoice, Verified
    from tui.script_view import ScriptParts

    def verified() -> Verified:
        report = verify(store.path)
        lines = report.text().splitlines()
        return Verified(whole=report.ok, words=lines[1:] if report.ok else lines)

    def exported(format_name: str, cases: frozenset[str], path: Path) -> int:
        # In the order of the chain, so that an export of some cases can be verified too.
        chosen = Selection(cases=cases)
        return export(format_name, store, chosen, path, by=reviewer()).records

    kept = ContentStore(home.scripts, lambda text: text)

    def parts(sha256: str) -> ScriptParts | None:
        found = kept.parts(sha256)
        if found is None:
            return None
        told = made_of(found)
        return ScriptParts(imports=told.imports, installed=told.installed, history=told.history)

    choices = tuple(
        ExportChoice(name=f.name, suffix=f.suffix, purpose=f.purpose, proposed=f.proposed)
        for f in formats().values()
    )
    from app.case_rules import CaseRules
    from app.desk_sheets import DeskSheets
    from app.gate_registry import find
    from policy.rule_writing import switch_rule
    from tui.rule_making import RuleMaking
    from tui.sheet import Sheets

    rules = CaseRules(store=store, policy=home.policy, who=reviewer)
    sheets = DeskSheets(store=store, home=home, watching=lambda: find(home.running) is not None)

    def switched(name: str) -> str:
        return f"Rule {name} is {'on' if switch_rule(home.policy, name) else 'off'}."

    def passport(script: str, now: "datetime") -> "Passport":
        with closing(open_store(store.path)) as own:
            return passport_of(home, settings, own, script, now)

    return EvidenceActs(
        verify=verified,
        export=exported,
        formats=choices,
        parts=parts,
        kept=KeptSources(home=home, keeps=settings.keep_scripts).of,
        approve_unread=settings.approve_unread,
        rules=RuleMaking(propose=rules.propose, write=rules.write),
        sheets=Sheets(read=sheets.read, switch_rule=switched),
        passport=passport,
    )
