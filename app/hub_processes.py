"""`hub serve --processes`: processes beside the first on one port, each on a core of its own. They
end with the first, however it ends, and one that ends by itself is started again.
"""

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import Awaitable, Sequence
from pathlib import Path

log = logging.getLogger("outgate.hub")

BESIDE = "OUTGATE_HUB_BESIDE"
"""Set for a process beside the first; it ends when nothing holds its standard input any more."""
_AGAIN_S = 2.0


def command(folder: Path) -> tuple[str, ...]:
    """Return what starts a process beside this one; no shell reads it."""
    return (sys.executable, "-m", "app.cli", "hub", "serve", "--hub", str(folder.absolute()))


async def serve_beside(
    serving: Awaitable[None], start: Sequence[str], count: int, again_s: float = _AGAIN_S
) -> None:
    """Serve here until that ends, with so many processes beside it."""
    running: set[asyncio.subprocess.Process] = set()
    over = asyncio.Event()

    async def kept() -> None:
        while not over.is_set():
            process = await asyncio.create_subprocess_exec(
                *start,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                env={**os.environ, BESIDE: "1"},
            )
            running.add(process)
            if over.is_set():
                _let_go(process)
            code = await process.wait()
            running.discard(process)
            if over.is_set():
                return
            log.error("A process of the hub ended (%d) and is started again.", code)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(again_s):
                    await over.wait()

    async def first() -> None:
        try:
            await serving
        finally:
            over.set()
            for process in running:
                _let_go(process)

    await asyncio.gather(first(), *(kept() for _ in range(count)))


def _let_go(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()


def stop_with_the_first(stop: asyncio.Event) -> None:
    """Where this is a process beside the first: stop when that is gone."""
    if os.environ.pop(BESIDE, None) is None:
        return
    loop = asyncio.get_running_loop()

    def told() -> None:
        if not os.read(0, 1024):
            loop.remove_reader(0)
            stop.set()

    loop.add_reader(0, told)
