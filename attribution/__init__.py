"""Names the process, script and line of code behind a connection; knows nothing of payloads."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attribution.attributor import SocketAttributor
    from attribution.factory import build
    from attribution.remote.client import RemoteAttributor

type AnyAttributor = SocketAttributor | RemoteAttributor

__all__ = ["AnyAttributor", "SocketAttributor", "build"]
_HOMES = {"SocketAttributor": "attribution.attributor", "build": "attribution.factory"}


def __getattr__(name: str) -> object:
    """Load what is asked for: who needs one small part of this folder does not wait for the rest.

    Raises AttributeError.
    """
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
