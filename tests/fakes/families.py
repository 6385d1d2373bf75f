"""Which members of a family of tests are tried: all in the profile `thorough`, a share in others.

A family is one test of all that can be put together, as each packing in each carrier: hundreds of
members that walk the same code. Of such only: what is one of a kind is always tried.
"""

import inspect
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import wraps
from itertools import product
from typing import Any
from zlib import crc32

import pytest
from hypothesis import settings

from examples import WHOLE

OUTCOMES = (pytest.fail.Exception, pytest.skip.Exception)
"""What pytest raises of its own, as for an error that did not come: none is an `Exception`."""
tried, members = 0, 0
"""Of all families that were asked for in this process: how many members are tried, and are."""


def share[Member](
    family: Sequence[Member], kinds: Sequence[Iterable[Hashable]], names: Sequence[str]
) -> list[Member]:
    """Return the members that are tried in the profile that is loaded, in their order.

    A share of them, and those without which a kind would be missing: each member has kinds and a
    name. The name decides, and so the same are tried in each run, whatever is beside them.
    """
    global tried, members
    turn = sorted(range(len(family)), key=lambda at: (crc32(names[at].encode()), at))
    enough = -(-len(family) * settings().max_examples // WHOLE)
    seen: set[Hashable] = set()
    taken = []
    for place, at in enumerate(turn):
        if place < enough or not seen.issuperset(kinds[at]):
            taken.append(at)
            seen.update(kinds[at])
    tried, members = tried + len(taken), members + len(family)
    return [family[at] for at in sorted(taken)]


def crossed(**axes: Iterable[object]) -> pytest.MarkDecorator:
    """Return the mark of a family: each value of each parameter with each of the others.

    Each value is tried at least once, with whatever others.
    """
    lists = [list(values) for values in axes.values()]
    family = list(product(*lists))
    kinds = list(product(*([(axis, at) for at in range(len(of))] for axis, of in enumerate(lists))))
    words = product(*([_name(value, at) for at, value in enumerate(of)] for of in lists))
    names = ["\0".join(word) for word in words]
    return pytest.mark.parametrize(tuple(axes), share(family, kinds, names))


def _name(value: object, at: int) -> str:
    return value if isinstance(value, str) else str(at)


def summary(tried: int, members: int) -> str:
    """Return what is said of families at the end of a run."""
    told = f"{tried:,} of {members:,} members of families of tests"
    return f"{told}; all by `.ci/run --deep`" if tried < members else told


def _told(error: BaseException) -> Exception:
    """Return what a member ended with, as what can stand in a group beside others."""
    if isinstance(error, Exception):
        return error
    skipped = "skipped: " if isinstance(error, pytest.skip.Exception) else ""
    return AssertionError(f"{skipped}{error}").with_traceback(error.__traceback__)


type Test = Callable[..., None]


def with_each(name: str | Sequence[str], values: Iterable[Any]) -> Callable[[Test], Test]:
    """Try a test with each value, as `pytest.mark.parametrize` does, but in one test for all.

    For hundreds of cheap members: a test of its own costs more than what each of them tries. None
    is left out; all that fail are shown, each with its value. Fixtures are shared by all of them.
    A member that is skipped fails: who may lack something here is a test of its own.
    """
    names = [name] if isinstance(name, str) else list(name)
    members = [(value,) if isinstance(name, str) else tuple(value) for value in values]
    assert members, "a test of nothing proves nothing"

    def decorated(test: Test) -> Test:
        assert not inspect.iscoroutinefunction(test)

        @wraps(test)
        def all_of(*args: Any, **kwargs: Any) -> None:
            wrong = []
            for member in members:
                try:
                    test(*args, **kwargs, **dict(zip(names, member, strict=True)))
                except (Exception, *OUTCOMES) as error:  # noqa: BLE001  # shown below
                    told = _told(error)
                    told.add_note(f"with {', '.join(names)}: {repr(member)[:300]}")
                    wrong.append(told)
            if wrong:
                raise ExceptionGroup(f"{len(wrong)} of {len(members)} members", wrong)

        signature = inspect.signature(test)
        left = [one for key, one in signature.parameters.items() if key not in names]
        assert len(left) == len(signature.parameters) - len(names)
        all_of.__signature__ = signature.replace(parameters=left)  # type: ignore[attr-defined]
        if hasattr(all_of, "__wrapped__"):
            del all_of.__wrapped__  # pytest would ask it for the fixtures
        return all_of

    return decorated
