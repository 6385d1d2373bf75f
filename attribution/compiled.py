"""Whether a script that Python imports is surely run from its source: a compiled file beside it, or
something earlier on the search path, may hold any other program under the same name.

`python FILE` compiles FILE itself. `-m`, folders and servers' applications go through the import
system, where the name of a code's file is whatever its maker wrote there. In the helper process;
what is compiled here is never run, and nothing compiled by others is loaded.
"""

# paths of another process, kept as the text they are
# ruff: noqa: PTH116, PTH208

import marshal
import os
import posixpath
import struct
from collections.abc import Collection, Iterator, Sequence

from attribution.backends import procfs
from attribution.facts import ProcessFacts, Witness
from attribution.filesystem import HostFiles
from attribution.marshalled import NotReadableError, form
from attribution.plain_files import text_of
from attribution.resolution import Resolution, search_paths
from attribution.resolution.command_line import parse
from core.attribution import LaunchedAs

WRITTEN_SINCE = (
    "it is imported, and its compiled file was written after the start, so what ran may not be "
    "what its source says"
)
ANOTHER = "it is imported, and its compiled file is not shown to be made of its source"
BEFORE_IT = (
    "it is imported, and something earlier on its search path may have been run in its place"
)
SEARCHED_SINCE = (
    "it is imported, and a folder in which Python looked for it was changed after the start, so "
    "something else may have stood there"
)
_COMPILED = frozenset({LaunchedAs.MODULE, LaunchedAs.WORKER, LaunchedAs.CONSOLE_SCRIPT})
_MOST_BYTES = 2 << 20
_HEAD = 16
"""Bytes before the code: magic number, flags, and time and size of the source
(https://docs.python.org/3/reference/import.html#pyc-invalidation)."""
_ENDINGS = (".pyc", "/__init__.pyc", "/__main__.pyc")
_FORMS = (".py", "/__init__.py", "/__main__.py")


def doubt(
    owner: ProcessFacts,
    run: Resolution,
    witness: Witness | None,
    files: HostFiles,
    installed: Sequence[str] = (),
) -> str | None:
    """Return why what ran may be another program than the source at its path; None when nothing
    speaks for that, and for what is not imported. `installed`: folders with packages, and with
    Python's own modules.
    """
    if owner.windows or run.path is None or not run.path.endswith(".py"):
        return None
    if not is_imported(owner, run):
        return BEFORE_IT if _is_hooked(run, witness) else None
    searched = _searched(owner, run, files, installed)
    if searched is None:
        return BEFORE_IT
    if _has_prefix(owner):
        return ANOTHER
    sources = [run.path, *_packages(run, files)]
    doubts = (made_of_source(owner, path, files, run.spelled) for path in sources)
    found = next((found for found in doubts if found is not None), None)
    if found is None and any(_is_since(owner, files.outside(folder)) for folder in searched):
        return SEARCHED_SINCE
    return found


def is_imported(owner: ProcessFacts, run: Resolution) -> bool:
    """True for a program that goes through the import system."""
    return run.launched_as in _COMPILED or _is_of_folder(owner, run)


def made_of_source(
    owner: ProcessFacts, path: str, files: HostFiles, spelled: str | None = None
) -> str | None:
    """Return why a module's code may not be what its source says, by its compiled files."""
    names = {path, path if spelled is None or not _is_same_name(path, spelled) else spelled}
    folders = {posixpath.dirname(name) for name in names}
    doubts = (_of_cache(owner, path, folder, names, files) for folder in sorted(folders))
    return next((found for found in doubts if found is not None), None)


def _is_same_name(one: str, other: str) -> bool:
    return posixpath.basename(one) == posixpath.basename(other)


def _is_hooked(run: Resolution, witness: Witness | None) -> bool:
    """True for a plain file that went through the import system: a hook may have given another."""
    if run.by_tool or run.launched_as is not LaunchedAs.FILE:
        return False
    return witness is not None and witness.imported


def _is_of_folder(owner: ProcessFacts, run: Resolution) -> bool:
    """True where the command line names a folder, whose `__main__` is imported."""
    return posixpath.basename(run.path or "") == "__main__.py" and not any(
        word.endswith("__main__.py") for word in owner.argv[1:]
    )


def _has_prefix(owner: ProcessFacts) -> bool:
    """True where compiled files are kept elsewhere."""
    told = any("pycache_prefix" in word for word in owner.argv[1:])
    return told or _is_told(owner, "PYTHONPYCACHEPREFIX")


def _is_told(owner: ProcessFacts, name: str) -> bool:
    """True for a variable of the environment that it was started with. Its value is not kept."""
    entries = procfs.told(owner.pid, "environ").split(b"\0")
    return any(entry.startswith(name.encode() + b"=") for entry in entries)


def _searched(
    owner: ProcessFacts, run: Resolution, files: HostFiles, installed: Sequence[str]
) -> list[str] | None:
    """Return the folders in which Python looked for a module; None where it is not the first of its
    name there.
    """
    if run.launched_as is not LaunchedAs.MODULE or run.word is None:
        return []
    folders = [*_of_start(owner), *search_paths.given_folders(owner)]
    found = _found_in(folders, run, run.word, files)
    if found is None:
        return None
    if not found or not _is_at(found[-1], run, run.word):
        holders = _holders(installed or tuple(search_paths.site_folders(owner)), run.word, files)
        if holders:
            place = _only(holders, run, run.word, files)
            return None if place is None else [*found, place, *_folders_within(run, place)]
    if not _is_alone(owner, found, folders, run.word, files):
        return None
    return [*found, *_folders_within(run, found[-1])] if found else []


def _of_start(owner: ProcessFacts) -> list[str]:
    """Return the folder of the start, where modules are looked for first; none with `-P` or `-I`
    before them.
    """
    command = parse(owner.argv[1:])
    return [] if command.safe_path else [next(iter(search_paths.bases(owner)), "")]


def _is_at(folder: str, run: Resolution, module: str) -> bool:
    spelled = run.spelled or run.path or ""
    return spelled in _forms(f"{folder}/{module.replace('.', '/')}")


def _holders(installed: Sequence[str], module: str, files: HostFiles) -> list[str]:
    """Return the folders of the installation that hold a module of this name, an archive of
    Python's own modules among them.
    """
    first = module.partition(".")[0]
    more = [f"{place}/lib-dynload" for place in installed if not place.endswith("-packages")]
    found = [place for place in (*installed, *more) if _is_named(place, first, files)]
    packed = (f"{place.replace('.', '')}.zip" for place in installed if "." in place[-5:])
    return [*found, *(place for place in packed if files.exists(place))]


def _only(holders: Sequence[str], run: Resolution, module: str, files: HostFiles) -> str | None:
    """Return the one folder of the installation in which the module lies; None where it may have
    been found in another one.
    """
    if len({files.realpath(place) for place in holders}) > 1:
        return None
    spelled = run.spelled or run.path or ""
    return next(
        (
            place
            for place in holders
            if _is_at(place, run, module) and _is_sure_within(place, module, spelled, files)
        ),
        None,
    )


def _found_in(
    folders: Sequence[str], run: Resolution, module: str, files: HostFiles
) -> list[str] | None:
    """Return the folders that were searched up to the one that holds the module; None where
    something else may have been found before it.
    """
    first, inner = module.partition(".")[0], module.replace(".", "/")
    spelled, searched = run.spelled or run.path or "", []
    for folder in folders:
        searched.append(folder)
        if spelled in _forms(f"{folder}/{inner}"):
            return searched if _is_sure_within(folder, module, spelled, files) else None
        if files.exists(folder) and not files.is_dir(folder):
            return None
        if _is_named(folder, first, files) or files.exists(f"{folder}/{first}"):
            return None
    return searched


def _is_named(folder: str, first: str, files: HostFiles) -> bool:
    """True where a folder holds a module, or a package with a file of its own, of this name."""
    start = f"{folder}/{first}"
    return _holds(start, (".py", "/__init__.py", *_ENDINGS), files) or _has_native(start, files)


def _is_alone(
    owner: ProcessFacts,
    found: Sequence[str],
    folders: Sequence[str],
    module: str,
    files: HostFiles,
) -> bool:
    """True unless it is a package without a file of its own, and another one of its name stands
    anywhere: that one would be taken, however late it is found.
    """
    first = module.partition(".")[0]
    if not found or _is_named(found[-1], first, files):
        return True
    others = (*folders, *search_paths.site_folders(owner))
    return not any(_is_named(folder, first, files) for folder in others)


def _forms(start: str) -> tuple[str, ...]:
    return tuple(f"{start}{form}" for form in _FORMS)


def _is_sure_within(folder: str, module: str, spelled: str, files: HostFiles) -> bool:
    """True where within its folder nothing else has the name of the module, or of a package that
    it is in.
    """
    start = folder
    parts = module.removesuffix(".__main__").split(".")
    for part in parts:
        start = f"{start}/{part}"
        if _holds(start, _ENDINGS, files) or _has_native(start, files):
            return False
        if spelled == f"{start}.py":
            return not files.exists(f"{start}/__init__.py")
        if _has_native(f"{start}/__init__", files):
            return False
        if not files.exists(f"{start}/__init__.py") and files.exists(f"{start}.py"):
            return False
    return True


def _folders_within(run: Resolution, folder: str) -> list[str]:
    """Return the folders from the one that was searched down to that of the program."""
    spelled, found = posixpath.dirname(run.spelled or run.path or ""), []
    while spelled.startswith(f"{folder}/"):
        found.append(spelled)
        spelled = posixpath.dirname(spelled)
    return found


def _packages(run: Resolution, files: HostFiles) -> list[str]:
    """Return the files of the packages that the module is in: they are run before it."""
    if run.launched_as is not LaunchedAs.MODULE or run.word is None or run.path is None:
        return []
    folder, found = posixpath.dirname(run.path), []
    for _ in range(run.word.count(".") + run.path.endswith("/__main__.py")):
        found.append(f"{folder}/__init__.py")
        folder = posixpath.dirname(folder)
    return [path for path in found if path != run.path and files.exists(path)]


def _is_since(owner: ProcessFacts, path: str) -> bool:
    return owner.image_from is None or _changed_at(path) > owner.image_from


def _has_native(start: str, files: HostFiles) -> bool:
    """True where a library stands beside it that Python would load under this name."""
    folder, _, name = start.rpartition("/")
    try:
        listed = os.listdir(files.outside(folder))
    except OSError:
        return False
    return any(entry.startswith(f"{name}.") and entry.endswith(".so") for entry in listed)


def _holds(start: str, endings: Sequence[str], files: HostFiles) -> bool:
    return any(files.exists(f"{start}{end}") for end in endings)


def _of_cache(
    owner: ProcessFacts, path: str, folder: str, spelled: Collection[str], files: HostFiles
) -> str | None:
    """Look at the compiled files that may have been read in the place of a source."""
    stem = posixpath.basename(path).removesuffix(".py")
    try:
        names, touched = _candidates(owner, f"{folder}/__pycache__", stem, files)
    except OSError:
        return ANOTHER
    if owner.image_from is None or touched > owner.image_from:
        return WRITTEN_SINCE
    source = files.outside(path)
    return None if all(_is_made_of(name, source, spelled) for name in names) else ANOTHER


def _candidates(
    owner: ProcessFacts, cache: str, stem: str, files: HostFiles
) -> tuple[list[str], float]:
    """Return the paths of the compiled files and since when it is surely these. Raises OSError.

    Where only one name is looked for, others may come and go; a file that is not there may have
    been.
    """
    versions = search_paths.versions(owner)
    begins = f"{stem}.cpython-{versions[0].replace('.', '')}" if len(versions) == 1 else f"{stem}."
    only = f"{cache}/{begins}.pyc"
    here = files.outside(cache)
    if begins != f"{stem}." and not _is_optimised(owner) and files.exists(only):
        found = files.outside(only)
        return [found], max(files.way(only).turned_at, os.stat(found).st_ctime)
    try:
        names = [n for n in os.listdir(here) if n.startswith(begins) and n.endswith(".pyc")]
    except FileNotFoundError:
        return [], _changed_at(files.outside(posixpath.dirname(cache)))
    paths = [f"{here}/{name}" for name in names]
    return paths, max(os.stat(path).st_ctime for path in (here, *paths))


def _is_optimised(owner: ProcessFacts) -> bool:
    """True where another compiled file may be looked for (`-O`, in whatever company)."""
    told = any(word.startswith("-") and "O" in word for word in owner.argv[1:])
    return told or _is_told(owner, "PYTHONOPTIMIZE")


def _changed_at(path: str) -> float:
    try:
        return os.stat(path).st_ctime
    except OSError:
        return float("inf")


def _is_made_of(compiled: str, source: str, names: Collection[str]) -> bool:
    """True for a compiled file that holds just what this source gives, or that Python does not
    use. One of another version of Python cannot be compared.
    """
    data, text = text_of(compiled, _MOST_BYTES + 1), text_of(source, _MOST_BYTES + 1)
    if not _HEAD < len(data) <= _MOST_BYTES or len(text) > _MOST_BYTES:
        return False
    if _is_stale(data, source):
        return True
    held = data[_HEAD:]
    return any(_is_same(held, made) for made in _made_of(text, names, _level(compiled)))


def _is_same(held: bytes, made: bytes) -> bool:
    if held == made:
        return True
    try:
        return form(held) == form(made)
    except NotReadableError:
        return False


def _is_stale(data: bytes, source: str) -> bool:
    """True where it says, by time and size, that it was made of an earlier source."""
    if data[4:8] != bytes(4):
        return False
    try:
        found = os.stat(source)
    except OSError:
        return False
    now = struct.pack("<II", int(found.st_mtime) & 0xFFFFFFFF, found.st_size & 0xFFFFFFFF)
    return data[8:_HEAD] != now


def _level(compiled: str) -> int:
    name = compiled.removesuffix(".pyc")
    return int(name[-1]) if name[-6:] in {".opt-1", ".opt-2"} else 0


def _made_of(text: bytes, names: Collection[str], level: int) -> Iterator[bytes]:
    for name in sorted(names):
        try:
            code = compile(text, name, "exec", dont_inherit=True, optimize=level)
            yield marshal.dumps(code)
        except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
            return
