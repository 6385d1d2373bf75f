"""All calls to the case store, one after the other on one thread beside the UI loop; a failure
becomes words.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from core.errors import OutgateError
from tui.wording import safe


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """The store could not answer. Holds no payload."""

    what: str
    """What happened and what to do, for an officer."""


def trouble_of(error: Exception) -> Trouble:
    """Return the words for a failure; of an unforeseen one only its type, since its text may hold
    data.
    """
    if isinstance(error, OutgateError):
        return Trouble(what=safe(error.for_officer(), 600))
    if isinstance(error, FileNotFoundError):
        return Trouble(
            what="The evidence is not there. Start the gate once, or check the folder OUTGATE_HOME."
        )
    if isinstance(error, PermissionError):
        return Trouble(
            what="The evidence may not be read by you. Ask the person who runs Outgate here."
        )
    kind = type(error).__name__
    return Trouble(
        what=(
            f"The evidence could not be read ({kind}). Run “outgate doctor”, which says how to "
            "mend it."
        )
    )


class Reader:
    """Asks the store off the UI loop.

    One thread, so that a store need not be shared between threads.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="review-store")

    async def ask[T](self, call: Callable[[], T]) -> T | Trouble:
        """Return what `call` returns, or why it could not."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, attempt, call)

    def close(self) -> None:
        """Let the thread end; what waits is dropped."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def attempt[T](call: Callable[[], T]) -> T | Trouble:
    """Return what `call` returns, or why it could not. Blocks."""
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - boundary: the store's failures become words
        return trouble_of(error)
