"""A folder that only a variable names passes for none of the installation, however it is spelled
and whatever else is called an environment, a home or a launcher.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from attribution.backends import process_facts
from attribution.beside import doubt
from attribution.filesystem import files_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="tried on Linux")

_VERSION = f"lib/python3.{sys.version_info.minor}"
_PACKAGES = f"{_VERSION}/site-packages"
_SCRIPT = "import colorsys\nprint(colorsys.__file__, flush=True)\nimport sys\nsys.stdin.read()\n"
type Begin = Callable[..., tuple[str, str | None]]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """Starts a script in an environment; returns from where it imports a module of Python's own,
    and why it is in doubt.
    """
    script = tmp_path / "own/job.py"
    script.parent.mkdir()
    script.write_text(_SCRIPT)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"], check=True)
    running: list[subprocess.Popen[bytes]] = []
    pipe = subprocess.PIPE

    def started(*words: str, called: str, **told: str) -> tuple[str, str | None]:
        time.sleep(0.02)  # what was written lies before the start
        environment = {"PATH": "/usr/bin", "PYTHONDONTWRITEBYTECODE": "1", **told}
        program = str(tmp_path / "env/bin/python") if "/" not in called else called
        loaded = time.time()
        one = subprocess.Popen(
            [called, *words, str(script)],
            executable=program,
            stdin=pipe,
            stdout=pipe,
            env=environment,
            cwd=tmp_path,
        )
        running.append(one)
        assert one.stdout is not None
        found = one.stdout.readline().decode().strip()
        facts = process_facts.process(one.pid)
        assert facts is not None
        return found, doubt(replace(facts, image_from=loaded), files_of(facts), str(script))

    yield started
    for one in running:
        one.communicate()


def _module(folder: Path, name: str = "colorsys.py", text: str = "") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


@pytest.mark.parametrize(
    ("folder", "told"),
    [
        ("more", {"PYTHONPATH": "{here}/more"}),
        ("more", {"PYTHONPATH": "{here}/more/"}),
        ("more", {"PYTHONPATH": "{here}//more"}),
        ("more", {"PYTHONPATH": "{here}/own/../more"}),
        ("more", {"PYTHONPATH": "{here}/link"}),
        ("more", {"PYTHONPATH": "{here}/link/:{here}/more"}),
        ("more", {"PYTHONPATH": "more/"}),
        (
            f"evil/{_PACKAGES}",
            {
                "PYTHONPATH": f"{{here}}/evil/{_PACKAGES}",
                "__PYVENV_LAUNCHER__": "{here}/evil/bin/python",
            },
        ),
        (
            f"evil/{_VERSION}",
            {
                "PYTHONPATH": f"{{here}}/evil/{_VERSION}",
                "__PYVENV_LAUNCHER__": "{here}/evil/bin/python",
            },
        ),
    ],
)
def test_a_folder_of_the_path_is_none_of_the_installation(
    begin: Begin, tmp_path: Path, folder: str, told: dict[str, str]
) -> None:
    """However it is spelled, and beside whatever other variables."""
    _module(tmp_path / folder)
    (tmp_path / "link").symlink_to("more")
    (tmp_path / "evil/bin").mkdir(parents=True)
    (tmp_path / "evil/bin/python").symlink_to(tmp_path / "env/bin/python")
    told = {name: value.format(here=tmp_path) for name, value in told.items()}
    found, reason = begin(called=str(tmp_path / "env/bin/python"), **told)
    assert found.startswith(str(tmp_path))
    assert reason is not None


@pytest.mark.parametrize("words", [("-S",), ()])
def test_up_again_from_behind_a_link_is_another_folder(
    begin: Begin, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """As the kernel goes, and not as it is spelled: until Python 3.11 made it plain at the start,
    `site` did so, too late for what is imported before.
    """
    _module(tmp_path / "far/more")
    _module(tmp_path / "far/inner", "x.txt")
    _module(tmp_path / "more", "x.txt")
    (tmp_path / "link").symlink_to("far/inner")
    path = f"{tmp_path}/link/../more"
    assert begin(*words, called=str(tmp_path / "env/bin/python"), PYTHONPATH=path)[1] is not None
    straight = f"{tmp_path}/far/../more"
    assert begin(*words, called=str(tmp_path / "env/bin/python"), PYTHONPATH=straight)[1] is None


@pytest.mark.parametrize("folder", [_VERSION, _PACKAGES])
@pytest.mark.parametrize("lies", [True, False])
def test_an_environment_that_is_only_named_is_none(
    begin: Begin, tmp_path: Path, folder: str, lies: bool
) -> None:
    """By `VIRTUAL_ENV`, where Python finds its program elsewhere; by a later folder of `PATH`."""
    evil = tmp_path / "evil"
    _module(evil / folder)
    (evil / "bin").mkdir()
    first, then = evil / "bin", tmp_path / "env/bin"
    if not lies:
        (evil / "bin/python3").symlink_to(tmp_path / "env/bin/python")
        first, then = then, first
    told = {"PYTHONPATH": str(evil / folder), "VIRTUAL_ENV": str(evil), "PATH": f"{first}:{then}"}
    found, reason = begin(called="python3", **told)
    assert found.startswith(str(evil))
    assert reason is not None


def test_a_file_of_paths_in_an_environment_that_is_only_named_names_nothing(
    begin: Begin, tmp_path: Path
) -> None:
    """What such a line names would be a part of the installation."""
    _module(tmp_path / "more", "simplejson.py")
    _module(tmp_path / f"evil/{_PACKAGES}", "a.pth", str(tmp_path / "more"))
    (tmp_path / "evil/bin").mkdir()
    (tmp_path / "evil/bin/python3").symlink_to(tmp_path / "env/bin/python")
    path = f"{tmp_path}/env/bin:{tmp_path}/evil/bin"
    _, reason = begin(called="python3", PATH=path, PYTHONPATH=str(tmp_path / "more"))
    assert reason is not None
    (packages,) = (tmp_path / "env").rglob("site-packages")
    _module(packages, "a.pth", str(tmp_path / "more"))
    _, reason = begin(called="python3", PATH=path, PYTHONPATH=str(tmp_path / "more"))
    assert reason is None, "the environment's own line"


def test_packages_of_another_home_are_none_of_the_installation(
    begin: Begin, tmp_path: Path
) -> None:
    """Also where a variable says that those of users do not count."""
    _module(tmp_path / f"home/.local/{_PACKAGES}")
    told = {
        "PYTHONPATH": str(tmp_path / f"home/.local/{_PACKAGES}"),
        "HOME": str(tmp_path / "home"),
        "PYTHONNOUSERSITE": "1",
    }
    base = os.path.realpath(sys.executable)
    found, reason = begin(called=base, **told)
    assert found.startswith(str(tmp_path))
    assert reason is not None


def test_the_installations_own_folders_are_no_doubt(begin: Begin, tmp_path: Path) -> None:
    """Where a variable names them once more."""
    (packages,) = (tmp_path / "env").rglob("site-packages")
    _module(packages, "given.py")
    python = str(tmp_path / "env/bin/python")
    for path in (str(packages), f"{packages}/", f"{sys.base_prefix}/{_VERSION}/"):
        found, reason = begin(called=python, PYTHONPATH=path)
        assert not found.startswith(str(tmp_path))
        assert reason is None, path
