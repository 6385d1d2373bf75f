"""The gate itself: a slim mitmproxy with the addons chosen one by one, started and stopped cleanly.

Left out on purpose of mitmproxy's default addons: everything that serves its own screens, replays,
rewrites or saves flows. Kept: the proxy server, layer choice, refusal of cleartext HTTP/2, TLS
(ours), credentials of an upstream proxy.
"""

import asyncio
import inspect
import socket
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import proxy.mitmproxy_patches.imports  # noqa: F401 - isort: skip - before anything of mitmproxy
from mitmproxy import options
from mitmproxy.addons import core as mitmproxy_core
from mitmproxy.addons import disable_h2c, next_layer, proxyserver
from mitmproxy.master import Master

from core.duties import OWNER, Duty
from proxy.addon import GateAddon
from proxy.boundaries import courtesy
from proxy.collecting import Collecting
from proxy.connect_to import Route, Routes
from proxy.corporate_proxies import CorporateProxies
from proxy.corporate_route import CorporateRoute
from proxy.dns_pinning import Places
from proxy.draining import Draining
from proxy.health import Health
from proxy.hooks import DirectAddons
from proxy.inspection import Inspection
from proxy.listening import cannot_listen
from proxy.mitmproxy_patches.applied import in_our_own_process
from proxy.parts import Limits, Parts
from proxy.sealed.captured import Arrivals
from proxy.sealed.capturing import Captures
from proxy.sealed.door import Door
from proxy.sealed.members import Tells
from proxy.taking import take_at, take_no_more
from proxy.tls import GateTls, Mint
from proxy.upstreams import Upstreams


@dataclass(frozen=True, slots=True, kw_only=True)
class GateOptions:
    """How a gate listens and connects."""

    mint: Mint
    chain_file: Path
    """PEM file with the chain that is sent below each leaf."""
    upstream_roots: Path
    """PEM bundle that servers' certificates are verified with."""
    listen_host: str = "127.0.0.1"
    listen_port: int = 0
    """0: any free port."""
    listeners: Sequence[socket.socket] = ()
    """Listeners that were handed over, which are listened at instead."""
    seals: Path | None = None
    """Where sealed runs find this gate; None: it takes none."""
    public_seals: Path | None = None
    """Where those of everybody do."""
    counts: Path | None = None
    """Where it is kept how much passed unread; None: in memory."""
    routes: Sequence[Route] = ()
    proxies: CorporateProxies = field(default_factory=CorporateProxies)
    limits: Limits = field(default_factory=Limits)


class Gate:
    """One listening gate. `run` serves until `stop` is called."""

    def __init__(self, parts: Parts, gate_options: GateOptions) -> None:
        self._parts = parts
        self._options = gate_options
        self._master: Master | None = None
        self._door: Door | None = None
        self._arrivals: Arrivals | None = None
        self._draining = Draining()
        self._server: proxyserver.Proxyserver | None = None
        self._collecting = Collecting(parts.collectors, parts.evidence)
        self.addon: GateAddon | None = None

    def _addons(self, server: proxyserver.Proxyserver) -> Iterator[object]:
        """Yield what mitmproxy calls, in this order."""
        yield mitmproxy_core.Core()
        yield disable_h2c.DisableH2C()
        yield server
        yield next_layer.NextLayer()
        yield GateTls(self._options.mint, self._options.chain_file)
        yield from (self.addon, self._arrivals, self._draining)
        if self._options.proxies:
            yield CorporateRoute(self._options.proxies)

    async def run(self, ready: Callable[[str, int], Awaitable[None] | None]) -> None:
        """Listen, call `ready(host, port)` once, serve.

        Raises SettingsError when the address cannot be had.
        """
        master = Master(self._mitmproxy_options(), with_termlog=False)
        addons = master.addons = DirectAddons(master)
        self._master = master
        loop = asyncio.get_running_loop()
        self.addon = self._made_addon(loop)
        self._arrivals = Arrivals(self.addon.inspection)
        if self._options.counts is not None:
            with courtesy(Duty.CAPTURE):
                self._arrivals.others.keep_in(self._options.counts)
        server = self._server = proxyserver.Proxyserver()
        addons.add(*self._addons(server))  # type: ignore[no-untyped-call]
        master.options.update(
            **_FIXED, ssl_verify_upstream_trusted_ca=str(self._options.upstream_roots)
        )
        addons.freeze()
        in_our_own_process()
        try:
            async with asyncio.TaskGroup() as tasks:
                serving = tasks.create_task(master.run())
                tasks.create_task(self._announce(server, serving, ready))
                if self._parts.direct is not None:
                    watch = self.addon.evasion.watch(self._parts.direct)
                    _beside(tasks, serving, Duty.DIRECT, watch)
                if (captures := self._captures()) is not None:
                    _beside(tasks, serving, Duty.CAPTURE, captures.keep_telling())
                if self._parts.collectors:
                    _beside(tasks, serving, Duty.ACTIVITY, self._collecting.watch())
        finally:
            if self._door is not None:
                await self._door.close()
            self._arrivals.others.leave()
            self._collecting.end()
            with courtesy(Duty.DIRECT):
                self.addon.evasion.end()
            async with courtesy(Duty.HAND_OVER):
                await self.addon.ends.let_arrive()
            self.addon.ends.stop()
            self.addon.passages.stop()
            self.addon.inspection.settle()
            self._master = None

    def _made_addon(self, loop: asyncio.AbstractEventLoop) -> GateAddon:
        parts = self._parts
        health = Health(
            parts=parts,
            strict=self._options.limits.strict,
            senders=getattr(parts.attributor, "health", None),
        )
        inspection = Inspection(parts, self._options.limits, loop, health)
        routes = Routes(self._options.routes)
        if not self._options.proxies:
            inspection.places = Places(routes.target)
        return GateAddon(inspection, Upstreams(routes, inspection.places, parts.policy))

    async def end(self) -> None:
        """Take no more connections, answer what is under way, then stop serving."""
        if self._server is not None:
            take_no_more(self._server)
            if self._door is not None:
                await self._door.take_no_more()
            assert self.addon is not None
            await self._draining.drain(leave=self.addon.ends.leave)
        self.stop()

    def follow(self, pid: int) -> None:
        """Look closely at connections past the gate while this process of `outgate run` lives. For
        the event loop, once the gate listens.
        """
        if self.addon is not None:
            self.addon.evasion.runs.follow(pid)

    def stay(self) -> None:
        """Look closely to the end, for what a run leaves behind. For the event loop."""
        if self.addon is not None:
            self.addon.evasion.runs.stay()

    def stop(self) -> None:
        """Stop serving; open connections end. Callable from any thread."""
        if self._master is not None:
            self._master.shutdown()

    async def _announce(
        self,
        server: proxyserver.Proxyserver,
        serving: asyncio.Task[None],
        ready: Callable[[str, int], Awaitable[None] | None],
    ) -> None:
        handed = self._options.listeners
        while not (addresses := server.listen_addrs()) or not server.is_running:
            if serving.done() or (server.servers and all(s.last_exception for s in server.servers)):
                self.stop()
                faults = [one.last_exception for one in server.servers if one.last_exception]
                where = self._options.listen_host, self._options.listen_port
                raise cannot_listen(*where, next(iter(faults), None))
            if handed and server.is_running:
                await take_at(server, self._mode, handed)
                handed = ()
            await asyncio.sleep(0.005)
        assert self.addon is not None
        self.addon.itself.listens(place[:2] for place in server.listen_addrs())
        if self._options.seals is not None:
            networks = self._parts.networks
            self._door = Door(server, networks, self._made_up, self._captures(), self._tells())
            self._door.open(self._options.seals, self._options.public_seals)
        called = ready(addresses[0][0], addresses[0][1])
        if inspect.isawaitable(called):
            await called

    def _tells(self) -> Tells:
        assert self.addon is not None
        told = self.addon.uninspected
        return Tells(
            attributor=self._parts.attributor,
            not_found=told.name_not_found,
            datagrams=told.datagrams_refused,
        )

    def _captures(self) -> Captures | None:
        if self._options.seals is None or self._arrivals is None or self._parts.happened is None:
            return None
        return Captures(self._parts.happened, self._arrivals.others)

    def _made_up(self, name: str) -> bool:
        """Return True for a name that is not ours to look up."""
        if self._options.proxies and self._options.proxies.of(name) is not None:
            return True
        return Routes(self._options.routes).diverts(name)

    @property
    def _mode(self) -> str:
        default = self._options.proxies.default
        return "regular" if default is None else f"upstream:{default.url}"

    def _mitmproxy_options(self) -> options.Options:
        return options.Options(
            listen_host=self._options.listen_host,
            listen_port=self._options.listen_port,
            mode=[] if self._options.listeners else [self._mode],
        )


def _beside(
    tasks: asyncio.TaskGroup,
    serving: asyncio.Task[None],
    duty: Duty,
    work: Coroutine[Any, Any, None],
) -> None:
    """Have it done as long as the gate serves; that it ends earlier is noted."""
    watching = tasks.create_task(OWNER.task(duty, work))
    watching.add_done_callback(lambda _: None if serving.done() else OWNER.lost(duty, None))
    serving.add_done_callback(lambda _: watching.cancel())


_FIXED: dict[str, Any] = {
    "connection_strategy": "lazy",  # nothing touches the destination before a decision
    "upstream_cert": False,  # leaves name the SNI only
    "rawtcp": False,  # what is not HTTP does not pass unseen
    "http3": False,
    "store_streamed_bodies": False,
    "validate_inbound_headers": True,
    "ssl_insecure": False,
}
