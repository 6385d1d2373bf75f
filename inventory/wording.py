"""Sentences about scripts at rest, for every report (pure). All text is inert."""

from datetime import datetime

from core.findings import Confidence
from core.scanned import (
    FoundEnvironment,
    Known,
    OwnerState,
    ScannedScript,
    ScanResult,
    ScriptPart,
    StartedBy,
    StartupHook,
)
from core.text import printable
from core.vocabulary.findings import CONFIDENCE
from core.vocabulary.kinds import kind_of
from core.vocabulary.sizes import counted, joined

_OWNERS = {
    OwnerState.PRESENT: "",
    OwnerState.DISABLED: "account disabled",
    OwnerState.GONE: "account gone",
    OwnerState.UNLISTED: "not on the organisation's list",
}
_GIT = {
    "committed": "as committed",
    "modified": "changed since its commit",
    "untracked": "in no commit",
}


def safe(text: object, most: int = 300) -> str:
    """Return a text of somebody else's as plain characters on one line."""
    return printable(str(text), most)


def day(at: datetime | None) -> str:
    """Return a date, or a dash."""
    return "-" if at is None else f"{at:%Y-%m-%d}"


def owner(script: ScannedScript) -> str:
    """Return whose it is, and what is the matter with that."""
    told = _OWNERS[script.owner.state]
    heir = f", now {safe(script.owner.successor, 60)}" if script.owner.successor else ""
    return f"{safe(script.owner.name, 60)}{f' ({told}{heir})' if told else ''}"


def git(script: ScannedScript) -> str:
    """Return how it stands to its repository."""
    if script.git is None:
        return "in no repository"
    state = _GIT.get(str(script.git.get("file")), "not compared")
    return f"{safe(script.git.get('remote') or script.git.get('root') or '')}, {state}"


def part(found: ScriptPart) -> str:
    """Return one part: `pandas 2.2.3`, `cv2 (opencv-python 4.10, pinned)`."""
    name, version = safe(found.distribution or found.name, 80), safe(found.version or "", 40)
    how = {Known.INSTALLED: "", Known.PINNED: " pinned", Known.WANTED: ""}[found.known]
    plain = name.replace("-", "_").lower() == found.name.lower() or not found.name
    told = (
        f"{name} {version}".strip()
        if plain
        else f"{safe(found.name, 80)} ({name} {version})".replace(" )", ")")
    )
    return told + how


def seen(script: ScannedScript) -> str:
    """Return whether a gate saw it run."""
    if script.seen_running is None:
        return "no gate to ask"
    if not script.seen_running:
        return "never seen running"
    return f"seen running, last {day(script.last_run)}"


def starts(entry: StartedBy) -> str:
    """Return what starts it, and when."""
    off = "" if entry.enabled else " (switched off)"
    who = f" as {safe(entry.account, 60)}" if entry.account else ""
    return f"{entry.kind}, {safe(entry.when, 100)}{who}{off}: {safe(entry.file)}"


def hook(found: StartupHook) -> str:
    """Return what runs at every start, and whose it is."""
    where = safe(found.file) + (f", line {found.line}" if found.line else "")
    whose = f"brought by {safe(found.owner, 100)}" if found.owner else "brought by no package"
    builds = "; builds or fetches code" if found.builds_code else ""
    names = f"; {joined([safe(n, 60) for n in found.imports[:5]])}" if found.imports else ""
    return f"{found.kind} in {where}: {whose}{builds}{names}"


def environment(found: FoundEnvironment) -> str:
    """Return one environment in a line."""
    python = f" Python {safe(found.python, 20)}," if found.python else ""
    return f"{found.kind}: {safe(found.prefix)},{python} {counted(len(found.packages), 'package')}"


def findings(script: ScannedScript) -> list[tuple[str, str]]:
    """Return what was found in it: what, and where."""
    told = [
        (
            f"password or key ({secret.type}, {CONFIDENCE[secret.confidence]}"
            f"{', published example' if secret.test_data else ''}): {secret.excerpt}",
            secret.place,
        )
        for secret in sorted(script.secrets, key=lambda s: s.confidence is Confidence.POSSIBLE)
    ]
    told += [(f"{flaw.words} ({flaw.rule}, {flaw.grade})", flaw.place) for flaw in script.flaws]
    told += [
        (
            "personal data: "
            f"{counted(data.count, kind_of(data.kind).one, kind_of(data.kind).many)}",
            ", ".join(data.places),
        )
        for data in script.personal
    ]
    told += [
        (f"names {service.name} ({service.how})", service.place) for service in script.services
    ]
    told += [(f"model {model}", "") for model in script.models]
    for risk in script.packages_at_risk:
        what = "malicious package" if risk.malicious else "package with a known hole"
        fixed = f", mended in {joined(risk.fixed[:3], 'or')}" if risk.fixed else ""
        system = "; perhaps mended by the distribution" if risk.mended_by_system else ""
        told.append(
            (
                f"{what}: {risk.distribution} {risk.version}, "
                f"{risk.advisory}{fixed}{system}. {risk.summary}",
                "",
            )
        )
    told += [(f"hint, not a fact: {hint.words}", hint.place) for hint in script.hints]
    return [(safe(what), safe(where)) for what, where in told]


def headline(result: ScanResult) -> list[str]:
    """Return the numbers, in sentences."""
    scripts = result.scripts
    secrets = sum(any(not s.test_data for s in script.secrets) for script in scripts)
    gone = sum(script.owner.state in {OwnerState.GONE, OwnerState.DISABLED} for script in scripts)
    scheduled = sum(bool(script.started_by) for script in scripts)
    bad = sum(any(p.malicious for p in script.packages_at_risk) for script in scripts)
    weak = sum(bool(script.packages_at_risk) for script in scripts)
    told = [
        f"{counted(len(scripts), 'script')} in {counted(result.files, 'file')} on "
        f"{safe(result.host, 100)}.",
        f"{counted(secrets, 'script')} with hard-coded passwords or keys; "
        f"{counted(scheduled, 'script')} started by a schedule; {counted(gone, 'script')} "
        "whose owner is gone or disabled.",
    ]
    if bad or weak:
        told.append(
            f"{counted(bad, 'script')} with a malicious package, {counted(weak, 'script')} "
            "with a package that an advisory names."
        )
    told += [
        f"{counted(len(result.environments), 'environment')}, "
        f"{counted(len(result.schedules), 'schedule')} that start Python, "
        f"{counted(len(result.hooks), 'start-up hook')}.",
        *(safe(note) for note in result.notes),
    ]
    if result.unread_count:
        told.append(
            f"{counted(result.unread_count, 'folder')} could not be read by this account; "
            "what lies there is unknown."
        )
    return told
