"""Code that a program's variables and options have run in it first may be what sends."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from attribution.backends import process_facts
from attribution.beacon.folder import beacon_folder, with_beacon
from attribution.beside import BESIDE, doubt
from attribution.filesystem import files_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="tried on Linux")

type Begin = Callable[..., str | None]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """Starts a script with options and variables of its own; returns why it is in doubt."""
    script = tmp_path / "job.py"
    script.write_text("print('runs', flush=True)\nimport sys\nsys.stdin.read()\n")
    running: list[subprocess.Popen[bytes]] = []
    pipe = subprocess.PIPE

    def started(*options: str, python: str = sys.executable, **told: str) -> str | None:
        command = [python, *options, str(script)]
        environment = {"PATH": os.environ["PATH"], **told}
        one = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment)
        running.append(one)
        assert one.stdout is not None
        assert one.stdout.readline() == b"runs\n"
        facts = process_facts.process(one.pid)
        assert facts is not None
        return doubt(facts, files_of(facts))

    yield started
    for one in running:
        one.communicate()


def _folder(place: Path, name: str, text: str = "") -> str:
    (place / name).parent.mkdir(parents=True, exist_ok=True)
    (place / name).write_text(text)
    return str(place)


def test_code_that_is_run_first_is_a_doubt(begin: Begin, tmp_path: Path) -> None:
    """Each of these gives another one's code to a script that is what it says."""
    more = _folder(tmp_path / "more", "sitecustomize.py")
    _folder(tmp_path / "user", "usercustomize.pyc")
    library = next(Path("/usr/lib").rglob("libm.so.6"))
    copied = tmp_path / "more.so"
    copied.write_bytes(library.read_bytes())
    for variables in (
        {"PYTHONPATH": more},
        {"PYTHONPATH": f"/nowhere:{tmp_path / 'user'}"},
        {"PYTHONWARNINGS": "ignore,error::swap.X"},
        {"LD_PRELOAD": f"libm.so.6:{copied}"},
        {"LD_PRELOAD": f"libm.so.6 {copied}"},
    ):
        assert begin(**variables) == BESIDE, variables
    assert begin("-Werror::swap.X") == BESIDE
    assert begin("-W", "error::swap.X") == BESIDE


def test_another_home_is_a_doubt(begin: Begin, tmp_path: Path) -> None:
    """What lies there is taken for Python's own modules; its real home is none."""
    base = Path(sys.base_prefix).resolve()
    other = tmp_path / "other"
    other.mkdir()
    (other / "lib").symlink_to(base / "lib")
    real = str(Path(sys.executable).resolve())
    assert begin(python=real, PYTHONHOME=str(other)) == BESIDE
    assert begin(python=real, PYTHONHOME=str(base)) is None


def test_what_runs_nothing_first_is_no_doubt(begin: Begin, tmp_path: Path) -> None:
    """Folders of modules, warnings of the usual kind, the system's libraries, a switch that takes
    no variables.
    """
    plain = _folder(tmp_path / "plain", "helpers.py")
    more = _folder(tmp_path / "more", "sitecustomize.py")
    variables: Mapping[str, str]
    for variables in (
        {},
        {"PYTHONPATH": plain},
        {"PYTHONWARNINGS": "ignore::DeprecationWarning,default"},
        {"LD_PRELOAD": "libm.so.6"},
        {"LD_PRELOAD": str(next(Path("/usr/lib").rglob("libm.so.6")))},
    ):
        assert begin(**variables) is None, variables
    assert begin("-E", PYTHONPATH=more) is None
    assert begin("-W", "ignore::UserWarning:good") is None
    text = "import sys\nif sys.argv[2:]: sys.exit\nprint('runs', flush=True)\nsys.stdin.read()"
    assert begin("-c", text) is None


def test_our_own_beacon_is_no_doubt(begin: Begin, tmp_path: Path) -> None:
    """What `outgate run` puts on the path is ours as long as it holds what is ours."""
    with beacon_folder(tmp_path / "beacons") as place:
        told = with_beacon({}, place)
        assert begin(**told) is None
        with (place.parent / "beacon.py").open("a") as file:
            file.write("\n# and more\n")
        assert begin(**told) == BESIDE


def test_what_is_installed_is_part_of_the_environment(begin: Begin, tmp_path: Path) -> None:
    """An installed tool for traces names a folder of its own, as all of them do."""
    place = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    packages = next(place.rglob("site-packages"))
    first = _folder(packages / "tracing/first", "sitecustomize.py")
    python = str(place / "bin/python")
    assert begin(python=python, PYTHONPATH=first) is None
    assert begin(PYTHONPATH=first) == BESIDE
