"""Whether somebody at a terminal agrees to what was shown: asked before a machine is changed."""

import sys
from typing import Annotated

import typer

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask at a terminal.")]


def agreed(*, yes: bool) -> bool:
    """Return whether to go on. Scripts and packages are not asked: they have nobody to answer."""
    if yes or not sys.stdin.isatty():
        return True
    if typer.confirm("Do all this?"):
        return True
    typer.echo("Nothing was changed.")
    return False
