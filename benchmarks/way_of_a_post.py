"""The way of one POST through proxy/: stays in modules, modules, and returns to one that was left.

    python benchmarks/way_of_a_post.py [--show]

A gate runs with the fakes of tests/proxy against the stand-in internet; one small POST that is
allowed passes through it, and each call and return inside proxy/ is noted. A stay is a stretch of
work in one module; whoever reads along turns a page for each. Left out: what carries bytes and
hooks (`PLUMBING`), which is the same for every request.
"""

import argparse
import importlib.util
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
PLUMBING = set(
    (
        "acknowledging backpressure gate hooks streams trailers connect_to tls"
        " tls_passthrough mitmproxy_imports mitmproxy_patches upstreams sniffing senders"
        " observing transaction life_cycle binding"
    ).split()
)
"""Modules that are not part of the story of a request, or are the value that it is told about."""


def fakes() -> Any:
    """Return tests/proxy/conftest.py as a module."""
    path = ROOT / "tests" / "proxy" / "conftest.py"
    sys.path[:0] = [str(ROOT / "tests" / "fakes")]
    spec = importlib.util.spec_from_file_location("proxy_fakes", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["proxy_fakes"] = module
    spec.loader.exec_module(module)
    return module


class Way:
    """Notes the modules of proxy/ that run, in order, while it is switched on."""

    def __init__(self) -> None:
        self.on = False
        self.stays: list[str] = []
        self._folder = str(ROOT / "proxy") + "/"
        self._stack: dict[int, str] = {}

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        if not self.on or event not in {"call", "return"}:
            return
        seen = frame.f_back if event == "return" else frame
        while seen is not None and not seen.f_code.co_filename.startswith(self._folder):
            if seen.f_code.co_filename.startswith(str(ROOT)) or event == "call":
                return
            seen = seen.f_back
        if seen is None:
            return
        name = seen.f_code.co_filename[len(self._folder) :].removesuffix(".py")
        if Path(name).name in PLUMBING or name.partition("/")[0] in PLUMBING:
            return
        if not self.stays or self.stays[-1] != name:
            self.stays.append(name)


def follow(gate: Any, way: Way) -> None:
    """Send one POST to warm the gate up, then one that is followed until its record is closed."""
    import httpx

    with httpx.Client(
        proxy=f"http://127.0.0.1:{gate.port}", verify=gate.client_context()
    ) as client:
        client.post("https://files.example/x", content=b"warm")
        time.sleep(0.2)
        way.on = True
        client.post("https://files.example/x", content=b"followed")
        time.sleep(0.2)
        way.on = False


def main() -> None:
    """Print the figures of one POST."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--show", action="store_true", help="print the stays, too")
    show = arguments.parse_args().show
    module, way = fakes(), Way()
    threading.setprofile(way)
    with (
        tempfile.TemporaryDirectory() as folder,
        module.StandInInternet(Path(folder) / "internet") as internet,
    ):
        gate, stop = module._start(Path(folder), internet, module.Limits())
        follow(gate, way)
        stop()
    modules = set(way.stays)
    if show:
        print(" > ".join(way.stays))
    print(f"stays {len(way.stays)}, modules {len(modules)}, ", end="")
    print(f"returns {len(way.stays) - len(modules)}")
    for name in sorted(modules, key=way.stays.count, reverse=True):
        print(f"  {name}: {way.stays.count(name)}")


if __name__ == "__main__":
    main()
