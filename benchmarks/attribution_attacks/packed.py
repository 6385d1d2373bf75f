"""Programs in archives, in folders that they unpack, in programs of their own, and below what other
packages install to run them.
"""

import shutil
import sys
import zipfile
from pathlib import Path

from benchmarks.attribution_attacks.arena import (
    PRELUDE,
    SEND,
    Arena,
    Attack,
    attack,
    interpreter,
    named,
    sends,
    settled,
)
from benchmarks.attribution_attacks.disguises import _compiled

_ARCHIVED = f"{PRELUDE}\nTRUTH = _truth(sys.argv[0])\n{SEND}"


def _archive(path: Path, files: dict[str, str], head: bytes = b"") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(head)
        with zipfile.ZipFile(file, "a") as archive:
            for name, text in files.items():
                archive.writestr(name, text)
    path.chmod(0o755)


@attack
def a_zipapp_that_is_run_by_its_first_line(arena: Arena) -> None:
    head = f"#!{interpreter()}\n".encode()
    _archive(arena.folder / "app", {"__main__.py": _ARCHIVED}, head)
    settled()
    arena.run(str(arena.folder / "app"))


@attack
def a_zipapp_that_is_run_from_its_own_folder(arena: Arena) -> None:
    """`./app`: Python keeps the dot in all that it calls its files."""
    head = f"#!{interpreter()}\n".encode()
    _archive(arena.folder / "app", {"__main__.py": _ARCHIVED}, head)
    settled()
    arena.run("./app")


NAMES = {"a_zipapp_that_is_run_from_its_own_folder"}
"""What is honest among them."""


@attack
def a_zipapp_with_an_entry_in_a_module(arena: Arena) -> None:
    """As `python -m zipapp -m job:main` makes it."""
    module = f"{PRELUDE}\nTRUTH = _truth(sys.argv[0])\ndef main():\n    {SEND}"
    main = "import job\njob.main()\n"
    _archive(arena.folder / "app.pyz", {"__main__.py": main, "job.py": module})
    settled()
    arena.python("app.pyz")


@attack
def an_archive_that_unpacks_itself_and_runs_what_lies_there(arena: Arena) -> None:
    """As shiv does: what was unpacked before stands, whoever wrote it."""
    arena.write("unpacked/job.py", note="written before")
    main = (
        "import os, runpy, sys\nhere = os.path.dirname(os.path.abspath(sys.argv[0]))\n"
        "sys.path.insert(0, here + '/unpacked')\nos.environ['A'] = sys.argv[0]\n"
        "runpy.run_module('job', run_name='__main__', alter_sys=True)\n"
    )
    body = "TRUTH = _truth(os.environ['A'])\n" + SEND
    arena.write("unpacked/job.py", body)
    _archive(arena.folder / "app.pyz", {"__main__.py": main})
    settled()
    arena.python("app.pyz")


@attack
def an_archive_that_becomes_what_it_unpacks(arena: Arena) -> None:
    """As pex does: it runs Python anew with the unpacked program, in the same process."""
    arena.write("unpacked/__main__.py")
    main = "import os, sys\nos.execv(sys.executable, [sys.executable, os.path.abspath('unpacked')])"
    _archive(arena.folder / "app.pex", {"__main__.py": main})
    settled()
    arena.python("app.pex")


@attack
def a_source_that_is_an_archive_as_well(arena: Arena) -> None:
    """What its text says is not what runs; the whole file is what it is named for."""
    good = f"{PRELUDE}\nprint('good')\nraise SystemExit\n"
    _archive(arena.folder / "job.py", {"__main__.py": _ARCHIVED}, good.encode())
    settled()
    arena.python(str(arena.folder / "job.py"))


# --- interpreters in other programs

_INNER = """
import _interpreters
inner = _interpreters.create()
with open({path!r}) as file:
    text = file.read()
code = "__file__ = {path!r}\\n" + text
_interpreters.{call}
"""
_AS_ITSELF = "_interpreters.run_string(inner, code)"
_COMPILED_AS = (
    "run_string(inner, 'exec(compile(' + repr(code) + ', ' + repr({path!r}) + ', \"exec\"))')"
)


def _within(call: str, *, thread: bool) -> Attack:
    def make(arena: Arena) -> None:
        job = arena.folder / "job.py"
        body = "ask(dial(), script=os.environ['ME'], sha256=None, pid=os.getpid())\n"
        good = arena.write("good.py", body, note="good")
        inner = _INNER.format(path=str(good), call=call.format(path=str(good)))
        if thread:
            ran = inner.replace("\n", "\n    ")
            inner = f"import threading\ndef work():{ran}\nt = threading.Thread(target=work)"
            inner += "\nt.start(); t.join()\n"
        arena.data("job.py", inner if sys.version_info[:2] == (3, 13) else f"{PRELUDE}{SEND}")
        arena.python(str(job), env={"ME": str(job)})

    return make


named("another file in an interpreter within", _within("run_string(inner, code)", thread=False))
named("another file by its name in an interpreter within", _within(_COMPILED_AS, thread=False))
named("an interpreter within, in a thread", _within(_COMPILED_AS, thread=True))


def _host(arena: Arena) -> dict[str, str]:
    """Make a copy of the interpreter under another name; return what it needs to run."""
    shutil.copy2(Path(sys.executable).resolve(), arena.folder / "app")
    return {"PYTHONHOME": sys.base_prefix, "LD_LIBRARY_PATH": f"{sys.base_prefix}/lib"}


def _frozen_lookalike(*words: str, name: str, move: str = "", claims: str = "app.py") -> Attack:
    """A program that holds an interpreter runs a compiled file that calls its source like the
    program's own: as it looks where the script is within the program.
    """

    def make(arena: Arena) -> None:
        env = _host(arena)
        truth = {"script": str(arena.folder / name), "sha256": None}
        _compiled(arena, name, f"TRUTH = {truth}\n{move}\n{SEND}", claims)
        settled()
        arena.run("./app", *words, env=env)

    return make


LOOKALIKES = {
    "a compiled file": _frozen_lookalike("job.pyc", name="job.pyc"),
    "a compiled file that is gone": _frozen_lookalike(
        "job.pyc", name="job.pyc", move="os.unlink('job.pyc')"
    ),
    "a compiled file called as data": _frozen_lookalike("data.csv", name="data.csv"),
    "a module": _frozen_lookalike("-m", "job", name="job.pyc"),
    "a folder": _frozen_lookalike("in", name="in/__main__.pyc"),
    "a compiled file behind an option": _frozen_lookalike(
        "-W", "ignore", "job.pyc", name="job.pyc"
    ),
}
for _name, _make in LOOKALIKES.items():
    named(f"a program of another name runs {_name}", _make)


@attack
def a_program_that_is_told_it_was_unpacked_from_another(arena: Arena) -> None:
    """By the variables with which Nuitka's own file starts what it unpacked."""
    env = _host(arena)
    approved = arena.data("approved/app")
    truth = {"script": str(arena.folder / "data.csv"), "sha256": None}
    _compiled(arena, "data.csv", f"TRUTH = {truth}\n{SEND}", "app.py")
    settled()
    told = f"NUITKA_ONEFILE_PARENT=$$ NUITKA_ONEFILE_BINARY={approved}"
    arena.shell(f"export {told}; ./app data.csv; true", env=env)


@attack
def run_by_the_loader(arena: Arena) -> None:
    """The kernel's name of the program is that of the loader of libraries."""
    loader = next(Path("/").glob("lib*/ld-linux*.so*"), None)
    arena.write("job.py")
    python = str(Path(sys.executable).resolve())
    words = [python] if loader is None else [str(loader), python]
    env = {"PYTHONHOME": sys.base_prefix, "LD_LIBRARY_PATH": f"{sys.base_prefix}/lib"}
    arena.run(*words, "job.py", env=env)


# --- below what others install

_RUNS = """import sys
def main():
    path = sys.argv[1]
    with open(path) as file:
        exec(compile(file.read(), path, "exec"), {"__name__": "__main__", "__file__": path})
if __name__ == "__main__":
    main()
"""


def _installed(*words: str) -> Attack:
    """A package that runs whatever it is told to, of which nobody has a list."""

    def make(arena: Arena) -> None:
        import subprocess

        place = arena.folder / "venv"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
        packages = next(place.glob("lib/python3*/site-packages"))
        (packages / "anyrun").mkdir()
        (packages / "anyrun/__init__.py").write_text("")
        (packages / "anyrun/__main__.py").write_text(_RUNS)
        tool = place / "bin/anyrun"
        tool.write_text(
            f"#!{place}/bin/python\nimport sys\nfrom anyrun.__main__ import main\nsys.exit(main())\n"
        )
        tool.chmod(0o755)
        settled()
        arena.write("job.py")
        env = {"PYTHONDONTWRITEBYTECODE": "1"}
        arena.run(*(word.replace("VENV", str(place)) for word in words), env=env)

    return make


named("a runner that nobody knows, by -m", _installed("VENV/bin/python", "-m", "anyrun", "job.py"))
named("a runner that nobody knows, by its command", _installed("VENV/bin/anyrun", "job.py"))


@attack
@sends(3)
def workers_of_a_server_of_forks(arena: Arena) -> None:
    body = """
import multiprocessing
def work(n):
    ask(dial()); time.sleep(0.2)
if __name__ == "__main__":
    context = multiprocessing.get_context("forkserver")
    workers = [context.Process(target=work, args=(n,)) for n in range(3)]
    [w.start() for w in workers]; [w.join() for w in workers]
"""
    arena.write("job.py", body)
    arena.python("job.py")


@attack
def a_worker_that_writes_over_its_words(arena: Arena) -> None:
    """`spawn_main` is given by words that any process can write over its own."""
    arena.write("good.py", "import subprocess\nsubprocess.run([sys.executable, 'evil.py'])\n")
    line = "from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=5, pipe_handle=7)"
    body = f"""
words = [sys.executable, "-c", {line!r}, "--multiprocessing-fork"]
overwrite_line("\\0".join(words).encode() + b"\\0")
ask(dial())
"""
    arena.write("evil.py", body)
    arena.python("good.py")


@attack
def a_worker_whose_words_are_given(arena: Arena) -> None:
    """A child is started with the words of a worker, and runs a text of its own."""
    evil = arena.data("evil.txt", f"{PRELUDE}ask(dial(), script='text', sha256='none')\n")
    line = f"exec(open({str(evil)!r}).read()) # from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=5, pipe_handle=7)"
    body = f"import subprocess\nsubprocess.run([sys.executable, '-c', {line!r}, '--multiprocessing-fork'])\n"
    arena.write("good.py", body)
    arena.python("good.py")


@attack
def a_text_that_runs_a_file_by_runpy(arena: Arena) -> None:
    arena.write("job.py", note="good")
    arena.python("-c", "import runpy; runpy.run_path('job.py', run_name='__main__')")
