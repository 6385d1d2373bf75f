"""What was shown of the ancestors of a process a moment ago, for the next one that they start.

In the helper process. A shell or a script that starts one short-lived program after another is the
same for each of them, and what shows what it runs takes most of a look.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from attribution.facts import ProcessFacts

_FOR_S = 1.0
"""As long as what was seen of a connection in use stands without another look."""
_MOST = 64

type _Answers = dict[tuple[str, int], Any]


class LatelyShown:
    """Remembers answers about lines of ancestors, each line with all above it, as long as the
    kernel tells of each process in it and has told nothing new: its facts say when it was loaded
    and born, and in whose hands it has been.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lines: OrderedDict[
            tuple[int, int], tuple[tuple[ProcessFacts, ...], float, _Answers]
        ] = OrderedDict()

    def of(self, line: Sequence[ProcessFacts]) -> _Answers:
        """Return what was shown of this line within the last second, to be added to: by what was
        asked, and the process. Of a line that is not told of it is forgotten at once.
        """
        if not line or any(facts.heard is None for facts in line):
            return {}
        key, now = (line[0].pid, line[0].start), self._clock()
        known = self._lines.pop(key, None)
        if known is None or now >= known[1] or known[0] != tuple(line):
            known = tuple(line), now + _FOR_S, {}
        self._lines[key] = known
        while len(self._lines) > _MOST:
            self._lines.popitem(last=False)
        return known[2]
