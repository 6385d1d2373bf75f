"""What is compiled before the first payload is read, and who waits for it."""

import asyncio
import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

from classifiers.codecs import linear
from classifiers.credentials import CredentialDetector
from classifiers.personal import PersonalDetector

_THREAD = ThreadPoolExecutor(1, thread_name_prefix="warming")
"""However many bodies wait for what is compiled, one thread does, and of no other pool."""


class Warmed:
    """What has detectors that compile their patterns once."""

    def __init__(self, credentials: CredentialDetector, personal: PersonalDetector) -> None:
        self.credentials = credentials
        self._personal = personal
        self._warming = threading.Lock()
        self._is_warm = False

    def warm(self, wait_s: float = 0.0) -> None:
        """Compile what would make the first request slow; wait so long for the whole rule pack.
        Raises what a library refuses a pattern with.
        """
        self.credentials.warm(wait_s)
        with self._warming:
            if not self._is_warm:
                self._personal.warm()
                linear.warm()
                self._is_warm = True

    async def prepared(self) -> None:
        """Wait until nothing is compiled any more: in a thread, so that only who asks for it waits.
        What a library refuses is told by `warm`, and by whatever needs it.
        """
        if not self._is_warm:
            with contextlib.suppress(Exception):
                await asyncio.get_running_loop().run_in_executor(_THREAD, self.warm)
