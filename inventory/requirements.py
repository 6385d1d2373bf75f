"""What a script asks for beside its imports: requirements in its own block (PEP 723), and in files
beside it or in the folders above it, up to the root of its project.
"""

# paths by the thousand, as the walk found them
# ruff: noqa: PTH110, PTH118, PTH120

import os
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from attribution.identity.inline_metadata import read_inline_metadata
from attribution.plain_files import text_of

_MOST = 4 << 20
_LONGEST = 1_000
_MOST_LINES = 20_000
_LEVELS = 4
_PROJECT = (".git", "pyproject.toml", "setup.py", "setup.cfg")
_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock")
_PLAIN = ("requirements.txt", "requirements.in", "requirements.lock", "requirements-prod.txt")


def asked_by(path: str, source: bytes) -> dict[str, str | None]:
    """Return the distributions that a script asks for, each with its version where
    that is exact.
    """
    inline = read_inline_metadata(source)
    found = dict(_beside(os.path.dirname(path)))
    if inline is not None:
        found.update(filter(None, map(_requirement, inline.dependencies)))
    return found


@lru_cache(maxsize=2000)
def _beside(folder: str) -> tuple[tuple[str, str | None], ...]:
    found: dict[str, str | None] = {}
    for _ in range(_LEVELS):
        for name, version in _in_folder(folder):
            if found.get(name) is None:
                found[name] = version
        above = os.path.dirname(folder)
        if above == folder or any(os.path.exists(os.path.join(folder, name)) for name in _PROJECT):
            break
        folder = above
    return tuple(found.items())


def forget() -> None:
    """Read the files anew from now on."""
    _beside.cache_clear()


def _in_folder(folder: str) -> Iterator[tuple[str, str | None]]:
    for name in _LOCKS:
        yield from _locked(text_of(os.path.join(folder, name), _MOST))
    for name in _PLAIN:
        text = text_of(os.path.join(folder, name), _MOST).decode("utf-8", "replace")
        yield from filter(None, map(_requirement, text.splitlines()[:_MOST_LINES]))
    project = _toml(text_of(os.path.join(folder, "pyproject.toml"), _MOST)).get("project")
    wanted = project.get("dependencies") if isinstance(project, dict) else None
    for entry in wanted if isinstance(wanted, list) else ():
        if isinstance(entry, str) and (told := _requirement(entry)) is not None:
            yield told


def _locked(data: bytes) -> Iterator[tuple[str, str | None]]:
    """Yield the packages of a lock: tables `[[package]]` whose first lines say name and version.
    The whole of it is a hundred times as long.
    """
    name: str | None = None
    for line in data.decode("utf-8", "replace").splitlines():
        key, sign, value = line.partition(" = ")
        if line == "[[package]]":
            name = None
        elif sign and key == "name" and name is None:
            name = canonicalize_name(value.strip('"'))
        elif sign and key == "version" and name:
            yield name, value.strip('"')
            name = ""


def _toml(data: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(data.decode("utf-8", "replace")) if data else {}
    except (ValueError, RecursionError):
        return {}


def _requirement(line: str) -> tuple[str, str | None] | None:
    text = line.partition(" #")[0].partition(" --hash")[0].rstrip("\\ \t").strip()
    if not text or len(text) > _LONGEST or text.startswith(("#", "-")):
        return None
    try:
        requirement = Requirement(text)
    except (InvalidRequirement, ValueError, RecursionError):
        return None
    exact = [
        s.version
        for s in requirement.specifier
        if s.operator in {"==", "==="} and "*" not in s.version
    ]
    return canonicalize_name(requirement.name), exact[0] if exact else None
