"""A pool of processes that is none: what its workers would do is done here, one task after the
other, each by what it sees alone.
"""

import gc
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any
from unittest.mock import patch

from evidence import lot_crew, passage


class OneProcessPool:
    """Stands in for `ProcessPoolExecutor` where stretches of the evidence are verified."""

    tasks = 0
    """That were done by all of them."""

    def __init__(
        self,
        workers: int,
        *,
        mp_context: object,
        initializer: Callable[..., None],
        initargs: tuple[Any, ...],
    ) -> None:
        with patch("os.nice"):  # a process that gave way once would do so in all tests that follow
            initializer(*initargs)

    def submit[**Given, Made](
        self, task: Callable[Given, Made], *given: Given.args, **named: Given.kwargs
    ) -> Future[Made]:
        OneProcessPool.tasks += 1
        done = Future[Made]()
        try:
            done.set_result(task(*given, **named))
        except Exception as error:  # noqa: BLE001 - as a process hands it on
            done.set_exception(error)
        return done

    def shutdown(self, *, cancel_futures: bool) -> None:
        for opened in passage._opened:
            opened[0].close()
        for connection in lot_crew._opened:
            connection.close()
        passage._opened.clear()
        lot_crew._opened.clear()
        gc.enable()
