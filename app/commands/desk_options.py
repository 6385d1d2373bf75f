"""What every desk is opened with: the options of `review` and `hub review` for a browser, and which
do not go together.
"""

from collections.abc import Mapping
from typing import Annotated

import typer

from core.errors import InputError

IDLE = 15.0

Web = Annotated[bool, typer.Option("--web", help="Serve it to a browser of this machine.")]
Port = Annotated[
    int, typer.Option(min=0, max=65535, help="With --web: the port; 0 is any free one.")
]
Tls = Annotated[
    bool, typer.Option("--tls", help="With --web: under TLS, by the installation's authority.")
]
IdleMinutes = Annotated[
    float, typer.Option(min=0.1, max=1440, help="With --web: ends after so long without a key.")
]


def of_web(*, web: bool, port: int, tls: bool, idle_minutes: float) -> Mapping[str, object]:
    """Return which options were given that are for a browser only, where there is none."""
    given = {"--port": port, "--tls": tls, "--idle-minutes": idle_minutes != IDLE}
    return {} if web else given


def none_ignored(
    beside: Mapping[str, tuple[object, Mapping[str, object]]], of_web: Mapping[str, object]
) -> None:
    """Refuse options of which one would be passed over in silence. Raises InputError.

    `beside`: option → whether it was given, and those that do not go with it.
    """
    for option, (given, others) in beside.items():
        for other in (name for name, wanted in others.items() if given and wanted):
            raise InputError(
                f"{option} and {other} do not go together.", remedy="Leave one of them away."
            )
    for option in (name for name, wanted in of_web.items() if wanted):
        raise InputError(f"{option} is for --web only.", remedy="Add --web, or leave it away.")
