"""What a hook may not let through: any exception but the end of its own task."""

import asyncio

from core.duties import OWNER, Duty


def is_ours(error: BaseException) -> bool:
    """Return False where somebody else ends this task: its client has gone, or the gate stops.

    A CancelledError that nobody asked for, a SystemExit or a GeneratorExit inside a step is a
    failure like any other: mitmproxy would let the request out, or the whole gate would end.
    """
    if not isinstance(error, asyncio.CancelledError):
        return True
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return True
    return task is None or task.cancelling() == 0


class courtesy:  # noqa: N801 - reads as the word it is: `with courtesy(Duty.LINES):`
    """What stands inside is done as well as can be: it decides nothing, and its failure neither.

    The failure is noted with the owner. For `with` and `async with` alike.
    """

    __slots__ = ("_duty",)

    def __init__(self, duty: Duty) -> None:
        self._duty = duty

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if error is None:
            OWNER.done(self._duty)
            return False
        if not is_ours(error):
            return False
        OWNER.lost(self._duty, error)
        return True

    async def __aenter__(self) -> None:
        return

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        return self.__exit__(kind, error, trace)
