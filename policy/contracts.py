"""Contracts: exactly what one script may send, as it was learnt and locked. In shadow they decide
nothing and their would-be stops are counted; enforced, they come before all other rules.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import tzinfo
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AwareDatetime, Field, field_validator

from core.decision import Mode, Verdict
from core.habits import telling
from core.situation import Situation
from core.text import printable
from core.vocabulary.kinds import kind_of
from core.vocabulary.sizes import counted, joined, size
from destinations.catalogue import canonical
from destinations.naming import place_name
from policy import reads
from policy.compiled import CompiledRule
from policy.fields import (
    DAYS,
    Count,
    Day,
    Identifier,
    Kind,
    Listed,
    RuleId,
    Several,
    Sha256,
    Size,
    Strict,
    Text,
)
from policy.hours import Span, span_of
from policy.inputs import (
    ACCOUNT,
    CLOCK,
    DESTINATION,
    FINDINGS,
    SCRIPT,
    SIZE,
    VOLUME,
    Inputs,
)
from policy.logic import AllOf, AnyOf, Condition
from policy.predicates import one_of
from policy.reads import Read

type State = Literal["shadow", "enforced"]


class ContractPlace(Strict):
    """One place that the script may send to."""

    to: Text = Field(description="Id of the service, else the host.")
    accounts: Listed[Identifier] | None = Field(
        None, description="Ids of the accounts that it may use there; any, where nothing is said."
    )
    kinds: Several[Kind] = Field(default=[], description="Kinds of data that it may send there.")
    request_bytes_at_most: Size | None = None
    day_bytes_at_most: Size | None = None
    day_requests_at_most: Count | None = None
    not_all_counted: bool = Field(
        default=False,
        description=(
            "What it had sent there when it was learnt was not all counted: the sizes may be too "
            "small."
        ),
    )


class ContractHours(Strict):
    """When the script may send."""

    zone: Text | None = Field(None, description="Time zone; the machine's, where nothing is said.")
    days: Listed[Day] = Field(
        default=["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    )
    at: Listed[Span] = Field(description="Spans of the day: 06:00-09:00.")

    @field_validator("zone")
    @classmethod
    def _is_zone(cls, zone: str | None) -> str | None:
        try:
            _ = zone and ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("is no known time zone; write it as Europe/Berlin") from error
        return zone

    def allows(self, day: int, minute: int) -> bool:
        """Return whether a minute of a day of the week (Monday is 0) is within."""
        return DAYS[day] in self.days and any(
            begin <= minute < end if begin < end else minute >= begin or minute < end
            for begin, end in map(span_of, self.at)
        )


class Contract(Strict):
    """Exactly what one script may send."""

    id: RuleId
    script: Text = Field(description="Path of the script.")
    version: Sha256 | None = Field(
        None, description="Its only version: when it changes, nothing is in the contract any more."
    )
    learnt: AwareDatetime = Field(description="When it was learnt.")
    state: State = Field("shadow", description="shadow counts what it would stop; enforced stops.")
    places: list[ContractPlace]
    hours: ContractHours | None = None


@dataclass(frozen=True, slots=True)
class _Term:
    """One thing that a contract says, and how a request breaks it."""

    name: str
    inputs: Inputs
    breach: Callable[[Contract, Situation], str | None]


def _of_version(contract: Contract, s: Situation) -> str | None:
    sha256 = None if s.sender.script is None else s.sender.script.sha256
    if contract.version is None or sha256 == contract.version:
        return None
    return "it has changed since it was locked"


def _of_place(contract: Contract, s: Situation) -> str | None:
    place = _place(contract, s)
    name = place_name(s.destination.service, s.destination.host)
    if place is None:
        return f"it may not send to {printable(name, 100)}"
    account = s.destination.account
    if place.accounts is None or account.id in place.accounts:
        return None
    called = "an unknown account" if account.id is None else f"account {printable(account.id, 80)}"
    return f"it may not use {called} of {printable(name, 100)}"


def _of_hours(contract: Contract, s: Situation) -> str | None:
    hours = contract.hours
    if hours is None:
        return None
    local = s.now.astimezone(_zone(hours))
    if hours.allows(local.weekday(), local.hour * 60 + local.minute):
        return None
    return f"it may send {_when(hours)} only"


def _of_kinds(contract: Contract, s: Situation) -> str | None:
    place = _place(contract, s)
    if place is None:
        return None
    new = sorted(telling(s.findings) - set(place.kinds))
    return f"it may not send {joined([kind_of(k).many for k in new])} there" if new else None


def _of_size(contract: Contract, s: Situation) -> str | None:
    place = _place(contract, s)
    most = None if place is None else place.request_bytes_at_most
    if place is None or most is None or s.request_bytes <= most:
        return None
    told = f"it may send {size(most)} at once{_learnt(place)}"
    return f"{told}, and this is {size(s.request_bytes)}"


def _of_day(contract: Contract, s: Situation) -> str | None:
    place = _place(contract, s)
    if place is None:
        return None
    day, requests = s.volume.bytes_day + s.request_bytes, s.volume.requests_day + 1
    if place.day_bytes_at_most is not None and day > place.day_bytes_at_most:
        told = f"it may send {size(place.day_bytes_at_most)} a day there{_learnt(place)}"
        return f"{told}, and this makes {size(day)}"
    if place.day_requests_at_most is not None and requests > place.day_requests_at_most:
        most = counted(place.day_requests_at_most, "request")
        return f"it may send {most} a day there, and this is number {requests:,}"
    if s.volume.day_exact or (place.day_bytes_at_most is place.day_requests_at_most is None):
        return None
    most = joined(list(_of_a_day(place)))
    return f"it may send {most} a day there, and not all that it had sent there was counted"


def _learnt(place: ContractPlace) -> str:
    return " (learnt while not all was counted)" if place.not_all_counted else ""


def _of_a_day(place: ContractPlace) -> Iterator[str]:
    if place.day_bytes_at_most is not None:
        yield size(place.day_bytes_at_most)
    if place.day_requests_at_most is not None:
        yield counted(place.day_requests_at_most, "request")


_TERMS = (
    _Term("version", SCRIPT, _of_version),
    _Term("place", DESTINATION | ACCOUNT, _of_place),
    _Term("hours", CLOCK, _of_hours),
    _Term("size", DESTINATION | SIZE, _of_size),
    _Term("day", DESTINATION | SIZE | VOLUME, _of_day),
    _Term("kinds", DESTINATION | FINDINGS, _of_kinds),
)


def breaches(contract: Contract, s: Situation) -> list[str]:
    """Return in words how a request of its script breaks a contract; nothing where it keeps it."""
    told = (term.breach(contract, s) for term in _TERMS)
    return [why for why in told if why is not None]


def compiled_contract(contract: Contract) -> CompiledRule:
    """Return the rule that stops what breaks the contract; in shadow it stops nothing."""
    script = Condition(
        read=reads.SCRIPT_PATH,
        predicate=one_of([contract.script.replace("\\", "/")]),
        words=f"script path {printable(contract.script, 200)}",
    )
    broken = AnyOf(parts=tuple(_condition(contract, term) for term in _TERMS))
    name = printable(contract.script.replace("\\", "/").rsplit("/", 1)[-1], 100)
    return CompiledRule(
        id=contract.id,
        description=f"so it breaks the contract of {name}.",
        verdict=Verdict.BLOCK,
        mode=Mode.ENFORCE if contract.state == "enforced" else Mode.WATCH,
        on_error=Verdict.BLOCK,
        when=AllOf(parts=(script, broken)),
        explains=lambda s: joined(breaches(contract, s)),
    )


def _condition(contract: Contract, term: _Term) -> Condition:
    read = Read(
        name=f"contract.{contract.id}.{term.name}",
        inputs=term.inputs,
        of=lambda s: term.breach(contract, s) is not None,
        values=(True, False),
    )
    words = f"the {term.name} of contract {contract.id}"
    return Condition(read=read, predicate=one_of([True]), words=words)


def sentences(contract: Contract) -> Iterator[str]:
    """Yield what a contract says, for a person to decide on."""
    version = "" if contract.version is None else f", version {contract.version[:12]},"
    when = "" if contract.hours is None else f" {_when(contract.hours)}"
    yield f"{printable(contract.script, 300)}{version} may send{when}, and nothing else:"
    if not contract.places:
        yield "  nothing at all"
    for place in contract.places:
        yield f"  to {_to(place)}: {_what(place)}{_limits(place)}"
    if contract.version is not None:
        yield (
            "When the script changes, all that it sends is outside, until a person learns it anew."
        )
    if contract.state == "shadow":
        yield "In shadow: nothing is stopped, and what would be is counted."
    else:
        yield "Enforced: what is outside is stopped, until a person unlocks it."


def _to(place: ContractPlace) -> str:
    name = printable(
        place_name(canonical(place.to) if "." not in place.to else None, place.to), 100
    )
    if place.accounts is None:
        return name
    accounts = [printable(account, 80) for account in place.accounts]
    return f"{name}, {'account' if len(accounts) == 1 else 'accounts'} {joined(accounts)}"


def _what(place: ContractPlace) -> str:
    if not place.kinds:
        return "no personal data and no secrets"
    return joined([kind_of(kind).many for kind in sorted(place.kinds)])


def _limits(place: ContractPlace) -> str:
    told = []
    if place.request_bytes_at_most is not None:
        told.append(f"{size(place.request_bytes_at_most)} at once")
    told += [f"{most} a day" for most in _of_a_day(place)]
    return f"; at most {joined(told)}{_learnt(place)}" if told else ""


def _when(hours: ContractHours) -> str:
    named = [day.capitalize() + "s" for day in DAYS if day in hours.days]
    days = "on all days" if len(named) == len(DAYS) else f"on {joined(named)}"
    return f"{days} at {joined(hours.at)}{f' ({hours.zone})' if hours.zone else ''}"


def _place(contract: Contract, s: Situation) -> ContractPlace | None:
    service, host = s.destination.service, s.host or s.destination.host
    known = service or host
    for place in contract.places:
        if place.to == known or (service is None and place.to.lower() == host.lower()):
            return place
        if service is not None and canonical(place.to) == service:
            return place
    return None


def _zone(hours: ContractHours) -> tzinfo | None:
    return None if hours.zone is None else ZoneInfo(hours.zone)
