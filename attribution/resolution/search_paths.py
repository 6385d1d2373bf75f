"""Where a process's relative paths and modules lie, judged honestly when it may have changed its
directory.
"""

import ntpath
import posixpath
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from attribution.facts import Files, ProcessFacts

GONE = "the script file no longer exists"
MOVED = "found by the directory the process was started in; it has another one now"
AMBIGUOUS = "two files fit the relative path, because the process may have changed its directory"
DESCRIPTOR = "the script was read through a descriptor, which may lead to another file by now"
_DESCRIPTOR = re.compile(r"/dev/(?:fd/\d+|std(?:in|out|err))|/proc/.*/fd/\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A located file: `path` is absolute, or None when it cannot be said; `note` says why it is not
    certain.
    """

    path: str | None
    note: str | None = None
    spelled: str | None = None
    """The same with its links still in it: what the process followed when it was started."""


def join(facts: ProcessFacts, folder: str, name: str) -> str:
    """Join and normalise by the rules of the process's own operating system."""
    if facts.windows:
        return ntpath.normpath(ntpath.join(folder, name))
    return posixpath.normpath(posixpath.join(folder, name))


def parent_folder(facts: ProcessFacts, path: str) -> str:
    """Return the folder of a path by the rules of the process's own operating system."""
    return ntpath.dirname(path) if facts.windows else posixpath.dirname(path)


def is_absolute(facts: ProcessFacts, path: str) -> bool:
    """True for an absolute path on the process's own operating system."""
    return ntpath.isabs(path) if facts.windows else posixpath.isabs(path)


def bases(facts: ProcessFacts) -> list[str]:
    """Return the directories relative paths may start from: that of the start where it is known,
    else the present one and the one that the environment tells.
    """
    if facts.start_folder is not None:
        return [facts.start_folder]
    found = [facts.cwd] if facts.cwd else []
    started = facts.env.get("PWD")
    if started and started not in found:
        found.append(started)
    return found


def locate(facts: ProcessFacts, path: str, files: Files) -> Place:
    """Return the file that `path` on the command line means. Two possible files are no answer."""
    if is_absolute(facts, path):
        return _known(join(facts, path, ""), files)
    here = [join(facts, base, path) for base in bases(facts)]
    present = [candidate for candidate in here if files.exists(candidate)]
    real = {files.realpath(candidate) for candidate in present}
    if len(real) > 1:
        return Place(path=None, note=AMBIGUOUS)
    if real:
        from_start = present[0] != here[0]
        return Place(path=real.pop(), note=MOVED if from_start else None, spelled=present[0])
    only = here[0] if len(here) == 1 else None
    return Place(path=only, note=GONE, spelled=only)


def _known(path: str, files: Files) -> Place:
    note = DESCRIPTOR if _DESCRIPTOR.fullmatch(path) else None
    if files.exists(path):
        return Place(path=files.realpath(path), note=note, spelled=path)
    return Place(path=path, note=note or GONE, spelled=path)


def locate_module(facts: ProcessFacts, name: str, folders: Iterable[str], files: Files) -> Place:
    """Return the file of a module that would be imported first from these folders."""
    inner = name.replace(".", "\\" if facts.windows else "/")
    for folder in folders:
        for tail in (f"{inner}/__main__.py", f"{inner}/__init__.py", f"{inner}.py"):
            candidate = join(facts, folder, tail)
            if files.exists(candidate):
                return Place(path=files.realpath(candidate), spelled=candidate)
    return Place(path=None)


def module_folders(
    facts: ProcessFacts, *, safe_path: bool, ignores_environment: bool
) -> Iterator[str]:
    """Yield the folders searched for `-m`: working directory, PYTHONPATH, the environment's
    packages.
    """
    if not safe_path and not (facts.env.get("PYTHONSAFEPATH") and not ignores_environment):
        yield from bases(facts)[:1]
    if not ignores_environment:
        entries = facts.env.get("PYTHONPATH", "").split(";" if facts.windows else ":")
        yield from (entry for entry in entries if entry and is_absolute(facts, entry))
    yield from site_folders(facts)


def given_folders(facts: ProcessFacts) -> list[str]:
    """Return the folders of PYTHONPATH; an empty or relative entry begins where Python did."""
    given = facts.env.get("PYTHONPATH")
    start = next(iter(bases(facts)), "/")
    return [join(facts, start, entry) for entry in given.split(":")] if given else []


def site_folders(facts: ProcessFacts) -> Iterator[str]:
    """Yield the places where the interpreter that really runs keeps packages and its own
    library.
    """
    for prefix in prefixes(facts):
        if facts.windows:
            yield from (join(facts, prefix, "Lib\\site-packages"), join(facts, prefix, "Lib"))
            continue
        for version in versions(facts):
            yield join(facts, prefix, f"lib/python{version}/site-packages")
            yield join(facts, prefix, f"lib/python{version}")


def prefixes(facts: ProcessFacts) -> list[str]:
    """Return the installation folders: of the interpreter as it was called (a venv), then of the
    real one.
    """
    called = facts.argv[0] if facts.argv and is_absolute(facts, facts.argv[0]) else None
    found: list[str] = []
    for program in (
        launcher(facts),
        called,
        _in_environment(facts),
        facts.exe,
    ):
        if program:
            folder = parent_folder(facts, program)
            is_prefix = facts.windows and not folder.lower().endswith("scripts")
            prefix = folder if is_prefix else parent_folder(facts, folder)
            if prefix and prefix not in found:
                found.append(prefix)
    return found


def launcher(facts: ProcessFacts) -> str | None:
    """Return by which path the interpreter was called, as a variable says; no other system than
    macOS asks for that, so anybody may set it elsewhere.
    """
    return facts.env.get("__PYVENV_LAUNCHER__") if sys.platform == "darwin" else None


def _in_environment(facts: ProcessFacts) -> str | None:
    """A bare `python` found through PATH belongs to the activated environment."""
    folder = facts.env.get("VIRTUAL_ENV") or facts.env.get("CONDA_PREFIX")
    called = facts.argv[0] if facts.argv else ""
    if not folder or is_absolute(facts, called) or "/" in called or "\\" in called:
        return None
    first = facts.env.get("PATH", "").split(";" if facts.windows else ":")[0]
    return join(facts, first, "python") if first.startswith(folder) else None


def versions(facts: ProcessFacts) -> list[str]:
    """Guess `3.13` from the interpreter's real name or path; every supported version when it is not
    told.
    """
    for text in (facts.exe or "").replace("\\", "/").split("/")[::-1]:
        digits = text.removeprefix("cpython-").removeprefix("python").removesuffix("t")
        parts = digits.split("-")[0].split(".")
        if len(parts) >= 2 and all(part.isdigit() for part in parts[:2]):
            return [".".join(parts[:2])]
    return [f"3.{minor}" for minor in range(15, 7, -1)]
