"""Review: records grouped into cases, what a person did with a case and why."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from core.case_inside import Inside, Reach, Scope
from core.decision import HoldOutcome, Verdict, hold_word, left_by_ending
from core.fate import Fate
from core.findings import NOT_INSPECTED
from core.ids import uuid7
from core.record import Record
from core.review_acts import ASKED_AS as ASKED_AS
from core.review_acts import Action as Action
from core.text import printable


class CaseStatus(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    CLOSED = "closed"


class Disposition(StrEnum):
    """Why a case was closed."""

    CONFIRMED_LEAK = "confirmed_leak"
    FALSE_ALARM = "false_alarm"
    ALLOWED_PURPOSE = "allowed_purpose"
    TEST_DATA = "test_data"
    ALREADY_HANDLED = "already_handled"


RETURNS = (Disposition.CONFIRMED_LEAK, Disposition.ALREADY_HANDLED)
"""A case closed for one of these reasons opens again when it happens again; the other reasons hold
for what is alike.
"""
APPROVAL_LASTS = timedelta(hours=8)
"""An identical request within this time after an approval passes without asking again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """Where people act and in which roles; every act that is chained says it."""

    channel: str
    """`review`, `command line`, …"""
    role_of: Callable[[str], str | None] = lambda _: None
    """In which role a person acts."""
    refusal: Callable[[str, Action], str | None] = lambda _who, _action: None
    """Why a person may not do this, in words; None where the person may."""
    alias_of: Callable[[str], str] = lambda name: name
    """By which other name the evidence may know a person: a pseudonym."""
    second_person: bool = False
    """True: nobody approves what he or she sends, runs or owns."""
    two_for_release_over: int | None = None
    """It takes two people to release what tells of more people than this, or of nobody knows how
    many; None: one is enough.
    """
    two_for_approvals: bool = False
    """It takes two people to approve a script, or anything for longer than a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldAnswer:
    """What a person said about a held request."""

    approved: bool
    who: str
    at: datetime
    own: bool = False
    """True: the person is the user whose request it is."""

    @property
    def signed(self) -> str:
        """Who answered, harmless to show, and whether that was the sender."""
        name = printable(self.who, 60)
        return f"{name} ({OWN})" if self.own else name


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldState:
    """How a held request ended, and what a person said about it last, be it before or after its
    end.
    """

    outcome: HoldOutcome | None = None
    """None while it is under way, or when the gate stopped meanwhile."""
    answer: HoldAnswer | None = None
    asked_by: str = ""
    """Who asked for its release, where a second person has not confirmed that yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptVersion:
    """One version of a script, and when it sent something."""

    script: str
    """Its path as records hold it, or what a person calls it where it has none."""
    sha256: str | None
    """None when it is not known; such a version cannot be approved."""
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewEvent:
    """One act of a reviewer; append-only."""

    id: str
    at: datetime
    case_key: str
    action: Action
    who: str
    disposition: Disposition | None = None
    note: str = ""
    record_id: str | None = None
    """The held request that an approval or refusal is about."""
    script: str | None = None
    """The script whose version is approved, or whose approval is withdrawn; then `case_key` is
    `script_key` of it.
    """
    script_sha256: str | None = None
    role: str | None = None
    """In which role the person acted, where that is set."""
    channel: str | None = None
    """Where it was done: `review`, `command line`, …"""
    own: bool | None = None
    """True: the person is the user whose script or process it is about; None where nobody can tell.
    The evidence finds it when the event is appended.
    """
    scope: Scope | None = None
    """Up to where a closing holds. The evidence takes what the case holds where none is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One thing to review: what one script sent to one destination with one kind of account."""

    key: str
    status: CaseStatus
    first_at: datetime
    last_at: datetime
    count: int
    """Records in it."""
    verdict: str
    """What became of its newest record: the word of a `Verdict`, or of a `Fate`."""
    script: str
    """What a person calls the sender."""
    script_path: str | None
    user: str | None
    host: str
    service: str | None
    category: str
    account_kind: str
    kinds: tuple[str, ...]
    values: int
    """Largest number of values found in one record."""
    records: int | None
    """Largest number of rows affected in one record."""
    bytes_sent: int
    """That left the machine: see `bytes_exact`."""
    last_record: str
    """Id of the newest record."""
    disposition: str | None = None
    """A `Disposition`, or the word of a later version."""
    hold: HoldState | None = None
    """Of its newest record, where that was held and somebody asked for it."""
    inside: Inside = field(default_factory=Inside)
    scope: Scope | None = None
    """Up to where it was closed last; it may have come back since."""
    likely: bool = False
    """The sender of its newest record is likely, and not certain."""
    unchecked: int = 0
    """Records that were decided while a check of them had failed."""
    own: frozenset[Action] = frozenset()
    """What was done last, with the case, its newest answered request and the version that sent it,
    by somebody who runs or owns what it is about.
    """

    @property
    def unread(self) -> bool:
        """Whether not all of it was read: a part could not be, or a check of it failed."""
        return NOT_INSPECTED in self.kinds or self.unchecked > 0

    @property
    def bytes_exact(self) -> bool:
        """Whether its bytes are all that left; else they are so many at least."""
        return not self.inside.least and Fate.PAST not in self.inside.outcomes

    @property
    def cut(self) -> int:
        """How many of its requests were stopped after a part of them had left."""
        if self.inside.cut is not None:
            return self.inside.cut
        outcomes = self.inside.outcomes
        whole = sum(n for word, n in outcomes.items() if word == Fate.PAST or left_by_ending(word))
        stopped = sum(n for word, n in outcomes.items() if word in _STOPPED)
        return min(max(0, self.inside.left - whole), stopped)

    @property
    def reach(self) -> Reach:
        """What a closing is held against."""
        inside = self.inside
        return Reach(
            versions=frozenset(inside.versions),
            kinds=frozenset(self.kinds),
            accounts=frozenset(inside.accounts),
            people=inside.people,
            rows=self.records or 0,
            unchecked=self.unchecked,
        )


_STOPPED = frozenset(
    {
        Verdict.BLOCK.value,
        Verdict.HOLD.value,
        *(hold_word(ending) for ending in HoldOutcome if not ending.released),
    }
)
"""Outcomes of what the gate stopped; a part of it may have left by then."""


class Order(StrEnum):
    """By what a queue is sorted; equals stand newest first."""

    RISK = "risk"
    """The most urgent first."""
    NEWEST = "newest"
    OLDEST = "oldest"
    """What happened first first."""
    SCRIPT = "script"
    DESTINATION = "to"
    OUTCOME = "outcome"
    KIND = "found"
    PEOPLE = "people"
    ROWS = "rows"
    TIMES = "times"


class About(StrEnum):
    """What one condition of a filter is about."""

    USER = "user"
    ACCOUNT = "account"
    RULE = "rule"
    MODEL = "model"
    KIND = "kind"
    SCRIPT = "script"
    DESTINATION = "to"
    OUTCOME = "outcome"
    RISK = "risk"
    DISPOSITION = "closed as"
    CASE = "case"
    PEOPLE = "people"
    """At least so many."""
    ROWS = "rows"
    """At least so many in one request."""
    RETURNED = "came back"
    """It was closed, and is to look at again."""
    TIMES = "times"
    """At least so many requests."""
    STATE = "state"
    """What a row says of it: a `core.vocabulary.desk.State`."""
    CERTAIN = "certain"
    """How sure the sender of its newest record is: a `Certainty`."""
    HASH = "hash"
    """First digits of a version of the script that sent some of it."""
    OWN = "own"
    """What the sender did in the own matter and stands: an `Action`, or nothing for any."""
    TEXT = "text"
    SHOWN = "shown"
    """A word as the screen shows it, and the texts of the evidence that it stands for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition of a filter: one of the values, or with `negated` none of them."""

    about: About
    values: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFilter:
    """Which cases to show; None or empty means any. All conditions must hold."""

    status: CaseStatus | None = CaseStatus.OPEN
    text: str = ""
    """In script, host, service or kind; case-insensitive."""
    verdict: str | None = None
    script: str | None = None
    """Part of the script's name or path; case-insensitive."""
    destination: str | None = None
    """Part of the service's id or of the host; case-insensitive."""
    kind: str | None = None
    since: datetime | None = None
    """Its newest record began at this time or later."""
    until: datetime | None = None
    """Its newest record began before this time."""
    conditions: tuple[Condition, ...] = ()
    order: Order = Order.RISK


def script_key(script: str) -> str:
    """Return the key under which approvals of this script are kept; no case has such a key."""
    return f"script\x1f{script}"


def script_event(
    version: ScriptVersion,
    *,
    approve: bool,
    who: str,
    at: datetime,
    note: str,
    unread: bool = False,
) -> ReviewEvent:
    """Return the approval of this very version, or its withdrawal; the note of one that nobody
    could read says so.
    """
    return ReviewEvent(
        id=uuid7(at),
        at=at,
        case_key=script_key(version.script),
        action=Action.APPROVE_SCRIPT if approve else Action.WITHDRAW_SCRIPT,
        who=who,
        note=f"{UNREAD}: {note}" if unread else note,
        script=version.script,
        script_sha256=version.sha256,
    )


UNREAD = "approved unread"
"""Before the note of an approval of what could not be read."""


def signed(event: ReviewEvent, limit: int = 60) -> str:
    """Return who acted, harmless to show: the name, the role, and whether it was the sender."""
    told = [printable(event.role, limit)] if event.role else []
    if event.own:
        told.append(OWN)
    name = printable(event.who, limit)
    return f"{name} ({', '.join(told)})" if told else name


OWN = "the sender"
"""Somebody acted on what he or she runs or owns."""


def own_acts(events: Iterable[tuple[Action, bool]]) -> frozenset[Action]:
    """Return which acts that stand were on one's own, from all of a case, oldest first, each with
    whether it was: of its closing, the answer, and the approval of its script the last one each.
    """
    last = {_STANDS_UNTIL.get(action, action): (action, own) for action, own in events}
    return frozenset(action for action, own in last.values() if own)


_STANDS_UNTIL: Mapping[Action, str] = MappingProxyType(
    {
        **dict.fromkeys((Action.CLOSE, Action.REOPEN), "closing"),
        **dict.fromkeys((Action.APPROVE, Action.REFUSE, Action.ASK_APPROVE), "answer"),
        **dict.fromkeys(
            (Action.APPROVE_SCRIPT, Action.WITHDRAW_SCRIPT, Action.ASK_APPROVE_SCRIPT), "script"
        ),
    }
)
"""Acts of one word here follow each other: the last one stands."""


def last_said(events: Sequence[ReviewEvent]) -> dict[str | None, ReviewEvent]:
    """Return what was said last of each version (by its hash), from a script's events, oldest
    first. What is approved stays so while somebody asks for it again.
    """
    said: dict[str | None, ReviewEvent] = {}
    for event in events:
        before = said.get(event.script_sha256)
        approved = before is not None and before.action is Action.APPROVE_SCRIPT
        if not (approved and event.action is Action.ASK_APPROVE_SCRIPT):
            said[event.script_sha256] = event
    return said


def needs_review(record: Record) -> bool:
    """Return True when a person should see this record: anything but a plain, complete allow."""
    decision = record.decision
    return decision.verdict is not Verdict.ALLOW or bool(decision.degraded)
