"""`doctor`: what would break here, and how to mend it."""

import json
from typing import Annotated

import typer


def doctor(as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False) -> int:
    """Check this machine and say how to mend it.

    Trust, clients, attribution, evidence, policy; exit code 1 when something needs mending.

    \b
    Example: outgate doctor
    """
    from app.doctor_checks import examine
    from app.home import open_home
    from app.settings import load_settings

    home = open_home()
    results = examine(home, load_settings(home.settings))
    if as_json:
        typer.echo(json.dumps([r.to_json() for r in results], ensure_ascii=False))
    else:
        for result in results:
            typer.echo(f"{result.mark:<7} {result.subject}: {result.words}")
            if result.remedy:
                typer.echo(f"{'':<7}   → {result.remedy}")
    return 1 if any(r.mark == "BROKEN" for r in results) else 0
