"""What a Python command line says: options in any order, then a file, `-m`, `-c`, stdin or
nothing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

_TAKES_VALUE = frozenset("WXQ")
_LONG_WITH_VALUE = frozenset({"--check-hash-based-pycs"})
_LAUNCHER_VERSION = re.compile(r"-[23](?:\.\d+)?(?:-\d+|-arm64)?|-V:\S+|-0p?")


class Kind(Enum):
    """Where the program comes from."""

    FILE = "file"
    MODULE = "module"
    COMMAND = "command"
    STDIN = "stdin"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One parsed command line."""

    kind: Kind
    target: str = ""
    """File, module or code. Code may hold secrets: never show it."""
    rest: tuple[str, ...] = ()
    flags: frozenset[str] = frozenset()
    """Single-letter options that were given."""
    warned: tuple[str, ...] = ()
    """What `-W` was given: filters of warnings."""

    @property
    def ignores_environment(self) -> bool:
        """True when PYTHONPATH and the like do not count."""
        return not self.flags.isdisjoint("EI")

    @property
    def safe_path(self) -> bool:
        """True when the working directory is not searched for modules."""
        return not self.flags.isdisjoint("IP")

    def __repr__(self) -> str:
        return f"<Command {self.kind.value} {len(self.rest)} arguments>"


def parse(arguments: Sequence[str]) -> Command:
    """Parse what stands after the interpreter's own name, as CPython's option parser would.

    Single letters may be joined (`-Bu`), the value of an option may be joined to it (`-Xdev`,
    `-mpackage`), `--` ends the options, and `-c`, `-m`, `-` or the first other word ends them too.
    """
    flags, warned = set[str](), list[str]()
    words = list(arguments)
    while words:
        word = words.pop(0)
        if word == "--":
            break
        if word == "-":
            return _command(Kind.STDIN, "", words, flags, warned)
        if not word.startswith("-"):
            words.insert(0, word)
            break
        if word.startswith("--"):
            if word in _LONG_WITH_VALUE and words:
                words.pop(0)
            continue
        found = _letters(word[1:], words, flags, warned)
        if found is not None:
            return found
    if not words:
        return _command(Kind.NOTHING, "", words, flags, warned)
    return _command(Kind.FILE, words[0], words[1:], flags, warned)


def _command(
    kind: Kind, target: str, rest: list[str], flags: set[str], warned: list[str]
) -> Command:
    given = frozenset(flags)
    return Command(kind=kind, target=target, rest=tuple(rest), flags=given, warned=tuple(warned))


def _letters(letters: str, words: list[str], flags: set[str], warned: list[str]) -> Command | None:
    """Read one group of joined letters; returns a command when `-c` or `-m` is among them."""
    for at, letter in enumerate(letters):
        flags.add(letter)
        joined = letters[at + 1 :]
        if letter in "cm":
            target = joined or (words.pop(0) if words else "")
            kind = Kind.COMMAND if letter == "c" else Kind.MODULE
            return _command(kind, target, words, flags, warned)
        if letter in _TAKES_VALUE:
            value = words.pop(0) if not joined and words else joined
            warned += [value] if letter == "W" else []
            return None
    return None


def without_launcher_options(arguments: Sequence[str]) -> Sequence[str]:
    """Drop the version option of the Windows `py` launcher (`-3.12`, `-V:3.12`)."""
    if arguments and _LAUNCHER_VERSION.fullmatch(arguments[0]):
        return arguments[1:]
    return arguments


def positionals(words: Sequence[str], with_value: frozenset[str]) -> list[str]:
    """Return the words of a tool's command line that are neither options nor values of options."""
    found: list[str] = []
    skip = False
    for at, word in enumerate(words):
        if skip:
            skip = False
        elif word == "--":
            return found + list(words[at + 1 :])
        elif word.startswith("-") and len(word) > 1:
            skip = word in with_value
        else:
            found.append(word)
    return found


def option(words: Sequence[str], *names: str) -> str | None:
    """Return the value of the first of these options: `--app x`, `--app=x`, `-Ax`."""
    for at, word in enumerate(words):
        for name in names:
            if word == name:
                return words[at + 1] if at + 1 < len(words) else None
            if name.startswith("--") and word.startswith(name + "="):
                return word[len(name) + 1 :]
            if not name.startswith("--") and word.startswith(name) and not word.startswith("--"):
                return word[len(name) :].removeprefix("=")
    return None
