"""Names the process, script and line of code behind a connection; knows nothing of payloads."""

from typing import TYPE_CHECKING

from attribution.attributor import SocketAttributor
from attribution.factory import build

if TYPE_CHECKING:
    from attribution.remote.client import RemoteAttributor

type AnyAttributor = SocketAttributor | RemoteAttributor

__all__ = ["AnyAttributor", "SocketAttributor", "build"]
