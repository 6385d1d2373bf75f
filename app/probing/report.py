"""What `doctor` tells of the clients of this machine: each Python with its certifi, and what became
of one real request of each client, through the gate that runs or one that is started for it.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from app.client import private_gate
from app.doctor_checks import Result
from app.home import Home
from app.machine_gate import PUBLIC, bundle_of, machine_gate, running_gate
from app.probing.canary import CANARY_HOST, Canary
from app.probing.interpreters import Interpreter, interpreters
from app.probing.trying import Stand, Tried, Verdict, try_clients
from app.settings import Settings
from certs.client_environment import client_environment

_MOST_AT_ONCE = 8


def clients(home: Home, _: Settings, pythons: Sequence[Path]) -> Iterable[Result]:
    """Yield the Pythons and what their clients do. Raises InputError for a path without any."""
    found: list[Interpreter] = []
    for one in interpreters(pythons):
        if isinstance(one, Interpreter):
            found.append(one)
            yield from _python(one, home)
        else:
            yield Result(subject="python", mark="note", words=one)
    if (why := _unfit(home)) is not None:
        yield Result(subject="clients", mark="note", words=why)
        return
    # The first Python is the one that was meant without more words.
    first = found[0].prefix if found else ""
    with _watched(home) as (stands, bundle):
        for tried in try_clients(stands, found, bundle):
            yield _told(tried, first)


@contextlib.contextmanager
def _watched(home: Home) -> Iterator[tuple[list[Stand], str]]:
    """Yield canaries before the gate, and the bundle that their clients trust."""
    from certs.trust import write_wgetrc

    with tempfile.TemporaryDirectory(prefix="outgate-canary-") as name, contextlib.ExitStack() as s:
        folder = Path(name)
        running, owner = running_gate(home), home
        if running is None:
            owner = _beside(home, folder)
            running = s.enter_context(private_gate(owner))
        # Analysts' Pythons may run as other users, who cannot read the home.
        folder.chmod(0o711)
        bundle = folder / "bundle.pem"
        shutil.copyfile(bundle_of(running, owner), bundle)
        bundle.chmod(0o644)
        write_wgetrc(bundle)
        stands = []
        for number in range(_most_at_once()):
            place = folder / f"canary-{number}"
            place.mkdir(mode=0o700)
            canary = s.enter_context(Canary((running.host, running.port), place))
            environment = client_environment(
                canary.proxy, str(bundle), os.environ, loopback_through_proxy=True
            )
            stands.append(Stand(canary=canary, environment=environment))
        yield stands, str(bundle)


def _most_at_once() -> int:
    """Return how many clients are tried at a time: most of them load their libraries."""
    return min(_MOST_AT_ONCE, 2 * (os.cpu_count() or 1))


def _beside(home: Home, folder: Path) -> Home:
    """Return a home for one gate with the authority in use, whose records nobody keeps."""
    beside = Home(folder / "home")
    beside.root.mkdir(mode=0o700)
    beside.authority.symlink_to(home.authority.resolve())
    for kept in (home.policy, home.settings):
        if kept.is_file():
            shutil.copyfile(kept, beside.root / kept.name)
    if home.cache.is_dir():
        beside.cache.symlink_to(home.cache.resolve())
    return beside


def _unfit(home: Home) -> str | None:
    """Return why the canary's name would prove nothing: authorities may be bound to names."""
    from cryptography import x509

    from certs.authority import open_authority

    for certificate in open_authority(home.authority).chain:
        with contextlib.suppress(x509.ExtensionNotFound):
            bounds = certificate.extensions.get_extension_for_class(x509.NameConstraints).value
            if bounds.permitted_subtrees:
                return (
                    "not tried: the authority signs for named domains only, and the canary"
                    f" ({CANARY_HOST}) is none of them"
                )
    return None


def _python(one: Interpreter, home: Home) -> Iterator[Result]:
    words = f"Python {one.version} in {one.prefix}"
    yield Result(subject="python", mark="ok", words=words, python=one.prefix)
    if one.certifi is None:
        return
    try:
        content = Path(one.certifi).read_bytes()
    except OSError as error:
        yield Result(
            subject="certifi",
            mark="note",
            words=f"{one.certifi} cannot be read: {error.strerror}",
            remedy="Install certifi again in that environment: what reads its file fails there.",
            python=one.prefix,
        )
        return
    ours = _holds_ours(content, home)
    words = f"{one.certifi} {'holds' if ours else 'does not hold'} the authority"
    remedy = "" if ours else "What names this file itself needs a sealed run, which puts it there."
    yield Result(
        subject="certifi",
        mark="ok" if ours else "note",
        words=words,
        remedy=remedy,
        python=one.prefix,
    )


def _holds_ours(content: bytes, home: Home) -> bool:
    from certs.authority import open_authority

    public = PUBLIC / "roots"
    if machine_gate() is not None:
        return any(root.read_bytes().strip() in content for root in public.iterdir())
    return open_authority(home.authority).root_pem().strip() in content


def _told(tried: Tried, first: str) -> Result:
    mark = "ok" if tried.verdict is Verdict.WORKS else "BROKEN"
    by_nature = tried.verdict is Verdict.PAST and tried.probe.by_nature
    if by_nature or tried.verdict in {Verdict.ABSENT, Verdict.UNUSABLE}:
        mark = "note"
    where = "" if tried.interpreter is None else tried.interpreter.prefix
    beside = f" in {where}" if where not in {"", first} else ""
    return Result(
        subject=f"client {tried.probe.name}{beside}",
        mark=mark,
        words=tried.words,
        remedy=tried.mend,
        verdict=tried.verdict,
        python=where,
    )
