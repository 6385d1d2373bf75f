"""Programs that pose as nobody: a record that is never EXACT would pass every attack."""

import subprocess
import sys
from pathlib import Path

from benchmarks.attribution_attacks.arena import (
    SEND_FROM_WITHIN,
    Arena,
    Attack,
    attack,
    interpreter,
    named,
    settled,
)


@attack
def honest_and_absolute(arena: Arena) -> None:
    arena.python(str(arena.write("job.py")))


@attack
def honest_and_relative(arena: Arena) -> None:
    arena.write("sub/job.py")
    arena.python("sub/job.py")


@attack
def honest_in_a_virtual_environment(arena: Arena) -> None:
    arena.write("job.py")
    interpreter = arena.folder / "venv/bin/python"
    interpreter.parent.mkdir(parents=True)
    interpreter.symlink_to(Path(sys.executable).resolve())
    (arena.folder / "venv/pyvenv.cfg").write_text(f"home = {Path(sys.base_prefix) / 'bin'}\n")
    arena.run("venv/bin/python", "job.py")


@attack
def honest_and_busy(arena: Arena) -> None:
    body = """
import threading
def spin():
    while True:
        sum(range(1000))
for _ in range(3):
    threading.Thread(target=spin, daemon=True).start()
ask(dial())
"""
    arena.write("job.py", body)
    arena.python("job.py")


@attack
def honest_and_deep(arena: Arena) -> None:
    body = """
def deep(n):
    return deep(n - 1) if n else ask(dial())
deep(300)
"""
    arena.write("job.py", body)
    arena.python("job.py")


@attack
def honest_by_select(arena: Arena) -> None:
    body = "import select\ns = dial(); tell(s); select.select([s], [], [], 20); s.recv(100)\n"
    arena.write("job.py", body)
    arena.python("job.py")


@attack
def honest_by_an_event_loop(arena: Arena) -> None:
    body = """
import asyncio
async def main():
    reader, writer = await asyncio.open_connection("127.0.0.1", int(os.environ["GATE_PORT"]))
    told = json.dumps(TRUTH | {"pid": os.getpid()}).encode()
    writer.write(b"POST / HTTP/1.1\\r\\nX-Truth: " + told + b"\\r\\n\\r\\n")
    await reader.read(100)
asyncio.run(main())
"""
    arena.write("job.py", body)
    arena.python("job.py")


def _called(*words: str) -> Attack:
    def make(arena: Arena) -> None:
        arena.write("job.py")
        arena.write("pkg/__init__.py", "")
        arena.write("pkg/sub.py")
        arena.write("pkg/__main__.py")
        # What Python compiles at the start may as well have been another program then.
        arena.python(*words, env={"PYTHONDONTWRITEBYTECODE": "1"})

    return make


WORDS = (
    ("-X", "dev", "job.py"),
    ("-I", "job.py"),
    ("-Ebbs", "job.py", "-m", "other"),
    ("-W", "ignore", "job.py"),
    ("-mpkg.sub",),
    ("-m", "pkg.sub"),
    ("-m", "pkg"),
    ("pkg",),
    ("pkg/sub.py",),
    ("-u", "./pkg/../job.py"),
)
for _words in WORDS:
    named(f"honest: python {' '.join(_words)}", _called(*_words))


@attack
def honest_module_compiled_before(arena: Arena) -> None:
    import py_compile

    py_compile.compile(str(arena.write("job.py")))
    settled()
    arena.python("-m", "job")


@attack
def honest_child_of_another_script(arena: Arena) -> None:
    arena.write("child.py")
    body = "import subprocess\nsubprocess.run([sys.executable, 'child.py'])\n"
    arena.write("parent.py", body)
    arena.python("parent.py")


@attack
def honest_in_a_namespace_of_processes(arena: Arena) -> None:
    """What is there is the first process to itself, and another one here."""
    job = arena.write("job.py", SEND_FROM_WITHIN)
    arena.run("unshare", "--pid", "--fork", interpreter(), str(job))


def _worker(method: str) -> Attack:
    def make(arena: Arena) -> None:
        body = f"""
import multiprocessing
def work():
    ask(dial())
if __name__ == "__main__":
    worker = multiprocessing.get_context("{method}").Process(target=work)
    worker.start(); worker.join()
"""
        arena.write("job.py", body)
        arena.python("job.py")

    return make


for _method in ("fork", "spawn", "forkserver"):
    named(f"a worker by {_method}", _worker(_method))


@attack
def read_from_a_pipe(arena: Arena) -> None:
    job = arena.write("job.py")
    arena.python("-", stdin=subprocess.Popen(["cat", str(job)], stdout=subprocess.PIPE).stdout)


NAMES = frozenset(
    {
        "honest_and_absolute",
        "honest_and_relative",
        "honest_in_a_namespace_of_processes",
        "honest_in_a_virtual_environment",
        "honest_and_busy",
        "honest_and_deep",
        "honest_by_select",
        "honest_by_an_event_loop",
        "honest_child_of_another_script",
        "honest_module_compiled_before",
        *(f"honest: python {' '.join(words)}" for words in WORDS),
    }
)
"""These must be EXACT."""
