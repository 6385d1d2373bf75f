"""What a record adds to the sums: what it shares with its kind, and its own figures. Pure."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from core.attribution import Attribution
from core.case_keys import called, case_key, destination_of, observation_key, sender_of
from core.classification import Account, AccountKind, Category, Destination
from core.decision import Decision, Verdict, hold_word
from core.fate import TUNNEL
from core.findings import NOT_INSPECTED, is_least
from core.observation import OBSERVED, Kind, Observation
from core.record import Record
from core.review import needs_review

_HASH_DIGITS = 12
_MOST_KINDS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OfCase:
    """What a record tells its case, but for its own figures."""

    verdict: str
    script: str
    script_path: str | None
    script_sha256: str | None
    user: str | None
    host: str
    service: str | None
    category: str
    account_kind: str
    account: str
    """Mark of the account."""
    outcome: str
    """The verdict, of a hold how it ended, too."""
    rule: str | None
    went: bool
    """Something of it left the machine, or may have."""
    kinds: str
    """Kinds of data between commas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """What a record shares with all of its kind."""

    key: str | None
    """Of its case; None where it needs no review."""
    case: OfCase | None
    degraded: int
    least: bool
    """More of it may have left than is counted."""
    script: tuple[str, str] | None
    """Path or name, and hash or nothing."""
    sender: str
    destination: str
    went: bool
    """As of the case."""
    account: str
    kinds: str
    outcome: str


class Found(NamedTuple):
    """What one finding adds. Published examples add nothing: they tell of nobody."""

    kind: str
    distinct: int
    records: int | None
    subjects: int | None
    fingerprints: tuple[str, ...]
    least: bool = False
    """Its numbers are the least that there are."""


class Figures(NamedTuple):
    """What one record adds."""

    id: str
    bytes: int
    """That left the machine."""
    tokens: int = 0
    micro_usd: int = 0
    found: tuple[Found, ...] = ()
    model: str | None = None

    @property
    def values(self) -> int:
        """Distinct values found, of all findings."""
        if not self.found:
            return 0
        return sum([one.distinct for one in self.found if one.kind != NOT_INSPECTED])


def kinds_text(kinds: Iterable[str]) -> str:
    """Return kinds of data as they are kept: in order, between commas."""
    names = sorted(set(kinds))
    return "," + ",".join(names) + "," if names else ""


def alike(record: Record) -> Alike:
    """Return what a record shares with its kind."""
    sender, destination = record.sender, record.destination
    script, outcome, went = sender.script, record.outcome, record.went
    kinds = kinds_text(finding.kind for finding in record.findings if not finding.test_data)
    key = case_key(record) if needs_review(record) else None
    name = sender_of(record)
    return Alike(
        key=key,
        case=None if key is None else _of_case(record, kinds, outcome, went=went),
        degraded=1 if record.decision.degraded else 0,
        least=went and not record.bytes_exact,
        script=None if script is None else (name, script.sha256 or ""),
        sender=name,
        destination=destination_of(record),
        went=went,
        account=destination.account.kind.value,
        kinds=kinds,
        outcome=outcome,
    )


class Alikes:
    """The kinds of records that were seen, found again by what makes them alike: most records are
    of few kinds.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], Alike] = {}

    def of(self, record: Record) -> Alike:
        """Return `alike` of the record."""
        key = (
            gist_of_sender(record.sender),
            gist_of_place(record.destination),
            gist_of_decision(record.decision),
            record.request.method == TUNNEL,
            record.notes,
            tuple([finding.kind for finding in record.findings if not finding.test_data]),
        )
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _MOST_KINDS:
                self._known.clear()
            found = self._known[key] = alike(record)
        return found


def gist_of_sender(sender: Attribution) -> tuple[object, ...]:
    """Return all that sums tell of a sender."""
    script, process = sender.script, sender.process
    return (
        None if script is None else (script.path, script.name, script.sha256),
        None if process is None else (process.exe, process.name),
        sender.user,
    )


def gist_of_place(place: Destination) -> tuple[object, ...]:
    """Return all that sums tell of a destination."""
    return place.service, place.host, place.category, place.account.kind, place.account.id


def gist_of_decision(decision: Decision) -> tuple[object, ...]:
    """Return all that sums tell of a decision."""
    return (
        decision.verdict,
        decision.rule,
        decision.degraded,
        decision.hold_key is None,
        decision.hold_outcome,
    )


def alike_observed(seen: Observation) -> tuple[Alike, Figures]:
    """Return what an observation adds: to its script, and to a case where it is notable."""
    script, sent = seen.sender.script, seen.value("bytes_sent")
    kinds, name = kinds_text([seen.kind.value]), sender_of(seen)
    unknown, ran = AccountKind.UNKNOWN.value, seen.kind is not Kind.ORPHAN
    case = OfCase(
        verdict=OBSERVED,
        script=called(seen) or "unknown",
        script_path=None if script is None else script.path,
        script_sha256=None if script is None else script.sha256,
        user=seen.sender.user,
        host=seen.about,
        service=None,
        category=Category.OTHER.value,
        account_kind=unknown,
        account=unknown,
        outcome=OBSERVED,
        rule=None,
        went=False,
        kinds=kinds,
    )
    kind = Alike(
        key=observation_key(seen) if seen.notable else None,
        case=case if seen.notable else None,
        degraded=0,
        least=seen.kind is Kind.CONNECTION and not isinstance(sent, int),
        script=(name, script.sha256 or "") if script is not None and ran else None,
        sender=name,
        destination=seen.about,
        went=False,
        account=unknown,
        kinds=kinds,
        outcome=OBSERVED,
    )
    found = Found(seen.kind.value, 0, None, None, ())
    return kind, Figures(seen.id, sent if isinstance(sent, int) else 0, found=(found,))


def _of_case(record: Record, kinds: str, outcome: str, *, went: bool) -> OfCase:
    sender, destination = record.sender, record.destination
    script, account = sender.script, destination.account
    return OfCase(
        verdict=outcome,
        script=called(record) or "unknown",
        script_path=None if script is None else script.path,
        script_sha256=None if script is None else script.sha256,
        user=sender.user,
        host=destination.host,
        service=destination.service,
        category=destination.category.value,
        account_kind=account.kind.value,
        account=account_mark(account),
        outcome=_ending(record, outcome),
        rule=record.decision.rule,
        went=went,
        kinds=kinds,
    )


def _ending(record: Record, outcome: str) -> str:
    ending = record.decision.hold_outcome
    if record.decision.hold_key is None or ending is None or outcome != Verdict.HOLD:
        return outcome
    return hold_word(ending)


def account_mark(account: Account) -> str:
    """Return what tells accounts apart without naming them."""
    if account.id is None:
        return account.kind.value
    digest = hashlib.sha256(account.id.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{account.kind.value}:{digest[:_HASH_DIGITS]}"


def figures(record: Record, *, went: bool) -> Figures:
    """Return what a record adds; `went`: something of it left, as its kind tells."""
    size = record.request.bytes if went else 0
    found = [
        Found(f.kind, f.distinct, f.records, f.subjects, f.fingerprints, is_least(f))
        for f in record.findings
        if not f.test_data
    ]
    llm = record.llm
    if llm is None:
        return Figures(record.id, size, found=tuple(found))
    return Figures(
        id=record.id,
        bytes=size,
        tokens=(llm.input_tokens or 0) + (llm.output_tokens or 0),
        micro_usd=micro_usd(llm.cost_usd),
        found=tuple(found),
        model=llm.model,
    )


def micro_usd(cost: str | None) -> int:
    """Return a cost in millionths of a dollar; 0 when it is unknown."""
    try:
        return 0 if cost is None else int(Decimal(cost) * 1_000_000)
    except (InvalidOperation, ValueError, OverflowError):
        return 0
