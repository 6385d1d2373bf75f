"""How hooks reach the addons: straight to those who listen."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from typing import Any

from mitmproxy import addonmanager, hooks
from mitmproxy.master import Master
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.layers.http._hooks import HttpRequestHeadersHook

from proxy import failures
from proxy.backpressure import PACED, GateConnectionHandler
from proxy.boundaries import is_ours
from proxy.carrying_out import begins_at_once
from proxy.short_way import ShortWay
from proxy.streams import GateStream
from proxy.untying import Over


class DirectAddons(addonmanager.AddonManager):
    """mitmproxy's addon manager with the look-up of hooks done once.

    Same order, same isolation of failures.
    """

    def __init__(self, master: Master) -> None:
        super().__init__(master)  # type: ignore[no-untyped-call]
        self._table: dict[str, list[Callable[..., Any]]] | None = None

    def freeze(self) -> None:
        """Build the table: from here on no addon is added."""
        table: dict[str, list[Callable[..., Any]]] = {}
        for addon in self.chain:
            for name in hooks.all_hooks:
                if callable(found := getattr(addon, name, None)):
                    table.setdefault(name, []).append(found)
        self._table = table

    def listeners(self, name: str) -> Sequence[Callable[..., Any]]:
        """Return what is called for the hook of this name."""
        assert self._table is not None
        return self._table.get(name, ())

    async def handle_lifecycle(self, event: hooks.Hook) -> None:
        """Call the hooks of one event; nobody listens for mitmproxy's extra update event."""
        if self._table is None:
            await super().handle_lifecycle(event)
        elif (further := self.begun(self.listeners(event.name), *event.args())) is not None:
            await further

    def begun(
        self, listeners: Sequence[Callable[..., Any]], *arguments: Any
    ) -> Coroutine[Any, Any, None] | None:
        """Call these, one after the other, until one has to be waited for; return what is left
        then. One that fails is logged and stops no other.
        """
        for number, listener in enumerate(listeners, 1):
            try:
                result = listener(*arguments)
            except BaseException as error:  # noqa: BLE001 - boundary: no task that somebody ends
                failures.tell("hook", error)
            else:
                if result is not None and inspect.isawaitable(result):
                    return self._further(result, listeners[number:], *arguments)
        return None

    async def _further(
        self, waits: Awaitable[Any], listeners: Sequence[Callable[..., Any]], *arguments: Any
    ) -> None:
        try:
            await waits
        except BaseException as error:
            if not is_ours(error):
                raise
            failures.tell("hook", error)
        if (further := self.begun(listeners, *arguments)) is not None:
            await further


class GateHandler(GateConnectionHandler):
    """A client's connection that sets nothing up for a hook without listeners.

    Flows are never paused here.
    """

    _short: ShortWay | None = None

    def let_go(self) -> None:
        """Forget the way as well."""
        super().let_go()
        if isinstance(self.layer, Over):
            self._short = None

    def way(self, event: events.Event) -> Iterable[commands.Command]:
        """Return what is to be done for an event, straight from where it belongs if it can be."""
        taken = None if self._short is None else self._short.taken(event, self)
        return super().way(event) if taken is None else taken

    def begin(self, hook: commands.StartHook) -> None:
        """Begin a hook, or go on where nobody listens, or nobody has to be waited for."""
        if self._short is None and isinstance(hook, HttpRequestHeadersHook):
            waits: object = hook.blocking
            if isinstance(waits, GateStream):
                self._short = ShortWay.through(waits.context.layers)
        addons = self.master.addons
        if not isinstance(addons, DirectAddons):
            super().begin(hook)
        elif not (listeners := addons.listeners(hook.name)):
            self.completed(hook)
        elif isinstance(hook, PACED) or not begins_at_once(asyncio.get_running_loop()):
            super().begin(hook)
        elif (further := addons.begun(listeners, _about(hook))) is None:
            self.completed(hook)
        else:
            self.start(self.hook_task(hook, self._not_idle(further)))

    def asked(self, hook: commands.StartHook) -> bool:
        """Begin a hook for who is being handled; return whether it is over. Else its end comes as
        an event.
        """
        addons = self.master.addons
        at_once = begins_at_once(asyncio.get_running_loop()) and not isinstance(hook, PACED)
        if not at_once or not isinstance(addons, DirectAddons):
            self.begin(hook)
            return False
        if not (listeners := addons.listeners(hook.name)):
            return True
        if (further := addons.begun(listeners, _about(hook))) is None:
            return True
        if not self.start(self.hook_task(hook, self._not_idle(further))):
            return False
        last = self._coming[-1] if self._coming else None
        if not isinstance(last, events.HookCompleted) or last.command is not hook:
            return False  # it has failed, and nothing is to follow
        self._coming.pop()
        return True

    async def handle_hook(self, hook: commands.StartHook) -> None:
        """Call those who listen."""
        addons = self.master.addons
        if not isinstance(addons, DirectAddons):
            await super().handle_hook(hook)
            return
        listeners = addons.listeners(hook.name)
        if listeners and (further := addons.begun(listeners, _about(hook))) is not None:
            await self._not_idle(further)

    async def _not_idle(self, work: Awaitable[None]) -> None:
        """Wait for it; the connection has not gone silent meanwhile."""
        watchdog = self.timeout_watchdog
        watchdog.can_timeout.clear()
        watchdog.blocker += 1
        try:
            await work
        finally:
            watchdog.blocker -= 1
            if watchdog.blocker == 0:
                watchdog.register_activity()
                watchdog.can_timeout.set()


def _about(hook: commands.StartHook) -> Any:
    """Return what a hook tells its listeners."""
    (name,) = hook.__match_args__  # type: ignore[attr-defined]
    return getattr(hook, name)
