"""A serving gate, built of what settings and command line choose, and put away in order."""

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.collecting import collectors_of
from app.data_folders import files_of, opened_files_of
from app.forwarding import Courier, routes_of
from app.home import Home
from app.lineage import Tracer
from app.machine_gate import public_door
from app.notifying import Herald, ways_of
from app.retention import Terms, terms_of
from app.settings import Settings
from app.wiring import (
    GateChoices,
    attributor_of,
    classifier_of,
    direct_connections,
    engine_setup,
    evidence_of,
    habits_of,
    keeper_of,
    live_policy_of,
    past_of,
    pool_of,
    proxies_of,
    use_of_senders,
    write_upstream_bundle,
)
from core.fingerprint import Fingerprinter
from core.happenings import Event, Fact, happening
from core.ids import utc_now

if TYPE_CHECKING:
    from app.habits import HabitKeeper
    from attribution import AnyAttributor
    from attribution.backends.opened_files import OpenedFiles
    from classifiers.engine import Engine, EngineSetup
    from classifiers.workers.pool import WorkerPool
    from evidence.factory import Evidence
    from evidence.store import Store
    from policy.live import PolicyFile
    from proxy.gate import Gate, GateOptions
    from proxy.parts import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltGate:
    """A gate and what has to be looked after while it runs and put away when it has ended."""

    gate: "Gate"
    policy: "PolicyFile"
    evidence: "Evidence"
    attributor: "AnyAttributor"
    classifier: "Engine"
    pool: "WorkerPool"
    setup: "EngineSetup"
    habits: "HabitKeeper"
    opened: "OpenedFiles | None"
    """What tells which programs opened files of data."""
    seals: Path
    """The socket of sealed runs."""
    terms: Callable[[], Terms] = Terms
    """How long evidence is kept; asked again before each round."""
    couriers: Callable[[], "Sequence[Courier]"] = tuple
    """Makes what sends evidence on. Raises SettingsError."""
    heralds: Callable[[], "Sequence[Herald]"] = tuple
    """Makes what tells people that something needs them. Raises SettingsError."""
    after_retention: Callable[[], None] = lambda: None
    """Is called when such records were removed."""

    def renewed(self) -> None:
        """Use what a changed policy says of the organisation."""
        organisation = self.policy.organisation
        self.classifier.organisation_changed(organisation)
        self.pool.renew(replace(self.setup, organisation=organisation))
        self.evidence.writer.policy_changed(self.policy.version)
        self.habits.renew()

    async def put_away(self) -> None:
        """Stop what the gate used.

        The evidence comes last: the others may still have something to say.
        """
        self.seals.unlink(missing_ok=True)
        await self.pool.close()
        self.attributor.close()
        if self.opened is not None:
            self.opened.close()
        await asyncio.to_thread(self.evidence.writer.stop)


def build(
    home: Home, settings: Settings, choices: GateChoices, *, private: bool = True
) -> BuiltGate:
    """Build a gate of what the settings and the command line choose. One that is `private` serves
    one program, and does not tell of the others of this machine.

    Raises OutgateError when it cannot be built.
    """
    from evidence.gate_liveness import living
    from proxy.gate import Gate
    from proxy.parts import Parts
    from proxy.sealed.passing_counts import tell_of_lost

    policy = live_policy_of(home, choices.policy, settings)
    options = _options(home, settings, choices)
    is_alone = not living(home.evidence)
    evidence = evidence_of(home, settings, policy.version)
    tell_of_lost(home.counts, evidence.store.tell)
    if is_alone:  # another gate would go on with the key before
        _rotated(home, settings, evidence.store)
    attributor = attributor_of(home, settings, follows_runs=not private)
    everybody = choices.public is not None
    opened = opened_files_of(settings, attributor)
    setup = engine_setup(home, policy, names=settings.names_in_prose)
    pool, classifier = pool_of(setup, settings), classifier_of(setup)
    keeper = keeper_of(home, settings, attributor, policy, classifier)
    habits = habits_of(home, settings, policy)
    parts = Parts(
        attributor=attributor,
        classifier=classifier,
        pool=pool,
        counter=pool,
        redaction=pool,
        policy=policy,
        evidence=evidence.writer,
        history=past_of(
            evidence.history,
            keeper,
            habits,
            use_of_senders(policy),
            home,
            settings.approval_settles,
        ),
        holds=evidence.holds,
        fingerprinter=Fingerprinter(setup.key),
        observer=keeper.seen,
        networks=attributor.networks,
        happened=evidence.store.tell,
        direct=direct_connections(everybody=everybody),
        kept=evidence.store.iter_entries if everybody else None,
        tracer=Tracer(files=files_of(attributor, opened)),
        collectors=collectors_of(
            attributor, home.collecting, everybody=everybody, follows_runs=not private
        ),
    )
    return BuiltGate(
        gate=Gate(parts, options),
        policy=policy,
        evidence=evidence,
        attributor=attributor,
        classifier=classifier,
        pool=pool,
        setup=setup,
        seals=home.seal_of(os.getpid()),
        terms=lambda: terms_of(home, settings),
        couriers=lambda: [Courier(route) for route in routes_of(home, settings, evidence.store)],
        heralds=lambda: [
            Herald(way, failure=lambda: evidence.writer.failure)
            for way in ways_of(settings, evidence.store)
        ],
        after_retention=partial(_after_retention, home, evidence.store, utc_now(), settings),
        habits=habits,
        opened=opened,
    )


def _rotated(home: Home, settings: Settings, store: "Store") -> None:
    """Begin a new epoch of marks where it is time."""
    from app.epochs import is_due, rotate

    if is_due(home, settings.fingerprint_days):
        ended = rotate(home)
        store.tell(happening(Event.MARKS_KEY_ROTATED, {"epoch": ended.name}))


def _after_retention(home: Home, store: "Store", started: datetime, settings: Settings) -> None:
    from app.kept_sources import forget_old

    _end_epochs(home, store, started)
    if days := terms_of(home, settings).records:
        forget_old(home, store, utc_now() - timedelta(days=days))


def _end_epochs(home: Home, store: "Store", started: datetime) -> None:
    """Destroy the keys of epochs of which no record is kept; of those that ended while this gate
    runs, it may use the key itself.
    """
    from app.epochs import destroy, past_their_time

    with store.reading() as connection:
        oldest = connection.value("SELECT min(at_us) FROM entries")
    for epoch in past_their_time(home, oldest):
        if epoch.until is not None and epoch.until < started:
            destroy(epoch)
            facts: dict[str, Fact] = {"epoch": epoch.name, "why": "no record of it is kept"}
            store.tell(happening(Event.MARKS_KEY_DESTROYED, facts))


def _options(home: Home, settings: Settings, choices: GateChoices) -> "GateOptions":
    from proxy.connect_to import parse_route
    from proxy.gate import GateOptions
    from proxy.sealed.passing_counts import place_in

    routes = tuple(map(parse_route, choices.connect_to))
    return GateOptions(
        mint=prepare_trust(home, settings, choices),
        chain_file=home.chain,
        upstream_roots=home.upstream,
        listen_host=choices.listen_host,
        listen_port=choices.listen_port,
        listeners=choices.listeners,
        seals=home.seal_of(os.getpid()) if sys.platform == "linux" else None,
        counts=place_in(home.counts, os.getpid()) if sys.platform == "linux" else None,
        public_seals=None if choices.public is None else public_door(choices.public),
        routes=routes,
        proxies=proxies_of(settings, choices),
        limits=_limits(home, settings),
    )


def _limits(home: Home, settings: Settings) -> "Limits":
    from proxy.parts import Limits

    return Limits(
        hold_bytes=int(settings.hold_mb * 1024 * 1024),
        classify_s=settings.classify_seconds,
        hold_s=settings.hold_seconds,
        spool_bytes=int(settings.spool_mb * 1024 * 1024),
        spool_folder=home.root,
        strict=settings.strict_evidence,
        inspect_others=settings.other_programs == "inspect",
    )


def prepare_trust(
    home: Home, settings: Settings, choices: GateChoices
) -> Callable[[str], tuple[Any, Any]]:
    """Make or load the authority, write the chain and both bundles, and return what mints
    leaves.
    """
    from certs.authority import open_authority
    from certs.leaf import LeafMinter
    from certs.rotation import trusted_besides
    from certs.trust import write_bundle, write_more_stores

    authority = open_authority(home.authority)
    home.chain.write_bytes(authority.chain_pem())
    besides = trusted_besides(home.authority)
    bundle = write_bundle(home.bundle, authority, os.environ, besides)
    write_more_stores(bundle, (authority.root, *besides), home.hashed_roots, home.java_store)
    private = [p for p in (settings.upstream_ca, choices.upstream_ca) if p is not None]
    write_upstream_bundle(home, private, os.environ)
    minter = LeafMinter(authority)

    def mint(host: str) -> tuple[Any, Any]:
        leaf = minter.mint(host)
        return leaf.certificate, leaf.key

    return mint
