"""`demo`: example scripts behind a private gate, against a stand-in internet on loopback."""

import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer


def demo(
    policy: Annotated[
        Path | None, typer.Option("--policy", metavar="FILE", help="Try your own policy file.")
    ] = None,
    keep: Annotated[
        Path | None, typer.Option("--home", metavar="FOLDER", help="Keep the evidence here.")
    ] = None,
) -> int:
    """Show what Outgate does, offline, in a minute.

    Six example scripts run behind a private gate, against a stand-in internet on loopback.

    \b
    Example: outgate demo
    """
    from app.demo.story import tell

    # Nobody else can know the name, and no other demonstration empties this folder.
    folder = keep or Path(tempfile.mkdtemp(prefix="outgate-demo-"))
    return tell(folder, policy, sys.stdout)
