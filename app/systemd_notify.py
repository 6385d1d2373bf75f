"""Telling systemd, where it started us, that we are ready, well, or ending. Without it: nothing."""

import asyncio
import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping

_SHARE = 0.4
"""Of the watchdog's time: well before half of it, so that one late turn is no death."""


def notify(words: str, environment: Mapping[str, str] | None = None) -> bool:
    """Send `READY=1` and the like; False where nobody listens."""
    given = os.environ if environment is None else environment
    name = given.get("NOTIFY_SOCKET", "")
    if name[:1] not in {"/", "@"} or not hasattr(socket, "AF_UNIX"):
        return False
    address = f"\0{name[1:]}" if name.startswith("@") else name
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.setblocking(False)  # a queue that nobody empties must not hold the gate
        end.sendto(words.encode(), address)
        return True
    return False


@contextlib.contextmanager
def starting(every_s: float = 20.0, most: int = 180) -> Iterator[None]:
    """Have systemd wait as long as the block lasts: evidence of an older version is brought forward
    at the start, and a start that is ended for its length would begin anew each time. After so many
    times of asking (an hour) it is taken for one that hangs.
    """
    words, ended = f"EXTEND_TIMEOUT_USEC={int(3e6 * every_s)}", threading.Event()
    if not notify(words):
        yield
        return

    def ask() -> None:
        for _ in range(most - 1):
            if ended.wait(every_s):
                return
            notify(words)

    asking = threading.Thread(target=ask, name="starting", daemon=True)
    asking.start()
    try:
        yield
    finally:
        ended.set()
        asking.join()


def watchdog_s(environment: Mapping[str, str] | None = None) -> float | None:
    """Return within how many seconds systemd wants to hear that we live; None where it does not."""
    given = os.environ if environment is None else environment
    told, pid = given.get("WATCHDOG_USEC", ""), given.get("WATCHDOG_PID", "")
    if not (told.isascii() and told.isdigit()) or int(told) == 0:
        return None
    return None if pid and pid != str(os.getpid()) else int(told) / 1e6


async def keep_alive(well: Callable[[], bool], every_s: float) -> None:
    """Say so as long as the loop turns and the gate is well: what hangs is started again."""
    while True:
        if well():
            notify("WATCHDOG=1")
        await asyncio.sleep(every_s * _SHARE)
