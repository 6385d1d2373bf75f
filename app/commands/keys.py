"""`keys`: the key that marks are made with, its epochs, and their end."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from core.happenings import Event

application = typer.Typer(
    help="Rotate the key that marks of values are made with, and end old epochs.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
_REASON = typer.Option("--reason", help="Why; it stays in the evidence: no personal data in it.")


@application.callback()
def keys() -> None:
    """Hold what concerns no command."""


@application.command("list")
def list_(
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """List the epochs whose keys are kept: a search looks under all of them.

    \b
    Example: outgate keys list
    """
    from app.epochs import CURRENT, epochs
    from app.home import open_home
    from app.permission import permitted
    from core.ids import rfc3339
    from core.rights import Deed

    permitted(Deed.READ)
    found = epochs(open_home())
    if as_json:
        told = [
            {"epoch": one.name, "until": None if one.until is None else rfc3339(one.until)}
            for one in found
        ]
        typer.echo(json.dumps(told))
        return
    for one in found:
        until = "in force" if one.name == CURRENT else "of a time that its name does not say"
        if one.until is not None:
            until = f"ended {one.until:%Y-%m-%d %H:%M} UTC"
        typer.echo(f"{one.name:<18}  {until}")


@application.command()
def rotate() -> None:
    """Begin a new epoch: the same value gets other marks from now on, and is found under both keys.

    Gates are stopped meanwhile: one that runs would go on with the key before.

    \b
    Example: outgate keys rotate
    """
    from app.epochs import rotate as begin
    from app.home import open_home
    from app.permission import permitted
    from core.errors import EvidenceError
    from core.happenings import Event
    from core.rights import Deed
    from evidence.gate_liveness import living

    home = open_home()
    permitted(Deed.KEYS)
    if living(home.evidence):
        raise EvidenceError(
            "A gate is running, and would go on with the key in force.",
            remedy="Stop it with outgate stop, rotate, and start it again.",
        )
    ended = begin(home)
    _tell(Event.MARKS_KEY_ROTATED, {"epoch": ended.name})
    typer.echo(f"A new epoch has begun. The one before is kept as {ended.name}.")
    if home.policy.is_file() and b"fingerprint" in home.policy.read_bytes():
        typer.echo(
            "The policy names fingerprints. Those of the key before fit no longer: "
            "find them anew with outgate inspect."
        )


@application.command()
def destroy(
    epoch: Annotated[str, typer.Argument(help="Its name, as outgate keys list shows it.")],
    reason: Annotated[str, _REASON] = "",
) -> None:
    """Destroy the key of an epoch that ended: what was marked with it is found by nobody any more.

    \b
    Example: outgate keys destroy 20261126T040000Z --reason "Retention of a year"
    """
    from app.epochs import destroy as end
    from app.epochs import epochs
    from app.home import open_home
    from app.permission import permitted
    from core.errors import EvidenceError, InputError
    from core.happenings import Event
    from core.rights import Deed
    from core.text import printable
    from evidence.gate_liveness import living

    if not reason.strip():
        raise InputError("Say why with --reason.", remedy="It stays in the evidence.")
    home = open_home()
    permitted(Deed.KEYS)
    chosen = next((one for one in epochs(home) if one.name == epoch), None)
    if chosen is None:
        raise InputError(
            f"No epoch is called {printable(epoch, 60)}.", remedy="outgate keys list shows them."
        )
    if living(home.evidence):
        raise EvidenceError(
            "A gate is running, which may still mark with that key.",
            remedy="Stop it with outgate stop, and try again.",
        )
    end(chosen)
    _tell(Event.MARKS_KEY_DESTROYED, {"epoch": chosen.name, "why": reason.strip()})
    typer.echo(f"The key of {chosen.name} is destroyed.")


def _tell(event: "Event", facts: dict[str, str]) -> None:
    from app.current_user import reviewer
    from app.home import open_home
    from app.settings import load_settings
    from app.wiring import store_of
    from core.happenings import happening

    home = open_home()
    store = store_of(home, load_settings(home.settings), "command line")
    store.tell(happening(event, facts, who=reviewer()))
    store.close()
