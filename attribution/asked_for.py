"""What a script's own sources ask for, and what lies in a folder that its environment names
besides: that can only answer what others ask for (an installed package's optional imports, plugins,
a module that a variable names), and would run below a script that knows nothing of it.

In the helper process; nothing of what is found is run.
"""

# paths of another process, kept as the text they are
# ruff: noqa: PTH116

import os
import posixpath
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from string import ascii_letters, digits

from attribution.asks import Asks, absolute, asks_in, may_ask_within
from attribution.identity.imports import MOST_SOURCE
from attribution.plain_files import text_of
from attribution.resolution import search_paths
from attribution.resolution.command_line import Kind, parse
from attribution.startup import MOST_LINES, Start, is_loaded, listed, names_in

UNASKED = (
    "a folder that its environment names, or that of its start, holds modules or plugins that its "
    "own source does not import, so an installed package may have run one in its process: name a "
    "folder without others, or keep what it imports beside it (and start modules with -P)"
)
_DISTRIBUTIONS = (".dist-info", ".egg-info")
_OLD_DISTRIBUTIONS = (".egg", ".egg-link", ".pkg")
"""What `pkg_resources` and `pkgutil.extend_path` follow to other folders."""
_COMMANDS = frozenset({b"[console_scripts]", b"[gui_scripts]"})
"""Groups of entry points that are no plugins."""
_RUN_BY_OTHERS = frozenset({"pth", "pyw", "pyx"})
"""Files that `site.addsitedir` or another importer runs."""
_OTHER_BYTES = frozenset(range(0x80)) - set(f"_{ascii_letters}{digits}".encode())
_WORDS = bytes(0x20 if byte in _OTHER_BYTES else byte for byte in range(0x100))
_MOST_FILES, _MOST_ENTRIES, _MOST_KNOWN = 400, 2000, 2000
_MOST_PARTS = 50
"""Of a dotted name: a text may name one with a million."""


_known: OrderedDict[tuple[str, int, int, int, int, frozenset[bytes] | None, bool], Asks] = (
    OrderedDict()
)


def is_answered_by_others(start: Start, folder: str, script: str | None) -> bool:
    """True where a folder of the environment's holds a module, or a plugin, that the script's own
    sources do not ask for.
    """
    entries = listed(start.files.outside(folder))
    if any(_has_plugins(start, folder, entry) for entry in entries):
        return True
    held: set[str] = set()
    for entry in entries:
        within = _modules_of(start, folder, entry)
        if within is None:
            return True
        held |= within
    return is_more_than_asked(start, folder, script, held)


def modules_in(start: Start, folder: str) -> set[str]:
    """Return what the modules in a folder are called, and the folders with modules in it."""
    entries = listed(start.files.outside(folder))
    return {entry.partition(".")[0] for entry in entries if _is_code(start, folder, entry)}


def is_more_than_asked(start: Start, folder: str, script: str | None, held: set[str]) -> bool:
    """True where not all of the modules (dotted) that a folder or an archive holds are asked for.
    What `script` and its own modules cannot do without is, and all that modules of this very folder
    ask for, once they are.
    """
    if not held:
        return False
    if script is None:
        return True
    closure = _Closure(start=start, folder=folder, script=script, held=frozenset(held))
    return all(held - asked for asked in closure.grow())


def module_at(path: str) -> str | None:
    """Return the dotted name by which what lies at this path, from a folder that is searched, would
    be imported; None for what is no module.
    """
    place, _, entry = path.rpartition("/")
    name, _, ending = entry.partition(".")
    if not (is_loaded(ending) or ending in _RUN_BY_OTHERS):
        return None
    parts = place.split("/") if place else []
    if name != "__init__" or not parts:
        parts.append(name)
    return ".".join(parts)


def is_plugin_mark(name: str) -> bool:
    """True for an entry that tells of a distribution, in whatever case."""
    return name.lower().endswith((*_DISTRIBUTIONS, *_OLD_DISTRIBUTIONS, "egg-info"))


# --- what a folder holds


def _is_code(start: Start, folder: str, entry: str) -> bool:
    """True for a module, and for a folder with one at any depth: Python takes that for a package,
    also without a file of its own.
    """
    return next(_walked(start, folder, entry), "") != ""


def _modules_of(start: Start, folder: str, entry: str) -> set[str] | None:
    """Return the dotted names of a module, or of all in a folder; None where that may hold more
    than can be seen.
    """
    found = set(_walked(start, folder, entry))
    return None if None in found else {name for name in found if name is not None}


def _walked(start: Start, folder: str, entry: str) -> Iterator[str | None]:
    """Yield the dotted names of the modules at or below an entry of a folder; None where there may
    be more: it was changed since the start, or has too many files.
    """
    if "." in entry:
        yield from filter(None, [module_at(entry)])
        return
    todo, left = [entry], _MOST_ENTRIES
    while todo:
        place = todo.pop()
        if start.files.is_dir(f"{folder}/{place}") and start.is_since(f"{folder}/{place}"):
            yield None
        for name in listed(start.files.outside(f"{folder}/{place}")):
            left -= 1
            if left < 0:
                yield None
                return
            if "." not in name:
                todo.append(f"{place}/{name}")
            elif (module := module_at(f"{place}/{name}")) is not None:
                yield module


def _has_plugins(start: Start, folder: str, entry: str) -> bool:
    """True for a distribution that has something imported by whoever asks for plugins; for one
    that leads to another folder, as well.
    """
    if not is_plugin_mark(entry):
        return False
    place = f"{folder}/{entry}"
    if entry.lower().endswith(_OLD_DISTRIBUTIONS):
        return True
    names = listed(start.files.outside(place))
    told = [name for name in names if name.lower() == "entry_points.txt"]
    if start.is_since(place) and start.files.is_dir(place):
        return True
    return any(_names_plugins(start, f"{place}/{name}") for name in told)


def _names_plugins(start: Start, path: str) -> bool:
    data = text_of(start.files.outside(path), MOST_LINES + 1)
    if start.is_since(path) or len(data) > MOST_LINES:
        return True
    groups = (line.strip() for line in data.splitlines() if line.strip().startswith(b"["))
    return any(group not in _COMMANDS for group in groups)


# --- what is asked for


@dataclass(slots=True, kw_only=True)
class _Closure:
    """The script, what it imports from its own folder and from those of the environment, and so
    on.
    """

    start: Start
    folder: str
    """Of whose modules everything counts that they ask for."""
    script: str
    held: frozenset[str]
    """What the folder holds."""
    asked: set[str] = field(default_factory=set)
    _read: set[str] = field(default_factory=set)

    def grow(self) -> Iterator[set[str]]:
        """Yield what is known to be asked for (dotted), more each time."""
        command = parse(self.start.owner.argv[1:])
        is_run = command.kind is Kind.MODULE
        places = self._places(module=is_run, safe=command.safe_path)
        there = {_top(name) for name in self.held} | names_in(self.start, places)
        wanted = frozenset(os.fsencode(name) for name in there)
        todo = [(self.script, "", self._package(command.target) if is_run else "")]
        if is_run:
            todo += self._new([command.target, f"{command.target}.__main__"], there, places)
        while todo and len(self._read) < _MOST_FILES:
            path, place, package = todo.pop()
            if path in self._read:
                continue
            self._read.add(path)
            asks = _asks_of(self.start, path, wanted, package, is_script=place == "")
            more = asks.tried if place == self.folder else asks.needed
            names = (self._module(name, package, places) for name in more)
            todo += self._new(names, there, places)
            yield self.asked

    def _package(self, run: str) -> str:
        """Return the package of what is run by `-m`."""
        return run if _is_main(self.script) else run.rpartition(".")[0]

    def _module(self, name: str, package: str, places: Sequence[str]) -> str:
        """Return the module that a source of this package asks for; of `a:b` no more than `a`
        where that may have something else of this name.
        """
        place, _, part = name.partition(":")
        whole = absolute(place, package)
        if not part or not whole:
            return whole
        module = f"{whole}.{part}"
        known = module in self.held or any(self._found(module.split("."), places))
        return whole if not known or self._has(whole, part, places) else module

    def _has(self, package: str, part: str, places: Sequence[str]) -> bool:
        """True where a package may have something of this name that is none of its modules."""
        found = list(self._found(package.split("."), places))
        sources = [_asks_of(self.start, path, None, of, is_script=False) for path, _, of in found]
        if not sources:  # a folder alone has nothing, and what cannot be read may have anything
            return package in self.held
        return any(one.bound is None or _gives(one.bound, part, package) for one in sources)

    def _new(
        self, names: Iterable[str], there: set[str], places: Sequence[str]
    ) -> list[tuple[str, str, str]]:
        """Take these for asked for, and the packages that they are in; return the sources of those
        that were not, each with the folder in which it is found and the package that it is of.
        """
        found: list[tuple[str, str, str]] = []
        for name in (name for name in names if _top(name) in there):
            parts = name.split(".", _MOST_PARTS)
            if len(parts) > _MOST_PARTS:
                continue
            for end in range(1, len(parts) + 1):
                module = ".".join(parts[:end])
                if module not in self.asked:
                    self.asked.add(module)
                    found += self._found(parts[:end], places)
        return found

    def _places(self, *, module: bool, safe: bool) -> list[str]:
        """Return where its own modules are looked for, in this order."""
        owner, told = self.start.owner, self.start.told
        given = search_paths.given_folders(owner)
        if safe or told.get(b"PYTHONSAFEPATH"):
            return [*given, self.folder]
        first = search_paths.bases(owner)[:1] if module else [posixpath.dirname(self.script)]
        return [*first, *given, self.folder]

    def _found(self, parts: Sequence[str], places: Sequence[str]) -> Iterator[tuple[str, str, str]]:
        """Yield the source of the module with this name, with the folder in which it is found and
        the package that it is of. A folder without a file of its own is a package where nothing
        else has its name.
        """
        searched = [(place, place) for place in places]
        for at, part in enumerate(parts):
            is_last, within = at == len(parts) - 1, []
            for folder, place in searched:
                entries = listed(self.start.files.outside(folder))
                named = {entry for entry in entries if entry.partition(".")[0] == part}
                inner = f"{folder}/{part}"
                if part in named and (begun := self._beginnings(inner)):
                    within = [(inner, place)]
                    if is_last and not _has_library(begun):
                        yield f"{inner}/__init__.py", place, ".".join(parts)
                    break
                if any(is_loaded(entry.partition(".")[2]) for entry in named):
                    within = []
                    if is_last and f"{part}.py" in named and not _has_library(named):
                        yield f"{inner}.py", place, ".".join(parts[:-1])
                    break
                within += [(inner, place)] if part in named else []
            searched = within

    def _beginnings(self, folder: str) -> list[str]:
        """Return the files of which one makes a folder a package; none where it has none."""
        names = listed(self.start.files.outside(folder))
        return [name for name in names if name.startswith("__init__.")]


def _gives(bound: Collection[str], part: str, package: str) -> bool:
    """True where a name is bound to something else than by an import from its very package."""
    if part in bound:
        return True
    places = (name.rpartition(":")[0] for name in bound if name.endswith(f":{part}"))
    return any(absolute(place, package) != package for place in places)


def _has_library(entries: Iterable[str]) -> bool:
    """True where a library is loaded in the place of the source beside it."""
    return any(entry.partition(".")[2].endswith("so") for entry in entries)


def _top(name: str) -> str:
    return name.partition(".")[0]


def _is_main(path: str) -> bool:
    """True for what of a package is run by `-m` alone."""
    return path.endswith("/__main__.py")


def _asks_of(
    start: Start, path: str, wanted: frozenset[bytes] | None, package: str, *, is_script: bool
) -> Asks:
    """Read what a source asks for; nothing for one that was changed since the start, unless it is
    the script, of which that is asked elsewhere. `wanted`: names of all that may be found; where a
    source of no package has none of them it asks for nothing of that. None: read it whole.
    """
    outside = start.files.outside(path)
    try:
        found = os.stat(outside)
    except OSError:
        return Asks(bound=None)
    if not is_script and start.is_since(path):
        return Asks(bound=None)
    stamp = found.st_dev, found.st_ino, found.st_ctime_ns, found.st_size
    key = (outside, *stamp, wanted, package != "")
    known = _known.get(key)
    if known is None:
        source = text_of(outside, MOST_SOURCE + 1)
        none = (
            wanted is not None
            and source.isascii()
            and wanted.isdisjoint(source.translate(_WORDS).split())
        )
        none = none and not (package and may_ask_within(source))
        known = _known[key] = Asks() if none else asks_in(source)
        while len(_known) > _MOST_KNOWN:
            _known.popitem(last=False)
    return known
