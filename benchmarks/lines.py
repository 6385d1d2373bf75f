"""Measures lines of code under `outgate run`, client by client against what each request says
itself, and the beacon's cost.

Usage: `python benchmarks/lines.py [--requests 60] [--pythons PATH ...]`. Prints a Markdown table;
exits 1 when a line was wrong. Every request is flagged, so the line of each is asked for.
`--pythons`: further interpreters, for blocking clients of the standard library.
"""

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)

from app.demo.internet import StandInInternet  # noqa: E402
from attribution.beacon.folder import beacon_folder, with_beacon  # noqa: E402
from evidence import open_store  # noqa: E402

PLACES = 5
URL = 'f"https://files.example/up/{K}/{n}"'
SYNC = {
    "urllib": ("import urllib.request as u", f"u.urlopen({URL}, data=BODY, timeout=60).read()"),
    "http.client": (
        "import http.client as h, os, ssl, urllib.parse as p",
        (
            "c = h.HTTPSConnection(p.urlparse(os.environ['HTTPS_PROXY']).netloc, timeout=60,"
            " context=ssl.create_default_context(cafile=os.environ['SSL_CERT_FILE']));"
            f" c.set_tunnel('files.example', 443); c.request('POST', {URL}, BODY);"
            " c.getresponse().read()"
        ),
    ),
    "requests": ("import requests as r", f"r.post({URL}, data=BODY, timeout=60)"),
    "requests session": (
        "import requests; s = requests.Session()",
        f"s.post({URL}, data=BODY, timeout=60)",
    ),
    "httpx": ("import httpx as x; c = x.Client(timeout=60)", f"c.post({URL}, content=BODY)"),
    "openai": (
        (
            "import openai; c = openai.OpenAI(base_url='https://files.example', api_key='k',"
            " max_retries=0)"
        ),
        "c.post(f'/up/{K}/{n}', body={'t': BODY.decode()}, cast_to=object)",
    ),
    "anthropic": (
        (
            "import anthropic; c = anthropic.Anthropic(base_url='https://files.example',"
            " api_key='k', max_retries=0)"
        ),
        "c.post(f'/up/{K}/{n}', body={'t': BODY.decode()}, cast_to=object)",
    ),
}
ASYNC = {
    "httpx": (
        "import httpx as x; C = lambda: x.AsyncClient(timeout=60)",
        f"await c.post({URL}, content=BODY)",
    ),
    "aiohttp": (
        "import aiohttp; C = lambda: aiohttp.ClientSession(trust_env=True)",
        f"await (await c.post({URL}, data=BODY)).read()",
    ),
    "openai": (
        (
            "import openai; C = lambda: openai.AsyncOpenAI("
            "base_url='https://files.example', api_key='k', max_retries=0)"
        ),
        "await c.post(f'/up/{K}/{n}', body={'t': BODY.decode()}, cast_to=object)",
    ),
    "anthropic": (
        (
            "import anthropic; C = lambda: anthropic.AsyncAnthropic("
            "base_url='https://files.example', api_key='k', max_retries=0)"
        ),
        "await c.post(f'/up/{K}/{n}', body={'t': BODY.decode()}, cast_to=object)",
    ),
}


def program(start: str, call: str, requests: int, *, tasks: int = 0, threads: int = 1) -> str:
    """Return a script that sends from PLACES functions in turn; `tasks` at once under an event
    loop, if any.
    """
    lines = ["BODY = b'iban DE90871318609139099603'", start]
    for place in range(PLACES):
        word = "async def" if tasks else "def"
        arguments = "c, n" if tasks else "n"
        lines += [f"{word} f{place}({arguments}):", "    try: " + call.replace("{K}", str(place))]
        lines += ["    except Exception as e:", "        if 'JSON' not in repr(e): raise"]
    lines.append(f"F = [{', '.join(f'f{p}' for p in range(PLACES))}]")
    if tasks:
        lines += [
            "import asyncio",
            "async def main():",
            "    async with C() as c:",
            f"        for n in range(0, {requests}, {tasks}):",
            (
                f"            await asyncio.gather(*(F[m % {PLACES}](c, m) for m in range(n, n +"
                f" {tasks})))"
            ),
            "asyncio.run(main())",
        ]
    elif threads > 1:
        lines += [
            "from concurrent.futures import ThreadPoolExecutor as T",
            f"with T({threads}) as t: list(t.map(lambda n: F[n % {PLACES}](n), range({requests})))",
        ]
    else:
        lines.append(f"for n in range({requests}): F[n % {PLACES}](n)")
    return "\n".join(lines) + "\n"


def judged(home: Path, script: Path, after: int) -> tuple[Counter[str], int]:
    """Return how many lines of the newest records were right, likely, unknown and wrong; and how
    many records there are.
    """
    text = script.read_text().splitlines()
    at = {p: next(i for i, t in enumerate(text, 1) if f"def f{p}(" in t) + 1 for p in range(PLACES)}
    store = open_store(home / "evidence.db")
    records = [entry.exported() for entry in store.iter_entries()]
    found: Counter[str] = Counter()
    for record in records[after:]:
        if "destination" not in record:
            continue  # an observation
        said = re.search(r"/up/(\d+)/", record["destination"]["path"])
        line = record["sender"]["line"]
        if said is None:
            continue
        if line is None:
            found["unknown"] += 1
        elif (line["file"], line["line"]) == (str(script), at[int(said[1])]):
            found[line["certainty"]] += 1
        else:
            found["wrong"] += 1
    return found, len(records)


def run(folder: Path, script: Path, internet: StandInInternet, python: str, *extra: str) -> None:
    """Run the script behind a private gate."""
    root = folder / "root.pem"
    root.write_bytes(internet.authority.root_pem())
    routes = [word for route in internet.routes for word in ("--connect-to", route)]
    command = [sys.executable, "-m", "app.cli", "run", "-q", "--upstream-ca", str(root), *routes]
    kept = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    environment = kept | {"OUTGATE_HOME": str(folder / "home"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*command, *extra, "--", python, str(script)],
        check=False,
        env=environment,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        print(f"{script.name}: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)


def cost() -> tuple[float, float]:
    """Return what the beacon costs: CPU milliseconds at the start, microseconds for each request's
    head.
    """
    plain = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    head = b"POST /up/1 HTTP/1.1\r\nHost: files.example\r\nContent-Length: 12\r\n\r\n"
    timed = (
        "import ssl, time\n"
        "o = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO())\n"
        "def f():\n    try: o.write(D)\n    except ssl.SSLError: pass\n"
        f"D = {head!r}\nbest = 1e9\n"
        "for _ in range(20):\n    t = time.process_time()\n    for _ in range(500): f()\n"
        "    best = min(best, time.process_time() - t)\nprint(best / 500 * 1e6)\n"
    )

    def started(environment: dict[str, str]) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", "pass"], env=environment, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1e3

    def per_request(environment: dict[str, str]) -> float:
        command = [sys.executable, "-c", timed]
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        return float(done.stdout)

    with tempfile.TemporaryDirectory() as folder, beacon_folder(Path(folder) / "beacons") as path:
        beacon = with_beacon(plain, path)
        started(beacon)
        starts = [started(beacon) - started(plain) for _ in range(40)]
        return statistics.median(starts), per_request(beacon) - per_request(plain)


PROGRAMS = {
    "prints": "import sys; print('a', flush=True); print('b', file=sys.stderr)",
    "fails": "raise ValueError('no')",
    "exits": "raise SystemExit(7)",
    "is killed": "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
    "lists its modules": "import sys; print(sorted(m for m in sys.modules if 'outgate' in m))",
    "lists its path": "import sys; print(len(sys.path), sys.flags, sys.argv)",
    "ends in a thread": "import threading; threading.Thread(target=lambda: 1 / 0).start()",
    "runs a child": "import subprocess as s, sys; print(s.run([sys.executable, '-c', 'print(1)']))",
}


def effects() -> list[str]:
    """Return which of these programs writes, or ends, otherwise with the beacon."""
    plain = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}

    def told(text: str, environment: dict[str, str]) -> tuple[int, str, str]:
        words = [sys.executable, "-c", text]
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    with tempfile.TemporaryDirectory() as folder, beacon_folder(Path(folder) / "beacons") as path:
        beacon = with_beacon(plain, path)
        return [name for name, text in PROGRAMS.items() if told(text, plain) != told(text, beacon)]


def beacon() -> int:
    """Print what the beacon costs and changes; return 1 where that is more than it may."""
    start_ms, request_us = cost()
    changed = effects()
    print(
        f"Beacon: {start_ms:.1f} ms CPU at the start (bar 10), {request_us:.1f} µs for each"
        f" request's head (bar 10); {len(PROGRAMS) - len(changed)} of {len(PROGRAMS)} programs write"
        f" and end as without it{', not: ' + ', '.join(changed) if changed else ''}"
    )
    return int(start_ms > 10 or request_us > 10 or bool(changed))


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=60)
    parser.add_argument("--pythons", nargs="*", default=[])
    options = parser.parse_args()
    wrong = under_run(options.requests, options.pythons)
    beacon()
    return int(wrong > 0)


def under_run(n: int, pythons: Sequence[str] = ()) -> int:
    """Print which lines were told, client by client; return how many were wrong."""
    here = sys.executable
    jobs: list[tuple[str, str, str, tuple[str, ...]]] = [
        (f"{name}", program(*parts, n), here, ()) for name, parts in SYNC.items()
    ]
    jobs += [
        (f"{name}, 4 threads", program(*SYNC[name], n, threads=4), here, ())
        for name in ("requests", "httpx")
    ]
    jobs += [("requests, no beacon", program(*SYNC["requests"], n), here, ("--no-beacon",))]
    jobs += [(f"urllib, {p}", program(*SYNC["urllib"], n), p, ()) for p in pythons]
    jobs += [(f"asyncio {name}", program(*p, n, tasks=15), here, ()) for name, p in ASYNC.items()]
    totals: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    print("| client | exact | likely | unknown | wrong |\n|---|---|---|---|---|")
    with (
        tempfile.TemporaryDirectory() as name,
        StandInInternet(Path(name) / "internet") as internet,
    ):
        folder, seen = Path(name), 0
        (folder / "home").mkdir(mode=0o700)
        for number, (client, text, python, extra) in enumerate(jobs):
            script = folder / f"job{number}.py"
            script.write_text(text)
            run(folder, script, internet, python, *extra)
            found, seen = judged(folder / "home", script, seen)
            totals[client.startswith("asyncio")] += found
            cells = " | ".join(str(found[w]) for w in ("exact", "likely", "unknown", "wrong"))
            print(f"| {client} | {cells} |", flush=True)
    for is_async, found in totals.items():
        right, all_of_them = found["exact"] + found["likely"], found.total()
        kind = "asyncio" if is_async else "blocking"
        share = 100 * right / max(1, all_of_them)
        print(
            f"| **{kind}: {right} of {all_of_them} right ({share:.1f} %)** | | | |"
            f" {found['wrong']} |"
        )
    wrong = sum(found["wrong"] for found in totals.values())
    print(json.dumps({"wrong": wrong}), file=sys.stderr)
    return wrong


if __name__ == "__main__":
    sys.exit(main())
