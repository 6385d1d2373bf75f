"""Names the process, script and line of code behind a connection; knows nothing of payloads."""

from attribution.attributor import SocketAttributor
from attribution.factory import build

__all__ = ["SocketAttributor", "build"]
