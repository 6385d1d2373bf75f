"""`views`: filters with a name, for the review, for `--plain`, for exports and reports."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from app.home import Home
    from app.views import KeptViews

application = typer.Typer(
    help="Filters with a name: list, save and forget them.",
    invoke_without_command=True,
    rich_markup_mode=None,
)


@application.callback()
def views(context: typer.Context) -> None:
    """List your saved views; each is a tab of the review, and `--view NAME` elsewhere.

    \b
    Example: outgate views save "Health data" all group:health
    Example: outgate review --plain --view "Health data"
    """
    from core.text import printable

    if context.invoked_subcommand is not None:
        return
    _, kept = _kept()
    found = kept.read()
    for view in found:
        typer.echo(f"{printable(view.name):<30}  {printable(view.line)}")
    if not found:
        typer.echo("No view is saved yet: outgate views save NAME WORDS")


@application.command()
def save(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    words: Annotated[
        list[str], typer.Argument(metavar="WORDS", help="The filter, as after / in the app.")
    ],
) -> None:
    """Save a filter under a name, in place of one of the same name.

    \b
    Example: outgate views save "New this week" since:7d not risk:low
    """
    from app.settings import load_settings
    from app.views import checked
    from app.wiring import store_of
    from tui.saved_views import SavedView

    home, kept = _kept()
    store = store_of(home, load_settings(home.settings), "command line")
    view = SavedView(name=name.strip(), line=checked(store, " ".join(words)))
    kept.save(view)
    typer.echo(f"Saved “{view.name}”: {view.line}")


@application.command()
def forget(name: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """Forget a view; the cases stay.

    \b
    Example: outgate views forget "Health data"
    """
    from core.text import printable

    _, kept = _kept()
    kept.forget(name)
    typer.echo(f"Forgotten: {printable(name)}")


def _kept() -> "tuple[Home, KeptViews]":
    from app.home import open_home
    from app.permission import permitted
    from app.settings import load_settings
    from app.views import kept_views
    from core.rights import Deed

    home = open_home()
    who = permitted(Deed.READ, load_settings(home.settings))
    return home, kept_views(home, who)
