"""What `outgate scripts` is asked to do, and which of its options go with that."""

from collections.abc import Iterable

from core.errors import InputError

_FIT = {
    "list": frozenset[str](),
    "page": frozenset({"--accounts", "--format", "--out"}),
    "--diff": frozenset({"--version"}),
    "--source": frozenset({"--version"}),
    "--approve": frozenset({"--version", "--reason"}),
    "--withdraw": frozenset({"--version", "--reason"}),
    "owner": frozenset({"--successor", "--reason"}),
    "export": frozenset({"--accounts"}),
}
"""What is done → the options that are heeded then."""
_CALLED = {"list": "the list of scripts", "page": "the page of a script"}


def does_what(deed: str, path: str | None, **wanted: bool) -> str:
    """Return what is to be done, a key of `_FIT`. Raises InputError for two things at once."""
    asked = [f"--{name}" for name, is_wanted in wanted.items() if is_wanted]
    asked += [] if deed == "show" else [deed]
    if len(asked) > 1:
        raise InputError(f"Give one of {' and '.join(asked)}.")
    if asked:
        return asked[0]
    return "list" if path is None else "page"


def consistent(does: str, given: Iterable[str]) -> None:
    """Raise InputError for an option that would be passed over."""
    unfit = [name for name in given if name not in _FIT[does]]
    if unfit:
        raise InputError(
            f"{unfit[0]} does not go with {_CALLED.get(does, does)}.",
            remedy="outgate scripts --help says what does.",
        )
