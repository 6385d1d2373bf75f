"""What the watch for connections past the gate costs an idle machine: its share of one core.

Run: `uv run python -m benchmarks.watch [SECONDS] [run]`; with `run`, while one is followed. The
figure is this process's own time; the kernel's answers are in it. Connections of this user that
are open meanwhile are attributed as in a gate.
"""

import asyncio
import os
import sys
import time

from attribution.connection_table import ConnectionTable
from attribution.factory import build
from core.attribution import Attribution
from core.exchange import Connection
from proxy.evasion import EVERY_S, QUICK_S, EvasionWatch


class _Told:
    """Counts what a gate would put on record."""

    count = 0

    def direct(self, sender: Attribution, connection: Connection) -> None:
        self.count += 1

    datagrams = unanswered = direct


async def _watched(seconds: float, *, follow: bool) -> tuple[float, int]:
    told, attributor = _Told(), build()
    watch = EvasionWatch(lambda: attributor, told)  # type: ignore[arg-type]  # only these two are asked
    table = ConnectionTable()
    await watch.look(table)  # what is known by then is asked about once
    watch.runs.hear_from(table)
    if follow:
        watch.runs.follow(os.getpid())
    begun = time.process_time()
    try:
        async with asyncio.timeout(seconds):
            await watch.watch(table)
    except TimeoutError:
        pass
    spent = time.process_time() - begun
    attributor.close()
    return spent, told.count


def main() -> None:
    """Measure, and print one line."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 30.0
    follow = "run" in sys.argv[2:]
    spent, told = asyncio.run(_watched(seconds, follow=follow))
    share, every = 100 * spent / seconds, QUICK_S if follow else EVERY_S
    print(f"every {every} s: {share:.2f} % of a core over {seconds:.0f} s, {told} on record")


if __name__ == "__main__":
    main()
