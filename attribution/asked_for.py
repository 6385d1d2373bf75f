"""What a script's own sources ask for, and what lies in a folder that its environment names
besides: that can only answer what others ask for (an installed package's optional imports, plugins,
a module that a variable names), and would run below a script that knows nothing of it.

In the helper process; nothing of what is found is run.
"""

# paths of another process, kept as the text they are
# ruff: noqa: PTH116

import ast
import os
import posixpath
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from string import ascii_letters, digits

from attribution.identity.imports import MOST_SOURCE, imports_of, nodes_of, tree_of
from attribution.plain_files import text_of
from attribution.resolution import search_paths
from attribution.resolution.command_line import Kind, parse
from attribution.startup import MOST_LINES, Start, is_loaded, listed, names_in

UNASKED = (
    "a folder that its environment names, or that of its start, holds modules or plugins that its "
    "own source does not import, so an installed package may have run one in its process: name a "
    "folder without others, or keep what it imports beside it (and start modules with -P)"
)
_CATCHES = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
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


@dataclass(frozen=True, slots=True)
class _Asks:
    """Names at the top of what one source imports."""

    needed: frozenset[str] = frozenset()
    """Without these it would not run."""
    tried: frozenset[str] = frozenset()
    """It goes on without these, so whoever names a folder may be the only one to have them."""


_known: OrderedDict[tuple[str, int, int, int, int, frozenset[bytes]], _Asks] = OrderedDict()


def is_answered_by_others(start: Start, folder: str, script: str | None) -> bool:
    """True where a folder of the environment's holds a module, or a plugin, that the script's own
    sources do not ask for.
    """
    entries = listed(start.files.outside(folder))
    if any(_has_plugins(start, folder, entry) for entry in entries):
        return True
    return is_more_than_asked(start, folder, script, modules_in(start, folder))


def modules_in(start: Start, folder: str) -> set[str]:
    """Return what the modules in a folder are called, and the folders with modules in it."""
    entries = listed(start.files.outside(folder))
    return {entry.partition(".")[0] for entry in entries if _is_code(start, folder, entry)}


def is_more_than_asked(start: Start, folder: str, script: str | None, held: set[str]) -> bool:
    """True where not all of the modules that a folder or an archive holds are asked for. What
    `script` and its own modules cannot do without is, and all that modules of this very folder ask
    for, once they are.
    """
    if not held:
        return False
    if script is None:
        return True
    closure = _Closure(start=start, folder=folder, script=script, held=frozenset(held))
    return all(held - asked for asked in closure.grow())


def is_plugin_mark(name: str) -> bool:
    """True for an entry that tells of a distribution, in whatever case."""
    return name.lower().endswith((*_DISTRIBUTIONS, *_OLD_DISTRIBUTIONS, "egg-info"))


# --- what a folder holds


def _is_code(start: Start, folder: str, entry: str) -> bool:
    """True for a module, and for a folder with one at any depth: Python takes that for a package,
    also without a file of its own.
    """
    ending = entry.partition(".")[2]
    if ending:
        return is_loaded(ending) or ending in _RUN_BY_OTHERS
    todo, left = [f"{folder}/{entry}"], _MOST_ENTRIES
    while todo:
        place = todo.pop()
        if start.files.is_dir(place) and start.is_since(place):
            return True
        for name in listed(start.files.outside(place)):
            left -= 1
            inner = name.partition(".")[2]
            if left < 0 or is_loaded(inner):
                return True
            if not inner:
                todo.append(f"{place}/{name}")
    return False


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
        """Yield what is known to be asked for, more each time."""
        command = parse(self.start.owner.argv[1:])
        places = self._places(module=command.kind is Kind.MODULE, safe=command.safe_path)
        there = self.held | names_in(self.start, places)
        wanted = frozenset(os.fsencode(name) for name in there)
        todo = [(self.script, "")]
        if command.kind is Kind.MODULE:
            todo += self._found(command.target.partition(".")[0], places, is_run=True)
        while todo and len(self._read) < _MOST_FILES:
            path, place = todo.pop()
            if path in self._read:
                continue
            self._read.add(path)
            asks = _asks_of(self.start, path, wanted, is_script=place == "")
            more = asks.needed | (asks.tried if place == self.folder else frozenset())
            new = more - self.asked
            self.asked |= new
            yield self.asked
            for name in new:
                todo += self._found(name, places)

    def _places(self, *, module: bool, safe: bool) -> list[str]:
        """Return where its own modules are looked for, in this order."""
        owner, told = self.start.owner, self.start.told
        given = search_paths.given_folders(owner)
        if safe or told.get(b"PYTHONSAFEPATH"):
            return [*given, self.folder]
        first = search_paths.bases(owner)[:1] if module else [posixpath.dirname(self.script)]
        return [*first, *given, self.folder]

    def _found(
        self, name: str, places: Sequence[str], *, is_run: bool = False
    ) -> list[tuple[str, str]]:
        """Return the sources of a module of this name, with the folder in which it is found. A
        folder without a file of its own is a package where nothing else has its name. `is_run`: by
        `-m`, and not imported.
        """
        within = []
        for place in places:
            entries = listed(self.start.files.outside(place))
            named = [entry for entry in entries if entry.partition(".")[0] == name]
            if any(is_loaded(entry.partition(".")[2]) for entry in named) or (
                name in named and self._is_regular(f"{place}/{name}")
            ):
                sources = self._sources(f"{place}/{name}")
                return [(path, place) for path in sources if is_run or not _is_main(path)]
            within += [place] if name in named else []
        parts = [(path, place) for place in within for path in self._sources(f"{place}/{name}")]
        return [(path, place) for path, place in parts if is_run or not _is_main(path)]

    def _is_regular(self, folder: str) -> bool:
        names = listed(self.start.files.outside(folder))
        return any(name.startswith("__init__.") for name in names)

    def _sources(self, stem: str) -> Iterator[str]:
        files = self.start.files
        if not files.is_dir(stem):
            if files.exists(f"{stem}.py"):
                yield f"{stem}.py"
            return
        todo, left = [stem], _MOST_FILES
        while todo and left > 0:
            place = todo.pop()
            for name in listed(files.outside(place)):
                left -= 1
                if name.endswith(".py"):
                    yield f"{place}/{name}"
                elif "." not in name:
                    todo.append(f"{place}/{name}")


def _is_main(path: str) -> bool:
    """True for what of a package is run by `-m` alone."""
    return path.endswith("/__main__.py")


def _asks_of(start: Start, path: str, wanted: frozenset[bytes], *, is_script: bool) -> _Asks:
    """Read what a source asks for; nothing for one that was changed since the start, unless it is
    the script, of which that is asked elsewhere. `wanted`: names of all that may be found; where a
    source has none of them it asks for nothing of that.
    """
    outside = start.files.outside(path)
    try:
        found = os.stat(outside)
    except OSError:
        return _Asks()
    if not is_script and start.is_since(path):
        return _Asks()
    key = (outside, found.st_dev, found.st_ino, found.st_ctime_ns, found.st_size, wanted)
    known = _known.get(key)
    if known is None:
        source = text_of(outside, MOST_SOURCE + 1)
        none = source.isascii() and wanted.isdisjoint(source.translate(_WORDS).split())
        known = _known[key] = _Asks() if none else _asks_in(source)
        while len(_known) > _MOST_KNOWN:
            _known.popitem(last=False)
    return known


def _asks_in(source: bytes) -> _Asks:
    tree = tree_of(source)
    if tree is None:
        return _Asks()
    tried = [part for node in nodes_of(tree) if _goes_on_without(node) for part in _tried(node)]
    within = {node for part in tried for node in nodes_of(part)}
    nodes = nodes_of(tree)
    needed = imports_of(node for node in nodes if node not in within)
    everything = imports_of(nodes)
    return _Asks(
        needed=frozenset((*needed.third_party, *needed.standard)),
        tried=frozenset((*everything.third_party, *everything.standard)),
    )


def _goes_on_without(node: ast.AST) -> bool:
    """True where a program goes on when something within cannot be imported."""
    match node:
        case ast.Try(handlers=handlers) | ast.TryStar(handlers=handlers):
            return any(_catches(handler.type) for handler in handlers)
        case ast.With(items=items):
            return any(_named(word) == "suppress" for item in items for word in _called(item))
        case ast.If(test=test) | ast.While(test=test):
            return _is_never(test)
        case _:
            return False


def _is_never(test: ast.expr) -> bool:
    """True for a condition that does not hold where the program runs."""
    falsy = isinstance(test, ast.Constant) and not test.value
    return falsy or _named(test) == "TYPE_CHECKING"


def _catches(kind: ast.expr | None) -> bool:
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return any(one is None or _named(one) in _CATCHES for one in kinds)


def _called(item: ast.withitem) -> list[ast.expr]:
    call = item.context_expr
    return [call.func] if isinstance(call, ast.Call) else []


def _named(word: ast.expr) -> str:
    match word:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _tried(node: ast.AST) -> list[ast.AST]:
    match node:
        case ast.Try(body=body, handlers=handlers) | ast.TryStar(body=body, handlers=handlers):
            return [*body, *handlers]
        case ast.With(body=body) | ast.If(body=body) | ast.While(body=body):
            return list(body)
        case _:
            return []
