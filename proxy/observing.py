"""Scripts that are met are looked at in a thread: source, imports, what is installed for them.

Whatever becomes of a request: the scripts that a privacy officer looks at are the flagged and the
refused ones.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine

from core.attribution import Attribution
from core.duties import OWNER, Duty
from proxy.boundaries import is_ours
from proxy.threads import COURTESIES

_REMEMBERED = 10_000

type Observer = Callable[[Attribution], None]


class Observations:
    """Tells the observer once of each process and version of its script.

    For the event loop's thread only.
    """

    def __init__(self, observer: Callable[[], Observer | None]) -> None:
        self._observer = observer
        self._told: OrderedDict[tuple[object, ...], float] = OrderedDict()
        """Who was told of → when that began, in the loop's seconds."""
        self._running: dict[tuple[object, ...], asyncio.Task[None]] = {}

    def begin(self, sender: Attribution) -> None:
        """Have this sender's script looked at, unless it was."""
        observer, key = self._observer(), _key(sender)
        if observer is None or key is None or key in self._told:
            return
        loop = asyncio.get_running_loop()
        self._told[key] = loop.time()
        if len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)
        looking = _noted(COURTESIES.run(observer, sender))
        task = self._running[key] = loop.create_task(OWNER.task(Duty.SCRIPTS, looking))
        task.add_done_callback(lambda _: self._running.pop(key, None))

    async def learnt(self, sender: Attribution, patience_s: float) -> None:
        """Wait until it was looked at, but no longer than the patience from its beginning."""
        key = _key(sender)
        task = None if key is None else self._running.get(key)
        if key is None or task is None:
            return
        left = self._told.get(key, 0.0) + patience_s - asyncio.get_running_loop().time()
        if left > 0:
            await asyncio.wait({task}, timeout=left)


async def _noted(work: Coroutine[None, None, None]) -> None:
    """Requests are decided on without what would have been learnt."""
    try:
        await work
    except BaseException as error:
        if not is_ours(error):
            raise
        OWNER.lost(Duty.SCRIPTS, error)


def _key(sender: Attribution) -> tuple[object, ...] | None:
    script = sender.script
    if script is None:
        return None
    process = sender.script_process or sender.process
    who = () if process is None else (process.pid, process.started_at)
    return (script.path or script.name, script.sha256, *who)
