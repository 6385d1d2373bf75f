"""`doctor`: what would break here, and how to mend it."""

import json
from typing import Annotated

import typer


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    pac: Annotated[
        str | None,
        typer.Option(
            "--pac",
            metavar="FILE|URL",
            help="Only read this proxy auto-configuration file and propose settings.",
        ),
    ] = None,
) -> int:
    """Check this machine and say how to mend it.

    Trust, clients, attribution, evidence, policy; exit code 1 when something needs mending.

    \b
    Example: outgate doctor
    """
    from app.doctor_checks import examine, proposed_proxies
    from app.home import open_home
    from app.settings import load_settings

    home = open_home()
    settings = load_settings(home.settings)
    results = list(examine(home, settings) if pac is None else proposed_proxies(pac, settings))
    if as_json:
        typer.echo(json.dumps([r.to_json() for r in results], ensure_ascii=False))
    else:
        for result in results:
            typer.echo(f"{result.mark:<7} {result.subject}: {result.words}")
            for at, line in enumerate(result.remedy.splitlines()):
                typer.echo(f"{'':<7}   {' ' if at else '→'} {line}")
    return 1 if any(r.mark == "BROKEN" for r in results) else 0
