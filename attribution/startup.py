"""Whether an environment runs code of its own before the main program, which may have put another
one in the place of what Python imports: `sitecustomize`, lines of `.pth` files, modules before the
standard library's own.

In the helper process; nothing of what is found is run.
"""

# paths of another process, kept as the text they are
# ruff: noqa: PTH116, PTH208

import hashlib
import os
import posixpath
import stat
import sys
import time
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from attribution.backends import procfs
from attribution.compiled import made_of_source
from attribution.facts import ProcessFacts
from attribution.file_times import margin_s
from attribution.filesystem import HostFiles
from attribution.identity.environment import candidates, config_of, package_folders
from attribution.os_users import home_of
from attribution.plain_files import text_of
from attribution.resolution import search_paths
from attribution.resolution.command_line import Command, Kind, parse

BENT = (
    "it is imported, and its environment runs code of its own at each start, which may have put "
    "another program in its place"
)
BENT_SINCE = (
    "it is imported, and what its environment runs at each start may have been changed since"
)
CUSTOM = ("sitecustomize", "usercustomize")
_OF_PYTHON = tuple(
    "abc codecs io os site stat posixpath genericpath ntpath runpy pkgutil importlib types warnings"
    " contextlib collections operator keyword heapq reprlib functools re enum linecache weakref"
    " zipimport _collections_abc _sitebuiltins _weakrefset sre_compile sre_parse sre_constants"
    " typing tokenize token copyreg sysconfig _bootlocale locale threading struct".split()
)
"""What Python loads before the main program or a module of its own, of any version that holds it in
a file, or was told to (`-X frozen_modules=off`).
"""
STANDARD = frozenset(sys.stdlib_module_names | {"annotationlib", "compression"})
"""Names of all of Python's own modules, also of versions that are not this one."""
TRIED = frozenset("java org tzdata vms_lib win32evtlog win32evtlogutil".split())
"""What Python's own modules ask for besides (`platform`, `pickle` until 3.12, `zoneinfo`,
`logging.handlers`), and mostly nobody has: whoever puts it anywhere is asked.
"""
LOADED_FIRST = (*CUSTOM, "encodings", *_OF_PYTHON)
_ELSEWHERE = frozenset(
    (b"PYTHONHOME", b"PYTHONUSERBASE", b"PYTHONPLATLIBDIR", b"PYTHONEXECUTABLE", b"PYTHONWARNINGS")
)
"""With these Python's own modules, or the user's, are others than those that are looked at."""
MOST_LINES, _MOST_KNOWN = 1 << 20, 200
_SETTLED_S = 1.0
"""Of a folder that was changed within this, a later change may have the same time."""
NEVER_FIRST = frozenset({"test", "tests", "docs", "examples", "__pycache__"})
_DISTUTILS = (frozenset[bytes](), "_distutils_hack/__init__.py")
_VIRTUALENV = (frozenset[bytes](), "_virtualenv.py")
LINES_OF_OTHERS: Mapping[str, tuple[frozenset[bytes], str | None]] = {
    # what coverage installs, which does nothing unless it is told to
    "ef2ed06d19867ec669c09a804060666a9cd5e383af0a9d11aa2de79b77d448e8": (
        frozenset((b"COVERAGE_PROCESS_START", b"COVERAGE_PROCESS_CONFIG")),
        None,
    ),
    # the same for those of coloredlogs
    "dda83a855986efa5cd87f0248b0199c0086eb0e8e7fece7d6741959c5ce39536": (
        frozenset((b"COLOREDLOGS_AUTO_INSTALL",)),
        None,
    ),
    # of setuptools, which finds `distutils` in another place and nothing else
    "2638ce9e2500e572a5e0de7faed6661eb569d1b696fcba07b0dd223da5f5d224": _DISTUTILS,
    "7ea7ffef3fe2a117ee12c68ed6553617f0d7fd2f0590257c25c484959a3b7373": _DISTUTILS,
    # of virtualenv, which changes how `distutils` reads its settings
    "69ac3d8f27e679c81b94ab30b3b56e9cd138219b1ba94a1fa3606d5a76a1433d": _VIRTUALENV,
    "a18ec686bd69842888e68e43eade6c26cac183a1e4c98c40ae8992349f0a1a1c": _VIRTUALENV,
}
"""SHA-256 of `.pth` files that were read and put no program in another one's place: the variables
that must not be told for that, and the module that they import.
"""
_MODULES_OF_OTHERS = frozenset(
    (
        "ced72e54431ecf2d8d7dbd8a1e27724f1b171af3ca1503c304bf11c59a7fe861",
        "4d27a48545b57dd137ae35376fcf326d2064271084a487960686f8704b94de4a",
        "322f93bf23a7b8ccd421cfeeb68129e66dccfc363a40b2d2917aa0e9ef30848f",
        "5f7454880e8a04fa0499ca3f0a3002ca5b7241b15119552965101b4a43c6c0cb",
        "0f20351ea7e90039c46d3fabdef991f28b1e3ff33eb13ee6f0d5cd21ea0e8b14",
    )
)
"""SHA-256 of those modules, in the versions that were read."""
_listings: OrderedDict[tuple[str, int, int, int], tuple[str, ...]] = OrderedDict()


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """One process, and the environment that it was started with."""

    owner: ProcessFacts
    files: HostFiles
    told: Mapping[bytes, bytes]

    def __repr__(self) -> str:
        return "<Start>"

    def is_since(self, path: str) -> bool:
        """True for what was changed after the start; where that cannot be told as well."""
        loaded, outside = self.owner.image_from, self.files.outside(path)
        try:
            found = os.stat(outside)
            margin = margin_s(outside, mapped=not stat.S_ISDIR(found.st_mode))
            return loaded is None or found.st_ctime + margin > loaded
        except FileNotFoundError:
            return False
        except OSError:
            return True

    def is_out_of_reach(self, folder: str) -> bool:
        """True for a folder of root's, in which the sender can change nothing."""
        if self.owner.uid in {None, 0}:
            return False
        try:
            found = os.stat(self.files.outside(folder))
        except OSError:
            return False
        return found.st_uid == 0 and not found.st_mode & 0o022


def doubt(owner: ProcessFacts, files: HostFiles) -> str | None:
    """Return why a program that Python imports may be another one than the file of its name, by
    what its environment does at each start; None when nothing speaks for that.
    """
    if owner.windows:
        return None
    start = start_of(owner, files)
    command = parse(owner.argv[1:])
    if _is_elsewhere(start) or _stands_first(start, command):
        return BENT
    if "S" in command.flags:
        return None
    folders = [folder for folder in folders_of(start) if not start.is_out_of_reach(folder)]
    if any(start.is_since(folder) for folder in folders):
        return BENT_SINCE
    found = (_of_folder(start, folder) for folder in folders)
    return next((reason for reason in found if reason is not None), None)


def start_of(owner: ProcessFacts, files: HostFiles) -> Start:
    """Return a process with the environment that it was started with."""
    return Start(owner=owner, files=files, told=variables(owner.pid))


def module_names_in(text: str) -> set[str]:
    """Return all that may be the name of a module, also within a text."""
    return set("".join(c if c.isidentifier() or c.isdigit() else " " for c in text).split())


def variables(pid: int) -> dict[bytes, bytes]:
    """Return the environment of a process's start; of a name that stands there twice, what comes
    first, which is what the C library finds.
    """
    found: dict[bytes, bytes] = {}
    for entry in procfs.told(pid, "environ").split(b"\0"):
        name, _, value = entry.partition(b"=")
        found.setdefault(name, value)
    return found


def _is_elsewhere(start: Start) -> bool:
    """True where Python was told to take its own modules from elsewhere, or to import something for
    a warning.
    """
    words = start.owner.argv[1:]
    command = parse(words)
    options = words[: len(words) - len(command.rest)]
    if _ELSEWHERE & start.told.keys() or any("frozen_modules" in word for word in options):
        return True
    if imports_for_warning(command.warned) or names_another_home(start):
        return True
    exe = None if start.owner.exe is None else start.files.realpath(start.owner.exe)
    return any(not _is_of(home, exe, start) for home in _homes(start))


def imports_for_warning(words: Sequence[str]) -> bool:
    """Return whether one of these filters has something imported: the category of a warning, behind
    its second colon.
    """
    return any(word.count(":") > 1 and "." in word.split(":")[2] for word in words)


def _homes(start: Start) -> Iterator[str]:
    """Yield where the environments that may be meant say that their Python is."""
    for prefix in _prefixes(start):
        config = config_of(prefix, start.files)
        if config is not None and "home" in config:
            yield config["home"]


def _is_of(home: str, exe: str | None, start: Start) -> bool:
    names = ("python3", "python", *(f"python{v}" for v in search_paths.versions(start.owner)))
    return any(start.files.realpath(posixpath.join(home, name)) == exe for name in names)


def names_another_home(start: Start) -> bool:
    """Return whether the environment has Python take its own modules from elsewhere than from where
    its program lies: by `home` in its settings, beside which the first library is taken.
    """
    programs = [posixpath.dirname(program) for program in _programs(start)]
    folders = dict.fromkeys((*programs, *map(posixpath.dirname, programs)))
    configs = (config_of(folder, start.files) or {} for folder in folders)
    return any("home" in config and _leads_away(start, config["home"]) for config in configs)


def _leads_away(start: Start, home: str) -> bool:
    files, exe = start.files, start.owner.exe
    if not home.startswith("/"):  # from where the process stood
        return True
    own = posixpath.dirname(files.realpath(exe or ""))
    if files.realpath(home) == own:
        return False
    place = files.realpath(home)
    if exe is None or files.exists(f"{place}/pybuilddir.txt"):
        return True
    while place not in {"", "/"}:
        for version in search_paths.versions(start.owner):
            library = f"lib/python{version}"
            if any(files.exists(f"{place}/{library}/os.{end}") for end in ("py", "pyc")):
                true = files.realpath(f"{posixpath.dirname(own)}/{library}")
                return files.realpath(f"{place}/{library}") != true
        place = posixpath.dirname(place)
    return False


def _programs(start: Start) -> list[str]:
    """Return every path by which the interpreter may have been called."""
    spelled = "/" in (start.owner.argv[0] if start.owner.argv else "")
    return [p for p in candidates(start.owner) if spelled or start.files.exists(p)]


def _prefixes(start: Start) -> list[str]:
    """Return every installation folder that Python may take for its own by how it was called."""
    programs = _programs(start)
    return list(dict.fromkeys(posixpath.dirname(posixpath.dirname(p)) for p in programs))


def _stands_first(start: Start, command: Command) -> bool:
    """True where a folder that is searched before the standard library holds what Python loads
    before the main program.
    """
    before = search_paths.given_folders(start.owner)
    if any(named(start, folder, LOADED_FIRST) for folder in before):
        return True
    if any(start.is_since(folder) for folder in before if not start.is_out_of_reach(folder)):
        return True
    if command.kind is not Kind.MODULE or command.safe_path:
        return False
    here = search_paths.bases(start.owner)[:1]
    return any(named(start, folder, _OF_PYTHON) for folder in here)


def named(start: Start, folder: str, names: Collection[str]) -> bool:
    """True where a folder holds a module of one of these names, or a package with a file."""
    outside = start.files.outside(folder)
    for entry in listed(outside):
        first, _, ending = entry.partition(".")
        if first not in names:
            continue
        if is_loaded(ending) if ending else _is_package(start, f"{folder}/{entry}"):
            return True
    return False


def is_loaded(ending: str) -> bool:
    """True for what Python loads as a module: `csv.json` is none."""
    return ending in {"py", "pyc"} or ending.endswith("so")


def _is_package(start: Start, folder: str) -> bool:
    """True for a folder with a file of its own, or in which that may have been."""
    inner = listed(start.files.outside(folder))
    return start.is_since(folder) or any(name.startswith("__init__.") for name in inner)


def listed(outside: str) -> tuple[str, ...]:
    """Return the names in a folder; read again only when it was changed, as far as its time shows
    that.
    """
    try:
        found = os.stat(outside)
        key = (outside, found.st_dev, found.st_ino, found.st_ctime_ns)
        known = _listings.get(key)
        if known is None:
            settled_at = found.st_ctime + margin_s(outside, mapped=False) + _SETTLED_S
            is_settled = settled_at < time.time()
            known = tuple(os.listdir(outside))
            if is_settled:
                _listings[key] = known
            while len(_listings) > _MOST_KNOWN:
                _listings.popitem(last=False)
        return known
    except OSError:
        return ()


def names_in(start: Start, folders: Iterable[str]) -> set[str]:
    """Return what modules in these folders may be called."""
    entries = (entry for f in folders for entry in listed(start.files.outside(f)))
    return {entry.partition(".")[0] for entry in entries}


def importable(start: Start) -> frozenset[str]:
    """Return what any program may import, and has from the installation."""
    return (STANDARD | TRIED | names_in(start, folders_of(start))) - NEVER_FIRST


def folders_of(start: Start) -> list[str]:
    """Return the folders with packages of which Python runs what lies in them at each start."""
    owner, files = start.owner, start.files
    home = os.fsdecode(start.told.get(b"HOME", b"")) or home_of(owner.uid)
    versions = search_paths.versions(owner)
    found = list(package_folders(owner, files, home=home, given=False))
    more = [f"{p}/lib/python{v}" for p in _prefixes(start) for v in versions]
    found += [folder for one in more for folder in (f"{one}/site-packages", one)]
    found += [f for f in search_paths.site_folders(owner) if not f.endswith("-packages")]
    return [f for f in dict.fromkeys(found) if files.is_dir(f)]


def _of_folder(start: Start, folder: str) -> str | None:
    names = listed(start.files.outside(folder))
    if any(name.partition(".")[0] in CUSTOM for name in names):
        return BENT
    for name in names:
        if name.endswith(".pth") and (reason := _of_lines(start, f"{folder}/{name}")) is not None:
            return reason
    return None


def _of_lines(start: Start, path: str) -> str | None:
    """Return why the lines of a `.pth` file raise a doubt: those that begin with `import` are run,
    all others are folders.
    """
    if start.is_since(path):
        return BENT_SINCE
    data = text_of(start.files.outside(path), MOST_LINES + 1)
    if b"import " not in data and b"import\t" not in data and len(data) <= MOST_LINES:
        return _of_added(start, posixpath.dirname(path), data)
    known = LINES_OF_OTHERS.get(hashlib.sha256(data).hexdigest())
    if known is None or not start.told.keys().isdisjoint(known[0]):
        return BENT
    return None if known[1] is None else _of_module(start, posixpath.dirname(path), known[1])


def _of_added(start: Start, folder: str, data: bytes) -> str | None:
    """Look for what is run at each start in the folders that a `.pth` file adds."""
    for line in sorted(set(data.splitlines())):
        added = search_paths.join(start.owner, folder, os.fsdecode(line.strip()))
        if not line.strip() or not start.files.is_dir(added):
            continue
        if named(start, added, CUSTOM):
            return BENT
        if start.is_since(added) and not start.is_out_of_reach(added):
            return BENT_SINCE
    return None


def _of_module(start: Start, folder: str, name: str) -> str | None:
    """Return why what such a line imports raises a doubt: it is not what was read, or something
    else of its name is found before it.
    """
    path, top = f"{folder}/{name}", name.partition("/")[0]
    first, files = top.removesuffix(".py"), start.files
    data = text_of(files.outside(path), MOST_LINES)
    if hashlib.sha256(data).hexdigest() not in _MODULES_OF_OTHERS or start.is_since(path):
        return BENT
    others = (*search_paths.given_folders(start.owner), *folders_of(start))
    if any(named(start, other, (first,)) for other in others if other != folder):
        return BENT
    names = (n for n in listed(files.outside(folder)) if not n.endswith(".pth"))
    beside = [n for n in names if n.partition(".")[0] == first]
    within = listed(files.outside(f"{folder}/{first}"))
    if beside != [top] or any(n.endswith((".so", ".pyc")) for n in within):
        return BENT
    return made_of_source(start.owner, path, files)
