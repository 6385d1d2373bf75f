"""Calls of one small POST on the gate's event loop, by module: a figure that no load changes.

    python benchmarks/calls_of_a_post.py [--posts 50] [--functions 25] [--tree CHECKOUT]

A gate runs with the fakes of tests/proxy (nobody is attributed, nothing is found or written), so
that what is counted is proxy/, mitmproxy, TLS and asyncio: each call of Python and of C, and each
time a generator goes on, on the thread of the loop, while so many posts pass over one kept
connection. To compare checkouts, run it for each.
"""

import argparse
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path
from types import FrameType
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
    options = parser.parse_args()
    tree: Path = options.tree.resolve()
    sys.path[:0] = [str(tree)]
    from benchmarks.way_of_a_post import fakes

    module, calls = fakes(), Calls()
    threading.setprofile(calls)
    with (
        tempfile.TemporaryDirectory() as folder,
        module.StandInInternet(Path(folder) / "internet") as internet,
    ):
        threading.setprofile(None)  # the stand-in's own threads are not counted
        threading.setprofile(calls)
        gate, stop = module._start(Path(folder), internet, module.Limits())
        threading.setprofile(None)
        follow(gate, calls, options.posts)
        stop()
    rooms: Counter[str] = Counter()
    for (path, _), count in calls.found.items():
        rooms["/".join(short(path, tree).split("/")[:2])] += count
    print(f"calls of a post: {calls.found.total() / options.posts:.0f}")
    for room, count in rooms.most_common(12):
        print(f"{count / options.posts:8.1f}  {room}")
    print()
    for (path, name), count in calls.found.most_common(options.functions):
        print(f"{count / options.posts:8.1f}  {short(path, tree)} {name}")


if __name__ == "__main__":
    main()
