"""Two engines over one rule pack: Vectorscan says which rules may match, RE2 says where."""

import contextlib
import ctypes
import sys
import threading
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import hyperscan
import re2

from classifiers.credentials.rules.rule import Rule

_FLAGS = hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_ALLOWEMPTY
_MAX_MEMORY = 16 << 20


def _options() -> Any:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.max_mem = _MAX_MEMORY
    return options


_OPTIONS = _options()


def regex(pattern: str) -> Any:
    """Compile for RE2 over bytes. Raises re2.error."""
    return re2.compile(pattern.encode("latin-1"), _OPTIONS)


def compile_database(patterns: Sequence[str]) -> Any:
    """Compile all patterns to one block-mode database whose ids are the indexes. Raises
    hyperscan.error.
    """
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=[p.encode("latin-1") for p in patterns],
        ids=list(range(len(patterns))),
        elements=len(patterns),
        flags=[_FLAGS] * len(patterns),
    )
    _give_back()
    return database


_compiled = lru_cache(maxsize=2)(compile_database)
"""One rule pack is compiled once in a process (seconds): a database may be used by many engines."""
_compiling = threading.Lock()
"""Who wants a pack that another thread is compiling waits for that."""


def _compiled_once(patterns: tuple[str, ...]) -> Any:
    with _compiling:
        return _compiled(patterns)


def forget_compiled() -> None:
    """Let go of compiled databases that no engine uses."""
    _compiled.cache_clear()
    _give_back()


def _give_back() -> None:
    """Return freed memory to the system: the allocator keeps some 20 MB for a next compilation,
    which does not come.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)  # of glibc; other libraries have none


class _Local(threading.local):
    scratch: Any = None


class Engine:
    """A compiled rule pack. Safe in many threads: each has its own scratch space."""

    __slots__ = ("_database", "_local", "_regexes", "rules")

    def __init__(self, rules: Sequence[Rule], database: Any = None) -> None:
        self.rules = tuple(rules)
        self._database = (
            _compiled_once(tuple(r.pattern for r in self.rules)) if database is None else database
        )
        self._regexes: list[Any] = [None] * len(self.rules)
        self._local = _Local()

    def candidates(self, data: bytes) -> list[int]:
        """Return the indexes of the rules whose pattern occurs in `data`. Raises hyperscan.error:
        never skipped.
        """
        scratch = self._local.scratch
        if scratch is None:
            scratch = self._local.scratch = hyperscan.Scratch(self._database)
        found: list[int] = []
        self._database.scan(data, _collect, 0, found, scratch)
        return found

    def matches(self, index: int, data: bytes) -> Iterator[Any]:
        """Return the places where one rule's pattern matches."""
        compiled = self._regexes[index] or self._compile(index)
        matches: Iterator[Any] = compiled.finditer(data)
        return matches

    def warm(self) -> None:
        """Compile every confirming pattern now (some 0.2 s for the whole pack)."""
        for index in range(len(self.rules)):
            if self._regexes[index] is None:
                self._compile(index)

    def _compile(self, index: int) -> Any:
        rule = self.rules[index]
        compiled = self._regexes[index] = regex(rule.confirm or rule.pattern)
        return compiled


def _collect(index: int, _start: int, _end: int, _flags: int, found: list[int]) -> None:
    found.append(index)
