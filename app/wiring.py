"""The wiring: chooses the concrete class behind every port.

Nothing else in the house knows them all.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.home import Home, installation_id, private_key
from app.inspecting import needed_to_inspect
from app.policy_in_force import policy_path, serving_path
from app.settings import Settings
from core.attribution import PSEUDONYM
from core.errors import SettingsError
from core.fingerprint import Fingerprinter
from core.happenings import Installation
from core.ids import utc_now
from core.ports import DirectConnections, Policy
from core.review import Acting
from core.situation import ScriptHistory, Volume

if TYPE_CHECKING:
    from app.habits import HabitKeeper
    from app.scripts import ScriptKeeper
    from attribution import AnyAttributor
    from attribution.attributor import SocketAttributor
    from classifiers.engine import EngineSetup
    from classifiers.gate_classifier import GateClassifier
    from classifiers.workers.pool import WorkerPool
    from core.attribution import Attribution
    from core.classification import Classification
    from evidence.factory import Evidence
    from evidence.history import History
    from evidence.store import Store
    from evidence.witness import Witness
    from habits.calendar import Calendar
    from policy.decide import RulePolicy
    from policy.live import PolicyFile
    from proxy.corporate_proxies import CorporateProxies


@dataclass(frozen=True, slots=True, kw_only=True)
class GateChoices:
    """What a command line may choose for one gate."""

    listen_host: str = "127.0.0.1"
    listen_port: int = 0
    listeners: tuple[socket.socket, ...] = ()
    """Handed over by whoever started the gate; listened at instead."""
    public: Path | None = None
    """The folder in which everybody finds the gate."""
    policy: Path | None = None
    connect_to: tuple[str, ...] = ()
    upstream_ca: Path | None = None
    upstream_proxy: str | None = field(default=None, repr=False)
    """Of the user's environment, for a gate of one run; with its credentials."""
    upstream_direct: tuple[str, ...] = ()
    """Hosts that the user's environment excepts from it; the gate goes to them by itself."""


def policy_of(home: Home, chosen: Path | None) -> RulePolicy:
    """Return the policy of that file, or the built-in preset that only watches."""
    from policy import load

    return load(policy_path(home, chosen))


def live_policy_of(home: Home, chosen: Path | None, settings: Settings) -> PolicyFile:
    """Return the policy of a serving gate, which follows its file; the preset that only watches
    until there is one.

    Raises SettingsError.
    """
    from policy import DEFAULT_PRESET
    from policy.live import PolicyFile

    path = serving_path(home, chosen, settings)
    return PolicyFile(path) if path is not None else PolicyFile(home.policy, preset=DEFAULT_PRESET)


def engine_setup(home: Home, policy: Policy, *, names: bool) -> EngineSetup:
    """Return what engines are made of here; with `names`, names and addresses in prose are looked
    for.

    Raises SettingsError when something is asked for that is not installed.
    """
    with needed_to_inspect():
        from classifiers.engine import EngineSetup

    _must_be_installed(policy, names=names)
    key = private_key(home.fingerprint_key)
    return EngineSetup(key=key, organisation=policy.organisation, cache=home.cache, names=names)


def names_can_be_found() -> bool:
    """True when the model for names in running text is installed."""
    from classifiers.personal.prose import name_model

    return name_model.is_installed()


def _must_be_installed(policy: Policy, *, names: bool) -> None:
    """Refuse at the start what would else be unread in every request."""
    from classifiers.personal.prose import name_model, recogniser_files

    if names and not name_model.is_installed():
        raise SettingsError(
            "Names in running text cannot be looked for: their model is not installed.",
            remedy=f"Install {name_model.EXTRA}, or set names_in_prose: false.",
        )
    if policy.organisation.recognizers and not recogniser_files.is_runnable():
        raise SettingsError(
            "The policy lists recognisers of your organisation; what runs them is not installed.",
            remedy=f"Install {recogniser_files.EXTRA}.",
        )


def classifier_of(setup: EngineSetup) -> GateClassifier:
    """Return the classifier that runs in this process."""
    from classifiers.gate_classifier import GateClassifier

    return GateClassifier(setup)


def pool_of(setup: EngineSetup, settings: Settings) -> WorkerPool:
    """Return the workers; none is started before it is needed."""
    from classifiers.workers.pool import WorkerPool

    return WorkerPool("classifiers.engine:build_worker", setup, size=settings.workers)


def attributor_of(home: Home, settings: Settings, *, follows_runs: bool = False) -> AnyAttributor:
    """Return what names the senders on this platform: the service, where it is named.
    `follows_runs`: it will be asked for the runs of scripts, too.
    """
    key = private_key(home.pseudonym_key) if settings.user_names == "pseudonym" else None
    if settings.attributor is not None:
        from attribution.remote.client import RemoteAttributor
        from attribution.remote.wire import Hello

        said = "" if key is None else key.hex()
        folders = tuple(str(folder) for folder in settings.data_folders)
        hello = Hello(
            user_names=settings.user_names,
            pseudonym_key=said,
            data_folders=folders,
            follows_runs=follows_runs,
        )
        return RemoteAttributor(settings.attributor, hello)
    return own_attributor_of(home, settings)


def own_attributor_of(home: Home, settings: Settings) -> SocketAttributor:
    """Return what names processes here, in this process."""
    import attribution

    key = private_key(home.pseudonym_key) if settings.user_names == "pseudonym" else None
    pseudonym = None if key is None else pseudonyms(key)
    own = (home.evidence, home.authority, home.fingerprint_key.parent)
    return attribution.build(
        user_names=settings.user_names, pseudonym=pseudonym, keep_out=own, beacons=home.beacons
    )


def direct_connections(*, everybody: bool) -> DirectConnections:
    """Return what lists the connections past the gate: this user's, or everybody's."""
    from attribution.backends.own_sockets import note_all
    from attribution.connection_table import ConnectionTable

    return ConnectionTable(everybody=everybody, own=note_all())


def evidence_of(home: Home, settings: Settings, policy: str | None = None) -> Evidence:
    """Open the evidence for writing and reading, under this version of the policy.

    Raises EvidenceError.
    """
    from evidence import open_evidence

    return open_evidence(
        home.evidence,
        strict=settings.strict_evidence,
        installation=installation_of(home, settings, policy),
        witnesses=witnesses_of(settings),
    )


def store_of(home: Home, settings: Settings, channel: str) -> Store:
    """Open the evidence for people who act through this channel. Raises EvidenceError."""
    from app.permission import refusal, roles_told
    from core.rights import DEED_OF
    from evidence import open_store

    acting = Acting(
        channel=channel,
        role_of=lambda who: roles_told(settings, who),
        refusal=lambda who, action: refusal(settings, who, DEED_OF[action]),
        alias_of=lambda who: pseudonym_of(home, who),
        second_person=settings.second_person,
        two_for_release_over=settings.second_person_release_over,
        two_for_approvals=settings.second_person_approvals,
    )
    return open_store(home.evidence, acting=acting, witnesses=witnesses_of(settings))


def witnesses_of(settings: Settings) -> tuple[Witness, ...]:
    """Return what is told of checkpoints, beside the witness that stands beside the evidence."""
    from evidence.witness import FileWitness, SyslogWitness

    found: list[Witness] = (
        [] if settings.witness_file is None else [FileWitness(settings.witness_file)]
    )
    if settings.witness_syslog:
        found.append(SyslogWitness())
    return tuple(found)


def installation_of(home: Home, settings: Settings, policy: str | None) -> Installation:
    """Return which machine and which Outgate this is."""
    import platform
    from importlib.metadata import version

    return Installation(
        machine=installation_id(home.installation),
        host=platform.node() if settings.host_name else None,
        version=version("outgate"),
        policy=policy,
    )


def proxies_of(settings: Settings, choices: GateChoices) -> CorporateProxies:
    """Return the organisation's proxies behind the gate. Raises SettingsError."""
    from proxy.corporate_proxies import CorporateProxies, parse_proxies, parse_proxy

    if choices.upstream_proxy is not None and not settings.has_upstream_proxies:
        direct = [(pattern, None) for pattern in choices.upstream_direct]
        return CorporateProxies(parse_proxy(choices.upstream_proxy, own=True), direct)
    return parse_proxies(
        settings.upstream_proxy, settings.upstream_proxies, _proxy_credentials(settings)
    )


def _proxy_credentials(settings: Settings) -> str | None:
    if told := os.environ.get("OUTGATE_UPSTREAM_PROXY_CREDENTIALS"):
        return told
    path = settings.upstream_proxy_credentials
    if path is None:
        return None
    try:
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise SettingsError(
                f"{path} can be read by others than its owner.", remedy=f"chmod 600 {path}"
            )
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"Cannot read {path} ({type(error).__name__}).",
            remedy="It holds USER:PASSWORD on one line.",
        ) from None


def write_upstream_bundle(
    home: Home, private_authorities: Iterable[Path], environment: Mapping[str, str]
) -> None:
    """Write the roots that servers are verified with: the platform's, those that the user's own
    variables name (REQUESTS_CA_BUNDLE, SSL_CERT_FILE, …), and the given ones.

    Raises SettingsError.
    """
    import ssl

    from certs.trust import platform_roots, user_roots

    known = dict.fromkeys([*platform_roots(), *user_roots(environment, home.bundle)])
    parts = [ssl.DER_cert_to_PEM_cert(der).encode() for der in known]
    for path in private_authorities:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise SettingsError(f"Cannot read {path}: {error.strerror}.") from error
        if b"-----BEGIN CERTIFICATE-----" not in content:
            raise SettingsError(
                f"{path} holds no PEM certificate.", remedy="Check the path after --upstream-ca."
            )
        parts.append(content)
    home.upstream.write_bytes(b"\n".join(parts))


def pseudonyms(key: bytes) -> Callable[[str], str]:
    """Return what names users by pseudonyms of this key."""
    fingerprinter = Fingerprinter(key)
    return lambda name: PSEUDONYM + fingerprinter.of("user", name)[:10]


def pseudonym_of(home: Home, name: str) -> str:
    """Return the pseudonym of a user, as evidence names them where settings ask for it."""
    return pseudonyms(private_key(home.pseudonym_key))(name)


def keeper_of(
    home: Home,
    settings: Settings,
    attributor: AnyAttributor,
    policy: Policy,
    classifier: GateClassifier,
) -> ScriptKeeper:
    """Return what looks at each new version of a script."""
    from app.kept_sources import source_store
    from app.package_risks import PackageRisks
    from app.scripts import ScriptKeeper

    store = source_store(home, source_masker(classifier)) if settings.keep_scripts else None
    risks = PackageRisks(home.advisories)
    return ScriptKeeper(attributor, store, risks, lambda: policy.organisation.packages)


def source_masker(classifier: GateClassifier) -> Callable[[str], str]:
    """Return what masks the secrets and personal values in a script's source, by the rules that the
    classifier has in memory; raises ValueError for what is none.
    """
    from classifiers.sources.masking import SourceMasker

    return SourceMasker(classifier.credentials).mask


def calendar_of(settings: Settings) -> Calendar:
    """Return the organisation's calendar."""
    from habits import calendar

    return calendar.calendar_of(
        zone=settings.business_zone,
        days=settings.business_days,
        hours=settings.business_hours,
        holidays=settings.holidays,
    )


def habits_of(home: Home, settings: Settings, policy: Policy) -> HabitKeeper:
    """Return what knows what scripts do as a rule, where rules ask for it."""
    from app.habits import HabitKeeper

    return HabitKeeper(home.evidence, calendar_of(settings), lambda: policy.asks_habits)


def use_of_senders(policy: Policy) -> Callable[[Attribution], tuple[float, int] | None]:
    """Return what tells the CPU seconds and the memory of a sender's process, where rules ask."""
    from attribution.backends.process_use import use_of

    return lambda sender: use_of(sender) if policy.asks_resources else None


def past_of(
    history: History,
    keeper: ScriptKeeper,
    habits: HabitKeeper,
    use_of: Callable[[Attribution], tuple[float, int] | None],
    home: Home,
    settles_s: int,
) -> Callable[[Attribution, Classification], tuple[ScriptHistory, Volume]]:
    """Return what tells policy about a script's past, from the evidence and from the fleet."""
    from fleet.approvals import FleetApprovals

    fleet = FleetApprovals(home.fleet)

    def past(sender: Attribution, seen: Classification) -> tuple[ScriptHistory, Volume]:
        script = sender.script
        if script is None:
            return ScriptHistory(), Volume()
        name = script.path or script.name
        where = seen.destination.service or seen.destination.host
        packages, advised = keeper.packages(script.sha256)
        use = use_of(sender)
        told = history.script(name, script.sha256)
        approved = fleet.joined_with(told.approved, script.sha256)
        known = replace(
            told.with_approval(approved, script, settles_s),
            imports=keeper.imports(script.sha256),
            packages=packages,
            advised=advised,
            habits=habits.of(name),
            cpu_seconds=None if use is None else use[0],
            memory_bytes=None if use is None else use[1],
        )
        return known, history.volume(name, where, utc_now())

    return past
