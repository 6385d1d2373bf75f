"""One scan, in steps: walk, read environments and schedules, then look at each script. Nothing is
written, nothing is run but ruff, and nothing leaves the machine.
"""

# paths by the thousand, as the walk found them
# ruff: noqa: PTH118, PTH119, PTH120, PTH208

import os
import platform
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from attribution.plain_files import text_of
from classifiers.credentials import CredentialDetector
from core.scanned import (
    Flaw,
    PackageAtRisk,
    ScannedScript,
    ScanResult,
    ScriptKind,
    ScriptPart,
    StartedBy,
    StartupHook,
)
from core.scanned import Known as HowKnown
from inventory import contents, flaws, parts, requirements, startup_hooks, system_files
from inventory.code import Code, read_code
from inventory.environments import (
    Environments,
    Known,
    carried_files,
    is_of_interpreter,
)
from inventory.file_kinds import HEAD, shebang
from inventory.findings import FindingReader
from inventory.hints import hints_in
from inventory.histories import Histories
from inventory.owners import Listed, Owners, machine_accounts
from inventory.risk import reasons_for
from inventory.schedules import Watch
from inventory.starting import Starts
from inventory.walking import Candidate, Seen, walk

_MOST_SCHEDULE = 1 << 20
_MOST_NAMES = 2_000

type RiskOf = Callable[[str, str], Sequence[PackageAtRisk]]
"""Distribution and version → the advisories that name it."""
type SeenRunning = Mapping[str, datetime]
"""Path of a script, and hash of a version of it → when a gate saw it send last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a scan is asked."""

    roots: tuple[str, ...]
    credentials: CredentialDetector = field(repr=False)
    risk_of: RiskOf | None = None
    listed: Mapping[str, Listed] | None = None
    """The organisation's accounts."""
    seen_running: SeenRunning | None = None
    """None where no gate has kept evidence."""
    ruff: str | None = None
    """Where ruff lies; None leaves flaws out."""
    notes: tuple[str, ...] = ()
    """What is not looked for, and why."""


def scan(question: Question, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> ScanResult:
    """Return all that lies below the roots."""
    begun, clock = now(), time.monotonic()
    watch = Watch()
    seen = walk(
        question.roots,
        lambda folder, name: watch(folder, name) or startup_hooks.wants(folder, name),
    )
    environments = Environments(seen.package_folders, seen.prefixes)
    candidates = _own(seen, environments, question.roots)
    starts = Starts(_schedules(seen, watch), question.roots)
    looker = _Looker(question, environments, starts)
    scripts = [looker.look(candidate) for candidate in candidates]
    found, notes = _with_flaws(question.ruff, scripts, looker.pieces)
    requirements.forget()
    judged = [replace(script, reasons=reasons_for(script)) for script in found]
    judged.sort(key=lambda script: (-script.risk, script.path))
    return ScanResult(
        host=platform.node(),
        started_at=begun,
        seconds=time.monotonic() - clock,
        roots=question.roots,
        files=seen.files,
        folders=seen.folders,
        unread=tuple(seen.unread),
        unread_count=seen.unread_count,
        notes=question.notes + notes,
        scripts=tuple(judged),
        environments=tuple(known.found for known in environments.all),
        schedules=starts.of_python(frozenset(c.path for c in candidates)),
        hooks=tuple(_hooks(seen, candidates)),
    )


def _own(seen: Seen, environments: Environments, roots: Sequence[str]) -> list[Candidate]:
    """Return the candidates that are nobody's library: not of a distribution, not of the system."""
    library = set(environments.programs)
    for folder in seen.carried:
        library |= carried_files(folder)
    left = [
        candidate
        for candidate in seen.candidates
        if candidate.path not in library
        and not _is_of_environment(candidate)
        and not is_of_interpreter(candidate.path, seen.standard)
    ]
    by_path = frozenset(candidate.path for candidate in left)
    for root in {"/", *roots}:
        by_path -= system_files.of_system(by_path, root)
    return [candidate for candidate in left if candidate.path in by_path]


def _is_of_environment(candidate: Candidate) -> bool:
    """True for what a tool puts into every environment that it makes."""
    return os.path.basename(candidate.path) == "activate_this.py"


def _schedules(seen: Seen, watch: Watch) -> list[StartedBy]:
    found: list[StartedBy] = []
    for path in seen.wanted:
        folder, name = os.path.split(path)
        if watch(folder, name):
            found += watch.read(path, _text(path))
    return found


def _text(path: str) -> str:
    data = text_of(path, _MOST_SCHEDULE)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    return data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")


def _hooks(seen: Seen, candidates: Iterable[Candidate]) -> Iterable[StartupHook]:
    for folder in (*seen.package_folders, *seen.standard):
        yield from startup_hooks.in_package_folder(folder)
    for path in seen.wanted:
        if startup_hooks.wants(*os.path.split(path)):
            yield from startup_hooks.in_shell_file(path, _text(path))
    for candidate in candidates:
        hook = startup_hooks.custom_file(candidate.path)
        if hook is not None:
            yield hook


class _Looker:
    """Looks at one script after the other; remembers what several share."""

    def __init__(self, question: Question, environments: Environments, starts: Starts) -> None:
        self._question = question
        self._environments = environments
        self._starts = starts
        self._owners = Owners(machine_accounts(), question.listed)
        self._histories = Histories()
        self._findings = FindingReader(question.credentials)
        self._own: dict[str, frozenset[str]] = {}
        self._risks: dict[tuple[str, str], Sequence[PackageAtRisk]] = {}
        self.pieces: dict[str, contents.Contents] = {}
        """Of programs whose code lies in no file of its own."""

    def look(self, candidate: Candidate) -> ScannedScript:
        """Return all that can be told of one program but its flaws."""
        path, kind, status = candidate.path, candidate.kind, candidate.status
        read = contents.read(path, kind, status.st_size)
        code = read_code(read.pieces)
        if kind is ScriptKind.ZIPAPP:
            self.pieces[path] = read
        started = self._starts.of(path)
        environment, by = self._environment(path, read.data, started)
        asked = requirements.asked_by(path, read.data)
        own = self._own_names(os.path.dirname(path))
        made_of = tuple(parts.parts_of(code.imports, asked, environment, own))
        last = self._last_run(path, read.sha256, started)
        return ScannedScript(
            path=path,
            kind=kind,
            size=status.st_size,
            sha256=read.sha256,
            changed_at=datetime.fromtimestamp(status.st_mtime, UTC),
            owner=self._owners.of(path, status.st_uid if os.name != "nt" else None),
            readable=read.why_unread is None and code.readable,
            why_unread=_why_unread(read, code),
            git=self._histories.of(path, read.data) if read.data else None,
            environment=None if environment is None else environment.found.prefix,
            environment_by=by,
            parts=made_of,
            standard=code.standard,
            secrets=self._findings.secrets(read.pieces, code),
            personal=self._findings.personal(read.pieces, code),
            services=code.services,
            models=code.models,
            hints=hints_in(read.pieces),
            started_by=started,
            last_run=last[0],
            last_run_by=last[1],
            seen_running=self._seen(path, read.sha256),
            packages_at_risk=self._at_risk(made_of, environment),
        )

    def _environment(
        self, path: str, source: bytes, started: Sequence[StartedBy]
    ) -> tuple[Known | None, str | None]:
        named = [shebang(source[:HEAD]), *(entry.interpreter for entry in started)]
        for interpreter, by in zip(
            named, ("its first line", *("what starts it" for _ in started)), strict=True
        ):
            known = None if interpreter is None else self._environments.of_interpreter(interpreter)
            if known is not None:
                return known, by
        beside = self._environments.beside(path)
        if beside is not None:
            return beside, "an environment beside it"
        system = self._environments.system()
        return (system, "this machine's Python") if system is not None else (None, None)

    def _own_names(self, folder: str) -> frozenset[str]:
        """Return the modules that lie beside a script."""
        known = self._own.get(folder)
        if known is None:
            try:
                names = os.listdir(folder)[:_MOST_NAMES]
            except OSError:
                names = []
            found = {name.removesuffix(".py") for name in names if name.endswith(".py")}
            found |= {n for n in names if os.path.isfile(os.path.join(folder, n, "__init__.py"))}  # noqa: PTH113
            known = self._own[folder] = frozenset(found)
        return known

    def _last_run(
        self, path: str, sha256: str | None, started: Sequence[StartedBy]
    ) -> tuple[datetime | None, str | None]:
        by_gate = self._seen_at(path, sha256)
        by_timer = max((e.last_run for e in started if e.last_run is not None), default=None)
        if by_gate is not None and (by_timer is None or by_gate >= by_timer):
            return by_gate, "the gate saw it send"
        return by_timer, None if by_timer is None else "its timer went off"

    def _seen_at(self, path: str, sha256: str | None) -> datetime | None:
        running = self._question.seen_running or {}
        return running.get(path) or running.get(sha256 or "")

    def _seen(self, path: str, sha256: str | None) -> bool | None:
        if self._question.seen_running is None:
            return None
        return self._seen_at(path, sha256) is not None

    def _at_risk(
        self, made_of: Sequence[ScriptPart], environment: Known | None
    ) -> tuple[PackageAtRisk, ...]:
        if self._question.risk_of is None:
            return ()
        found: dict[str, PackageAtRisk] = {}
        of_system = environment is not None and environment.found.from_system
        for part in made_of:
            if part.distribution is not None and part.version is not None:
                mended = of_system and part.known is HowKnown.INSTALLED
                for risk in self._risks_of(part.distribution, part.version):
                    found[risk.advisory] = replace(risk, mended_by_system=mended)
        for name, version in () if environment is None else environment.found.packages:
            found |= {r.advisory: r for r in self._risks_of(name, version) if r.malicious}
        return tuple(found.values())

    def _risks_of(self, name: str, version: str) -> Sequence[PackageAtRisk]:
        key = name, version
        if key not in self._risks:
            asked = self._question.risk_of
            self._risks[key] = () if asked is None else asked(name, version)
        return self._risks[key]


def _why_unread(read: contents.Contents, code: Code) -> str | None:
    if read.why_unread is not None:
        return read.why_unread
    return None if code.readable else "its code is not Python of today"


def _with_flaws(
    ruff: str | None, scripts: Sequence[ScannedScript], packed: Mapping[str, contents.Contents]
) -> tuple[list[ScannedScript], tuple[str, ...]]:
    """Return the scripts with their flaws, and what could not be looked for."""
    if ruff is None:
        return list(scripts), (
            f"Flaws were not looked for: ruff is not installed (install {flaws.EXTRA}).",
        )
    found: dict[str, list[Flaw]] = {}
    notes: list[str] = []
    files = [
        s.path for s in scripts if s.kind in {ScriptKind.SCRIPT, ScriptKind.NOTEBOOK} and s.sha256
    ]
    plain = [path for path in files if _is_plain(path)]
    try:
        for path, flaw in flaws.in_files(ruff, plain):
            found.setdefault(path, []).append(flaw)
        for path in set(files) - set(plain):
            data = text_of(path, contents.MOST_BYTES)
            found[path] = list(flaws.in_text(ruff, contents.decoded(data)))
        for path, read in packed.items():
            for piece in read.pieces:
                found.setdefault(path, []).extend(
                    replace(flaw, place=f"{piece.where}, {flaw.place}")
                    for flaw in flaws.in_text(ruff, piece.text)
                )
    except flaws.FlawsError as error:
        notes.append(f"Flaws could not all be looked for: ruff ended with {error}.")
    done = [replace(script, flaws=tuple(found.get(script.path, ()))) for script in scripts]
    return done, tuple(notes)


def _is_plain(path: str) -> bool:
    """True for a name that another program can be given, and gives back, as it is."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return path.isprintable() and path.endswith((".py", ".pyw", ".py3", ".ipynb"))
