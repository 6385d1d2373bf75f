"""What the review can do beside reading cases, made for one home and its store."""

from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime
from functools import partial

from app.case_list import list_problem
from app.case_rules import CaseRules
from app.current_user import reviewer
from app.desk_exports import DeskExports, choices
from app.desk_sheets import DeskSheets
from app.gate_registry import find
from app.home import Home
from app.kept_sources import KeptSources, source_store
from app.made_of import made_of
from app.passport import passport_of
from app.policy_in_force import deciding_path
from app.rule_pages import RulePages
from app.settings import Settings
from app.views import views_of
from core.errors import InputError
from core.ids import utc_now
from evidence import open_store, verify
from evidence.store import Store
from habits.passport import Passport
from policy.rule_writing import switch_rule
from tui.evidence_acts import EvidenceActs, Verified
from tui.rows import Section
from tui.rule_making import RuleMaking
from tui.script_view import ScriptParts
from tui.sheet import Sheets


def _gate_of(home: Home) -> Callable[[], bool]:
    return lambda: find(home.running) is not None


def acts_of(
    store: Store,
    home: Home,
    settings: Settings,
    watching: Callable[[], bool] | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> EvidenceActs:
    """Return what the review can do beside reading cases, over this store; `watching` says whether
    a gate runs, else those of this home are asked for. A report tells of the days before `clock`'s.
    """

    def verified() -> Verified:
        report = verify(store.path)
        lines = report.text().splitlines()
        return Verified(whole=report.ok, words=lines[1:] if report.ok else lines)

    kept = source_store(home)

    def parts(sha256: str) -> ScriptParts | None:
        found = kept.parts(sha256)
        if found is None:
            return None
        told = made_of(found)
        return ScriptParts(imports=told.imports, installed=told.installed, history=told.history)

    in_force = deciding_path(home) or home.policy
    rules = CaseRules(store=store, policy=in_force, who=reviewer)
    sheets = DeskSheets(store=store, home=home, watching=watching or _gate_of(home))

    def switched(name: str) -> str:
        try:
            on = switch_rule(in_force, name)
        except OSError as error:
            raise InputError(
                f"The policy file {in_force} cannot be written: {error.strerror}.",
                remedy="Ask the person who runs Outgate here.",
            ) from None
        return f"Rule {name} is {'on' if on else 'off'}."

    def rule_page(rule_id: str, now: datetime) -> Sequence[Section]:
        with closing(open_store(store.path)) as own:
            return RulePages(store=own, home=home).page(rule_id, now)

    def passport(script: str, now: datetime) -> Passport:
        with closing(open_store(store.path)) as own:
            return passport_of(home, settings, own, script, now)

    return EvidenceActs(
        verify=verified,
        export=DeskExports(store=store, home=home, clock=clock).write,
        formats=choices(),
        list_problem=partial(list_problem, store.path),
        parts=parts,
        kept=KeptSources(home=home, keeps=settings.keep_scripts).of,
        approve_unread=settings.approve_unread,
        rules=RuleMaking(propose=rules.propose, write=rules.write),
        sheets=Sheets(read=sheets.read, switch_rule=switched, rule_page=rule_page),
        passport=passport,
        views=views_of(home, reviewer()),
    )
