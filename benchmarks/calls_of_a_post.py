"""Calls of one small POST on the gate's event loop, by module: a figure that no load changes.

    python benchmarks/calls_of_a_post.py [--posts 50] [--functions 25] [--tree CHECKOUT] [--steps]

A gate runs with the fakes of tests/proxy (nobody is attributed, nothing is found or written), so
that what is counted is proxy/, mitmproxy, TLS and asyncio: each call of Python and of C, and each
time a generator goes on, on the thread of the loop, while so many posts pass over one kept
connection. To compare checkouts, run it for each.

With `--steps` each instruction of Python's is counted instead: a call may hide much or little.
"""

import argparse
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


class Calls:
    """Counts calls by (file, function) while it is switched on; those of C under their caller."""

    def __init__(self) -> None:
        self.on = False
        self.found: Counter[tuple[str, str]] = Counter()

    def __call__(self, frame: FrameType, event: str, called: Any) -> None:
        if not self.on:
            return
        code = frame.f_code
        if event == "call":
            self.found[code.co_filename, code.co_qualname] += 1
        elif event == "c_call":
            self.found[code.co_filename, f"{code.co_qualname} > {called.__name__}"] += 1


class Steps(Calls):
    """Counts instructions by (file, function) on one thread while it is switched on."""

    def begin(self, thread: int) -> None:
        """Count those of this thread."""
        watch = sys.monitoring

        def step(code: CodeType, _: int) -> None:
            if self.on and threading.get_ident() == thread:
                self.found[code.co_filename, code.co_qualname] += 1

        watch.use_tool_id(watch.PROFILER_ID, "steps")
        watch.register_callback(watch.PROFILER_ID, watch.events.INSTRUCTION, step)
        watch.set_events(watch.PROFILER_ID, watch.events.INSTRUCTION)

    @staticmethod
    def end() -> None:
        """Count no more."""
        sys.monitoring.free_tool_id(sys.monitoring.PROFILER_ID)


def follow(gate: Any, calls: Calls, posts: int) -> None:
    """Send some posts to warm the gate up, then those that are counted."""
    import http.client

    talk = http.client.HTTPConnection("files.example")
    talk.sock = gate.connect("files.example")
    for number in range(posts + 20):
        calls.on = number >= 20
        talk.request("POST", "/v1/x", b'{"text": "a small post"}', {"Accept": "application/json"})
        talk.getresponse().read()
    calls.on = False
    talk.close()


def short(path: str, tree: Path) -> str:
    """Return the path of a file below its library."""
    for mark in ("/site-packages/", "/python3.13/", f"{tree}/"):
        if mark in path:
            return path.rpartition(mark)[2]
    return path


def main() -> None:
    """Print the figures of one POST."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--posts", type=int, default=50)
    parser.add_argument("--functions", type=int, default=25, help="how many are printed")
    parser.add_argument("--tree", type=Path, default=ROOT)
    parser.add_argument("--steps", action="store_true", help="count instructions, not calls")
    options = parser.parse_args()
    tree: Path = options.tree.resolve()
    sys.path[:0] = [str(tree)]
    from benchmarks.way_of_a_post import fakes

    module, calls = fakes(), Steps() if options.steps else Calls()
    with (
        tempfile.TemporaryDirectory() as folder,
        module.StandInInternet(Path(folder) / "internet") as internet,
    ):
        count(module, Path(folder), internet, calls, options.posts)
    report(calls, tree, options)


def count(module: Any, folder: Path, internet: Any, calls: Calls, posts: int) -> None:
    """Run a gate, and count what its loop's thread does for these posts."""
    before = set(threading.enumerate())
    if not isinstance(calls, Steps):  # what runs already, as the stand-in, is not counted
        threading.setprofile(calls)
    gate, stop = module._start(folder, internet, module.Limits())
    threading.setprofile(None)
    if isinstance(calls, Steps):
        loop = next(one for one in threading.enumerate() if one not in before)
        assert loop.ident is not None
        calls.begin(loop.ident)
    follow(gate, calls, posts)
    if isinstance(calls, Steps):
        calls.end()
    stop()


def report(calls: Calls, tree: Path, options: argparse.Namespace) -> None:
    """Print the sums by room, and the functions that count most."""
    rooms: Counter[str] = Counter()
    for (path, _), count in calls.found.items():
        rooms["/".join(short(path, tree).split("/")[:2])] += count
    what = "instructions" if options.steps else "calls"
    print(f"{what} of a post: {calls.found.total() / options.posts:.0f}")
    for room, count in rooms.most_common(12):
        print(f"{count / options.posts:8.1f}  {room}")
    print()
    for (path, name), count in calls.found.most_common(options.functions):
        print(f"{count / options.posts:8.1f}  {short(path, tree)} {name}")


if __name__ == "__main__":
    main()
