"""Whether the witnesses of a script's name agree: command line, interpreter, beacon (pure).

A name is certain when two independent ones say the same. Where they differ all names are kept, and
the reason told. The file system is asked afterwards whether the file still is what was there at the
start.
"""

import posixpath
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from attribution.facts import Files, ProcessFacts, Witness
from attribution.interpreters import base_name
from attribution.resolution import Resolution, search_paths
from attribution.resolution.kinds import SOURCE_SUFFIXES
from attribution.resolution.plain_tools import plain_tool
from attribution.resolution.runners import BELOW_TOOL, below
from attribution.resolution.titles import (
    OVERWRITTEN,
    is_called_oddly,
    is_titled,
    of_memory,
)
from core.attribution import LaunchedAs

ALONE = "only its command line says what it runs; its interpreter could not be asked"
MOVABLE = (
    "a relative path or module on its command line means what its folder at the start held, "
    "which nothing else confirms"
)
DIFFERENT = "its command line and its interpreter name different programs"
OF_PYTHON = "a module of Python's own may run whatever it is told to"
_STANDARD = re.compile(r"[/\\][Ll]ib(?:64)?[/\\](?:python[0-9.]+t?|pypy[0-9.]+)[/\\]")
_INSTALLED = re.compile(r"[/\\](?:site|dist)-packages[/\\]")
RUNS_ANOTHER = (
    "it is a program that others install, and was given a file that it may run, as a launcher does"
)
BY_TOOL = "only the command line of the tool that runs it names it"
BY_INTERPRETER = "only its interpreter says what it runs"
BY_BEACON = "only its own beacon says what it runs"
TEXT_ALONE = "only its command line, which it can write over, holds the text of its program"
UNNAMED = "what the Python inside this program runs could not be told"
_STRINGS = ("<string>",)
_TYPED = ("<stdin>", "<python-input", "<ipython-input", "<input>")
_PROMPTS = frozenset({LaunchedAs.STDIN, LaunchedAs.INTERACTIVE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """What a process runs after all were heard."""

    resolution: Resolution
    candidates: tuple[str, ...] = ()
    """All paths that were named, where they differ."""

    def __repr__(self) -> str:
        return f"<Agreed {len(self.candidates)} candidates>"


def agree(facts: ProcessFacts, said: Resolution, witness: Witness | None, files: Files) -> Agreed:
    """Join what the command line says with what another witness says of the main program.

    None: nobody else could be heard. Then an absolute path is not believed either, where an
    interpreter can be asked at all: whoever can write over a command line can write any path there.
    """
    if witness is not None and witness.source == "beacon":
        found = Agreed(resolution=_with_beacon(facts, said, witness, files))
    else:
        found = _with_interpreter(facts, said, witness, files)
        if witness is None and facts.is_asked:
            found = replace(found, resolution=_noted(found.resolution, ALONE))
    doubted = of_memory(facts)
    return (
        found if doubted is None else replace(found, resolution=_noted(found.resolution, doubted))
    )


def _with_beacon(
    facts: ProcessFacts, said: Resolution, beacon: Witness, files: Files
) -> Resolution:
    """The process's own word, where nobody may ask its interpreter: it confirms what the command
    line says, or gives a name where there is none. It takes none away.
    """
    if is_titled(facts):
        return _told_by(facts, beacon, files, BY_BEACON) or said
    if said.word is not None and not said.by_tool:
        spelled = _confirmed(facts, said, beacon.main, files)
        if spelled is not None:
            return _at(said, spelled, files)
    if said.launched_as in _PROMPTS and beacon.main.startswith(_TYPED):
        return said
    return _noted(said, BY_TOOL if said.by_tool else ALONE)


def _with_interpreter(
    facts: ProcessFacts, said: Resolution, witness: Witness | None, files: Files
) -> Agreed:
    if facts.windows:
        return Agreed(resolution=said)
    if said.launched_as is LaunchedAs.FROZEN:
        return _launching(facts, _inside(facts, said, witness, files), witness, None, files)
    if is_titled(facts):
        return Agreed(resolution=_titled(facts, said, witness, files))
    if said.word is not None:
        return _of_file(facts, said, witness, files)
    if said.launched_as is LaunchedAs.COMMAND or said.launched_as in _PROMPTS:
        return _of_text(facts, said, witness, files)
    return Agreed(resolution=said)


def _titled(
    facts: ProcessFacts, said: Resolution, witness: Witness | None, files: Files
) -> Resolution:
    """A server's hint stands only where its tool really runs; else the interpreter is all there is
    to go by.
    """
    if said.by_tool and witness is not None:
        tool = said.name.partition(" ")[0]
        if base_name(witness.main).removesuffix(".py") == tool or f"/{tool}/" in witness.main:
            return said
    return _told_by(facts, witness, files, OVERWRITTEN) or replace(
        said, path=None, spelled=None, launched_as=LaunchedAs.UNKNOWN, name="python"
    )


def _of_file(
    facts: ProcessFacts, said: Resolution, witness: Witness | None, files: Files
) -> Agreed:
    """A file or module on the command line."""
    if witness is None:
        return Agreed(resolution=_unconfirmed(facts, said))
    word = said.word or ""
    for file in _heard(said, witness):
        if (spelled := _confirmed(facts, said, file, files)) is not None:
            found = _at(said, spelled, files)
            if said.launched_as is LaunchedAs.MODULE and _is_of_python(file):
                return Agreed(resolution=_noted(found, OF_PYTHON))
            found = _noted(found, MOVABLE) if _is_movable(facts, word) else found
            return _launching(facts, found, witness, file, files)
        if file in {posixpath.normpath(word), word}:
            # Python before 3.9 gives the name as it was given: it says nothing of the folder.
            found = said if facts.start_folder else _noted(said, MOVABLE)
            return _launching(facts, found, witness, None, files)
    if said.by_tool:
        why = below(facts.argv)
        return Agreed(resolution=_noted(said, BY_TOOL if why == BELOW_TOOL else why))
    told = _told_by(facts, witness, files, DIFFERENT)
    named = [p for p in (said.path, None if told is None else told.path) if p is not None]
    return Agreed(
        resolution=told or _noted(said, DIFFERENT), candidates=tuple(dict.fromkeys(named))
    )


def _launching(
    facts: ProcessFacts, found: Resolution, witness: Witness | None, main: str | None, files: Files
) -> Agreed:
    """An installed program may run any source that its words name, as known launchers do; and so
    may one that carries its own Python. `main`: its file, where that is a source.
    """
    if found.by_tool and found.launched_as is not LaunchedAs.WORKER:
        plain = _is_plain(facts, found, witness)
        return Agreed(resolution=found if plain else _noted(found, below(facts.argv)))
    if found.by_tool or not _is_given_out(found, main):
        return Agreed(resolution=found)
    given = [word for word in facts.argv[1:] if word and word != found.word]
    seen = () if witness is None else witness.others
    named = _sources(facts, given, {found.path, main}, seen, files)
    inner = [p for p in seen if any(_same_file(p, word, files) for word in given)]
    paths = [p for p in (found.path, *named, *inner) if p is not None]
    if not named and not inner:
        return Agreed(resolution=found)
    return Agreed(resolution=_noted(found, RUNS_ANOTHER), candidates=tuple(dict.fromkeys(paths)))


def _is_plain(facts: ProcessFacts, found: Resolution, witness: Witness | None) -> bool:
    """True below a tool of Python's own that runs this script and nothing else, as far as the
    command line and the frames tell: its own is the outermost, and that of the script the next.
    """
    named = plain_tool(facts.argv[1:])
    if named is None or witness is None or witness.source != "interpreter":
        return False
    tool, word = named
    is_tool = witness.imported and witness.main.endswith(f"/{tool}.py")
    is_file = found.launched_as is LaunchedAs.FILE and found.word == word
    return is_tool and is_file and _is_of_python(witness.main)


def _is_given_out(found: Resolution, main: str | None) -> bool:
    if found.launched_as in {LaunchedAs.CONSOLE_SCRIPT, LaunchedAs.FROZEN}:
        return True
    return main is not None and _INSTALLED.search(main) is not None


def _sources(
    facts: ProcessFacts,
    words: Sequence[str],
    known: Collection[str | None],
    seen: Sequence[str],
    files: Files,
) -> list[str]:
    """Return the sources among the words of a command line, without those that are `known`."""
    places = [search_paths.locate(facts, word, files).path for word in words if word[0] != "-"]
    return [p for p in places if p is not None and p not in known and _may_be_run(p, seen, files)]


def _may_be_run(path: str, seen: Sequence[str], files: Files) -> bool:
    if not files.exists(path):
        return False
    runs = any(_same_file(path, other, files) for other in seen)
    return runs or path.endswith(SOURCE_SUFFIXES)


def _is_of_python(file: str) -> bool:
    """True for a module of the standard library: many of them run whatever they are told to."""
    return _STANDARD.search(file) is not None and _INSTALLED.search(file) is None


def _is_movable(facts: ProcessFacts, word: str) -> bool:
    """True where only the interpreter tells from which folder a relative path or module came: what
    a compiled file calls its source is whatever its maker wrote there.
    """
    known = facts.start_folder is not None or search_paths.is_absolute(facts, word)
    return facts.is_asked and not known


def _unconfirmed(facts: ProcessFacts, said: Resolution) -> Resolution:
    if said.by_tool:
        return _noted(said, BY_TOOL)
    if is_called_oddly(facts):
        return _noted(said, ALONE)
    absolute = search_paths.is_absolute(facts, said.word or "")
    return said if absolute and said.launched_as is not LaunchedAs.MODULE else _noted(said, MOVABLE)


def _heard(said: Resolution, witness: Witness) -> tuple[str, ...]:
    """Return the files that may be the program's: a tool's own frames come first, then those of
    what it runs. Frames further in are of whatever that has called, under any name.
    """
    if not said.by_tool:
        return (witness.main,)
    inner = next((file for file in witness.others if not file.startswith("<")), None)
    return (witness.main,) if inner is None else (witness.main, inner)


def _confirmed(facts: ProcessFacts, said: Resolution, file: str, files: Files) -> str | None:
    """Return the path by which this file is what the command line means; None when it is not."""
    if not search_paths.is_absolute(facts, file):
        return None
    word = said.word or ""
    is_file = word.endswith((".py", ".pyw"))
    if said.launched_as is LaunchedAs.MODULE or (said.by_tool and not is_file):
        known = _is_module(file, word) and _is_where_it_started(facts, said, file, files)
        return file if known else None
    if facts.start_folder is not None:
        word = search_paths.join(facts, facts.start_folder, word)
    if search_paths.is_absolute(facts, word):
        # A folder, or an archive; of `./app` Python keeps the dot.
        inside = file.replace("/./", "/").startswith(word.rstrip("/") + "/")
        if _same_file(file, word, files) or inside:
            return word if not files.is_dir(word) else file
        return None
    return _by_its_end(word, file, files)


def _by_its_end(word: str, file: str, files: Files) -> str | None:
    """Return the path of a relative name whose start folder is unknown: the file has to end so."""
    tail = posixpath.normpath(word)
    while tail.startswith("../"):
        tail = tail[3:]
    if posixpath.normpath(file).endswith(f"/{tail}"):
        return file
    if not file.endswith(f"/{tail}/__main__.py"):
        return None
    folder = file.removesuffix("/__main__.py")
    return file if files.is_dir(folder) else folder


def _is_where_it_started(facts: ProcessFacts, said: Resolution, file: str, files: Files) -> bool:
    """True when a module's file is the one that its start folder leads to, as far as that is known.

    A compiled file can give any name for its source.
    """
    if facts.start_folder is None:
        return True
    return said.path is not None and _same_file(file, said.path, files)


def _is_module(file: str, name: str) -> bool:
    inner = name.removesuffix(".__main__").replace(".", "/")
    return file.endswith((f"/{inner}.py", f"/{inner}/__main__.py", f"/{inner}/__init__.py"))


def _of_text(
    facts: ProcessFacts, said: Resolution, witness: Witness | None, files: Files
) -> Agreed:
    """A program given as text: `-c`, standard input, typed in."""
    if witness is None:
        return Agreed(resolution=_noted(said, ALONE))
    if said.launched_as is LaunchedAs.COMMAND and witness.main.startswith(_STRINGS):
        return Agreed(resolution=_noted(said, TEXT_ALONE) if facts.is_asked else said)
    wanted = _STRINGS if said.launched_as is LaunchedAs.COMMAND else _TYPED
    if witness.main.startswith(wanted) or not posixpath.isabs(witness.main):
        return Agreed(resolution=said)
    if said.launched_as is LaunchedAs.INTERACTIVE and said.by_tool:
        return Agreed(resolution=said)
    told = _told_by(facts, witness, files, DIFFERENT)
    return Agreed(resolution=told or _noted(said, DIFFERENT))


def _inside(
    facts: ProcessFacts, said: Resolution, witness: Witness | None, files: Files
) -> Resolution:
    """A program that carries its own Python. It may be a frozen script, or a host that runs
    scripts.
    """
    if witness is None:
        return _noted(said, UNNAMED)
    words = {word for word in facts.argv[1:] if base_name(word) == base_name(witness.main)}
    told = _told_by(facts, witness, files, BY_INTERPRETER)
    if told is not None and told.path is not None and files.exists(told.path):
        confirmed = (
            facts.line_intact
            and not facts.line_unread
            and any(
                witness.main.endswith("/" + posixpath.normpath(word).lstrip("./")) for word in words
            )
        )
        return replace(told, note=None) if confirmed else told
    if words:
        place = search_paths.locate(facts, min(words), files)
        if place.path is not None:
            return Resolution(
                launched_as=LaunchedAs.FILE,
                name=base_name(place.path),
                path=place.path,
                spelled=place.spelled,
                note=place.note or MOVABLE,
            )
    return said


def _told_by(
    facts: ProcessFacts, witness: Witness | None, files: Files, note: str
) -> Resolution | None:
    """Return what the interpreter alone names; None when it names nothing that could be shown."""
    if witness is None:
        return None
    if witness.main.startswith(_STRINGS):
        return Resolution(launched_as=LaunchedAs.COMMAND, name="python -c …", note=note)
    if witness.main.startswith(_TYPED):
        return Resolution(launched_as=LaunchedAs.STDIN, name="python < stdin", note=note)
    if not search_paths.is_absolute(facts, witness.main):
        return None
    return Resolution(
        launched_as=LaunchedAs.FILE,
        name=base_name(witness.main),
        path=files.realpath(witness.main),
        spelled=witness.main,
        note=note,
    )


def _at(said: Resolution, spelled: str, files: Files) -> Resolution:
    """Put it where the interpreter says; what was uncertain about the place is not any more."""
    gone = None if files.exists(spelled) else search_paths.GONE
    note = gone if said.note in _OF_PLACE else said.note or gone
    return replace(said, path=files.realpath(spelled), spelled=spelled, note=note)


_OF_PLACE = frozenset(
    {
        search_paths.GONE,
        search_paths.MOVED,
        search_paths.AMBIGUOUS,
        "the module's file was not found",
        "the application's file was not found",
    }
)


def _same_file(one: str, other: str, files: Files) -> bool:
    return one == other or files.realpath(one) == files.realpath(other)


def _noted(resolution: Resolution, note: str) -> Resolution:
    return replace(resolution, note=resolution.note or note)
