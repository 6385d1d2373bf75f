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
from attribution.plain_files import text_of
from attribution.resolution import Resolution, search_paths
from core.attribution import LaunchedAs

WRITTEN_SINCE = (
    "it is imported, and its compiled file was written after the start, so what ran may not be "
    "what its source says"
)
ANOTHER = "it is imported, and its compiled file is not shown to be made of its source"
BEFORE_IT = (
    "it is imported, and something earlier on its search path may have been run in its place"
)
_COMPILED = frozenset({LaunchedAs.MODULE, LaunchedAs.WORKER, LaunchedAs.CONSOLE_SCRIPT})
_MOST_BYTES = 2 << 20
_HEAD = 16
"""Bytes before the code: magic number, flags, and time and size of the source
(https://docs.python.org/3/reference/import.html#pyc-invalidation)."""
_ALWAYS_RUN = ("sitecustomize", "usercustomize")
_ENDINGS = (".pyc", "/__init__.pyc", "/__main__.pyc", ".so", ".abi3.so")


def doubt(
    owner: ProcessFacts, run: Resolution, witness: Witness | None, files: HostFiles
) -> str | None:
    """Return why what ran may be another program than the source at its path; None when nothing
    speaks for that, and for what is not imported.
    """
    if owner.windows or run.path is None or not run.path.endswith(".py"):
        return None
    if run.launched_as not in _COMPILED and not _is_of_folder(owner, run):
        return BEFORE_IT if _is_hooked(run, witness) else None
    if _is_shadowed(owner, run, files):
        return BEFORE_IT
    if _has_prefix(owner):
        return ANOTHER
    spelled = {path for path in (run.path, run.spelled) if path is not None}
    folders = {posixpath.dirname(path) for path in spelled}
    doubts = (_of_cache(owner, run.path, folder, spelled, files) for folder in sorted(folders))
    return next((found for found in doubts if found is not None), None)


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
    entries = procfs.read(f"/proc/{owner.pid}/environ").split(b"\0")
    return any(entry.startswith(name.encode() + b"=") for entry in entries)


def _is_shadowed(owner: ProcessFacts, run: Resolution, files: HostFiles) -> bool:
    """True where a folder of the user's own runs code at every start, or where one that is searched
    earlier holds a compiled module of this name, or is an archive.
    """
    entries = [entry for entry in owner.env.get("PYTHONPATH", "").split(":") if entry]
    always = [f"{entry}/{name}" for entry in entries for name in _ALWAYS_RUN]
    if any(_holds(start, (".py", *_ENDINGS), files) for start in always):
        return True
    if run.launched_as is not LaunchedAs.MODULE or run.word is None:
        return False
    return _stands_earlier([owner.start_folder or owner.cwd or "", *entries], run, run.word, files)


def _stands_earlier(folders: Sequence[str], run: Resolution, module: str, files: HostFiles) -> bool:
    """True where one of the folders that are searched before the module's holds it compiled, or is
    an archive.
    """
    inner, spelled = module.replace(".", "/"), run.spelled or run.path or ""
    for folder in folders:
        if _holds(f"{folder}/{inner}", _ENDINGS, files):
            return True
        if spelled.startswith(f"{folder}/{inner}"):
            return False
        if files.exists(folder) and not files.is_dir(folder):
            return True
    return False


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
    return any(data[_HEAD:] == made for made in _made_of(text, names, _level(compiled)))


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
