"""`fleet`: this endpoint as a member of a fleet."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from app.home import Home
    from fleet.membership import Membership
    from fleet.shipper import Round

application = typer.Typer(
    no_args_is_help=True,
    help="This endpoint as a member of a fleet: join it, ship evidence to its hub.",
    rich_markup_mode=None,
)


@application.command()
def enrol(
    hub: Annotated[str, typer.Option(metavar="URL", help="https://hub.corp.example:8443")],
    ca: Annotated[Path, typer.Option(metavar="FILE", help="authority.pem of the hub.")],
    token: Annotated[
        str, typer.Option(envvar="OUTGATE_FLEET_TOKEN", help="From outgate hub token.")
    ] = "",
    certificate: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="In place of a token: the organisation's, for here."),
    ] = None,
    certificate_key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Its key, where it is another file.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Leave the present fleet for it.")] = False,
) -> int:
    """Join a fleet. The key is made here and never leaves.

    By a token that is good once; or, where hub.yaml says own_certificates, by a certificate that
    the organisation gave this machine.

    \b
    Example: outgate fleet enrol --hub https://hub.corp.example:8443 --token T --ca authority.pem
    """
    from app.home import open_home
    from app.permission import permitted
    from core.errors import InputError
    from core.rights import Deed
    from fleet.enrolling import enrol

    permitted(Deed.OPERATE)
    if (certificate is None) == (not token.strip()) or (certificate_key and not certificate):
        raise InputError(
            "Enrol by a token, or by a certificate of the organisation.",
            remedy="--token T, or --certificate FILE with --certificate-key FILE.",
        )
    own = None if certificate is None else (certificate, certificate_key or certificate)
    made = enrol(open_home().fleet, hub, token, ca, again=again, own=own)
    typer.echo(f"This endpoint is {made.endpoint} at {made.hub}.")
    typer.echo("Ship its evidence: outgate fleet ship")
    return 0


@application.command()
def ship(
    once: Annotated[
        bool, typer.Option("--once", help="One round, then end; 1 when something was not taken.")
    ] = False,
) -> int:
    """Ship evidence to the hub, and take its policy, until stopped.

    Reads the evidence only: the gate is never kept waiting.

    \b
    Example: outgate fleet ship --once
    """
    import sys

    from app.home import open_home
    from app.shipping import keep_shipping, shipper_of
    from core.text import printable

    home = open_home()
    shipper = shipper_of(home, _member(home))
    if not once:
        return keep_shipping(home, shipper, sys.stderr)
    from app.shipping import one_round
    from core.errors import InputError

    if not home.evidence.is_file():
        raise InputError("There is no evidence to ship yet.", remedy="Start a gate first.")
    done = one_round(home, shipper)
    typer.echo(_told(done))
    for trouble in done.troubles:
        typer.echo(printable(trouble, 400), err=True)
    return 1 if done.troubles else 0


@application.command()
def authority() -> int:
    """Ask the hub for the authority that this machine inspects with, and use it from now on.

    Its key is made here and never leaves; fleet ship renews it. What clients trusted before stays
    trusted.

    \b
    Example: outgate fleet authority
    """
    from app.fleet_authority import ask_authority
    from app.home import open_home
    from app.permission import permitted
    from core.rights import Deed
    from core.text import printable
    from fleet.line import HttpsLine

    permitted(Deed.OPERATE)
    home = open_home()
    line = HttpsLine.of(_member(home))
    try:
        facts = ask_authority(home, line).facts()
    finally:
        line.close()
    chain = " < ".join(printable(one, 100) for one in facts.chain)
    typer.echo(f"This machine inspects with {chain}, until {facts.not_after:%Y-%m-%d}.")
    typer.echo("Restart the gate to use it; clients trust its root: outgate ca show")
    return 0


@application.command()
def status() -> int:
    """Say to which hub this endpoint ships, up to where, and what it was given.

    \b
    Example: outgate fleet status
    """
    from app.home import open_home
    from app.permission import permitted
    from app.shipping import kept_state, orders_of
    from core.rights import Deed
    from core.text import printable

    permitted(Deed.WATCH)
    home = open_home()
    member = _member(home)
    typer.echo(f"Endpoint {member.endpoint} of {printable(member.hub)}.")
    typer.echo(f"Its certificate is valid until {member.certificate.not_valid_after_utc:%Y-%m-%d}.")
    state = kept_state(home)
    if state is None:
        typer.echo("Nothing was shipped yet: outgate fleet ship")
        return 1
    for line in state.lines():
        typer.echo(line)
    following = orders_of(home, member).following()
    kinds = (
        ("policy", "policy"),
        ("approvals", "list of approvals"),
        ("retention", "retention of evidence"),
        ("settings", "settings"),
    )
    for kind, what in kinds:
        version = following.versions[kind]
        told = f"Version {version} of the fleet's {what} is in force."
        typer.echo(told if version else f"The fleet has given no {what} yet.")
    return 1 if state.trouble else 0


def _member(home: "Home") -> "Membership":
    from core.errors import SettingsError
    from fleet.membership import membership

    found = membership(home.fleet)
    if found is None:
        raise SettingsError(
            "This endpoint belongs to no fleet.",
            remedy="outgate fleet enrol --hub URL --token T --ca FILE",
        )
    return found


def _told(done: "Round") -> str:
    from core.vocabulary.sizes import counted

    records, acts = done.shipped["records"], done.shipped["acts"]
    return f"Shipped {counted(records, 'record')} and {counted(acts, 'act')}."
