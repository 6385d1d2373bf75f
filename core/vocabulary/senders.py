"""How a sender was found and started, and how sure that is, in words."""

from collections.abc import Mapping
from types import MappingProxyType

from core.attribution import Certainty, LaunchedAs

CERTAINTIES: Mapping[Certainty, str] = MappingProxyType(
    {
        Certainty.EXACT: "certain",
        Certainty.LIKELY: "likely, not certain",
        Certainty.UNKNOWN: "not known",
    }
)

LAUNCHES: Mapping[str, str] = MappingProxyType(
    {
        LaunchedAs.FILE: "as a script file",
        LaunchedAs.MODULE: "as a module (python -m)",
        LaunchedAs.COMMAND: "as a command line text (python -c)",
        LaunchedAs.STDIN: "from standard input",
        LaunchedAs.INTERACTIVE: "typed into an interactive Python",
        LaunchedAs.NOTEBOOK: "from a notebook",
        LaunchedAs.CONSOLE_SCRIPT: "as an installed command",
        LaunchedAs.ZIPAPP: "as a packed application",
        LaunchedAs.FROZEN: "as a built program",
        LaunchedAs.WORKER: "as a worker of another process",
        LaunchedAs.UNKNOWN: "in a way that is not known",
    }
)
"""How Python was told what to run, after `started`."""

METHODS: Mapping[str, str] = MappingProxyType(
    {
        "sock_diag": "the operating system named the owner of this very connection",
        "psutil": "the connection was looked up in the system's table of connections",
        "recording": "this is recorded traffic; recordings do not name the sender",
        "none": "no way to find the sender worked",
    }
)
"""How a sender was found."""
