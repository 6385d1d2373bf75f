"""What is changed of mitmproxy, or relied on although it is its own affair: the one door.
`register` holds the entries.

Read this before an upgrade. Each entry says what it touches, why, what fails without it, and which
test shows that; `seen` is a print of mitmproxy's own text as it was when the entry was written. A
test takes the prints again, so that a new mitmproxy names the entries to look at. Nothing else in
proxy/ replaces, adopts or forces anything: `replace`, `adopt` and `force` refuse what is not
registered. `python -m proxy.mitmproxy_patches.prints` shows the prints of the mitmproxy at hand.
"""

from types import ModuleType
from typing import Any

from proxy.mitmproxy_patches.entry import VERSION, Patch
from proxy.mitmproxy_patches.register import PATCHES

__all__ = ["PATCHES", "VERSION", "Patch", "adopt", "force", "replace"]


def replace(owner: ModuleType | type, name: str, value: Any) -> None:
    """Put a value in the place of one of mitmproxy's."""
    _registered(f"{_path(owner)}.{name}" if isinstance(owner, type) else f"{_path(owner)}:{name}")
    setattr(owner, name, value)


def adopt(found: Any, theirs: type, ours: type) -> None:
    """Make an object of exactly their class one of ours; it has handled no event yet."""
    if type(found) is theirs:
        _registered(_path(theirs))
        found.__class__ = ours


def force(found: Any, name: str, value: Any) -> None:
    """Set an attribute that its class forbids to set."""
    _registered(f"{_path(type(found))}.__setattr__")
    object.__setattr__(found, name, value)


def _path(owner: ModuleType | type) -> str:
    if isinstance(owner, ModuleType):
        return owner.__name__
    return f"{owner.__module__}:{owner.__qualname__}"


def _registered(target: str) -> None:
    known = [touched for patch in PATCHES for touched in patch.touches]
    if not any(
        touched == target
        or touched.startswith(f"{target}.")
        or (":" in touched and target.startswith(f"{touched}."))
        for touched in known
    ):
        raise LookupError(f"{target} is not in the register of what is changed of mitmproxy")
