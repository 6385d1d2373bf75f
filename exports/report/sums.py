"""What a report tells, added up from the records of its time in one pass."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from core.case_keys import case_key, destination_of, sender_of
from core.classification import AccountKind, LlmCall
from core.fate import Fate
from core.findings import NOT_INSPECTED, SECRET, Finding
from core.record import Record
from core.stored import StoredEntry, StoredRecord, UnreadableEntry
from core.vocabulary.destinations import whose
from core.vocabulary.files import look_words
from core.vocabulary.findings import is_people_exact, is_personal, people_told
from destinations.naming import place_name
from exports.report.period import Period


@dataclass(slots=True)
class ScriptSums:
    """One script, all its versions."""

    script: str
    is_python: bool = False
    requests: int = 0
    personal: int = 0
    """Requests with personal data."""
    fewest: int = 0
    """People at least: the most in one request."""
    most: int = 0
    """People at most: the sum over all requests, the same person counted again."""
    people_exact: bool = True
    """No request told of more people than were counted."""
    stopped: int = 0
    off_hours: int = 0
    users: set[str] = field(default_factory=set)
    versions: set[str] = field(default_factory=set)
    kinds: Counter[str] = field(default_factory=Counter)
    destinations: set[str] = field(default_factory=set)


@dataclass(slots=True)
class DestinationSums:
    """One destination, by whose account it is."""

    called: str
    account: str
    requests: int = 0
    left: int = 0
    bytes: int = 0
    """That left; so many at least unless `bytes_exact`."""
    bytes_exact: bool = True
    personal: int = 0
    scripts: set[str] = field(default_factory=set)


@dataclass(slots=True)
class ModelSums:
    """Calls of one model by one script."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    unknown_tokens: int = 0
    """Calls that left, and of which the tokens are not known."""
    cost: Decimal = Decimal()
    unknown_cost: int = 0

    def add(self, call: LlmCall, *, went: bool) -> None:
        """Add one call. `went`: of one that did not leave nothing is unknown: no model had it."""
        self.calls += 1
        self.input_tokens += call.input_tokens or 0
        self.output_tokens += call.output_tokens or 0
        self.unknown_tokens += went and call.input_tokens is None and call.output_tokens is None
        try:
            self.cost += Decimal(call.cost_usd or "")
        except InvalidOperation:
            self.unknown_cost += went


@dataclass(slots=True)
class Sums:
    """Everything of one time."""

    period: Period
    records: int = 0
    unreadable: int = 0
    changed: int = 0
    """Of these: not what was chained."""
    erased: int = 0
    """Entries of which the place is all that is left; they count nowhere else."""
    left: int = 0
    personal: int = 0
    secrets: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    """How each ended: see `Record.ending`."""
    scripts: dict[str, ScriptSums] = field(default_factory=dict)
    destinations: dict[tuple[str, str], DestinationSums] = field(default_factory=dict)
    """(service's id or host, kind of account) → its sums."""
    models: dict[tuple[str, str, str], ModelSums] = field(
        default_factory=lambda: defaultdict(ModelSums)
    )
    personal_accounts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """(script, where, outcome) → requests to personal accounts."""
    not_whole: int = 0
    """Requests that came to an inspection of which not all was read."""
    unread: Counter[str] = field(default_factory=Counter)
    degraded: Counter[str] = field(default_factory=Counter)
    past: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(sender, destination) → connections past the gate."""
    unknown_senders: int = 0
    days: Counter[str] = field(default_factory=Counter)
    stopped_days: Counter[str] = field(default_factory=Counter)
    files: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    """(file, what is proven, script, where) → requests that hold it."""
    unlooked: Counter[str] = field(default_factory=Counter)
    """Why nobody can tell which files, or which more, requests hold → such requests."""
    cases: dict[str, int] = field(default_factory=dict)
    """Key of each case with a stopped request or a finding → people at most."""
    untold_cases: set[str] = field(default_factory=set)
    """Of which nobody can tell how many people at most."""

    def feed(self, entries: Iterable[StoredEntry]) -> "Sums":
        """Add all entries; return itself."""
        for entry in entries:
            if isinstance(entry, UnreadableEntry) and entry.is_erased:
                self.erased += 1
                continue
            self.records += 1
            if isinstance(entry, StoredRecord):
                self._add(entry.record)
            else:
                self.unreadable += 1
                self.changed += entry.is_changed
        return self

    @property
    def places(self) -> frozenset[str]:
        """Services' ids, else hosts, whosever account it was."""
        return frozenset(place for place, _ in self.destinations)

    def _add(self, record: Record) -> None:
        personal = [f for f in record.findings if is_personal(f)]
        people = people_told(record.findings)
        self.outcomes[record.ending] += 1
        if (look := look_words(record)) is not None:
            self.unlooked[look] += 1
        self._day(record)
        self.personal += bool(personal)
        self.secrets += any(f.kind == SECRET and not f.test_data for f in record.findings)
        for file in record.files:
            where = (
                sender_of(record),
                place_name(record.destination.service, record.destination.host),
            )
            self.files[file.path, file.same.value, *where] += 1
        self.left += record.went
        self._script(record, personal, people)
        self._destination(record, bool(personal))
        self._uninspected(record)
        if record.findings or not record.left:
            key = case_key(record)
            self.cases[key] = self.cases.get(key, 0) + people
            if not is_people_exact(record.findings):
                self.untold_cases.add(key)
        if record.llm is not None:
            llm = record.llm
            by = llm.provider or "unknown", llm.model or "unknown", sender_of(record)
            self.models[by].add(llm, went=record.went)

    def _day(self, record: Record) -> None:
        day = record.at.astimezone(self.period.since.tzinfo).strftime("%Y-%m-%d")
        self.days[day] += 1
        self.stopped_days[day] += record.stopped

    def _script(self, record: Record, personal: list[Finding], people: int) -> None:
        name = sender_of(record)
        sums = self.scripts.get(name)
        if sums is None:
            sums = self.scripts[name] = ScriptSums(name)
        script = record.sender.script
        sums.is_python = sums.is_python or (
            script is not None and record.sender.is_python is not False
        )
        sums.requests += 1
        sums.personal += bool(personal)
        sums.fewest = max(sums.fewest, people)
        sums.most += people
        sums.people_exact = sums.people_exact and is_people_exact(personal)
        sums.stopped += record.stopped
        sums.off_hours += self.period.off_hours(record.at)
        sums.kinds.update(f.kind for f in personal)
        sums.destinations.add(place_name(record.destination.service, record.destination.host))
        if record.sender.user is not None:
            sums.users.add(record.sender.user)
        if script is not None and script.sha256 is not None:
            sums.versions.add(script.sha256)
        self.unknown_senders += record.sender.process is None and script is None

    def _destination(self, record: Record, personal: bool) -> None:
        to = record.destination
        key = destination_of(record), to.account.kind.value
        sums = self.destinations.get(key)
        if sums is None:
            name = place_name(to.service, to.host)
            called = whose(name, to.account.kind, to.category, service=bool(to.service))
            sums = self.destinations[key] = DestinationSums(called, to.account.kind.value)
        sums.requests += 1
        sums.personal += personal
        sums.scripts.add(sender_of(record))
        sums.left += record.went
        sums.bytes += record.bytes_went
        sums.bytes_exact = sums.bytes_exact and record.bytes_exact
        if to.account.kind is AccountKind.PERSONAL:
            self.personal_accounts[sender_of(record), sums.called, record.ending] += 1

    def _uninspected(self, record: Record) -> None:
        self.not_whole += record.unread and record.fate is None
        for finding in record.findings:
            if finding.kind == NOT_INSPECTED:
                self.unread[finding.note or finding.unread or "content"] += 1
        for stage in record.decision.degraded:
            self.degraded[stage.partition(":")[0]] += 1
        if record.fate is Fate.PAST:
            self.past[sender_of(record), record.destination.host] += 1
