"""A gate as a process: built, announced, served, stopped. Used by `start`, `run` and `demo` alike."""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from app.gate_registry import RunningGate, announce, withdraw
from app.home import Home
from app.safe_logging import quieten
from app.settings import Settings
from app.wiring import (
    GateChoices,
    attributor_of,
    classifier_of,
    direct_connections,
    engine_setup,
    evidence_of,
    keeper_of,
    live_policy_of,
    past_of,
    pool_of,
    write_upstream_bundle,
)
from core.errors import SettingsError
from core.fingerprint import Fingerprinter
from core.ids import rfc3339

if TYPE_CHECKING:
    from classifiers.engine import Engine
    from policy.live import PolicyFile
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
    home: Home,
    settings: Settings,
    choices: GateChoices,
    private: bool,
    ready: Callable[[RunningGate], None],
) -> None:
    from proxy.connect_to import parse_route
    from proxy.gate import Gate, GateOptions
    from proxy.parts import Limits, Parts

    routes = tuple(parse_route(text) for text in choices.connect_to)
    policy = live_policy_of(home, choices.policy)
    mint = prepare_trust(home, settings, choices)
    evidence = evidence_of(home, settings)
    attributor = attributor_of(home, settings)
    setup = engine_setup(home, policy, names=settings.names_in_prose)
    pool = pool_of(setup, settings)
    limits = Limits(
        hold_bytes=int(settings.hold_mb * 1024 * 1024),
        classify_s=settings.classify_seconds,
        spool_bytes=int(settings.spool_mb * 1024 * 1024),
        spool_folder=home.root,
        strict=settings.strict_evidence,
        inspect_others=settings.other_programs == "inspect",
    )
    classifier = classifier_of(setup)
    keeper = keeper_of(home, settings, attributor, policy)
    gate = Gate(
        Parts(
            attributor=attributor,
            classifier=classifier,
            pool=pool,
            policy=policy,
            evidence=evidence.writer,
            history=past_of(evidence.history, keeper),
            holds=evidence.holds,
            fingerprinter=Fingerprinter(setup.key),
            observer=keeper.seen,
            direct=direct_connections(),
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

    def renewed() -> None:
        classifier.organisation_changed(policy.organisation)
        pool.renew(replace(setup, organisation=policy.organisation))

    _stop_on_signals(gate)
    if private:
        asyncio.get_running_loop().add_reader(
            sys.stdin.fileno(), gate.stop
        )  # readable means: the parent is gone
    try:
        async with asyncio.TaskGroup() as tasks:
            following = tasks.create_task(follow_policy(policy, renewed))
            tasks.create_task(asyncio.to_thread(_settle, classifier))
            tasks.create_task(asyncio.to_thread(attributor.warm))
            try:
                await gate.run(announced)
            finally:
                following.cancel()
    except* SettingsError as errors:
        raise _first(errors) from None
    finally:
        if not private:
            withdraw(home.running, me.pid)
        await pool.close()
        attributor.close()
        await asyncio.to_thread(evidence.writer.stop)
    if (missing := evidence.writer.failure) is not None:
        raise missing


def _settle(classifier: "Engine") -> None:
    """Load what the first requests need, then take all of it out of the garbage collector's rounds.

    The rule pack, tables and libraries are a large heap that never changes; each request makes many short-lived
    objects. Without this a third of the gate's CPU went into looking at the former because of the latter.
    """
    try:
        classifier.warm()
    except Exception as error:
        # boundary: without this part nothing can be inspected, and a gate that refuses all requests helps nobody
        raise SettingsError(
            f"Outgate cannot load what it inspects with ({type(error).__name__}), so the gate does not serve.",
            remedy="Install Outgate anew; outgate doctor looks for the cause.",
        ) from error
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


def prepare_trust(
    home: Home, settings: Settings, choices: GateChoices
) -> Callable[[str], tuple[Any, Any]]:
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


async def follow_policy(
    policy: "PolicyFile", renewed: Callable[[], None], every_s: float = 2.0
) -> None:
    """Read the policy again when its file changes or on SIGHUP; a broken file leaves the last good one in force.

    What nobody expected is tried again, and shows on the health line until it works: a gate must neither stop because of
    it nor go on as if its policy were still followed.
    """
    hurry = asyncio.Event()
    if hasattr(signal, "SIGHUP"):
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, hurry.set)
    told, again = "", False
    while True:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(every_s):
                await hurry.wait()
        read = policy.reload if hurry.is_set() or again else policy.reload_if_changed
        hurry.clear()
        try:
            if await asyncio.to_thread(read) or again:
                again = True
                renewed()
                log.info("the policy in force is now %s", policy.version)
            again, policy.trouble = False, None
        except (Exception, asyncio.CancelledError) as error:
            if (me := asyncio.current_task()) is not None and me.cancelling():
                raise
            again, policy.trouble = True, _not_followed(error)
        wrong = "" if policy.error is None else str(policy.error)
        if wrong and wrong != told:
            log.error(
                "the policy file is not in force: %s The last good one stays: %s",
                wrong,
                policy.version,
            )
        told = wrong


def _not_followed(error: BaseException) -> SettingsError:
    return SettingsError(
        f"The policy file cannot be followed, because of a fault in Outgate ({type(error).__name__}).",
        remedy="The last good policy stays in force and it is tried again; report this.",
    )


def _first(errors: BaseException) -> BaseException:
    while isinstance(errors, BaseExceptionGroup):
        errors = errors.exceptions[0]
    return errors


def _stop_on_signals(gate: "Gate") -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers on its loop
            loop.add_signal_handler(number, gate.stop)
