"""Imports mitmproxy without the addons that the gate does not use: they bring a web framework and a directory client.

Import this module before anything below `mitmproxy.addons`.
"""

import importlib.util
import sys
import types


def _install() -> None:
    """Put an empty package in place of `mitmproxy.addons`, whose own `__init__` imports all forty addons (0.4 s)."""
    if "mitmproxy.addons" in sys.modules:
        return
    spec = importlib.util.find_spec("mitmproxy")
    assert spec is not None and spec.submodule_search_locations is not None
    package = types.ModuleType("mitmproxy.addons")
    package.__path__ = [f"{location}/addons" for location in spec.submodule_search_locations]
    sys.modules["mitmproxy.addons"] = package


_install()
