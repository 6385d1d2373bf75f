"""What a process writes over in its own memory: what it was told at its start, beside its command
line.
"""

import os

from benchmarks.attribution_attacks.arena import (
    OTHER,
    PRELUDE,
    REQUESTS,
    SEND,
    VERSION,
    Arena,
    Attack,
    named,
    settled,
)
from benchmarks.attribution_attacks.hooks import _hook

_OVER = """
def overwrite_variable(name):
    import ctypes
    with open("/proc/self/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    begin, end = int(fields[47]), int(fields[48])
    old = ctypes.string_at(begin, end - begin)
    ctypes.memmove(begin, old.replace(name + b"=", b"X" * len(name) + b"="), end - begin)
"""


def _imported(where: str, name: str, *words: str, env: dict[str, str]) -> Attack:
    """What stands first on the search path gives another module, and takes back that it was told
    to.
    """

    def make(arena: Arena) -> None:
        source = arena.write("job.py", note="good")
        other = arena.data("other.txt", f"{PRELUDE}\nTRUTH = {OTHER}\n{SEND}")
        clean = f"{_OVER}\noverwrite_variable({name.encode()!r})"
        arena.data(where, _hook(source, other, clean=clean))
        settled()
        more = {key: value.format(here=arena.folder) for key, value in env.items()}
        arena.python(*words, "-m", "job", env=more)

    return make


named(
    "a folder to search first, written over",
    _imported("more/sitecustomize.py", "PYTHONPATH", env={"PYTHONPATH": "{here}/more"}),
)
named(
    "a category of warnings, written over",
    _imported(
        "more/swap.py",
        "PYTHONWARNINGS",
        env={"PYTHONPATH": "{here}/more", "PYTHONWARNINGS": "error::swap.X"},
    ),
)
named(
    "a home of Python's own modules, written over",
    _imported(
        f"base/lib/{VERSION}/site-packages/usercustomize.py",
        "PYTHONUSERBASE",
        env={"PYTHONUSERBASE": "{here}/base"},
    ),
)

_MARKS = """
import ctypes, struct
libc = ctypes.CDLL(None, use_errno=True)
def stat():
    with open("/proc/self/stat") as file:
        return [0, 0] + file.read().rpartition(")")[2].split()
"""
_KEEPS = f"""{_MARKS}
ask(dial()); ask(dial()); ask(dial())
libc.mmap.restype = ctypes.c_void_p
room = libc.mmap(None, ctypes.c_size_t(65536), 3, 0x22, -1, ctypes.c_long(0))
# A child that shares this very memory (CLONE_VM), and waits in it for ever.
child = libc.clone(ctypes.cast(libc.pause, ctypes.c_void_p), ctypes.c_void_p(room + 65536 - 16), 0x100 | 17, None)
assert child > 0
f = stat()
with open("/proc/self/cmdline", "rb") as file:
    line = file.read()
marks = [int(f[at]) for at in (27, 47, 48, 49, 50)]
os.environ["MARKS"] = " ".join(map(str, marks)); os.environ["LINE"] = line.hex()
os.environ["KEPT"] = str(child)
os.execv(sys.executable, ["python", "evil.py"])
"""
_TAKES = f"""{_MARKS}
f = stat()
stack, arguments, end, variables, last = map(int, os.environ["MARKS"].split())
line = bytes.fromhex(os.environ["LINE"])
page = arguments & ~4095
libc.mmap.restype = ctypes.c_void_p
size = (last - page + 8191) & ~4095
libc.mmap(ctypes.c_void_p(page), ctypes.c_size_t(size), 3, 0x32 | 0x100000, -1, ctypes.c_long(0))
ctypes.memmove(arguments, line, len(line))
start_code, end_code = int(f[25]), int(f[26])
data, data_end, heap = int(f[44]), int(f[45]), int(f[46])
told = struct.pack("<12QIi", start_code, end_code, data, data_end, heap, heap, stack,
                   arguments, end, variables, last, 0, 0, -1)
done = libc.prctl(35, 14, told, len(told), 0)
assert done == 0, ctypes.get_errno()
ask(dial())
os.kill(int(os.environ["KEPT"]), 9)
"""


def _marks_of_an_earlier_program(arena: Arena) -> None:
    """What it becomes lays its marks where those of the program before were."""
    good = arena.write("good.py", _KEEPS, note="good")
    arena.write("evil.py", _TAKES)
    settled()
    arena.python(str(good))


if os.uname().machine == "x86_64":
    named(
        "marks_of_an_earlier_program_while_a_child_keeps_its_memory", _marks_of_an_earlier_program
    )
    REQUESTS["marks_of_an_earlier_program_while_a_child_keeps_its_memory"] = 4
