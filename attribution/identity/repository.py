"""The git repository a script lies in, read from its files: git itself is never run."""

# paths of another process, kept as the text they are
# ruff: noqa: PTH113, PTH116, PTH118, PTH120

import os
import re
from dataclasses import dataclass, replace
from functools import lru_cache

from attribution.identity.git_index import (
    FileState,
    Index,
    WholeIndex,
    file_state,
    read_index,
    read_whole_index,
)
from attribution.os_users import People
from attribution.plain_files import text_of

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REMOTE = re.compile(r'^\s*\[\s*remote\s+"([^"\\]*(?:\\.[^"\\]*)*)"\s*\]')
_URL = re.compile(r"^\s*url\s*=\s*(\S+)")
_MOST_PARENTS = 40
_MOST_BYTES = 1 << 20
_MOST_INDEX = 16 << 20
_MOST_FILE = 8 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """Where a script's history lives. `commit` is what is checked out; `file` says how the file
    stands to it.
    """

    root: str
    commit: str | None
    branch: str | None
    remote: str | None
    """Without user name and password."""
    file: FileState | None = None
    """None when it cannot be said from the index."""

    def to_json(self, people: People) -> dict[str, object]:
        """Return the repository as JSON values."""
        return {
            "root": people.path(self.root),
            "commit": self.commit,
            "branch": self.branch,
            "remote": self.remote,
            "file": self.file,
        }


def repository_of(path: str) -> Repository | None:
    """Return the repository that holds this file, or None."""
    folder = os.path.dirname(path)
    for _ in range(_MOST_PARENTS):
        git = _git_folder(os.path.join(folder, ".git"))
        if git is not None:
            return replace(_read(folder, git), file=_state(folder, git, path))
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFile:
    """The whole index of a repository, and the commit's object where it lies loose."""

    whole: WholeIndex | None
    commit: bytes
    hexes: int

    def of(self, path: bytes) -> Index | None:
        """Return what the index says of a path from the root; None when it cannot be read."""
        return None if self.whole is None else self.whole.of(path)


def repository_at(folder: str) -> tuple[Repository, IndexFile] | None:
    """Return the repository whose root this folder is, with its index; None for other folders."""
    git = _git_folder(os.path.join(folder, ".git"))
    if git is None:
        return None
    repository = _read(folder, git)
    shared, commit = _shared(git), repository.commit or ""
    hexes = 64 if "sha256" in _text(os.path.join(shared, "config")).lower() else 40
    loose = os.path.join(shared, "objects", commit[:2], commit[2:]) if commit else ""
    index = IndexFile(
        whole=read_whole_index(text_of(os.path.join(git, "index"), _MOST_INDEX), hexes),
        commit=text_of(loose, _MOST_BYTES) if loose else b"",
        hexes=hexes,
    )
    return repository, index


def _git_folder(entry: str) -> str | None:
    """Return the folder with HEAD: `.git` itself, or what a worktree's or submodule's `.git` file
    names.
    """
    if os.path.isfile(os.path.join(entry, "HEAD")):
        return entry
    named = _text(entry)
    if not named.startswith("gitdir:"):
        return None
    folder = os.path.normpath(os.path.join(os.path.dirname(entry), named[7:].strip()))
    return folder if os.path.isfile(os.path.join(folder, "HEAD")) else None


def _read(root: str, git: str) -> Repository:
    shared = _shared(git)
    head = _text(os.path.join(git, "HEAD")).strip()
    reference = head[4:].strip() if head.startswith("ref:") else None
    commit = head if reference is None else _reference(reference, (git, shared))
    return Repository(
        root=root,
        commit=commit if commit and _COMMIT.fullmatch(commit) else None,
        branch=reference.removeprefix("refs/heads/")[:200] if reference else None,
        remote=_remote(_text(os.path.join(shared, "config"))),
    )


def _state(root: str, git: str, path: str) -> FileState | None:
    """Return how the file stands to the commit that is checked out, as far as git's index tells."""
    shared = _shared(git)
    commit = _read(root, git).commit or ""
    hexes = 64 if "sha256" in _text(os.path.join(shared, "config")).lower() else 40
    inside = os.path.relpath(path, root).replace(os.sep, "/")
    index = read_index(text_of(os.path.join(git, "index"), _MOST_INDEX), os.fsencode(inside), hexes)
    content = text_of(path, _MOST_FILE + 1)
    if len(content) > _MOST_FILE:
        return None
    loose = os.path.join(shared, "objects", commit[:2], commit[2:]) if commit else ""
    return file_state(index, content, text_of(loose, _MOST_BYTES) if loose else b"", hexes)


def _index(file: str, inside: str, hexes: int) -> Index | None:
    """Return what the index says of a path; read again only when it was written since."""
    try:
        found = os.stat(file)
    except OSError:
        return None
    return _indexed(file, found.st_mtime_ns, found.st_ino, found.st_size, inside, hexes)


@lru_cache(maxsize=500)
def _indexed(
    file: str, _changed: int, _inode: int, _size: int, inside: str, hexes: int
) -> Index | None:
    return read_index(text_of(file, _MOST_INDEX), os.fsencode(inside), hexes)


def _shared(git: str) -> str:
    common = _text(os.path.join(git, "commondir")).strip()
    return os.path.normpath(os.path.join(git, common)) if common else git


def _reference(name: str, folders: tuple[str, ...]) -> str | None:
    if ".." in name or not name.startswith("refs/"):
        return None
    for folder in folders:
        if loose := _text(os.path.join(folder, name)).strip():
            return loose
    for line in _text(os.path.join(folders[-1], "packed-refs")).splitlines():
        commit, _, packed = line.partition(" ")
        if packed == name:
            return commit
    return None


def _remote(config: str) -> str | None:
    """Return the URL of `origin`, or of the only remote."""
    remotes: dict[str, str] = {}
    current: str | None = None
    for line in config.splitlines():
        if line.lstrip().startswith("["):
            section = _REMOTE.match(line)
            current = section[1] if section else None
        elif current is not None and (url := _URL.match(line)):
            remotes.setdefault(current, url[1])
    url_text = remotes.get("origin") or (
        next(iter(remotes.values())) if len(remotes) == 1 else None
    )
    return None if url_text is None else _without_login(url_text)[:500]


def _without_login(url: str) -> str:
    """Cut user, password, query and fragment from a URL; `git@host:path` keeps its form, for it
    holds no secret.
    """
    if "://" not in url:
        return url
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path.partition('?')[0].partition('#')[0]}"


def _text(path: str) -> str:
    return text_of(path, _MOST_BYTES).decode("utf-8", "replace")
