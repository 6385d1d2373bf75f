"""Files near a sender, looked at in the helper process: which there are, and which have a certain
content. Nothing is opened before its size says that it may be the one.
"""

# paths of another process, kept as the text they are
# ruff: noqa: PTH112, PTH116, PTH120, PTH123, PTH115, PTH208

import ast
import hashlib
import os
import stat
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from attribution.facts import ProcessFacts
from attribution.filesystem import HostFiles, files_of
from attribution.plain_files import opened, text_of
from core.sent_file import FilesLook

MOST_FILES, _MOST_ENTRIES, _MOST_DESCRIPTORS = 4096, 4096, 512
MOST_BYTES = 64 << 20
_DEPTH = 2
"""Folders below the working folder and the script's that are looked into."""
_SOURCE, _LITERALS, _LONGEST = 1 << 20, 500, 1000
_CHUNK = 1 << 20
_SKIPPED = frozenset("__pycache__ node_modules site-packages dist-packages .git .venv venv".split())
_CODE = (".py", ".pyc", ".pyo", ".so", ".pyd", ".pth", ".mo")
_PROGRAMS = ("/usr/lib", "/lib", "/usr/share", "/proc/", "/sys/", "/dev/", "/etc/ssl")
_scripts: OrderedDict[tuple[str, int, int], tuple[str, ...]] = OrderedDict()


type Near = tuple[str, str, int, str, int | None]
"""One file: its path as the sender calls it, as this process opens it, its size, why it was looked
at, and how far an open descriptor has read. Plain, for thousands travel between two processes.
"""
type _Seen = tuple[str, str, str, int | None, os.stat_result | None]
"""The same without its size, and what it is, where that is known already."""


class _Missed(set[str]):
    """Why some files near a sender were not looked at: words of core.sent_file.FilesLook.

    `with` it: goes on past what is not there, and notes what may not be read.
    """

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, PermissionError):
            self.add(FilesLook.NO_RIGHTS.value)
        return isinstance(error, OSError | ValueError)

    def stat(self, path: str) -> os.stat_result | None:
        """Return what it is; None where that is not to be had."""
        with self:
            return os.stat(path)
        return None

    def too_many(self) -> None:
        """There are more than are looked at."""
        self.add(FilesLook.IN_PART.value)


def files_near(
    line: Sequence[ProcessFacts],
    script: str | None,
    named: Sequence[str],
    opened_before: Sequence[str] = (),
) -> tuple[list[Near], tuple[str, ...]]:
    """Return the files near these processes (the sender first), the best known first, each once;
    and why that is not all, in words of FilesLook. `opened_before`: what they were seen to open,
    by its path on this machine.
    """
    found: dict[tuple[int, int], Near] = {}
    missed = _Missed()
    for path, outside, found_by, read_to, status in _each(
        line, script, named, opened_before, missed
    ):
        if len(found) >= MOST_FILES:
            missed.too_many()
            break
        with missed:
            known = os.stat(outside) if status is None else status
            if stat.S_ISREG(known.st_mode) and known.st_size:
                inode = known.st_dev, known.st_ino
                if inode not in found:
                    found[inode] = path, outside, known.st_size, found_by, read_to
    return list(found.values()), tuple(sorted(missed))


def _each(
    line: Sequence[ProcessFacts],
    script: str | None,
    named: Sequence[str],
    opened_before: Sequence[str],
    missed: _Missed,
) -> Iterator[_Seen]:
    for facts in line:
        yield from _open_files(facts, missed)
    for path in opened_before:
        yield path, path, "opened_before", None, None
    for facts in line:
        yield from _told(facts, facts.argv[1:], "command_line", missed)
    yield from _told(line[0], named, "named_in_request", missed)
    if script is not None:
        literals = _literals(files_of(line[-1]), script, missed)
        yield from _told(line[-1], literals, "named_in_script", missed)
    folders: dict[str, str] = {}
    for facts in line:
        if facts.cwd is not None:
            folders.setdefault(facts.cwd, "working_folder")
    if script is not None and script.startswith("/"):
        folders.setdefault(os.path.dirname(script), "script_folder")
    for folder, found_by in folders.items():
        yield from _in_folder(files_of(line[-1]), folder, found_by, missed)


def _open_files(facts: ProcessFacts, missed: _Missed) -> Iterator[_Seen]:
    """Yield what a process has open to be read, with how far it has."""
    place = f"/proc/{facts.pid}"
    names: list[str] = []
    with missed:
        try:
            names = os.listdir(f"{place}/fd")
        except (FileNotFoundError, ProcessLookupError):
            missed.add(FilesLook.ENDED.value)
    if len(names) > _MOST_DESCRIPTORS:
        missed.too_many()
    for name in names[:_MOST_DESCRIPTORS]:
        with missed:
            path = os.readlink(f"{place}/fd/{name}")
            if not path.startswith("/") or path.startswith(_PROGRAMS) or path.endswith(_CODE):
                continue
            position, flags = _position(f"{place}/fdinfo/{name}")
            if flags & os.O_ACCMODE == os.O_WRONLY:
                continue
            # What was deleted meanwhile, or is another file by now, is reached this way only.
            yield path, f"{place}/fd/{name}", "open_file", position, None


def _position(path: str) -> tuple[int, int]:
    position = flags = 0
    with open(path, "rb") as file:
        for row in file.read(4096).splitlines():
            if row.startswith(b"pos:"):
                position = int(row[4:])
            elif row.startswith(b"flags:"):
                flags = int(row[6:], 8)
    return position, flags


def _told(
    facts: ProcessFacts, words: Iterable[str], found_by: str, missed: _Missed
) -> Iterator[_Seen]:
    """Yield what words name, be it a file or a folder of files. `--in=FILE` and `@FILE` name one,
    too.
    """
    files = files_of(facts)
    for word in words:
        for text in dict.fromkeys((word, word.partition("=")[2], word.rpartition("@")[2])):
            if not text or len(text) > _LONGEST or "\0" in text or text.startswith("-"):
                continue
            path = _absolute(text, facts.cwd)
            if path is None or path.startswith(_PROGRAMS) or path.endswith(_CODE):
                continue
            outside = files.outside(path)
            if os.path.isdir(outside):
                if found_by != "named_in_request" and path.count("/") > 1:
                    yield from _in_folder(files, path, found_by, missed, depth=1)
            else:
                yield path, outside, found_by, None, None


def _absolute(text: str, cwd: str | None) -> str | None:
    if text.startswith("~/"):
        return None
    if text.startswith("/"):
        return os.path.normpath(text)
    return None if cwd is None else os.path.normpath(f"{cwd}/{text}")


def _literals(files: HostFiles, script: str, missed: _Missed) -> tuple[str, ...]:
    """Return the texts in a script that may be paths; parsed once for each version."""
    outside = files.outside(script)
    status = missed.stat(outside)
    if status is None:
        return ()
    key = outside, status.st_mtime_ns, status.st_size
    if key not in _scripts:
        _scripts[key] = _parsed(text_of(outside, _SOURCE))
        if len(_scripts) > 64:
            _scripts.popitem(last=False)
    return _scripts[key]


def _parsed(source: bytes) -> tuple[str, ...]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    texts = (
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    likely = (t for t in texts if ("/" in t or "." in t) and len(t) < 300 and "\n" not in t)
    return tuple(dict.fromkeys(t for t in likely if "://" not in t))[:_LITERALS]


def _in_folder(
    files: HostFiles, folder: str, found_by: str, missed: _Missed, depth: int = _DEPTH
) -> Iterator[_Seen]:
    """Yield the files of a folder and of those below it; the root and homes of all are none."""
    if folder.count("/") < 2 and folder in {"/", "/home", "/usr", "/etc", "/var", "/bin", "/opt"}:
        return
    left = _MOST_ENTRIES
    todo = [(folder, files.outside(folder), depth)]
    while todo:
        path, outside, deeper = todo.pop(0)
        with missed, os.scandir(outside) as entries:
            for entry in entries:
                left -= 1
                if left < 0:
                    missed.too_many()
                    return
                if entry.is_dir(follow_symlinks=False):
                    if deeper > 0 and entry.name not in _SKIPPED and entry.name[:1] != ".":
                        todo.append((f"{path}/{entry.name}", entry.path, deeper - 1))
                elif not entry.name.endswith(_CODE):
                    with missed:
                        status = None if entry.is_symlink() else entry.stat(follow_symlinks=False)
                        yield f"{path}/{entry.name}", entry.path, found_by, None, status


@dataclass(frozen=True, slots=True, kw_only=True)
class Hashed:
    """A file whose content is the one that was asked for."""

    outside: str
    sha256: str
    uid: int
    modified_ns: int
    whole: bool


def files_proven(
    wanted: Sequence[tuple[str, int, int | None, str]],
) -> tuple[list[Hashed], tuple[str, ...]]:
    """Return those that have the wanted content; and why some were not read, in words of FilesLook.

    Each is asked for by where it is opened, its size, how many of its first bytes are meant (None:
    all), and the SHA-256.
    """
    missed = _Missed()
    found = [one for asked in wanted if (one := _proven(*asked, missed)) is not None]
    return found, tuple(sorted(missed))


def _proven(
    outside: str, size: int, first: int | None, sha256: str, missed: _Missed
) -> Hashed | None:
    if size > MOST_BYTES:
        missed.too_many()
        return None
    handle = opened(outside)
    if handle is None:
        if os.path.lexists(outside):
            missed.add(FilesLook.NO_RIGHTS.value)
        return None
    with os.fdopen(handle, "rb", buffering=0) as file:
        before = os.fstat(handle)
        if before.st_size != size:
            return None
        if _digest(file, size if first is None else first) != sha256:
            return None
        after = os.fstat(handle)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        return None
    return Hashed(
        outside=outside,
        sha256=sha256,
        uid=before.st_uid,
        modified_ns=before.st_mtime_ns,
        whole=first is None,
    )


def _digest(file: object, left: int) -> str:
    digest = hashlib.sha256()
    read = getattr(file, "read")  # noqa: B009 - raw file of whatever kind
    while left > 0:
        part = read(min(left, _CHUNK))
        if not part:
            break
        digest.update(part)
        left -= len(part)
    return digest.hexdigest()
