"""Trying each client that an interpreter has, and telling what became of its request: works, goes
past the gate, does not trust it, or breaks.
"""

import os
import queue
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from app.probing.canary import CANARY_HOST, Canary, Seen
from app.probing.clients import PROGRAMS, PYTHON, Probe
from app.probing.interpreters import Interpreter, environment_of, rights_of
from certs.matrix import CLIENTS
from core.text import printable

_LONGEST_S = 40
_TRUST_WORDS = ("certificate", "ssl", "tls", "x509", "self-signed", "self signed", "issuer")


class Verdict(StrEnum):
    """What became of a client's request."""

    WORKS = "works"
    PAST = "goes past"
    DISTRUSTS = "distrusts"
    BREAKS = "breaks"
    UNUSABLE = "does not load"
    """With or without the gate."""
    ABSENT = "not installed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One client, tried."""

    probe: Probe
    interpreter: Interpreter | None
    """None for a program that is no Python."""
    verdict: Verdict
    words: str
    mend: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """Where one client at a time is tried."""

    canary: Canary
    environment: Mapping[str, str]
    """Of the client: it leads to this canary."""


type _Trial = Callable[[Stand], Iterator[Tried]]


def try_clients(
    stands: Sequence[Stand], interpreters: Sequence[Interpreter], bundle: str
) -> Iterator[Tried]:
    """Try every client of these interpreters, and the programs on the path, as many at a time as
    there are stands; yield what became of each, in their order. Of a program that is not there it
    is told what it would need.
    """
    free: queue.SimpleQueue[Stand] = queue.SimpleQueue()
    for stand in stands:
        free.put(stand)

    def tried(trial: _Trial) -> list[Tried]:
        stand = free.get()
        try:
            return list(trial(stand))
        finally:
            free.put(stand)

    with ThreadPoolExecutor(len(stands), thread_name_prefix="probe") as pool:
        for told in pool.map(tried, _trials(interpreters, bundle)):
            yield from told


def _trials(interpreters: Sequence[Interpreter], bundle: str) -> Iterator[_Trial]:
    for interpreter in interpreters:
        for probe in PYTHON:
            if probe.needs in interpreter.modules:
                command = [interpreter.program, "-c", probe.code]
                yield partial(_tried, probe, interpreter, command, bundle)
    for probe in PROGRAMS:
        program = shutil.which(probe.needs)
        if program is None:
            yield partial(_absent, probe)
        else:
            yield partial(_tried, probe, None, [program], bundle)


def _tried(
    probe: Probe, interpreter: Interpreter | None, begin: list[str], bundle: str, stand: Stand
) -> Iterator[Tried]:
    canary, environment = stand.canary, stand.environment
    place = f"{CANARY_HOST}:{canary.port}"
    given = [canary.url, place, bundle]
    if probe.command:
        given = [_filled(part, canary.url, place) for part in probe.command]
    own = {name: _filled(value, canary.url, place) for name, value in probe.variables}
    seen = canary.begin()
    code, said = _ran([*begin, *given], {**environment, **own}, interpreter)
    if probe.absent and probe.absent in said and not seen.direct and not seen.proxied:
        return
    verdict = _verdict(seen, code, said, probe.answered_by)
    if verdict is Verdict.BREAKS and interpreter is not None and not seen.proxied:
        loads = [interpreter.program, "-c", f"import {probe.needs}"]
        code, why = _ran(loads, environment, interpreter)
        if code != 0:
            verdict, said = Verdict.UNUSABLE, why
    yield Tried(
        probe=probe,
        interpreter=interpreter,
        verdict=verdict,
        words=_words(verdict, said),
        mend=_mend(verdict, probe),
    )


def _absent(probe: Probe, _: Stand) -> Iterator[Tried]:
    """Yield a client that is not installed: the client matrix tells what it would need."""
    client = next((one for one in CLIENTS if one.name == probe.name), None)
    told = [probe.mend or (client.remedy if client else ""), probe.trust_mend]
    if client is not None and client.trust:
        told.append(f"It takes its roots from {' or '.join(client.trust)}.")
    mend = " ".join(one for one in told if one)
    yield Tried(
        probe=probe, interpreter=None, verdict=Verdict.ABSENT, words="not installed", mend=mend
    )


def _filled(part: str, url: str, place: str) -> str:
    """Put in what is asked for. Other braces are the program's own."""
    return part.replace("{url}", url).replace("{place}", place)


def _ran(
    command: list[str], environment: Mapping[str, str], interpreter: Interpreter | None
) -> tuple[int, str]:
    owner = None if interpreter is None else interpreter.owner
    rights = rights_of(owner)
    with tempfile.TemporaryDirectory(prefix="outgate-try-") as folder:
        if owner is not None:
            os.chown(folder, owner, -1)
        own = environment_of(owner, environment)
        if owner is not None:
            own["HOME"] = folder
        try:
            done = subprocess.run(
                command,
                env=own,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_LONGEST_S,
                check=False,
                user=rights.user,
                group=rights.group,
                extra_groups=rights.groups,
            )
        except subprocess.TimeoutExpired:
            return 124, f"no answer within {_LONGEST_S} s"
        except OSError as error:
            return 126, error.strerror or "it cannot be started"
    return done.returncode, done.stderr


def _verdict(seen: Seen, code: int, said: str, answered_by: str) -> Verdict:
    if seen.direct:
        return Verdict.PAST
    if seen.proxied and (code == 0 or (answered_by and answered_by in said)):
        return Verdict.WORKS
    if seen.proxied and any(word in said.lower() for word in _TRUST_WORDS):
        return Verdict.DISTRUSTS
    return Verdict.BREAKS


def _words(verdict: Verdict, said: str) -> str:
    if verdict is Verdict.WORKS:
        return "works behind the gate"
    if verdict is Verdict.PAST:
        return "goes past the gate"
    lines = [line for line in said.strip().splitlines() if line.strip()] or ["it gave no reason"]
    last = printable(lines[-1].strip(), 160)
    if verdict is Verdict.DISTRUSTS:
        return f"does not trust the gate: {last}"
    if verdict is Verdict.UNUSABLE:
        return f"does not load there, with or without Outgate: {last}"
    return f"fails behind the gate: {last}"


def _mend(verdict: Verdict, probe: Probe) -> str:
    if verdict is Verdict.WORKS:
        return ""
    if verdict is Verdict.PAST:
        return probe.mend or "It ignores proxy variables: run it sealed (outgate run --sealed)."
    if verdict is Verdict.DISTRUSTS:
        return probe.trust_mend or (
            "It reads its roots from elsewhere: run it sealed, point it to the bundle that `outgate"
            " ca path` names, or lay the root into the system's store (outgate trust install)."
        )
    if verdict is Verdict.UNUSABLE:
        return "Install it again in that environment, then ask the doctor again."
    return "Run it by hand behind `outgate run` to see why; see the table in docs/clients.md."
