"""What binary formats without a schema come to: objects as JSON has them, as far as they go."""

from typing import Any, NamedTuple


class BrokenError(ValueError):
    """The bytes do not keep to the format, or they end too soon."""


class Parsed(NamedTuple):
    """Values one after the other. Holds payload."""

    values: list[Any]
    whole: bool
    """False when the bytes do not keep to the format to their end."""
    at: int
    """Where what was read ends."""

    def __repr__(self) -> str:
        return f"<Parsed {len(self.values)} values>"


def put(target: dict[str, Any], name: str, value: Any) -> None:
    """Set a field; a value that was there before stays, under a name of its own."""
    if name in target:
        target[f"{name} (given again {len(target)})"] = target[name]
    target[name] = value
