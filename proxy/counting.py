"""Tokens that an answer does not state: counted in a worker before the record is closed, so that
the gate holds no table of them and its loop goes on.
"""

import asyncio
from collections.abc import Callable
from functools import partial

from core.duties import OWNER, Duty
from core.errors import DegradedError
from core.exchange import Answer
from core.ports import AnswerTap, TokenCounter
from core.uncounted import TokenCount, Uncounted
from proxy.transaction import Transaction
from proxy.travel import Reader

type Close = Callable[[Transaction, Answer, AnswerTap | None], None]
"""Hands the record of an exchange over, with what was learnt from its answer."""


class TokenCounts:
    """Lets records be closed when their tokens are counted. All of it belongs to one event loop."""

    def __init__(self, counter: Callable[[], TokenCounter | None], seconds: float) -> None:
        """`counter` returns None where taps count by themselves."""
        self._counter, self._seconds = counter, seconds
        self._waiting: dict[str, Callable[[], None]] = {}
        """Reference of a transaction → what closes its record now."""
        self._ahead: asyncio.Task[TokenCount] | None = None

    def foresee(self, tap: AnswerTap | None) -> None:
        """Have a worker ready while an answer comes that will not say what it used."""
        counter = self._counter()
        if counter is None or tap is None or self._ahead is not None:
            return
        if (call := tap.foreseen()) is not None:
            work = OWNER.task(Duty.WORKERS, self._count(counter, call), (DegradedError,))
            self._ahead = asyncio.get_running_loop().create_task(work)
            self._ahead.add_done_callback(self._is_ready)

    async def closed(
        self, transaction: Transaction, reader: Reader, content: bytes, close: Close
    ) -> None:
        """Count what an answer that is over does not state, then close its record: at once where
        that is nothing. Tokens stay unknown where they cannot be counted in time.

        `content`: of an answer that was held; `close` may be called twice.
        """
        answer, tap, counter = reader.answer(content), reader.tap, self._counter()
        end = partial(close, transaction, answer, tap)
        uncounted = None if counter is None or tap is None else tap.uncounted(answer)
        if counter is None or tap is None or uncounted is None:
            end()
            return
        self._waiting[transaction.reference] = end
        try:
            tap.count(await self._count(counter, uncounted))
        except DegradedError as error:
            transaction.note(f"the tokens of its answer were not counted: {error.message}")
        finally:
            self._waiting.pop(transaction.reference, None)
            end()

    def give_up(self) -> None:
        """Close all records that wait: the gate stops."""
        for close in list(self._waiting.values()):
            close()

    async def _count(self, counter: TokenCounter, uncounted: Uncounted) -> TokenCount:
        return await counter.count(uncounted, self._seconds)

    def _is_ready(self, task: "asyncio.Task[TokenCount]") -> None:
        self._ahead = None
        if not task.cancelled():
            task.exception()
