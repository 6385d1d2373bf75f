"""What `doctor` sees of the gate that runs and of what clients trust: that both are of the same
authority, settings and policy as those on disk.
"""

import os
import socket
import ssl
import tempfile
from collections.abc import Iterable
from pathlib import Path

from app.doctor_checks import Result
from app.gate_registry import HEALTH_HOST, RunningGate, announced, health
from app.home import Home
from app.machine_gate import bundle_of, machine_gate, published
from app.settings import Settings, parse_listen
from core.errors import OutgateError
from core.text import printable

_PATIENCE_S = 10.0


def gate(home: Home, settings: Settings) -> Iterable[Result]:
    """Look at the running gate: its health, and whether it follows what is on disk."""
    running = machine_gate() or announced(home.running)
    told = health(running) if running is not None else None
    if running is None or told is None:
        yield _no_gate(settings, stale=running is not None)
        return
    problem, whose = told.get("problem"), ", the machine's" if running.public else ""
    yield Result(
        subject="gate",
        mark="BROKEN" if problem else "ok",
        words=f"running at {running.url}{whose}"
        + (f", NOT WELL: {printable(str(problem), 200)}" if problem else ""),
        remedy="See outgate status." if problem else "",
    )
    yield from _policy(home, str(told.get("policy")))
    yield from _listens(running, settings)
    yield from _authority(home, running)


def _no_gate(settings: Settings, *, stale: bool) -> Result:
    gone = "not running any more: it ended without a word" if stale else "not running"
    if settings.require_gate:
        words = f"{gone}, and programs may not run without it (require_gate)"
        return Result(subject="gate", mark="BROKEN", words=words, remedy="outgate start")
    return Result(subject="gate", mark="ok", words=f"{gone} (outgate start)")


def _policy(home: Home, version: str) -> Iterable[Result]:
    """The file that decides is read again while it is changed: not one with a mistake."""
    from app.policy_in_force import deciding_path
    from app.wiring import policy_of

    try:
        on_disk = policy_of(home, deciding_path(home)).version
    except OutgateError:
        return
    if version != on_disk:
        words = f"the running gate decides by version {version}, on disk is {on_disk}"
        remedy = "It has not read the file yet, or could not: outgate status"
        yield Result(subject="policy", mark="note", words=words, remedy=remedy)


def _listens(running: RunningGate, settings: Settings) -> Iterable[Result]:
    if running.port != parse_listen(settings.listen)[1]:
        words = f"listens at port {running.port}, and the settings say {settings.listen}"
        remedy = "Programs that were pointed to `listen` do not find it: outgate stop, then start."
        yield Result(subject="gate", mark="note", words=words, remedy=remedy)


def _authority(home: Home, running: RunningGate) -> Iterable[Result]:
    """Ask the gate something through TLS, as its clients do."""
    bundle = bundle_of(running, home)
    if not bundle.is_file():
        return
    try:
        _asked(running, bundle)
    except ssl.SSLCertVerificationError as error:
        words = f"clients do not trust what the running gate signs: {error.verify_message}"
        remedy = "It signs with an authority that was replaced: outgate stop, then outgate start."
        yield Result(subject="gate", mark="BROKEN", words=words, remedy=remedy)
    except OSError as error:
        words = f"the running gate does not answer through TLS: {error.strerror or error}"
        yield Result(subject="gate", mark="BROKEN", words=words, remedy="See outgate status.")
    else:
        yield Result(subject="gate", mark="ok", words="signs with the authority that is trusted")


def _asked(running: RunningGate, bundle: Path) -> None:
    context = ssl.create_default_context(cafile=str(bundle))
    with socket.create_connection((running.host, running.port), _PATIENCE_S) as plain:
        plain.sendall(f"CONNECT {HEALTH_HOST}:443 HTTP/1.1\r\nhost: {HEALTH_HOST}\r\n\r\n".encode())
        head = b""
        while b"\r\n\r\n" not in head:
            if not (more := plain.recv(4096)):
                raise OSError(104, "it closed the connection")
            head += more
        with context.wrap_socket(plain, server_hostname=HEALTH_HOST):
            pass


def trust(home: Home, _: Settings) -> Iterable[Result]:
    """Look at the bundle that clients read, and at places that `outgate trust` set up."""
    yield from _bundle(home)
    yield from _places(home)


def _bundle(home: Home) -> Iterable[Result]:
    """Platform roots change, authorities rotate: the bundle is to follow."""
    from cryptography.x509 import Certificate, load_der_x509_certificate

    from certs.authority import open_authority
    from certs.rotation import trusted_besides
    from certs.trust import user_roots, write_bundle

    def write(path: Path, kept: Iterable[Certificate] = ()) -> None:
        besides = (*trusted_besides(home.authority), *kept)
        write_bundle(path, open_authority(home.authority), environment, besides)

    def mend() -> None:
        there, own = home.bundle.read_bytes(), user_roots(os.environ, home.bundle)
        kept = [root for root in own if ssl.DER_cert_to_PEM_cert(root).encode("ascii") in there]
        write(home.bundle, map(load_der_x509_certificate, kept))

    # Not with roots of this shell's variables: those of a run differ from those of a service.
    environment = {n: v for n, v in os.environ.items() if not n.endswith(("_BUNDLE", "_FILE"))}
    if not home.bundle.exists():
        words = "no bundle yet: it is written when a gate starts"
        yield Result(subject="bundle", mark="ok", words=words)
        return
    with tempfile.TemporaryDirectory(prefix="outgate-bundle-") as folder:
        fresh = Path(folder) / "bundle.pem"
        write(fresh)
        missing = _roots(fresh) - _roots(home.bundle)
    if not missing:
        yield Result(subject="bundle", mark="ok", words=f"{home.bundle} holds what it should")
        return
    words = f"{home.bundle} lacks {len(missing)} of the roots that clients should trust"
    yield Result(
        subject="bundle",
        mark="BROKEN",
        words=words,
        remedy="outgate ca path",
        mend=mend,
        again=lambda: _bundle(home),
    )


def _roots(file: Path) -> set[bytes]:
    return set(file.read_bytes().split(b"-----END CERTIFICATE-----"))


def _places(home: Home) -> Iterable[Result]:
    """Only those that were set up once: nobody has to have any."""
    from app.settings import load_settings
    from app.trusting import roots_of, scope_of, states, variables_for

    settings = load_settings(home.settings)
    public = published(settings)
    machine = os.name == "posix" and os.geteuid() == 0
    scope = scope_of(home, machine=machine, root=None, public=public)
    wanted = [variables_for(settings, scope.bundle, proxy=proxy) for proxy in (False, True)]
    found = list(states(scope, roots_of(home, public), wanted))
    placed = [told for told in found if told.state in {"there", "out of date"}]
    for told in placed:
        if told.state == "out of date":
            words = f"{told.subject} is out of date ({told.words})"
            remedy = "outgate trust install"
            yield Result(subject="trust", mark="BROKEN", words=words, remedy=remedy)
    if placed and all(told.state == "there" for told in placed):
        words = f"{len(placed)} places of {len(found)} are set up (outgate trust status)"
        yield Result(subject="trust", mark="ok", words=words)
