"""User names in evidence: in clear, as a keyed pseudonym, or not at all; paths follow the same
choice.
"""

import os
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from core.attribution import CodeLine

UserNames = Literal["clear", "pseudonym", "none"]

_HOME = re.compile(
    r"((?:^|/proc/\d+/root)/(?:home|Users)/|^[A-Za-z]:[\\/]Users[\\/])([^/\\]+)", re.IGNORECASE
)
_NO_PERSON = frozenset({"shared", "public", "default", "linuxbrew"})


class People:
    """Applies the setting to every name and path that leaves attribution."""

    def __init__(self, user_names: UserNames, pseudonym: Callable[[str], str] | None) -> None:
        if user_names == "pseudonym" and pseudonym is None:
            raise ValueError("pseudonyms need a keyed function")
        self._setting = user_names
        self._pseudonym = pseudonym

    def name(self, user: str | None) -> str | None:
        """Return what may be recorded of a user name."""
        if user is None or self._setting == "none":
            return None
        if self._setting == "clear" or self._pseudonym is None:
            return user
        return self._pseudonym(user)

    def path(self, path: str) -> str:
        """Return a path whose home folder tells no more than `name` does."""
        return path if self._setting == "clear" else _HOME.sub(self._home, path)

    def line(self, line: CodeLine) -> CodeLine:
        """Return a line of code whose paths tell no more than `name` does."""
        stack = tuple(self.path(frame) for frame in line.stack)
        return replace(line, file=self.path(line.file), stack=stack)

    def optional_path(self, path: str | None) -> str | None:
        """Return `path(…)` of a path that may be unknown."""
        return None if path is None else self.path(path)

    def _home(self, found: re.Match[str]) -> str:
        user = found[2]
        return found[0] if user.lower() in _NO_PERSON else found[1] + (self.name(user) or "-")


def home_of(uid: int | None) -> str | None:
    """Return the home folder of a user of this machine; None where there is none."""
    if uid is None or os.name == "nt":
        return None
    import pwd

    try:
        return pwd.getpwuid(uid).pw_dir
    except KeyError:
        return None
