"""Programs that try to be taken for another one: each really runs, sends one request, and says in
it what it is.

One entry of ATTACKS is one case: a function that lays files out in a fresh folder and starts
processes there. Every sender tells the truth as it was when its program began: path and hash of its
own source. The record may say the same, or that it is not sure, and why; it may never say another
name as EXACT.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

PRELUDE = """
import hashlib, json, os, socket, sys, time
def _truth(path):
    real = os.path.realpath(path)
    with open(real, "rb") as file:
        return {"script": real, "sha256": hashlib.sha256(file.read()).hexdigest()}
TRUTH = _truth(__file__) if "__file__" in globals() and os.path.isfile(__file__) else {"script": None, "sha256": None}
def dial():
    return socket.create_connection(("127.0.0.1", int(os.environ["GATE_PORT"])))
def ask(sock, **more):
    told = json.dumps(TRUTH | {"pid": os.getpid()} | more).encode()
    sock.sendall(b"POST / HTTP/1.1\\r\\nX-Truth: " + told + b"\\r\\n\\r\\n")
    return sock.recv(100)
def wait():
    open(os.environ["GO"] + ".ready", "w").close()
    for _ in range(2000):
        if os.path.exists(os.environ["GO"]):
            return
        time.sleep(0.005)
def overwrite_line(new):
    import ctypes
    with open("/proc/self/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    begin, end = int(fields[45]), int(fields[46])
    new = (new + b"\\0" * (end - begin))[: end - begin]
    ctypes.memmove(begin, new, end - begin)
def title(text):
    import ctypes
    with open("/proc/self/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    begin, end = int(fields[45]), int(fields[48])
    data = text.encode() + b"\\0"
    ctypes.memmove(begin, data + b"\\0" * max(0, int(fields[46]) - begin - len(data)), max(len(data), int(fields[46]) - begin))
"""
SEND = "ask(dial())\n"


@dataclass
class Arena:
    """A folder of its own, a gate to send to, and the processes that were started."""

    folder: Path
    port: int
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def write(self, name: str, body: str = SEND, note: str = "") -> Path:
        """Write a sender; `note` makes its content another one."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{PRELUDE}\n# {note}\n{body}")
        return path

    def data(self, name: str, text: str = "x\n") -> Path:
        """Write a file that is no program."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def run(self, *words: str, cwd: str = ".", **more: object) -> subprocess.Popen[bytes]:
        """Start a process."""
        env = os.environ | {"GATE_PORT": str(self.port), "GO": str(self.folder / "go")}
        env |= dict(more.pop("env", {}))  # type: ignore[call-overload]
        values = {"cwd": self.folder / cwd, "env": env, "stdin": subprocess.DEVNULL} | more
        process: subprocess.Popen[bytes] = subprocess.Popen(list(words), **values)  # type: ignore[call-overload]
        self.started.append(process)
        return process

    def python(self, *words: str, **more: object) -> subprocess.Popen[bytes]:
        """Start this Python."""
        return self.run(sys.executable, *words, **more)  # type: ignore[arg-type]

    def shell(self, text: str, **more: object) -> subprocess.Popen[bytes]:
        """Start a shell; `$PY` is this Python."""
        env = {"PY": sys.executable} | dict(more.pop("env", {}))  # type: ignore[call-overload]
        return self.run("/bin/bash", "-c", text, env=env, **more)  # type: ignore[arg-type]

    def go(self) -> None:
        """Let those that wait go on."""
        (self.folder / "go").touch()

    def end(self) -> None:
        """End everything that was started, and take off what was mounted."""
        for process in self.started:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()
        with Path("/proc/self/mountinfo").open(encoding="utf-8", errors="replace") as file:
            mounted = [
                place for line in file if (place := line.split()[4]).startswith(f"{self.folder}/")
            ]
        for place in mounted:
            subprocess.run(["umount", "-l", place], check=False)

    def until(self, name: str) -> None:
        """Wait for a file that a process makes."""
        import time

        for _ in range(2000):
            if (self.folder / name).exists():
                return
            time.sleep(0.005)
        raise TimeoutError(name)


type Attack = Callable[[Arena], None]
ATTACKS: dict[str, Attack] = {}


def attack(make: Attack) -> Attack:
    """Enter a case under its name."""
    ATTACKS[make.__name__] = make
    return make


def _named(name: str, make: Attack) -> None:
    ATTACKS[name] = make


# --- titles
# ------------------------------------------------------------------------------

TITLES = {
    "one word": "etl",
    "two words": "nightly etl",
    "a lookalike": "python approved.py",
    "a lookalike with its path": "/usr/bin/python3 approved.py",
    "the name of an interpreter": "python",
    "an interpreter and spaces": "python3   ",
    "a module": "python -m approved",
    "a command": "python -c print(1)",
    "a shell": "-bash",
    "a server": "gunicorn: worker [approved:app]",
    "celery": "celeryd: worker [approved]",
    "a path": "approved.py",
    "very long": "etl " + "of all the customers of the north " * 6,
    "very long without a space": "python" + "x" * 200,
    "empty": "",
    "curl": "curl -T x https://example.test",
}


def _title(text: str) -> Attack:
    def make(arena: Arena) -> None:
        arena.write("approved.py", note="approved")
        arena.write("job.py", f"title({text!r})\n{SEND}")
        arena.python("job.py")

    return make


for _name, _text in TITLES.items():
    _named(f"title: {_name}", _title(_text))


@attack
def title_in_a_child_of_another_script(arena: Arena) -> None:
    arena.write("child.py", f"title('nightly etl')\n{SEND}")
    arena.write("parent.py", "import subprocess\nsubprocess.run([sys.executable, 'child.py'])\n")
    arena.python("parent.py")


@attack
def title_in_a_fork(arena: Arena) -> None:
    arena.write(
        "job.py", f"if os.fork() == 0:\n    title('worker 1'); {SEND}    os._exit(0)\nos.wait()\n"
    )
    arena.python("job.py")


@attack
def title_in_a_fork_whose_parent_has_another_title(arena: Arena) -> None:
    body = (
        f"title('master of all')\nif os.fork() == 0:\n    title('worker 1'); {SEND}   "
        " os._exit(0)\nos.wait()\n"
    )
    arena.write("job.py", body)
    arena.python("job.py")


@attack
def title_that_fills_the_room_to_its_last_byte(arena: Arena) -> None:
    body = f"""
with open("/proc/self/cmdline", "rb") as file:
    size = len(file.read())
overwrite_line(b"x" * (size - 1))
{SEND}"""
    arena.write("job.py", body)
    arena.python("job.py")


def _lookalike(words: str) -> Attack:
    def make(arena: Arena) -> None:
        good = arena.write("good.py", note="good").name
        line = words.replace("GOOD", good)
        body = (
            f"overwrite_line({line!r}.replace('PY', sys.executable).replace(' ', chr(0)).encode() +"
            f" bytes(1))\n{SEND}"
        )
        arena.write("evil.py", body)
        arena.python("evil.py")

    return make


_named("a command line of the same length written over it", _lookalike("PY GOOD"))
_named("a command line of a module written over it", _lookalike("PY -mgood"))


@attack
def an_absolute_command_line_written_over_it(arena: Arena) -> None:
    good = arena.write("good.py", note="good")
    body = f"overwrite_line((sys.executable + chr(0) + {str(good)!r}).encode() + bytes(1))\n{SEND}"
    evil = arena.write("evil.py", body)
    arena.python(str(evil))


# --- how it is called
# ------------------------------------------------------------------------------


def _called(name: str) -> Attack:
    def make(arena: Arena) -> None:
        arena.write("approved.py", note="approved")
        arena.write("job.py")
        arena.run(name, "job.py", executable=sys.executable)

    return make


for _word in ("etl", "curl", "approved.py", "python approved.py", "bash", "-bash", "", "python -c"):
    _named(f"called {_word!r}", _called(_word))


@attack
def called_by_the_name_of_a_script_and_reading_standard_input(arena: Arena) -> None:
    arena.write("approved.py", note="approved")
    job = arena.write("job.py")
    arena.run("approved.py", executable=sys.executable, stdin=job.open("rb"))


# --- the working folder
# ------------------------------------------------------------------------------

MOVES = {
    "chdir": "os.chdir('../b')",
    "fchdir": "os.fchdir(os.open('../b', os.O_RDONLY))",
    "chdir to the root": "os.chdir('/')",
    "chdir and a false PWD": "os.chdir('../b'); os.environ['PWD'] = os.getcwd()",
}
STALE = {"no PWD": None, "PWD of b": "b", "PWD of a": "a"}


def _moved(move: str, words: tuple[str, ...], told: str | None) -> Attack:
    def make(arena: Arena) -> None:
        for folder, note in (("a", "first"), ("b", "second")):
            arena.write(f"{folder}/job.py", f"{move}\n{SEND}", note)
            arena.write(f"{folder}/sub/deep.py", f"{move}\n{SEND}", note)
            arena.write(f"{folder}/pkg/__main__.py", f"{move}\n{SEND}", note)
        environment = {k: v for k, v in os.environ.items() if k not in {"PWD", "OLDPWD"}}
        if told is not None:
            environment["PWD"] = str(arena.folder / told)
        environment |= {"GATE_PORT": str(arena.port), "GO": str(arena.folder / "go")}
        process = subprocess.Popen(
            [sys.executable, *words],
            cwd=arena.folder / "a",
            env=environment,
            stdin=subprocess.DEVNULL,
        )
        arena.started.append(process)

    return make


for _how, _move in MOVES.items():
    for _pwd, _told in STALE.items():
        _named(f"{_how}, {_pwd}, job.py", _moved(_move, ("job.py",), _told))
for _words in (
    ("-m", "job"),
    ("sub/deep.py",),
    ("./job.py",),
    ("sub/../job.py",),
    ("pkg",),
    ("-m", "pkg"),
):
    for _pwd, _told in STALE.items():
        _named(f"chdir, {_pwd}, {' '.join(_words)}", _moved(MOVES["chdir"], _words, _told))


@attack
def the_working_folder_is_renamed(arena: Arena) -> None:
    arena.write("a/job.py", f"wait()\n{SEND}", "first")
    arena.write("b/job.py", SEND, "second")
    arena.python("job.py", cwd="a")
    arena.until("go.ready")
    (arena.folder / "a").rename(arena.folder / "c")
    (arena.folder / "b").rename(arena.folder / "a")
    arena.go()


# --- links and folders on the way
# ----------------------------------------------------------------------------------------


def _settle() -> None:
    """Let some ms lie between what was written and what is started."""
    import time

    time.sleep(0.05)


def _versions(arena: Arena) -> None:
    for number in (1, 2):
        arena.write(f"v{number}/app/job.py", f"wait()\n{SEND}", f"version {number}")
    _settle()


def _turn(change: Callable[[Path], None], path: str, *, relative: bool = False) -> Attack:
    def make(arena: Arena) -> None:
        _versions(arena)
        (arena.folder / "current").symlink_to("v1")
        (arena.folder / "job.py").symlink_to("v1/app/job.py")
        (arena.folder / "hop").symlink_to("current")
        (arena.folder / "in").mkdir()
        (arena.folder / "in" / "app").symlink_to(arena.folder / "current" / "app")
        arena.python(path if relative else str(arena.folder / path))
        arena.until("go.ready")
        change(arena.folder)
        arena.go()

    return make


def _relink(folder: Path) -> None:
    (folder / "new").symlink_to("v2")
    (folder / "new").rename(folder / "current")


def _unlink_and_link(folder: Path) -> None:
    (folder / "current").unlink()
    (folder / "current").symlink_to("v2")


def _replace_folder(folder: Path) -> None:
    (folder / "v1").rename(folder / "old")
    (folder / "v2").rename(folder / "v1")


def _replace_folder_and_touch(folder: Path) -> None:
    _replace_folder(folder)
    (folder / "v1" / "note").touch()


def _replace_inner(folder: Path) -> None:
    (folder / "v1" / "app").rename(folder / "v1" / "old")
    (folder / "v2" / "app").rename(folder / "v1" / "app")


def _replace_file(folder: Path) -> None:
    (folder / "v2" / "app" / "job.py").rename(folder / "v1" / "app" / "job.py")


def _hard_link(folder: Path) -> None:
    os.link(folder / "v2" / "app" / "job.py", folder / "new")
    (folder / "new").rename(folder / "v1" / "app" / "job.py")


def _swap_with_link(folder: Path) -> None:
    (folder / "v1").rename(folder / "old")
    (folder / "v1").symlink_to("v2")


def _back_and_forth(folder: Path) -> None:
    _replace_folder(folder)
    (folder / "v1").rename(folder / "v2")
    (folder / "old").rename(folder / "v1")
    _relink(folder)


def _overwrite_keeping_times(folder: Path) -> None:
    target = folder / "v1" / "app" / "job.py"
    before = target.stat()
    target.write_bytes((folder / "v2" / "app" / "job.py").read_bytes())
    os.utime(target, ns=(before.st_atime_ns, before.st_mtime_ns))


def _remove(folder: Path) -> None:
    (folder / "v1" / "app" / "job.py").unlink()


def _remove_all(folder: Path) -> None:
    shutil.rmtree(folder / "v1")


CHANGES = {
    "the link is turned": (_relink, "current/app/job.py"),
    "the link is made anew": (_unlink_and_link, "current/app/job.py"),
    "a link to the link is turned": (_relink, "hop/app/job.py"),
    "a link within another folder": (_relink, "in/app/job.py"),
    "the folder is replaced": (_replace_folder, "v1/app/job.py"),
    "the folder is replaced and written to": (_replace_folder_and_touch, "v1/app/job.py"),
    "the inner folder is replaced": (_replace_inner, "v1/app/job.py"),
    "the folder under a link is replaced": (_replace_folder, "current/app/job.py"),
    "the file is replaced": (_replace_file, "v1/app/job.py"),
    "the file is replaced by a hard link": (_hard_link, "v1/app/job.py"),
    "the folder becomes a link": (_swap_with_link, "v1/app/job.py"),
    "replaced and put back, then turned": (_back_and_forth, "current/app/job.py"),
    "overwritten with its times put back": (_overwrite_keeping_times, "v1/app/job.py"),
    "the file is removed": (_remove, "v1/app/job.py"),
    "all is removed": (_remove_all, "v1/app/job.py"),
    "a linked file, its folder replaced": (_replace_folder, "job.py"),
}
for _what, (_change, _path) in CHANGES.items():
    _named(f"{_what}, absolute", _turn(_change, _path))
    _named(f"{_what}, relative", _turn(_change, _path, relative=True))


@attack
def another_folder_is_mounted_over_it(arena: Arena) -> None:
    _versions(arena)
    v1, v2 = arena.folder / "v1", arena.folder / "v2"
    arena.shell(
        f'"$PY" {v1}/app/job.py & while [ ! -e go.ready ]; do sleep 0.02; done; mount --bind {v2}'
        f" {v1} && touch go; wait"
    )


@attack
def mounted_over_in_a_namespace_of_its_own(arena: Arena) -> None:
    _versions(arena)
    v1, v2 = arena.folder / "v1", arena.folder / "v2"
    arena.shell(
        f'unshare -m bash -c \'"$PY" {v1}/app/job.py & while [ ! -e go.ready ]; do sleep 0.02;'
        f" done; mount --bind {v2} {v1} && touch go; wait'"
    )


# --- exec and fork
# ------------------------------------------------------------------------------


@attack
def exec_with_the_same_command_line_elsewhere(arena: Arena) -> None:
    arena.write("b/job.py", SEND, "second")
    arena.write(
        "a/job.py",
        f"{SEND}os.chdir('../b')\nos.execv(sys.executable, [sys.executable, 'job.py'])\n",
        "first",
    )
    arena.python("job.py", cwd="a")


@attack
def exec_of_the_same_path_after_it_was_replaced(arena: Arena) -> None:
    other = f"{PRELUDE}\n# second\n{SEND}"
    body = (
        f"{SEND}open('job.py', 'w').write({other!r})\nos.execv(sys.executable, [sys.executable,"
        " 'job.py'])\n"
    )
    arena.write("job.py", body, "first")
    arena.python("job.py")


@attack
def written_then_run_by_one_shell(arena: Arena) -> None:
    arena.write("source.py")
    arena.shell('cat source.py > made.py; exec "$PY" made.py')


@attack
def written_then_run_by_its_first_line(arena: Arena) -> None:
    arena.write("source.py")
    arena.shell('(echo "#!$PY"; cat source.py) > made; chmod +x made; exec ./made')


@attack
def a_fork_after_the_script_was_replaced(arena: Arena) -> None:
    body = f"""
wait()
if os.fork() == 0:
    {SEND}    os._exit(0)
os.wait()
"""
    path = arena.write("job.py", body, "first")
    _settle()
    arena.python(str(path))
    arena.until("go.ready")
    arena.write("job.py", body, "second")
    arena.go()


@attack
def an_orphaned_fork_after_the_script_was_replaced(arena: Arena) -> None:
    body = f"""
wait()
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    time.sleep(0.1)
    {SEND}    os._exit(0)
os.wait()
"""
    path = arena.write("job.py", body, "first")
    _settle()
    arena.python(str(path))
    arena.until("go.ready")
    arena.write("job.py", body, "second")
    arena.go()


@attack
def the_parent_becomes_another_script_after_it_started_curl(arena: Arena) -> None:
    arena.write("other.py", "time.sleep(5)\n", "other")
    body = """
import subprocess
told = json.dumps(TRUTH)
subprocess.Popen(["sh", "-c", "sleep 0.3; exec curl -s -X POST -H 'X-Truth: " + told + "' http://127.0.0.1:" + os.environ["GATE_PORT"]])
os.execv(sys.executable, [sys.executable, "other.py"])
"""
    arena.write("job.py", body)
    arena.python("job.py")


# --- sockets that travel
# ------------------------------------------------------------------------------


@attack
def connect_then_fork_and_the_child_sends(arena: Arena) -> None:
    body = "s = dial()\nif os.fork() == 0:\n    ask(s); os._exit(0)\ntime.sleep(3)\n"
    arena.write("job.py", body)
    arena.python("job.py")


@attack
def connect_then_fork_and_the_parent_closes(arena: Arena) -> None:
    body = (
        "s = dial()\ntime.sleep(0.2)\nif os.fork() == 0:\n    time.sleep(0.2); ask(s);"
        " os._exit(0)\ns.close()\ntime.sleep(3)\n"
    )
    arena.write("job.py", body)
    arena.python("job.py")


@attack
def an_open_connection_is_given_to_another_script(arena: Arena) -> None:
    arena.write("sender.py", "s = socket.socket(fileno=int(sys.argv[1]))\nask(s)\n")
    body = """
import subprocess
s = dial()
time.sleep(0.2)
child = subprocess.Popen([sys.executable, "sender.py", str(s.fileno())], pass_fds=[s.fileno()])
child.wait()
"""
    arena.write("opener.py", body)
    arena.python("opener.py")


@attack
def an_open_connection_is_given_away_and_closed(arena: Arena) -> None:
    arena.write(
        "sender.py", "time.sleep(0.3)\ns = socket.socket(fileno=int(sys.argv[1]))\nask(s)\n"
    )
    body = """
import subprocess
s = dial()
child = subprocess.Popen([sys.executable, "sender.py", str(s.fileno())], pass_fds=[s.fileno()])
s.close()
child.wait()
"""
    arena.write("opener.py", body)
    arena.python("opener.py")


@attack
def the_opener_becomes_another_script(arena: Arena) -> None:
    arena.write("second.py", "s = socket.socket(fileno=int(sys.argv[1]))\nask(s)\n")
    body = (
        "s = dial(); os.set_inheritable(s.fileno(), True)\nos.execv(sys.executable,"
        " [sys.executable, 'second.py', str(s.fileno())])\n"
    )
    arena.write("first.py", body)
    arena.python("first.py")


# --- descriptors, standard input, folders, archives
# --------------------------------------------------------------------


def _by_descriptor(path: str) -> Attack:
    def make(arena: Arena) -> None:
        job = arena.write(
            "job.py", f"os.close(9) if os.path.exists('/proc/self/fd/9') else None\n{SEND}"
        )
        decoy = arena.write("decoy.py", note="decoy")
        redirect = f"9<{job}" if path.endswith("9") else f"<{job}"
        arena.shell(f'exec "$PY" {path} {redirect}', env={"DECOY": str(decoy)})

    return make


for _path in ("/dev/fd/9", "/proc/self/fd/9", "/dev/stdin", "/dev/fd/0", "-"):
    _named(f"python {_path}", _by_descriptor(_path))


@attack
def a_descriptor_that_is_another_file_now(arena: Arena) -> None:
    decoy = arena.write("decoy.py", note="decoy")
    body = (
        f"os.dup2(os.open({str(decoy)!r}, os.O_RDONLY), 9)\nask(dial(), script=os.environ['ME'])\n"
    )
    job = arena.write("job.py", body)
    arena.shell(f'exec "$PY" /dev/fd/9 9<{job}', env={"ME": str(job)})


@attack
def standard_input_that_is_another_file_now(arena: Arena) -> None:
    decoy = arena.write("decoy.py", note="decoy")
    body = (
        f"os.dup2(os.open({str(decoy)!r}, os.O_RDONLY), 0)\nask(dial(), script=os.environ['ME'])\n"
    )
    job = arena.write("job.py", body)
    arena.shell(f'exec "$PY" - <{job}', env={"ME": str(job)})


@attack
def a_data_file_in_a_project_with_a_folder_called_python(arena: Arena) -> None:
    (arena.folder / "python").mkdir()
    arena.data("customers.csv", "name,iban\n")
    arena.write("profile.py")
    arena.python("profile.py", "customers.csv")


@attack
def a_script_called_like_a_tool_beside_a_program_called_python(arena: Arena) -> None:
    arena.data("python", "#!/bin/sh\n").chmod(0o755)
    arena.data("customers.py", "name,iban\n")
    arena.write("coverage.py")
    arena.python("coverage.py", "run", "customers.py")


def _tool_name(name: str, *words: str) -> Attack:
    def make(arena: Arena) -> None:
        for folder in ("python", "python3", "site"):
            (arena.folder / folder).mkdir()
        arena.data("data.py", "x = 1\n")
        arena.write(name)
        arena.python(name, *words)

    return make


for _tool, *_arguments in (
    ("trace.py", "data.py"),
    ("pdb.py", "data.py"),
    ("uvicorn.py", "data:app"),
    ("pytest.py", "data.py"),
    ("celery.py", "-A", "data", "worker"),
    ("code.py", "data.py"),
    ("debugpy.py", "data.py"),
):
    _named(f"a script of the user's own called {_tool}", _tool_name(_tool, *_arguments))


# --- interpreters under other names
# -------------------------------------------------------------------------------------


@attack
def a_copy_of_the_interpreter_under_another_name(arena: Arena) -> None:
    home = Path(sys.executable).resolve()
    arena.write("job.py")
    shutil.copy2(home, arena.folder / "mytool")
    env = {"PYTHONHOME": sys.base_prefix, "LD_LIBRARY_PATH": f"{sys.base_prefix}/lib"}
    arena.run("./mytool", "job.py", env=env)


@attack
def a_copy_of_the_interpreter_called_curl(arena: Arena) -> None:
    home = Path(sys.executable).resolve()
    arena.write("job.py")
    shutil.copy2(home, arena.folder / "curl")
    env = {"PYTHONHOME": sys.base_prefix, "LD_LIBRARY_PATH": f"{sys.base_prefix}/lib"}
    arena.run("./curl", "job.py", env=env)


@attack
def a_link_to_the_interpreter_under_another_name(arena: Arena) -> None:
    arena.write("job.py")
    (arena.folder / "mytool").symlink_to(sys.executable)
    env = {"PYTHONHOME": sys.base_prefix, "LD_LIBRARY_PATH": f"{sys.base_prefix}/lib"}
    arena.run("./mytool", "job.py", env=env)


@attack
def another_program_called_python(arena: Arena) -> None:
    arena.data("approved.py", "print(1)\n")
    shutil.copy2(shutil.which("curl") or "/usr/bin/curl", arena.folder / "python")
    truth = '{"script": null, "sha256": null, "not_python": true}'
    arena.run(
        "./python",
        "-s",
        "-X",
        "POST",
        "-H",
        f"X-Truth: {truth}",
        f"http://127.0.0.1:{arena.port}/",
        "approved.py",
    )


# --- programs of others'
# ------------------------------------------------------------------------------


@attack
def runpy_of_another_file(arena: Arena) -> None:
    arena.write("inner.py", "time.sleep(0)\n", "inner")
    arena.write("outer.py", f"import runpy\nrunpy.run_path('inner.py')\n{SEND}")
    arena.python("outer.py")


@attack
def a_worker_of_multiprocessing(arena: Arena) -> None:
    body = """
import multiprocessing
def work():
    ask(dial())
if __name__ == "__main__":
    worker = multiprocessing.get_context("spawn").Process(target=work)
    worker.start(); worker.join()
"""
    arena.write("job.py", body.replace(SEND, SEND))
    arena.python("job.py")


@attack
def code_that_claims_another_file_name(arena: Arena) -> None:
    good = arena.write("good.py", note="good")
    arena.write("evil.py", f"exec(compile('ask(dial())', {str(good)!r}, 'exec'))\n")
    arena.python("evil.py")


@attack
def a_program_given_as_text(arena: Arena) -> None:
    arena.write("good.py", note="good")
    arena.python("-c", f"{PRELUDE}\nsys.argv[0] = 'good.py'\n{SEND}")


@attack
def an_archive(arena: Arena) -> None:
    import zipfile

    with zipfile.ZipFile(arena.folder / "app.pyz", "w") as archive:
        archive.writestr("__main__.py", f"{PRELUDE}\nTRUTH = _truth('app.pyz')\n{SEND}")
    arena.python("app.pyz")


@attack
def honest_and_absolute(arena: Arena) -> None:
    arena.python(str(arena.write("job.py")))


@attack
def honest_and_relative(arena: Arena) -> None:
    arena.write("sub/job.py")
    arena.python("sub/job.py")


HONEST = frozenset({"honest_and_absolute", "honest_and_relative"})
"""These must be EXACT: a record that never says so would pass every other case."""


def cases() -> Iterator[tuple[str, Attack]]:
    """Yield all cases that can be tried here."""
    for name, make in ATTACKS.items():
        if "mount" in name and (os.geteuid() != 0 or shutil.which("unshare") is None):
            continue
        if "curl" in name and shutil.which("curl") is None:
            continue
        yield name, make
