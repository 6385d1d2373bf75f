"""Listeners that whoever started us holds open (systemd's LISTEN_FDS): an upgrade then refuses no
connection, for they wait at the socket until the next gate takes them.
"""

import os
import socket
from collections.abc import MutableMapping

from core.errors import SettingsError

_FIRST = 3
_NAMES = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")
_MOST = 16
_MEND = "Let the socket unit name one or more ListenStream=ADDRESS:PORT, and nothing else."


def handed_over(environment: MutableMapping[str, str] | None = None) -> list[socket.socket]:
    """Return the listeners that were handed to this very process; none is the rule. What says so is
    taken out of the environment, so that no child takes them for its own. Raises SettingsError for
    what cannot be listened at.
    """
    given = os.environ if environment is None else environment
    pid, count = given.get("LISTEN_PID", ""), given.get("LISTEN_FDS", "")
    if pid != str(os.getpid()) or not (count.isascii() and count.isdigit()):
        return []
    for name in _NAMES:
        given.pop(name, None)
    if not 0 < int(count) <= _MOST:
        raise SettingsError(f"LISTEN_FDS={count[:9]} names no sockets.", remedy=_MEND)
    return [_listener(number) for number in range(_FIRST, _FIRST + int(count))]


def _listener(number: int) -> socket.socket:
    try:
        found = socket.socket(fileno=number)
        is_one = found.family in {socket.AF_INET, socket.AF_INET6} and found.getsockopt(
            socket.SOL_SOCKET, getattr(socket, "SO_ACCEPTCONN", 0)
        )
    except OSError:
        is_one = False
    if not is_one:
        raise SettingsError(
            f"Descriptor {number}, which was handed over, takes no connections.", remedy=_MEND
        )
    os.set_inheritable(number, False)
    found.setblocking(False)
    return found
