"""`run`, `start`, `status` and `stop`: a gate and the programs behind it."""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.standard_output import perhaps_unread, remark

if TYPE_CHECKING:
    from app.client import Ended
    from app.gate_registry import RunningGate
    from app.home import Home
    from app.runs import RunWatch
    from app.settings import Settings

ConnectTo = Annotated[
    list[str] | None,
    typer.Option(
        "--connect-to",
        metavar="HOST:PORT:ADDRESS:PORT",
        help="Connect elsewhere, as curl does; repeatable.",
    ),
]
UpstreamCa = Annotated[
    Path | None,
    typer.Option(
        "--upstream-ca", metavar="FILE", help="PEM file of a private authority of servers."
    ),
]
PolicyFile = Annotated[
    Path | None, typer.Option("--policy", metavar="FILE", help="Policy file to use.")
]


def _startable(context: typer.Context, command: list[str]) -> list[str]:
    """Return the command; asked before what a run takes is loaded. Raises CannotRunError."""
    from app.program_found import refuse_what_cannot_start

    if command and not context.resilient_parsing:
        refuse_what_cannot_start(command[0])
    return command


Program = Annotated[
    list[str],
    typer.Argument(metavar="-- PROGRAM [ARGUMENT]...", help="What to run.", callback=_startable),
]


def run(
    command: Program,
    policy: PolicyFile = None,
    connect_to: ConnectTo = None,
    upstream_ca: UpstreamCa = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the summary as JSON, on standard error.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No summary.")] = False,
    beacon: Annotated[
        bool | None,
        typer.Option(
            "--beacon/--no-beacon",
            help="Let Python programs tell which line sends. Default: see settings.",
        ),
    ] = None,
    sealed: Annotated[
        bool | None,
        typer.Option(
            "--sealed/--no-sealed",
            help="Leave the program no way past the gate (Linux). Default: see settings.",
        ),
    ] = None,
) -> int:
    """Run a program behind the gate.

    Its output, input, signals and exit code stay its own.

    Uses the running gate, or a private one when there is none or when options are given.

    \b
    Example: outgate run -- python upload.py --month 10
    """
    from app.authority_ending import ending_at
    from app.client import beacon_in, environment_for, gate_for
    from app.gate_registry import announced, followed
    from app.home import open_home
    from app.leftovers import RUN_VARIABLE, leftovers_of, run_mark
    from app.runs import RunWatch
    from app.sealing import is_sealed, refuse_in_seal
    from app.settings import load_settings
    from app.short_connections import ShortConnections
    from core.clock_course import ClockCourse

    refuse_in_seal()
    home = open_home()
    settings = load_settings(home.settings)
    seals = is_sealed(settings, sealed)
    options = _options(policy, connect_to, upstream_ca)
    _remark(_remarks_before(home, settings, own=bool(options), seals=seals), quiet=quiet)
    watched = RunWatch(home, settings, command)
    # A seal is made by forks, and no thread may be there before.
    with gate_for(home, settings, options, (lambda: None) if seals else watched.prepare) as running:
        if not quiet and (ending := ending_at(running)) is not None:
            _remark([ending])
        clock = ClockCourse()
        wanted = settings.beacon if beacon is None else beacon
        mark = run_mark()
        environment = {**environment_for(running, home, settings), RUN_VARIABLE: mark}
        with beacon_in(environment, home, wanted=wanted) as its_own:
            ended, was_sealed = _ran(command, its_own, running, watched, sealed)
            answer = followed(running, os.getpid(), clock.began)
            # Out of a seal there is no way: what was short on this machine was another program's.
            short = ShortConnections(places=()) if was_sealed else ShortConnections.read(answer)
            watched.ended(ended.code, short, on_record=not running.public)
        said = (answer or {}).get("contact")
        contact = None if said is None else str(said)
        own_gate = not running.public and announced(home.running) != running
        left = leftovers_of(mark, running, own_gate=own_gate, sealed=was_sealed)
    if not quiet:
        from app.run_session import Session
        from app.run_summary import print_session

        entries, elsewhere = Session(home, clock.earliest()).told(running, ended.pid, answer)
        show = partial(print_session, as_json=as_json, contact=contact, left=left, short=short)
        with perhaps_unread() as out:
            show(entries, ended.code, out=out, elsewhere=elsewhere)
    return ended.code


def _remark(lines: Iterable[str], *, quiet: bool = False) -> None:
    """Say this on standard error, as the gate's own words."""
    for line in lines:
        if not quiet:
            remark(f"outgate: {line}\n")


def _remarks_before(home: "Home", settings: "Settings", *, own: bool, seals: bool) -> Iterator[str]:
    """Yield what the user of a program should know of it before it runs. `own`: by a private gate.

    Raises SettingsError for a proxy that cannot be used.
    """
    from app.client import proxy_remarks, takes_over_proxy
    from app.user_proxy import user_direct
    from certs.client_environment import dropped_exceptions
    from core.text import printable

    dropped = set(dropped_exceptions(os.environ)) - set(settings.direct_hosts)
    if takes_over_proxy(home, settings, own=own):
        dropped -= set(user_direct(os.environ))
    if dropped and not seals:
        hosts = printable(", ".join(sorted(dropped)), 200)
        yield f"NO_PROXY is not followed for {hosts}; see direct_hosts in docs/settings.md"
    yield from proxy_remarks(home, settings, own=own)


def _ending(home: "Home") -> Iterator[str]:
    """Yield that the authority ends soon, when it does."""
    from app.authority_ending import authority_ending

    if (ending := authority_ending(home)) is not None:
        yield ending


def _ran(
    command: Sequence[str],
    environment: dict[str, str],
    gate: "RunningGate",
    watched: "RunWatch",
    sealed: bool | None,
) -> "tuple[Ended, bool]":
    """Run the program to its end: in a seal where that is asked for and can be had, or where it
    cannot and it may, behind proxy variables. Return how it ended, and whether it was sealed.
    Raises SettingsError, CannotRunError.
    """
    from app.client import run_program
    from app.sealing import NoSealError, is_sealed, may_go_unsealed, run_sealed

    home, settings = watched.home, watched.settings
    if is_sealed(settings, sealed):
        try:
            ended = run_sealed(command, environment, gate, home, settings, watched.started)
        except NoSealError as error:
            if not may_go_unsealed(settings, sealed):
                raise
            why = f"not sealed, so it has to heed proxy variables. {error.message}"
        else:
            return ended, True
        _remark([why])
    return run_program(command, environment, started=watched.started), False


def start(
    listen: Annotated[
        str | None, typer.Option(metavar="ADDRESS:PORT", help="Where to listen.")
    ] = None,
    policy: PolicyFile = None,
    connect_to: ConnectTo = None,
    upstream_ca: UpstreamCa = None,
    serves: Annotated[int | None, typer.Option("--private", metavar="PROCESS", hidden=True)] = None,
    public: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Serve all users: lay what their programs need into this folder."
        ),
    ] = None,
) -> int:
    """Serve as this user's gate until stopped.

    Stops on Ctrl-C, SIGTERM or `outgate stop`.

    \b
    Example: outgate start --listen 127.0.0.1:8899 --policy outgate.yaml
    """
    from app.gate_registry import find
    from app.handed_sockets import handed_over
    from app.home import open_home
    from app.port_choice import free_port
    from app.service import serve
    from app.settings import load_settings, parse_listen
    from app.user_proxy import user_direct, user_proxy
    from app.wiring import GateChoices
    from core.errors import SettingsError

    home = open_home()
    settings = load_settings(home.settings)
    private = serves is not None
    if not private and (running := find(home.running)) is not None:
        raise SettingsError(
            f"A gate runs already at {running.url}.", remedy="Stop it first: outgate stop"
        )
    host, port = parse_listen(listen or ("127.0.0.1:0" if private else settings.listen))
    handed = handed_over()
    if not private and not handed and listen is None and "listen" not in settings.model_fields_set:
        port, taken = free_port(host, port)
        _remark([taken] if taken else [])
    choices = GateChoices(
        listen_host=host,
        listen_port=port,
        listeners=tuple(handed),
        public=public,
        policy=policy,
        connect_to=tuple(connect_to or ()),
        upstream_ca=upstream_ca,
        upstream_proxy=user_proxy(os.environ) if private else None,
        upstream_direct=user_direct(os.environ) if private else (),
    )
    ready = _telling(home, policy, private=private)
    serve(home, settings, choices, serves=serves, ready=ready, public=public)
    return 0


def _telling(
    home: "Home", policy: Path | None, *, private: bool
) -> "Callable[[RunningGate], None]":
    """Return what says that a gate listens: to a person, or of a private gate to its program."""
    from app.policy_in_force import policy_remarks

    def ready(gate: "RunningGate") -> None:
        _remark(policy_remarks(home, policy))
        if private:
            print(json.dumps(asdict(gate)), flush=True)  # noqa: T201
            return
        typer.echo(f"Outgate listens at {gate.url}. Clients trust {home.bundle}. Stop with Ctrl-C.")
        _remark(_ending(home))

    return ready


def status(as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False) -> int:
    """Say whether the gate runs and is well.

    Exit code 1 when it does not run or is unwell, or when its settings are broken: the next one
    does not start with them.

    \b
    Example: outgate status --json
    """
    from app.authority_ending import authority_ending
    from app.gate_registry import health
    from app.home import open_home
    from app.machine_gate import running_gate
    from app.settings import settings_problem
    from app.summary import print_health

    home = open_home()
    running = running_gate(home)
    answer = health(running) if running is not None else None
    own = running is not None and not running.public
    broken = settings_problem(home.settings) if own or running is None else None
    if as_json:
        told = answer if answer is not None else {"outgate": "gate", "running": False}
        typer.echo(json.dumps({**told, "settings": broken}))
    else:
        print_health(running, answer)
        for said in (broken, authority_ending(home) if own else None):
            if said is not None:
                typer.echo(f"outgate: {said}", err=True)
    well = answer is not None and answer.get("healthy") and broken is None
    return 0 if well else 1


def stop() -> int:
    """Stop the gate once its evidence is written.

    Exit code 1 when it does not stop, or was unwell.

    \b
    Example: outgate stop
    """
    from app.gate_registry import find, health
    from app.gate_registry import stop as stop_gate
    from app.home import open_home
    from app.machine_gate import machine_gate
    from core.text import printable

    running = find(open_home().running)
    if running is None and (machines := machine_gate()) is not None:
        typer.echo(
            f"The gate at {machines.url} is this machine's: systemctl stop outgate", err=True
        )
        return 1
    if running is None:
        typer.echo("No gate is running.")
        return 0
    problem = (health(running) or {}).get("problem")
    if not stop_gate(running):
        typer.echo(f"The gate (process {running.pid}) did not stop in time.", err=True)
        return 1
    typer.echo("The gate has stopped.")
    if problem:
        typer.echo(f"It was NOT HEALTHY: {printable(str(problem))}", err=True)
    return 1 if problem else 0


def _options(
    policy: Path | None, connect_to: list[str] | None, upstream_ca: Path | None
) -> list[str]:
    options = [] if policy is None else ["--policy", str(policy)]
    for route in connect_to or ():
        options += ["--connect-to", route]
    return options if upstream_ca is None else [*options, "--upstream-ca", str(upstream_ca)]
