"""Titles and names: what a process says that it is called."""

import sys

from benchmarks.attribution_attacks.arena import SEND, Arena, Attack, attack, named

# --- titles

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
    named(f"title: {_name}", _title(_text))


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


named("a command line of the same length written over it", _lookalike("PY GOOD"))
named("a command line of a module written over it", _lookalike("PY -mgood"))


@attack
def an_absolute_command_line_written_over_it(arena: Arena) -> None:
    good = arena.write("good.py", note="good")
    body = f"overwrite_line((sys.executable + chr(0) + {str(good)!r}).encode() + bytes(1))\n{SEND}"
    evil = arena.write("evil.py", body)
    arena.python(str(evil))


# --- how it is called


def _called(name: str) -> Attack:
    def make(arena: Arena) -> None:
        arena.write("approved.py", note="approved")
        arena.write("job.py")
        arena.run(name, "job.py", executable=sys.executable)

    return make


for _word in ("etl", "curl", "approved.py", "python approved.py", "bash", "-bash", "", "python -c"):
    named(f"called {_word!r}", _called(_word))


@attack
def called_by_the_name_of_a_script_and_reading_standard_input(arena: Arena) -> None:
    arena.write("approved.py", note="approved")
    job = arena.write("job.py")
    arena.run("approved.py", executable=sys.executable, stdin=job.open("rb"))
