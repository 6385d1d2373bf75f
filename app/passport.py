"""Collects what is known of one script for its passport: evidence, what was kept of its versions,
the file as it lies there, schedules, advisories and the policy.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from app.home import Home
from app.made_of import made_of
from app.passport_file import (
    as_it_lies,
    credential_lines,
    first_of,
    flaw_lines,
    owner_lines,
    schedule_lines,
)
from app.policy_in_force import deciding_path
from app.script_risks import packages_at_risk
from app.settings import Settings
from app.wiring import calendar_of
from core.case_keys import sender_of
from core.errors import OutgateError
from core.ids import rfc3339
from core.observation import Kind, Observation
from core.record import Record
from core.review import Action, ReviewEvent, ScriptVersion, script_key, signed
from core.vocabulary.findings import Amount, found, is_people_exact, most_of, people_told
from core.vocabulary.observations import facts_told
from core.vocabulary.sizes import counted, joined, number, size_at_least
from core.vocabulary.verdicts import words_of
from destinations.naming import place_name
from habits.learning import Learner
from habits.passport import Part, Passport
from habits.sentences import habit_lines, some

if TYPE_CHECKING:
    from evidence.store import Store
    from inventory.owners import Listed


@dataclass(slots=True)
class _Sent:
    """What went to one place."""

    place: str
    requests: int = 0
    """That left."""
    bytes: int = 0
    bytes_exact: bool = True
    stopped: int = 0
    withheld: list[Amount] = field(default_factory=list)
    """What was found in what was stopped."""
    others: Counter[str] = field(default_factory=Counter)
    """What neither left nor was stopped: `failed`, `bypassed`, …"""
    last: datetime | None = None
    accounts: set[str] = field(default_factory=set)
    amounts: list[Amount] = field(default_factory=list)


@dataclass(slots=True)
class _Told:
    """What the evidence tells of one script."""

    learner: Learner
    sent: dict[str, _Sent] = field(default_factory=dict)
    people: int = 0
    """Most people in one request."""
    people_exact: bool = True
    last: Record | None = None
    seen: list[Observation] = field(default_factory=list)

    def add(self, record: Record) -> None:
        """Count a request."""
        self.learner.add(record)
        self.last = record
        where = record.destination
        sent = self.sent.setdefault(
            where.service or where.host, _Sent(place_name(where.service, where.host))
        )
        sent.last = record.at
        self.people = max(self.people, people_told(record.findings))
        self.people_exact = self.people_exact and is_people_exact(record.findings)
        sent.bytes += record.bytes_went
        sent.bytes_exact = sent.bytes_exact and record.bytes_exact
        if not record.left:
            if record.stopped:
                sent.stopped += 1
                sent.withheld = most_of(sent.withheld, record.findings)
            else:
                sent.others[words_of(record.outcome).word] += 1
            return
        sent.requests += 1
        if where.account.id:
            sent.accounts.add(where.account.id)
        sent.amounts = most_of(sent.amounts, record.findings)


def passport_of(
    home: Home,
    settings: Settings,
    store: "Store",
    script: str,
    now: datetime,
    listed: "Mapping[str, Listed] | None" = None,
) -> Passport:
    """Return the page of a script that was seen. Raises EvidenceError."""
    versions = sorted(store.script_versions(script), key=lambda version: version.last_at)
    told = _told(home, settings, store, script)
    ran = versions[-1].sha256 if versions else None
    file = as_it_lies(home, settings, script, ran, listed)
    parts = (
        ("owner", "Owner", owner_lines(store, script, told.last, file)),
        ("versions", "Versions", _versions(home, versions)),
        ("approvals", "Approvals", _approvals(store, script)),
        ("made_of", "Made of", _made_of(home, versions)),
        ("at_risk", "At risk", _at_risk(home, versions)),
        ("flaws", "Flaws", flaw_lines(file)),
        ("credentials", "Credentials", credential_lines(file)),
        ("schedules", "Schedules", schedule_lines(file, told.last)),
        ("destinations", "Sends to", _destinations(told)),
        ("people", "People", _people(told)),
        ("databases", "Databases", _observed(told.seen, Kind.CONNECTION)),
        ("listeners", "Listens at", _observed(told.seen, Kind.LISTENER)),
        ("files", "Files", _files(told.seen)),
        ("runs", "Runs", _runs(told.seen)),
        ("baseline", "Habits", _habits(told, script, now)),
        ("contract", "Contract", _contract(home, script)),
    )
    return Passport(
        script=script,
        made_at=rfc3339(now),
        parts=tuple(Part(key=key, title=title, lines=tuple(lines)) for key, title, lines in parts),
    )


def _told(home: Home, settings: Settings, store: "Store", script: str) -> _Told:
    from app.habits import records_of

    told = _Told(Learner(calendar_of(settings)))
    for record in records_of(home.evidence, None, script):
        if sender_of(record) == script:
            told.add(record)
    told.seen = [
        one.observation for one in store.observations() if sender_of(one.observation) == script
    ]
    return told


def _versions(home: Home, versions: Sequence[ScriptVersion]) -> Iterator[str]:
    from app.kept_sources import SEALS_IN_WORDS, seal_trouble, source_store

    kept, before = source_store(home), None
    lines = []
    for version in versions:
        seen = f"{version.first_at:%Y-%m-%d %H:%M} to {version.last_at:%Y-%m-%d %H:%M}"
        changed = ""
        if before is not None and version.sha256:
            diff = kept.diff(before, version.sha256)
            changed = "" if diff is None else f", {_changed(diff)}"
        if version.sha256 and (trouble := seal_trouble(kept, version.sha256)):
            changed += f", {SEALS_IN_WORDS[trouble]}"
        before = version.sha256 or before
        lines.append(f"{(version.sha256 or 'not known')[:12]}  {seen}{changed}")
    yield from first_of(lines[::-1])
    if len(lines) > 1:
        yield "outgate scripts --diff shows what changed in the newest"


def _changed(diff: Iterable[str]) -> str:
    lines = [line for line in diff if not line.startswith(("+++", "---"))]
    added = sum(line.startswith("+") for line in lines)
    gone = sum(line.startswith("-") for line in lines)
    return f"{counted(added, 'line')} more and {counted(gone, 'line')} fewer than before"


_DONE = {
    Action.APPROVE_SCRIPT: "approved",
    Action.ASK_APPROVE_SCRIPT: "approval by a second person asked for",
}


def _approvals(store: "Store", script: str) -> Iterator[str]:
    acts = [one for one in store.history(script_key(script)) if isinstance(one, ReviewEvent)]
    yield from first_of([_approval(act) for act in reversed(acts)]) if acts else ("none",)


def _approval(act: ReviewEvent) -> str:
    done = _DONE.get(act.action, "approval taken back")
    until = ", until it changes" if act.action is Action.APPROVE_SCRIPT else ""
    version = (act.script_sha256 or "")[:12]
    return f"{version} {done} by {signed(act)} on {act.at:%Y-%m-%d}{until}: “{act.note}”"


def _newest(versions: Sequence[ScriptVersion]) -> str | None:
    return next((v.sha256 for v in reversed(versions) if v.sha256), None)


def _made_of(home: Home, versions: Sequence[ScriptVersion]) -> Iterator[str]:
    from app.kept_sources import source_store

    kept = source_store(home)
    hashes = [version.sha256 for version in reversed(versions) if version.sha256]
    found = next((parts for sha in hashes if (parts := kept.parts(sha)) is not None), None)
    if found is None:
        yield "not kept; see keep_scripts in docs/settings.md"
        return
    told = made_of(found)
    imports = "not readable" if told.imports is None else joined(told.imports)
    yield f"imports {imports or 'nothing but Python itself'}"
    yield f"{counted(len(told.installed), 'package')} in its environment"
    yield f"git: {told.history or 'in no repository'}"


def _at_risk(home: Home, versions: Sequence[ScriptVersion]) -> Iterable[str]:
    newest = _newest(versions)
    return ["not known: no version was read"] if newest is None else packages_at_risk(home, newest)


def _destinations(told: _Told) -> Iterator[str]:
    by_bytes = sorted(told.sent.values(), key=lambda one: -one.bytes)
    yield from first_of([_sent_to(one) for one in by_bytes])
    if not told.sent:
        yield "nothing that is still in the evidence"


def _sent_to(sent: _Sent) -> str:
    accounts = f", account {some(sorted(sent.accounts))}" if sent.accounts else ""
    what = found(sent.amounts)
    withheld = found(sent.withheld)
    stopped = "stopped" + (f" ({withheld})" if withheld else "")
    counts = Counter({stopped: sent.stopped}) + sent.others
    kept = "".join(f", {number(count)} {word}" for word, count in counts.items())
    requests = sent.requests + counts.total()
    last = "" if sent.last is None else f", last {sent.last:%Y-%m-%d}"
    size = size_at_least(sent.bytes, exact=sent.bytes_exact)
    return (
        f"{sent.place}{accounts}: {counted(requests, 'request')}, {size} sent"
        f"{kept}{last}{'; ' + what if what else ''}"
    )


def _people(told: _Told) -> Iterator[str]:
    if told.people:
        people = counted(told.people, "person", "people")
        least = "up to" if told.people_exact else "at least"
        yield f"data of {least} {people} in one request"
    else:
        yield "no request held personal data"


def _observed(seen: Sequence[Observation], kind: Kind) -> Iterator[str]:
    newest = {one.about: one for one in seen if one.kind is kind}
    last = sorted(newest.values(), key=lambda one: one.at, reverse=True)
    yield from first_of([_seen_last(one) for one in last])
    if not newest:
        yield "none was seen"


def _seen_last(one: Observation) -> str:
    told = facts_told(one)
    return f"{one.about}, last {one.at:%Y-%m-%d %H:%M}{'; ' + told if told else ''}"


_FILES = ("spreadsheets", "files_written", "files")


def _files(seen: Sequence[Observation]) -> Iterator[str]:
    names: dict[str, None] = {}
    for one in seen:
        for fact in _FILES:
            value = one.value(fact)
            names.update(dict.fromkeys(value if isinstance(value, tuple) else ()))
    yield from first_of(list(names)[::-1]) if names else ("none was seen",)


def _runs(seen: Sequence[Observation]) -> Iterator[str]:
    runs = [one for one in seen if one.kind is Kind.RUN]
    for one in reversed(runs[-5:]):
        yield f"{one.at:%Y-%m-%d %H:%M}: {facts_told(one)}"
    yield f"{counted(len(runs), 'run')} on record" if runs else "none on record"


def _habits(told: _Told, script: str, now: datetime) -> Iterator[str]:
    baseline = told.learner.baseline(script, now)
    if baseline is None:
        yield "nothing learnt yet: nothing left that is proven to be its own"
        return
    yield from habit_lines(baseline)


def _contract(home: Home, script: str) -> Iterator[str]:
    from app.contracts import contract_of_script
    from policy.contracts import sentences

    try:
        contract = contract_of_script(deciding_path(home) or home.policy, script)
    except OutgateError as error:
        yield f"not known: {error.message}"
        return
    if contract is None:
        yield "none; outgate policy learn SCRIPT shows one"
        return
    yield from (line.strip() for line in sentences(contract))
