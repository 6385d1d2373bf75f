"""Compiled files of one program are told to be the same, and of another one not, without loading
them.
"""

import importlib.util
import marshal
import random
import subprocess
import sys
from pathlib import Path

import pytest

from attribution.marshalled import NotReadableError, form

_MODULES = ("argparse", "ast", "ssl", "subprocess", "typing", "dataclasses", "http.client")


def _source(name: str) -> Path:
    found = importlib.util.find_spec(name)
    assert found is not None
    assert found.origin is not None
    return Path(found.origin)


@pytest.mark.parametrize("name", _MODULES)
def test_what_another_process_compiled_of_the_same_source_is_the_same(
    name: str, tmp_path: Path
) -> None:
    """Another process shares other texts among its objects, and orders its sets another way."""
    source, place = _source(name), tmp_path / "made"
    text = "import marshal, pathlib, sys\n"
    text += "code = compile(pathlib.Path(sys.argv[1]).read_bytes(), 'm.py', 'exec')\n"
    text += (
        "pathlib.Path(sys.argv[2]).write_bytes(marshal.dumps(marshal.loads(marshal.dumps(code))))"
    )
    subprocess.run([sys.executable, "-c", text, source, place], check=True)
    data = source.read_bytes()
    here = marshal.dumps(compile(data, "m.py", "exec"))
    assert form(place.read_bytes()) == form(here)
    assert form(marshal.dumps(compile(data, "n.py", "exec"))) != form(here)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1", "x = 2"),
        ("x = 1.0", "x = 1"),
        ("x = 'a'", "x = b'a'"),
        ("x = -(1 << 70)", "x = 1 << 70"),
        ("x in {1, 2}", "x in {1, 3}"),
        ("def f(a, b): pass", "def f(a, *, b): pass"),
        ("def f(): return 1", "def f(): return 2"),
        ("x = ('a', 'b', 'a')", "x = ('a', 'b', 'b')"),
        ("if a:\n pass\nb()", "if a:\n b()"),
    ],
)
def test_another_program_is_another(one: str, other: str) -> None:
    """Each kind of value, how functions are called, and what is meant again."""
    data = [form(marshal.dumps(compile(text, "m.py", "exec"))) for text in (one, other)]
    assert data[0] != data[1]


def test_data_that_is_none_ends_the_reading() -> None:
    """Cut, changed or nested without an end: an error of its own, or another program."""
    whole = marshal.dumps(compile(_source("argparse").read_bytes(), "m.py", "exec"))
    right, chance = form(whole), random.Random(5)
    for size in range(0, len(whole), 997):
        with pytest.raises(NotReadableError):
            form(whole[:size])
    for _ in range(300):
        at = chance.randrange(len(whole))
        value = whole[at] ^ (1 << chance.randrange(7))
        if whole[at] & 127 in b"zZaAut" and value & 127 in b"zZaAut":
            continue  # the same text, kept in another way
        try:
            assert form(whole[:at] + bytes((value,)) + whole[at + 1 :]) != right
        except NotReadableError:
            continue
    for bad in (b"(\x01\x00\x00\x00" * 9999, b"\xa9\x01r\x00\x00\x00\x00", b"r\x00\x00\x00\x00"):
        with pytest.raises(NotReadableError):
            form(bad)
