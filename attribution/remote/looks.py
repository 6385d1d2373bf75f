"""The privileged side's looks for one gate: files near its senders, and the runs of this machine.

A gate is given no path to have opened: it asks about files by words that it was told before.
"""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice

from attribution.remote.wire import Ended, Near, Prove, Runs, Shown, Told
from core.activity import EndedRun, ProgramRuns
from core.sent_file import FilesLook, Nearby, NearFile, SenderFiles

_MOST_KEPT = 32768
"""Files of earlier looks that can be asked about; a look has 4,096 at most."""
_MOST_LETTERS = 1 << 20
"""Of paths in one answer: six bytes each as JSON."""
_MOST_WANTED = 64
_MOST_RUNS, _RUNS_AT_ONCE = 8192, 100
"""That are kept for a gate that does not ask; and that one answer has room for."""


class FileLooks:
    """Answers about files near the senders of one gate. Safe for several threads."""

    def __init__(self, files: SenderFiles) -> None:
        self._files = files
        self._lock = threading.Lock()
        self._looks = 0
        self._kept: OrderedDict[str, NearFile] = OrderedDict()

    def near(self, ask: Near) -> Told:
        """Return the files near a sender, each by a word to ask about it with."""
        found = self._files.near(ask.sender, ask.named)
        files = list(_short_enough(found.files))
        look = found.look
        if len(files) < len(found.files) and look is FilesLook.WHOLE:
            look = FilesLook.IN_PART
        with self._lock:
            self._looks += 1
            words = [f"{self._looks}.{number}" for number in range(len(files))]
            self._kept.update(zip(words, files, strict=True))
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        told = tuple(replace(one, key=key) for key, one in zip(words, files, strict=True))
        return Told(near=Nearby(files=told, look=look))

    def prove(self, ask: Prove) -> Told:
        """Return those that have the content that is asked for; of a word that was not given out,
        or long ago, nobody can tell.
        """
        asked = ask.wanted[:_MOST_WANTED]
        with self._lock:
            kept = {one.key: self._kept[one.key] for one in asked if one.key in self._kept}
        known = [one for one in asked if one.key in kept]
        missing = len(known) < len(ask.wanted)
        if not known:
            return Told(look=FilesLook.FAILED if missing else FilesLook.WHOLE)
        word_of = {near.key: word for word, near in kept.items()}
        proven = self._files.proven(
            ask.sender,
            [(kept[one.key], one.sha256) for one in known],
            {kept[one.key].key: one.sha256 for one in known if one.in_part},
        )
        shown = tuple(
            Shown(
                key=word_of[one.near.key],
                sha256=one.sha256,
                owner=one.owner,
                modified_at=one.modified_at,
                whole=one.whole,
            )
            for one in proven.files
        )
        lost = missing and proven.look is FilesLook.WHOLE
        return Told(shown=shown, look=FilesLook.FAILED if lost else proven.look)


def _short_enough(files: Sequence[NearFile]) -> Sequence[NearFile]:
    left = _MOST_LETTERS
    for number, one in enumerate(files):
        left -= len(one.path)
        if left < 0:
            return files[:number]
    return files


class RunsTold:
    """Follows the runs of this machine, from the first time that a gate asks at the latest, and
    tells of each until its arrival was said.
    """

    def __init__(self, begins: Callable[[], ProgramRuns]) -> None:
        self._begins = begins
        self._runs: ProgramRuns | None = None
        self._lock = threading.Lock()
        # Not from 0: a gate that outlives this process says what it heard from the one before.
        self._last = time.time_ns() // 1000
        self._kept: deque[tuple[int, EndedRun]] = deque()
        self._missed = 0

    def begin(self) -> None:
        """Follow them from now on."""
        with self._lock:
            self._followed()

    def _followed(self) -> ProgramRuns:
        if self._runs is None:
            self._runs = self._begins()
        return self._runs

    def ended(self, ask: Runs) -> Told:
        """Return the runs that ended and of which the gate has not heard, the first ones first."""
        with self._lock:
            followed = self._followed()
            for run in followed.ended():
                self._last += 1
                self._kept.append((self._last, run))
            while self._kept and self._kept[0][0] <= ask.heard:
                self._kept.popleft()
            while len(self._kept) > _MOST_RUNS:
                self._kept.popleft()
                self._missed += 1
            told = list(islice(self._kept, _RUNS_AT_ONCE))
            waiting, missed = len(self._kept) - len(told), self._missed + followed.missed
        last = told[-1][0] if told else ask.heard
        runs = tuple(run for _, run in told)
        return Told(ended=Ended(runs=runs, last=last, waiting=waiting, missed=missed))

    def close(self) -> None:
        """Follow no more."""
        with self._lock:
            runs, self._runs = self._runs, None
        if runs is not None:
            runs.close()
