"""A gate as a process: built, announced, served, stopped. Used by `start`, `run` and `demo` alike."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from app.home import Home
from app.quiet import quieten
from app.running import RunningGate, announce, withdraw
from app.settings import Settings
from app.wiring import (
    GateChoices,
    attributor_of,
    classifier_of,
    engine_setup,
    evidence_of,
    past_of,
    policy_of,
    pool_of,
    write_upstream_bundle,
)
from core.ids import rfc3339

if TYPE_CHECKING:
    from proxy.gate import Gate

log = logging.getLogger("outgate")


def serve(
    home: Home,
    settings: Settings,
    choices: GateChoices,
    *,
    private: bool,
    ready: Callable[[RunningGate], None],
) -> None:
    """Build a gate and serve until SIGTERM or SIGINT. Raises OutgateError when it cannot be built.

    A `private` gate serves one parent process and stops with it; any other announces itself in the home for `run`,
    `status` and `stop` to find.
    """
    quieten(sys.stderr)
    asyncio.run(_serve(home, settings, choices, private, ready))


async def _serve(
    home: Home, settings: Settings, choices: GateChoices, private: bool, ready: Callable[[RunningGate], None]
) -> None:
    from proxy.gate import Gate, GateOptions
    from proxy.inspection import Limits, Parts
    from proxy.routes import parse_route

    routes = tuple(parse_route(text) for text in choices.connect_to)
    policy = policy_of(home, choices.policy)
    mint = prepare_trust(home, settings, choices)
    evidence = evidence_of(home, settings)
    attributor = attributor_of(home, settings)
    setup = engine_setup(home, policy, names=settings.names_in_prose)
    pool = pool_of(setup, settings)
    limits = Limits(
        hold_bytes=int(settings.hold_mb * 1024 * 1024),
        classify_s=settings.classify_seconds,
        strict=settings.strict_evidence,
    )
    gate = Gate(
        Parts(
            attributor=attributor,
            classifier=classifier_of(setup),
            pool=pool,
            policy=policy,
            evidence=evidence.writer,
            history=past_of(evidence.history),
        ),
        GateOptions(
            mint=mint,
            chain_file=home.chain,
            upstream_roots=home.upstream,
            listen_host=choices.listen_host,
            listen_port=choices.listen_port,
            routes=routes,
            upstream_proxy=settings.upstream_proxy,
            limits=limits,
        ),
    )
    me = RunningGate(host="", port=0, pid=os.getpid(), started_at=rfc3339(datetime.now(UTC)))

    def announced(host: str, port: int) -> None:
        nonlocal me
        me = RunningGate(host=host, port=port, pid=me.pid, started_at=me.started_at)
        if not private:
            announce(home.running, me)
        ready(me)

    _stop_on_signals(gate)
    if private:
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), gate.stop)  # readable means: the parent is gone
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await gate.run(announced)
    finally:
        if not private:
            withdraw(home.running, me.pid)
        await pool.close()
        attributor.close()
        await asyncio.to_thread(evidence.writer.stop)


def prepare_trust(home: Home, settings: Settings, choices: GateChoices) -> Callable[[str], tuple[Any, Any]]:
    """Make or load the authority, write the chain and both bundles, and return what mints leaves."""
    from certs.authority import open_authority
    from certs.leaf import LeafMinter
    from certs.trust import write_bundle

    authority = open_authority(home.authority)
    home.chain.write_bytes(authority.chain_pem())
    write_bundle(home.bundle, authority, os.environ)
    private = [p for p in (settings.upstream_ca, choices.upstream_ca) if p is not None]
    write_upstream_bundle(home, private)
    minter = LeafMinter(authority)

    def mint(host: str) -> tuple[Any, Any]:
        leaf = minter.mint(host)
        return leaf.certificate, leaf.key

    return mint


def _stop_on_signals(gate: "Gate") -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers on its loop
            loop.add_signal_handler(number, gate.stop)
