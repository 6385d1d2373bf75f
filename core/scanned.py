"""What a scan of a machine found: scripts at rest, what they are made of, and what starts them. No
value holds a secret or a personal value.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from core.findings import Confidence


class ScriptKind(StrEnum):
    """What a program at rest is."""

    SCRIPT = "script"
    NOTEBOOK = "notebook"
    ZIPAPP = "zipapp"
    FROZEN = "frozen"
    COMPILED = "compiled"
    """Bytecode whose source is not there."""


class OwnerState(StrEnum):
    """Whether the account that owns a file can still answer for it."""

    PRESENT = "present"
    DISABLED = "disabled"
    GONE = "gone"
    UNLISTED = "unlisted"
    """An account of this machine that the organisation's list does not have."""


class Grade(StrEnum):
    """How grave a flaw is."""

    GRAVE = "grave"
    MODERATE = "moderate"
    REMARK = "remark"
    """A place to look at, which is a flaw in few programs."""


class Known(StrEnum):
    """How a part's version is known."""

    INSTALLED = "installed"
    PINNED = "pinned"
    """A requirement beside the script, or in it, says exactly this version."""
    WANTED = "wanted"
    """Named by a requirement without an exact version, or by an import alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose a file is."""

    name: str
    uid: int | None
    state: OwnerState
    why: str
    """One sentence: what says so."""
    successor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSecret:
    """One hard-coded credential, masked."""

    type: str
    place: str
    """`line 12`, `cell 3, line 2`, `output of cell 3`."""
    line: int | None
    excerpt: str
    confidence: Confidence
    test_data: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """One dangerous piece of code."""

    rule: str
    place: str
    line: int | None
    words: str
    grade: Grade


@dataclass(frozen=True, slots=True, kw_only=True)
class LiteralData:
    """Personal data of one kind that the source spells out."""

    kind: str
    count: int
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedService:
    """A destination that the code names."""

    service: str | None
    """Id of the catalogue; None for a host that it does not know."""
    name: str
    category: str
    host: str | None
    place: str
    how: str
    """`address` or `library`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptPart:
    """An import, with the distribution that brings it as far as anything tells."""

    name: str
    """Of the import."""
    distribution: str | None
    version: str | None
    known: Known


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """A trace of writing by a model: never a fact."""

    words: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedBy:
    """A schedule or a service that starts a script."""

    kind: str
    """`cron`, `systemd timer`, `Task Scheduler`…"""
    file: str
    when: str
    account: str | None
    target: str | None
    """The script or module as the schedule names it; None where the code stands in the schedule
    itself.
    """
    interpreter: str | None = None
    last_run: datetime | None = None
    enabled: bool = True
    folder: str | None = None
    """Of a module: where it is run, where the schedule tells that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartupHook:
    """Code that runs whenever an interpreter starts."""

    kind: str
    """`.pth line`, `sitecustomize`, `usercustomize`, `PYTHONSTARTUP`."""
    file: str
    line: int | None
    owner: str | None
    """The distribution that lists this file, with its version; None when none does."""
    imports: tuple[str, ...] = ()
    builds_code: bool = False
    """True when it decodes, downloads or executes text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundEnvironment:
    """One installation of Python packages."""

    kind: str
    """`venv`, `uv`, `pipx`, `conda`, `pyenv`, `system`, `user`, `folder`…"""
    prefix: str
    python: str | None
    packages: tuple[tuple[str, str], ...]
    """Names and versions."""
    from_system: bool = False
    """True when the operating system's packager installed it, and so may have mended what a version
    says.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason why a script stands where it stands, with its weight."""

    words: str
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannedScript:
    """One script at rest."""

    path: str
    kind: ScriptKind
    size: int
    sha256: str | None
    changed_at: datetime
    owner: Owner
    readable: bool = True
    why_unread: str | None = None
    git: dict[str, object] | None = None
    environment: str | None = None
    """Prefix of the environment that it most likely runs in."""
    environment_by: str | None = None
    """How that is known."""
    parts: tuple[ScriptPart, ...] = ()
    standard: tuple[str, ...] = ()
    """Modules of Python itself that it imports."""
    secrets: tuple[FoundSecret, ...] = ()
    flaws: tuple[Flaw, ...] = ()
    personal: tuple[LiteralData, ...] = ()
    services: tuple[NamedService, ...] = ()
    models: tuple[str, ...] = ()
    hints: tuple[Hint, ...] = ()
    started_by: tuple[StartedBy, ...] = ()
    last_run: datetime | None = None
    last_run_by: str | None = None
    seen_running: bool | None = None
    """By the evidence of a gate; None where there is none to ask."""
    packages_at_risk: tuple["PackageAtRisk", ...] = ()
    reasons: tuple[Reason, ...] = ()

    @property
    def risk(self) -> int:
        """The sum of its reasons."""
        return sum(reason.points for reason in self.reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageAtRisk:
    """A distribution in a version that an advisory names."""

    distribution: str
    version: str
    advisory: str
    aliases: tuple[str, ...]
    malicious: bool
    summary: str
    fixed: tuple[str, ...] = ()
    mended_by_system: bool = False
    """True when the operating system's packager owns it: it may have mended it under the same
    version.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanResult:
    """All that one scan found, the gravest script first."""

    host: str
    started_at: datetime
    seconds: float
    roots: tuple[str, ...]
    files: int
    folders: int
    unread: tuple[str, ...] = ()
    """Folders that could not be read."""
    unread_count: int = 0
    notes: tuple[str, ...] = ()
    """What was not looked for, and why."""
    scripts: tuple[ScannedScript, ...] = ()
    environments: tuple[FoundEnvironment, ...] = ()
    schedules: tuple[StartedBy, ...] = ()
    hooks: tuple[StartupHook, ...] = field(default=())
