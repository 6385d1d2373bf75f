"""`attributor`: the privileged service that names senders for a gate."""

from pathlib import Path
from typing import Annotated

import typer


def attributor(
    socket: Annotated[
        Path, typer.Option("--socket", metavar="PATH", help="Unix socket to answer at.")
    ],
    user: Annotated[
        str, typer.Option("--for", metavar="USER", help="Whose gate is answered; nobody else is.")
    ],
) -> int:
    """Name senders for the gate of another user; outgate-attributor.service runs it.

    \b
    Example: outgate attributor --socket /run/outgate-attributor/socket --for outgate
    """
    from app.attributor_service import serve

    serve(socket, user)
    return 0
