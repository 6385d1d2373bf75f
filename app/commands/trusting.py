"""`trust`: roots and variables where the programs of this machine, or of this user, look for
them.
"""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.consent import Yes, agreed

if TYPE_CHECKING:
    from cryptography import x509

    from app.home import Home
    from app.settings import Settings
    from app.trusting import Scope
    from certs.placing.plan import Plan

application = typer.Typer(
    help="Have every program trust the authority, and take that out again.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

ForMachine = Annotated[
    bool | None,
    typer.Option(
        "--system/--user", help="The whole machine, or you alone. Default: as root, the machine."
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be changed.")]
Root = Annotated[
    Path | None, typer.Option("--root", metavar="DIR", help="An image of a machine below DIR.")
]
Certificate = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="PEM root to trust, instead of this authority's."),
]
Environment = Annotated[
    list[Path] | None,
    typer.Option(
        "--environment", metavar="DIR", help="Python environment with kernels; repeatable."
    ),
]


@application.command()
def install(
    machine: ForMachine = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    proxy: Annotated[
        bool,
        typer.Option("--proxy", help="Also send every client through the gate at `listen`."),
    ] = False,
    certificate: Certificate = None,
    environment: Environment = None,
    root: Root = None,
) -> int:
    """Lay the root into the system's store, and a block of variables where programs get their
    environment from.

    Everything is printed before it is written, and at a terminal you are asked. Only blocks of our
    own are written, and `outgate trust remove` takes them out without a trace.

    \b
    Example: outgate trust install --user --dry-run
    Example: sudo outgate trust install --system --proxy
    """
    from app.home import open_home
    from app.settings import load_settings
    from app.trusting import install_plan, scope_of, variables_for

    home = open_home()
    settings = load_settings(home.settings)
    public = _public(settings, certificate, root)
    scope = scope_of(
        home,
        machine=_is_machine(machine),
        root=root,
        environments=environment or (),
        public=public,
    )
    _may(scope, dry_run=dry_run)
    roots = _roots_to_lay(home, certificate, scope, public, dry_run=dry_run)
    if not (scope.machine or dry_run or public):
        _write_bundle(home, roots if certificate is not None else None)
    variables = variables_for(settings, scope.bundle, proxy=proxy)
    return _do(
        scope, install_plan(scope, roots, variables, environment or ()), dry_run=dry_run, yes=yes
    )


@application.command()
def remove(
    machine: ForMachine = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    certificate: Certificate = None,
    environment: Environment = None,
    root: Root = None,
) -> int:
    """Take out all that `outgate trust install` put in; the files are then as they were.

    \b
    Example: sudo outgate trust remove --system
    """
    import sys

    from app.home import open_home
    from app.trusting import remove_plan, scope_of

    home = open_home()
    scope = scope_of(home, machine=_is_machine(machine), root=root, environments=environment or ())
    _may(scope, dry_run=dry_run)
    roots = [] if sys.platform == "linux" else _roots(home, certificate)
    return _do(scope, remove_plan(scope, roots), dry_run=dry_run, yes=yes)


@application.command()
def status(
    machine: ForMachine = None,
    certificate: Certificate = None,
    environment: Environment = None,
    root: Root = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> int:
    """Say for each place whether it is set up; exit code 1 when one is not.

    \b
    Example: outgate trust status --user
    """
    from app.home import open_home
    from app.settings import load_settings
    from app.trusting import scope_of, states, variables_for
    from core.text import printable

    home = open_home()
    settings = load_settings(home.settings)
    public = _public(settings, certificate, root)
    scope = scope_of(
        home,
        machine=_is_machine(machine),
        root=root,
        environments=environment or (),
        public=public,
    )
    wanted = [variables_for(settings, scope.bundle, proxy=proxy) for proxy in (False, True)]
    found = list(states(scope, _roots(home, certificate, public), wanted))
    if as_json:
        rows = [{"place": t.subject, "state": str(t.state), "words": t.words} for t in found]
        typer.echo(json.dumps(rows, ensure_ascii=False))
    else:
        for told in found:
            typer.echo(f"{told.state:<14}  {printable(told.subject, 300)}: {told.words}")
        if not found:
            typer.echo("No place of this platform can be looked at.")
    return 0 if found and all(told.state == "there" for told in found) else 1


def _is_machine(asked: bool | None) -> bool:
    if asked is not None:
        return asked
    return os.name == "posix" and os.geteuid() == 0


def _may(scope: "Scope", *, dry_run: bool) -> None:
    from core.errors import SettingsError

    system = scope.machine and scope.tree.is_this_machine and os.name == "posix"
    if system and not dry_run and os.geteuid() != 0:
        raise SettingsError(
            "Only root changes what the whole machine trusts.",
            remedy="Run it with sudo, or for yourself: outgate trust install --user",
        )


def _public(settings: "Settings", certificate: Path | None, root: Path | None) -> Path | None:
    """Return where this machine's gate says what to trust; an image is of another machine."""
    from app.machine_gate import published

    return None if root is not None or certificate is not None else published(settings)


def _roots(
    home: "Home", certificate: Path | None, public: Path | None = None
) -> list["x509.Certificate"]:
    """Return the roots to trust: the given ones, the machine's, or those of this home."""
    from app.trusting import read_certificates, roots_of

    return roots_of(home, public) if certificate is None else read_certificates(certificate)


def _roots_to_lay(
    home: "Home",
    certificate: Path | None,
    scope: "Scope",
    public: Path | None,
    *,
    dry_run: bool,
) -> list["x509.Certificate"]:
    """Return the roots; a dry run makes no authority where there is none yet."""
    if dry_run and not (certificate or public) and not home.authority.exists():
        if scope.machine:
            typer.echo("outgate: the authority is made first, and its root laid", err=True)
        return []
    return _roots(home, certificate, public)


def _write_bundle(home: "Home", others: "list[x509.Certificate] | None") -> None:
    from certs.authority import open_authority
    from certs.rotation import trusted_besides
    from certs.trust import write_bundle

    besides = [*trusted_besides(home.authority), *(others or ())]
    write_bundle(home.bundle, open_authority(home.authority), os.environ, besides)


def _do(scope: "Scope", plan: "Plan", *, dry_run: bool, yes: bool) -> int:
    from app.trusting import runner
    from certs.placing.plan import carried_out, shown_plan
    from core.text import printable

    for line in shown_plan(plan):
        typer.echo(printable(line, 4000))
    for note in plan.notes:
        typer.echo(f"outgate: {printable(note, 400)}", err=True)
    if not plan.steps:
        typer.echo("Nothing is to be changed.")
        return 0
    if dry_run:
        typer.echo("Nothing was changed (--dry-run).")
        return 0
    if not agreed(yes=yes):
        return 1
    faults = carried_out(scope.tree, plan, runner(scope.tree))
    for fault in faults:
        typer.echo(f"outgate: {printable(fault, 400)}", err=True)
    typer.echo(
        "Done; programs that are started from now on see it." if not faults else "Not all was done."
    )
    return 1 if faults else 0
