"""Waiting for people: one question about all held requests together, a few times a second."""

import asyncio
from contextlib import suppress

from core.duties import OWNER, Duty
from core.errors import EvidenceError
from core.ports import Holds
from core.review import HoldAnswer
from proxy.boundaries import is_ours
from proxy.threads import DECISIONS

ASK_EVERY_S = 0.25


class Asking:
    """Hands each held request what a person said about it.

    One per gate; for its event loop only.
    """

    def __init__(self, holds: Holds) -> None:
        self._holds = holds
        self._waiting: dict[str, asyncio.Future[HoldAnswer]] = {}
        self._task: asyncio.Task[None] | None = None

    async def answer(self, record_id: str, seconds: float) -> HoldAnswer | None:
        """Return what a person said within the time, or None.

        Raises EvidenceError when it cannot be asked.
        """
        answered: asyncio.Future[HoldAnswer] = asyncio.get_running_loop().create_future()
        self._waiting[record_id] = answered
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(OWNER.task(Duty.HOLDS, self._ask()))
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    return await answered
        finally:
            self._waiting.pop(record_id, None)
        said = await DECISIONS.run(self._holds.answers, [record_id])  # in the last moment
        return said.get(record_id)

    async def _ask(self) -> None:
        while self._waiting:
            try:
                said = await DECISIONS.run(self._holds.answers, list(self._waiting))
            except BaseException as error:
                self._fail(error)
                if not is_ours(error):
                    raise
                if not isinstance(error, EvidenceError):
                    OWNER.lost(Duty.HOLDS, error)
                return
            OWNER.done(Duty.HOLDS)
            for record_id, answer in said.items():
                answered = self._waiting.get(record_id)
                if answered is not None and not answered.done():
                    answered.set_result(answer)
            await asyncio.sleep(ASK_EVERY_S)

    def _fail(self, error: BaseException) -> None:
        """Whatever ended the asking: nobody waits for an answer that cannot come."""
        told: BaseException = error
        if not isinstance(error, EvidenceError):
            told = EvidenceError(f"People can no longer be asked ({type(error).__name__}).")
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(told)
