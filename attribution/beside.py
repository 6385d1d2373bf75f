"""Whether other code than the program's may send from within its process: what its variables and
options had the loader or Python run first, and what is run behind it.

What its *installation* runs at each start is as much a part of it as what it imports. In the helper
process; nothing of what is found is run.
"""

import hashlib
import os
import posixpath
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from attribution.archives import Packed, archive_of
from attribution.asked_for import UNASKED, is_answered_by_others, is_more_than_asked
from attribution.facts import ProcessFacts
from attribution.filesystem import HostFiles
from attribution.identity.environment import config_of, prefix_of
from attribution.installation import is_below_packages, is_own, is_up_from_a_link
from attribution.linked import is_in_place, is_linked, taken_in_place
from attribution.os_users import home_of
from attribution.plain_files import text_of
from attribution.resolution import search_paths
from attribution.resolution.command_line import Command, Kind, parse
from attribution.startup import (
    CUSTOM,
    LINES_OF_OTHERS,
    LOADED_FIRST,
    MOST_LINES,
    NEVER_FIRST,
    TRIED,
    Start,
    folders_of,
    importable,
    imports_for_warning,
    listed,
    module_names_in,
    named,
    names_another_home,
    names_in,
    start_of,
    variables,
)

BESIDE = (
    "its environment had other code run in it first (a variable or an option of Python's or of the "
    "loader's), which may be what sends"
)
BESIDE_SINCE = (
    "a folder that its environment has searched first was changed after the start, so what was run "
    "from there first may be gone"
)
IN_PLACE = (
    "a folder that its environment names holds a module by the name of one of Python's own, or of "
    "an installed one, which is taken in the place of that where the script imports it"
)
GOES_ON = "more is run after its script: it was started with -i, or with PYTHONINSPECT"
_PRELOADS = (b"LD_PRELOAD", b"LD_AUDIT")
_ELSEWHERE = (
    b"PYTHONPLATLIBDIR",
    b"PYTHON_PRESITE",
    b"PYTHONPYCACHEPREFIX",
    b"_PYTHON_SYSCONFIGDATA_NAME",
    b"_PYTHON_SYSCONFIGDATA_PATH",
)
"""With these Python takes its own modules, or their compiled files, from elsewhere."""
_OPTIONS = ("pycache_prefix=", "presite=")
_DEBUGGERS = tuple(
    b" 0 pdb.set_trace ipdb.set_trace pudb.set_trace bpdb.set_trace IPython.embed".split(b" ")
)
"""What `breakpoint()` may run: none, and those that wait for whoever sits before them."""
_SETTINGS = tuple(
    b"OPENSSL_CONF OPENSSL_MODULES OPENSSL_ENGINES GCONV_PATH ODBCSYSINI ODBCINSTINI KRB5_CONFIG"
    b" GSS_MECH_CONFIG SASL_PATH HDF5_PLUGIN_PATH NUMBA_CACHE_DIR TCL_LIBRARY TK_LIBRARY"
    b" TCLLIBPATH".split()
)
"""What these name may have code loaded: as soon as `ssl` or `hashlib` is imported, a locale is set,
a database, a domain, a window or a file of numbers is opened, a function is compiled."""
_OF_SYSTEM = ("/usr/lib/", "/usr/lib64/", "/lib/", "/lib64/")
_SYSTEM_SETTINGS = (*_OF_SYSTEM, "/etc/")
_NEEDED = tuple(
    "libc.so libm.so libdl.so libpthread.so librt.so libutil.so libz.so libexpat.so libcrypt.so"
    " libgcc_s.so libstdc++.so ld-linux libpython libresolv.so libnsl.so libnss_ libssl. libcrypto."
    " libffi. libsqlite3. libbz2. liblzma. libzstd. libuuid. libmpdec. libreadline. libedit."
    " libncurses libtinfo libgdbm libdb- libtirpc.".split()
)
"""What interpreters and their own modules are linked with, and what the C library loads to resolve
a name. Another library may be needed by what is imported later."""
_BY_PROCESSOR = frozenset({"glibc-hwcaps", "tls", "x86_64", "haswell", "avx512_1", "aarch64"})
"""Folders within which the loader looks first."""
_BEACONS = frozenset(("sitecustomize.py", "__pycache__"))
_BEACON = Path(__file__).parent / "beacon/child"


def goes_on(owner: ProcessFacts) -> str | None:
    """Return why a Python that was told to run a script may run something else behind it."""
    if owner.windows:
        return None
    command = parse(owner.argv[1:])
    told = not command.ignores_environment and b"PYTHONINSPECT" in variables(owner.pid)
    return GOES_ON if "i" in command.flags or told else None


def doubt(owner: ProcessFacts, files: HostFiles, script: str | None = None) -> str | None:
    """Return why other code than the program's may send from within it; None when nothing speaks
    for that. Whoever may write into the folder of the `script`, or into one above it, can write
    what it imports.
    """
    if owner.windows:
        return None
    start = start_of(owner, files)
    command = parse(owner.argv[1:])
    words = owner.argv[1 : len(owner.argv) - len(command.rest)]
    if imports_for_warning(command.warned) or any(o in w for w in words for o in _OPTIONS):
        return BESIDE
    if names_another_home(start):
        return BESIDE
    found = _of_loader(start) or _of_user(start, command, script)
    found = found or _of_folder_of_start(start, command, script)
    if found is not None or command.ignores_environment:
        return found
    warned = os.fsdecode(start.told.get(b"PYTHONWARNINGS", b""))
    told_elsewhere = any(start.told.get(name) for name in _ELSEWHERE)
    told_elsewhere |= start.told.get(b"PYTHONBREAKPOINT", b"") not in _DEBUGGERS
    if told_elsewhere or imports_for_warning(warned.split(",")) or _has_another_home(start):
        return BESIDE
    return _of_path(start, command, script)


# --- the loader of libraries


def _of_loader(start: Start) -> str | None:
    if any(_is_loaded_before(start, name) for name in _PRELOADS):
        return BESIDE
    if any(_is_told_of(start, name) for name in _SETTINGS):
        return BESIDE
    if b"$" in start.told.get(b"LD_LIBRARY_PATH", b""):  # the loader puts folders there itself
        return BESIDE
    found = (_of_libraries(start, folder) for folder in _library_folders(start))
    return next((reason for reason in found if reason is not None), None)


def _is_loaded_before(start: Start, name: bytes) -> bool:
    """True for a library that is loaded before the program's own and is none of the system's: by
    its path, or found by its name in a folder of the environment's.
    """
    words = os.fsdecode(start.told.get(name, b"")).replace(":", " ").split()
    paths = [word for word in words if "/" in word or "$" in word]
    if any(not _is_below(start, path, _OF_SYSTEM) or "$" in path for path in paths):
        return True
    return len(words) > len(paths) and bool(_library_folders(start))


def _is_told_of(start: Start, name: bytes) -> bool:
    """True for settings, one of which lies where not only the system may put it."""
    told = os.fsdecode(start.told.get(name, b""))
    paths = told.split() if name == b"TCLLIBPATH" else told.split(":")
    return any(_is_of_others(start, path) for path in paths)


def _is_of_others(start: Start, path: str) -> bool:
    if not path or path == os.devnull or _is_below(start, path, _SYSTEM_SETTINGS):
        return False
    return not (path.startswith("/") and start.is_out_of_reach(path))


def _is_below(start: Start, path: str, folders: tuple[str, ...]) -> bool:
    """False for a path that begins where the process stood: `lib/x.so` is not `/lib/x.so`."""
    return path.startswith("/") and f"{start.files.realpath(path)}/".startswith(folders)


def _library_folders(start: Start) -> list[str]:
    """Return where libraries are searched first, without the system's folders and the
    interpreter's own.
    """
    told = os.fsdecode(start.told.get(b"LD_LIBRARY_PATH", b""))
    if not told:
        return []
    here = next(iter(search_paths.bases(start.owner)), "/")
    folders = [search_paths.join(start.owner, here, e) for e in told.replace(";", ":").split(":")]
    own = () if start.owner.exe is None else (f"{_installed(start, start.owner.exe)}/lib/",)
    return [f for f in folders if not _is_below(start, f, (*_OF_SYSTEM, *own))]


def _of_libraries(start: Start, folder: str) -> str | None:
    names = listed(start.files.outside(folder))
    if any(name.startswith(_NEEDED) or name in _BY_PROCESSOR for name in names):
        return BESIDE
    return BESIDE_SINCE if _is_changed(start, folder) else None


# --- Python's own folders


def _has_another_home(start: Start) -> bool:
    """True where Python was told to take its own modules from elsewhere than it is installed."""
    told, exe = os.fsdecode(start.told.get(b"PYTHONHOME", b"")), start.owner.exe
    if not told or exe is None:
        return bool(told)
    installed = _installed(start, exe)
    homes = told.split(":")
    return any(not h.startswith("/") or start.files.realpath(h) != installed for h in homes)


def _installed(start: Start, exe: str) -> str:
    return posixpath.dirname(posixpath.dirname(start.files.realpath(exe)))


def _of_user(start: Start, command: Command, script: str | None) -> str | None:
    """Look where a variable says that the user keeps packages: what lies in the home of the account
    is installed.
    """
    base = None if {"s", "S", "I"} & command.flags else _base_of_user(start, command)
    if base is None:
        return None
    for version in search_paths.versions(start.owner):
        folder = f"{base}/lib/python{version}/site-packages"
        names = listed(start.files.outside(folder))
        if any(n.endswith(".pth") or n.partition(".")[0] in CUSTOM for n in names):
            return BESIDE
        others = [f for f in folders_of(start) if f.endswith("-packages") and f != folder]
        taken = frozenset((TRIED | names_in(start, others)) - NEVER_FIRST)
        if is_in_place(start, folder, taken):
            return IN_PLACE
        if _is_changed(start, folder):
            return BESIDE_SINCE
        if (reason := _unasked(start, folder, script)) is not None:
            return reason
    return None


def _base_of_user(start: Start, command: Command) -> str | None:
    """Return the folder that a variable names for the packages of its user; None where none does,
    and in an environment that looks at none.
    """
    owner, files, told = start.owner, start.files, start.told
    if not command.ignores_environment and told.get(b"PYTHONNOUSERSITE"):
        return None
    config = config_of(prefix_of(owner, files), files)
    if config is not None and config.get("include-system-site-packages") != "true":
        return None
    here = next(iter(search_paths.bases(owner)), "/")
    base = b"" if command.ignores_environment else told.get(b"PYTHONUSERBASE", b"")
    if base:
        return search_paths.join(owner, here, os.fsdecode(base))
    home, account = os.fsdecode(told.get(b"HOME", b"")), home_of(owner.uid)
    accounts = home.startswith("/") and account and files.realpath(home) == files.realpath(account)
    if not home or accounts:
        return None
    return search_paths.join(owner, here, f"{home}/.local")


@dataclass(frozen=True, slots=True, kw_only=True)
class _First:
    """What may be looked for before the program is run."""

    names: frozenset[str]
    imported: frozenset[str]
    """What any program may import, and has from elsewhere."""


def _of_folder_of_start(start: Start, command: Command, script: str | None) -> str | None:
    """Look into the folder of the start where modules are looked for there first. What is changed
    in it later is asked elsewhere (`compiled`).
    """
    told = not command.ignores_environment and start.told.get(b"PYTHONSAFEPATH")
    here = next(iter(search_paths.bases(start.owner)), None)
    if command.kind is not Kind.MODULE or command.safe_path or told or here is None:
        return None
    if script is None or _is_above(start, here, script) or is_own(start, here):
        return None
    if is_in_place(start, here, importable(start)):
        return IN_PLACE
    return _unasked(start, here, script)


def _of_path(start: Start, command: Command, script: str | None) -> str | None:
    """Look into the folders of PYTHONPATH."""
    if is_up_from_a_link(start):
        return BESIDE
    given = [f for f in search_paths.given_folders(start.owner) if not _is_ours(start, f)]
    if not given:
        return None
    first = _first(start, command)
    if first is None:
        return BESIDE
    found = (_of_given(start, folder, first, script) for folder in given)
    return next((reason for reason in found if reason is not None), None)


def _of_given(start: Start, folder: str, first: _First, script: str | None) -> str | None:
    if is_own(start, folder):
        return None
    archive = archive_of(start, folder)
    packed = None if archive is None else Packed.of(start, archive, folder)
    if packed is not None and packed.may_hold(first.names):
        return BESIDE
    if named(start, folder, first.names):
        return BESIDE
    changed = BESIDE_SINCE if _is_changed(start, archive or folder) else None
    if script is not None and _is_above(start, folder, script):
        return changed
    taken = taken_in_place(start, folder, first.imported)
    if (packed is not None and packed.may_hold(taken)) or is_in_place(start, folder, taken):
        return IN_PLACE
    return changed or _unasked(start, folder, script, packed)


def _unasked(
    start: Start, folder: str, script: str | None, packed: Packed | None = None
) -> str | None:
    """Look for what only others than the script ask for."""
    if is_linked(start, folder):
        return None
    if packed is None:
        return UNASKED if is_answered_by_others(start, folder, script) else None
    more = is_more_than_asked(start, folder, script, packed.modules)
    return UNASKED if packed.has_plugins or more else None


def _is_above(start: Start, folder: str, script: str) -> bool:
    """True for a folder in which the script lies, or a folder with it, that only those who may
    write there can exchange.
    """
    place = start.files.realpath(folder)
    if posixpath.dirname(script) == place:
        return True
    try:
        kept = Path(start.files.outside(place)).stat().st_mode & stat.S_ISVTX
    except OSError:
        return False
    return not kept and script.startswith(f"{place}/")


def _first(start: Start, command: Command) -> _First | None:
    """Return what Python, or a line that it runs at each start, imports before the program; None
    where a variable has such a line do more.
    """
    folders = [] if "S" in command.flags else folders_of(start)
    names, unknown = set(LOADED_FIRST), False
    for data in _lines_run(start, folders):
        known = LINES_OF_OTHERS.get(hashlib.sha256(data).hexdigest())
        if known is not None and not start.told.keys().isdisjoint(known[0]):
            return None
        unknown = unknown or known is None
        names |= module_names_in(data.decode("utf-8", "replace"))
        names |= names_in(start, (f for f in folders if not f.endswith("-packages")))
    if unknown:
        names |= names_in(start, folders)
    # Whatever the script runs where it says `breakpoint()`.
    names.add(os.fsdecode(start.told.get(b"PYTHONBREAKPOINT", b"")).partition(".")[0])
    return _First(
        names=frozenset(names - NEVER_FIRST - {""}),
        imported=importable(start),
    )


def _lines_run(start: Start, folders: list[str]) -> Iterator[bytes]:
    """Yield the `.pth` files that run something."""
    for folder in folders:
        for name in listed(start.files.outside(folder)):
            if name.endswith(".pth"):
                data = text_of(start.files.outside(f"{folder}/{name}"), MOST_LINES)
                if b"import" in data:
                    yield data


def _is_changed(start: Start, path: str) -> bool:
    """True where a file or folder, or the way to it, was changed after the start; of what is not
    there, the folder where it would be.
    """
    loaded, files = start.owner.image_from, start.files
    if loaded is None:
        return True
    place = path
    while place not in {"", "/"} and not files.exists(place):
        place = posixpath.dirname(place)
    if files.way(place).turned_at > loaded:
        return True
    return start.is_since(place) and not start.is_out_of_reach(place)


def _is_ours(start: Start, folder: str) -> bool:
    """True for the folder of a beacon, and for one below the environment's own packages, which an
    installed tool names.
    """
    files, place = start.files, start.files.realpath(folder)
    if is_below_packages(start, folder):
        return True
    names = {"beacon.py": f"{posixpath.dirname(place)}/beacon.py"}
    names["path/sitecustomize.py"] = f"{place}/sitecustomize.py"
    return _BEACONS.issuperset(listed(files.outside(place))) and all(
        text_of(files.outside(path), MOST_LINES) == (_BEACON / name).read_bytes()
        for name, path in names.items()
    )
