"""Programs that pass for the worker, the child or the charge of another one: taken in by it,
started by it, run below a tool that is known by its name alone.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.attribution_attacks.arena import (
    IN_A_CONTAINER,
    OTHER,
    PRELUDE,
    SEND,
    SENDS_BESIDE,
    VERSION,
    WAITS,
    Arena,
    Attack,
    attack,
    interpreter,
    named,
    settled,
)
from benchmarks.attribution_attacks.controlled import _TRACES

# --- held until the exec stands still

_HELD = f"TRUTH = {OTHER}\ntime.sleep(0.3)\n{SEND}"
_HOLDS = """
pid = os.fork()
if pid == 0:
    libc.ptrace(0, 0, 0, 0)
    os.kill(os.getpid(), 19)
    BETWEEN
    os.execv(sys.executable, [sys.executable, os.path.abspath("good.py")])
os.waitpid(pid, 0x40000000)
do(0x4200, pid, 0, OPTIONS)
do(7, pid)
"""
_ENDS_AT_EXEC = "os.waitpid(pid, 0x40000000)\nos._exit(0)\n"
_ENDS_AT_EXEC_OF_A_CHILD = """
while True:
    who, status = os.waitpid(-1, 0x40000000)
    if status >> 16 == 4:
        os._exit(0)
    do(7, who)
"""
if os.uname().machine == "x86_64":

    @attack
    def held_by_what_started_it_until_its_exec(arena: Arena) -> None:
        arena.write("good.py", _HELD, note="good")
        holds = _HOLDS.replace("OPTIONS", "0x10").replace("BETWEEN", "pass")
        arena.write("evil.py", f"{_TRACES}{holds}{_ENDS_AT_EXEC}")
        arena.python("evil.py")

    @attack
    def held_by_what_started_its_parent_until_its_exec(arena: Arena) -> None:
        arena.write("good.py", _HELD, note="good")
        between = "if os.fork(): time.sleep(8); os._exit(0)"
        holds = _HOLDS.replace("OPTIONS", "0x1e").replace("BETWEEN", between)
        arena.write("evil.py", f"{_TRACES}{holds}{_ENDS_AT_EXEC_OF_A_CHILD}")
        arena.python("evil.py")


# --- given among very many

_MANY = """
import subprocess
s = socket.socket()
held = [os.open("/dev/null", os.O_RDONLY) for _ in range(80)]
numbers = [s.fileno(), *held]
for number in numbers:
    os.set_inheritable(number, True)
child = subprocess.Popen([sys.executable, os.path.abspath("good.py"), str(s.fileno())], pass_fds=numbers)
time.sleep(1.2)
told = json.dumps({"script": TRUTH["script"], "sha256": TRUTH["sha256"], "pid": os.getpid()}).encode()
s.connect(("127.0.0.1", int(os.environ["GATE_PORT"])))
s.sendall(b"POST / HTTP/1.1\\r\\nX-Truth: " + told + b"\\r\\n\\r\\n"); s.close()
time.sleep(3)
"""


@attack
def given_before_it_was_connected_among_very_many(arena: Arena) -> None:
    polls = "import select\np = select.poll(); p.register(int(sys.argv[1]), select.POLLIN)\n"
    arena.write("good.py", f"{polls}time.sleep(1.25); p.poll(3000)\n", note="good")
    arena.write("evil.py", _MANY)
    arena.python("evil.py")


# --- below one that starts what it is told to

_AS_ITS_PARENT = """
import ctypes
def places(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = [int(f) for f in file.read().rpartition(")")[2].split()[1:]]
    at = {name: fields[n - 4] for name, n in (("start_code", 26), ("end_code", 27), ("stack", 28),
          ("start_data", 45), ("end_data", 46), ("start_brk", 47), ("arg", 48), ("arg_end", 49),
          ("env", 50), ("env_end", 51))}
    return at
class Map(ctypes.Structure):
    _fields_ = [(n, ctypes.c_uint64) for n in ("start_code end_code start_data end_data start_brk brk"
                " start_stack arg_start arg_end env_start env_end auxv").split()]
    _fields_ += [("auxv_size", ctypes.c_uint32), ("exe_fd", ctypes.c_int32)]
libc = ctypes.CDLL(None, use_errno=True)
libc.sbrk.restype = ctypes.c_void_p
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
def look_like(pid, words):
    own, other = places(os.getpid()), places(pid)
    with open("/proc/self/environ", "rb") as file:
        env = file.read()
    low = other["arg"] & ~4095
    size = ((other["env"] + len(env) - low) // 4096 + 1) * 4096
    got = libc.mmap(low, size, 3, 0x100022, -1, 0)
    if got != low:
        raise OSError(ctypes.get_errno(), "mmap")
    ctypes.memmove(other["arg"], words, len(words))
    ctypes.memmove(other["env"], env, len(env))
    now = Map(own["start_code"], own["end_code"], own["start_data"], own["end_data"],
              own["start_brk"], libc.sbrk(0), other["stack"], other["arg"],
              other["arg"] + len(words), other["env"], other["env"] + len(env), 0, 0, -1)
    if libc.prctl(35, 14, ctypes.byref(now), ctypes.sizeof(now), 0):
        raise OSError(ctypes.get_errno(), "prctl")
"""
_STARTS = "import subprocess\nsubprocess.run(JOB)\n"


@attack
def a_child_whose_places_in_memory_are_its_parents(arena: Arena) -> None:
    """As if it had been forked and had loaded nothing since."""
    arena.write("good.py", _STARTS.replace("JOB", "[sys.executable, 'evil.py']"), note="good")
    arena.write("evil.py", f"{_AS_ITS_PARENT}look_like(os.getppid(), b'worker\\0')\n{SEND}")
    arena.python("good.py")


@attack
def a_worker_that_another_program_feeds(arena: Arena) -> None:
    """The words are those of multiprocessing; what it is told to run comes from a file."""
    arena.write("good.py", _STARTS.replace("JOB", "['bash', 'job.sh']"), note="good")
    text = f"{PRELUDE}\nTRUTH = {OTHER}\n{SEND}"
    feed = f"""
import pickle
class It:
    def __reduce__(self):
        return exec, ({text!r}, {{}})
with open("feed", "wb") as file:
    pickle.dump(It(), file)
"""
    subprocess.run([sys.executable, "-c", feed], check=True, cwd=arena.folder)
    line = "from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=5, pipe_handle=7)"
    words = f'"$PY" -c "{line}" --multiprocessing-fork'
    arena.data("job.sh", f"exec 7<feed 5</dev/null; exec {words}\n")
    settled()
    arena.python("good.py", env={"PY": interpreter()})


def _by_module(module: str, *words: str) -> Attack:
    """The words of a worker name a module, which may be anybody's."""

    def make(arena: Arena) -> None:
        text = f"{PRELUDE}\nTRUTH = {OTHER}\n{SEND}"
        path = module.replace(".", "/")
        arena.data(f"evil/{path}.py", text)
        job = ["$PY", "-m", module, *words]
        start = f"subprocess.run([sys.executable, *{job[1:]!r}], cwd='evil')"
        arena.write("good.py", f"import subprocess\n{start}\n", note="good")
        settled()
        arena.python("good.py", env={"PYTHONDONTWRITEBYTECODE": "1"})

    return make


for _module, *_words in (
    ("loky.backend.popen_loky_posix", "--pipe", "7"),
    ("ipykernel_launcher", "-f", "kernel.json"),
    ("torch.utils.data",),
):
    named(f"a worker by the name of {_module}", _by_module(_module, *_words))


# --- taken in

_CURL = [
    "curl",
    "-s",
    "-o",
    "/dev/null",
    "--max-time",
    "20",
    "-X",
    "POST",
    "-H",
    'X-Truth: {"script": "another", "sha256": null, "pid": null}',
]
_LEAVES = """
import subprocess
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(0.7)
        words = WORDS + ["http://127.0.0.1:" + os.environ["GATE_PORT"] + "/"]
        os.execvp("curl", words)
    os._exit(0)
time.sleep(0.1)
os._exit(0)
"""
_TAKES_IN = """
import ctypes, subprocess
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
subprocess.run([sys.executable, "evil.py"])
time.sleep(6)
"""


@attack
def curl_that_is_taken_in_by_a_script(arena: Arena) -> None:
    """Whose parent has ended gets another one, which asked for it (a subreaper)."""
    arena.write("good.py", _TAKES_IN, note="good")
    arena.write("evil.py", _LEAVES.replace("WORDS", repr(_CURL)))
    arena.python("good.py")


@attack
def curl_that_is_taken_in_by_the_first_script_of_a_container(arena: Arena) -> None:
    arena.write(
        "good.py", "import subprocess\nsubprocess.run([sys.executable, 'evil.py'])\ntime.sleep(6)\n"
    )
    arena.write("evil.py", _LEAVES.replace("WORDS", repr(_CURL)))
    arena.run(*IN_A_CONTAINER, interpreter(), "good.py")


@attack
def a_script_that_is_taken_in_as_a_worker(arena: Arena) -> None:
    """A text with the words of a worker, whose parent has ended, below one that takes it in."""
    text = f"{PRELUDE}\nTRUTH = {OTHER}\ntime.sleep(0.7)\n{SEND}"
    line = "from multiprocessing.spawn import _main;" + f"exec({text!r})"
    leaves = f"""
if os.fork() == 0:
    os.setsid()
    os.execv(sys.executable, [sys.executable, "-c", {line!r}])
time.sleep(0.1)
os._exit(0)
"""
    arena.write("good.py", _TAKES_IN, note="good")
    arena.write("evil.py", leaves)
    arena.python("good.py")


# --- tools by their name alone

_RUNS_BOTH = f"""
{SENDS_BESIDE}
import sys
def main():
    path = [w for w in sys.argv[1:] if w.endswith(".py")][-1]
    with open(path) as file:
        exec(compile(file.read(), path, "exec"), {{"__name__": "__main__", "__file__": path}})
"""


@attack
def a_module_of_a_tools_name(arena: Arena) -> None:
    good = arena.write("good.py", WAITS, note="good")
    arena.data("evil/coverage/__init__.py", "")
    arena.data("evil/coverage/__main__.py", f"{_RUNS_BOTH}\nmain()\n")
    settled()
    arena.python("-m", "coverage", "run", str(good), cwd="evil")


def _tool(name: str, *words: str) -> Attack:
    def make(arena: Arena) -> None:
        good = arena.write("good.py", WAITS, note="good")
        place = arena.folder / "venv"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
        packages = place / f"lib/{VERSION}/site-packages" / name
        packages.mkdir()
        (packages / "__init__.py").write_text(_RUNS_BOTH)
        (packages / "__main__.py").write_text(f"from {name} import main\nmain()\n")
        tool = place / "bin" / name
        tool.write_text(
            f"#!{place}/bin/python\nimport sys\nfrom {name} import main\nsys.exit(main())\n"
        )
        tool.chmod(0o755)
        settled()
        arena.run(str(tool), *words, str(good), env={"PYTHONDONTWRITEBYTECODE": "1"})

    return make


for _name, *_words in (
    ("coverage", "run"),
    ("pytest",),
    ("debugpy", "--listen", "5678"),
    ("streamlit", "run"),
    ("kernprof", "-l"),
    ("ipython",),
):
    named(f"a tool installed under the name of {_name}", _tool(_name, *_words))


@attack
def a_tool_that_was_told_to_load_more(arena: Arena) -> None:
    """A plugin of the real coverage, named by its settings."""
    good = arena.write("good.py", WAITS, note="good")
    arena.data("more/plug.py", f"{SENDS_BESIDE}\ndef coverage_init(reg, options):\n    pass\n")
    arena.data("more.ini", "[run]\nplugins = plug\n")
    settled()
    words = ("-m", "coverage", "run", f"--rcfile={arena.folder}/more.ini", str(good))
    arena.run(sys.executable, *words, env={"PYTHONPATH": str(arena.folder / "more")})


@attack
def a_server_of_a_programs_name(arena: Arena) -> None:
    """A copy of the interpreter called `uwsgi`."""
    good = arena.write("good.py", WAITS, note="good")
    arena.data("evil.py", f"{_RUNS_BOTH}\nmain()\n")
    (arena.folder / "bin").mkdir()
    shutil.copy2(Path(sys.executable).resolve(), arena.folder / "bin/uwsgi")
    home = f"home = {Path(sys.base_prefix) / 'bin'}\n"
    (arena.folder / "pyvenv.cfg").write_text(home)
    settled()
    arena.run("bin/uwsgi", "evil.py", "--wsgi-file", str(good))


# --- an environment whose Python is elsewhere


def _elsewhere(*words: str, cwd: str = ".") -> Attack:
    """Its settings name a folder where only the program is the real one's."""

    def make(arena: Arena) -> None:
        arena.write("good/good.py", WAITS, note="good")
        base, other = Path(sys.base_prefix), arena.folder / "other"
        shutil.copytree(
            base / "lib" / VERSION,
            other / "lib" / VERSION,
            symlinks=True,
            ignore=shutil.ignore_patterns("test", "site-packages", "__pycache__", "config-*"),
        )
        with (other / "lib" / VERSION / "encodings/__init__.py").open("a") as file:
            file.write(SENDS_BESIDE)
        (other / "bin").mkdir()
        (other / "bin/python3").symlink_to(Path(sys.executable).resolve())
        (arena.folder / "venv/bin").mkdir(parents=True)
        (arena.folder / "venv/bin/python").symlink_to(other / "bin/python3")
        (arena.folder / "venv/pyvenv.cfg").write_text(f"home = {other / 'bin'}\n")
        settled()
        env = {"PYTHONDONTWRITEBYTECODE": "1"}
        arena.run(str(arena.folder / "venv/bin/python"), *words, cwd=cwd, env=env)

    return make


named("an environment that names another home, for a file", _elsewhere("good/good.py"))
named("an environment that names another home, for a module", _elsewhere("-m", "good", cwd="good"))


@attack
def a_library_that_is_told_to_openssl(arena: Arena) -> None:
    """By the settings that a variable names: loaded when `ssl` is imported."""
    body = f"import ssl\nssl.create_default_context()\nif os.path.exists('mark'): TRUTH = {OTHER}\n{SEND}"
    arena.write("good.py", body, note="good")
    from benchmarks.attribution_attacks.before import _library

    made = _library(arena, "more.so")
    settings = f"""openssl_conf = all
[all]
providers = those
[those]
default = usual
more = further
[usual]
activate = 1
[further]
module = {made}
activate = 1
"""
    arena.data("more.cnf", settings)
    settled()
    env = {"OPENSSL_CONF": str(arena.folder / "more.cnf"), "MARK": str(arena.folder / "mark")}
    arena.python("good.py", env=env)
