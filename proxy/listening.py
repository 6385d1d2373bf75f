"""Why an address cannot be listened on, in words with what to do. Pure."""

import errno
import socket

from core.errors import SettingsError
from core.text import printable

_OTHER_PORT = "Another program uses that port; choose another one with --listen."
_NOT_HERE = (
    "This machine has no such address. Listen on 127.0.0.1, or on an address of its own"
    " (ip address, ifconfig)."
)
_NO_RIGHT = "Ports below 1024 are for the administrator; choose a higher one with --listen."
_NO_FAMILY = "This machine does not speak that kind of address (IPv6 may be switched off)."
_NO_NAME = "That name has no address here; write an address, such as 127.0.0.1."
_WORDS = {
    errno.EADDRINUSE: _OTHER_PORT,
    errno.EADDRNOTAVAIL: _NOT_HERE,
    errno.EACCES: _NO_RIGHT,
    errno.EPERM: _NO_RIGHT,
    errno.EAFNOSUPPORT: _NO_FAMILY,
}
_OTHERWISE = "The system refused it; choose another address with --listen."


def cannot_listen(host: str, port: int, fault: BaseException | None) -> SettingsError:
    """Return the error to tell. `fault`: what the system said; None where it said nothing."""
    shown = f"[{host}]" if ":" in host else host
    return SettingsError(f"Cannot listen on {printable(shown, 100)}:{port}.", remedy=_remedy(fault))


def _remedy(fault: BaseException | None) -> str:
    if fault is None:
        return _OTHERWISE
    # mitmproxy tells it again in an error of its own.
    if isinstance(fault.__cause__ or fault, socket.gaierror | UnicodeError):
        return _NO_NAME
    if not isinstance(fault, OSError):
        return _OTHERWISE
    # asyncio tells no number where each address that it tried was somebody else's.
    return _NOT_HERE if fault.errno is None else _WORDS.get(fault.errno, _OTHERWISE)
