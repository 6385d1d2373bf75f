"""`install` and `uninstall`: Outgate as services of a machine."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.consent import Yes, agreed

if TYPE_CHECKING:
    from app.endpoint.installing import Machine
    from certs.placing.plan import Plan

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be changed.")]
Root = Annotated[
    Path | None, typer.Option("--root", metavar="DIR", help="An image of a machine below DIR.")
]


def install(
    dry_run: DryRun = False,
    yes: Yes = False,
    root: Root = None,
    program: Annotated[
        str | None, typer.Option(metavar="PATH", help="The `outgate` that the services run.")
    ] = None,
) -> int:
    """Install the gate as a service of this machine, with a user of its own.

    Once more, it is an upgrade: settings, policy and evidence stay. Everything is printed before it
    is done, and at a terminal you are asked.

    \b
    Example: sudo /opt/outgate/bin/outgate install --dry-run
    """
    from app.endpoint.installing import install_plan, machine_at

    machine = machine_at(root, program)
    return _do(machine, install_plan(machine), dry_run=dry_run, yes=yes)


def uninstall(
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep evidence, settings, policy and their user.")
    ] = False,
    purge: Annotated[
        bool, typer.Option("--purge", help="Remove all of that, too: nothing is left.")
    ] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    root: Root = None,
) -> int:
    """Take the services off this machine, and what `outgate trust` put on it.

    Evidence is only removed when you say so: --keep or --purge has to be given.

    \b
    Example: sudo /opt/outgate/bin/outgate uninstall --keep
    """
    from dataclasses import replace

    from app.endpoint.installing import Machine, uninstall_plan
    from app.home import Home
    from app.trusting import remove_plan, scope_of
    from core.errors import SettingsError

    if keep == purge:
        raise SettingsError(
            "Say what becomes of evidence, settings and policy.", remedy="Give --keep or --purge."
        )
    scope = scope_of(Home(Path("/nonexistent")), machine=True, root=root)
    machine = Machine(tree=scope.tree, program="")
    trust = remove_plan(scope, ())
    plan = uninstall_plan(machine, purge=purge)
    whole = replace(plan, steps=(*trust.steps, *plan.steps), notes=(*trust.notes, *plan.notes))
    return _do(machine, whole, dry_run=dry_run, yes=yes)


def _do(machine: "Machine", plan: "Plan", *, dry_run: bool, yes: bool) -> int:
    from app.endpoint.installing import may_change
    from app.trusting import runner
    from certs.placing.plan import carried_out, shown_plan
    from core.errors import SettingsError
    from core.text import printable

    if not dry_run and not may_change(machine):
        raise SettingsError("Only root installs services.", remedy="Run it with sudo.")
    for line in shown_plan(plan):
        typer.echo(printable(line, 4000))
    for note in plan.notes:
        typer.echo(f"outgate: {printable(note, 400)}", err=True)
    if dry_run or not plan.steps:
        typer.echo(
            "Nothing was changed (--dry-run)." if plan.steps else "Nothing is to be changed."
        )
        return 0
    if not agreed(yes=yes):
        return 1
    faults = carried_out(machine.tree, plan, runner(machine.tree))
    for fault in faults:
        typer.echo(f"outgate: {printable(fault, 400)}", err=True)
    typer.echo("Not all was done." if faults else "Done.")
    return 1 if faults else 0
