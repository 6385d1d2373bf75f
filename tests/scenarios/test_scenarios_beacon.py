"""The beacon under `outgate run`: lines of tasks, and a program that cannot tell that it is
there.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from attribution.beacon.folder import beacon_folder, with_beacon
from tests.scenarios.conftest import Outgate

CLIENTS = {
    "httpx": (
        """
import httpx
def client(): return httpx.AsyncClient(timeout=30)
async def ask(c, n): await c.post(f"https://files.example/up/{n}", content=BODY)
"""
    ),
    "aiohttp": (
        """
import aiohttp
def client(): return aiohttp.ClientSession(trust_env=True)
async def ask(c, n): await (await c.post(f"https://files.example/up/{n}", data=BODY)).read()
"""
    ),
    "openai": (
        """
import openai
def client(): return openai.AsyncOpenAI(base_url="https://files.example/up", api_key="k", max_retries=0)
async def ask(c, n):
    try: await c.post(f"/{n}", body={"text": BODY.decode()}, cast_to=object)
    except openai.APIError: pass
"""
    ),
}
MAIN = """
import asyncio
BODY = b"iban DE90871318609139099603"
async def one(c, n):
    await asyncio.sleep(0.01 * (n % 3))
    await ask(c, n)  # line one
async def two(c, n):
    await asyncio.gather(*(ask(c, m) for m in (n, n + 1000)))  # line two
async def main():
    async with client() as c:
        await asyncio.gather(*((one if n % 2 else two)(c, n) for n in range(12)))
asyncio.run(main())
"""


TRIES = 4
"""On a machine that is busy with other things, lines may come too late for their records: missing
then, and never wrong.
"""


def lines_of(records: Any) -> dict[int, tuple[str, int, str, str] | None]:
    """Return the line of each request by the number in its path. A gate tells as well of whatever
    Python of its user goes past it, as another test's may at this moment.
    """
    found = {}
    for record in records:
        if record["destination"]["host"] != "files.example":
            continue
        line = record["sender"]["line"]
        number = int(record["destination"]["path"].rpartition("/")[2])
        found[number] = line and (line["file"], line["line"], line["function"], line["certainty"])
    return found


@pytest.mark.parametrize("name", CLIENTS)
def test_each_task_of_an_event_loop_is_traced_to_its_own_line(outgate: Outgate, name: str) -> None:
    """Many tasks at once: the record of each request names the line that asked for it, as likely:
    it is the sender's word.
    """
    text = CLIENTS[name] + MAIN
    script = outgate.script("job.py", text)
    marked = [
        n
        for n, line in enumerate(text.splitlines(), 1)
        if "await c.post" in line or "await (await" in line
    ]
    told: list[tuple[str, int, str, str]] = []
    for _ in range(TRIES):
        done = outgate.run(sys.executable, str(script), options=("--json",))
        assert done.returncode == 0, done.stderr
        found = lines_of(outgate.records())
        assert len(found) == 18
        told = [line for line in found.values() if line is not None]
        assert set(told) <= {(str(script), marked[0], "ask", "likely")}
        if len(told) >= 16:
            break
    assert len(told) >= 16
    assert not (outgate.home / "beacons").exists()


def test_tasks_have_no_line_without_the_beacon(outgate: Outgate) -> None:
    """Who does not want the beacon gets none: nothing is on the import path, and a task's line
    stays unknown.
    """
    text = CLIENTS["httpx"] + MAIN + "\nimport os; print(os.environ.get('PYTHONPATH'))\n"
    script = outgate.script("job.py", text)
    done = outgate.run(sys.executable, str(script), options=("--json", "--no-beacon"))

    assert done.returncode == 0, done.stderr
    assert "beacons" not in done.stdout
    assert set(lines_of(outgate.records()).values()) == {None}


LOOK_AROUND = """
import sys, os, warnings, threading, traceback, inspect
print("sitecustomize" in sys.modules, [p for p in sys.path if "beacons" in p], sys.argv, sys.flags)
print(sorted(m for m in sys.modules if "outgate" in m), sys.meta_path, sys.gettrace(), sys.getprofile())
print(sorted(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else "")
print(threading.enumerate(), "ssl" in sys.modules, "hashlib" in sys.modules, "re" in sys.modules)
import ssl
o = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="a")
def ask(data):
    try: o.write(data)
    except Exception as error: print(type(error), traceback.format_exc())
ask(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
ask(3)
ask(memoryview(b""))
ask(b"A")
print(inspect.getsource(ssl.SSLObject.write)[:40], inspect.signature(ssl.SSLObject.write))
"""


def ran(tmp_path: Path, words: list[str], path: Path | None, **more: str) -> tuple[Any, ...]:
    """Run Python with these words, with or without the beacon; return what can be seen of it."""
    plain = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | more
    environment = plain if path is None else with_beacon(plain, path)
    done = subprocess.run(
        [sys.executable, *words], env=environment, cwd=tmp_path, capture_output=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["job.py", "a", "b"],
        ["-m", "job"],
        ["."],
        ["-W", "error", "-X", "dev", "-X", "warn_default_encoding", "job.py"],
        ["-I", "job.py"],
        ["-E", "job.py"],
        ["-S", "job.py"],
        ["-P", "job.py"],
        ["-O", "job.py"],
        ["-c", "import sys; print(sys.argv, sys.path); 1/0"],
        ["-c", "import sys; sys.exit('bye')"],
        ["-c", "import os; os._exit(3)"],
        ["-c", "import os, signal; os.kill(os.getpid(), signal.SIGTERM)"],
        [
            "-c",
            (
                "import multiprocessing as m; m.set_start_method('spawn'); print(m.Pool(2).map(abs,"
                " [-1, 2]))"
            ),
        ],
        ["-c", "import os; p = os.fork(); p and os.waitpid(p, 0); import ssl; print(bool(p))"],
        ["-c", "import sys; print([sys.monitoring.get_tool(n) for n in (0, 1, 2, 5)])"],
        [
            "-c",
            "import sys; sys.settrace(lambda f, e, a: print(f.f_code.co_filename, e)); import ssl",
        ],
    ],
)
def test_a_program_cannot_tell_that_it_is_there(tmp_path: Path, words: list[str]) -> None:
    """Output, errors, warnings, exit code, import path and modules of a program are the same with
    the beacon.
    """
    for name in ("job.py", "__main__.py"):
        (tmp_path / name).write_text(LOOK_AROUND)
    with beacon_folder(tmp_path / "beacons") as path:
        ran(tmp_path, words, path)  # the first one compiles
        assert ran(tmp_path, words, path) == ran(tmp_path, words, None)
    assert not (tmp_path / "beacons").exists()


@pytest.mark.parametrize("own", ["print('own one', __name__)", "1/0", "import nosuch", ""])
def test_the_users_own_customisation_still_runs(tmp_path: Path, own: str) -> None:
    """A sitecustomize of the user's or the distribution's own runs as before, with its faults."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "sitecustomize.py").write_text(own)
    words = ["-c", "import sys; print(sys.modules.get('sitecustomize'), sys.path)"]
    theirs = str(tmp_path / "own")
    with beacon_folder(tmp_path / "beacons") as path:
        mixed = f"{path}{os.pathsep}{theirs}"
        assert ran(tmp_path, words, None, PYTHONPATH=mixed) == ran(
            tmp_path, words, None, PYTHONPATH=theirs
        )


def test_other_tools_find_their_numbers_free(tmp_path: Path) -> None:
    """Debuggers, coverage and profilers watch by numbers of their own: the beacon takes none of
    those.
    """
    taking = "import sys\nfor n in (0, 1, 2, 5): sys.monitoring.use_tool_id(n, 'theirs')\n"
    (tmp_path / "job.py").write_text(taking + LOOK_AROUND)
    with beacon_folder(tmp_path / "beacons") as path:
        assert ran(tmp_path, ["job.py"], path) == ran(tmp_path, ["job.py"], None)


def test_a_folder_left_by_a_killed_run_is_swept(tmp_path: Path) -> None:
    """What a killed run left behind is removed by the next one; that of a living one is not."""
    root = tmp_path / "beacons"
    dead, living = root / "999999999-ab", root / f"{os.getppid()}-cd"
    for folder in (dead, living):
        (folder / "records").mkdir(parents=True)
    with beacon_folder(root) as path:
        assert not dead.exists()
        assert living.exists()
        assert {p.stat().st_mode & 0o777 for p in (path, path.parent)} == {0o700}
    assert [entry.name for entry in root.iterdir()] == [living.name]


FORGING = """
import glob, os, sys, urllib.request
[place] = glob.glob(os.environ["OUTGATE_HOME"] + f"/beacons/*/records/{os.getpid()}")
mark = open("/proc/self/stat").read().rpartition(")")[2].split()[19]
with open(place, "w") as file:
    words = [w.encode().hex() for w in (os.path.abspath("approved.py"), os.getcwd(), sys.prefix)]
    file.write(f"S {mark} {words[0]} {'a' * 64} {words[1]} {words[2]} 3.13.0\\n")
urllib.request.urlopen("https://files.example/up", data=b"x", timeout=30)
"""


def test_a_forged_beacon_borrows_no_name(outgate: Outgate) -> None:
    """A script that forges its beacon to look like an approved one keeps its own name, which is
    doubtful from then on.
    """
    outgate.script("approved.py", "")
    script = outgate.script("evil.py", FORGING)
    done = outgate.run(sys.executable, str(script))

    assert done.returncode == 0, done.stderr
    [record] = outgate.records()
    sender = record["sender"]
    assert (sender["certainty"], sender["script"]["path"]) == ("likely", str(script))
    assert sender["reason"] == "its own beacon names another program"
