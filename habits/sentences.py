"""A baseline in sentences, for the page of a script (pure)."""

from collections.abc import Iterator, Sequence

from core.text import printable
from core.vocabulary.habits import Unusual
from core.vocabulary.kinds import by_gravity, kind_of
from core.vocabulary.sizes import counted, joined, size
from destinations.naming import place_name
from habits.baseline import Baseline, PlaceHabits

_MOST = 12


def habit_lines(baseline: Baseline) -> Iterator[str]:
    """Yield what a script does as a rule, its state first."""
    learnt = f"{counted(baseline.requests, 'request')} on {counted(baseline.days, 'day')}"
    if baseline.learning is not None:
        yield f"{baseline.learning}: learnt from {learnt} before today; nothing is unusual yet"
    else:
        yield f"known: {learnt}, {baseline.since} to {baseline.until}"
    if baseline.hours is not None:
        yield f"sends on {baseline.hours.words()}"
    places = sorted(baseline.places.values(), key=lambda place: -place.requests)
    for place in places[:_MOST]:
        yield _place(place)
    if len(places) > _MOST:
        yield f"and to {counted(len(places) - _MOST, 'other place')}"
    if baseline.varies:
        words = joined([word.value for word in Unusual if word in baseline.varies])
        yield f"too varied to be judged: {words}"


def some(names: Sequence[str], most: int = 5) -> str:
    """Return the first of these names, and how many there are beside."""
    more = [f"{len(names) - most} more"] if len(names) > most else []
    return joined([*names[:most], *more])


def _place(place: PlaceHabits) -> str:
    name = printable(place_name(place.name if place.named else None, place.name), 100)
    accounts = sorted({printable(one, 60) for _, one in place.accounts if one})
    account = f", account {some(accounts)}" if accounts else ""
    kinds = [kind_of(kind).many for kind in by_gravity(place.kinds)]
    what = some(kinds, _MOST) or "no personal data"
    usual = place.request_bytes
    amount = ""
    if usual is not None:
        most = size(usual.largest)
        most = f"{most} at most" if usual.exact else f"the largest at least {most}"
        amount = f"; {size(round(usual.median))} as a rule, {most}"
    return f"to {name}{account}: {what}{amount}"
