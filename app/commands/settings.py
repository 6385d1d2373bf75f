"""`settings`: what is set here, and where."""

import json
from typing import Annotated

import typer

application = typer.Typer(
    help="Show the settings in force.", no_args_is_help=True, rich_markup_mode=None
)


@application.callback()
def settings() -> None:
    """Hold what concerns no command."""


@application.command()
def show(
    origin: Annotated[
        bool, typer.Option("--origin", help="With the file or variable that each comes from.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Show every setting in force.

    \b
    Example: outgate settings show --origin
    """
    import os

    from app.home import open_home
    from app.settings_layers import layered, misspelt
    from core.text import printable

    found = layered(open_home().settings)
    for words in misspelt(os.environ):
        typer.echo(f"outgate: {words}", err=True)
    values = found.settings.model_dump(mode="json")
    if as_json:
        told = {
            name: {"value": value, "origin": found.origins[name]} for name, value in values.items()
        }
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    width = max(map(len, values))
    for name, value in values.items():
        line = f"{name:<{width}}  {printable(json.dumps(value, ensure_ascii=False), 300)}"
        typer.echo(f"{line}  ({printable(found.origins[name], 300)})" if origin else line)
