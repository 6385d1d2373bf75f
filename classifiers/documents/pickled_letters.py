"""Letters that a pickle holds one by one: one met before is named by the number that it has."""

_PUTS = frozenset({"PUT", "BINPUT", "LONG_BINPUT"})
_GETS = frozenset({"GET", "BINGET", "LONG_BINGET"})
_FEWEST = 12
"""Fewer letters are marks of a few rows."""


class Letters:
    """Follows the opcodes of one pickle. Holds payload; its memory is bounded by the pickle's."""

    def __init__(self) -> None:
        self._found: list[str] = []
        self._kept: dict[int, str] = {}
        self._next = 0
        self._top = self._letter = ""

    def __repr__(self) -> str:
        return f"<Letters {len(self._found)}>"

    def take(self, code: str, argument: object) -> None:
        """Follow one opcode."""
        if isinstance(argument, str | bytes | bytearray):
            self._top = _letter_of(argument)
            self._letter = self._top or self._letter
            self._found += [self._top] if self._top else []
        elif code == "MEMOIZE":
            self._keep(self._next)
        elif code in _PUTS and type(argument) is int:
            self._keep(argument)
        elif code in _GETS and type(argument) is int:
            if letter := self._kept.get(argument):
                self._found.append(letter)
            self._top = letter or ""
        else:  # bytes of old pickles are what a function makes of a letter
            self._top = self._letter if code == "REDUCE" else ""

    def _keep(self, number: int) -> None:
        self._next += 1
        if self._top:
            self._kept[number] = self._top

    def whole(self) -> str | None:
        """Return all letters together; None for a few."""
        return "".join(self._found) if len(self._found) >= _FEWEST else None


def _letter_of(argument: str | bytes | bytearray) -> str:
    if len(argument) != 1:
        return ""
    return argument if isinstance(argument, str) else bytes(argument).decode("latin-1")
