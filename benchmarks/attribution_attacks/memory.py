"""What a process writes over in its own memory: what it was told at its start, beside its command
line.
"""

from benchmarks.attribution_attacks.arena import PRELUDE, SEND, Arena, Attack, named, settled
from benchmarks.attribution_attacks.disguises import _OTHER
from benchmarks.attribution_attacks.hooks import _VERSION, _hook

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
        other = arena.data("other.txt", f"{PRELUDE}\nTRUTH = {_OTHER}\n{SEND}")
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
        f"base/lib/{_VERSION}/site-packages/usercustomize.py",
        "PYTHONUSERBASE",
        env={"PYTHONUSERBASE": "{here}/base"},
    ),
)
