"""What the review can do beside reading cases, made for one home and its store."""

from contextlib import closing
from datetime import datetime
from pathlib import Path

from app.case_rules import CaseRules
from app.current_user import reviewer
from app.desk_sheets import DeskSheets
from app.gate_registry import find
from app.home import Home
from app.kept_sources import KeptSources
from app.made_of import made_of
from app.passport import passport_of
from app.settings import Settings
from app.views import views_of
from attribution.identity.contents import ContentStore
from core.happenings import Event, happening
from evidence import open_store, verify
from evidence.store import Store
from exports.formats import formats
from exports.selection import Selection
from exports.writing import export
from habits.passport import Passport
from policy.rule_writing import switch_rule
from tui.evidence_acts import EvidenceActs, ExportChoice, Verified
from tui.rule_making import RuleMaking
from tui.script_view import ScriptParts
from tui.sheet import Sheets


def acts_of(store: Store, home: Home, settings: Settings) -> EvidenceActs:
    """Return what the review can do beside reading cases, over this store."""

    def verified() -> Verified:
        report = verify(store.path)
        lines = report.text().splitlines()
        return Verified(whole=report.ok, words=lines[1:] if report.ok else lines)

    def exported(format_name: str, cases: frozenset[str], path: Path) -> int:
        # In the order of the chain, so that an export of some cases can be verified too.
        chosen, who = Selection(cases=cases), reviewer()
        count = export(format_name, store, chosen, path, by=who).records
        facts = {"format": format_name, "since": None, "until": None, "records": count}
        store.tell(happening(Event.EXPORTED, facts, who=who))
        return count

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
    rules = CaseRules(store=store, policy=home.policy, who=reviewer)
    sheets = DeskSheets(store=store, home=home, watching=lambda: find(home.running) is not None)

    def switched(name: str) -> str:
        return f"Rule {name} is {'on' if switch_rule(home.policy, name) else 'off'}."

    def passport(script: str, now: datetime) -> Passport:
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
        views=views_of(home, reviewer()),
    )
