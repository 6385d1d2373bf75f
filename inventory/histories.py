"""Where the history of each script lives: its git repository, read once for all its scripts."""

# paths by the thousand, as the walk found them
# ruff: noqa: PTH120

import os

from attribution.identity.git_index import FileState, file_state
from attribution.identity.repository import IndexFile, Repository, repository_at

_MOST_PARENTS = 40


class Histories:
    """Answers for every script of a scan; remembers repositories and folders without one."""

    def __init__(self) -> None:
        self._roots: dict[str, tuple[Repository, IndexFile] | None] = {}

    def of(self, path: str, content: bytes) -> dict[str, object] | None:
        """Return the repository that holds this file, and how the file stands to it; None outside
        of any.
        """
        found = self._root_of(os.path.dirname(path))
        if found is None:
            return None
        repository, index = found
        state = self._state(repository, index, path, content)
        return {
            "root": repository.root,
            "commit": repository.commit,
            "branch": repository.branch,
            "remote": repository.remote,
            "file": state,
        }

    def _state(
        self, repository: Repository, index: IndexFile, path: str, content: bytes
    ) -> FileState | None:
        inside = os.path.relpath(path, repository.root).replace(os.sep, "/")
        return file_state(index.of(os.fsencode(inside)), content, index.commit, index.hexes)

    def _root_of(self, folder: str) -> tuple[Repository, IndexFile] | None:
        passed: list[str] = []
        found: tuple[Repository, IndexFile] | None = None
        for _ in range(_MOST_PARENTS):
            if folder in self._roots:
                found = self._roots[folder]
                break
            passed.append(folder)
            found = repository_at(folder)
            above = os.path.dirname(folder)
            if found is not None or above == folder:
                break
            folder = above
        for one in passed:
            self._roots[one] = found
        return found
