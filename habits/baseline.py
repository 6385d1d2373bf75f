"""A script's baseline: what it does as a rule, and how a request differs from that (pure)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from core.classification import AccountKind
from core.habits import Learning, Sending
from core.text import printable
from core.vocabulary.habits import Unusual
from core.vocabulary.kinds import kind_of
from core.vocabulary.sizes import counted, joined, size
from destinations.naming import place_name
from habits.amounts import SMALL, Amount
from habits.days import Account
from habits.hours import Hours

_FEW_REQUESTS = 8
_FEW_MORE = 20
"""So many requests more in a day are unusual for nobody."""
_NOTHING: Mapping[Unusual, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceHabits:
    """What a script sends to one place."""

    name: str
    named: bool
    """True for a service of the catalogue."""
    days: int
    requests: int
    bytes: int
    accounts: frozenset[Account]
    kinds: frozenset[str]
    request_bytes: Amount | None
    day_bytes: Amount | None
    day_requests: Amount | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What one script does as a rule."""

    script: str
    since: date
    until: date
    """Last day that it was learnt from."""
    days: int
    """Days on which something was sent."""
    requests: int
    learning: Learning | None
    hours: Hours | None
    places: Mapping[str, PlaceHabits]
    kinds: frozenset[str]
    request_bytes: Amount | None
    families: frozenset[str] = frozenset()
    """Ends of hosts below which it goes to ever new ones."""
    varies: frozenset[Unusual] = field(default_factory=frozenset)
    """What is new so often that nothing of it is unusual."""

    def unusual(self, sending: Sending) -> Mapping[Unusual, str]:
        """Return in which ways a request differs, each with why; nothing while learning."""
        if self.learning is not None:
            return _NOTHING
        return dict(self._deviations(sending))

    def _deviations(self, sending: Sending) -> Iterator[tuple[Unusual, str]]:
        place = self.places.get(sending.place)
        looks = (
            (Unusual.HOURS, self._hours(sending)),
            (Unusual.DESTINATION, self._destination(sending, place)),
            (Unusual.VOLUME, self._volume(sending, place)),
            (Unusual.KIND, self._kind(sending, place)),
        )
        yield from ((word, why) for word, why in looks if why is not None)

    def _hours(self, sending: Sending) -> str | None:
        return None if self.hours is None else self.hours.unusual(sending.at)

    def _destination(self, sending: Sending, place: PlaceHabits | None) -> str | None:
        if place is None:
            if self._is_expected(sending):
                return None
            return f"it never sent to {_called(sending.place, named=sending.named)}"
        return _other_account(sending.account, place)

    def _is_expected(self, sending: Sending) -> bool:
        if any(sending.place.endswith(end) for end in self.families):
            return True
        return Unusual.DESTINATION in self.varies and not sending.named

    def _volume(self, sending: Sending, place: PlaceHabits | None) -> str | None:
        known = self.request_bytes
        if place is not None and place.requests >= _FEW_REQUESTS:
            known = place.request_bytes
        if known is not None and known.exceeded(sending.bytes, slack=SMALL):
            return f"{_never(known, 'at once')}, and this is {size(sending.bytes)}"
        if place is None:
            return None
        day, requests = sending.bytes_day + sending.bytes, sending.requests_day + 1
        if place.day_bytes is not None and place.day_bytes.exceeded(day, slack=SMALL):
            return f"{_never(place.day_bytes, 'a day there')}, and this makes {size(day)}"
        if place.day_requests is not None and place.day_requests.exceeded(
            requests, slack=_FEW_MORE
        ):
            most = counted(place.day_requests.largest, "request")
            return f"it never sent more than {most} a day there, and this is number {requests:,}"
        return None

    def _kind(self, sending: Sending, place: PlaceHabits | None) -> str | None:
        if Unusual.KIND in self.varies:
            return None
        known = self.kinds
        where = ""
        if place is not None and place.requests >= _FEW_REQUESTS:
            known, where = place.kinds, " there"
        new = sorted(sending.kinds - known)
        return f"it never sent {joined([kind_of(k).many for k in new])}{where}" if new else None


def _never(known: Amount, when: str) -> str:
    most = size(known.largest)
    if known.exact:
        return f"it never sent more than {most} {when}"
    return f"it was never counted to send more than {most} {when} (not all was counted)"


def _other_account(account: Account, place: PlaceHabits) -> str | None:
    """Return why this is an account that was never used there; one that nobody could tell is not
    compared.
    """
    kind, name = account
    known = {one for one in place.accounts if one[0] is not AccountKind.UNKNOWN or one[1]}
    if not known or (kind is AccountKind.UNKNOWN and name is None):
        return None
    if name is None:
        usual = any(one[0] is kind for one in known)
    else:
        usual = any(one[1] == name for one in known)
    if usual:
        return None
    called = f"account {printable(name, 80)}" if name else f"{kind.value} account"
    return f"it never used the {called} of {_called(place.name, named=place.named)}"


def _called(place: str, *, named: bool) -> str:
    return printable(place_name(place if named else None, place), 100)
