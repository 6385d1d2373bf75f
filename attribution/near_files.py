"""Files near a sender, looked at in the helper process: which there are, and which have a certain
content. Nothing is opened before its size says that it may be the one.
"""

# paths of another process, kept as the text they are
# ruff: noqa: PTH112, PTH116, PTH120, PTH123, PTH115, PTH208

import ast
import contextlib
import hashlib
import io
import os
import stat
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from attribution.backends import procfs
from attribution.facts import ProcessFacts
from attribution.filesystem import HostFiles, files_of
from attribution.plain_files import opened, text_of
from core.sent_file import FilesLook

MOST_FILES, _MOST_ENTRIES, _MOST_DESCRIPTORS = 4096, 4096, 512
MOST_BYTES = 64 << 20
_DEPTH = 2
"""Folders below the working folder and the script's that are looked into."""
_SOURCE, _LITERALS, _LONGEST = 1 << 20, 500, 1000
_CHUNK = 1 << 17
"""Bytes read and hashed at a time: what stays in the processor's cache."""
_SKIPPED = frozenset("__pycache__ node_modules site-packages dist-packages .git .venv venv".split())
_CODE = (".py", ".pyc", ".pyo", ".so", ".pyd", ".pth", ".mo")
_PROGRAMS = ("/usr/lib", "/lib", "/usr/share", "/proc/", "/sys/", "/dev/", "/etc/ssl")
_scripts: OrderedDict[tuple[str, int, int], tuple[str, ...]] = OrderedDict()


type Near = tuple[str, str, int, str, int | None]
"""One file: its path as the sender calls it, as this process opens it, its size, why it was looked
at, and how far an open descriptor has read. Plain, for thousands travel between two processes.
"""
type InFolder = tuple[str, str, str, list[tuple[str, int]]]
"""Files that lie in one folder: its path as the sender calls it, as this process opens it, why it
was looked at, and the name and size of each.
"""
type _Seen = tuple[str, str, str, int | None]
"""The same without its size."""


class _Missed(set[str]):
    """Why some files near a sender were not looked at: words of core.sent_file.FilesLook.

    `with` it: goes on past what is not there, and notes what may not be read.
    """

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if error is not None:
            self.note(error)
        return isinstance(error, OSError | ValueError)

    def note(self, error: BaseException) -> None:
        """Something stands in the way: note it where that is a want of rights."""
        if isinstance(error, PermissionError):
            self.add(FilesLook.NO_RIGHTS.value)

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
) -> tuple[list[Near], list[InFolder], tuple[str, ...]]:
    """Return the files near these processes (the sender first), the best known first, each once:
    those that are known by themselves, and those that lie in folders; and why that is not all, in
    words of FilesLook. `opened_before`: what they were seen to open, by its path on this machine.
    """
    found = _Found()
    for facts in line:
        found.add_each(_open_files(facts, found.missed))
    found.add_each((path, path, "opened_before", None) for path in opened_before)
    for facts in line:
        _add_told(found, facts, facts.argv[1:], "command_line")
    _add_told(found, line[0], named, "named_in_request")
    if script is not None:
        literals = _literals(files_of(line[-1]), script, found.missed)
        _add_told(found, line[-1], literals, "named_in_script")
    folders: dict[str, str] = {}
    for facts in line:
        if facts.cwd is not None:
            folders.setdefault(facts.cwd, "working_folder")
    if script is not None and script.startswith("/"):
        folders.setdefault(os.path.dirname(script), "script_folder")
    for folder, found_by in folders.items():
        _add_folder(found, files_of(line[-1]), folder, found_by)
    return found.files, found.folders, tuple(sorted(found.missed))


class _Found:
    """The files that were found so far, each once, and why these are not all."""

    __slots__ = ("_inodes", "files", "folders", "left", "missed")

    def __init__(self) -> None:
        self.files: list[Near] = []
        self.folders: list[InFolder] = []
        self.missed = _Missed()
        self.left = MOST_FILES
        self._inodes: set[tuple[int, int]] = set()

    def add_each(self, seen: Iterable[_Seen]) -> None:
        """Take those that are files to be looked at."""
        for path, outside, found_by, read_to in seen:
            with self.missed:
                known = os.stat(outside)
                if self.is_new(known):
                    self.files.append((path, outside, known.st_size, found_by, read_to))

    def is_new(self, known: os.stat_result) -> bool:
        """Return True for a plain file that is not empty and was not found yet; where no more are
        taken, that is noted.
        """
        if not known.st_size or not stat.S_ISREG(known.st_mode):
            return False
        inode = known.st_dev, known.st_ino
        if inode in self._inodes:
            return False
        if not self.left:
            self.missed.too_many()
            return False
        self.left -= 1
        self._inodes.add(inode)
        return True


def _open_files(facts: ProcessFacts, missed: _Missed) -> Iterator[_Seen]:
    """Yield what a process has open to be read, with how far it has."""
    place = procfs.home(facts.pid)
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
            yield path, f"{place}/fd/{name}", "open_file", position


def _position(path: str) -> tuple[int, int]:
    position = flags = 0
    with open(path, "rb") as file:
        for row in file.read(4096).splitlines():
            if row.startswith(b"pos:"):
                position = int(row[4:])
            elif row.startswith(b"flags:"):
                flags = int(row[6:], 8)
    return position, flags


def _add_told(found: _Found, facts: ProcessFacts, words: Iterable[str], found_by: str) -> None:
    """Add what words name, be it a file or a folder of files. `--in=FILE` and `@FILE` name one,
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
            if not os.path.isdir(outside):
                found.add_each([(path, outside, found_by, None)])
            elif found_by != "named_in_request" and path.count("/") > 1:
                _add_folder(found, files, path, found_by, depth=1)


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


def _add_folder(
    found: _Found, files: HostFiles, folder: str, found_by: str, depth: int = _DEPTH
) -> None:
    """Add the files of a folder and of those below it; the root and homes of all are none."""
    if folder.count("/") < 2 and folder in {"/", "/home", "/usr", "/etc", "/var", "/bin", "/opt"}:
        return
    left = _MOST_ENTRIES
    todo = deque([(folder, files.outside(folder), depth)])
    while todo and left > 0:
        path, outside, deeper = todo.popleft()
        lying: list[tuple[str, int]] = []
        below: list[str] = []
        with found.missed, _opened_folder(outside) as place, os.scandir(place) as entries:
            left -= _add_entries(found, islice(entries, left + 1), lying, below)
        if lying:
            found.folders.append((path, outside, found_by, lying))
        if deeper > 0:
            todo += [(f"{path}/{name}", f"{outside}/{name}", deeper - 1) for name in below]
    if left < 0 or todo:
        found.missed.too_many()


@contextlib.contextmanager
def _opened_folder(outside: str) -> Iterator[int]:
    """Hold a folder open: its files are asked for by their names alone, which costs less."""
    place = os.open(outside, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield place
    finally:
        os.close(place)


def _add_entries(
    found: _Found,
    entries: Iterable[os.DirEntry[str]],
    lying: list[tuple[str, int]],
    below: list[str],
) -> int:
    """Add the files of one folder; return how many entries there were. Thousands of times for one
    request: what can be done once is done once.
    """
    count = 0
    for entry in entries:
        count += 1
        name = entry.name
        if entry.is_dir(follow_symlinks=False):
            if name not in _SKIPPED and name[:1] != ".":
                below.append(name)
        elif not name.endswith(_CODE):
            try:
                known = entry.stat()
            except OSError as error:
                found.missed.note(error)
                continue
            if found.is_new(known):
                lying.append((name, known.st_size))
    return count


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


def _digest(file: io.RawIOBase, left: int) -> str:
    digest = hashlib.sha256()
    buffer = memoryview(bytearray(min(left, _CHUNK)))
    while left > 0:
        size = file.readinto(buffer[: min(left, _CHUNK)])
        if not size:
            break
        digest.update(buffer[:size])
        left -= size
    return digest.hexdigest()
