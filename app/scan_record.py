"""A scan joins the evidence where a gate has kept some: an act that says what was found, and a case
for each script that a gate saw and that nobody answers for.
"""

from collections.abc import Iterator
from pathlib import Path

from app.current_user import reviewer
from app.home import Home, home_there
from app.passport_file import is_orphan, successors
from app.settings import load_settings
from app.wiring import store_of
from core.attribution import Attribution, Certainty, LaunchedAs, Script
from core.case_keys import sender_of
from core.errors import EvidenceError, InputError
from core.happenings import Event, Fact, happening
from core.ids import utc_now, uuid7
from core.observation import Kind, Observation, Seen
from core.scanned import ScannedScript, ScanResult
from core.vocabulary.sizes import counted
from evidence import open_evidence
from evidence.store import Store

_MOST = 200
_HOW = "a scan of the file's owner against the accounts"


def evidence_there() -> Home:
    """Return the home in which a gate has kept evidence. Raises InputError where none has."""
    home = home_there()
    if home is None or not home.evidence.is_file():
        raise InputError(
            "No gate has kept evidence here that the scan could join.",
            remedy="Scan without --record, or start a gate first: outgate start",
        )
    return home


def record_scan(result: ScanResult) -> str:
    """Note a scan in the evidence; return a sentence on what was noted. Raises InputError,
    EvidenceError.
    """
    home = evidence_there()
    store = store_of(home, load_settings(home.settings), "command line")
    store.tell(happening(Event.SCANNED, _facts(result), who=reviewer()))
    orphans = list(_orphans(store, result))
    _observe(home.evidence, orphans)
    cases = counted(len(orphans), "new case")
    return f"Noted in the evidence; {cases} of scripts that nobody answers for."


def _facts(result: ScanResult) -> dict[str, Fact]:
    running = [script for script in result.scripts if script.seen_running]
    return {
        "roots": list(result.roots),
        "scripts": len(result.scripts),
        "seen_running": len(running),
        "never_seen_running": len(result.scripts) - len(running),
        "with_credentials": sum(
            any(not s.test_data for s in one.secrets) for one in result.scripts
        ),
        "with_packages_at_risk": sum(bool(one.packages_at_risk) for one in result.scripts),
        "without_owner": [s.path for s in result.scripts if is_orphan(s.owner)][:_MOST],
        "never_seen": [s.path for s in result.scripts if not s.seen_running][:_MOST],
    }


def _orphans(store: Store, result: ScanResult) -> Iterator[Observation]:
    """Yield what is new: neither told before nor answered for by a successor."""
    named = successors(store)
    told = {
        (sender_of(one.observation), one.observation.about)
        for one in store.observations()
        if one.observation.kind is Kind.ORPHAN
    }
    for script in result.scripts:
        versions = store.script_versions(script.path)
        if not is_orphan(script.owner) or not versions or script.path in named:
            continue
        seen = _orphan(script, max(versions, key=lambda v: v.last_at).sha256)
        if (script.path, seen.about) not in told:
            yield seen


def _orphan(script: ScannedScript, sha256: str | None) -> Observation:
    at, owner = utc_now(), script.owner
    name = script.path.replace("\\", "/").rsplit("/", 1)[-1]
    sender = Attribution(
        certainty=Certainty.EXACT,
        method="scan",
        script=Script(path=script.path, sha256=sha256, launched_as=LaunchedAs.UNKNOWN, name=name),
        is_python=True,
    )
    return Observation(
        id=uuid7(at),
        at=at,
        kind=Kind.ORPHAN,
        about=f"the account of {owner.name} is {owner.state.value}",
        sender=sender,
        facts={
            "owner": Seen(value=owner.name, how=_HOW),
            "proposed": Seen(value=owner.successor, how="the organisation's list of accounts"),
        },
        notable=True,
    )


def _observe(evidence: Path, seen: list[Observation]) -> None:
    if not seen:
        return
    opened = open_evidence(evidence)
    failed: list[EvidenceError] = []

    def done(error: EvidenceError | None) -> None:
        if error is not None:
            failed.append(error)

    for one in seen:
        opened.writer.observed(one, done)
    opened.close()
    if failed:
        raise failed[0]
