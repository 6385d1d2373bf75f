"""The examination behind `doctor`: each check is one function that returns what it found and how to
mend it.
"""

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from app.home import Home
from app.settings import Settings
from core.errors import InputError, OutgateError
from core.ids import utc_now
from core.text import printable
from core.vocabulary.sizes import size


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One thing that was looked at."""

    subject: str
    mark: str
    """`ok`, `note` (works, with a limit) or `BROKEN`."""
    words: str
    remedy: str = ""
    verdict: str = ""
    """Of a client: `works`, `goes past`, `distrusts` or `breaks`."""
    python: str = ""
    """The prefix of the interpreter that it concerns."""
    mend: Callable[[], None] | None = None
    """Mends it, where that is safe. Raises OSError."""
    again: "Callable[[], Iterable[Result]] | None" = None
    """Looks again, once it was mended."""

    def to_json(self) -> dict[str, str]:
        """Return the result as JSON values."""
        told = (field.name for field in fields(self) if field.name not in {"mend", "again"})
        return {name: str(getattr(self, name)) for name in told}


def mended(result: Result) -> Result:
    """Mend what is safe to mend, look again, and tell what was found then."""
    if result.mend is None:
        return result
    try:
        result.mend()
    except OSError as error:
        return replace(result, words=f"{result.words}; not mended: {error.strerror}")
    still = [one for one in result.again() if one.mark == "BROKEN"] if result.again else []
    if still:
        return replace(still[0], words=f"{still[0].words}; mending it did not help")
    return replace(result, mark="ok", words=f"{result.words}: mended", remedy="")


Check = Callable[[Home, Settings], Iterable[Result]]


def examine(home: Home, settings: Settings, pythons: Sequence[Path] = ()) -> list[Result]:
    """Run every check; one that fails itself is reported as broken.

    `pythons`: interpreters whose clients are tried, or folders to look for such. Raises InputError
    where one of these is none.
    """
    results: list[Result] = []

    def _clients(home: Home, settings: Settings) -> Iterable[Result]:
        from app.probing.report import clients

        return clients(home, settings, pythons)

    checks: tuple[Check, ...] = (*_CHECKS, _clients)
    for check in checks:
        subject = check.__name__.removeprefix("_").replace("_", " ")
        try:
            results += check(home, settings)
        except InputError:
            raise
        except OutgateError as error:
            results.append(
                Result(subject=subject, mark="BROKEN", words=error.message, remedy=error.remedy)
            )
        except OSError as error:
            about = f"{printable(str(error.filename), 300)}: " if error.filename else ""
            words = f"{about}{error.strerror or 'cannot be read'}"
            remedy = "Check free space and permissions."
            results.append(Result(subject=subject, mark="BROKEN", words=words, remedy=remedy))
    return results


def _folder(home: Home, _: Settings) -> Iterable[Result]:
    mode = home.root.stat().st_mode & 0o777
    private = mode & 0o077 == 0 or os.name == "nt"
    free = shutil.disk_usage(home.root).free
    yield Result(
        subject="folder",
        mark="ok" if private else "BROKEN",
        words=f"{home.root} (mode {mode:o}, {size(free)} free)",
        remedy="" if private else f"chmod 700 {home.root}",
    )
    if free < 200 * 2**20:
        yield Result(
            subject="folder",
            mark="BROKEN",
            words="the disk is almost full",
            remedy="Free some space.",
        )


def _settings(_home: Home, _: Settings) -> Iterable[Result]:
    from app.settings_layers import misspelt

    for words in misspelt(os.environ):
        yield Result(subject="settings", mark="note", words=words)


def _authority(home: Home, _: Settings) -> Iterable[Result]:
    from certs.authority import open_authority
    from certs.ending import ends_soon
    from certs.remarks import remarks

    authority = open_authority(home.authority)
    facts = authority.facts()
    left = facts.not_after - utc_now()
    yield Result(
        subject="authority",
        mark="ok",
        words=f"{facts.subject}, {facts.signer_sha256[:23]}…, valid for {left.days} more days,"
        f" its key {facts.key_place}",
    )
    renew = "ca csr, then outgate ca import" if facts.imported else "ca rotate"
    for remark in remarks(authority, utc_now()):
        mend = f"outgate {renew}" if remark == ends_soon(authority.not_after, utc_now()) else ""
        yield Result(subject="authority", mark="note", words=remark, remedy=mend)


def _policy(home: Home, _: Settings) -> Iterable[Result]:
    from app.advice import advice_on
    from app.policy_in_force import deciding_path, policy_remarks
    from app.wiring import policy_of

    path = deciding_path(home)
    policy = policy_of(home, path)
    source = path or "built-in preset watch-everything"
    yield Result(subject="policy", mark="ok", words=f"{source}, version {policy.version}")
    for line in (*policy_remarks(home, None), *advice_on(path)):
        yield Result(subject="policy", mark="note", words=line)


def _inspection(home: Home, _: Settings) -> Iterable[Result]:
    """Load what requests are inspected with, as a gate that starts does."""
    from app.inspecting import needed_to_inspect
    from app.wiring import classifier_of, engine_setup, policy_of

    setup = engine_setup(home, policy_of(home, None), names=False)
    with needed_to_inspect():
        classifier = classifier_of(replace(setup, long_tail=False))
        classifier.warm()
    words = f"{classifier.credentials.rule_count} own rules for secrets can be used"
    yield Result(subject="inspection", mark="ok", words=words)


def _evidence(home: Home, _: Settings) -> Iterable[Result]:
    from evidence import verify

    if not home.evidence.exists():
        yield Result(subject="evidence", mark="ok", words="nothing recorded yet")
        return
    report = verify(home.evidence)
    yield Result(
        subject="evidence",
        mark="ok" if report.ok else "BROKEN",
        words=report.text().splitlines()[0]
        + (f" {report.first_problem}" if report.first_problem else ""),
    )


def _attribution(home: Home, settings: Settings) -> Iterable[Result]:
    from app.wiring import attributor_of

    if settings.attributor is not None and not os.access(settings.attributor, os.W_OK):
        words = "by the gate of this machine, whose attributor answers nobody else"
        yield Result(subject="attribution", mark="ok", words=words)
        return
    attributor = attributor_of(home, settings)
    try:
        reason = attributor.can_sample_lines()
    finally:
        attributor.close()
    yield Result(
        subject="line of code",
        mark="ok" if reason is None else "note",
        words="can be sampled" if reason is None else str(reason),
    )
    yield Result(subject="attribution", mark="ok", words=f"{sys.platform}: processes of this user")


def _sealed_runs(_: Home, settings: Settings) -> Iterable[Result]:
    """Say whether programs can be sealed here, and what else the kernel lacks for it."""
    from app.sealing import why_not_sealed

    why = why_not_sealed()
    needed = settings.sealed or settings.require_seal
    if why is not None:
        mark = "BROKEN" if needed else "note"
        yield Result(subject="sealed runs", mark=mark, words=why, remedy="See docs/sealed.md.")
        return
    from capture.confinement import bounds_signals

    whole = bounds_signals()
    yield Result(
        subject="sealed runs",
        mark="ok" if whole else "note",
        words="can be made"
        + ("" if whole else "; a sealed program can end the gate (no Landlock)"),
        remedy="" if whole else "Linux 6.12 with Landlock keeps its signals inside.",
    )


def _gate(home: Home, settings: Settings) -> Iterable[Result]:
    from app.doctor_gate import gate

    return gate(home, settings)


def _trust(home: Home, settings: Settings) -> Iterable[Result]:
    from app.doctor_gate import trust

    return trust(home, settings)


def _own_proxies(_: Home, settings: Settings) -> Iterable[Result]:
    """Propose settings for what the user's desktop or environment says of proxies."""
    from app.pac_source import pac_source

    if (source := pac_source(os.environ)) is not None:
        yield from proposed_proxies(source, settings)


def proposed_proxies(source: str, settings: Settings) -> Iterable[Result]:
    """Read a proxy auto-configuration file and say what the settings would have to hold. Raises
    InputError.
    """
    from app.pac import read_pac
    from app.pac_source import fetched, shown

    proposal, subject = read_pac(fetched(source)), "proxy configuration"
    lines = proposal.lines()
    if settings.has_upstream_proxies:
        said = f"{shown(source)} is not followed; the settings say which proxies are used"
    elif lines:
        said = f"{shown(source)} was read, not run; these lines in settings.yaml say the same"
    else:
        said = f"{shown(source)} names no proxy that settings could name"
    remedy = "\n".join(lines) if lines and not settings.has_upstream_proxies else ""
    yield Result(subject=subject, mark="note", words=said, remedy=remedy)
    for line in proposal.unread[:_MOST_UNREAD]:
        yield Result(subject=subject, mark="note", words=f"not read: {line}")
    if (more := len(proposal.unread) - _MOST_UNREAD) > 0:
        yield Result(subject=subject, mark="note", words=f"and {more} more that were not read")


_MOST_UNREAD = 20
_CHECKS: tuple[Check, ...] = (
    _folder,
    _settings,
    _authority,
    _policy,
    _inspection,
    _evidence,
    _attribution,
    _gate,
    _trust,
    _sealed_runs,
    _own_proxies,
)
