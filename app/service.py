"""A gate as a process: built, announced, served, stopped.

Used by `start`, `run` and `demo` alike.
"""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from app.allocator import share_arenas
from app.authority_ending import authority_end
from app.forwarding import keep_forwarding
from app.gate_assembly import BuiltGate, build
from app.gate_registry import RunningGate, announce, withdraw
from app.home import Home
from app.inspecting import needed_to_inspect
from app.leftovers import is_used, outliving
from app.machine_gate import publish, unpublish
from app.notifying import keep_telling
from app.retention import expire_old
from app.safe_logging import quieten
from app.settings import Settings
from app.systemd_notify import keep_alive, notify, starting, watchdog_s
from app.wiring import GateChoices
from core.beats import until_beat
from core.duties import OWNER, Duty, kind_of
from core.errors import SettingsError
from core.ids import rfc3339
from proxy.boundaries import courtesy, is_ours
from proxy.threads import DECISIONS

if TYPE_CHECKING:
    from attribution import AnyAttributor
    from classifiers.engine import Engine
    from policy.live import PolicyFile
    from proxy.gate import Gate

log = logging.getLogger("outgate")


def serve(
    home: Home,
    settings: Settings,
    choices: GateChoices,
    *,
    serves: int | None,
    ready: Callable[[RunningGate], None],
    public: Path | None = None,
) -> None:
    """Build a gate and serve until SIGTERM or SIGINT. Raises OutgateError when it cannot be built.

    A private gate `serves` one process, looks closely at connections past it meanwhile, and stops
    with it, or with the last program that was started behind it; any other announces itself in the
    home for `run`, `status` and `stop` to find, and in the `public` folder for all users.
    """
    _log(settings, private=serves is not None)
    share_arenas()
    gc.disable()  # what is loaded until `_settle` stays: to look for what could go takes 6 % more
    asyncio.run(_serve(home, settings, choices, serves, ready, public))


def _log(settings: Settings, *, private: bool) -> None:
    """Log as the settings say; a private gate's few words are for whoever runs the program."""
    if private:
        quieten(sys.stderr)
        return
    quieten(sys.stderr, form=settings.log_format)
    if settings.log_file is not None:
        from app.log_file import log_to

        most = int(settings.log_mb * 1_000_000)
        log_to(settings.log_file, most, settings.log_files, settings.log_format)


async def _serve(
    home: Home,
    settings: Settings,
    choices: GateChoices,
    serves: int | None,
    ready: Callable[[RunningGate], None],
    public: Path | None,
) -> None:
    private = serves is not None
    with starting():
        built = build(home, settings, choices, private=private)
    started_at = rfc3339(datetime.now(UTC))

    me: RunningGate | None = None

    def announced(host: str, port: int) -> None:
        nonlocal me
        me = _at(home, host, port, started_at, choices.policy)
        if serves is not None:  # who is served need not ask for it, while we load what we need
            built.gate.follow(serves)
        else:
            announce(home.running, me)
        if public is not None:
            publish(public, home, me)
        ready(me)
        notify("READY=1")

    ending = _stop_on_signals(built.gate)
    waiting = (
        _outlive_parent(built.gate, lambda: me is not None and is_used(me)) if private else None
    )
    try:
        await _run(built, announced, private=private)
    except* SettingsError as errors:
        raise _first(errors) from None
    finally:
        if waiting is not None:
            waiting.cancel()
        for one in ending:
            one.cancel()
        notify("STOPPING=1")
        if not private:
            withdraw(home.running, os.getpid())
        if public is not None:
            unpublish(public)
        await built.put_away()
    if (missing := built.evidence.writer.failure) is not None:
        raise missing


def _at(home: Home, host: str, port: int, started_at: str, policy: Path | None) -> RunningGate:
    """Return how this gate is known to others."""
    end = authority_end(home)
    return RunningGate(
        host=host,
        port=port,
        pid=os.getpid(),
        started_at=started_at,
        authority_ends="" if end is None else rfc3339(end),
        policy="" if policy is None else str(policy.absolute()),
    )


async def _run(built: BuiltGate, announced: Callable[[str, int], None], *, private: bool) -> None:
    couriers = () if private else built.couriers()
    heralds = built.heralds()
    async with asyncio.TaskGroup() as tasks:
        follow = follow_policy(built.policy, built.renewed)
        following = tasks.create_task(OWNER.task(Duty.POLICY, follow))
        stopping = False
        following.add_done_callback(lambda _: None if stopping else OWNER.lost(Duty.POLICY, None))
        tasks.create_task(OWNER.task(Duty.WARMING, asyncio.to_thread(_settle, built.classifier)))
        tasks.create_task(OWNER.task(Duty.WARMING, _warmed(built.attributor)))
        tidying = tasks.create_task(
            OWNER.task(
                Duty.RETENTION,
                expire_old(
                    built.evidence.store.path,
                    built.terms,
                    after=built.after_retention,
                ),
            )
        )
        watched = _watched(tasks)
        forwarding = tasks.create_task(OWNER.task(Duty.FORWARDING, keep_forwarding(couriers)))
        telling = [
            tasks.create_task(OWNER.task(Duty.NOTICES, keep_telling(herald))) for herald in heralds
        ]
        learning = tasks.create_task(OWNER.task(Duty.HABITS, built.habits.follow()))
        try:
            await built.habits.ready()
            await built.gate.run(announced)
        finally:
            stopping = True
            if watched is not None:
                watched.cancel()
            following.cancel()
            tidying.cancel()
            forwarding.cancel()
            for task in telling:
                task.cancel()
            learning.cancel()


def _watched(tasks: asyncio.TaskGroup) -> "asyncio.Task[None] | None":
    """Have systemd hear that we live, where it asks for that."""
    within_s = watchdog_s()
    if within_s is None:
        return None
    well = lambda: OWNER.failure is None  # noqa: E731
    return tasks.create_task(OWNER.task(Duty.WATCHDOG, keep_alive(well, within_s)))


async def _warmed(attributor: "AnyAttributor") -> None:
    """Have the attributor ready for the first request; that it could not be made so is no end."""
    async with courtesy(Duty.WARMING):
        await asyncio.to_thread(attributor.warm)


def _settle(classifier: "Engine") -> None:
    """Load what the first requests need, then take all of it out of the garbage collector's rounds.

    The rule pack, tables and libraries are a large heap that never changes; each request makes
    many short-lived objects. Without this a third of the gate's CPU went into looking at the
    former because of the latter.
    """
    with needed_to_inspect():
        classifier.warm()
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)
    gc.enable()


async def follow_policy(
    policy: "PolicyFile", renewed: Callable[[], None], every_s: float = 2.0
) -> None:
    """Read the policy again when its file changes or on SIGHUP; a broken file leaves the last good
    one in force.

    What nobody expected is tried again, and shows on the health line until it works: a gate
    must neither stop because of it nor go on as if its policy were still followed.
    """
    hurry = asyncio.Event()
    if hasattr(signal, "SIGHUP"):
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, hurry.set)
    told, again = "", False
    while True:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(until_beat(asyncio.get_running_loop().time(), every_s)):
                await hurry.wait()
        read = policy.reload if hurry.is_set() or again else policy.reload_if_changed
        hurry.clear()
        try:
            if await DECISIONS.run(read) or again:
                again = True
                renewed()
                log.info("the policy in force is now %s", policy.version)
            again, policy.trouble = False, None
        except BaseException as error:
            if not is_ours(error):
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
        f"The policy file cannot be followed, because of a fault in Outgate ({kind_of(error)}).",
        remedy="The last good policy stays in force and it is tried again; report this.",
    )


def _first(errors: BaseException) -> BaseException:
    while isinstance(errors, BaseExceptionGroup):
        errors = errors.exceptions[0]
    return errors


def _outlive_parent(gate: "Gate", used: Callable[[], bool]) -> "asyncio.Task[None]":
    """Have a private gate end once its parent is gone and nobody is behind it any more."""
    loop, orphaned = asyncio.get_running_loop(), asyncio.Event()

    def gone() -> None:
        loop.remove_reader(sys.stdin.fileno())
        gate.stay()
        orphaned.set()

    # Its standard input becomes readable when the parent is gone.
    loop.add_reader(sys.stdin.fileno(), gone)
    return outliving(orphaned, used, gate.stop)


def _stop_on_signals(gate: "Gate") -> "list[asyncio.Task[None]]":
    """Have the gate end by a signal once what is under way is answered; by a second one, at once.
    Returns what has to be kept.
    """
    loop = asyncio.get_running_loop()
    ending: list[asyncio.Task[None]] = []

    def asked() -> None:
        if ending:
            gate.stop()
            return
        ending.append(loop.create_task(OWNER.task(Duty.ENDING, gate.end())))

    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers on its loop
            loop.add_signal_handler(number, asked)
    return ending
