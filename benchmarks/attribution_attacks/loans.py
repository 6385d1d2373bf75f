"""An approval that is borrowed: a script that is what it says, in a process in which the code of
somebody else runs beside it.
"""

import shutil
import sys
from pathlib import Path

from benchmarks.attribution_attacks.arena import (
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


def _beside(place: str, *words: str, env: dict[str, str] | None = None) -> Attack:
    """The code is given by what surrounds the interpreter."""

    def make(arena: Arena) -> None:
        arena.write("good.py", WAITS, note="good")
        arena.data(place, SENDS_BESIDE)
        settled()
        more = {key: value.format(here=arena.folder) for key, value in (env or {}).items()}
        arena.python(*words, "good.py", env=more)

    return make


BESIDE = {
    "by sitecustomize on the path": _beside(
        "more/sitecustomize.py", env={"PYTHONPATH": "{here}/more"}
    ),
    "by the category of a warning": _beside(
        "more/swap.py", "-Werror::swap.X", env={"PYTHONPATH": "{here}/more"}
    ),
    "by a variable for warnings": _beside(
        "more/swap.py", env={"PYTHONPATH": "{here}/more", "PYTHONWARNINGS": "error::swap.X"}
    ),
}
for _name, _make in BESIDE.items():
    named(f"sent beside the script, {_name}", _make)


@attack
def a_library_of_another_home(arena: Arena) -> None:
    arena.write("good.py", WAITS, note="good")
    home, base = arena.folder / "py", Path(sys.base_prefix)
    shutil.copytree(
        base / "lib" / VERSION,
        home / "lib" / VERSION,
        ignore=shutil.ignore_patterns(
            "test", "site-packages", "__pycache__", "idlelib", "config-*"
        ),
    )
    (home / "lib" / VERSION / "lib-dynload").mkdir(exist_ok=True)
    with (home / "lib" / VERSION / "encodings/__init__.py").open("a") as file:
        file.write(SENDS_BESIDE)
    settled()
    arena.python("good.py", env={"PYTHONHOME": str(home)})


@attack
def sent_by_a_library_that_is_loaded_before(arena: Arena) -> None:
    """LD_PRELOAD, as its words stand: here it is the copy of a harmless one."""
    arena.write("good.py", f"TRUTH = {OTHER}\n{SEND}", note="good")
    found = next(Path("/usr/lib").rglob("libutil.so.1"), None) or next(
        Path("/usr/lib").rglob("libm.so.6")
    )
    library = shutil.copy2(found, arena.folder / "more.so")
    settled()
    arena.python("good.py", env={"LD_PRELOAD": str(library)})


@attack
def a_library_for_tls_that_is_found_before_the_systems(arena: Arena) -> None:
    """Whatever goes out in clear goes through it: here it is the copy of a harmless one."""
    arena.write("good.py", f"import ssl\nTRUTH = {OTHER}\n{SEND}", note="good")
    found = next(Path("/usr/lib").rglob("libssl.so.*"))
    (arena.folder / "libs").mkdir()
    shutil.copy2(found, arena.folder / "libs" / found.name)
    settled()
    arena.python("good.py", env={"LD_LIBRARY_PATH": str(arena.folder / "libs")})


@attack
def a_script_that_is_swapped_before_it_is_read(arena: Arena) -> None:
    """What was opened is another file than stood there at the start, and stands there again."""
    arena.write("good.py", note="good")
    arena.write(
        "evil.py", f"os.rename('good.py', 'evil.py'); os.rename('kept.py', 'good.py')\n{SEND}"
    )
    hook = "import os\nos.rename('good.py', 'kept.py'); os.rename('evil.py', 'good.py')\n"
    arena.data("more/sitecustomize.py", hook)
    settled()
    arena.python("good.py", env={"PYTHONPATH": str(arena.folder / "more")})


@attack
def a_script_behind_a_link_that_its_environment_turns(arena: Arena) -> None:
    arena.write("good.py", note="good")
    arena.write("evil.py", note="evil")
    (arena.folder / "job.py").symlink_to("good.py")
    hook = "import os\nos.symlink('evil.py', 'new'); os.rename('new', 'job.py')\n"
    back = "os.symlink('good.py', 'new'); os.rename('new', 'job.py')\n"
    arena.write("evil.py", f"{back}{SEND}")
    arena.data("more/sitecustomize.py", hook)
    settled()
    arena.python(str(arena.folder / "job.py"), env={"PYTHONPATH": str(arena.folder / "more")})


@attack
def a_text_that_opens_a_file(arena: Arena) -> None:
    arena.write("good.py", note="good")
    arena.python(
        "-c", "import sys; sys.argv=['good.py']; __file__='good.py'; exec(open('good.py').read())"
    )


@attack
def started_again_with_odd_words(arena: Arena) -> None:
    arena.write("evil.py", note="evil")
    arena.write(
        "good.py", "os.execv(sys.executable, ['python', '-S', '', '', 'good.py'])\n", note="good"
    )
    body = f"os.execv({interpreter()!r}, ['good.py', '--', 'evil.py', 'good.py'])\n"
    arena.write("start.py", body)
    arena.python("start.py")


@attack
def a_zipapp_that_swaps_its_own_file(arena: Arena) -> None:
    import zipfile

    body = f"{PRELUDE}\nTRUTH = _truth('app.pyz')\nos.rename('other.pyz', 'app.pyz')\n{SEND}"
    for name, note in (("app.pyz", "one"), ("other.pyz", "two")):
        with zipfile.ZipFile(arena.folder / name, "w") as archive:
            archive.writestr("__main__.py", f"# {note}\n{body}")
    settled()
    arena.python("app.pyz")


@attack
def started_below_a_folder_that_was_deleted(arena: Arena) -> None:
    arena.write("a/job.py", f"wait()\n{SEND}", note="first")
    arena.python("job.py", cwd="a")
    arena.until("go.ready")
    shutil.rmtree(arena.folder / "a")
    arena.write("a/job.py", SEND, note="second")
    arena.go()


@attack
def a_mount_over_the_very_file(arena: Arena) -> None:
    """A file is bound over the script when it was started."""
    arena.write("job.py", f"wait()\n{SEND}", note="first")
    arena.write("twin.py", SEND, note="twin")
    settled()
    arena.python(str(arena.folder / "job.py"))
    arena.until("go.ready")
    arena.shell("mount --bind twin.py job.py").wait()
    arena.go()


@attack
def a_mount_over_the_very_file_before_the_start_and_off(arena: Arena) -> None:
    arena.write("twin.py", f"wait()\n{SEND}", note="twin")
    arena.write("job.py", SEND, note="first")
    arena.shell('mount --bind twin.py job.py; exec "$PY" $PWD/job.py')
    arena.until("go.ready")
    arena.shell("umount -l job.py").wait()
    arena.go()


@attack
def a_pipe_by_a_name_of_the_shell(arena: Arena) -> None:
    """`python <(cat job.py)`."""
    arena.data("text", f"{PRELUDE}ask(dial(), script='text', sha256='none')\n")
    arena.write("63", note="good")
    arena.shell('"$PY" <(cat text); true')
