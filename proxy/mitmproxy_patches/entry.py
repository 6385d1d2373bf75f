"""The shape of an entry of the register."""

from dataclasses import dataclass

VERSION = "12.2.3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """One entry."""

    name: str
    ours: str
    """Our module that does it."""
    touches: tuple[str, ...]
    """What of mitmproxy (or what is below it), as `module` or `module:qualified.name`."""
    because: str
    without: str
    """What fails without it."""
    test: str
    """`file::test` that shows it."""
    seen: str
    """The first 12 hex digits of SHA-256 over the source of all that is touched."""
    version: str = VERSION
