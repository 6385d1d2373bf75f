"""Imports mitmproxy without what the gate does not use.

A web framework, a directory client, HTTP/3, a command language: together they cost half of the
gate's start and 30 MB. So does `mitmproxy_rs` stay out, which redirects packets: the gate does not,
and virus scanners look for it. Import this module before anything else of mitmproxy.
"""

import importlib.util
import sys
import types
from typing import Any

_QUIC = "mitmproxy.proxy.layers.quic"
_QUIC_NAMES = (
    "ClientQuicLayer",
    "QuicStreamEvent",
    "QuicStreamLayer",
    "QuicTlsData",
    "QuicTlsSettings",
    "RawQuicLayer",
    "ServerQuicLayer",
    "quic_parse_client_hello_from_datagrams",
)


_NATIVE = "mitmproxy_rs"
_NATIVE_CLASSES = {
    "udp": ("UdpServer",),
    "wireguard": ("WireGuardServer",),
    "local": ("LocalRedirector",),
    "tun": ("TunInterface",),
    "dns": (),
}
"""What mitmproxy asks of it while it serves TCP only: classes that nothing is an instance of."""


def _install() -> None:
    if _NATIVE not in sys.modules and "mitmproxy.proxy.server" not in sys.modules:
        _without_native()
    if "mitmproxy.addons" not in sys.modules:
        _without_all_addons()
    if _QUIC not in sys.modules:
        _without_quic()
    if "mitmproxy.command" not in sys.modules:
        _stand_in("mitmproxy.command_lexer", "expr", "quote", "unquote")
    for name in ("ruamel.yaml", "pyparsing"):
        if name not in sys.modules:
            _when_used(name)


def _without_all_addons() -> None:
    """Put an empty package in place of `mitmproxy.addons`, which imports all forty addons."""
    spec = importlib.util.find_spec("mitmproxy")
    assert spec is not None and spec.submodule_search_locations is not None
    package = types.ModuleType("mitmproxy.addons")
    package.__path__ = [f"{location}/addons" for location in spec.submodule_search_locations]
    sys.modules["mitmproxy.addons"] = package


def _without_native() -> None:
    package = _stand_in(_NATIVE, "Stream")
    package.__path__ = []
    for below, classes in _NATIVE_CLASSES.items():
        setattr(package, below, _stand_in(f"{_NATIVE}.{below}", *classes))


def _without_quic() -> None:
    """Put names that nothing is an instance of in place of HTTP/3: the gate listens on TCP only."""
    _stand_in(_QUIC, *_QUIC_NAMES)
    _stand_in("mitmproxy.proxy.layers.http._http3", "Http3Client", "Http3Server")
    _stand_in("aioquic.tls", "CipherSuite")
    _stand_in("aioquic.h3.connection").H3_ALPN = ["h3"]  # type: ignore[attr-defined]
    for package in ("aioquic", "aioquic.h3"):
        _stand_in(package).__path__ = []


def _stand_in(name: str, *classes: str) -> types.ModuleType:
    module = types.ModuleType(name)
    for one in classes:
        setattr(module, one, type(one, (), {}))
    sys.modules[name] = module
    return module


def _when_used(name: str) -> None:
    """Let a module be loaded when something of it is asked for.

    (`importlib.util.LazyLoader` loads at the next import.)
    """
    spec = importlib.util.find_spec(name)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)

    def load(attribute: str) -> Any:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        del module.__dict__["__getattr__"]
        assert spec.loader is not None
        spec.loader.exec_module(module)
        return getattr(module, attribute)

    module.__dict__["__getattr__"] = load
    sys.modules[name] = module
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, module)


_install()
