"""`notify`: the ways to people, what waits for them, and a trial."""

from typing import Annotated

import typer


def notify(
    trial: Annotated[
        bool, typer.Option("--try", help="Send a trial notice each way, and say what became of it.")
    ] = False,
) -> int:
    """List the ways that tell people when something needs them; a gate uses them by itself.

    Exit code 1 when a trial did not arrive.

    \b
    Example: outgate notify --try
    """
    from app.home import open_home
    from app.notifying import ways_of
    from app.permission import permitted
    from app.settings import load_settings
    from app.wiring import store_of
    from core.errors import InputError, OutgateError
    from core.rights import Deed
    from core.vocabulary.sizes import counted
    from exports.notices.seen import trial_notice
    from exports.notices.system_log import Datagrams

    home = open_home()
    settings = load_settings(home.settings)
    permitted(Deed.READ, settings)
    if not settings.notify:
        raise InputError(
            "No way to tell people is set.",
            remedy="Name one in the settings: notify: {desk: {to: desktop}}.",
        )
    home.kept_evidence()
    store = store_of(home, settings, "command line")
    code = 0
    for way in ways_of(settings, store):
        problem = ""
        try:
            if trial:
                way.channel.tell(trial_notice())
        except OutgateError as error:
            problem, code = f" {error.for_officer()}", 1
        told = f"{counted(len(way.outbox.waiting()), 'notice')} waiting"
        unheard = isinstance(way.channel, Datagrams)
        became = "sent, which nobody acknowledges" if unheard else "taken"
        arrived = f", the trial was {became}" if trial and not problem else ""
        typer.echo(f"{way.outbox.name}: {told}{arrived}.{problem}")
    store.close()
    return code
