"""Ways to a program that the words of its command line do not show: paths through other processes,
descriptors and links, options that take the next word, files in memory, roots of one's own.
"""

import os
import sys

from benchmarks.attribution_attacks.arena import (
    PRELUDE,
    SEND,
    Arena,
    Attack,
    attack,
    interpreter,
    named,
    sends,
)

TEXT = "ask(dial(), script='text', sha256='none')\n"
"""What sends is no file: any file that is named for it is wrong."""

# --- words before the script, and names that are hard to read


def _with_words(*words: str) -> Attack:
    """`evil.py` is run; what stands before it, or after, is a file as well."""

    def make(arena: Arena) -> None:
        arena.write("evil.py")
        arena.write("good.py", note="good")
        arena.python(*words, "good.py")

    return make


for _words in (
    ("-W", "ignore::UserWarning:good", "evil.py"),
    ("-X", "good.py", "evil.py"),
    ("-Xgood.py", "evil.py"),
    ("--check-hash-based-pycs", "never", "evil.py"),
    ("-bBdEsvS", "evil.py"),
    ("-uW", "ignore", "evil.py"),
    ("--", "evil.py"),
    ("-P", "evil.py"),
):
    named(f"python {' '.join(_words)} good.py", _with_words(*_words))


def _called(name: str, twin: str) -> Attack:
    def make(arena: Arena) -> None:
        arena.write(name)
        arena.write(twin, note="twin")
        arena.python(f"./{name}")

    return make


NAMES = {
    "that ends with a space": ("job.py ", "job.py"),
    "that ends with a line": ("job.py\n", "job.py"),
    "of letters put together": ("jo\u0308b.py", "j\u00f6b.py"),
    "that is an option": ("-c", "c"),
    "of bytes that are no text": ("job\udcff.py", "job.py"),
    "that says it is gone": ("job.py (deleted)", "job.py"),
}
for _name, _both in NAMES.items():
    named(f"a name {_name}", _called(*_both))


def _first_word(*words: str) -> Attack:
    def make(arena: Arena) -> None:
        arena.write("evil.py")
        arena.write("good.py", note="good")
        arena.write(
            "start.py",
            f"os.execv({interpreter()!r}, [*{list(words)!r}, os.path.abspath('evil.py')])",
        )
        arena.python("start.py")

    return make


for _first in ("good.py", " ", "python good.py", "-c"):
    named(f"a first word {_first!r}", _first_word(_first))

# --- paths through links and other processes


@attack
def up_again_from_behind_a_link(arena: Arena) -> None:
    arena.write("b/job.py")
    arena.write("a/job.py", note="twin")
    (arena.folder / "b/sub").mkdir()
    (arena.folder / "a/link").symlink_to(arena.folder / "b/sub")
    arena.python("a/link/../job.py")


def _through_another(path: str, *, moves: bool) -> Attack:
    """The path leads through what another process holds, which lets go of it once it was read."""

    def make(arena: Arena) -> None:
        arena.write("a/job.py")
        arena.write("b/job.py", note="twin")
        body = "os.chdir('a'); f = os.open('job.py', os.O_RDONLY); os.dup2(f, 9); wait()\n"
        move = "os.chdir('../b'); os.dup2(os.open('job.py', os.O_RDONLY), 9)\n" if moves else ""
        host = arena.python(str(arena.write("host.py", f"{body}{move}time.sleep(5)\n")))
        arena.until("go.ready")
        body = f"wait(); time.sleep(0.1)\n{SEND}" if moves else SEND
        (arena.folder / "go.ready").unlink()
        arena.write("a/job.py", body.replace("ask(dial())", "ask(dial(), script=os.environ['ME'])"))
        arena.python(path.format(pid=host.pid), env={"ME": str(arena.folder / "a/job.py")}, cwd="b")
        arena.until("go.ready") if moves else None
        arena.go()

    return make


for _path in ("/proc/{pid}/cwd/job.py", "/proc/{pid}/fd/9"):
    named(f"python {_path} of another process", _through_another(_path, moves=False))
    named(f"python {_path} of another process that moves on", _through_another(_path, moves=True))


@attack
def the_root_changed_to_a_folder_with_a_twin_at_the_very_path(arena: Arena) -> None:
    job = arena.folder / "job.py"
    arena.write(f"root{job}", note="twin")
    arena.write("job.py", "s = dial(); os.chroot('root'); os.chdir('/'); ask(s)\n")
    arena.python(str(job))


@attack
def a_thread_with_a_folder_of_its_own_sends(arena: Arena) -> None:
    arena.write("b/job.py", note="twin")
    body = """
import ctypes, threading
def work():
    ctypes.CDLL(None).unshare(0x200); os.chdir('b'); ask(dial())
t = threading.Thread(target=work); t.start(); t.join()
"""
    arena.write("job.py", body)
    arena.python("job.py")


@attack
def a_pipe_with_a_name_that_becomes_a_file(arena: Arena) -> None:
    os.mkfifo(arena.folder / "job.py")
    arena.write("twin.py", note="twin")
    move = "os.rename('twin.py', 'job.py')\n"
    arena.data("text", f"{PRELUDE}{move}{TEXT}")
    arena.shell('"$PY" job.py & cat text > job.py; wait')


@attack
def exchanged_with_a_twin_by_one_call(arena: Arena) -> None:
    body = """
import ctypes
libc = ctypes.CDLL(None)
assert libc.renameat2(-100, b"job.py", -100, b"twin.py", 2) == 0
"""
    arena.write("job.py", f"here = os.path.abspath('job.py')\n{body}ask(dial(), script=here)\n")
    arena.write("twin.py", note="twin")
    arena.python(str(arena.folder / "job.py"))


def _mounted_layers(change: str) -> Attack:
    """The script lies in a file system of layers, one of which is changed beneath it."""

    def make(arena: Arena) -> None:
        arena.write("lower/job.py", f"wait()\n{SEND}")
        for name in ("upper", "work", "merged"):
            (arena.folder / name).mkdir()
        arena.write("twin.py", f"wait()\n{SEND}", note="twin")
        layers = "lowerdir=lower,upperdir=upper,workdir=work"
        arena.shell(
            f'mount -t overlay -o {layers} o merged && exec "$PY" {arena.folder}/merged/job.py'
            f' || exec "$PY" {arena.folder}/lower/job.py'
        )
        arena.until("go.ready")
        arena.shell(change).wait()
        arena.go()

    return make


for _name, _change in {
    "the upper one": "cp twin.py upper/job.py",
    "the lower one": "cp twin.py lower/new && mv lower/new lower/job.py",
    "both, by a second mount": "mount -t overlay -o lowerdir=lower:upper p merged",
}.items():
    named(f"layers that are mounted, changed in {_name}", _mounted_layers(_change))

# --- programs that are no file, or not the one that was named

_IN_MEMORY = """
handle = os.memfd_create("good.py", 0)
os.write(handle, open("text").read().encode())
os.lseek(handle, 0, 0)
os.execv(sys.executable, [sys.executable, f"/proc/self/fd/{handle}"])
"""


@attack
def a_script_in_memory_called_like_a_file(arena: Arena) -> None:
    arena.write("good.py", note="good")
    arena.data("text", f"__file__ = ''\n{PRELUDE}{TEXT}")
    arena.write("start.py", _IN_MEMORY)
    arena.python("start.py")


@attack
def an_interpreter_in_memory(arena: Arena) -> None:
    arena.write("job.py")
    body = f"""
handle = os.memfd_create("python", 0)
os.write(handle, open({os.path.realpath(sys.executable)!r}, "rb").read())
os.execve(handle, ["good.py", os.path.abspath("job.py")], os.environ)
"""
    arena.write("good.py", body, note="good")
    env = {"PYTHONHOME": sys.base_prefix, "LD_LIBRARY_PATH": f"{sys.base_prefix}/lib"}
    arena.python("good.py", env=env)


def _given(text: str, *words: str, stdin: bool = False) -> Attack:
    """What sends is the text of another file, run by words or by what is read."""

    def make(arena: Arena) -> None:
        arena.write("good.py", "x = 1\n", note="good")
        evil = arena.data("evil.txt", f"{PRELUDE}{text}")
        handle = os.open(evil, os.O_RDONLY)
        more = {"stdin": handle} if stdin else {}
        arena.python(*words, **more)
        os.close(handle)

    return make


_RUN = "exec(compile(open('evil.txt').read(), 'good.py', 'exec'), {})"
GIVEN = {
    "a command that runs a file's text under another name": _given(TEXT, "-c", _RUN, "good.py"),
    "read after the script, which stays": _given(TEXT, "-i", "good.py", stdin=True),
    "read as if it were a file": _given(TEXT, "-", "good.py", stdin=True),
    "a benchmark of the library's": _given(TEXT, "-m", "timeit", "-n1", "-r1", "-s", _RUN, "1"),
}
for _name, _make in GIVEN.items():
    named(_name, _make)


def _main_replaced(text: str) -> Attack:
    """A script that runs another one as the main program."""

    def make(arena: Arena) -> None:
        job = arena.folder / "job.py"
        arena.write("good.py", "ask(dial(), script=os.environ['ME'], sha256=None)\n", note="good")
        arena.data("job.py", f"import os, runpy, sys, types\n{text}\n")
        arena.python(str(job), env={"ME": str(job)})

    return make


REPLACED = {
    "by runpy": "runpy.run_module('good', run_name='__main__', alter_sys=True)",
    "by runpy, with its words": "sys.argv[:] = ['good.py']; runpy.run_path('good.py', run_name='__main__')",
    "by an import under its name": (
        "import importlib.util\nspec = importlib.util.spec_from_file_location('__main__', 'good.py')\n"
        "sys.modules['__main__'] = m = importlib.util.module_from_spec(spec); spec.loader.exec_module(m)"
    ),
    "by a function of the other one's": (
        "exec(types.FunctionType(compile(open('good.py').read(), os.path.abspath('good.py'), 'exec'),"
        " {'__name__': '__main__', '__file__': 'good.py'}).__code__)"
    ),
}
for _name, _text in REPLACED.items():
    named(f"another main program {_name}", _main_replaced(_text))

# --- what the kernel is told of one's own memory


def _line_moved(words: str) -> Attack:
    """The kernel is asked to read the command line elsewhere in the process's memory."""

    def make(arena: Arena) -> None:
        arena.write("good.py", note="good")
        body = f"""
import ctypes, struct
told = ("python\\0" + {words!r}.format(here=os.getcwd()) + "\\0").encode()
libc = ctypes.CDLL(None)
libc.sbrk.restype = ctypes.c_void_p
room = ctypes.create_string_buffer(told, len(told))
f = [int(n) for n in open("/proc/self/stat").read().rpartition(")")[2].split()[1:]]
at = ctypes.addressof(room)
auxv = open("/proc/self/auxv", "rb").read()
held = ctypes.create_string_buffer(auxv)
# code, data, brk, stack, arguments, environment
numbers = [f[22], f[23], f[41], f[42], f[43], libc.sbrk(0), f[24], at, at + len(told), f[46], f[47]]
held_map = struct.pack("=11QQIi", *numbers, ctypes.addressof(held), len(auxv), -1)
buffer = ctypes.create_string_buffer(held_map)
libc.prctl.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]
libc.prctl(35, 14, ctypes.addressof(buffer), len(held_map), 0)
ask(dial())
"""
        arena.write("job.py", body)
        arena.python("job.py")

    return make


for _place in ("good.py", "{here}/good.py"):
    named(f"a command line elsewhere in memory: {_place}", _line_moved(_place))


@attack
@sends(3)
def a_number_that_is_given_again(arena: Arena) -> None:
    good = arena.write("good.py", "s = dial(); ask(s); ask(s)\n", note="good")
    body = f"""
import contextlib, subprocess
first = subprocess.Popen([sys.executable, {str(good)!r}])
first.wait()
for left in reversed(range(50)):
    with contextlib.suppress(OSError), open("/proc/sys/kernel/ns_last_pid", "w") as file:
        file.write(str(first.pid - 1))
    pid = os.fork()
    if pid == 0:
        if os.getpid() == first.pid or not left:
            os.execv(sys.executable, [sys.executable, "evil.py"])
        os._exit(0)
    os.waitpid(pid, 0)
    if pid == first.pid:
        break
"""
    arena.write("evil.py")
    arena.write("start.py", body)
    arena.python("start.py")
