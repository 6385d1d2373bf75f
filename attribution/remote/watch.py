"""What is heard and seen of a machine's programs for as long as the attributor runs, whichever gate
asks: a gate that is started again finds all that began since, and not only since itself.

One listener that never stops is what makes that true. What had been kept by a process that ended
would miss what happened before the next one listened: an exec, a tracer, a mount.
"""

import sys

from attribution.backends.exec_events import ExecEvents
from attribution.reader import HelperReader

_WARM_S = 5.0


class Watch:
    """The kernel's events, and the helpers that read files and are told of mounts."""

    def __init__(self) -> None:
        """Listen from now on; where the kernel tells nothing, that is known of each program."""
        self.reader = Lent()
        self.execs = ExecEvents() if sys.platform == "linux" else None
        if self.execs is not None:
            self.execs.helpers = self.reader.processes

    def warm(self) -> None:
        """Have mounts told, too: what began before that is in doubt for them."""
        self.reader.warm(_WARM_S)

    def close(self) -> None:
        """Listen no more, and end the helpers."""
        if self.execs is not None:
            self.execs.close()
        self.reader.end()


class Lent(HelperReader):
    """Read with by many gates: none of them ends it."""

    def close(self) -> None:
        """A gate has gone: the others read on."""

    def end(self) -> None:
        """End the helpers."""
        super().close()
