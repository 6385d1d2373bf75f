"""Settings: every value with a default. Where they come from: `app.settings_layers`."""

import ipaddress
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from app.notify_settings import NotifyBy
from app.safe_logging import LogFormat
from core.decision import HOLD_SECONDS
from core.errors import SettingsError
from core.host_names import host_meant
from core.rights import GROUP, Role
from core.text import printable
from habits.calendar import hours_of, weekday_of, zone_of

_NAME = 40
"""Longest name of a collector: it is a file's name, too."""


class Settings(BaseModel):
    """What an endpoint engineer may set; command-line options win over these."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    listen: str = "127.0.0.1:8899"
    """Address of the foreground service."""
    strict_evidence: bool = False
    """True: a request waits until its evidence is durable before anything leaves."""
    hold_mb: float = Field(default=8, gt=0, le=64)
    """Bodies up to this size are held whole until the decision."""
    spool_mb: float = Field(default=4096, gt=0)
    """Largest body that a rule with `inspect: whole` keeps in an encrypted file; a larger one is
    refused.
    """
    classify_seconds: float = Field(default=10, gt=0, le=120)
    """How long a worker may read one payload."""
    hold_seconds: float = Field(default=HOLD_SECONDS, gt=0, le=86400)
    """How long a held request waits for a person, where its rule does not say it."""
    workers: int = Field(default=1, ge=1, le=8)
    """Worker processes for documents, large bodies and names in prose; started when first needed.
    """
    names_in_prose: bool = False
    """True: names and addresses in running text are looked for, too; every body then takes the way
    through a worker.
    """
    keep_scripts: bool = True
    """True: what scripts looked like is kept, compressed, with secrets masked, for the diff between
    versions.
    """
    beacon: bool = True
    """True: programs under `outgate run` tell by a small file on their import path what they run
    and which line sends.
    """
    other_programs: Literal["volume", "inspect"] = "volume"
    """Programs that descend from no Python: recorded as volume only, or inspected like Python."""
    user_names: Literal["clear", "pseudonym", "none"] = "clear"
    """How evidence names the user: as is, by keyed pseudonym, or not at all."""
    retention_days: int = Field(default=180, ge=0, le=36500)
    """Records older than this are removed; their sums stay for `sums_days`. 0: kept for ever."""
    sums_days: int = Field(default=1095, ge=0, le=36500)
    reviews_days: int = Field(default=1095, ge=0, le=36500)
    """What records added up to is removed when it is older than this and its records are gone;
    reviews stay. 0: kept for ever.
    """
    ship_waiting_mb: int = Field(default=0, ge=0, le=1_000_000)
    """So much of the records may wait for the fleet's hub; the oldest above it are left out, which
    is chained. 0: all that the evidence holds.
    """
    ship_waiting_days: int = Field(default=0, ge=0, le=36500)
    """Records that waited longer are left out. 0: none is."""
    fingerprint_days: int = Field(default=0, ge=0, le=36500)
    """A gate that starts gives marks a new key when theirs is older than this; 0: only
    `outgate keys rotate` does. Keys go with the last record that was marked with them.
    """
    host_name: bool = False
    """True: the evidence tells the machine's own name beside the random id of the installation."""
    roles: dict[str, str] = Field(default_factory=dict)
    """User → role in which that user reviews, such as `privacy officer`; review events tell it."""
    rights: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Role → who has it: users, groups as `@group`, or `*` for everybody. Where it is set, nobody
    does what none of his or her roles may.
    """
    witness_file: Path | None = None
    """File elsewhere to which a line is appended for each checkpoint of the evidence."""
    witness_syslog: bool = False
    """True: each checkpoint is told to the system's log, too."""
    stamp_url: str | None = None
    """Server that stamps checkpoints with the time (RFC 3161) at `outgate checkpoint --stamp`."""
    stamp_root: Path | None = None
    """PEM file with the root certificates that time stamps have to end at."""
    second_person: bool = False
    """True: nobody approves a script or a held request that he or she runs or owns."""
    second_person_release_over: int | None = Field(default=None, ge=0)
    """It takes two people to release a request that tells of more people than this, or of nobody
    knows how many.
    """
    second_person_approvals: bool = False
    """True: it takes two people to approve a script, or anything for longer than a run."""
    second_person_erasure: bool = False
    """True: it takes two people to erase."""
    notify: dict[str, NotifyBy] = Field(default_factory=dict)
    """Name → a way to tell people that something is held, that a case of high risk is new, or that
    something is wrong with the evidence.
    """
    collectors: dict[str, str] = Field(default_factory=dict)
    """Name → address of a collector that evidence goes on to: `syslog+tcp://`, `syslog+tls://`,
    `otlp+http://` or `otlp+https://`.
    """
    collector_headers: Path | None = None
    """File with headers for collectors of OTLP, one `Name: value` a line; may hold a token."""
    closing_grows: int = Field(default=10, ge=2, le=1000)
    """A closed case comes back when its people or rows are so many times what they were."""
    approval_settles: int = Field(default=0, ge=0, le=110)
    """An approval counts for starts that are so many seconds later than the last change of the
    script's file: what is changed through a mapping before that may leave no trace (Linux).
    """
    approve_unread: bool = False
    """True: a version of a script whose source cannot be read may be approved; the evidence then
    says “approved unread”.
    """
    upstream_proxy: str | None = None
    """`http://proxy.corp.example:3128` when the internet is behind another proxy."""
    upstream_proxies: dict[str, str] = Field(default_factory=dict)
    """Domain, network or `*` → its own proxy, or `direct`; the first that fits wins over
    `upstream_proxy`.
    """
    upstream_proxy_credentials: Path | None = None
    """File with `user:password` for those proxies (HTTP Basic), or a line `URL user:password` for
    each, readable by this user only. The environment's OUTGATE_UPSTREAM_PROXY_CREDENTIALS wins.
    """
    attributor: Path | None = None
    """Unix socket of the service that names senders, for a gate that may not look at other users'
    processes.
    """
    data_folders: tuple[Path, ...] = ()
    """Folders of data: which program opens files there is noted (Linux, a gate of root's), so that
    what native readers had open is told with what was sent.
    """
    require_gate: bool = False
    """True: `outgate run` refuses to start a program while the service gate is not running."""
    require_policy: bool = False
    """True: no gate serves without a policy of this machine, `/etc/outgate/policy.yaml`."""
    sealed: bool = False
    """True: `outgate run` seals programs where it can (Linux): nothing that they send gets past the
    gate, whatever variables they heed.
    """
    require_seal: bool = False
    """True: `outgate run` starts no program that it cannot seal."""
    seal_sockets: tuple[str, ...] = ()
    """Beginnings of paths of Unix sockets that sealed programs may reach; each is a way past the
    gate.
    """
    seal_io_uring: bool = False
    """True: sealed programs may use io_uring, whose system calls no filter sees."""
    capture_users: tuple[str, ...] = ()
    """Whose connections `outgate capture on` brings to the gate; with no cgroup either, everybody's
    but the gate's own.
    """
    capture_cgroups: tuple[str, ...] = ()
    """Cgroups of version 2 whose connections it brings there."""
    capture_fail: Literal["open", "closed"] = "open"
    """What becomes of captured connections while there is no gate: `open` lets them go past it,
    counted, `closed` refuses them.
    """
    upstream_ca: Path | None = None
    """PEM file with a private authority that servers may be verified with."""
    direct_hosts: tuple[str, ...] = ()
    """Hosts that scripts reach without the gate: internal ones; each is a way past it."""

    log_format: LogFormat = "text"
    """Of the lines that a gate of its own (`outgate start`) logs: words, or an object of JSON."""
    log_file: Path | None = None
    """File that they go to instead of standard error, for the gate's user only; put aside when it
    has `log_mb`.
    """
    log_mb: float = Field(default=10, gt=0, le=10_000)
    log_files: int = Field(default=5, ge=1, le=100)
    """So many that were put aside are kept: `NAME.1` is the newest."""

    business_zone: str = ""
    """Time zone of business hours, such as `Europe/Berlin`; empty: that of the machine."""
    business_days: tuple[str, ...] = ()
    """Days of the week on which people work; none named: Monday to Friday."""
    business_hours: str = "07:00-19:00"
    """Hours of the day at which people work; over midnight where they end before they begin."""
    holidays: tuple[date, ...] = ()
    """Days on which nobody works, such as `2026-12-25`."""

    @field_validator("business_zone")
    @classmethod
    def _is_zone(cls, zone: str) -> str:
        zone_of(zone)
        return zone

    @field_validator("business_days")
    @classmethod
    def _are_days(cls, days: tuple[str, ...]) -> tuple[str, ...]:
        for day in days:
            weekday_of(day)
        return days

    @field_validator("business_hours")
    @classmethod
    def _are_hours(cls, hours: str) -> str:
        hours_of(hours)
        return hours

    @field_validator("data_folders")
    @classmethod
    def _are_folders(cls, folders: tuple[Path, ...]) -> tuple[Path, ...]:
        for folder in folders:
            if not folder.is_absolute() or len(folder.parts) < 2 or ".." in folder.parts:
                raise ValueError(
                    f"{printable(str(folder), 200)}: the whole path of a folder below /, please"
                )
        return folders

    @field_validator("rights", mode="before")
    @classmethod
    def _are_rights(cls, rights: Any) -> Any:
        return read_rights(rights)

    @field_validator("direct_hosts")
    @classmethod
    def _are_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for host in hosts:
            told_if_no_host(host)
        return hosts

    @field_validator("notify")
    @classmethod
    def _are_ways(cls, ways: dict[str, NotifyBy]) -> dict[str, NotifyBy]:
        for name in ways:
            _told_if_no_name(name)
        return ways

    @field_validator("collectors")
    @classmethod
    def _are_collectors(cls, collectors: dict[str, str]) -> dict[str, str]:
        from exports.outbox.collectors import read_address

        for name, address in collectors.items():
            _told_if_no_name(name)
            read_address(address)
        return collectors

    @field_validator("upstream_proxies")
    @classmethod
    def _are_for_hosts(cls, proxies: dict[str, str]) -> dict[str, str]:
        for pattern in proxies:
            told_if_no_host(pattern)
        return proxies

    @property
    def has_upstream_proxies(self) -> bool:
        """Whether the organisation's own proxies are set."""
        return self.upstream_proxy is not None or bool(self.upstream_proxies)


def _told_if_no_name(name: str) -> None:
    if not (name.isascii() and name.replace("-", "").isalnum() and len(name) <= _NAME):
        raise ValueError(f"{printable(name, 100)}: letters, digits and hyphens, please")


def read_rights(rights: Any) -> Any:
    """Return the roles and their holders as they were meant: a hyphen is a space, one holder needs
    no list. Raises ValueError with the roles that there are.
    """
    if not isinstance(rights, dict):
        return rights
    found: dict[str, list[str]] = {}
    for role, holders in rights.items():
        meant = str(role).replace("-", " ").replace("_", " ").lower()
        if meant not in set(Role):
            known = ", ".join(Role)
            raise ValueError(f"{printable(str(role), 40)} is no role; there are {known}")
        several = [holders] if isinstance(holders, str) else (holders or [])
        if not isinstance(several, (list, tuple)) or not all(map(_is_holder, several)):
            raise ValueError(
                f"{meant}: a list of users, of groups as {GROUP}group, or of *, please"
            )
        found.setdefault(meant, []).extend(several)
    return found


def _is_holder(name: Any) -> bool:
    return isinstance(name, str) and name.strip() == name and name not in {"", GROUP}


def told_if_no_host(pattern: str) -> None:
    """Raise ValueError with what was meant, where more than a host or a network is written."""
    meant = host_meant(pattern)
    if meant is None:
        return
    try:
        ipaddress.ip_network(pattern.strip(), strict=False)
    except ValueError:
        words = f"write {printable(meant, 100)}" if meant else "write a host"
        raise ValueError(f"{printable(pattern, 100)} is more than a host: {words}") from None


def load_settings(path: Path) -> Settings:
    """Return the settings in force: the defaults, changed by the user's own file at `path`, by the
    files of this machine, and by the environment. Raises SettingsError with the place of a fault.
    """
    from app.settings_layers import layered

    return layered(path).settings


def settings_problem(path: Path) -> str | None:
    """Return why no gate would start with the settings as they are now; None where one would."""
    try:
        load_settings(path)
    except SettingsError as error:
        told = printable(error.for_officer(), 600)
        return f"no gate starts with the settings as they are now: {told}"
    return None


def parse_listen(text: str) -> tuple[str, int]:
    """Parse `ADDRESS:PORT` or `PORT`. Raises SettingsError."""
    host, _, port = text.rpartition(":")
    host = host.strip("[]") or "127.0.0.1"
    if not port.isascii() or not port.isdigit() or len(port) > 5 or not 0 <= int(port) < 65536:
        raise SettingsError(
            f"{text!r} is not ADDRESS:PORT.", remedy="For example --listen 127.0.0.1:8899"
        )
    return host, int(port)
