"""`doctor`: what would break here, and how to mend it."""

import json
from pathlib import Path
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
    python: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="PATH",
            help="Try the clients of this interpreter, or of all environments below this folder;"
            " repeatable. Default: python3 of your shell.",
        ),
    ] = None,
    mend: Annotated[bool, typer.Option("--mend", help="Mend what is safe to mend.")] = False,
) -> int:
    """Check this machine and say how to mend it.

    The gate, authority, settings and policy in use, and one real request of each client that your
    Python has; exit code 1 when something needs mending.

    \b
    Example: outgate doctor
    Example: outgate doctor --python ~/projects --json
    """
    from app.doctor_checks import examine, mended, proposed_proxies
    from app.home import open_home
    from app.settings import load_settings
    from core.text import printable

    home = open_home()
    settings = load_settings(home.settings)
    if pac is None:
        results = examine(home, settings, python or ())
    else:
        results = list(proposed_proxies(pac, settings))
    if mend:
        results = [mended(result) for result in results]
    if as_json:
        typer.echo(json.dumps([r.to_json() for r in results], ensure_ascii=False))
    else:
        for result in results:
            typer.echo(printable(f"{result.mark:<7} {result.subject}: {result.words}", 1000))
            for at, line in enumerate(result.remedy.splitlines()):
                typer.echo(f"{'':<7}   {' ' if at else '→'} {line}")
    return 1 if any(r.mark == "BROKEN" for r in results) else 0
