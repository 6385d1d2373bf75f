"""The process whose imports are done: it is asked for a command of `outgate` and forks one, in a
tenth of the time that a new interpreter takes. Started by `warm_commands`; `argv[1]` is where it
listens.
"""

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import struct
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RULE_PACK = ROOT / ".pytest_cache/d/outgate-rule-pack"
"""Where `tests/conftest.py` keeps the compiled rules of all runs."""
HEAD = struct.Struct("!I")
"""The length of an order, which is JSON."""
NUMBER = struct.Struct("!i")
"""A process id, and later what `waitpid` says of it."""
FIRST = ("app.cli", "app.client", "app.gate_assembly", "app.service", "app.mitmproxy_addon")
"""What is imported before the first command is asked for; what commands import besides is learnt
from them.
"""


def serve(place: str, learnt: Path) -> None:
    """Fork one child for each order; returns in the children only, which then are that command."""
    for name in FIRST:
        importlib.import_module(name)
    _warm_engines()
    gc.collect()
    gc.freeze()
    waking, woken = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(waking, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    door = socket.socket(socket.AF_UNIX)
    door.bind(place)
    door.listen(64)
    asking: dict[int, socket.socket] = {}
    while True:
        ready, _, _ = select.select([door, waking, sys.stdin], [], [])
        if sys.stdin in ready:  # whoever started us has ended
            shutil.rmtree(learnt.parent)
            os._exit(0)
        if waking in ready:
            os.read(waking, 4096)
            _tell_ends(asking)
            _learn(learnt)
        if door in ready:
            caller = door.accept()[0]
            order, given = _order(caller)
            child = os.fork()
            if not child:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _become(order, given)
                return
            for number in given:
                os.close(number)
            caller.sendall(NUMBER.pack(child))
            asking[child] = caller


def _warm_engines() -> None:
    """Do what each gate would do again as it starts: compile the patterns of its rules, and load
    what tells persons.
    """
    from classifiers.codecs import linear
    from classifiers.credentials.engines import engine, pack
    from classifiers.credentials.rules.own import own_rules
    from classifiers.personal.detector import PersonalDetector

    engine.regex = functools.cache(engine.regex)
    (pack.load(RULE_PACK) or engine.Engine(own_rules())).warm()
    PersonalDetector().warm()
    linear.warm()


def _learn(learnt: Path) -> None:
    """Import what commands needed that have ended."""
    try:
        names = learnt.read_text().split()
    except FileNotFoundError:
        return
    learnt.unlink()
    for name in names:
        importlib.import_module(name)
    gc.freeze()


def tell_modules(learnt: Path, before: frozenset[str]) -> None:
    """Tell, at the end of a command, which modules of this project it imported."""
    more = [name for name in sys.modules.keys() - before if _is_of_this_project(name)]
    if more:
        with learnt.open("a") as file:
            file.write("".join(f"{name}\n" for name in more))


def _is_of_this_project(name: str) -> bool:
    top = ROOT / name.partition(".")[0]
    return (top / "__init__.py").exists()


def _order(caller: socket.socket) -> tuple[dict[str, object], list[int]]:
    head, given, _, _ = socket.recv_fds(caller, HEAD.size, 3)
    (left,) = HEAD.unpack(head)
    text = bytearray()
    while len(text) < left and (more := caller.recv(left - len(text))):
        text += more
    order: dict[str, object] = json.loads(text)
    return order, given


def _tell_ends(asking: dict[int, socket.socket]) -> None:
    while asking:
        try:
            child, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not child:
            return
        with asking.pop(child) as caller, contextlib.suppress(OSError):  # nobody may wait for it
            caller.sendall(NUMBER.pack(status))


def _become(order: dict[str, object], given: list[int]) -> None:
    """Make this fork what a new interpreter would be that was started with this order."""
    for standard, number in enumerate(given):
        os.dup2(number, standard)
    os.closerange(3, 1024)
    if order["session"]:
        os.setsid()
    os.chdir(str(order["cwd"]))
    os.environ.clear()
    os.environ.update(dict(order["environment"]))  # type: ignore[call-overload]
    sys.argv = [str(ROOT / "app/cli.py"), *list(order["arguments"])]  # type: ignore[call-overload]
    for name, number, mode in (("stdin", 0, "r"), ("stdout", 1, "w"), ("stderr", 2, "w")):
        buffering = 1 if name == "stderr" or os.isatty(number) else -1
        setattr(sys, name, open(number, mode, buffering=buffering, closefd=False))  # noqa: SIM115


def _leave(status: object) -> None:
    """End this fork as an interpreter ends, but for taking its modules apart: that would write to
    each page that it shares with the process it came from.
    """
    threading._shutdown()  # type: ignore[attr-defined]  # threads are waited for, as at every end
    atexit._run_exitfuncs()
    if status is not None and not isinstance(status, int):
        print(status, file=sys.stderr)  # noqa: T201 - what `sys.exit` does with words
        status = 1
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):  # who read it has gone
            status = 120  # as an interpreter says that
    os._exit((status or 0) & 0xFF)


if __name__ == "__main__":
    listening = Path(sys.argv[1])
    serve(str(listening), learnt := listening.with_name("learnt"))
    atexit.register(tell_modules, learnt, frozenset(sys.modules))
    from warm_commands import be_asked

    from app.cli import main

    be_asked(listening)
    try:
        main()
        status: object = None
    except SystemExit as end:
        status = end.code
    _leave(status)
