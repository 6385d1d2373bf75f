"""How hooks reach the addons: straight to those who listen."""

import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from mitmproxy import addonmanager, hooks
from mitmproxy.master import Master
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.layers.http._hooks import HttpRequestHeadersHook

from proxy import failures
from proxy.backpressure import GateConnectionHandler
from proxy.boundaries import is_ours
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
        elif listeners := self.listeners(event.name):
            await self.call(listeners, *event.args())

    async def call(self, listeners: Sequence[Callable[..., Any]], *arguments: Any) -> None:
        """Call these, one after the other; one that fails is logged and stops no other."""
        for listener in listeners:
            try:
                result = listener(*arguments)
                if result is not None and inspect.isawaitable(result):
                    await result
            except BaseException as error:
                if not is_ours(error):
                    raise
                failures.tell("hook", error)


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
        taken = None if self._short is None else self._short.taken(event)
        return super().way(event) if taken is None else taken

    def begin(self, hook: commands.StartHook) -> None:
        """Begin a hook, or go on where nobody listens."""
        if self._short is None and isinstance(hook, HttpRequestHeadersHook):
            waits: object = hook.blocking
            if isinstance(waits, GateStream):
                self._short = ShortWay.through(waits.context.layers)
        addons = self.master.addons
        if isinstance(addons, DirectAddons) and not addons.listeners(hook.name):
            self.completed(hook)
        else:
            super().begin(hook)

    async def handle_hook(self, hook: commands.StartHook) -> None:
        """Call those who listen; the connection has not gone silent meanwhile."""
        addons = self.master.addons
        if not isinstance(addons, DirectAddons):
            await super().handle_hook(hook)
        elif listeners := addons.listeners(hook.name):
            watchdog = self.timeout_watchdog
            watchdog.can_timeout.clear()
            watchdog.blocker += 1
            try:
                (name,) = hook.__match_args__  # type: ignore[attr-defined]
                await addons.call(listeners, getattr(hook, name))
            finally:
                watchdog.blocker -= 1
                if watchdog.blocker == 0:
                    watchdog.register_activity()
                    watchdog.can_timeout.set()
