"""Schedules that start a script of the shell which starts Python: what stands in it is what they
start.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from attribution.interpreters import base_name
from attribution.plain_files import text_of
from core.scanned import StartedBy
from inventory.commands import started_by
from inventory.file_kinds import shebang

_MOST, _MOST_WRAPPERS, _DEEPEST = 32_768, 500, 2
_SHELLS = frozenset("sh bash dash zsh ksh".split())
_ENDINGS = (".sh", ".bash", ".bat", ".cmd")
_OWN_FOLDER = (
    '"$(dirname "$(readlink -f "$0")")"',
    '$(dirname "$(readlink -f "$0")")',
    '"$(dirname "$(realpath "$0")")"',
    '$(dirname "$(realpath "$0")")',
    '"$(dirname "${BASH_SOURCE[0]}")"',
    '$(dirname "${BASH_SOURCE[0]}")',
    '"$(dirname "$BASH_SOURCE")"',
    '"$(dirname "$0")"',
    '$(dirname "$0")',
    "$(dirname $0)",
    '"$(dirname -- "$0")"',
    '$(dirname -- "$0")',
    "`dirname $0`",
    '`dirname "$0"`',
    '"${0%/*}"',
    "${0%/*}",
    "%~dp0",
)
"""How a script of the shell names the folder that it lies in."""


def through(
    entries: Iterable[StartedBy], places: Callable[[StartedBy], Iterable[str]]
) -> Iterator[StartedBy]:
    """Yield the entries, and behind each what is started by the scripts of the shell that it
    starts. `places`: where the target of an entry may lie.
    """
    left = _MOST_WRAPPERS
    for entry in entries:
        yield entry
        todo = [(entry, 0)]
        known: set[str] = set()
        while todo:
            one, depth = todo.pop()
            for path in sorted(places(one)) if one.interpreter is None else ():
                if path in known or not _may_be_wrapper(path) or left <= 0:
                    continue
                known.add(path)
                left -= 1
                for inner in _started_in(one, path):
                    yield inner
                    if depth < _DEEPEST:
                        todo.append((inner, depth + 1))


def _may_be_wrapper(path: str) -> bool:
    name = base_name(path)
    return "." not in name or name.lower().endswith(_ENDINGS)


def _started_in(entry: StartedBy, path: str) -> Iterator[StartedBy]:
    data = text_of(path, _MOST)
    if not _is_shell(path, data):
        return
    folder = path.rpartition("/")[0]
    text = data.decode("utf-8", "replace")
    if path.lower().endswith((".bat", ".cmd")):
        text = text.replace("\\", "/")
    for spelling in _OWN_FOLDER:
        text = text.replace(spelling, f"{folder}/" if spelling == "%~dp0" else folder)
    code = "\n".join(_commands(text.replace("\\\n", " ").splitlines()))
    for started in started_by(code, None, {"0": path, "HOME": "~"}):
        if started.target is None and started.interpreter is None:
            continue
        yield replace(
            entry,
            target=started.target,
            interpreter=started.interpreter,
            folder=started.folder,
        )


def _commands(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines that are no comments and no text that is handed to a command."""
    until: str | None = None
    for line in map(str.strip, lines):
        if until is not None:
            until = None if line == until else until
        elif not line.startswith(("#", "::", "@")):
            yield line.partition(" #")[0]
            _, sign, rest = line.partition("<<")
            if sign and not rest.startswith("<"):
                words = rest.lstrip("-").split()
                until = words[0].strip("'\"\\") if words else None


def _is_shell(path: str, data: bytes) -> bool:
    if b"\0" in data:
        return False
    if data.startswith(b"#!"):
        words = data[2:].partition(b"\n")[0].decode("utf-8", "replace").split()
        names = [base_name(word) for word in words if not word.startswith("-")]
        named = next((name for name in names if name != "env"), "")
        return named in _SHELLS and shebang(data) is None
    return path.lower().endswith(_ENDINGS)
