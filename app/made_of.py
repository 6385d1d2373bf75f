"""What a version of a script is made of, as it was kept, in words for the command line and the
review.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.text import printable

_GIT_WORDS = {
    "committed": "as committed",
    "modified": "modified since",
    "untracked": "not tracked: no commit holds it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeOf:
    """The parts of one version; all text is inert."""

    imports: tuple[str, ...] | None
    """`pandas 2.2.3`, `cv2 (opencv-python 4.10)`, `helpers (not installed)`; None where the source
    was not readable.
    """
    installed: tuple[str, ...]
    history: str | None
    """Where its history lives and whether it is what was committed there; None outside of
    repositories.
    """


def made_of(parts: Mapping[str, Any]) -> MadeOf:
    """Return what was kept of a version; what is not of its form is left out."""
    names = parts.get("imports")
    used = {entry[0]: entry[1:] for entry in _rows(parts.get("used"), 3)}
    imports = None
    if isinstance(names, list):
        imports = tuple(_import(str(name), used.get(str(name))) for name in names)
    rows = _rows(parts.get("installed"), 3)
    installed = tuple(f"{_safe(name)} {_safe(version)}" for name, version, _ in rows)
    return MadeOf(imports=imports, installed=installed, history=_history(parts.get("git")))


def used_packages(parts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the distributions that this version imports, with their versions, as
    they were kept.
    """
    rows = _rows(parts.get("used"), 3)
    found = {(str(name), str(version)) for _, name, version in rows if name and version}
    return sorted(found)


def _rows(value: Any, length: int) -> Iterator[list[Any]]:
    for row in value if isinstance(value, list) else ():
        if isinstance(row, list) and len(row) == length:
            yield row


def _import(name: str, brought: list[Any] | None) -> str:
    if brought is None:
        return _safe(name)
    distribution, version = brought
    if distribution is None:
        return f"{_safe(name)} (not installed)"
    same = str(distribution).replace("-", "_") == name.lower()
    if same:
        return f"{_safe(name)} {_safe(version)}"
    return f"{_safe(name)} ({_safe(distribution)} {_safe(version)})"


def _history(git: Any) -> str | None:
    if not isinstance(git, dict) or not git.get("root"):
        return None
    where = _safe(git.get("remote") or git["root"], 300)
    commit = _safe(str(git.get("commit") or "no commit")[:12])
    branch = f" on {_safe(git['branch'])}" if git.get("branch") else ""
    return f"{where}, {commit}{branch}, {_GIT_WORDS.get(str(git.get('file')), 'not compared')}"


def _safe(value: Any, most: int = 100) -> str:
    return printable(str(value), most)
