"""What the gate changes of mitmproxy stands in one register, and a new mitmproxy is noticed
there.
"""

import ast
import asyncio
import importlib
import pkgutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from h2.config import H2Configuration
from mitmproxy import http, version
from mitmproxy.connection import ConnectionState, Server
from mitmproxy.proxy.layers import TCPLayer
from mitmproxy.proxy.layers.http import HttpLayer
from mitmproxy.proxy.layers.http._http_h2 import BufferedH2Connection
from mitmproxy.test import tflow
from patience import PATIENT_S

import proxy
from proxy import mitmproxy_patches
from proxy.binding import bind
from proxy.connect_to import Routes, parse_route
from proxy.mitmproxy_patches import PATCHES, VERSION, Patch, adopt, force, prints, replace
from proxy.mitmproxy_patches.applied import in_our_own_process
from proxy.streams import FAR_SIDE_BYTES, backlog_of, taken
from proxy.tls import GateTls
from proxy.transaction import Transaction

ROOT = Path(__file__).resolve().parents[2]
TOUCHED = {target for patch in PATCHES for target in patch.touches}
by_name = pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.name)


@by_name
def test_mitmproxy_is_as_it_was_when_the_entry_was_written(patch: Patch) -> None:
    """Whatever of mitmproxy an entry touches has not changed since somebody looked at it."""
    assert prints.print_of(patch) == patch.seen, f"{patch.name}: look at {patch.touches} again"


@by_name
def test_each_entry_says_why_and_shows_it(patch: Patch) -> None:
    """Each entry has a reason, says what fails without it, and names a test that is there."""
    file, _, name = patch.test.partition("::")
    tests = {
        node.name
        for node in ast.walk(ast.parse((ROOT / file).read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert name in tests
    assert importlib.util.find_spec(patch.ours) is not None
    assert patch.because
    assert patch.without
    assert patch.version == VERSION == version.VERSION


def test_names_of_entries_differ() -> None:
    """An entry is found by its name."""
    assert len({patch.name for patch in PATCHES}) == len(PATCHES)


def test_a_change_underneath_changes_the_print(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One letter in what is touched is noticed; one beside it is not; what is gone is an error."""
    file = tmp_path / "theirs.py"
    monkeypatch.setattr(prints, "_file_of", lambda _: file)
    patch = Patch(
        name="n", ours="o", touches=("theirs:A.b",), because="x", without="y", test="t", seen=""
    )
    taken_of = []
    for text in ("class A:\n    def b(self): return 1", "class A:\n    def b(self): return 2"):
        for beside in ("", "\n    def c(self): pass"):
            file.write_text(text + beside)
            taken_of.append(prints.print_of(patch))
    assert taken_of[0] == taken_of[1] != taken_of[2] == taken_of[3]
    file.write_text("class A: pass")
    with pytest.raises(LookupError, match=r"theirs:A\.b is not there"):
        prints.print_of(patch)


def modules() -> Iterator[Any]:
    """All modules of proxy/."""
    for found in pkgutil.walk_packages(proxy.__path__, "proxy."):
        yield importlib.import_module(found.name)


def overridden() -> Iterator[tuple[str, str]]:
    """Yield each method of ours in the place of one of mitmproxy's, and the latter."""
    for module in modules():
        for ours in vars(module).values():
            if not isinstance(ours, type) or ours.__module__ != module.__name__:
                continue
            for theirs in ours.__mro__[1:]:
                if theirs.__module__.partition(".")[0] != "mitmproxy":
                    continue
                for name in vars(ours).keys() & vars(theirs).keys():
                    if callable(getattr(theirs, name)) and name not in {"__doc__", "__hash__"}:
                        target = f"{theirs.__module__}:{theirs.__qualname__}.{name}"
                        yield f"{ours.__module__}:{ours.__qualname__}.{name}", target


MADE_TO_BE_OVERRIDDEN = {
    "mitmproxy.proxy.layer:Layer.__init__",
    "mitmproxy.proxy.layer:Layer._handle_event",
    "mitmproxy.proxy.layer:Layer.__repr__",
}
MESSAGES = {"mitmproxy.hooks", "mitmproxy.proxy.commands", "mitmproxy.proxy.events"}
GENERATED = {"__init__", "__eq__", "__repr__", "__match_args__", "__replace__"}
"""What a dataclass brings: our hooks are dataclasses of mitmproxy's kind."""


def test_every_method_in_the_place_of_mitmproxys_is_registered() -> None:
    """No override of a layer, handler or addon of mitmproxy is unknown to the register."""
    seen, missing = 0, []
    for ours, theirs in overridden():
        seen += 1
        module, name = theirs.partition(":")[0], theirs.rpartition(".")[2]
        generated = module in MESSAGES and name in GENERATED
        covered = any(theirs == t or theirs.startswith(f"{t}.") for t in TOUCHED)
        if not covered and not generated and theirs not in MADE_TO_BE_OVERRIDDEN:
            missing.append((ours, theirs))
    assert missing == []
    assert seen > 20


def changes(tree: ast.Module) -> Iterator[str]:
    """Yield what in a module changes things that are not its own, by hand."""
    theirs = {
        (alias.asname or alias.name).partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("mitmproxy", "h11"))
        for alias in node.names
    }
    for node in ast.walk(tree):
        targets = node.targets if isinstance(node, ast.Assign) else []
        for target in targets:
            root = target
            while isinstance(root, ast.Attribute | ast.Subscript):
                root = root.value
            if isinstance(target, ast.Attribute) and target.attr == "__class__":
                yield "__class__"
            if isinstance(root, ast.Name) and root is not target and root.id in theirs:
                yield root.id
            if ast.unparse(target).startswith("sys.modules"):
                yield "sys.modules"
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {
            "setattr",
            "object.__setattr__",
            "type.__setattr__",
        }:
            yield ast.unparse(node.func)


@pytest.mark.parametrize(
    "text",
    [
        "from mitmproxy import http\nhttp.MessageData.__post_init__ = None",
        "layer.__class__ = Ours",
        "import sys\nsys.modules['mitmproxy.addons'] = x",
        "object.__setattr__(server, 'address', 1)",
        "from mitmproxy.proxy import mode_servers\nsetattr(mode_servers, 'X', 1)",
    ],
)
def test_ways_around_the_register_are_seen(text: str) -> None:
    """The next test would find a patch by hand, however it is made."""
    assert list(changes(ast.parse(text)))


def test_nothing_is_changed_beside_the_register() -> None:
    """Only the register's own package replaces, adopts or forces anything of mitmproxy."""
    folder = ROOT / "proxy"
    found = {
        str(path.relative_to(folder)): list(changes(ast.parse(path.read_text())))
        for path in folder.rglob("*.py")
        if path.parent.name != "mitmproxy_patches"
    }
    assert {name: made for name, made in found.items() if made} == {}


def test_what_is_not_registered_cannot_be_changed() -> None:
    """A change that nobody wrote down does not take place."""
    before = http.Response.make
    changes: tuple[Callable[[], object], ...] = (
        lambda: replace(http.Response, "make", None),
        lambda: force(tflow.tflow().request, "host", "x"),
        lambda: adopt(tflow.tflow(), http.HTTPFlow, object),
        lambda: replace(http, "Message", None),
    )
    for change in changes:
        with pytest.raises(LookupError, match="register"):
            change()
    assert http.Response.make == before


def test_only_exactly_their_class_is_adopted() -> None:
    """A layer that is ours already, or another one, stays what it is."""

    class Ours(HttpLayer):
        pass

    layers = [object.__new__(HttpLayer), object.__new__(Ours), object.__new__(TCPLayer)]
    for layer in layers:
        adopt(layer, HttpLayer, Ours)
    assert [type(layer) for layer in layers] == [Ours, Ours, TCPLayer]


def test_messages_are_not_checked_for_field_types() -> None:
    """A message of the gate's own process costs no check of what mitmproxy's readers have made."""
    in_our_own_process()
    data = http.Response.make(200).data
    misfit: Any = "text where bytes are meant"
    changed = type(data)(**{**vars(data), "reason": misfit})
    assert changed.reason == misfit


def test_the_address_that_was_named_stands_again_on_an_open_connection() -> None:
    """Where a connection was diverted, it is found again by the name that the client has used."""
    routes = Routes([parse_route("files.example:443:127.0.0.1:8443")])
    server = Server(address=("files.example", 443))
    routes.divert(server)
    assert server.address == ("127.0.0.1", 8443)
    server.state = ConnectionState.OPEN
    with pytest.raises(RuntimeError, match="open connection"):
        server.address = ("files.example", 443)
    routes.restore(server)
    assert server.address == ("files.example", 443)


async def test_what_waits_for_the_far_sides_window_is_counted_and_waited_for() -> None:
    """A body goes on to an HTTP/2 server no faster than that takes it."""
    sending = BufferedH2Connection(H2Configuration(client_side=True))
    sending.initiate_connection()
    sending.send_headers(
        1, [(":method", "PUT"), (":path", "/"), (":scheme", "https"), (":authority", "a")]
    )
    sending.send_data(1, b"x" * (FAR_SIDE_BYTES + 100_000))

    class Layer:
        child_layer = None
        h2_conn = sending

    assert (
        backlog_of(Layer())
        == FAR_SIDE_BYTES + 100_000 - sending.remote_settings.initial_window_size
    )
    assert backlog_of(None) == 0

    flow = tflow.tflow()
    flow.server_conn.state = ConnectionState.OPEN
    transaction = bind(flow, Transaction("a"))
    transaction.travel.backlog = lambda: backlog_of(Layer())
    waiting = asyncio.ensure_future(taken(flow))
    for _ in range(3):
        await asyncio.sleep(0)
    assert not waiting.done()
    sending.stream_buffers.clear()
    async with asyncio.timeout(PATIENT_S):
        await waiting


def test_the_gate_makes_no_authority_of_its_own(tmp_path: Path, monkeypatch: Any) -> None:
    """mitmproxy's own authority is neither created nor asked: leaves come from Outgate's."""
    monkeypatch.setenv("HOME", str(tmp_path))
    tls = GateTls(lambda host: pytest.fail(f"not asked for {host}"), tmp_path / "chain.pem")
    tls.running()
    tls.configure({"confdir"})
    tls.request(tflow.tflow())
    assert list(tmp_path.iterdir()) == []


def test_the_register_is_read_without_mitmproxy() -> None:
    """Who looks something up in the register needs nothing but the register."""
    assert "mitmproxy" not in {name for name in vars(mitmproxy_patches) if name.islower()}
